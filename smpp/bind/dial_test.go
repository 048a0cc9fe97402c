package bind

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// firstLink runs a pool until its first bind came up or failed to, and returns why it failed. up is called while it is up;
// nil: nothing is to be done with it.
func firstLink(t *testing.T, cfg Config, up func(*Pool)) error {
	t.Helper()
	links := make(chan error, 1)
	pool := NewPool(cfg, Deps{Handler: &handler{}, Trace: Trace{Link: func(_ sms.SMSCID, _ int, err error) {
		select {
		case links <- err:
		default:
		}
	}}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- pool.Run(ctx) }()
	err := <-links
	if err == nil && up != nil {
		up(pool)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return err
}

// serve takes connections until the listener closes, and answers everything well.
func serve(l net.Listener, script func(*conn, pdu.Frame) bool) (served chan struct{}) {
	served = make(chan struct{})
	go func() {
		defer close(served)
		s := newSMSC()
		s.script = script
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			(&conn{Conn: c, smsc: s, n: 1}).serve()
		}
	}()
	return served
}

// authority is a made-up CA.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "made-up CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key, a.cert = a.sign(t, template)
	return a
}

// sign gives a certificate its key; the authority's own signs itself.
func (a *authority) sign(t *testing.T, template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

// issue makes a certificate for a server or client of that name.
func (a *authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage) tls.Certificate {
	key, cert := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage},
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// TestMutualTLS binds to an SMSC that wants a client certificate of its own CA.
func TestMutualTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{theirs.issue(t, "smsc.invalid", x509.ExtKeyUsageServerAuth)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: theirs.pool(),
	})
	if err != nil {
		t.Fatal(err)
	}
	served := serve(listener, nil)
	for name, test := range map[string]struct {
		server string
		own    []tls.Certificate
		good   bool
	}{
		"good":                   {"smsc.invalid", []tls.Certificate{theirs.issue(t, "esme.invalid", x509.ExtKeyUsageClientAuth)}, true},
		"no certificate":         {"smsc.invalid", nil, false},
		"certificate of another": {"smsc.invalid", []tls.Certificate{ours.issue(t, "esme.invalid", x509.ExtKeyUsageClientAuth)}, false},
		"another host":           {"other.invalid", []tls.Certificate{theirs.issue(t, "esme.invalid", x509.ExtKeyUsageClientAuth)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Addr = listener.Addr().String()
			cfg.TLS = &tls.Config{RootCAs: theirs.pool(), ServerName: test.server, Certificates: test.own}
			if err := firstLink(t, cfg, nil); (err == nil) != test.good {
				t.Errorf("the bind says %v, want good: %v", err, test.good)
			}
		})
	}
	listener.Close()
	<-served
}

func TestLocalAddr(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peers := make(chan netip.Addr, 10)
	served := serve(listener, func(c *conn, f pdu.Frame) bool {
		if f.Header().ID == pdu.BindTransceiver {
			peers <- netip.MustParseAddrPort(c.RemoteAddr().String()).Addr()
		}
		return false
	})
	for _, test := range []struct{ local, want string }{
		{"", "127.0.0.1"}, {"127.0.0.2", "127.0.0.2"}, {"127.0.0.3:0", "127.0.0.3"},
	} {
		cfg := config()
		cfg.Addr, cfg.LocalAddr = listener.Addr().String(), test.local
		if err := firstLink(t, cfg, nil); err != nil {
			t.Error(err)
		} else if got := (<-peers).String(); got != test.want {
			t.Errorf("local address %q: the peer sees %s, want %s", test.local, got, test.want)
		}
	}
	listener.Close()
	<-served
}
