package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"harkara/smpp/sms"
)

// gatewayUser is the embedded server's user that may do everything. Its password comes from the keys in the data folder,
// so that commands of whoever may read those get at the books of a running gateway.
const gatewayUser = "harkara-gateway"

// gatewayAccount holds the streams; no tenant can have its name.
const gatewayAccount = "harkara.gateway"

// broker is the NATS that the gateway runs on: embedded or somebody else's.
type broker struct {
	server *server.Server // nil when external
	conn   *nats.Conn
}

// openBroker starts the embedded server, its store encrypted with a key, or connects to the configured one.
func openBroker(cfg *Config, storeKey string) (*broker, error) {
	if cfg.NATS.URL != "" {
		return connectBroker(cfg)
	}
	opts, err := serverOptions(cfg, storeKey)
	if err != nil {
		return nil, err
	}
	if err := listenable(cfg.NATS.Listen); err != nil {
		return nil, err
	}
	return runBroker(cfg, opts, gatewayPassword(storeKey))
}

// gatewayPassword is the password of gatewayUser: as strong as the key that it comes from, and telling nothing of it.
func gatewayPassword(storeKey string) string {
	mac := hmac.New(sha256.New, []byte(storeKey))
	mac.Write([]byte("harkara: NATS user " + gatewayUser)) // never fails, as package hash promises
	return hex.EncodeToString(mac.Sum(nil))
}

func runBroker(cfg *Config, opts *server.Options, password string) (*broker, error) {
	if err := mendStore(opts.StoreDir); err != nil {
		return nil, err
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	srv.Start()
	if !srv.ReadyForConnections(30 * time.Second) {
		srv.Shutdown()
		return nil, errors.New("embedded NATS: not ready after 30 s; is another gateway running on the same data folder?")
	}
	account, err := srv.LookupAccount(gatewayAccount)
	if err == nil {
		err = account.EnableJetStream(nil, nil)
	}
	if err != nil {
		srv.Shutdown()
		return nil, fmt.Errorf("embedded NATS: JetStream: %w", err)
	}
	conn, err := nats.Connect("", append(connOptions(cfg), nats.InProcessServer(srv),
		nats.UserInfo(gatewayUser, password))...)
	if err != nil {
		srv.Shutdown()
		return nil, fmt.Errorf("embedded NATS: connect: %w", err)
	}
	return &broker{server: srv, conn: conn}, nil
}

func connectBroker(cfg *Config) (*broker, error) {
	opts := connOptions(cfg)
	if cfg.NATS.CredsFile != "" {
		opts = append(opts, nats.UserCredentials(cfg.NATS.CredsFile))
	}
	conn, err := nats.Connect(cfg.NATS.URL.Reveal(), opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at nats.url: %w", err)
	}
	return &broker{conn: conn}, nil
}

func connOptions(cfg *Config) []nats.Option {
	return []nats.Option{
		nats.Name("harkara " + cfg.Node),
		nats.MaxReconnects(-1),
		// The gateway's inboxes carry requests with codes in them: they are under a name that tenants may not read.
		nats.CustomInboxPrefix("_GATEWAY." + cfg.Node),
	}
}

// listenable tells early, and in words, that the address is taken.
func listenable(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("nats.listen %s: %w; stop what listens there or set another address", addr, err)
	}
	return l.Close()
}

// serverOptions makes the embedded server's configuration: JetStream encrypted at rest, one user for each tenant.
func serverOptions(cfg *Config, storeKey string) (*server.Options, error) {
	host, portText, err := net.SplitHostPort(cfg.NATS.Listen)
	if err != nil {
		return nil, fmt.Errorf("nats.listen: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("nats.listen: port: %w", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	interval, err := syncInterval(cfg.NATS.Sync)
	if err != nil {
		return nil, fmt.Errorf("nats.sync: %w", err)
	}
	gateway := server.NewAccount(gatewayAccount)
	accounts, users, nkeys, err := tenantUsers(gateway, cfg.Tenants)
	if err != nil {
		return nil, err
	}
	opts := &server.Options{
		ServerName: cfg.Node, Host: host, Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: filepath.Join(cfg.Data, "nats"),
		JetStreamKey: storeKey, JetStreamCipher: server.AES,
		SyncAlways: interval == 0, SyncInterval: interval,
		Accounts:   append(accounts, gateway),
		Users:      append(users, &server.User{Username: gatewayUser, Password: gatewayPassword(storeKey), Account: gateway}),
		Nkeys:      nkeys,
		MaxPayload: 1 << 20,
	}
	return opts, nil
}

// tenantUsers gives each tenant an account of its own with one user.
func tenantUsers(gateway *server.Account, tenants []Tenant) (accounts []*server.Account, users []*server.User,
	nkeys []*server.NkeyUser, err error) {
	if err := exportDiscovery(gateway); err != nil {
		return nil, nil, nil, err
	}
	for _, t := range tenants {
		account, err := tenantAccount(gateway, t.ID)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("tenant %s: %w", t.ID, err)
		}
		accounts = append(accounts, account)
		if t.NKey != "" {
			nkeys = append(nkeys, &server.NkeyUser{Nkey: t.NKey, Permissions: tenantPermissions(t.ID), Account: account})
			continue
		}
		password, err := secret(t.Password.Reveal(), t.PasswordEnv, t.PasswordFile)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("tenant %s: %w", t.ID, err)
		}
		users = append(users, &server.User{Username: string(t.ID), Password: password, Permissions: tenantPermissions(t.ID),
			Account: account})
	}
	return accounts, users, nkeys, nil
}

// tenantAccount makes a tenant's account. It shares with the gateway's what the contract names and nothing else: so
// neither inboxes nor a reply subject reach from one tenant to another or to the gateway, which subject permissions
// alone would let them (the server publishes an acknowledgement wherever its request says).
func tenantAccount(gateway *server.Account, id sms.TenantID) (*server.Account, error) {
	account := server.NewAccount(string(id))
	only := []*server.Account{account}
	for _, subject := range []string{"sms." + string(id) + ".send.*", "sms." + string(id) + ".otp.*"} {
		if err := gateway.AddServiceExport(subject, only); err != nil {
			return nil, err
		}
		if err := account.AddServiceImport(gateway, subject, subject); err != nil {
			return nil, err
		}
	}
	for _, subject := range discovery {
		if err := account.AddServiceImport(gateway, subject, subject); err != nil {
			return nil, err
		}
	}
	for _, subject := range heard(id) {
		if err := gateway.AddStreamExport(subject, only); err != nil {
			return nil, err
		}
		if err := account.AddStreamImport(gateway, subject, ""); err != nil {
			return nil, err
		}
	}
	return account, nil
}

// discovery are the subjects by which clients find services and what these take (NATS ADR-32). $SRV.STATS is not among
// them: it would tell each tenant how much the others call.
var discovery = []string{"$SRV.PING", "$SRV.PING.>", "$SRV.INFO", "$SRV.INFO.>"}

// exportDiscovery lets every tenant find services. Each process of a service answers, so that answers are many.
func exportDiscovery(gateway *server.Account) error {
	for _, subject := range discovery {
		if err := gateway.AddServiceExportWithResponse(subject, server.Streamed, nil); err != nil {
			return err
		}
	}
	return nil
}

// heard are the subjects on which a tenant is told of its messages and challenges.
func heard(id sms.TenantID) []string {
	return []string{"sms." + string(id) + ".status.>", "sms." + string(id) + ".otp.event.>"}
}

func tenantPermissions(id sms.TenantID) *server.Permissions {
	publish := append([]string{"sms." + string(id) + ".otp.*"}, discovery...)
	for _, class := range sms.Classes {
		publish = append(publish, "sms."+string(id)+".send."+class.String())
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: append(heard(id), "_INBOX.>")},
	}
}

// address is where tenants connect.
func (b *broker) address() string {
	if b.server != nil {
		return b.server.ClientURL()
	}
	return b.conn.ConnectedUrlRedacted()
}

// close takes the connection and then the server down; what was acknowledged is on disk.
func (b *broker) close() {
	b.conn.Close()
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}
