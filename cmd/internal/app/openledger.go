package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/note"

	"harkara/storage"
	"harkara/storage/ledger"
)

// OpenLedger opens the ledger for a command that appends, whether the gateway runs or not: at the configured NATS, at the
// embedded server of a running gateway, or at one started on the data folder that listens to nobody. The stream's settings
// stay as they are; without a ledger it is ledger.ErrNoLedger. close signs for what was appended and ends what was opened.
func OpenLedger(ctx context.Context, cfg *Config, log *slog.Logger) (_ *ledger.Ledger, _ jetstream.JetStream, close func(), err error) {
	node := cfg.Node + "-cli" // a chain of its own: what runs at the same time goes on with the gateway's
	return reachLedger(cfg, func(js jetstream.JetStream, vault *storage.Vault) (*ledger.Ledger, func(), error) {
		signer, err := vault.Signer(node)
		if err != nil {
			return nil, nil, err
		}
		l, err := ledger.Join(ctx, js, ledger.Config{Node: node,
			Trace: ledger.Trace{Alarm: func(err error) { log.Error("the ledger is not as it was left", "error", err) }}})
		return l, func() {
			l.Close()
			if err := signFor(context.WithoutCancel(ctx), cfg, l, signer, log); err != nil {
				log.Warn("a checkpoint of the ledger is not kept everywhere", "error", err)
			}
		}, err
	})
}

// ReadLedger is OpenLedger for who only reads: nothing is made, changed or appended.
func ReadLedger(ctx context.Context, cfg *Config) (_ *ledger.Ledger, _ jetstream.JetStream, close func(), err error) {
	return reachLedger(cfg, func(js jetstream.JetStream, _ *storage.Vault) (*ledger.Ledger, func(), error) {
		l, err := ledger.OpenToRead(ctx, js)
		return l, func() {}, err
	})
}

// reachLedger finds NATS and opens the ledger there.
func reachLedger(cfg *Config, open func(jetstream.JetStream, *storage.Vault) (*ledger.Ledger, func(), error)) (
	_ *ledger.Ledger, _ jetstream.JetStream, close func(), err error) {
	vault, err := OpenVault(cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	b, closeBroker, err := reachBroker(cfg, vault)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			closeBroker()
		}
	}()
	js, err := jetstream.New(b.conn)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("JetStream: %w", err)
	}
	l, closeLedger, err := open(js, vault)
	if err != nil {
		return nil, nil, nil, err
	}
	return l, js, func() { closeLedger(); closeBroker() }, nil
}

// signFor signs for the end of a command's chain, where it has one, and keeps that where the gateway keeps its own.
func signFor(ctx context.Context, cfg *Config, l *ledger.Ledger, signer note.Signer, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, signPatience)
	defer cancel()
	c, err := l.Checkpoint(ctx, signer)
	if errors.Is(err, ledger.ErrNoFrame) {
		return nil
	}
	if err != nil {
		return err
	}
	db, closeDB, err := reachDatabase(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, storage.SaveCheckpoint(ctx, nil, cfg.Data, c))
	}
	defer closeDB()
	return storage.SaveCheckpoint(ctx, db.DB, cfg.Data, c)
}

// Alive says whether more may come to a ledger while a command reads it: not where the command itself runs the data
// folder's NATS, which no gateway can use meanwhile.
func Alive(cfg *Config) (bool, error) {
	if cfg.NATS.URL != "" {
		return true, nil
	}
	unlock, err := tryLockData(cfg.Data)
	if errors.Is(err, errLocked) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	unlock()
	return false, nil
}

// reachBroker finds NATS for a command. The data folder's lock says whether a gateway runs on it.
func reachBroker(cfg *Config, vault *storage.Vault) (*broker, func(), error) {
	if cfg.NATS.URL != "" {
		b, err := connectBroker(cfg)
		if err != nil {
			return nil, nil, err
		}
		return b, b.close, nil
	}
	unlock, err := tryLockData(cfg.Data)
	switch {
	case errors.Is(err, errLocked):
		return connectRunning(cfg, vault)
	case err != nil:
		return nil, nil, err
	}
	alone := *cfg
	alone.Tenants = nil // nobody can connect: their passwords need not be here
	opts, err := serverOptions(&alone, vault.StoreKey())
	if err == nil {
		opts.DontListen = true
		var b *broker
		if b, err = runBroker(cfg, opts, gatewayPassword(vault.StoreKey())); err == nil {
			return b, func() { b.close(); unlock() }, nil
		}
	}
	unlock()
	return nil, nil, err
}

// connectRunning connects to the embedded server of the gateway that runs on the data folder.
func connectRunning(cfg *Config, vault *storage.Vault) (*broker, func(), error) {
	host, port, err := net.SplitHostPort(cfg.NATS.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("nats.listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	conn, err := nats.Connect("nats://"+net.JoinHostPort(host, port), append(connOptions(cfg),
		nats.UserInfo(gatewayUser, gatewayPassword(vault.StoreKey())))...)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the running gateway's NATS at %s: %w", net.JoinHostPort(host, port), err)
	}
	b := &broker{conn: conn}
	return b, b.close, nil
}
