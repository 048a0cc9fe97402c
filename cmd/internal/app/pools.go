package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"

	"harkara/cmd/internal/dispatch"
	"harkara/dlt"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
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
	account := pdu.Bind{SystemID: s.SystemID, Password: sms.Secret(password), SystemType: s.SystemType,
		InterfaceVersion: pdu.InterfaceVersion34}
	if _, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &account); err != nil {
		return bind.Config{}, fmt.Errorf("SMSC %s: %w", s.ID, err)
	}
	return bind.Config{
		SMSC: s.ID, Addr: s.Addr, TLS: secure, Mode: mode, Binds: s.Binds, Window: s.Window, TPS: s.TPS,
		Lane: s.lane(), ReceiptsMax: receiptsMax,
		Bind: account,
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
	return cfg, nil
}

// dispatchSMSC is an SMSC as dispatch needs it; its pool is joined later.
func (c *Config) dispatchSMSC(s *SMSC) (*dispatch.SMSC, error) {
	submitID, err := receipt.ParseForm(s.Receipts.SubmitID)
	if err != nil {
		return nil, err
	}
	receiptID, err := receipt.ParseForm(s.Receipts.ReceiptID)
	if err != nil {
		return nil, err
	}
	mode, err := dlt.ParseChainMode(s.DLT.Chain)
	if err != nil {
		return nil, err
	}
	chains := map[dlt.EntityID]string{}
	for _, chain := range c.Chains {
		if chain.SMSC != s.ID {
			continue
		}
		chains[dlt.EntityID(chain.Entity)] = dlt.ChainValue(mode, chain.IDs)
	}
	return &dispatch.SMSC{ID: s.ID, SubmitID: submitID, Receipts: receiptID, Errors: s.Receipts.Errors,
		Profile: dispatch.Profile{
			SourceTON: byte(s.Source.TON), SourceNPI: byte(s.Source.NPI),
			DestTON: byte(s.Destination.TON), DestNPI: byte(s.Destination.NPI),
			EntityTag: pdu.Tag(s.DLT.EntityTag), TemplateTag: pdu.Tag(s.DLT.TemplateTag), ChainTag: pdu.Tag(s.DLT.ChainTag),
			NUL: s.DLT.Type == "c_octet", Chains: chains,
		}}, nil
}

// buildSMSCs makes every SMSC as dispatch needs it, without its pool.
func (c *Config) buildSMSCs() (map[sms.SMSCID]*dispatch.SMSC, error) {
	all := map[sms.SMSCID]*dispatch.SMSC{}
	for i := range c.SMSCs {
		s, err := c.dispatchSMSC(&c.SMSCs[i])
		if err != nil {
			return nil, err
		}
		all[s.ID] = s
	}
	return all, nil
}

// joinPools gives every SMSC its binds.
func (c *Config) joinPools(d *dispatch.Dispatcher, smscs map[sms.SMSCID]*dispatch.SMSC, log *slog.Logger,
	trace bind.Trace) (map[sms.SMSCID]*bind.Pool, error) {
	pools := map[sms.SMSCID]*bind.Pool{}
	for i := range c.SMSCs {
		s := &c.SMSCs[i]
		cfg, err := s.poolConfig()
		if err != nil {
			return nil, err
		}
		pool := bind.NewPool(cfg, bind.Deps{Handler: d.Handler(s.ID), Log: log, Trace: trace})
		pools[s.ID], smscs[s.ID].Pool = pool, pool
	}
	return pools, nil
}
