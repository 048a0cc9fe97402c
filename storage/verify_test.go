package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// lively appends the histories of 40 messages.
func lively(t *testing.T, b *bench, seed int) {
	t.Helper()
	for _, frame := range drawFrames(seed, rand.New(rand.NewPCG(uint64(seed), 1))) {
		b.append(t, frame...)
	}
}

func digestsOf(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	digests, err := Digests(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range digests {
		lines = append(lines, fmt.Sprintf("%s %d %s", d.Name, d.Rows, d.SHA256))
	}
	return strings.Join(lines, "\n")
}

// TestAReplayGivesTheSameRows compares what a projector that died again and again has written with a replay.
func TestAReplayGivesTheSameRows(t *testing.T) {
	t.Parallel()
	for seed := range 2 {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 100*time.Millisecond)
			lively(t, b, seed)
			b.projectThroughCrashes(t, rand.New(rand.NewPCG(uint64(seed), 2)))
			empty := testDB(t)
			end, err := Replay(t.Context(), b.ledger, empty)
			if err != nil || end != b.ledger.End() {
				t.Fatalf("replayed up to %d, %v; want %d", end, err, b.ledger.End())
			}
			have := digestsOf(t, sqlx.NewDb(b.db, "postgres"))
			if want := digestsOf(t, empty); have != want || !strings.HasPrefix(have, "v_message 40 ") || strings.Contains(have, " 0 ") {
				t.Errorf("the tables sum up to\n%s\na replay to\n%s", have, want)
			}
			if _, err := Replay(t.Context(), b.ledger, empty); err == nil || !strings.Contains(err.Error(), "empty one") {
				t.Errorf("replayed once more, with %v", err)
			}
			if _, err := MendLedger(t.Context(), empty.DB, b.js, b.ledger); !errors.Is(err, ErrOtherLedger) {
				t.Errorf("a gateway goes on with the replayed database: %v", err)
			}
		})
	}
}

// differences are what VerifyTables finds.
func differences(t *testing.T, b *bench) (all []Difference) {
	t.Helper()
	_, err := VerifyTables(t.Context(), b.ledger, sqlx.NewDb(b.db, "postgres"), testDB(t), forEver, func(d Difference) bool {
		all = append(all, d)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// forEver keeps rows for longer than any test's clock is off.
var forEver = Retention{Messages: 100 * 365 * 24 * time.Hour, Receipts: 100 * 365 * 24 * time.Hour}

func TestTamperingWithTables(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	for n := range 6 {
		h := newHistory(n).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered)
		for _, e := range h.events { // a frame each, so that messages have transitions
			b.append(t, e)
			cfg := b.config()
			b.project(t, cfg)
		}
	}
	b.append(t, newHistory(99).receipt(1, "a", 1, sms.Delivered).events...) // finds no message
	b.project(t, b.config())
	replayed := testDB(t)
	if _, err := Replay(t.Context(), b.ledger, replayed); err != nil {
		t.Fatal(err)
	}
	key := func(n int) string { return testKey(n).String() }
	for name, tt := range map[string]struct {
		do   string
		want []string // beginnings of: what table key column
		more bool     // and more
	}{
		"a message changed":            {`UPDATE harkara.message SET template = '1' WHERE key = '` + key(2) + `'`, []string{"changed v_message " + key(2) + " template"}, false},
		"a number's digest changed":    {`UPDATE harkara.message SET to_digest = '\x01' WHERE key = '` + key(2) + `'`, []string{"changed v_message " + key(2) + " to_digest"}, false},
		"a message deleted":            {`DELETE FROM harkara.message WHERE key = '` + key(2) + `'`, []string{"missing v_message " + key(2), "changed v_attempt " + key(2) + "/1/1 tenant", "changed v_receipt " + key(2)}, true},
		"messages truncated":           {`TRUNCATE harkara.message`, []string{"missing v_message " + key(0), "missing v_message " + key(5)}, true},
		"a message added":              {`INSERT INTO harkara.message SELECT (jsonb_populate_record(m, '{"key": "` + key(77) + `"}')).* FROM harkara.message m WHERE key = '` + key(2) + `'`, []string{"added v_message " + key(77)}, true},
		"a transition deleted":         {`DELETE FROM harkara.transition WHERE key = '` + key(3) + `' AND state = 'delivered'`, []string{"changed v_message " + key(3) + " state", "changed v_message " + key(3) + " final_at"}, true},
		"transitions reordered":        {`UPDATE harkara.transition SET fact = CASE state WHEN 'delivered' THEN 1 ELSE 2 END WHERE key = '` + key(3) + `'`, []string{"changed v_message " + key(3) + " state"}, true},
		"an attempt changed":           {`UPDATE harkara.answer SET message_id = 'x' WHERE key = '` + key(1) + `'`, []string{"changed v_attempt " + key(1) + "/1/1 message_id"}, false},
		"an attempt deleted":           {`DELETE FROM harkara.attempt WHERE key = '` + key(1) + `'`, []string{"missing v_attempt " + key(1) + "/1/1"}, false},
		"a receipt changed":            {`UPDATE harkara.receipt SET stat = 'UNDELIV' WHERE key = '` + key(1) + `'`, []string{"changed v_receipt " + key(1)}, false},
		"a receipt deleted":            {`DELETE FROM harkara.receipt WHERE key = '` + key(1) + `'`, []string{"missing v_receipt " + key(1)}, false},
		"a receipt moved":              {`UPDATE harkara.receipt SET fact = fact + 1 WHERE key = '` + key(1) + `'`, []string{"added v_receipt " + key(1), "missing v_receipt " + key(1)}, false},
		"receipts given away":          {`UPDATE harkara.receipt SET key = '` + key(0) + `' WHERE key = '` + key(1) + `'`, []string{"added v_receipt " + key(0), "missing v_receipt " + key(1)}, false},
		"an unmatched receipt deleted": {`DELETE FROM harkara.receipt_early`, []string{"missing receipt_early"}, false},
		"a count changed":              {`UPDATE harkara.tally SET messages = messages + 1 WHERE messages <> 0`, []string{"changed v_tally"}, false},
		"a count deleted":              {`DELETE FROM harkara.tally`, []string{"missing v_tally"}, false},
		"what is counted changed":      {`UPDATE harkara.dim SET tenant = 'zipkart'`, []string{"changed v_tally", "changed v_billing"}, false},
		"a bill changed":               {`UPDATE harkara.billing SET accepted = accepted + 1`, []string{"changed v_billing"}, false},
		"bills truncated":              {`TRUNCATE harkara.billing`, []string{"missing v_billing"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := sqlx.NewDb(b.db, "postgres").BeginTxx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if _, err := tx.Exec(asIndexed + "; " + tt.do); err != nil {
				t.Fatal(err)
			}
			honest, err := snapshot(t.Context(), replayed)
			if err != nil {
				t.Fatal(err)
			}
			defer honest.Rollback()
			var got []string
			_, err = compare(t.Context(), tx, honest, bounds{}, &shredded{}, func(d Difference) bool {
				got = append(got, strings.TrimSpace(strings.Join([]string{d.What, d.Table, d.Key, d.Column}, " ")))
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("nothing says %q:\n%s", want, strings.Join(got, "\n"))
				}
			}
			for _, line := range got {
				if !slices.ContainsFunc(tt.want, func(want string) bool { return strings.HasPrefix(line, want) }) && !tt.more {
					t.Errorf("more than was done: %s", line)
				}
			}
		})
	}
}

func TestWhatIsNoFaultOfTables(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	lively(t, b, 7)
	b.project(t, b.config())
	old := newHistory(500)
	b.append(t, old.planned(1, "a", 1, 1).events...) // not projected yet
	if got := differences(t, b); len(got) != 0 {
		t.Errorf("younger rows are a fault: %+v", got)
	}
	b.project(t, b.config())
	query(t, b.db, `INSERT INTO harkara.data_key (id, tenant, month, made_at, shredded_at) VALUES ('0405060708090a0b', 'acme', '2026-11-01', now(), now())`)
	query(t, b.db, `UPDATE harkara.message SET to_sealed = '\x99', to_digest = '\x88'`)
	if got := differences(t, b); len(got) == 0 {
		t.Fatal("sealed numbers were changed, and PostgreSQL's own word for it that their key was shredded was taken")
	}
	query(t, b.db, `TRUNCATE harkara.message, harkara.transition, harkara.attempt, harkara.answer, harkara.receipt, harkara.receipt_early, harkara.tally, harkara.billing`)
	c, err := VerifyTables(t.Context(), b.ledger, sqlx.NewDb(b.db, "postgres"), testDB(t), Retention{Messages: time.Nanosecond, Receipts: time.Nanosecond},
		func(d Difference) bool {
			t.Errorf("a row of a day that is over is a fault: %+v", d)
			return false
		})
	if err != nil || c.Position != b.ledger.End() {
		t.Errorf("compared %+v, %v", c, err)
	}
}

// TestShreddingsExcuse: what the ledger says was shredded excuses what a shredding does to the rows, and nothing else.
func TestShreddingsExcuse(t *testing.T) {
	t.Parallel()
	const resealed, blank, text = `to_sealed = '\x990000000000000000', to_digest = '\x88'`, `to_sealed = NULL, to_digest = NULL, text_digest = NULL`, `text_digest = '\x77'`
	month, number := ledger.Shred{Tenant: "acme", Month: "2026-11"}, ledger.Shred{Tenant: "acme", Month: "2026-11", Keys: []sms.Key{testKey(9)}}
	other := number
	other.Tenant = "zipkart"
	for name, tt := range map[string]struct {
		shred *ledger.Shred
		mark  uint8
		set   string
		want  int // columns
	}{
		"nothing was shredded":         {nil, 9, resealed, 2},
		"sealed anew":                  {&number, 9, resealed, 0},
		"another tenant's number":      {&other, 9, resealed, 2},
		"of an earlier version":        {&other, 0, resealed, 0},
		"under the same key":           {&number, 9, `to_digest = '\x88'`, 1},
		"a text behind a number":       {&number, 9, text, 1},
		"a text behind a month":        {&month, 9, text, 1},
		"blank behind a number":        {&number, 9, blank, 3},
		"blank behind a month":         {&month, 9, blank, 0},
		"sealed anew behind its month": {&month, 9, resealed, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 100*time.Millisecond)
			e := newHistory(1).planned(1, "a", 1, 1).events
			e[0].Facts.ToSealed, e[0].Facts.ToMark = []byte{4, 5, 6, 7, 8, 9, 10, 11, 12}, tt.mark
			if tt.shred != nil {
				e = append(e, ledger.Event{Kind: ledger.Shredded, At: testStart, Shred: tt.shred})
			}
			b.append(t, e...)
			b.project(t, b.config())
			query(t, b.db, `UPDATE harkara.message SET `+tt.set)
			if got := differences(t, b); len(got) != tt.want {
				t.Errorf("%d differences, want %d: %+v", len(got), tt.want, got)
			}
		})
	}
}

// TestWhatIsCutIsNoFault: receipts of messages whose frames or rows are gone are compared as far as they can be.
func TestWhatIsCutIsNoFault(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	h := newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1)
	b.append(t, h.events...)
	b.append(t, newHistory(1).receipt(1, "a", 1, sms.Delivered).events...)
	b.project(t, b.config())
	tx, err := snapshot(t.Context(), sqlx.NewDb(b.db, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	cut := newBench(t, 100*time.Millisecond) // has the receipt alone
	cut.append(t, newHistory(1).receipt(1, "a", 1, sms.Delivered).events...)
	cut.project(t, cut.config())
	gone := newBench(t, 100*time.Millisecond) // whose message's day was dropped
	gone.append(t, h.events...)
	gone.append(t, newHistory(1).receipt(1, "a", 1, sms.Delivered).events...)
	gone.project(t, gone.config())
	query(t, gone.db, `TRUNCATE harkara.message, harkara.transition, harkara.attempt, harkara.answer, harkara.tally, harkara.billing`)
	day := dayOf(testStart)
	for name, tt := range map[string]struct {
		have  *bench
		since bounds
		want  string
	}{
		"the ledger's beginning":    {cut, bounds{}.from(day.AddDate(0, 0, 1)), ""},
		"days of messages":          {gone, bounds{messages: day.AddDate(0, 0, 1)}, ""},
		"days that should be there": {gone, bounds{messages: day}, "v_receipt tenant, v_receipt id"},
	} {
		have, err := snapshot(t.Context(), sqlx.NewDb(tt.have.db, "postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer have.Rollback()
		var got []string
		if _, err := compare(t.Context(), have, tx, tt.since, &shredded{}, func(d Difference) bool {
			if d.What == "changed" || d.Table == "receipt_early" {
				got = append(got, d.Table+" "+d.Column)
			}
			return true
		}); err != nil || strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %v, %v; want %s", name, got, err, tt.want)
		}
	}
}
