package app

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

const (
	patience = 10 * time.Second
	storeKey = "0123456789abcdef0123456789abcdef" // made up
)

// brokerConfig has two tenants. Their passwords are made up.
func brokerConfig(dir string) *Config {
	return &Config{Node: "node-1", Data: dir, NATS: NATS{Listen: "127.0.0.1:0", Sync: "1m", Replicas: 1},
		Tenants: []Tenant{{ID: "acme", Password: "acme-secret"}, {ID: "zipkart", Password: "zipkart-secret"}}}
}

// startBroker starts the embedded server with the gateway's streams.
func startBroker(t *testing.T, cfg *Config) (*broker, jetstream.JetStream) {
	t.Helper()
	b, err := openBroker(cfg, storeKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	js, err := jetstream.New(b.conn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), js, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := storage.OpenStatuses(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "SMS_SEND", Subjects: []string{"sms.*.send.*"},
		Retention: jetstream.WorkQueuePolicy, AllowAtomicPublish: true})
	if err != nil {
		t.Fatal(err)
	}
	return b, js
}

// tenant connects; faults get what the server holds against it.
func tenant(t *testing.T, b *broker, id string) (conn *nats.Conn, faults chan error) {
	t.Helper()
	faults = make(chan error, 16)
	conn, err := nats.Connect(b.address(), nats.UserInfo(id, id+"-secret"), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { faults <- err }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn, faults
}

// wantViolation waits for the server to refuse what was just tried.
func wantViolation(t *testing.T, faults <-chan error, subject string) {
	t.Helper()
	select {
	case err := <-faults:
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `"`+subject+`"`) {
			t.Errorf("%v, want a permissions violation on %q", err, subject)
		}
	case <-time.After(patience):
		t.Errorf("%q was not refused", subject)
	}
}

func TestTenantMayNotPublish(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	conn, faults := tenant(t, b, "acme")
	for _, subject := range []string{
		"sms.zipkart.send.otp", "sms.zipkart.send.bulk", "sms.zipkart.otp.request", "sms.zipkart.status.delivered",
		"sms.zipkart.otp.verify", "sms.zipkart.otp.event.verified", "sms.acme.otp.event.verified", "$SRV.STATS", "$SRV.STATS.otp",
		"$SRV.STATS.otp.x", "$SRV", "sms.acme.status.delivered", "sms.acme.send.promo", "sms.acme.send", "sms.acme.send.otp.more", "sms.acme.otp.a.b",
		"ledger.0", "_GATEWAY.node-1.x", "_INBOX.x", "$JS.ACK.SMS_SEND.zipkart-otp.1.1.1.1.1",
		"$JS.API.INFO", "$JS.API.STREAM.INFO.SMS_SEND", "$JS.API.STREAM.MSG.GET.SMS_SEND", "$JS.API.STREAM.PURGE.SMS_LEDGER",
		"$JS.API.STREAM.DELETE.SMS_STATUS", "$JS.API.CONSUMER.CREATE.SMS_SEND", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO",
	} {
		if err := conn.Publish(subject, []byte("{}")); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		wantViolation(t, faults, subject)
	}
}

func TestTenantMayNotSubscribe(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	conn, faults := tenant(t, b, "acme")
	for _, subject := range []string{
		">", "*", "*.>", "sms.>", "sms.*.status.>", "sms.*.status.delivered", "sms.zipkart.status.>", "sms.zipkart.>",
		"sms.acme.>", "sms.acme.send.*", "sms.acme.send.otp", "sms.zipkart.send.otp", "sms.acme.otp.*", "ledger.*", "ledger.0",
		"sms.zipkart.otp.event.*", "sms.zipkart.otp.event.>", "sms.*.otp.event.*", "sms.acme.otp.>", "sms.acme.*.event.*",
		"sms.zipkart.otp.request", "$SRV.>", "$SRV.PING", "$SRV.INFO.otp", "_GATEWAY.>", "_GATEWAY.node-1.>", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$SYS.>", "_R_.>",
	} {
		if _, err := conn.SubscribeSync(subject); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		wantViolation(t, faults, subject)
		if _, err := conn.QueueSubscribeSync(subject, "workers"); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		wantViolation(t, faults, subject)
	}
}

// TestTenantMay is the other half: all that the contract gives a tenant works.
func TestTenantMay(t *testing.T) {
	b, js := startBroker(t, brokerConfig(t.TempDir()))
	conn, faults := tenant(t, b, "acme")
	asTenant, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	for i, class := range []string{"otp", "txn", "bulk"} {
		ack, err := asTenant.Publish(t.Context(), "sms.acme.send."+class, []byte("{}"), jetstream.WithMsgID(class))
		if err != nil || ack.Stream != "SMS_SEND" || ack.Sequence != uint64(i+1) || ack.Duplicate {
			t.Errorf("publish %s: %+v, %v", class, ack, err)
		}
		if ack, err = asTenant.Publish(t.Context(), "sms.acme.send."+class, nil, jetstream.WithMsgID(class)); err != nil || !ack.Duplicate {
			t.Errorf("publish %s again: %+v, %v; want a duplicate", class, ack, err)
		}
	}
	batch := func(sequence, commit string) *nats.Msg {
		m := &nats.Msg{Subject: "sms.acme.send.bulk", Data: []byte("{}"), Header: nats.Header{"Nats-Batch-Id": {"b"}, "Nats-Batch-Sequence": {sequence}}}
		if commit != "" {
			m.Header.Set("Nats-Batch-Commit", commit)
		}
		return m
	}
	if err := conn.PublishMsg(batch("1", "")); err != nil {
		t.Fatal(err)
	}
	reply, err := conn.RequestMsg(batch("2", "1"), patience)
	if err != nil || string(reply.Data) != `{"stream":"SMS_SEND","seq":5,"batch":"b","count":2}` {
		t.Errorf("atomic batch: %s, %v", reply.Data, err)
	}

	statuses, err := conn.SubscribeSync("sms.acme.status.>")
	if err != nil || conn.Flush() != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "sms.zipkart.status.delivered", []byte("not acme's")); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "sms.acme.status.delivered", []byte("acme's")); err != nil {
		t.Fatal(err)
	}
	if m, err := statuses.NextMsg(patience); err != nil || m.Subject != "sms.acme.status.delivered" || string(m.Data) != "acme's" {
		t.Errorf("status %+v, %v", m, err)
	}

	_, err = b.conn.Subscribe("sms.*.otp.*", func(m *nats.Msg) { _ = m.Respond([]byte(m.Subject)) })
	if err != nil || b.conn.Flush() != nil {
		t.Fatal(err)
	}
	if m, err := conn.Request("sms.acme.otp.verify", []byte("{}"), patience); err != nil || string(m.Data) != "sms.acme.otp.verify" {
		t.Errorf("request %+v, %v", m, err)
	}
	if len(faults) > 0 {
		t.Errorf("refused: %v", <-faults)
	}
}

// TestInboxesAreApart: every client listens for answers under _INBOX; nobody hears another's.
func TestInboxesAreApart(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	nosy, _ := tenant(t, b, "acme")
	heard, err := nosy.SubscribeSync("_INBOX.>")
	if err != nil || nosy.Flush() != nil {
		t.Fatal(err)
	}
	other, _ := tenant(t, b, "zipkart")
	if m, err := other.Request("sms.zipkart.send.otp", []byte("{}"), patience); err != nil || string(m.Data) != `{"stream":"SMS_SEND","seq":1}` {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := b.conn.Publish("_INBOX.from.the.gateway", []byte("secret")); err != nil || b.conn.Flush() != nil {
		t.Fatal(err)
	}
	// What the server sent to acme before it answers this request would be there now.
	if _, err := nosy.Request("sms.acme.send.otp", []byte("{}"), patience); err != nil {
		t.Fatal(err)
	}
	// Its own answer comes to the wildcard too, and nothing else.
	if m, err := heard.NextMsg(patience); err != nil || string(m.Data) != `{"stream":"SMS_SEND","seq":2}` {
		t.Errorf("heard %+v, %v; want the own answer alone", m, err)
	}
	if n, _, err := heard.Pending(); n != 0 || err != nil {
		t.Errorf("%d more messages heard, %v", n, err)
	}
}

// TestReplySubjectReachesNobody: a server publishes an acknowledgement to whatever reply subject a request names, without
// asking whether its sender may publish there.
func TestReplySubjectReachesNobody(t *testing.T) {
	b, js := startBroker(t, brokerConfig(t.TempDir()))
	conn, _ := tenant(t, b, "acme")
	replies := []string{"sms.zipkart.send.otp", "sms.zipkart.status.delivered", "ledger.0", "$JS.API.STREAM.PURGE.SMS_SEND",
		"$JS.API.CONSUMER.CREATE.SMS_SEND", "_GATEWAY.node-1.x"}
	for _, reply := range replies {
		if err := conn.PublishRequest("sms.acme.send.otp", reply, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Request("sms.acme.send.otp", []byte("{}"), patience); err != nil { // the stream answers in order
		t.Fatal(err)
	}
	for stream, want := range map[string]string{"SMS_SEND": "sms.acme.send.otp", "SMS_STATUS": "", "SMS_LEDGER": ""} {
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(">"))
		if err != nil {
			t.Fatal(err)
		}
		wantN := uint64(0)
		if want != "" {
			wantN = uint64(len(replies)) + 1
		}
		if info.State.Msgs != wantN || info.State.Subjects[want] != wantN {
			t.Errorf("%s holds %d messages, by subject %v; want %d on %q", stream, info.State.Msgs, info.State.Subjects, wantN, want)
		}
	}
}

func TestWhoMayNotLogIn(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	for _, tt := range [][2]string{{"", ""}, {"acme", ""}, {"acme", "zipkart-secret"}, {"nobody", "acme-secret"}, {gatewayUser, ""},
		{gatewayUser, "acme-secret"}, {"sys", ""}, {"admin", "admin"}} {
		conn, err := nats.Connect(b.address(), nats.UserInfo(tt[0], tt[1]))
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%q with %q: %v, want %v", tt[0], tt[1], err, nats.ErrAuthorization)
		}
		if err == nil {
			conn.Close()
		}
	}
	if conn, err := nats.Connect(b.address()); !errors.Is(err, nats.ErrAuthorization) {
		conn.Close()
		t.Errorf("without credentials: %v", err)
	}
}

// TestStoreIsEncrypted: what tenants publish holds codes; none is readable in the store, and all is there after a restart.
func TestStoreIsEncrypted(t *testing.T) {
	cfg := brokerConfig(t.TempDir())
	const canary = "canary-code-774411"
	b, js := startBroker(t, cfg)
	conn, _ := tenant(t, b, "acme")
	if _, err := conn.Request("sms.acme.send.otp", []byte(canary), patience); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "sms.acme.status.delivered", []byte(canary)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	b.close()
	files := 0
	err := filepath.WalkDir(cfg.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if files++; bytes.Contains(text, []byte(canary)) {
			t.Errorf("%s holds a message in the clear", path)
		}
		return err
	})
	if err != nil || files < 5 {
		t.Fatalf("%d files, %v", files, err)
	}
	_, js = startBroker(t, cfg)
	s, err := js.Stream(t.Context(), "SMS_SEND")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.GetMsg(t.Context(), 1); err != nil || string(m.Data) != canary {
		t.Errorf("after a restart: %v, %v", m, err)
	}
}

func TestBrokerSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"port taken", func(c *Config) { c.NATS.Listen = addr }, "nats.listen " + addr + ": listen tcp " + addr +
			": bind: address already in use; stop what listens there or set another address"},
		{"no password", func(c *Config) { c.Tenants[1] = Tenant{ID: "zipkart", PasswordEnv: "HARKARA_TEST_UNSET"} },
			"tenant zipkart: environment variable HARKARA_TEST_UNSET is not set: set it to the password"},
		{"no server", func(c *Config) { c.NATS.URL = "nats://user:url-secret@127.0.0.1:1" },
			"connect to NATS at nats.url: nats: no servers available for connection"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := brokerConfig(t.TempDir())
			tt.change(cfg)
			if b, err := openBroker(cfg, storeKey); err == nil || err.Error() != tt.want {
				if err == nil {
					b.close()
				}
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// TestExternalServer: nats.url may hold the gateway's password; what people see of it does not, and tenants do not use it.
func TestExternalServer(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	host := strings.TrimPrefix(b.address(), "nats://")
	cfg := brokerConfig(t.TempDir())
	cfg.NATS.URL = sms.Secret("nats://acme:acme-secret@" + host)
	external, err := openBroker(cfg, storeKey)
	if err != nil {
		t.Fatal(err)
	}
	defer external.close()
	if got := external.address(); strings.Contains(got, "acme-secret") || !strings.HasSuffix(got, host) {
		t.Errorf("address %q", got)
	}
	if got := tenantURL(cfg); got != "nats://"+host {
		t.Errorf("tenants connect to %q", got)
	}
	conn, err := connectTenant(cfg, "zipkart")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Request("sms.zipkart.send.otp", []byte("{}"), patience); err != nil {
		t.Errorf("as zipkart: %v", err)
	}
	cfg.Tenants[1].Password = "wrong-secret"
	if _, err := connectTenant(cfg, "zipkart"); !errors.Is(err, nats.ErrAuthorization) || strings.Contains(err.Error(), "secret") {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := connectTenant(cfg, "nobody"); err == nil || err.Error() != `no tenant "nobody" in the configuration` {
		t.Errorf("unknown tenant: %v", err)
	}
}
