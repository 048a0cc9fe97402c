package bind

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
)

// dial connects, with TLS where it is configured, within Timeouts.Dial.
func (b *bind) dial(ctx context.Context) (net.Conn, error) {
	cfg := &b.pool.cfg
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeouts.Dial)
	defer cancel()
	conn, err := b.pool.deps.Dial(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", cfg.Addr, err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // we gather writes ourselves; a refusal costs speed alone
	}
	if cfg.TLS == nil {
		return conn, nil
	}
	settings := cfg.TLS.Clone()
	if settings.ServerName == "" && !settings.InsecureSkipVerify {
		settings.ServerName, _, _ = net.SplitHostPort(cfg.Addr)
	}
	secured := tls.Client(conn, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w%s", cfg.Addr, err, mend(err))
	}
	return secured, nil
}

// mend says which setting a failed TLS handshake asks for; empty where it is not known.
func mend(err error) string {
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "; set tls.ca_file to the certificate of the SMSC's authority"
	case errors.As(err, new(x509.HostnameError)):
		return "; set tls.server_name to a name that is in the SMSC's certificate"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "; the SMSC does not speak TLS on this port"
	}
	return ""
}

// dialFrom connects from Config.LocalAddr.
func (c *Config) dialFrom(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	if c.LocalAddr != "" {
		local, err := c.local()
		if err != nil {
			return nil, err
		}
		d.LocalAddr = local
	}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil && c.LocalAddr != "" {
		err = fmt.Errorf("from local_addr %s: %w", c.LocalAddr, err)
	}
	return conn, err
}

// local reads LocalAddr, a host with or without a port.
func (c *Config) local() (net.Addr, error) {
	addr := c.LocalAddr
	if _, _, err := net.SplitHostPort(addr); err != nil {
		addr = net.JoinHostPort(strings.Trim(addr, "[]"), "0")
	}
	local, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the source address %s can't be used: %w", c.LocalAddr, err)
	}
	return local, nil
}
