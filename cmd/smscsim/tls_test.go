package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority is a made-up CA that lives as long as a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), key: newKey(t)}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "made-up CA"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue signs a certificate for 127.0.0.1, writes it and its key as PEM files, and gives both.
func (a *authority) issue(name string) tls.Certificate {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".pem", "CERTIFICATE", der)
	a.write(name+".key", "PRIVATE KEY", encoded)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) write(file, kind string, octets []byte) {
	a.t.Helper()
	if err := os.WriteFile(a.path(file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: octets}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) path(file string) string { return filepath.Join(a.dir, file) }

// roots trusts the authority alone.
func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// TestTLS talks to the program by TLS, with and without the client certificates that it may ask for.
func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	ours.issue("smsc")
	client, stranger := ours.issue("client"), theirs.issue("stranger")
	for _, tt := range []struct {
		name   string
		mutual bool
		client []tls.Certificate
		works  bool
	}{
		{"any client", false, nil, true},
		{"mutual", true, []tls.Certificate{client}, true},
		{"mutual, the client has no certificate", true, nil, false},
		{"mutual, the client's is of another CA", true, []tls.Certificate{stranger}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"--listen", "127.0.0.1:0", "--latency", "0s", "--receipt-delay", "0s", "--fault",
				"duplicate_receipt=1", "--tls-cert", ours.path("smsc.pem"), "--tls-key", ours.path("smsc.key")}
			if tt.mutual {
				args = append(args, "--tls-client-ca", ours.path("ca.pem"))
			}
			p := start(t, args...)
			addr := strings.TrimPrefix(p.line(t), "listening on ")
			conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: ours.roots(), Certificates: tt.client})
			if err != nil {
				t.Fatal(err)
			}
			if tt.works {
				converse(t, conn)
			} else if _, err := conn.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "tls: ") {
				t.Errorf("the program speaks on: %v", err) // TLS 1.3 tells a client of it at its first read
			}
			_ = conn.Close()
			p.stop()
			totals := p.line(t)
			if want := "took 1 submit_sm"; strings.HasPrefix(totals, want) != tt.works {
				t.Errorf("the last line is %q", totals)
			}
			if status := <-p.status; status != 0 {
				t.Errorf("exit status %d", status)
			}
		})
	}
}

// TestPlainClientOnTLS: a client without TLS gets nothing, and does not stop the program from ending.
func TestPlainClientOnTLS(t *testing.T) {
	ours := newAuthority(t)
	ours.issue("smsc")
	p := start(t, "--listen", "127.0.0.1:0", "--tls-cert", ours.path("smsc.pem"), "--tls-key", ours.path("smsc.key"))
	addr := strings.TrimPrefix(p.line(t), "listening on ")
	conn, err := net.Dial("tcp", addr) // and no word
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	p.stop()
	p.line(t)
	if status := <-p.status; status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestUnreadableClientCA(t *testing.T) {
	ours := newAuthority(t)
	ours.issue("smsc")
	var stderr bytes.Buffer
	status := run(t.Context(), []string{"--tls-cert", ours.path("smsc.pem"), "--tls-key", ours.path("smsc.key"),
		"--tls-client-ca", ours.path("smsc.key")}, &stderr, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), "smsc.key holds no certificate in PEM") {
		t.Errorf("exit status %d, %q", status, &stderr)
	}
}
