package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// tlsFiles are PEM files; all empty: plain TCP.
type tlsFiles struct{ cert, key, clientCA string }

// check holds the flags against each other.
func (t tlsFiles) check() error {
	if (t.cert == "") != (t.key == "") {
		return errors.New("--tls-cert and --tls-key go together: give both or none")
	}
	if t.clientCA != "" && t.cert == "" {
		return errors.New("--tls-client-ca needs --tls-cert and --tls-key")
	}
	return nil
}

// config reads the files. With a client CA, a client without a certificate that it has signed gets no connection.
func (t tlsFiles) config() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.cert, t.key)
	if err != nil {
		return nil, fmt.Errorf("read --tls-cert and --tls-key: %w", err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{pair}}
	if t.clientCA == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(t.clientCA)
	if err != nil {
		return nil, fmt.Errorf("read --tls-client-ca: %w", err)
	}
	cfg.ClientCAs = x509.NewCertPool()
	if !cfg.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read --tls-client-ca: %s holds no certificate in PEM", t.clientCA)
	}
	cfg.ClientAuth = tls.RequireAndVerifyClientCert
	return cfg, nil
}

// listenSMPP opens the address for SMPP, for TLS where there is a certificate.
func listenSMPP(ctx context.Context, addr string, files tlsFiles) (net.Listener, error) {
	var cfg *tls.Config
	if files.cert != "" {
		var err error
		if cfg, err = files.config(); err != nil {
			return nil, err
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for SMPP on %s: %w", addr, err)
	}
	if cfg != nil {
		l = tls.NewListener(l, cfg)
	}
	return l, nil
}
