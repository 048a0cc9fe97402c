package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"go.uber.org/goleak"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		os.Exit(serveChild(file))
	}
	goleak.VerifyTestMain(m)
}

// impatient is a configuration that notices faults fast.
const impatient = "    timeouts: {bind: 2s, response: 400ms, enquire_link: 1s}\n"

// start runs a world until the test ends.
func start(t testing.TB, set Setting) *World {
	t.Helper()
	set.Log = slog.New(slog.DiscardHandler)
	w, err := Start(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
		w.Remove()
	})
	return w
}

func quick(sms.SMSCID) smsctest.Config {
	return smsctest.Config{Latency: 2 * time.Millisecond, ReceiptDelay: 10 * time.Millisecond, LateBy: 700 * time.Millisecond,
		StopFor: time.Second, AckTimeout: time.Second}
}

// change sets the faults of both simulators.
func (w *World) change(faults map[smsctest.Fault]float64, seed uint64) {
	for _, s := range w.SMSCs {
		s.Change(func(c *smsctest.Config) { c.Faults, c.Seed = maps.Clone(faults), seed })
	}
}

// TestEachFault turns the simulators' faults on one by one and holds their books against the database.
func TestEachFault(t *testing.T) {
	w := start(t, Setting{SMSC: quick, Extra: impatient, Sync: "100ms"})
	for i, fault := range smsctest.FaultList {
		if fault == smsctest.HexID {
			continue // how ids are written is for an SMSC's configuration to say: see TestAllFaults
		}
		t.Run(fault.String(), func(t *testing.T) {
			rate := 0.05
			if fault == smsctest.StopReading || fault == smsctest.DropBeforeAnswer {
				rate = 0.01 // each takes down a connection with all that is in flight on it
			}
			seed := uint64(100 + i)
			w.change(map[smsctest.Fault]float64{fault: rate}, seed)
			w.survives(t, Load{Messages: 600, Rate: 2000, Seed: seed})
		})
	}
}

// TestAllFaults turns on everything at once at 5 %, with ids that are hexadecimal in answers and decimal in receipts.
func TestAllFaults(t *testing.T) {
	w := start(t, Setting{SMSC: quick, Sync: "100ms", Window: 16,
		Extra: impatient + "    receipts: {submit_id: hex, receipt_id: dec}\n"})
	t.Run("hex_id", func(t *testing.T) {
		w.change(map[smsctest.Fault]float64{smsctest.HexID: 1}, 1)
		out := w.survives(t, Load{Messages: 600, Rate: 2000, Seed: 1})
		if out.Delivered != 600 || out.Unmatched != 0 || out.DuplicateSubmits != 0 {
			t.Errorf("%+v", out)
		}
	})
	// Binds that are cut again and again come back ever more slowly, so a seed takes half a minute: `make faults` has more.
	seeds, err := strconv.Atoi(orElse(os.Getenv("HARKARA_FAULT_SEEDS"), "1"))
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(2); seed < uint64(2+seeds); seed++ {
		t.Run(fmt.Sprintf("all at 5 percent, seed %d", seed), func(t *testing.T) {
			all := map[smsctest.Fault]float64{}
			for _, f := range smsctest.FaultList {
				all[f] = 0.05
			}
			w.change(all, seed)
			w.survives(t, Load{Messages: 300, Rate: 1000, Seed: seed})
		})
	}
}

// row is a message as the database has it.
type row struct {
	Number    string
	State     sms.State
	Duplicate bool `db:"possible_duplicate"`
	ID        string
	Attempts  int
}

// survives runs a load and asserts what must hold whatever the SMSCs do: every request ends once (G1), extra submits
// are declared and within the policy (G3), receipts that were acknowledged are in the database (G4).
func (w *World) survives(t *testing.T, load Load) *Outcome {
	t.Helper()
	t.Logf("seed %d", load.Seed)
	out, err := w.Run(t.Context(), load, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Accounted() {
		t.Errorf("requested %d, in PostgreSQL %d, with an outcome %d", out.Requested, out.InPostgres, out.Ended())
	}
	w.verify(t, load, w.SMSCs)
	t.Logf("%+v", *out)
	return out
}

// verify holds the books of the simulators that may have got the load against the database.
func (w *World) verify(t *testing.T, load Load, smscs map[sms.SMSCID]*smsctest.SMSC) {
	t.Helper()
	db, closeDB, err := app.OpenDatabase(t.Context(), w.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB()
	taken, ids := books(t, smscs)
	rows := w.messages(t, db, load)
	if len(rows) != load.Messages {
		t.Errorf("%d messages are in the database, want %d", len(rows), load.Messages)
	}
	copies := 2
	if load.class() != "otp" { // what the configurations of these tests say: hold
		copies = 1
	}
	for _, m := range rows {
		times := taken[m.Number]
		switch {
		case m.State == sms.Delivered && times == 0:
			t.Errorf("%s is delivered, and no SMSC ever took it", m.ID)
		case times > 1 && !m.Duplicate:
			t.Errorf("%s was taken %d times and is not declared as a possible duplicate", m.ID, times)
		case times > copies:
			t.Errorf("%s was taken %d times; %d is the policy", m.ID, times, copies)
		case m.State == sms.Planned || m.State == sms.Submitted:
			t.Errorf("%s is left %s", m.ID, m.State)
		case (m.State == sms.Refused || m.State == sms.Lapsed) && times > 0:
			t.Errorf("%s is %s, and an SMSC took it %d times", m.ID, m.State, times)
		case m.State == sms.Rejected:
			t.Errorf("%s is rejected", m.ID)
		}
	}
	for h := range w.missing(t, db, ids) {
		t.Errorf("the receipt of %s by %s was acknowledged and is not in the database", h.ID, h.SMSC)
	}
}

// handle is how an SMSC names a short message that it took.
type handle struct {
	SMSC sms.SMSCID
	ID   string `db:"message_id"`
}

// books are the simulators': how often each number's message was taken, and whose receipts were acknowledged. It waits
// until every receipt is.
func books(t *testing.T, smscs map[sms.SMSCID]*smsctest.SMSC) (taken map[string]int, ids map[handle]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, s := range smscs {
		for c := s.Counters(); c.Receipts != c.ReceiptsAcked; c = s.Counters() {
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("%d of %d receipts are not acknowledged", c.Receipts-c.ReceiptsAcked, c.Receipts)
			}
		}
	}
	taken, ids = map[string]int{}, map[handle]string{}
	for smsc, s := range smscs {
		for _, m := range s.Books().Messages {
			for _, segment := range m.Segments {
				taken[m.To.Digits()] += segment.Times()
				for _, id := range segment.IDs {
					ids[handle{smsc, id}] = m.To.Digits()
				}
			}
		}
	}
	return taken, ids
}

// missing returns those without a receipt in the database, once the projection had time for the last ones.
func (w *World) missing(t *testing.T, db *sqlx.DB, ids map[handle]string) map[handle]string {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	left := ids
	for range 200 {
		var kept []handle
		if err := db.SelectContext(t.Context(), &kept, `SELECT DISTINCT smsc, message_id FROM harkara.v_receipt`); err != nil {
			t.Fatal(err)
		}
		left = maps.Clone(ids)
		for _, h := range kept {
			delete(left, h)
		}
		if len(left) == 0 {
			break
		}
		<-tick.C
	}
	return left
}

// messages reads the load's messages; numbers are not in the database in the clear, and come from the load's seed.
func (w *World) messages(t *testing.T, db *sqlx.DB, load Load) []row {
	t.Helper()
	var rows []row
	err := db.SelectContext(t.Context(), &rows, `SELECT id, ref AS number, state, possible_duplicate,
		(SELECT count(*) FROM harkara.v_attempt a WHERE a.tenant = m.tenant AND a.id = m.id) AS attempts
		FROM harkara.v_message m WHERE id LIKE $1`, load.idPrefix()+"%")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		var n int
		if _, err := fmt.Sscan(rows[i].Number, &n); err != nil {
			t.Fatal(err)
		}
		rows[i].Number = load.number(n)
	}
	return rows
}
