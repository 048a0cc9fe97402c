package webhook

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"harkara/smpp/sms"
)

var errNotURL = errors.New("not a URL of a server; want one such as https://example.com/events")

// Target is one receiver.
type Target struct {
	URL    string     // https; http only where Plain
	Secret sms.Secret // whsec_ and base64 of 24 to 64 bytes, as Standard Webhooks writes it
	Plain  bool
}

// Check says what is wrong with a target, as far as that can be told without asking for its address. A target without a
// secret passes, as configurations are checked before secrets are read; Post refuses it.
func (p *Poster) Check(to Target) error {
	if _, err := p.parse(to.URL, to.Plain); err != nil {
		return err
	}
	if to.Secret != "" {
		_, err := signingKey(to.Secret)
		return err
	}
	return nil
}

// parse reads a receiver's URL. Its errors never quote it: query and path may hold the receiver's own secrets.
func (p *Poster) parse(text string, plain bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, errNotURL
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("not a URL of the web; want https://")
	case u.Scheme == "http" && !plain:
		return nil, errors.New("http sends everything in the clear; want https, or set plain where nobody else is on the way")
	case u.User != nil:
		return nil, errors.New("a user or a password in the URL is refused: requests are signed instead")
	case strings.Contains(text, "#"):
		return nil, errors.New("a fragment (#) in the URL is refused: it would never be sent")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return nil, errors.New("the URL's port is none; want 1 to 65535")
	}
	return u, p.checkHost(u.Hostname())
}

// checkHost refuses addresses that are out of bounds, and what is neither an address nor a name. Some resolvers read
// 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1, but no name ends in a number (URL Standard of the WHATWG, "ends in a
// number"). Names are for Post to judge, by the address that it is connected to.
func (p *Poster) checkHost(host string) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		return p.checkAddress(addr)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	digits := strings.Trim(last, "0123456789") == ""
	if hex, ok := strings.CutPrefix(last, "0x"); ok && strings.Trim(hex, "0123456789abcdef") == "" || digits {
		return errors.New("the URL's host is neither a name nor an address; write addresses as 192.0.2.1 or [2001:db8::1]")
	}
	return nil
}

// signingKey reads a secret of Standard Webhooks.
func signingKey(secret sms.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(secret.Reveal(), "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the secret is none of Standard Webhooks: want whsec_ and base64 of 24 to 64 random bytes")
	}
	return key, nil
}
