package bind

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// TestTLS binds over real TLS on the loopback: to the name in the certificate, and not to another one.
func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate, which is for example.com and 127.0.0.1
	certificate, roots := web.TLS.Certificates[0], x509.NewCertPool()
	roots.AddCert(web.Certificate())
	web.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	served := serve(listener, nil)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, test := range []struct{ host, name, want string }{
		{"127.0.0.1", "", ""},
		{"127.0.0.1", "example.com", ""},
		{"127.0.0.1", "smsc.invalid", "TLS handshake"},
		{"localhost", "", "TLS handshake"}, // the certificate does not say localhost
		{"localhost", "127.0.0.1", ""},
	} {
		t.Run(test.host+" as "+test.name, func(t *testing.T) {
			cfg := config()
			cfg.Addr, cfg.TLS = net.JoinHostPort(test.host, port), &tls.Config{RootCAs: roots, ServerName: test.name}
			err := firstLink(t, cfg, func(pool *Pool) {
				if o := pool.Submit(t.Context(), submission(sms.OTP, 1)); o.Answers[0].Verdict != session.Accepted {
					t.Errorf("outcome %+v", o)
				}
			})
			if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("the bind says %v, want %q", err, test.want)
			}
		})
	}
	listener.Close()
	<-served
}
