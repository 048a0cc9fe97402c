package outage

import (
	"testing"
	"time"
)

// cutAtCommit breaks the projection in the middle of its COMMIT: what became of the transaction is unknown then, and must be
// read back. It cuts the connection around COMMITs, some of which count and some of which do not.
func cutAtCommit(t *testing.T, w *world) {
	rounds := 2
	if all() {
		rounds = 10
	}
	db := w.database.open(t)
	position := func() (at int64) {
		if err := db.Get(&at, `SELECT position FROM harkara.projection`); err != nil {
			t.Fatal(err)
		}
		return at
	}
	for range rounds {
		for _, c := range []cut{before, between, behind} {
			pass(300 * time.Millisecond)
			was := position()
			await(t, w.proxy.arm(c), "a COMMIT "+c.String())
			took := eventually(t, recovery, "the projection goes on", func() bool { return position() > was+20 })
			t.Logf("cut %s: goes on after %s", c, took.Round(10*time.Millisecond))
		}
	}
	pass(after)
	w.recovered(t)
}

// killedAtCommit ends the server at once when it has the COMMIT.
func killedAtCommit(t *testing.T, w *world) {
	for _, c := range []cut{before, between, behind} {
		pass(warm)
		await(t, w.proxy.arm(c), "a COMMIT "+c.String())
		w.database.stop(t, "immediate")
		pass(time.Second)
		w.database.start(t)
		w.recovered(t)
	}
}

// terminated has an administrator end the projector's session again and again.
func terminated(t *testing.T, w *world) {
	db := w.database.open(t)
	ended := 0
	for range 40 {
		pass(250 * time.Millisecond)
		var n int
		if err := db.Get(&n, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'harkara projector'`); err != nil {
			t.Fatal(err)
		}
		ended += n
	}
	if ended < 5 { // fewer than tries: the projector's pauses grow while it gets nowhere
		t.Errorf("only %d sessions were there to be ended", ended)
	}
	w.recovered(t)
}

// await waits for a channel to be closed.
func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(recovery):
		t.Fatalf("after %s still no %s", recovery, what)
	}
}
