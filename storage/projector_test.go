package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"harkara/smpp/sms"
	"harkara/storage/internal/natstest"
	"harkara/storage/ledger"
)

func TestTheStraightLineIsProjected(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	h := newHistory(7).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1).receipt(1, "sim-a", 1, sms.Delivered)
	for _, e := range h.events {
		b.append(t, e)
	}
	b.append(t, newHistory(8).rejected().events...)
	b.append(t, newHistory(9).planned(1, "sim-b", 1, 1).submitted(1, "sim-b", 1).receipt(1, "sim-b", 1, sms.Undelivered).events...)
	b.append(t, newHistory(10).receipt(1, "sim-c", 1, sms.Delivered).events...)
	b.project(t, b.config())

	for statement, want := range map[string][]string{
		`SELECT tenant, id, ref, state, class, template, header, entity, category, smsc, segments, to_last4, error_stage, error_code, error_reason, possible_duplicate,
		 requested_at AT TIME ZONE 'UTC', submitted_at AT TIME ZONE 'UTC', final_at AT TIME ZONE 'UTC' FROM harkara.v_message ORDER BY key`: {
			"acme|order-7|ref 7|delivered|otp|1107161234567890123|ACMEBK|1101234567890123456|service_implicit|sim-a|1|5678|∅|∅|∅|false|" +
				"2026-11-22T10:11:12.345678Z|2026-11-22T10:11:14.345678Z|2026-11-22T10:11:15.345678Z",
			"acme|order-8|ref 8|rejected|otp|1107161234567890123|ACMEBK|1101234567890123456|service_implicit|∅|1|5678|dlt|unknown_template|unknown_template|false|" +
				"2026-11-22T10:11:12.345678Z|∅|2026-11-22T10:11:13.345678Z",
			"acme|order-9|ref 9|undelivered|otp|1107161234567890123|ACMEBK|1101234567890123456|service_implicit|sim-b|1|5678|receipt|633|undelivered|false|" +
				"2026-11-22T10:11:12.345678Z|2026-11-22T10:11:14.345678Z|2026-11-22T10:11:15.345678Z",
		},
		`SELECT tenant, id, segment, attempt, smsc, message_id, status, planned_at AT TIME ZONE 'UTC', answered_at AT TIME ZONE 'UTC' FROM harkara.v_attempt ORDER BY key`: {
			"acme|order-7|1|1|sim-a|7-1-1|accepted|2026-11-22T10:11:13.345678Z|2026-11-22T10:11:13.345678Z",
			"acme|order-9|1|1|sim-b|9-1-1|accepted|2026-11-22T10:11:13.345678Z|2026-11-22T10:11:13.345678Z",
		},
		`SELECT smsc, message_id, stat, err, received_at AT TIME ZONE 'UTC', tenant, id FROM harkara.v_receipt ORDER BY smsc`: {
			"sim-a|7-1-1|DELIVRD|000|2026-11-22T10:11:15.345678Z|acme|order-7",
			"sim-b|9-1-1|UNDELIV|633|2026-11-22T10:11:15.345678Z|acme|order-9",
			"sim-c|10-1-1|DELIVRD|000|2026-11-22T10:11:13.345678Z|∅|∅",
		},
		`SELECT day::text, tenant, template, header, smsc, category, requested, submitted, delivered, undelivered, expired, refused, rejected, lapsed, in_doubt, unreported, round(p50_s), round(p95_s)
		 FROM harkara.v_dlr_daily ORDER BY smsc`: {
			"2026-11-22|acme|1107161234567890123|ACMEBK|sim-a|service_implicit|1|1|1|0|0|0|0|0|0|0|3|3",
			"2026-11-22|acme|1107161234567890123|ACMEBK|sim-b|service_implicit|1|1|0|1|0|0|0|0|0|0|∅|∅",
			"2026-11-22|acme|1107161234567890123|ACMEBK|∅|service_implicit|1|0|0|0|0|0|1|0|0|0|∅|∅",
		},
		`SELECT position, done FROM harkara.projection`:                                                                      {"6|0"},
		`SELECT encode(to_digest, 'hex'), encode(to_sealed, 'hex'), encode(text_digest, 'hex') FROM harkara.message LIMIT 1`: {"010203|040506|0708"},
	} {
		if got := query(t, b.db, statement); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", statement, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
	const common = `"to_last4":"5678","template":"1107161234567890123","header":"ACMEBK","class":"otp","segments":1,`
	want := []string{
		`sms.acme.status.submitted 2-0-submitted {"id":"order-7","ref":"ref 7","state":"submitted","at":"2026-11-22T10:11:14.345Z",` + common +
			`"smsc":"sim-a","message_ids":["7-1-1"],"possible_duplicate":false,"error":null}`,
		`sms.acme.status.delivered 3-0-delivered {"id":"order-7","ref":"ref 7","state":"delivered","at":"2026-11-22T10:11:15.345Z",` + common +
			`"smsc":"sim-a","message_ids":["7-1-1"],"possible_duplicate":false,"error":null}`,
		`sms.acme.status.rejected 4-0-rejected {"id":"order-8","ref":"ref 8","state":"rejected","at":"2026-11-22T10:11:13.345Z",` + common +
			`"smsc":"","message_ids":[],"possible_duplicate":false,"error":{"stage":"dlt","code":"unknown_template","reason":"unknown_template","detail":"made up","retryable":false}}`,
		`sms.acme.status.submitted 5-1-submitted {"id":"order-9","ref":"ref 9","state":"submitted","at":"2026-11-22T10:11:14.345Z",` + common +
			`"smsc":"sim-b","message_ids":["9-1-1"],"possible_duplicate":false,"error":null}`,
		`sms.acme.status.undelivered 5-2-undelivered {"id":"order-9","ref":"ref 9","state":"undelivered","at":"2026-11-22T10:11:15.345Z",` + common +
			`"smsc":"sim-b","message_ids":["9-1-1"],"possible_duplicate":false,"error":{"stage":"receipt","code":"633","reason":"undelivered","detail":"UNDELIV","retryable":false}}`,
	}
	got := b.statuses(t)
	if !slices.Equal(got, want) {
		t.Errorf("statuses:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	for _, line := range got {
		if _, payload, _ := strings.Cut(line, " {"); !json.Valid([]byte("{" + payload)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// TestCrashesChangeNothing projects the same ledger twice: at once, and with a projector that dies before random steps,
// remembers next to nothing and takes one frame at a time. What reports and tenants see must be the same.
func TestCrashesChangeNothing(t *testing.T) {
	t.Parallel()
	for seed := range 5 {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			frames := drawFrames(seed, random)
			calm, rough := newBench(t, 100*time.Millisecond), newBench(t, 100*time.Millisecond)
			for _, frame := range frames {
				calm.append(t, frame...)
				rough.append(t, frame...)
			}
			calm.project(t, calm.config())
			crashes := rough.projectThroughCrashes(t, random)
			t.Logf("%d frames, %d crashes", len(frames), crashes)
			if crashes == 0 {
				t.Error("nothing crashed")
			}
			sameLines(t, "views", rough.views(t), calm.views(t))
			sameLines(t, "statuses", rough.statuses(t), calm.statuses(t))
			for _, b := range []*bench{calm, rough} {
				have, want := b.tallies(t)
				sameLines(t, "tallies", have, want)
			}
			if got := query(t, rough.db, `SELECT count(*) FROM harkara.parked`); got[0] != "0" {
				t.Errorf("%s events were parked", got[0])
			}
		})
	}
}

// drawFrames makes the histories of 40 messages, two of them with the same reference in their first segments, each in
// an order of its own behind its first event, mixed and cut into frames of 1 to 4 events. Each third message is the send
// of a challenge, which has events of its own.
func drawFrames(seed int, random *rand.Rand) (frames [][]ledger.Event) {
	var queues [][]ledger.Event
	first, second := twins()
	for i := range 40 {
		n := []int{first, second, i}[min(i, 2)]
		queues = append(queues, rapid.Custom(func(t *rapid.T) []ledger.Event { return shuffled(t, drawHistory(t, n)) }).Example(seed*1000+n))
		if i%3 == 2 {
			queues = append(queues, asSend(queues[len(queues)-1], n))
		}
	}
	for len(queues) > 0 {
		var frame []ledger.Event
		for range 1 + random.IntN(4) {
			if len(queues) == 0 {
				break
			}
			q := random.IntN(len(queues))
			frame = append(frame, queues[q][0])
			if queues[q] = queues[q][1:]; len(queues[q]) == 0 {
				queues = slices.Delete(queues, q, q+1)
			}
		}
		frames = append(frames, frame)
	}
	return frames
}

var errCrash = errors.New("a crash of the test")

// projectThroughCrashes runs projectors one after another until the end is reached; each dies before a random step.
func (b *bench) projectThroughCrashes(t *testing.T, random *rand.Rand) (crashes int) {
	t.Helper()
	end := b.ledger.End()
	for {
		ctx, die := context.WithCancel(t.Context())
		steps := 1 + random.IntN(30)
		cfg := b.config()
		cfg.MaxEvents, cfg.Remember, cfg.EarlyLimit = 1, 1+random.IntN(3), 1+random.IntN(3)
		cfg.SyncAlways = random.IntN(2) == 0
		done := false
		cfg.Trace.Step = func(name string) error {
			if steps--; steps > 0 {
				return nil
			}
			die()
			return errCrash
		}
		cfg.Trace.Projected = func(p ledger.Position, _ Stats, _, _ time.Duration) {
			if p >= end {
				done = true
				die()
			}
		}
		_ = NewProjector(cfg).Run(ctx)
		die()
		if done {
			return crashes
		}
		crashes++
	}
}

func TestAnUnknownCommitIsNotRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	for n := range 20 {
		b.append(t, newHistory(n).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).events...)
	}
	kills := 0
	cfg := b.config()
	cfg.MaxEvents = 1
	cfg.Trace.Step = func(name string) error {
		if name == "commit" && kills < 3 {
			kills++
			query(t, b.db, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'harkara projector' AND datname = current_database()`)
		}
		return nil
	}
	b.project(t, cfg)
	if kills != 3 {
		t.Errorf("%d connections were killed", kills)
	}
	if got := query(t, b.db, `SELECT count(*), count(DISTINCT key), count(*) FILTER (WHERE state = 'delivered') FROM harkara.v_message`); got[0] != "20|20|20" {
		t.Errorf("messages: %s", got[0])
	}
	if got := b.statuses(t); len(got) != 40 {
		t.Errorf("%d statuses, want 40", len(got))
	}
}

func TestWithoutPostgreSQLTheProjectionWaits(t *testing.T) {
	b := newBench(t, 100*time.Millisecond)
	name := query(t, b.db, `SELECT current_database()`)[0]
	shut := func(how string) {
		if err := inCluster(t.Context(), `ALTER DATABASE `+name+` ALLOW_CONNECTIONS `+how); err != nil {
			t.Error(err)
		}
	}
	shut("false")
	if err := inCluster(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`); err != nil {
		t.Error(err)
	}
	b.append(t, newHistory(1).rejected().events...)
	var failures atomic.Int32
	cfg := b.config()
	cfg.Trace.Failed = func(err error) {
		if failures.Add(1) == 2 {
			shut("true")
		}
	}
	b.project(t, cfg)
	if failures.Load() < 2 {
		t.Errorf("%d failures were traced", failures.Load())
	}
	if got := query(t, b.db, `SELECT state FROM harkara.v_message`); !slices.Equal(got, []string{"rejected"}) {
		t.Errorf("states %v", got)
	}
}

func TestOfTwoProjectorsOneWorks(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	projected := make(chan string, 100)
	run := func(name string) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := b.config()
		cfg.Trace.Projected = func(ledger.Position, Stats, time.Duration, time.Duration) { projected <- name }
		ended := make(chan error, 1)
		go func() { ended <- NewProjector(cfg).Run(ctx) }()
		return func() { cancel(); <-ended }
	}
	stopFirst := run("first")
	b.append(t, newHistory(1).rejected().events...)
	if by := <-projected; by != "first" {
		t.Fatalf("%s projected", by)
	}
	stopSecond := run("second")
	defer stopSecond()
	for n := range 5 {
		b.append(t, newHistory(10+n).rejected().events...)
		if by := <-projected; by != "first" {
			t.Fatalf("%s projected while the first works", by)
		}
	}
	stopFirst()
	b.append(t, newHistory(20).rejected().events...)
	if by := <-projected; by != "second" {
		t.Fatalf("%s projected after the first ended", by)
	}
	if got := query(t, b.db, `SELECT count(*) FROM harkara.message`); got[0] != "7" {
		t.Errorf("%s messages, want 7", got[0])
	}
}

func TestBadEventsAreParkedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	if _, err := b.db.Exec(`ALTER TABLE harkara.message ADD CHECK (id <> 'order-13')`); err != nil {
		t.Fatal(err)
	}
	b.append(t, newHistory(1).rejected().events...)
	if _, err := b.js.Publish(t.Context(), ledger.Subject, []byte("not JSON\x00\xff\n{\"kind\":\"sung\",\"key\":\"01935281-1c00-7001-8000-000000000001\"}\n")); err != nil {
		t.Fatal(err)
	}
	var mixed []ledger.Event
	for n := 11; n < 16; n++ {
		mixed = append(mixed, newHistory(n).rejected().events...)
	}
	b.append(t, mixed...)
	nul := newHistory(30).rejected().events
	nul[0].Facts.Ref = "a\x00b\tc\\d\ne"
	b.append(t, nul...)
	// An id that no index holds, and that can't be compressed: what comes behind it must not wait for ever.
	endless := newHistory(40).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1)
	random := rand.New(rand.NewPCG(1, 2))
	id := make([]byte, 20_000)
	for i := range id {
		id[i] = 'a' + byte(random.IntN(26))
	}
	endless.events[1].Answers[0].MessageID = sms.MessageID(id)
	b.append(t, endless.events...)
	b.append(t, newHistory(16).rejected().events...)
	b.project(t, b.config())
	if got := query(t, b.db, `SELECT id FROM harkara.v_message ORDER BY key`); !slices.Equal(got, []string{"order-1", "order-11", "order-12", "order-14", "order-15", "order-16", "order-30", "order-40"}) {
		t.Errorf("messages %v", got)
	}
	if got := query(t, b.db, `SELECT position, index, event LIKE '%order-13%' FROM harkara.parked ORDER BY 1, 2`); !slices.Equal(got, []string{"2|0|false", "2|1|false", "3|2|true", "5|1|false"}) {
		t.Errorf("parked %q", got)
	}
	if got := query(t, b.db, `SELECT ref FROM harkara.message WHERE id = 'order-30'`); !slices.Equal(got, []string{"a\ufffdb\tc\\d\ne"}) {
		t.Errorf("ref %q", got)
	}
}

func TestAMessageThatIsThereAlreadyIsFound(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	for range 3 { // each projector knows nothing of what the one before did
		b.append(t, newHistory(1).rejected().events...)
		b.append(t, newHistory(2).planned(1, "a", 1, 1).events...)
		b.project(t, b.config())
	}
	if got := query(t, b.db, `SELECT id, state FROM harkara.v_message ORDER BY id`); !slices.Equal(got, []string{"order-1|rejected", "order-2|planned"}) {
		t.Errorf("messages %v", got)
	}
	if got := b.statuses(t); len(got) != 1 {
		t.Errorf("statuses %v", got)
	}
}

func TestALedgerThatWasLostIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	if _, err := b.db.Exec(`UPDATE harkara.projection SET position = 5`); err != nil {
		t.Fatal(err)
	}
	b.append(t, newHistory(1).rejected().events...)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := b.config()
	var cause error
	cfg.Trace.Failed = func(err error) { cause = err; cancel() }
	_ = NewProjector(cfg).Run(ctx)
	if cause == nil || !strings.Contains(cause.Error(), "ends at position 1, but position 5 was projected") {
		t.Errorf("got %v", cause)
	}
}

// TestALostTailIsSkipped: what was projected keeps its positions, and what comes after is projected too.
func TestALostTailIsSkipped(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, newHistory(1).rejected().events...)
	if _, err := b.db.Exec(`UPDATE harkara.projection SET position = 5`); err != nil {
		t.Fatal(err)
	}
	cfg := b.config()
	if err := OpenStatuses(t.Context(), cfg.JS, 1); err != nil {
		t.Fatal(err)
	}
	lost, err := MendLedger(t.Context(), cfg.DB, cfg.JS, cfg.Ledger)
	if lost != 4 || err != nil {
		t.Fatalf("lost %d, %v; want 4", lost, err)
	}
	if lost, err = MendLedger(t.Context(), cfg.DB, cfg.JS, cfg.Ledger); lost != 0 || err != nil {
		t.Errorf("mended twice: lost %d, %v", lost, err)
	}
	b.append(t, newHistory(2).rejected().events...)
	if end := cfg.Ledger.End(); end != 6 {
		t.Errorf("the next frame has position %d, want 6", end)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Trace.Projected = func(p ledger.Position, _ Stats, _, _ time.Duration) {
		if p >= 6 {
			cancel()
		}
	}
	cfg.Trace.Failed = func(err error) { t.Error(err); cancel() }
	_ = NewProjector(cfg).Run(ctx)
	var n int
	if err := b.db.QueryRow(`SELECT count(*) FROM harkara.v_message`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d messages, %v; want the one behind the lost frames", n, err)
	}
	if _, err := b.db.Exec(`UPDATE harkara.projection SET position = 1000000`); err != nil {
		t.Fatal(err)
	}
	if _, err := MendLedger(t.Context(), cfg.DB, cfg.JS, cfg.Ledger); err == nil || !strings.Contains(err.Error(), "restore the stream") {
		t.Errorf("a million lost frames: %v", err)
	}
}

func TestStatusesGoOutOnceAndInOrder(t *testing.T) {
	for _, atomicBatches := range []bool{false, true} {
		t.Run(fmt.Sprintf("atomic %v", atomicBatches), func(t *testing.T) {
			js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
			if err := OpenStatuses(t.Context(), js, 1); err != nil {
				t.Fatal(err)
			}
			all := make([]status, 2*statusChunk+500)
			for i := range all {
				all[i] = status{statusID{fact: factOf(ledger.Position(i/7+1), i%7), state: sms.Delivered}, "sms.acme.status.delivered", []byte(fmt.Sprint(i))}
			}
			open := func() *statusStream {
				s, err := openStatusStream(t.Context(), js, atomicBatches)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			first := open()
			stale := open()
			if n, err := first.publish(t.Context(), all[:1500]); n != 1500 || err != nil {
				t.Fatalf("published %d, %v", n, err)
			}
			if n, err := first.publish(t.Context(), all[1400:1510]); n != 10 || err != nil {
				t.Fatalf("published %d, %v", n, err)
			}
			if n, err := stale.publish(t.Context(), all[:100]); n != 0 || err == nil {
				t.Fatalf("a second writer published %d", n)
			}
			if n, err := open().publish(t.Context(), all); n != len(all)-1510 || err != nil {
				t.Fatalf("after a restart published %d, %v", n, err)
			}
			stream, err := js.Stream(t.Context(), StatusStream)
			if err != nil {
				t.Fatal(err)
			}
			if n := stream.CachedInfo().State.Msgs; n != uint64(len(all)) {
				t.Fatalf("%d statuses in the stream, want %d", n, len(all))
			}
			for _, i := range []int{0, 999, 1000, 1499, 1500, 1509, 1510, len(all) - 1} {
				if m, err := stream.GetMsg(t.Context(), uint64(i+1)); err != nil || string(m.Data) != fmt.Sprint(i) {
					t.Errorf("status %d is %v, %v", i, m, err)
				}
			}
			if _, err := js.PublishMsg(t.Context(), nats.NewMsg("sms.acme.status.delivered")); err != nil {
				t.Fatal(err)
			}
			next := []status{{statusID{fact: 1, state: sms.Submitted}, "sms.acme.status.submitted", []byte("{}")}}
			if n, err := open().publish(t.Context(), next); n != 1 || err != nil {
				t.Errorf("behind somebody else's message published %d, %v", n, err)
			}
		})
	}
}

// TestReceiptsOfForgottenMessages: receipts that come long after memory has let go of their messages, among them some
// that find a segment in doubt by its reference.
func TestReceiptsOfForgottenMessages(t *testing.T) {
	t.Parallel()
	const messages, remember = 3000, 100
	b := newBench(t, 100*time.Millisecond)
	var sent, receipts []ledger.Event
	for n := range messages {
		h := newHistory(n).planned(1, "a", 2, 1, 2)
		if n%10 == 0 {
			h.ended(ledger.InDoubt, 1, "a", true, 1, 2)
		} else {
			h.submitted(1, "a", 1, 2)
		}
		mark := uint8(n/10%255) + 1
		h.events[0].Facts.ToMark = mark
		sent = append(sent, h.events...)
		for s := 1; s <= 2; s++ {
			h.receipt(1, "a", s, sms.Delivered)
			if n%10 == 0 {
				h.referring(1, s, n%20 == 0)
				h.events[len(h.events)-1].Report.From = mark
			}
		}
		receipts = append(receipts, h.events[2:]...)
	}
	cfg, recalled := b.config(), 0
	cfg.MaxEvents, cfg.Remember, cfg.EarlyLimit = 300, remember, 10
	cfg.Trace.Projected = func(_ ledger.Position, stats Stats, _, _ time.Duration) {
		recalled += stats.Recalled
		if stats.Remembers > remember || stats.Waiting > 10 {
			t.Errorf("%d messages and %d early receipts in memory", stats.Remembers, stats.Waiting)
		}
	}
	for frame := range slices.Chunk(append(sent, receipts...), 300) {
		b.append(t, frame...)
	}
	b.project(t, cfg)
	if got := query(t, b.db, `SELECT state, count(*) FROM harkara.v_message GROUP BY state`); !slices.Equal(got, []string{fmt.Sprint("delivered|", messages)}) {
		t.Errorf("messages: %v", got)
	}
	if recalled < messages-remember {
		t.Errorf("%d messages were looked up", recalled)
	}
}

// TestAnOlderDatabaseGoesOn: rows from before migration 11 stay, and events about their messages find them.
func TestAnOlderDatabaseGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	migrateTo(t, b.db, 10)
	for n, parts := range []string{
		`(1, 1, 'accepted', '1-1-1'), (1, 2, 'throttled', NULL), (2, 2, 'planned', NULL)`,
		`(1, 1, 'in_doubt', NULL), (1, 2, 'accepted', '2-1-2')`,
	} {
		key := testKey(n + 1).String()
		if _, err := b.db.Exec(`INSERT INTO harkara.message (key, fact, requested_at, deadline, segments, possible_duplicate, tenant, id, ref, state, class,
			template, header, entity, category, encoding, to_last4, to_digest) VALUES ('` + key + `', 1, now(), now(), 2, false, 'acme', 'order-` + fmt.Sprint(n+1) + `', '',
			'planned', 'otp', '1107', 'ACMEBK', '1101', '', 'gsm7', '5678', '\x010203')`); err != nil {
			t.Fatal(err)
		}
		if _, err := b.db.Exec(`INSERT INTO harkara.attempt (key, fact, answered_at, status, attempt, segment, smsc, verdict, message_id)
			SELECT '` + key + `'::uuid, 1, timestamptz '2026-11-22 10:11:12Z', 0, n, s, 'a', v, m FROM (VALUES ` + parts + `) AS x(n, s, v, m)`); err != nil {
			t.Fatal(err)
		}
	}
	if err := Migrate(t.Context(), b.db); err != nil {
		t.Fatal(err)
	}
	b.append(t, newHistory(1).submitted(2, "a", 2).receipt(1, "a", 1, sms.Delivered).receipt(2, "a", 2, sms.Delivered).events...)
	b.append(t, newHistory(2).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).receipt(1, "a", 2, sms.Undelivered).events...)
	b.project(t, b.config())
	if got := query(t, b.db, `SELECT id, state FROM harkara.v_message ORDER BY id`); !slices.Equal(got, []string{"order-1|delivered", "order-2|undelivered"}) {
		t.Errorf("messages %v", got)
	}
	if got := query(t, b.db, `SELECT count(parts), count(user_ref) FROM harkara.attempt`); !slices.Equal(got, []string{"0|0"}) {
		t.Errorf("parts and references %v", got)
	}
}

func TestMigrateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	db := testDB(t).DB
	if _, err := db.Exec(`DROP SCHEMA harkara CASCADE; DROP TABLE harkara_migrations`); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 3)
	for range 3 {
		go func() { ended <- Migrate(t.Context(), db) }()
	}
	for range 3 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got := query(t, db, `SELECT position FROM harkara.projection`); !slices.Equal(got, []string{"0"}) {
		t.Errorf("projection %v", got)
	}
}
