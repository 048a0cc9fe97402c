package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// failure is a post that did not arrive, worded for the log: it names the receiver's host, and quotes neither the URL's
// path and query nor anything that the receiver sent, which may be what we sent it.
type failure struct {
	host  string
	what  string
	again bool
	gone  bool // the receiver wants nothing more
}

func (f *failure) Error() string { return f.host + " " + f.what }

// Retry says whether a failed post may succeed within seconds, while somebody waits for it: the receiver was busy, or not to
// be reached. Redirects, requests that it refuses, and targets that are refused here are final.
func Retry(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.again
}

// hopeless says whether a failed post will fail for ever: the receiver wants nothing more (410), or the target's settings are
// wrong. All else may be mended within a day: what it answers, its certificate, what DNS says of it.
func hopeless(err error) bool {
	var f *failure
	return !errors.As(err, &f) || f.gone
}

// answered reads a receiver's status: nil for any 2xx.
func answered(host string, status int) error {
	f := &failure{host: host, what: fmt.Sprintf("answered %d %s", status, http.StatusText(status))}
	switch {
	case status >= 200 && status < 300:
		return nil
	case status < 400:
		f.what += "; redirects are not followed: configure the URL where the receiver is now"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.what += ": does it know the secret that requests are signed with?"
	case status == http.StatusGone:
		f.what += ": it wants no more of these; take it out of the configuration"
		f.gone = true
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500:
		f.again = true
	default:
		f.what += ": it refuses the request, and would again; look into its log, and whether the URL is right"
	}
	return f
}

// unanswered says in our own words what went wrong before an answer.
func unanswered(ctx context.Context, host string, timeout time.Duration, err error) error {
	var (
		out       *refused
		dns       *net.DNSError
		unknown   x509.UnknownAuthorityError
		otherName x509.HostnameError
		invalid   x509.CertificateInvalidError
		errno     syscall.Errno
		timedOut  interface{ Timeout() bool }
	)
	f := &failure{host: host, again: true}
	switch {
	case errors.As(err, &out):
		f.what, f.again = "is refused: "+out.Error(), false
	case errors.Is(ctx.Err(), context.Canceled):
		f.what = "was not told: this gateway stops"
	case errors.As(err, &dns):
		f.what = "can't be looked up in DNS"
	case errors.As(err, &unknown):
		f.what = "has a certificate of an authority that this machine does not trust"
	case errors.As(err, &otherName):
		f.what = "has a certificate for another name"
	case errors.As(err, &invalid):
		f.what = "has a certificate that is not valid: " + invalid.Error()
	case errors.As(err, &timedOut) && timedOut.Timeout():
		f.what = fmt.Sprintf("did not answer within %v", timeout)
	case errors.As(err, &errno):
		f.what = "can't be reached: " + errno.Error()
	default:
		f.what = "broke the connection off before it answered; does it speak HTTP/1.1 and, where the URL says https, TLS 1.2 or later?"
	}
	return f
}
