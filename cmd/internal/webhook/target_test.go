package webhook

import (
	"strings"
	"testing"

	"harkara/smpp/sms"
)

func TestCheck(t *testing.T) {
	p := NewPoster(prefixes("10.1.0.0/16", "127.0.0.0/8"))
	for _, tt := range []struct {
		url   string
		plain bool
		wrong string // in the error; empty: none
	}{
		{url: "https://example.com/events?tenant=acme"},
		{url: "https://example.com"},
		{url: "https://example.com:8443/"},
		{url: "https://example.com./"},
		{url: "https://1.1.1.1/"},
		{url: "https://[2606:4700:4700::1111]:8443/"},
		{url: "https://10.1.2.3/"},
		{url: "https://a1.0xg/"},
		{url: "http://example.com/", plain: true},
		{url: "", wrong: "not a URL"},
		{url: "https://", wrong: "not a URL"},
		{url: "https://:443/", wrong: "not a URL"},
		{url: "https:example.com", wrong: "not a URL"},
		{url: "//example.com/", wrong: "not a URL of the web"},
		{url: "https://exa mple.com/", wrong: "not a URL"},
		{url: "ftp://example.com/", wrong: "not a URL of the web"},
		{url: "file://example.com/etc/passwd", wrong: "not a URL of the web"},
		{url: "gopher://127.0.0.1:25/", wrong: "not a URL of the web"},
		{url: "http://example.com/", wrong: "in the clear"},
		{url: "https://user@example.com/", wrong: "a user"},
		{url: "https://user:word@example.com/", wrong: "a user"},
		{url: "https://example.com@127.0.0.1/", wrong: "a user"},
		{url: "https://@example.com/", wrong: "a user"},
		{url: "https://example.com/#part", wrong: "fragment"},
		{url: "https://example.com/#", wrong: "fragment"},
		{url: "https://example.com#@127.0.0.1/", wrong: "fragment"},
		{url: "https://example.com:0/", wrong: "port"},
		{url: "https://example.com:65536/", wrong: "port"},
		{url: "https://10.2.0.1/", wrong: "no public address"},
		{url: "https://169.254.169.254/", wrong: "no public address"},
		{url: "https://[::1]/", wrong: "no public address"},
		{url: "https://[fe80::1%25eth0]/", wrong: "no public address"},
		{url: "https://[::ffff:169.254.169.254]/", wrong: "no public address"},
		{url: "https://2130706433/", wrong: "neither a name"},
		{url: "https://0x7f000001/", wrong: "neither a name"},
		{url: "https://0X7F.1/", wrong: "neither a name"},
		{url: "https://0x/", wrong: "neither a name"},
		{url: "https://0177.0.0.1/", wrong: "neither a name"},
		{url: "https://127.1/", wrong: "neither a name"},
		{url: "https://127.0.0.1./", wrong: "neither a name"},
		{url: "https://169.254.43518/", wrong: "neither a name"},
	} {
		err := p.Check(Target{URL: tt.url, Plain: tt.plain})
		if got := text(err); (tt.wrong == "") != (err == nil) || !strings.Contains(got, tt.wrong) {
			t.Errorf("%q: %q, want %q", tt.url, got, tt.wrong)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCheckSecret(t *testing.T) {
	p := NewPoster(nil)
	for _, tt := range []struct {
		secret sms.Secret
		ok     bool
	}{
		{ok: true}, {secret: secret, ok: true},
		{secret: "whsec_" + sms.Secret(strings.Repeat("A", 32)), ok: true},        // 24 bytes
		{secret: "whsec_" + sms.Secret(strings.Repeat("A", 84)+"AA=="), ok: true}, // 64
		{secret: "whsec_" + sms.Secret(strings.Repeat("A", 28)+"AAA=")},           // 23
		{secret: "whsec_" + sms.Secret(strings.Repeat("A", 84)+"AAA=")},           // 65
		{secret: secret[len("whsec_"):]}, {secret: "whsk_" + secret[6:]}, {secret: "whsec_"}, {secret: "whsec_password!"},
	} {
		err := p.Check(Target{URL: "https://example.com/", Secret: tt.secret})
		if (err == nil) != tt.ok {
			t.Errorf("%d characters: %v, want ok %v", len(tt.secret), err, tt.ok)
		}
		rest := strings.TrimPrefix(tt.secret.Reveal(), "whsec_")
		if rest != "" && strings.Contains(text(err), rest) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}
