package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	postTimeout = 5 * time.Second // of one try, from looking the name up to the answer's end
	bodyMax     = 64 << 10        // of an answer; what is longer costs its connection
)

// Poster posts. Make it with NewPoster; it may be used by many at once.
type Poster struct {
	private   []netip.Prefix
	dialer    *net.Dialer
	transport *http.Transport // not an http.Client, which would follow redirects or at least read them
	timeout   time.Duration   // of one try
}

// NewPoster returns a poster that connects to public addresses and to those of the given networks.
func NewPoster(private []netip.Prefix) *Poster {
	p := &Poster{private: private, timeout: postTimeout}
	p.dialer = &net.Dialer{Timeout: postTimeout, Control: p.control} // a connection in the making may outlive its try
	// One request at a time on a connection: with HTTP/2 one slow request could hold up those of others to the same
	// server.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	p.transport = &http.Transport{ // no Proxy: one of the environment would connect wherever it is told
		DialContext:            p.dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    postTimeout,
		MaxResponseHeaderBytes: 16 << 10,
		DisableCompression:     true,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    underWay,
		IdleConnTimeout:        30 * time.Second,
		Protocols:              protocols,
	}
	return p
}

// Close ends the connections that wait for another request. It is for when the last Post has returned.
func (p *Poster) Close() { p.transport.CloseIdleConnections() }

// Post posts a body of JSON once, signed for now. The id is the message's, the same in each try. Any 2xx is success; the
// error says whether another try may help (Retry).
func (p *Poster) Post(ctx context.Context, to Target, id string, body []byte, now time.Time) error {
	if err := p.Check(to); err != nil {
		return fmt.Errorf("the receiver's settings are wrong: %w", err)
	}
	key, err := signingKey(to.Secret)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return errNotURL
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Harkara")
	sign(req.Header, key, id, now, body)
	res, err := p.transport.RoundTrip(req)
	if err != nil {
		return unanswered(ctx, req.URL.Hostname(), p.timeout, err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, bodyMax) // a short answer's connection is used again; what it says is of no use
	return answered(req.URL.Hostname(), res.StatusCode)
}
