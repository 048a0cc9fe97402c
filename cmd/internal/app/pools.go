package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"harkara/cmd/internal/dispatch"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

const (
	writeTimeout = 10 * time.Second
	receiptsMax  = 1000 // receipts of one bind that may wait for the ledger
)

// lane is how many messages of a class may wait before an SMSC's binds: enough to keep every window full while the
// next turn of requests is on its way, and no more.
func (s *SMSC) lane() int { return max(256, 2*s.Binds*s.Window) }

// holds is how many requests of one class an SMSC's windows and lane hold.
func (s *SMSC) holds() int { return s.Binds*s.Window + s.lane() }

// capacity is how many requests of one class may be in the gateway: what all SMSCs hold.
func (c *Config) capacity() int {
	n := 0
	for i := range c.SMSCs {
		n += c.SMSCs[i].holds()
	}
	return max(n, 1)
}

// smsc returns one SMSC of the configuration; the route table names no others.
func (c *Config) smsc(id sms.SMSCID) *SMSC {
	i := slices.IndexFunc(c.SMSCs, func(s SMSC) bool { return s.ID == id })
	return &c.SMSCs[i]
}

// poolConfig is an SMSC as its binds need it.
func (s *SMSC) poolConfig() (bind.Config, error) {
	password, err := secret(s.Password.Reveal(), s.PasswordEnv, s.PasswordFile)
	if err != nil {
		return bind.Config{}, fmt.Errorf("SMSC %s: %w", s.ID, err)
	}
	secure, err := s.tlsConfig()
	if err != nil {
		return bind.Config{}, fmt.Errorf("SMSC %s: %w", s.ID, err)
	}
	mode := bind.Transceiver
	if s.Mode == "transmitter_receiver" {
		mode = bind.TransmitterReceiver
	}
	statuses, err := s.statuses()
	if err != nil {
		return bind.Config{}, fmt.Errorf("SMSC %s: %w", s.ID, err)
	}
	account := pdu.Bind{SystemID: s.SystemID, Password: sms.Secret(password), SystemType: s.SystemType,
		InterfaceVersion: byte(s.InterfaceVersion), AddrTON: byte(s.Address.TON), AddrNPI: byte(s.Address.NPI),
		AddressRange: s.Address.Range}
	if _, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &account); err != nil {
		return bind.Config{}, fmt.Errorf("SMSC %s: %w", s.ID, err)
	}
	return bind.Config{
		SMSC: s.ID, Addr: s.Addr, LocalAddr: s.LocalAddr, TLS: secure, Mode: mode, Binds: s.Binds, Window: s.Window,
		TPS: s.TPS, Lane: s.lane(), ReceiptsMax: receiptsMax, Busy: s.busy(), Statuses: statuses, Bind: account,
		Timeouts: bind.Timeouts{Dial: s.Timeouts.Bind, Bind: s.Timeouts.Bind, Response: s.Timeouts.Response,
			EnquireLink: s.Timeouts.EnquireLink, Write: writeTimeout},
	}, nil
}

func (s *SMSC) tlsConfig() (*tls.Config, error) {
	if !s.TLS.Enabled {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.TLS.ServerName}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	if s.TLS.CAFile != "" {
		pem, err := os.ReadFile(s.TLS.CAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.ca_file: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca_file %s: holds no certificate in PEM form", s.TLS.CAFile)
		}
	}
	if s.TLS.CertFile != "" {
		own, err := tls.LoadX509KeyPair(s.TLS.CertFile, s.TLS.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file and tls.key_file: %w", err)
		}
		cfg.Certificates = []tls.Certificate{own}
	}
	return cfg, nil
}

// buildSMSCs makes every SMSC as dispatch needs it, without its pool.
func (c *Config) buildSMSCs() (map[sms.SMSCID]*dispatch.SMSC, error) {
	all := map[sms.SMSCID]*dispatch.SMSC{}
	scrubs, err := c.ScrubRules()
	if err != nil {
		return nil, err
	}
	for i := range c.SMSCs {
		s, err := c.dispatchSMSC(&c.SMSCs[i])
		if err != nil {
			return nil, err
		}
		s.Rules, s.Profile.Chain = scrubs[i].Rules, scrubs[i].Chain
		all[s.ID] = s
	}
	return all, nil
}

// joinPools gives every SMSC its binds.
func (c *Config) joinPools(d *dispatch.Dispatcher, smscs map[sms.SMSCID]*dispatch.SMSC, log *slog.Logger,
	trace bind.Trace) (map[sms.SMSCID]*bind.Pool, error) {
	pools := map[sms.SMSCID]*bind.Pool{}
	last := obituary{filepath.Join(c.Data, "traces"), log}
	for i := range c.SMSCs {
		s := &c.SMSCs[i]
		cfg, err := s.poolConfig()
		if err != nil {
			return nil, err
		}
		pool := bind.NewPool(cfg, bind.Deps{Handler: d.Handler(s.ID), Log: log, Trace: trace, Died: last.write})
		pools[s.ID], smscs[s.ID].Pool = pool, pool
	}
	return pools, nil
}
