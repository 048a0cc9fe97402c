package outage

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
	"harkara/storage"
)

// patience bounds the wait for the books to be complete, after everything is back. What was on its way when NATS went
// comes again after ten seconds.
const patience = 60 * time.Second

// message is one as the database has it.
type message struct {
	Tenant, ID string
	State      sms.State
	Duplicate  bool `db:"possible_duplicate"`
}

// settle ends the load, waits for the last outcome, and holds all books against each other.
func (w *world) settle(t *testing.T) {
	t.Helper()
	acked := w.load.Load().end()
	db := w.database.open(t)
	defer w.tellOpen(t, db, acked)
	took := eventually(t, patience, "every request has its outcome", func() bool {
		var n int
		err := db.Get(&n, `SELECT count(*) FROM harkara.v_message WHERE state NOT IN ('planned', 'submitted')`)
		return err == nil && n >= len(acked)
	})
	eventually(t, patience, "every receipt is acknowledged", func() bool {
		for _, s := range w.smscs {
			if c := s.Counters(); c.Receipts != c.ReceiptsAcked {
				return false
			}
		}
		return true
	})
	var unmatched int
	eventually(t, patience, "every receipt is in the database, and on its message", func() bool {
		return db.Get(&unmatched, `SELECT count(*) FROM harkara.v_receipt WHERE id IS NULL`) == nil && unmatched == 0 && w.missing(t, db) == 0
	})
	rows := w.messages(t, db, acked)
	w.holdSMSCs(t, rows, acked)
	w.holdStatuses(t, rows)
	w.holdCounts(t, db)
	states := map[sms.State]int{}
	for _, m := range rows {
		states[m.State]++
	}
	t.Logf("%d requests, %v; all settled %s after the load's end", len(acked), states, took.Round(10*time.Millisecond))
}

// tellOpen says, of a test that failed, which requests are without an outcome, and what waits in JetStream.
func (w *world) tellOpen(t *testing.T, db *sqlx.DB, acked map[string]asked) {
	if !t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	var states []string
	err := db.SelectContext(ctx, &states, `SELECT concat_ws(' ', class, state, count(*)) FROM harkara.v_message GROUP BY class, state ORDER BY 1`)
	t.Logf("%d were acknowledged; in the database: %v %v", len(acked), states, err)
	var lines []string
	err = db.SelectContext(ctx, &lines, `SELECT concat_ws(' ', m.id, m.class, m.state, m.possible_duplicate, a.attempt, a.smsc, a.status, a.message_id, a.planned_at, a.answered_at)
		FROM harkara.v_message m LEFT JOIN harkara.v_attempt a USING (key)
		WHERE m.state IN ('planned', 'submitted') OR m.possible_duplicate ORDER BY 1 LIMIT 20`)
	t.Logf("open ones and duplicates: %v\n%s", err, strings.Join(lines, "\n"))
	err = db.SelectContext(ctx, &lines, `SELECT concat_ws(' ', smsc, message_id, stat, received_at) FROM harkara.v_receipt WHERE id IS NULL LIMIT 20`)
	t.Logf("unmatched: %v\n%s", err, strings.Join(lines, "\n"))
	for name := range w.load.Load().clients[kinds[0].tenant].ListStreams(ctx).Info() {
		t.Logf("stream %s: %+v", name.Config.Name, name.State)
		stream, err := w.load.Load().clients[kinds[0].tenant].Stream(ctx, name.Config.Name)
		if err != nil {
			t.Log(err)
			continue
		}
		for c := range stream.ListConsumers(ctx).Info() {
			t.Logf("  consumer %s: pending %d, unacknowledged %d, redelivered %d, pulls that wait %d", c.Name, c.NumPending, c.NumAckPending,
				c.NumRedelivered, c.NumWaiting)
		}
	}
}

// messages reads the database's, which must be those that were acknowledged, once each.
func (w *world) messages(t *testing.T, db *sqlx.DB, acked map[string]asked) map[string]message {
	t.Helper()
	var list []message
	if err := db.Select(&list, `SELECT tenant, id, state, possible_duplicate FROM harkara.v_message`); err != nil {
		t.Fatal(err)
	}
	rows := map[string]message{}
	for _, m := range list {
		if _, again := rows[m.ID]; again {
			t.Errorf("%s is in the database twice", m.ID)
		}
		if acked[m.ID].tenant != m.Tenant {
			t.Errorf("%s of %s is in the database, and %q had it acknowledged", m.ID, m.Tenant, acked[m.ID].tenant)
		}
		rows[m.ID] = m
	}
	for id := range acked {
		if _, there := rows[id]; !there {
			t.Errorf("%s was acknowledged and is not in the database", id)
		}
	}
	return rows
}

// holdSMSCs holds the database against the simulators' books: G2, G3 and the policy for what is in doubt.
func (w *world) holdSMSCs(t *testing.T, rows map[string]message, acked map[string]asked) {
	t.Helper()
	taken := map[string]int{}
	for _, s := range w.smscs {
		for _, m := range s.Books().Messages {
			for _, segment := range m.Segments {
				taken[m.To.Digits()] += segment.Times()
			}
		}
	}
	extra := 0
	for id, m := range rows {
		times, copies := taken[acked[id].number], 1
		if acked[id].class == "otp" {
			copies = 2
		}
		extra += max(times-1, 0)
		switch {
		case m.State == sms.Delivered && times == 0:
			t.Errorf("%s is delivered, and no SMSC ever took it", id)
		case times > 1 && !m.Duplicate:
			t.Errorf("%s was taken %d times and is not declared as a possible duplicate", id, times)
		case times > copies:
			t.Errorf("%s was taken %d times; %d is the policy", id, times, copies)
		case m.State != sms.Delivered && m.State != sms.InDoubt:
			t.Errorf("%s is %s", id, m.State)
		}
	}
	t.Logf("%d submits beyond the first, each declared", extra)
}

// missing counts the acknowledged receipts that are not in the database as often as they were acknowledged.
func (w *world) missing(t *testing.T, db *sqlx.DB) (n int) {
	t.Helper()
	var kept []struct {
		SMSC sms.SMSCID
		ID   string `db:"message_id"`
		N    int
	}
	if err := db.Select(&kept, `SELECT smsc, message_id, count(*) AS n FROM harkara.v_receipt GROUP BY 1, 2`); err != nil {
		t.Log(err)
		return 1
	}
	type handle struct {
		smsc sms.SMSCID
		id   string
	}
	have := map[handle]int{}
	for _, k := range kept {
		have[handle{k.SMSC, k.ID}] = k.N
	}
	for id, s := range w.smscs {
		for _, m := range s.Books().Messages {
			for _, segment := range m.Segments {
				for i, message := range segment.IDs {
					if have[handle{id, message}] == 0 {
						n++
						if n < 5 {
							t.Logf("no receipt of %s %s (%d of %d, %s, %s)", id, message, i, len(segment.IDs), segment.Stats[i], m.To.Digits())
						}
					}
				}
			}
		}
	}
	return n
}

// holdStatuses reads all that tenants were told: no state of a request twice, nothing after a final one, and the last is
// the database's.
func (w *world) holdStatuses(t *testing.T, rows map[string]message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	js := w.load.Load().clients[kinds[0].tenant]
	stream, err := js.Stream(ctx, storage.StatusStream)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	told := map[string][]sms.State{}
	for left := stream.CachedInfo().State.Msgs; left > 0; left-- {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		var status struct {
			ID    string
			State sms.State
		}
		if err := json.Unmarshal(m.Data(), &status); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(told[status.ID], status.State) {
			t.Errorf("%s was told to be %s twice", status.ID, status.State)
		}
		told[status.ID] = append(told[status.ID], status.State)
	}
	for id, m := range rows {
		states := told[id]
		if len(states) == 0 || states[len(states)-1] != m.State {
			t.Errorf("%s is %s, and its tenant was told %v", id, m.State, states)
		}
		if at := slices.Index(states, sms.Delivered); at >= 0 && at < len(states)-1 {
			t.Errorf("%s was told to be %v: delivered is final", id, states)
		}
	}
	if len(told) != len(rows) {
		t.Errorf("statuses of %d requests, %d are in the database", len(told), len(rows))
	}
}

// holdCounts compares what is counted as it is written with a count, and looks that nothing was set aside.
func (w *world) holdCounts(t *testing.T, db *sqlx.DB) {
	t.Helper()
	count := func(query string) map[string]int {
		var list []struct {
			Name string
			N    int
		}
		if err := db.Select(&list, query); err != nil {
			t.Error(err)
		}
		counts := map[string]int{}
		for _, one := range list {
			counts[one.Name] = one.N
		}
		return counts
	}
	have := count(`SELECT concat_ws(' ', tenant, smsc, class, state, possible_duplicate) AS name, sum(messages) AS n FROM harkara.v_tally GROUP BY 1`)
	want := count(`SELECT concat_ws(' ', tenant, coalesce(smsc, ''), class, state, possible_duplicate) AS name, count(*) AS n FROM harkara.v_message GROUP BY 1`)
	if !maps.Equal(have, want) {
		t.Errorf("the tally says %v, a count %v", have, want)
	}
	have = count(`SELECT smsc AS name, sum(accepted) AS n FROM harkara.v_billing GROUP BY 1 HAVING sum(accepted) > 0`)
	want = count(`SELECT smsc AS name, count(*) AS n FROM harkara.v_attempt WHERE status = 'accepted' GROUP BY 1`)
	if !maps.Equal(have, want) {
		t.Errorf("billing says %v accepted, a count %v", have, want)
	}
	if n := count(`SELECT 'parked' AS name, count(*) AS n FROM harkara.parked`)["parked"]; n != 0 {
		t.Errorf("%d events are parked", n)
	}
}
