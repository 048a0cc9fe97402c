package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/app"
	"harkara/storage/postgres"
)

// Templates of the sample register.
const (
	paymentOTP = "1107161234567890231"
	debitAlert = "1177100200300400947"
	hindiOTP   = "1107161234567890457"
	statement  = "1107161234567890781"
	zipLogin   = "1207161345678901234"
	zipShipped = "1277178834567823456"
)

// TestCanaryEverywhere sends codes, numbers, names and tokens through every end that a request can come to, past SMSCs that
// quote them, and then looks for them and for every password in all that somebody else could see: logs of every level,
// the console, traces, reports, tables, a dump, the ledger and every other stream as a reader has them, what a panic and
// a SIGQUIT leave, and the octets of every file, PostgreSQL's and JetStream's among them. Only SMS_SEND has them, to its reader.
func TestCanaryEverywhere(t *testing.T) {
	s := newCanarySite(t)
	must(t, "dlt", "import", "--config", s.file, "--kind", "templates", "../../deploy/samples/register.csv")
	s.start(t, "")
	cfg, err := app.Load(s.file)
	if err != nil {
		t.Fatal(err)
	}
	db, closeDB, err := app.OpenDatabase(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB()
	for _, sql := range []string{"ALTER SYSTEM SET wal_compression = off", "SELECT pg_reload_conf()"} { // or a page's image could hide one
		if _, err := db.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	canaries := []canary{secretCanary("code", canaryCode), numberCanary(canaryNumber), secretCanary("payee", canaryPayee), secretCanary("token", canaryToken),
		secretCanary("acme's password", canaryAcme), secretCanary("zipkart's password", canaryZip), secretCanary("bind password", canaryBind),
		secretCanary("PostgreSQL's password", passwordOf(t, filepath.Join(s.data, "postgres.dsn"))), masterCanary(t, s.data)}
	places := map[string]string{}
	places["statuses"] = s.send(t, db)
	canaries = append(canaries, s.challenges(t, places)...)
	s.collect(t, db, places)
	s.look(t, canaries, places)

	// Under load both ends leave every goroutine's stack.
	for _, end := range []struct {
		name, panics string
		told         os.Signal
		words        string
	}{{"SIGQUIT", "", syscall.SIGQUIT, "SIGQUIT"}, {"a panic", "6s", nil, "as planned"}} {
		if s.process.ProcessState != nil {
			s.start(t, end.panics)
		}
		stop := s.keepSending(t)
		if end.told != nil {
			before := s.good.Counters().Accepted
			eventually(t, "it works", func() bool { return s.good.Counters().Accepted > before+100 })
		}
		said := s.end(t, end.told)
		stop()
		if !strings.Contains(said, end.words) || strings.Count(said, "\ngoroutine ") < 20 {
			t.Errorf("%s left no stacks: %.2000s", end.name, said)
		}
		places["output of "+end.name] = said
	}
	places["streams"] = s.streams(t, cfg, canaries)
	s.look(t, canaries, places)
	s.plant(t, db, canaries)
}

// octetsCanary is a key as programs have it, and as texts write it.
func octetsCanary(name string, octets []byte) canary {
	lower := hex.EncodeToString(octets)
	forms := []disguise{newDisguise("octets", octets, nil), newDisguise("hexadecimal", []byte(lower), nil),
		newDisguise("hexadecimal, capitals", []byte(strings.ToUpper(lower)), nil)}
	return canary{name, append(forms, base64Forms(string(octets))...)}
}

// masterCanary is the master key as its file has it, and as a program does.
func masterCanary(t *testing.T, data string) canary {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(data, "keys", "master.key"))
	if err != nil || len(key) < 32 {
		t.Fatalf("a master key of %d octets, %v", len(key), err)
	}
	c := secretCanary("master key", strings.TrimSpace(string(key)))
	octets, err := hex.DecodeString(strings.TrimSpace(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	c.forms = append(c.forms, octetsCanary("", octets).forms...)
	return c
}

// passwordOf reads the password out of a DSN's file.
func passwordOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`password=(\w+)`).FindSubmatch(text)
	if found == nil {
		t.Fatal("no password in the DSN")
	}
	return string(found[1])
}

// secretFiles of the data folder hold what they are for, and are closed to others: the private cluster's DSN, for psql,
// and the master key.
var secretFiles = []string{"postgres.dsn", "keys/master.key"}

// look fails the test for each canary in the places and in the data folder's files.
func (s *canarySite) look(t *testing.T, canaries []canary, places map[string]string) {
	t.Helper()
	for place, text := range places {
		for _, found := range scan(canaries, []byte(text)) {
			t.Errorf("%s shows the %s", place, found)
		}
	}
	found, files, size := scanFiles(t, canaries, s.data, secretFiles...)
	for _, what := range found {
		t.Error(what)
	}
	for _, name := range secretFiles {
		if info, err := os.Stat(filepath.Join(s.data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is not closed to others: %v", name, err)
		}
	}
	if files < 500 {
		t.Errorf("only %d files were there to be read", files)
	}
	t.Logf("%d places and %d files of %d MB scanned", len(places), files, size>>20)
}

// request is what a tenant publishes, with whatever is wrong with it.
type canaryRequest struct {
	tenant, class, id string
	body              string
}

// requests are of every kind: delivered, failed, rejected by each check that sees a value, not even read, and held back.
func canaryRequests() (list []canaryRequest) {
	add := func(tenant, class string, body map[string]any) {
		id := fmt.Sprintf("canary-%03d", len(list))
		body["id"] = id
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		list = append(list, canaryRequest{tenant, class, id, string(text)})
	}
	type m = map[string]any
	payment := []string{canaryCode, "501", canaryPayee, "8842"}
	for i, to := range []string{"+91" + canaryNumber, "91" + canaryNumber, "0" + canaryNumber, canaryNumber} {
		add("acme", "otp", m{"to": to, "template": paymentOTP, "vars": []string{canaryCode, fmt.Sprint(500 + i), canaryPayee, "8842"}})
		add("acme", "otp", m{"to": to, "template": hindiOTP, "vars": []string{canaryCode, fmt.Sprint(i)}})
	}
	add("acme", "txn", m{"to": canaryNumber, "template": statement, "header": "ACMEIN", "vars": []string{canaryPayee, canaryCode, "501", canaryCode, "5 Dec"}})
	for i := range 40 { // each another text, since a simulator's faults come by the text
		add("zipkart", "otp", m{"to": canaryNumber, "template": zipLogin, "vars": []string{canaryCode, fmt.Sprint(i)}})
	}
	add("acme", "otp", m{"to": canaryNumber, "template": debitAlert, "vars": []string{canaryPayee, canaryCode, canaryCode, canaryCode, canaryCode}})
	add("acme", "otp", m{"to": canaryNumber, "template": paymentOTP, "vars": []string{canaryCode}})
	add("acme", "otp", m{"to": canaryNumber, "template": paymentOTP, "vars": []string{strings.Repeat(canaryCode, 9), "501", canaryPayee, "8842"}})
	add("acme", "otp", m{"to": canaryNumber, "template": "1107169999999999999", "vars": []string{canaryCode}})
	add("acme", "otp", m{"to": canaryNumber, "template": paymentOTP, "text": canaryCode + " is a text of no template for " + canaryPayee})
	add("acme", "otp", m{"to": canaryNumber, "template": paymentOTP, "text": canaryCode + " is the OTP for your payment of Rs 501 to " + canaryPayee + canaryCode})
	add("zipkart", "txn", m{"to": canaryNumber, "template": zipShipped, "header": "ZIPKRT", "vars": []string{canaryPayee, canaryCode, "Monday", "https://track.example/r?key=" + canaryToken}})
	for _, to := range []string{canaryNumber[:9] + "x", "+91 " + canaryNumber, "0091" + canaryNumber, canaryNumber[:5] + " " + canaryNumber[5:], "9" + canaryNumber} {
		add("acme", "otp", m{"to": to, "template": paymentOTP, "vars": payment})
	}
	for _, fault := range []m{{"to": 919876501234}, {"vars": canaryCode}, {"vars": []any{canaryCode, 501}}, {"ttl_s": 9876501234.5}, {"ttl_s": 9.876501234e30},
		{"ref": strings.Repeat(canaryCode, 30)}, {"header": canaryCode + "+91" + canaryNumber}, {"template": canaryCode + " " + canaryNumber},
		{"text": canaryCode}} {
		body := m{"to": canaryNumber, "template": paymentOTP, "vars": payment}
		for k, v := range fault {
			body[k] = v
		}
		add("acme", "otp", body)
	}
	for i, body := range []string{canaryCode + " to +91" + canaryNumber, `{"to": "+91` + canaryNumber + `", "vars": ["` + canaryCode, `["` + canaryCode + `"]`,
		`{"id": "+91` + canaryNumber + ` ` + canaryCode + `"}`, `{"` + canaryCode + `": "` + canaryNumber + `"}`} {
		list = append(list, canaryRequest{"acme", "otp", fmt.Sprintf("raw-%d", i), body})
	}
	for range 5 {
		add("acme", "bulk", m{"to": canaryNumber, "template": paymentOTP, "vars": payment}) // to an SMSC that is away
	}
	return list
}

// client is a tenant's.
func (s *canarySite) client(t *testing.T, tenant string) (jetstream.JetStream, *nats.Conn) {
	t.Helper()
	password := map[string]string{"acme": canaryAcme, "zipkart": canaryZip}[tenant]
	conn, err := nats.Connect(s.nats, nats.UserInfo(tenant, password), nats.NoReconnect())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js, conn
}

// send publishes all requests, waits for their ends, and returns what the tenants were told.
func (s *canarySite) send(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	var mu sync.Mutex
	var told strings.Builder
	clients := map[string]jetstream.JetStream{}
	for _, tenant := range []string{"acme", "zipkart"} {
		js, conn := s.client(t, tenant)
		if _, err := conn.Subscribe("sms."+tenant+".status.>", func(m *nats.Msg) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(&told, "%s %v %s\n", m.Subject, m.Header, m.Data)
		}); err != nil {
			t.Fatal(err)
		}
		if err := conn.Flush(); err != nil {
			t.Fatal(err)
		}
		clients[tenant] = js
	}
	list := canaryRequests()
	held := 0
	for _, r := range list {
		if r.class == "bulk" {
			held++
		}
		if _, err := clients[r.tenant].Publish(t.Context(), "sms."+r.tenant+".send."+r.class, []byte(r.body), jetstream.WithMsgID(r.id)); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if t.Failed() {
			t.Logf("statuses\n%s\nthe log\n%s", told.String(), s.stderr)
		}
	}()
	eventually(t, "every request but those that are held back has its outcome", func() bool {
		var n int
		return db.Get(&n, `SELECT count(*) FROM harkara.v_message WHERE state NOT IN ('planned', 'submitted')`) == nil && n >= len(list)-held
	})
	sent := map[string]bool{}
	for _, m := range append(s.good.Books().Messages, s.bad.Books().Messages...) {
		for _, what := range []string{canaryCode, canaryPayee} {
			sent[what] = sent[what] || m.To.Digits() == "91"+canaryNumber && strings.Contains(m.Text.Reveal(), what)
		}
	}
	if !sent[canaryCode] || !sent[canaryPayee] {
		t.Fatalf("sent went only %v: this test would find nothing anywhere", sent)
	}
	var states []string
	if err := db.Select(&states, `SELECT DISTINCT state FROM harkara.v_message ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests, states %v", len(list), states)
	for _, want := range []string{"delivered", "undelivered", "refused", "rejected"} {
		if !strings.Contains(strings.Join(states, " "), want) {
			t.Errorf("no request is %s", want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return told.String()
}

// collect gathers what can be seen of a running gateway.
func (s *canarySite) collect(t *testing.T, db *sqlx.DB, places map[string]string) {
	t.Helper()
	for _, path := range []string{"/metrics", "/binds", "/readyz", "/healthz", "/trace?smsc=good", "/trace?smsc=bad", "/trace?smsc=away", "/trace?smsc=x"} {
		_, places[path] = get(t, s.http, path)
	}
	http.DefaultClient.CloseIdleConnections()
	if !strings.Contains(places["/trace?smsc=good"], "submit_sm") {
		t.Errorf("no submit_sm in the trace: %.500s", places["/trace?smsc=good"])
	}
	out := t.TempDir()
	for _, args := range []string{"binds", "binds --json", "binds --trace good", "binds --trace bad", "report messages", "report messages --format csv",
		"report messages --format json", "report messages --number " + canaryNumber, "report dlr --by error,template", "report dlr --format json",
		"report templates", "report templates --format csv", "report headers", "report messages --format xlsx --out " + filepath.Join(out, "messages.xlsx"),
		"report messages --format parquet --out " + filepath.Join(out, "messages.parquet"), "report billing", "report billing --format json",
		"report smscs", "report smscs --format json", "report receipts --unmatched", "report receipts --unmatched --format json",
		"ledger tail --from 1", "ledger tail --json --from 1", "ledger verify", "ledger checkpoints",
		"report otp", "report otp --format json", "keys list", "dlt lint", "dlt imports", "dlt quarantine --all", "dlt show --template " + paymentOTP, "config check " + s.file} {
		fields := strings.Fields(args)
		if fields[0] != "config" {
			fields = append(fields, "--config", s.file)
		}
		places["harkara "+args] = must(t, fields...)
	}
	places["the report as xlsx"] = unzip(t, filepath.Join(out, "messages.xlsx"))
	places["the report as parquet"] = unparquet(t, filepath.Join(out, "messages.parquet"))
	places["all tables and views"] = rowsOf(t, db)
	places["pg_dump"] = pgDump(t, filepath.Join(s.data, "postgres.dsn"))
	for _, place := range []string{"harkara report messages --format csv", "all tables and views", "pg_dump", "statuses", "the report as xlsx", "the report as parquet",
		"harkara ledger tail --json --from 1"} {
		if !strings.Contains(places[place], "canary-000") {
			t.Errorf("%s does not even hold the request: %.300s", place, places[place])
		}
	}
	places["the log"] = s.stderr.String()
	if traces, err := filepath.Glob(filepath.Join(s.data, "traces", "*", "*")); err != nil || len(traces) == 0 {
		t.Errorf("no bind has left a trace: %v", err)
	}
	if _, err := db.Exec("CHECKPOINT"); err != nil { // so that what is in memory is in the files
		t.Fatal(err)
	}
}

// rowsOf is every row of every table and view of the schema as text.
func rowsOf(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	var names []string
	if err := db.Select(&names, `SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'harkara'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')`); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range names {
		var rows []string
		if err := db.Select(&rows, fmt.Sprintf(`SELECT r::text FROM harkara.%q AS r`, name)); err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + "\n" + strings.Join(rows, "\n") + "\n")
	}
	return text.String()
}

// pgDump is the database as PostgreSQL's own program writes it, in COPY's form.
func pgDump(t *testing.T, dsnFile string) string {
	t.Helper()
	bin, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := os.ReadFile(dsnFile)
	if err != nil {
		t.Fatal(err)
	}
	initdb, err := filepath.EvalSymlinks(filepath.Join(bin.Dir, "initdb")) // the others are where it really is
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(filepath.Dir(initdb), "pg_dump"), "--dbname="+strings.TrimSpace(string(dsn))).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// keepSending publishes until the gateway is gone or stop is called.
func (s *canarySite) keepSending(t *testing.T) (stop func()) {
	t.Helper()
	js, conn := s.client(t, "acme")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	run := fmt.Sprint(time.Now().UnixNano())
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil && !conn.IsClosed(); i++ {
			body := fmt.Sprintf(`{"id": "load-%s-%d", "to": "+91%s", "template": %q, "vars": [%q, "501", %q, "8842"]}`, run, i, canaryNumber, paymentOTP, canaryCode, canaryPayee)
			if _, err := js.PublishAsync("sms.acme.send.otp", []byte(body)); err != nil {
				return // it is gone
			}
			if i%8 == 0 {
				ask := fmt.Sprintf(`{"to": "%s", "template": %q, "purpose": "load-%d", "code": %q}`, canaryNumber, loginOTP, i%1000, canaryOwn)
				if conn.PublishRequest("sms.acme.otp.request", nats.NewInbox(), []byte(ask)) != nil {
					return
				}
			}
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	return func() { cancel(); conn.Close(); <-done }
}

// streams is every message of every stream as its reader has it, but for SMS_SEND, whose reader must find the canaries.
func (s *canarySite) streams(t *testing.T, cfg *app.Config, canaries []canary) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, js, closeLedger, err := app.OpenLedger(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeLedger()
	var all, requests strings.Builder
	for info := range js.ListStreams(ctx).Info() {
		stream, err := js.Stream(ctx, info.Config.Name)
		if err != nil {
			t.Fatal(err)
		}
		into, read := &all, 0
		if info.Config.Name == "SMS_SEND" {
			into = &requests
		}
		fmt.Fprintf(into, "%+v\n", info.Config)
		for n := info.State.FirstSeq; n <= info.State.LastSeq; n++ {
			if m, err := stream.GetMsg(ctx, n); err == nil {
				fmt.Fprintf(into, "%s %v %s\n", m.Subject, m.Header, m.Data)
				read++
			}
		}
		t.Logf("stream %s: %d messages", info.Config.Name, read)
		if uint64(read) != info.State.Msgs && !info.Config.AllowMsgTTL { // what has a time of its own may go meanwhile
			t.Errorf("%d of %d messages of %s were read", read, info.State.Msgs, info.Config.Name)
		}
	}
	if !strings.Contains(all.String(), "canary-000") {
		t.Error("the ledger does not even hold the request")
	}
	if found := scan(canaries, []byte(requests.String())); len(found) < 3 {
		t.Errorf("SMS_SEND holds only %q: nothing in its files had to be encrypted", found)
	}
	return all.String()
}

// plant puts canaries where nobody may, and wants them found: in a table's file or PostgreSQL's log of writes, and in a
// file of the data folder.
func (s *canarySite) plant(t *testing.T, db *sqlx.DB, canaries []canary) {
	t.Helper()
	if _, err := db.Exec(`CREATE TABLE planted AS SELECT $1::text || ' to ' || $2::text AS said`, canaryCode, canaryNumber); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.data, "traces", "planted.txt"), []byte("login with "+canaryBind), 0o600); err != nil {
		t.Fatal(err)
	}
	found, _, _ := scanFiles(t, canaries, s.data, secretFiles...)
	places := map[string]int{"/base/": 0, "/pg_wal/": 0, "planted.txt": 0}
	for _, what := range found {
		for place := range places {
			if strings.Contains(what, place) {
				places[place]++
			}
		}
	}
	if places["/base/"] < 2 || places["/pg_wal/"] < 2 || places["planted.txt"] != 1 {
		t.Errorf("of what was planted was found: %v", places)
	}
}
