package storage

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// office is a gateway's books with its keys, where numbers are revealed and shredded.
type office struct {
	*bench
	x     *sqlx.DB
	data  string
	vault *Vault
	sent  int
}

// Made-up numbers, and the months that they are written to in.
const (
	ann = sms.MSISDN("919800000001")
	bob = sms.MSISDN("919800000002")
)

var inOctober, inNovember = time.Date(2026, 10, 20, 12, 0, 0, 0, dlt.IST), time.Date(2026, 11, 21, 12, 0, 0, 0, dlt.IST)

func newOffice(t *testing.T) *office {
	b := newBench(t, time.Second)
	o := &office{bench: b, x: sqlx.NewDb(b.db, "postgres"), data: t.TempDir()}
	o.vault = openVault(t, o.data)
	return o
}

// send writes a message into the ledger as the gateway does, and returns its id.
func (o *office) send(t *testing.T, tenant sms.TenantID, at time.Time, to sms.MSISDN, text sms.Secret) sms.RequestID {
	t.Helper()
	o.sent++
	id, key := sms.RequestID(fmt.Sprintf("r-%d", o.sent)), KeyAt(at)
	key[6], key[8], key[15] = 0x70, 0x80, byte(o.sent)
	o.append(t, ledger.Event{Kind: ledger.Rejected, At: at, Key: key, Final: true, Failure: &sms.Failure{Stage: sms.StageDLT, Code: "made_up"},
		Facts: &ledger.Facts{Tenant: tenant, ID: id, Class: "otp", Template: "1107161234567890123", Segments: 1, ToLast4: to.Last4(),
			ToDigest: o.vault.Digest(tenant, at, to), ToSealed: o.vault.Seal(tenant, at, to), ToMark: o.vault.Mark(to),
			Digest: o.vault.TextDigest(tenant, at, text), Requested: at, Deadline: at.Add(time.Minute)}})
	return id
}

// catchUp projects all that the ledger has.
func (o *office) catchUp(ctx context.Context, upto ledger.Position) error {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = NewProjector(o.config()).Run(ctx) }()
	err := NewLookup(o.db).Await(ctx, upto)
	stop()
	<-ended
	return err
}

func (o *office) shredder(t *testing.T) *Shredder {
	if err := o.catchUp(t.Context(), o.ledger.End()); err != nil {
		t.Fatal(err)
	}
	return &Shredder{Vault: o.vault, DB: o.x, Ledger: o.ledger, Project: o.catchUp, By: Asker{"made-up officer", "a test"}, Settle: time.Millisecond}
}

// reveal is what a message's number is revealed as: its digits, or why not.
func (o *office) reveal(t *testing.T, v *Vault, tenant sms.TenantID, id sms.RequestID) string {
	t.Helper()
	found, err := v.Reveal(t.Context(), o.x, tenant, id, Asker{"made-up officer", "a test"})
	switch {
	case err != nil:
		t.Fatal(err)
	case len(found) != 1:
		return fmt.Sprintf("%d messages", len(found))
	case errors.Is(found[0].Err, ErrShredded):
		return "shredded"
	case found[0].Err != nil:
		return found[0].Err.Error()
	}
	return found[0].Number.Digits()
}

// search counts the messages that are found by a number.
func (o *office) search(t *testing.T, v *Vault, tenant sms.TenantID, n sms.MSISDN) (count int) {
	t.Helper()
	for _, m := range v.Digests(tenant, n, time.Time{}, time.Time{}) {
		for _, digest := range m.Digests {
			var found int
			if err := o.x.Get(&found, `SELECT count(*) FROM harkara.message WHERE to_digest = $1 AND key >= $2 AND key < $3`,
				digest, KeyAt(m.Month), KeyAt(m.Month.AddDate(0, 1, 0))); err != nil {
				t.Fatal(err)
			}
			count += found
		}
	}
	return count
}

// leaks tries every key that is anywhere on everything that was ever sealed or digested of a number, as somebody would who
// has the master key, the ring, PostgreSQL and the ledger.
func (o *office) leaks(t *testing.T, n sms.MSISDN) (leaks []string) {
	t.Helper()
	key, err := MasterSource{}.read(o.vault.folder)
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMaster(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(o.vault.folder.file(ringFile))
	if err != nil {
		t.Fatal(err)
	}
	var r ring
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	rows, err := readDataKeys(t.Context(), o.x)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		r.Keys = append(r.Keys, *row)
	}
	var kept [][2][]byte // sealed number and digest
	if legacy, _, err := legacyKeys(m, key); err == nil && strings.Contains(string(text), legacy.ID) {
		r.Keys = append(r.Keys, legacy)
	}
	for p := ledger.Position(1); p <= o.ledger.End(); p++ {
		for _, e := range o.events(t, p) {
			if e.Facts != nil {
				kept = append(kept, [2][]byte{e.Facts.ToSealed, e.Facts.ToDigest})
			}
		}
	}
	found, err := o.x.Query(`SELECT to_sealed, to_digest FROM harkara.message`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var k [2][]byte
		if err := found.Scan(&k[0], &k[1]); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, k)
	}
	for i := range r.Keys {
		k, err := newDataKey(m, &r.Keys[i])
		if err != nil {
			t.Fatal(err)
		}
		if k.seal == nil {
			continue
		}
		for _, have := range kept {
			if got, err := k.reveal(have[0]); err == nil && got == n {
				leaks = append(leaks, k.name()+" reveals")
			}
			if string(k.number(n)) == string(have[1]) {
				leaks = append(leaks, k.name()+" finds")
			}
		}
	}
	return leaks
}

// events returns what one frame holds.
func (o *office) events(t *testing.T, p ledger.Position) (events []ledger.Event) {
	t.Helper()
	stream, err := o.js.Stream(t.Context(), ledger.Stream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetMsg(t.Context(), uint64(p))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(msg.Data)) {
		var e ledger.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// shreddings is what the ledger says was shredded.
func (o *office) shreddings(t *testing.T) (said []ledger.Shred) {
	t.Helper()
	for p := ledger.Position(1); p <= o.ledger.End(); p++ {
		for _, e := range o.events(t, p) {
			if e.Kind == ledger.Shredded {
				said = append(said, *e.Shred)
			}
		}
	}
	return said
}

func (o *office) log(t *testing.T) string {
	t.Helper()
	return strings.Join(query(t, o.db, `SELECT action, tenant, who, why FROM harkara.privacy_log ORDER BY id`), "\n")
}

func TestRevealIsLoggedFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.send(t, "acme", inNovember, ann, "x")
	o.shredder(t)
	if got := o.reveal(t, o.vault, "acme", id); got != string(ann) {
		t.Errorf("revealed %s", got)
	}
	if got := o.reveal(t, o.vault, "zip", id); got != "0 messages" {
		t.Errorf("to another tenant: %s", got)
	}
	if got, want := o.log(t), "reveal|acme|made-up officer|a test\nreveal|zip|made-up officer|a test"; got != want {
		t.Errorf("log\n%s\nwant\n%s", got, want)
	}
	for _, line := range query(t, o.db, `SELECT detail FROM harkara.privacy_log`) {
		if strings.Contains(line, ann.Digits()[2:]) {
			t.Errorf("the log has the number: %s", line)
		}
	}
	if _, err := o.vault.Reveal(t.Context(), o.x, "acme", id, Asker{"made-up officer", " "}); err == nil {
		t.Error("revealed without a reason")
	}
	if _, err := o.x.Exec(`ALTER TABLE harkara.privacy_log ADD CHECK (why <> 'no log')`); err != nil {
		t.Fatal(err)
	}
	if found, err := o.vault.Reveal(t.Context(), o.x, "acme", id, Asker{"made-up officer", "no log"}); err == nil || found != nil {
		t.Errorf("revealed though it could not be logged: %v", found)
	}
}

func TestShredMonth(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	gone, other := o.send(t, "acme", inNovember, ann, "the text"), o.send(t, "acme", inOctober, ann, "the text")
	theirs := o.send(t, "zip", inNovember, ann, "the text")
	running := openVault(t, o.data) // of a gateway that goes on
	running.Seal("acme", inNovember, ann)
	s := o.shredder(t)
	before := query(t, o.db, `SELECT tenant, state, messages, segments FROM harkara.v_tally ORDER BY 1, 2, 3`)
	done, err := s.Month(t.Context(), "acme", inNovember)
	if err != nil || done != (ShredResult{Keys: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	heed(running)
	for name, v := range map[string]*Vault{"the shredder": o.vault, "a running gateway": running, "the next start": openVault(t, o.data)} {
		got := []string{o.reveal(t, v, "acme", gone), o.reveal(t, v, "acme", other), o.reveal(t, v, "zip", theirs)}
		if want := []string{"shredded", string(ann), string(ann)}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s reveals %v, want %v", name, got, want)
		}
		if got := o.search(t, v, "acme", ann); got != 1 {
			t.Errorf("%s finds %d of acme's messages to the number, want October's", name, got)
		}
		if p, err := v.Prove(t.Context(), o.x, "acme", gone, "the text"); err != nil || !p.Shredded || p.Same {
			t.Errorf("%s proves %+v, %v", name, p, err)
		}
		if p, err := v.Prove(t.Context(), o.x, "acme", other, "the text"); err != nil || p.Shredded || !p.Same {
			t.Errorf("%s proves October's %+v, %v", name, p, err)
		}
	}
	if got := query(t, o.db, `SELECT tenant, state, messages, segments FROM harkara.v_tally ORDER BY 1, 2, 3`); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("reports count %v, before %v", got, before)
	}
	// What comes afterwards gets a fresh key.
	later := o.send(t, "acme", inNovember, bob, "the text")
	o.shredder(t)
	if got := o.reveal(t, running, "acme", later); got != string(bob) {
		t.Errorf("what came afterwards is revealed as %s", got)
	}
	if again, err := s.Month(t.Context(), "acme", inNovember); err != nil || again.Keys != 1 {
		t.Errorf("shredded again: %+v, %v", again, err)
	}
	log := o.log(t)
	for _, tenant := range []sms.TenantID{"acme", "acmee"} { // nothing is left of the one, and nobody knows the other
		if again, err := s.Month(t.Context(), tenant, inNovember); !errors.Is(err, ErrNothingToShred) || again != (ShredResult{}) {
			t.Errorf("shredded nothing of %s: %+v, %v", tenant, again, err)
		}
	}
	if after := o.log(t); after != log {
		t.Errorf("shredding nothing is logged:\n%s", after)
	}
	heed(running)
	if got := o.reveal(t, running, "acme", later); got != "shredded" {
		t.Errorf("what came in between is revealed as %s", got)
	}
	if said := o.shreddings(t); len(said) != 2 || fmt.Sprint(said[0]) != fmt.Sprint(ledger.Shred{Tenant: "acme", Month: "2026-11", Who: "made-up officer", Why: "a test"}) {
		t.Errorf("the ledger has %v", said)
	}
	details := query(t, o.db, `SELECT action, detail FROM harkara.privacy_log WHERE action LIKE 'shred%' ORDER BY id LIMIT 2`)
	if fmt.Sprint(details) != "[shred_month|2026-11 shred_month_done|2026-11: 1 key destroyed, 0 messages lost their numbers, 0 sealed anew]" {
		t.Errorf("log %q", details)
	}
}

// A shredding of a month that is cut anywhere is done by running it again: then the ledger and the log say so, once.
func TestShredMonthCutAnywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for cut := 1; ; cut++ {
		at := inNovember.AddDate(0, -cut, 0)
		gone := o.send(t, "acme", at, ann, "x")
		s := o.shredder(t)
		steps := 0
		step := func() error {
			if steps++; steps == cut {
				return errCut
			}
			return nil
		}
		o.vault.folder.step = func(string) error { return step() }
		s.Project = func(context.Context, ledger.Position) error { return step() }
		_, err := s.Month(t.Context(), "acme", at)
		o.vault.folder.step = nil
		if err == nil {
			if cut < 4 {
				t.Fatalf("%d steps", cut)
			}
			break
		}
		o.vault = openVault(t, o.data)
		s = o.shredder(t)
		if _, err := s.Month(t.Context(), "acme", at); err != nil {
			t.Fatalf("cut at %d, run again: %v", cut, err)
		}
		if _, err := s.Month(t.Context(), "acme", at); !errors.Is(err, ErrNothingToShred) {
			t.Errorf("cut at %d, a third time: %v", cut, err)
		}
		if got := o.reveal(t, o.vault, "acme", gone); got != "shredded" || len(o.shreddings(t)) != cut {
			t.Errorf("cut at %d, run again: revealed as %s, %d events", cut, got, len(o.shreddings(t)))
		}
	}
}

// After a month is shredded, no key that is left reveals or finds its numbers, in rows or frames.
func TestNothingRevealsAShreddedMonth(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.send(t, "acme", inNovember, ann, "x")
	o.send(t, "acme", inOctober, bob, "x")
	s := o.shredder(t)
	if err := o.vault.Sync(t.Context(), o.x); err != nil {
		t.Fatal(err)
	}
	if leaks := o.leaks(t, ann); len(leaks) < 4 {
		t.Fatalf("the search for leaks finds %v before the shredding", leaks)
	}
	if _, err := s.Month(t.Context(), "acme", inNovember); err != nil {
		t.Fatal(err)
	}
	if leaks := o.leaks(t, ann); len(leaks) > 0 {
		t.Errorf("after it: %v", leaks)
	}
	if leaks := o.leaks(t, bob); len(leaks) < 4 {
		t.Errorf("October's keys are gone too: %v", leaks)
	}
}

func TestShredNumber(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var gone, stay []sms.RequestID
	for _, at := range []time.Time{inOctober, inNovember} {
		gone = append(gone, o.send(t, "acme", at, ann, "the text"))
		stay = append(stay, o.send(t, "acme", at, bob, "the text"))
	}
	theirs := o.send(t, "zip", inNovember, ann, "the text")
	running := openVault(t, o.data)
	running.Seal("acme", inNovember, ann)
	s := o.shredder(t)
	done, err := s.Number(t.Context(), "acme", ann)
	if err != nil || done != (ShredResult{Keys: 2, Rows: 2, Sealed: 2}) {
		t.Fatalf("%+v, %v", done, err)
	}
	heed(running)
	for name, v := range map[string]*Vault{"the shredder": o.vault, "a running gateway": running, "the next start": openVault(t, o.data)} {
		for i := range gone {
			if got := o.reveal(t, v, "acme", gone[i]) + " " + o.reveal(t, v, "acme", stay[i]); got != "shredded "+string(bob) {
				t.Errorf("%s reveals %s", name, got)
			}
			if p, err := v.Prove(t.Context(), o.x, "acme", stay[i], "the text"); err != nil || !p.Same {
				t.Errorf("%s does not prove another message's text: %+v, %v", name, p, err)
			}
			if p, err := v.Prove(t.Context(), o.x, "acme", gone[i], "the text"); err != nil || p.Same || !p.NoText || p.ToLast4 != "" {
				t.Errorf("%s on the text of what was shredded: %+v, %v", name, p, err)
			}
		}
		if got := []int{o.search(t, v, "acme", ann), o.search(t, v, "acme", bob), o.search(t, v, "zip", ann)}; fmt.Sprint(got) != "[0 2 1]" {
			t.Errorf("%s finds %v messages", name, got)
		}
	}
	if got := o.reveal(t, o.vault, "zip", theirs); got != string(ann) {
		t.Errorf("another tenant's is revealed as %s", got)
	}
	// Now everywhere.
	if done, err = s.Number(t.Context(), "", ann); err != nil || done.Keys != 1 || done.Rows != 1 {
		t.Fatalf("everywhere: %+v, %v", done, err)
	}
	if leaks := o.leaks(t, ann); len(leaks) > 0 {
		t.Errorf("the number leaks: %v", leaks)
	}
	if leaks := o.leaks(t, bob); len(leaks) == 0 {
		t.Error("the other number is gone too")
	}
	if done, err = s.Number(t.Context(), "", ann); err != nil || done != (ShredResult{}) {
		t.Errorf("once more: %+v, %v", done, err)
	}
	o.replayed(t, gone, stay)
	// A second number of the same months: its rows were sealed anew since their frames.
	if done, err = s.Number(t.Context(), "acme", bob); err != nil || done.Keys != 2 || done.Rows != 2 {
		t.Fatalf("the other number: %+v, %v", done, err)
	}
	o.replayed(t, append(gone, stay...), nil)
}

// replayed rebuilds PostgreSQL from the ledger: the same rows are blank, and of the others none can be found or revealed.
func (o *office) replayed(t *testing.T, gone, stay []sms.RequestID) {
	t.Helper()
	db := testDB(t)
	cfg := o.config()
	cfg.DB, cfg.Silent = db.DB, true
	b := &bench{db: db.DB, js: o.js, ledger: o.ledger, server: o.server}
	b.project(t, cfg)
	for _, id := range gone {
		if rows := query(t, db.DB, `SELECT to_digest, to_sealed, text_digest, to_last4 FROM harkara.message WHERE tenant = 'acme' AND id = $1`, string(id)); fmt.Sprint(rows) != "[∅|∅|∅|]" {
			t.Errorf("replayed, %s is %q", id, rows)
		}
	}
	for _, id := range stay {
		var sealed []byte
		if err := db.Get(&sealed, `SELECT to_sealed FROM harkara.message WHERE tenant = 'acme' AND id = $1`, string(id)); err != nil {
			t.Fatal(err)
		}
		if _, err := o.vault.Open(sealed); !errors.Is(err, ErrShredded) {
			t.Errorf("replayed, %s opens: %v", id, err)
		}
	}
}

// A shredding of a number that is cut anywhere leaves no other number unreadable, and is done by running it again.
func TestShredNumberCutAnywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var all []sms.RequestID
	for cut := 1; ; cut++ {
		at := inNovember.AddDate(0, -cut, 0)
		gone, stay := o.send(t, "acme", at, ann, "x"), o.send(t, "acme", at, bob, "x")
		s := o.shredder(t)
		all = append(all, gone)
		steps := 0
		step := func() error {
			if steps++; steps == cut {
				return errCut
			}
			return nil
		}
		o.vault.folder.step = func(string) error { return step() }
		s.Project = func(ctx context.Context, upto ledger.Position) error {
			return errors.Join(step(), o.catchUp(ctx, upto), step())
		}
		_, err := s.Number(t.Context(), "acme", ann)
		o.vault.folder.step, s.Project = nil, o.catchUp
		if err == nil && steps < cut {
			if cut < 8 {
				t.Fatalf("%d steps", cut)
			}
			break
		}
		o.vault = openVault(t, o.data)
		s.Vault = o.vault
		if got := o.reveal(t, o.vault, "acme", stay); got != string(bob) {
			t.Fatalf("cut at %d: the other number is revealed as %s", cut, got)
		}
		if _, err := s.Number(t.Context(), "acme", ann); err != nil {
			t.Fatalf("cut at %d, run again: %v", cut, err)
		}
		if got := o.reveal(t, o.vault, "acme", gone) + " " + o.reveal(t, o.vault, "acme", stay); got != "shredded "+string(bob) {
			t.Fatalf("cut at %d, run again: %s", cut, got)
		}
		if leaks := o.leaks(t, ann); len(leaks) > 0 {
			t.Fatalf("cut at %d, run again: %v", cut, leaks)
		}
		if said := o.shreddings(t); len(said) != cut || said[cut-1].Month != monthOf(at).String() || len(said[cut-1].Keys) != 1 {
			t.Fatalf("cut at %d, run again: the ledger has %v", cut, said)
		}
	}
	o.replayed(t, all, nil)
}

// What is sealed under a doomed key until all have heeded it is told too.
func TestShredNumberTellsWhatComesLate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	gone := []sms.RequestID{o.send(t, "acme", inNovember, ann, "x")}
	s := o.shredder(t)
	slow := openVault(t, o.data) // has not heeded that the key is doomed
	projected := 0
	s.Project = func(ctx context.Context, upto ledger.Position) error {
		if projected++; projected == 2 || projected == 3 {
			late, fast := o.vault, slow
			o.vault = fast
			gone = append(gone, o.send(t, "acme", inNovember, ann, "x"))
			o.vault = late
		}
		return o.catchUp(ctx, o.ledger.End())
	}
	slow.Seal("acme", inNovember, ann)
	slow.stale.Store(false)
	done, err := s.Number(t.Context(), "acme", ann)
	if err != nil || done.Rows != 3 || done.Keys != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	told := 0
	for _, said := range o.shreddings(t) {
		told += len(said.Keys)
	}
	if told != 3 {
		t.Errorf("the ledger was told of %d messages", told)
	}
	o.replayed(t, gone, nil)
}

// An event lists no more messages than a frame holds.
func TestShredsOfManyMessages(t *testing.T) {
	rows := make([]numberRow, 2*shredKeys+1)
	for i := range rows {
		rows[i] = numberRow{Key: KeyAt(inNovember), Tenant: "acme", Requested: inNovember}
	}
	rows = append(rows, numberRow{Tenant: "zip", Requested: inNovember}, numberRow{Tenant: "acme", Requested: inOctober})
	var got []string
	for _, s := range shredsOf(rows) {
		if e := (ledger.Event{Kind: ledger.Shredded, Shred: &s}); len(ledger.AppendEvent(nil, &e)) > ledger.MaxFrameBytes/2 {
			t.Error("an event is longer than half a frame")
		}
		got = append(got, fmt.Sprint(s.Tenant, s.Month, len(s.Keys)))
	}
	if want := "[acme2026-112000 acme2026-112000 acme2026-111 zip2026-111 acme2026-101]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// What something else than a shredding cuts in PostgreSQL is said, put back, and destroys nothing in the ring.
func TestCutCopiesAreNotHeeded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.send(t, "acme", inNovember, ann, "the text")
	o.shredder(t)
	if err := o.vault.Sync(t.Context(), o.x); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []string{"NULL", "''", "substring(wrapped FOR 68)", "substring(wrapped FOR 100)", "wrapped || '\\x00'"} {
		query(t, o.db, `UPDATE harkara.data_key SET wrapped = `+cut)
		if err := o.vault.Sync(t.Context(), o.x); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", cut, err)
		}
		if err := o.vault.Sync(t.Context(), o.x); err != nil {
			t.Errorf("%s: after it is put back: %v", cut, err)
		}
		if got := o.reveal(t, openVault(t, o.data), "acme", id); got != string(ann) {
			t.Errorf("%s: revealed as %s", cut, got)
		}
		if got := query(t, o.db, `SELECT length(wrapped), shredded_at FROM harkara.data_key`); fmt.Sprint(got) != fmt.Sprintf("[%d|∅]", wrappedData) {
			t.Errorf("%s: PostgreSQL has %v", cut, got)
		}
	}
}

// A gateway whose clock is behind makes a key that looks older than the shredding: it stays.
func TestAFreshKeyOfAClockBehindStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.send(t, "acme", inNovember, ann, "x")
	if _, err := o.shredder(t).Month(t.Context(), "acme", inNovember); err != nil {
		t.Fatal(err)
	}
	sealed := o.vault.Seal("acme", inNovember, bob)
	o.vault.mu.Lock()
	err := o.vault.change(func(r *ring) (write, scrub bool) {
		last := &r.Keys[len(r.Keys)-1]
		last.Made = last.Made.Add(-time.Hour)
		return true, false
	})
	o.vault.mu.Unlock()
	for _, v := range []*Vault{o.vault, openVault(t, o.data)} {
		if err = errors.Join(err, v.Sync(t.Context(), o.x)); err != nil {
			t.Fatal(err)
		}
		if got, err := v.Open(sealed); got != bob || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// A message without a number is not said to be shredded.
func TestNeverSealed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	never, bad, gone := o.send(t, "acme", inNovember, ann, "x"), o.send(t, "acme", inNovember, ann, "x"), o.send(t, "acme", inOctober, bob, "x")
	s := o.shredder(t)
	query(t, o.db, `UPDATE harkara.message SET to_digest = NULL, to_sealed = NULL WHERE tenant = 'acme' AND id IN ('`+string(never)+`', '`+string(bad)+`')`)
	want := ErrNeverSealed.Error()
	if got := o.reveal(t, o.vault, "acme", never); got != want {
		t.Errorf("revealed as %s", got)
	}
	if _, err := s.Number(t.Context(), "acme", bob); err != nil {
		t.Fatal(err)
	}
	query(t, o.db, `UPDATE harkara.message SET error_code = 'bad_number' WHERE id = '`+string(bad)+`'`)
	if got := o.reveal(t, o.vault, "acme", bad) + ", " + o.reveal(t, o.vault, "acme", gone); got != want+", shredded" {
		t.Errorf("revealed as %s", got)
	}
}

// What an earlier version sealed is under one key: it can be shredded like the rest.
func TestShredWhatAnEarlierVersionSealed(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"month", "number"} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, time.Second)
			o := &office{bench: b, x: sqlx.NewDb(b.db, "postgres"), data: t.TempDir()}
			if err := os.Mkdir(filepath.Join(o.data, "keys"), 0o700); err != nil {
				t.Fatal(err)
			}
			putMasterKey(t, filepath.Join(o.data, "keys", "master.key"), 0)
			o.vault = openVault(t, o.data)
			legacy := o.vault.state.Load().byID["\xcd\x07\x6a\x09"]
			if legacy == nil {
				t.Fatal("no key of the earlier version")
			}
			add := func(tenant sms.TenantID, at time.Time, n sms.MSISDN) sms.RequestID {
				id := o.send(t, tenant, at, n, "x")
				o.shredder(t)
				_, err := o.x.Exec(`UPDATE harkara.message SET to_digest = $2, to_sealed = $3 WHERE id = $1`, string(id), legacy.number(n), legacy.sealed(n))
				if err != nil {
					t.Fatal(err)
				}
				return id
			}
			gone := add("acme", inOctober, ann)
			stay := map[sms.RequestID]sms.TenantID{add("acme", inNovember, bob): "acme", add("zip", inOctober, bob): "zip"}
			s := o.shredder(t)
			var err error
			if what == "month" {
				_, err = s.Month(t.Context(), "acme", inOctober)
			} else {
				_, err = s.Number(t.Context(), "", ann)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := o.reveal(t, o.vault, "acme", gone); got != "shredded" {
				t.Errorf("revealed as %s", got)
			}
			for id, tenant := range stay {
				if got := o.reveal(t, o.vault, tenant, id); got != string(bob) {
					t.Errorf("another one is revealed as %s", got)
				}
			}
			if k := o.vault.state.Load().byID["\xcd\x07\x6a\x09"]; k.seal != nil || k.text == nil {
				t.Error("the key of the earlier version still reveals, or proves no more")
			}
		})
	}
}

// Two gateways with rings of their own and one PostgreSQL: each reveals what the other sealed, and what is shredded on one is
// destroyed on both.
func TestTwoRings(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	second := t.TempDir()
	key, err := os.ReadFile(o.vault.folder.file(masterFile))
	if err == nil {
		err = errors.Join(os.Mkdir(filepath.Join(second, "keys"), 0o700), os.WriteFile(filepath.Join(second, "keys", "master.key"), key, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	other := openVault(t, second)
	if o.vault.Mark(ann) != other.Mark(ann) {
		t.Error("the two give a number different marks")
	}
	sync := func(vaults ...*Vault) {
		t.Helper()
		for _, v := range vaults {
			if err := v.Sync(t.Context(), o.x); err != nil {
				t.Fatal(err)
			}
		}
	}
	mine, theirs := o.vault.Seal("acme", inNovember, ann), other.Seal("acme", inNovember, ann)
	if _, err := o.vault.Open(theirs); !errors.Is(err, ErrOtherKey) {
		t.Errorf("before a Sync: %v", err)
	}
	sync(o.vault, other, o.vault)
	for _, v := range []*Vault{o.vault, other} {
		for _, sealed := range [][]byte{mine, theirs} {
			if got, err := v.Open(sealed); got != ann || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		}
		if found := v.Digests("acme", ann, inNovember, inNovember.Add(time.Second)); len(found) != 1 || len(found[0].Digests) < 2 {
			t.Errorf("to search by: %v", found)
		}
	}
	late := other.Seal("acme", inOctober, ann) // of which PostgreSQL hears after the shredding
	o.vault.Seal("acme", inOctober, ann)
	if _, err := o.shredder(t).Month(t.Context(), "acme", inOctober); err != nil {
		t.Fatal(err)
	}
	sync(other)
	if _, err := other.Open(late); !errors.Is(err, ErrShredded) {
		t.Errorf("what PostgreSQL did not know of: %v", err)
	}
	if _, err := o.shredder(t).Month(t.Context(), "acme", inNovember); err != nil {
		t.Fatal(err)
	}
	sync(other)
	for _, v := range []*Vault{o.vault, other, openVault(t, second)} {
		for _, sealed := range [][]byte{mine, theirs} {
			if got, err := v.Open(sealed); err == nil {
				t.Errorf("revealed %v", got)
			}
		}
	}
	if got, err := other.Open(other.Seal("acme", inNovember, ann)); got != ann || err != nil {
		t.Errorf("what comes afterwards: %v, %v", got, err)
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	second := t.TempDir()
	key, err := os.ReadFile(o.vault.folder.file(masterFile))
	if err == nil {
		err = errors.Join(os.Mkdir(filepath.Join(second, "keys"), 0o700), os.WriteFile(filepath.Join(second, "keys", "master.key"), key, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	other := openVault(t, second)
	by := Asker{"made-up officer", "a test"}
	mine, theirs := o.vault.Seal("acme", inNovember, ann), other.Seal("acme", inNovember, ann)
	if err := other.Sync(t.Context(), o.x); err != nil {
		t.Fatal(err)
	}
	if err := o.vault.Rotate(t.Context(), o.x, MasterSource{}, by); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(o.vault.folder.file(masterFile)); err != nil || string(after) == string(key) {
		t.Errorf("the master key is the old one: %v", err)
	}
	if _, err := os.Stat(o.vault.folder.file(oldMasterFile)); err == nil {
		t.Error("the old master key is still there")
	}
	var unwrapped int
	if err := o.x.Get(&unwrapped, `SELECT count(*) FROM harkara.data_key WHERE encode(substring(wrapped FOR 8), 'hex') <> $1`,
		o.vault.state.Load().master.fingerprint); err != nil || unwrapped != 0 {
		t.Errorf("%d rows have the old wrapping, %v", unwrapped, err)
	}
	fresh := openVault(t, o.data)
	if err := fresh.Sync(t.Context(), o.x); err != nil {
		t.Fatal(err)
	}
	for _, sealed := range [][]byte{mine, theirs} {
		if got, err := fresh.Open(sealed); got != ann || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	// The other gateway goes on with its own, says what it can't read, and is given the new key.
	later := o.vault.Seal("zip", inNovember, ann)
	if err := o.vault.Sync(t.Context(), o.x); err != nil {
		t.Fatal(err)
	}
	if err := other.Sync(t.Context(), o.x); !errors.Is(err, ErrOtherMaster) || !strings.Contains(err.Error(), "--new-file") {
		t.Errorf("the other gateway says %v", err)
	}
	if err := other.Rotate(t.Context(), o.x, MasterSource{File: o.vault.folder.file(masterFile)}, by); err != nil {
		t.Fatal(err)
	}
	if got, err := other.Open(later); got != ann || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if err := other.Rotate(t.Context(), o.x, MasterSource{File: o.vault.folder.file(masterFile)}, by); err == nil {
		t.Error("rotated to the key in use")
	}
	if got := o.log(t); strings.Count(got, "rotate||made-up officer|a test") != 2 {
		t.Errorf("log\n%s", got)
	}
}

// A master key from the environment is replaced by whoever gives it.
func TestRotateEnvironment(t *testing.T) {
	db := testDB(t)
	folder, data := t.TempDir(), t.TempDir()
	t.Setenv("HARKARA_TEST_ONE", putMasterKey(t, filepath.Join(folder, "one"), 1))
	t.Setenv("HARKARA_TEST_TWO", putMasterKey(t, filepath.Join(folder, "two"), 2))
	one, two := MasterSource{Env: "HARKARA_TEST_ONE"}, MasterSource{Env: "HARKARA_TEST_TWO"}
	v, err := OpenVault(data, one)
	if err != nil {
		t.Fatal(err)
	}
	sealed := v.Seal("acme", inNovember, ann)
	by := Asker{"made-up officer", "a test"}
	if err := v.Rotate(t.Context(), db, MasterSource{}, by); err == nil || !strings.Contains(err.Error(), "--new-env") {
		t.Errorf("rotated to nothing: %v", err)
	}
	if err := v.Rotate(t.Context(), db, two, by); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(data, one); !errors.Is(err, ErrOtherMaster) {
		t.Errorf("with the old one: %v", err)
	}
	if v, err = OpenVault(data, two); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Open(sealed); got != ann || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, name := range []string{masterFile, oldMasterFile} {
		if _, err := os.Stat(v.folder.file(name)); err == nil {
			t.Errorf("%s is left on the disk", name)
		}
	}
}

// The table has nothing that the master key does not unwrap, whatever the ring goes through.
func TestDataKeysAreWrapped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.vault.Seal("acme", inNovember, ann)
	if err := o.vault.Sync(t.Context(), o.x); err != nil {
		t.Fatal(err)
	}
	var row struct {
		ID      string       `db:"id"`
		Tenant  string       `db:"tenant"`
		Month   time.Time    `db:"month"`
		Wrapped []byte       `db:"wrapped"`
		Gone    sql.NullTime `db:"shredded_at"`
	}
	if err := o.x.Get(&row, `SELECT id, tenant, month, wrapped, shredded_at FROM harkara.data_key`); err != nil {
		t.Fatal(err)
	}
	k := o.vault.key("acme", inNovember)
	if row.ID != hex.EncodeToString(k.id) || row.Tenant != "acme" || row.Month.Format(time.DateOnly) != "2026-11-01" || len(row.Wrapped) != wrappedData || row.Gone.Valid {
		t.Errorf("%+v", row)
	}
}
