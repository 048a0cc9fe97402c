package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// certificate makes a certificate for a name that signs itself, and its PEM file.
func certificate(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// handshake says how a client of the configuration takes to a server with the certificate.
func handshake(t *testing.T, client *tls.Config, served tls.Certificate, newest uint16) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{served}, MaxVersion: newest})
	if err != nil {
		t.Fatal(err)
	}
	var server sync.WaitGroup
	defer server.Wait()
	defer l.Close()
	server.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		_ = conn.(*tls.Conn).Handshake() // the client says how it went
		_ = conn.Close()
	})
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", l.Addr().String(), client)
	if err == nil {
		err = conn.Close()
	}
	return err
}

func TestTLS(t *testing.T) {
	served, ca := certificate(t, "smsc.example")
	_, otherCA := certificate(t, "smsc.example")
	var unknown x509.UnknownAuthorityError
	var misnamed x509.HostnameError
	for _, tt := range []struct {
		name string
		addr string
		tls  TLS
		max  uint16
		ok   func(error) bool
	}{
		{"right", "smsc.example:3550", TLS{Enabled: true, CAFile: ca}, 0, func(err error) bool { return err == nil }},
		{"server_name", "127.0.0.1:3550", TLS{Enabled: true, CAFile: ca, ServerName: "smsc.example"}, 0, func(err error) bool { return err == nil }},
		{"other authority", "smsc.example:3550", TLS{Enabled: true, CAFile: otherCA}, 0, func(err error) bool { return errors.As(err, &unknown) }},
		{"the machine's authorities", "smsc.example:3550", TLS{Enabled: true}, 0, func(err error) bool { return errors.As(err, &unknown) }},
		{"other name", "smsc2.example:3550", TLS{Enabled: true, CAFile: ca}, 0, func(err error) bool { return errors.As(err, &misnamed) }},
		{"too old", "smsc.example:3550", TLS{Enabled: true, CAFile: ca}, tls.VersionTLS11, func(err error) bool { return err != nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := SMSC{Addr: tt.addr, TLS: tt.tls}
			cfg, err := s.tlsConfig()
			if err != nil {
				t.Fatal(err)
			}
			if err := handshake(t, cfg, served, tt.max); !tt.ok(err) {
				t.Errorf("handshake: %v", err)
			}
		})
	}
}

func TestTLSFaults(t *testing.T) {
	dir := t.TempDir()
	notPEM := filepath.Join(dir, "key.txt")
	if err := os.WriteFile(notPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		dir + "/none": "tls.ca_file: open " + dir + "/none: no such file or directory",
		notPEM:        "tls.ca_file " + notPEM + ": holds no certificate in PEM form",
	} {
		s := SMSC{Addr: "h:1", TLS: TLS{Enabled: true, CAFile: file}}
		if _, err := s.tlsConfig(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	off := SMSC{Addr: "h:1", TLS: TLS{CAFile: dir + "/none"}}
	if cfg, err := off.tlsConfig(); cfg != nil || err != nil {
		t.Errorf("without tls.enabled: %v, %v", cfg, err)
	}
}
