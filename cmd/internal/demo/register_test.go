package demo

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
	"harkara/storage"
	"harkara/storage/postgres"
)

// open opens the world's database for the length of a test.
func (w *World) open(t *testing.T) *sqlx.DB {
	t.Helper()
	db, closeDB, err := app.OpenDatabase(t.Context(), w.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeDB)
	return db
}

// ends sends one request as acme and returns its last status.
func (w *World) ends(t *testing.T, template dlt.TemplateID, vars ...string) (state sms.State, status string) {
	t.Helper()
	state, err := app.Send(t.Context(), w.Config, app.Sending{Tenant: "acme", Class: sms.OTP, To: "9812345678",
		Template: string(template), Vars: vars, Wait: 20 * time.Second}, func(raw []byte) { status = string(raw) })
	if err != nil {
		t.Fatal(err)
	}
	return state, status
}

// metric reads one of the gateway's metrics, as text; empty where there is none.
func (w *World) metric(t *testing.T, name string) string {
	t.Helper()
	answer, err := http.Get("http://" + w.Config.HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return value
		}
	}
	return ""
}

// awaits polls until done says yes, or fails the test after a minute.
func awaits(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// A change of the register reaches the running gateway within two seconds.
func TestRegisterReachesTheGateway(t *testing.T) {
	w := start(t, Setting{SMSC: quick})
	db := w.open(t)
	const id = dlt.TemplateID("1107000000000000042") // made up
	if state, status := w.ends(t, id, "483921"); state != sms.Rejected {
		t.Fatalf("before the import: %s", status)
	}
	acme := dlt.EntityID("1101481029384756102")
	active := dlt.Standing{Status: dlt.Active}
	in := &dlt.Import{Kind: dlt.KindTemplate,
		Templates: []dlt.Row[dlt.Template]{{Line: 2, Value: dlt.Template{ID: id, Entity: acme, Content: "{#num#} is your OTP -ACMEBK",
			Category: dlt.ServiceImplicit, Standing: active}}},
		Links: []dlt.Row[dlt.Link]{{Line: 2, Value: dlt.Link{Template: id, Header: "ACMEBK", Standing: active}}}}
	result, err := storage.ImportRegister(t.Context(), db, in, storage.Source{File: "test", By: "test", At: time.Now()}, storage.ImportOptions{})
	if err != nil || result.New == 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	imported := time.Now()
	for state := sms.Rejected; state == sms.Rejected; {
		asked := time.Now()
		var status string
		if state, status = w.ends(t, id, "483921"); state == sms.Rejected && asked.Sub(imported) > 2*time.Second {
			t.Fatalf("asked %s after the import: %s", asked.Sub(imported), status)
		}
	}
	var versions []int64
	awaits(t, "the row of a message whose status went out", func() bool {
		err := db.SelectContext(t.Context(), &versions, `SELECT register FROM harkara.v_message WHERE template = $1 AND state = 'delivered'`, string(id))
		if err != nil {
			t.Fatal(err)
		}
		return len(versions) > 0
	})
	if len(versions) != 1 || versions[0] != result.Version {
		t.Errorf("the message says register version %d, want %d", versions, result.Version)
	}
}

// A template that a scrubber fails for good goes to the other SMSC, is refused where none is left, and goes out again
// when it is released.
func TestQuarantine(t *testing.T) {
	const template = dlt.TemplateID("1107161234567890123")
	w := start(t, Setting{SMSC: quick})
	db := w.open(t)
	scrub := func(id sms.SMSCID, err string) {
		w.SMSCs[id].Change(func(c *smsctest.Config) { c.Scrub = map[string]string{string(template): err} })
	}
	scrub("sim-a", "631")
	until := func(what string, done func(sms.State) bool) {
		t.Helper()
		awaits(t, what, func() bool {
			state, _ := w.ends(t, template, "483921", "10")
			return done(state)
		})
	}
	held := func(n string) bool { return w.metric(t, "harkara_quarantined") == n }
	until("sim-a is held", func(sms.State) bool { return held("1") })
	before := w.SMSCs["sim-a"].Counters().Accepted
	for range 8 {
		if state, status := w.ends(t, template, "483921", "10"); state != sms.Delivered {
			t.Errorf("by the other SMSC: %s", status)
		}
	}
	if n := w.SMSCs["sim-a"].Counters().Accepted - before; n != 0 {
		t.Errorf("sim-a took %d more after it was held", n)
	}
	scrub("sim-b", "631")
	until("sim-b is held", func(state sms.State) bool { return state == sms.Rejected })
	if !held("2") {
		t.Error("rejected, and not both are held")
	}
	scrub("sim-a", "")
	scrub("sim-b", "")
	if n, err := storage.Release(t.Context(), db, template, "", "test"); err != nil || n != 2 {
		t.Fatalf("released %d, %v", n, err)
	}
	until("it goes out after its release", func(state sms.State) bool { return state == sms.Delivered })
}

// A gateway starts while PostgreSQL is away, sends, and writes everything down when it is back.
func TestStartWithoutPostgres(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	cluster, err := postgres.Start(t.Context(), dir, log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { cluster.Stop() }()
	w := start(t, Setting{SMSC: quick, DSN: cluster.DSN()})
	awaits(t, "a copy of the register", func() bool {
		kept := w.metric(t, "harkara_register_kept_version")
		return kept != "" && kept != "0"
	})
	w.stop()
	if err := <-w.ended; err != nil {
		t.Fatal(err)
	}
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.serve(context.WithoutCancel(t.Context()), log); err != nil {
		t.Fatalf("without PostgreSQL: %v", err)
	}
	load := Load{Messages: 50, Rate: 200, Seed: 1}
	tenants := map[string]*tenantClient{}
	for _, q := range mix {
		if tenants[q.tenant], err = w.tenant(q.tenant); err != nil {
			t.Fatal(err)
		}
		defer tenants[q.tenant].conn.Close()
	}
	if err := w.publish(t.Context(), load, tenants); err != nil {
		t.Fatal(err)
	}
	awaits(t, "all is sent while PostgreSQL is away", func() bool {
		submits, _ := w.accepted()
		return submits == load.Messages
	})
	if cluster, err = postgres.Start(t.Context(), dir, log); err != nil {
		t.Fatal(err)
	}
	if err := settled(t.Context(), w.open(t), load.idPrefix()+"%", load.Messages); err != nil {
		t.Fatal(err)
	}
	w.verify(t, load, w.SMSCs)
	var states []string
	if err := w.open(t).SelectContext(t.Context(), &states, `SELECT DISTINCT state FROM harkara.v_message`); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(states) != "[delivered]" {
		t.Errorf("states %v", states)
	}
}
