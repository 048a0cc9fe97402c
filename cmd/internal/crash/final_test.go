package crash

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/intake"
)

// judgeAll holds the books of all rounds against each other once more: what was settled has stayed as it was. Then what
// the gateway has to say of its own books: the counts of reports, the ledger's chain, and every row against the ledger.
func (w *world) judgeAll(t *testing.T) {
	t.Helper()
	db, err := read(t.Context(), w.db, "c", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if c := w.check(db, w.requests); len(c.found) > 0 {
		t.Errorf("over all rounds: %d violations, the first: %s %s", len(c.found), c.found[0].rule, c.found[0].what)
	}
	var parked int
	if err := w.db.GetContext(t.Context(), &parked, `SELECT count(*) FROM harkara.parked`); err != nil || parked > 0 {
		t.Errorf("%d events are parked, %v", parked, err)
	}
	var wrong []struct {
		Tenant, State    string
		Tallied, Counted int
	}
	if err := w.db.SelectContext(t.Context(), &wrong, `SELECT tenant, state, coalesce(tallied, 0) AS tallied, coalesce(counted, 0) AS counted
		FROM (SELECT tenant, state, sum(messages) AS tallied FROM harkara.v_tally GROUP BY 1, 2) t
		FULL JOIN (SELECT tenant, state, count(*) AS counted FROM harkara.v_message GROUP BY 1, 2) m USING (tenant, state)
		WHERE tallied IS DISTINCT FROM counted`); err != nil || len(wrong) > 0 {
		t.Errorf("the tally is wrong: %+v, %v", wrong, err)
	}
	w.refused(t)
	w.remains(t)
	began := time.Now()
	command := []string{"ledger", "verify", "--tables", "--config", w.sites[0].file}
	for _, s := range w.sites {
		vault, err := app.OpenVault(s.cfg)
		if err != nil {
			t.Fatal(err)
		}
		command = append(command, "--key", vault.Verifier(s.cfg.Node))
	}
	said, err := exec.CommandContext(t.Context(), binary, command...).CombinedOutput()
	if err != nil {
		t.Errorf("ledger verify: %v\n%.4000s", err, said)
	}
	t.Logf("ledger verify --tables, %s:\n%.2000s", time.Since(began).Round(time.Millisecond), said)
}

// refused: PostgreSQL never refused what the gateway gave it, by its own log. A death shows there as a lost connection, and
// a statement that waited too long for a lock is tried again.
func (w *world) refused(t *testing.T) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(w.postgres, "postgres", "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, " ERROR: ") && !strings.Contains(line, "on client connection") &&
			!strings.Contains(line, "canceling statement") {
			t.Errorf("PostgreSQL: %.300s", line)
		}
	}
}

// remains says how many requests are in JetStream that were acknowledged: the server may forget, when it is killed, that
// it was to delete one. They are not brought again.
func (w *world) remains(t *testing.T) {
	t.Helper()
	_, js, closeLedger, err := app.OpenLedger(t.Context(), w.sites[0].cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeLedger()
	stream, err := js.Stream(t.Context(), intake.Stream)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests are in JetStream after their acknowledgement", stream.CachedInfo().State.Msgs)
}
