package storage

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// outcomes of a message, by a letter: what its receipt says, or the SMSC's answer.
var reasonOf = map[byte]string{
	'E': "entity_inactive", 'H': "header_inactive", 'T': "template_inactive", 'K': "pe_tm_hash_suspended", 'U': "cta_not_whitelisted",
	'G': "sms_type_mismatch", 'C': "template_not_matched", 'A': "absent_subscriber", // which is no failure of the register
	'R': "template_inactive", // retryable
	'I': "template_inactive", // of an intermediate receipt
	'P': "template_inactive", // reported twice
	'S': "template_inactive", // for each of three segments
	'L': "template_inactive", // before its answer
	'Q': "template_inactive", // after the SMSC has refused it once for the missing TLV
	'B': "template_inactive", // by another SMSC
}

// story writes the events of message n of a template. D is delivered, N delivered by the report that came before
// the answer, and X refused as a TLV is missing.
func story(n int, template dlt.TemplateID, letter byte) []ledger.Event {
	smsc, segments := sms.SMSCID("a"), []int{1}
	switch letter {
	case 'B':
		smsc = "b"
	case 'S':
		segments = []int{1, 2, 3}
	}
	h := newHistory(n)
	h.planned(1, smsc, len(segments), segments...)
	h.events[0].Facts.Template = template
	report := func(state sms.State, retryable bool, segment int) {
		h.receipt(len(h.events)/5+1, smsc, segment, state)
		r := h.events[len(h.events)-1].Report
		r.Reason, r.Err, r.Retryable = reasonOf[letter], "6"+string(letter), retryable
	}
	missesTLV := func() {
		h.add(ledger.Event{Kind: ledger.Refused, Attempt: 1, SMSC: smsc, Answers: []ledger.Answer{
			{Segment: 1, Status: 0xC3, Verdict: "elsewhere", At: h.at}}, Final: letter == 'X'})
	}
	switch letter {
	case 'D':
		h.submitted(1, smsc, 1).receipt(1, smsc, 1, sms.Delivered)
	case 'N':
		h.receipt(1, smsc, 1, sms.Delivered).submitted(1, smsc, 1)
	case 'X':
		missesTLV()
	case 'L':
		report(sms.Undelivered, false, 1)
		h.submitted(1, smsc, 1)
	case 'Q':
		missesTLV()
		h.planned(2, smsc, 1, 1).submitted(2, smsc, 1).receipt(2, smsc, 1, sms.Undelivered)
		r := h.events[len(h.events)-1].Report
		r.Reason, r.Err = reasonOf[letter], "6Q"
	case 'I':
		h.submitted(1, smsc, 1)
		report(sms.Submitted, false, 1)
	default:
		h.submitted(1, smsc, segments...)
		for _, s := range segments {
			report(sms.Undelivered, letter == 'R', s)
		}
		if letter == 'P' {
			report(sms.Undelivered, false, 1)
		}
	}
	return h.events
}

// tell appends what became of messages, one frame each, or one for each event where the order of those is the point, and
// returns the number of the next.
func (b *bench) tell(t testing.TB, n int, template dlt.TemplateID, letters string) int {
	t.Helper()
	for _, letter := range []byte(letters) {
		events := story(n, template, letter)
		if letter == 'L' || letter == 'N' {
			b.append(t, events[0])
			b.append(t, events[1])
			events = events[2:]
		}
		b.append(t, events...)
		n++
	}
	return n
}

func (b *bench) learn(t testing.TB, after int) int {
	t.Helper()
	return learnAll(t, b.x(), after)
}

// learnAll learns all that waits.
func learnAll(t testing.TB, db *sqlx.DB, after int) (learnt int) {
	t.Helper()
	for more := true; more; {
		var n int
		var err error
		if n, more, err = Learn(t.Context(), db, LearnConfig{After: after}); err != nil {
			t.Fatal(err)
		}
		learnt += n
	}
	return learnt
}

func (b *bench) x() *sqlx.DB { return sqlx.NewDb(b.db, "postgres") }

// learnt is all that Learn has written.
func learnt(t testing.TB, db *sql.DB) (all []string) {
	t.Helper()
	for _, statement := range []string{
		`SELECT fact, quarantine_version FROM harkara.feedback`,
		`SELECT * FROM harkara.dlt_failure ORDER BY template, smsc, subject_kind, subject, entity, reason, code`,
		`SELECT * FROM harkara.quarantine_run ORDER BY template, smsc`,
		`SELECT template, smsc, reason, code, failures, quarantined_at, released_by FROM harkara.quarantine ORDER BY id`,
		`SELECT * FROM harkara.last_use ORDER BY template, header, entity`,
	} {
		all = append(all, query(t, db, statement)...)
	}
	return all
}

// Each row is a template of its own. Q says which SMSCs have it in quarantine then, with three failures in a row.
func TestQuarantineFollowsReceipts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		letters, quarantine string
		failures            int // messages, of all SMSCs
	}{
		{"TTT", "a", 3},
		{"TT", "", 2},
		{"D", "", 0},
		{"TTDT", "", 3},
		{"TDTT", "", 3},
		{"TTDTTT", "a", 5},
		{"TTTD", "a", 3}, // people release it
		{"TTTTT", "a", 5},
		{"EHT", "a", 3},
		{"KGK", "a", 3},
		{"CCCC", "", 4},
		{"UUUU", "", 4},
		{"TCTUT", "a", 5},
		{"TCUT", "", 4},
		{"AAAA", "", 0},
		{"TATAT", "a", 3},
		{"RRRR", "", 4},
		{"TTR", "", 3},
		{"IIII", "", 0},
		{"PP", "", 2},
		{"PPP", "a", 3},
		{"SS", "", 2},
		{"SSS", "a", 3},
		{"XXX", "a", 3},
		{"XTH", "a", 3},
		{"QQ", "", 2},
		{"QQX", "a", 3},
		{"LLL", "a", 3},
		{"TTNT", "", 3},
		{"TTB", "", 3},
		{"TBTBT", "a", 5},
		{"TBTBTB", "a b", 6},
		{"BBDB", "b", 3}, // the delivery was at a
	}
	b := newBench(t, 100*time.Millisecond)
	n, want, failures := 1, []string(nil), 0
	for i, c := range cases {
		n = b.tell(t, n, templateID(i), c.letters)
		failures += c.failures
		for _, smsc := range strings.Fields(c.quarantine) {
			want = append(want, fmt.Sprint(c.letters, " ", smsc))
		}
	}
	cfg := b.config()
	cfg.MaxEvents = 1 // frame by frame: receipts before their answers are matched later
	b.project(t, cfg)
	if got := b.learn(t, 3); got != failures {
		t.Errorf("learnt %d failures, want %d", got, failures)
	}
	open, version, err := Quarantine(t.Context(), b.x())
	if err != nil || version != 2 {
		t.Errorf("version %d, %v; want 2", version, err)
	}
	var got []string
	for i, c := range cases {
		for _, smsc := range []sms.SMSCID{"a", "b"} {
			if _, ok := open[Pair{templateID(i), smsc}]; ok {
				got = append(got, fmt.Sprint(c.letters, " ", smsc))
			}
		}
		rows, err := Failures(t.Context(), b.x(), FailureFilter{Template: templateID(i)})
		count := 0
		for _, r := range rows {
			count += int(r.Count)
		}
		if err != nil || count != c.failures {
			t.Errorf("%s: %d failures, %v; want %d: %+v", c.letters, count, err, c.failures, rows)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("in quarantine\n got %q\nwant %q", got, want)
	}
	if again := b.learn(t, 3); again != 0 {
		t.Errorf("learnt %d failures twice", again)
	}
}

// What is learnt depends neither on how often Learn is called, nor on the projection's batches, its replay or a
// database that is made anew.
func TestLearnIsTheSameHoweverItComes(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	n := 1
	chance := rand.New(rand.NewPCG(1, 2))
	for range 90 {
		n = b.tell(t, n, templateID(chance.IntN(7)), string("TTTTDHEXCSPQRUKNGLBA"[chance.IntN(20)]))
	}
	cfg := b.config()
	cfg.MaxEvents = 1
	cfg.Trace.Projected = func(ledger.Position, Stats, time.Duration, time.Duration) { b.learn(t, 3) }
	b.project(t, cfg)
	b.learn(t, 3)
	want := learnt(t, b.db)
	if len(want) < 35 {
		t.Fatalf("the test learns little: %q", want)
	}

	for _, statement := range []string{
		`TRUNCATE harkara.message, harkara.transition, harkara.attempt, harkara.answer, harkara.receipt, harkara.receipt_early, harkara.parked`,
		`UPDATE harkara.projection SET position = 0, done = 0`,
	} {
		if _, err := b.db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	b.project(t, b.config())
	if n := b.learn(t, 3); n != 0 {
		t.Errorf("after a replay %d failures were learnt again", n)
	}
	sameLines(t, "replayed", learnt(t, b.db), want)

	b.db = testDB(t).DB
	b.project(t, b.config())
	b.learn(t, 3)
	got := learnt(t, b.db)
	got[0], want[0] = "", "" // the version counts the calls that changed something
	sameLines(t, "new database", got, want)
}

// Of gateways that learn at the same time, while the projector writes, each failure is learnt by one.
func TestLearnersAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	const messages = 300
	b.tell(t, 1, templateID(1), strings.Repeat("TTD", messages/3))
	ctx, stop := context.WithCancel(t.Context())
	var learners sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		learners.Go(func() {
			for ctx.Err() == nil {
				n, _, err := Learn(t.Context(), b.x(), LearnConfig{After: 3})
				if counts[i] += n; err != nil {
					t.Error(err)
				}
			}
		})
	}
	cfg := b.config()
	cfg.MaxEvents = 10
	b.project(t, cfg)
	stop()
	learners.Wait()
	total := b.learn(t, 3)
	for _, n := range counts {
		total += n
	}
	rows, err := Failures(t.Context(), b.x(), FailureFilter{})
	if err != nil || total != 200 || len(rows) != 1 || rows[0].Count != 200 {
		t.Errorf("learnt %v, in all %d; %+v, %v; want 200", counts, total, rows, err)
	}
	if open, version, err := Quarantine(t.Context(), b.x()); len(open) != 0 || version != 1 || err != nil {
		t.Errorf("%v, %d, %v", open, version, err)
	}
}

// Facts beyond the projection's position are left, even those of the frame that it has begun.
func TestLearnStopsWhereTheProjectionIs(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.tell(t, 1, templateID(1), "T")
	b.project(t, b.config())
	fact := query(t, b.db, `SELECT fact FROM harkara.receipt`)
	at := func(position, done int) {
		if _, err := b.db.Exec(`UPDATE harkara.projection SET position = $1, done = $2`, position, done); err != nil {
			t.Fatal(err)
		}
	}
	if want := fmt.Sprint(1<<16 + 2); len(fact) != 1 || fact[0] != want {
		t.Fatalf("the receipt's fact is %v, not %s", fact, want)
	}
	for _, c := range []struct{ position, done, want int }{{0, 0, 0}, {0, 2, 0}, {0, 3, 1}, {1, 0, 0}} {
		at(c.position, c.done)
		if n := b.learn(t, 3); n != c.want {
			t.Errorf("at %d and %d: learnt %d, want %d", c.position, c.done, n, c.want)
		}
	}
	if got := query(t, b.db, `SELECT fact FROM harkara.feedback`); got[0] != fmt.Sprint(2<<16-1) {
		t.Errorf("learnt up to %v", got)
	}
}

// One call learns one stretch, and says whether more waits.
func TestLearnGoesByStretches(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.tell(t, 1, templateID(1), "TTT")
	b.project(t, b.config())
	at := func(position int) {
		if _, err := b.db.Exec(`UPDATE harkara.projection SET position = $1, done = 0`, position); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		position, learnt int
		more             bool
	}{
		{2 * stretchFrames, 3, true}, {2 * stretchFrames, 0, false}, {2 * stretchFrames, 0, false},
		{3 * stretchFrames, 0, false}, {4*stretchFrames + 1, 0, true}, {4*stretchFrames + 1, 0, false},
	} {
		at(c.position)
		n, more, err := Learn(t.Context(), b.x(), LearnConfig{After: 3})
		if n != c.learnt || more != c.more || err != nil {
			t.Errorf("up to frame %d: learnt %d, more %v, %v; want %d, %v", c.position, n, more, err, c.learnt, c.more)
		}
	}
	if got := query(t, b.db, `SELECT fact FROM harkara.feedback`); got[0] != fmt.Sprint((4*stretchFrames+2)<<indexBits-1) {
		t.Errorf("learnt up to %v", got)
	}
}

// Failures are told by what they blame.
func TestFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.tell(t, 1, templateID(1), "EHTKUGCXHH")
	b.project(t, b.config())
	b.learn(t, 0)
	rows, err := Failures(t.Context(), b.x(), FailureFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r.Class, " ", r.Kind, " ", r.Subject, " ", r.Reason, " ", r.Code, " ", r.Count))
		if r.SMSC != "a" || r.Entity != "1101234567890123456" || r.Template != templateID(1) {
			t.Errorf("%+v", r)
		}
	}
	slices.Sort(got)
	want := []string{
		"category templates " + string(templateID(1)) + " sms_type_mismatch 6G 1",
		"chain chains 1101234567890123456 pe_tm_hash_suspended 6K 1",
		"chain chains 1101234567890123456 tlv_missing 0x000000C3 1",
		"content templates " + string(templateID(1)) + " template_not_matched 6C 1",
		"cta ctas 1101234567890123456 cta_not_whitelisted 6U 1",
		"entity entities 1101234567890123456 entity_inactive 6E 1",
		"header headers ACMEBK header_inactive 6H 3",
		"template templates " + string(templateID(1)) + " template_inactive 6T 1",
	}
	sameLines(t, "failures", got, want)
	if open, version, err := Quarantine(t.Context(), b.x()); len(open) != 0 || version != 1 || err != nil {
		t.Errorf("with the measure 0: %v, %d, %v", open, version, err)
	}
	last := rows[0].LastAt
	for _, c := range []struct {
		filter FailureFilter
		want   int
	}{
		{FailureFilter{Since: last}, 7}, // the answer came earlier
		{FailureFilter{Since: last.Add(time.Microsecond)}, 0},
		{FailureFilter{Template: templateID(1)}, 8},
		{FailureFilter{Template: templateID(2)}, 0},
	} {
		if rows, err := Failures(t.Context(), b.x(), c.filter); err != nil || len(rows) != c.want {
			t.Errorf("%+v: %d rows, %v; want %d", c.filter, len(rows), err, c.want)
		}
	}
}

// A reason means the same in every dictionary, and no failure of the register passes by itself.
func TestReasonsHaveOneClass(t *testing.T) {
	classes := map[string]dlt.ErrorClass{}
	for _, name := range dlt.ErrorDictionaries() {
		d, err := dlt.ErrorDictionary(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range d.Codes() {
			if before, ok := classes[c.Reason]; ok && before != c.Class {
				t.Errorf("%s is of %s, and of %s in %s", c.Reason, before, c.Class, name)
			}
			classes[c.Reason] = c.Class
			if f := faultOf(c.Reason); f.class != "" && (f.class != c.Class || c.Retryable) {
				t.Errorf("%s in %s: %+v, taken as %s", c.Reason, name, c, f.class)
			}
		}
	}
	if _, ok := classes["tlv_missing"]; ok || len(classes) < 100 {
		t.Errorf("%d reasons, tlv_missing among them: %v", len(classes), ok)
	}
	reasons, err := faultReasons()
	if err != nil || !slices.Contains(reasons, "tlv_missing") || slices.Contains(reasons, "absent_subscriber") {
		t.Errorf("%q, %v", reasons, err)
	}
}

// BenchmarkLearn learns the last 100,000 receipts of 1,100,000, of which each fifth came before its answer and 3 in 100
// tell of failures; the last 1,000 of them, which is what a second brings; and nothing. With -v it prints the plans for
// 1,000, which read the new rows alone, each by an index.
func BenchmarkLearn(b *testing.B) {
	db := testDB(b)
	for _, statement := range slices.Concat(madeReceipts(1, 1_000_000),
		[]string{`VACUUM ANALYZE harkara.message, harkara.attempt, harkara.receipt`}, madeReceipts(1_000_001, 1_100_000)) {
		if _, err := db.Exec(statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	if testing.Verbose() {
		explainLearning(b, db, factOf(1_099_000, 0), factOf(1_100_000, 0))
	}
	for _, c := range []struct{ messages, want int }{{100_000, 3000}, {1000, 30}, {0, 0}} {
		b.Run(fmt.Sprint(c.messages), func(b *testing.B) {
			for b.Loop() {
				db.MustExec(`UPDATE harkara.feedback SET fact = $1`, factOf(ledger.Position(1_100_000-c.messages), maxIndex))
				db.MustExec(`DELETE FROM harkara.quarantine_run; DELETE FROM harkara.quarantine`)
				if n := learnAll(b, db, 3); n != c.want {
					b.Fatal(n)
				}
			}
		})
	}
}

// madeKey is SQL for the key of the n-th message, requested at.
const madeKey = `(lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid`

// madeReceipts is statements that write messages of 1,000 templates with their receipts, a frame each.
func madeReceipts(from, to int) []string {
	return []string{
		fmt.Sprintf(`CREATE TEMP TABLE made AS SELECT n, n * 65536 AS fact, `+madeKey+` AS key, at, n %% 5 = 0 AS early, n %% 100 IN (7, 15) AS failed
			FROM generate_series(%d::bigint, %d) n, LATERAL (SELECT timestamptz '2026-11-22 10:00Z' + n * interval '5 ms' AS at) t`, from, to),
		`INSERT INTO harkara.message (key, fact, requested_at, deadline, segments, possible_duplicate, tenant, id, ref, state, class, template,
				header, entity, category, encoding, to_last4, smsc)
			SELECT key, fact, at, at, 1, false, 'acme', n::text, '', 'submitted', 'otp', (1107000000000000000 + n % 1000)::text,
				'ACMEBK', '1101', '', '', '5678', 'a' FROM made`,
		`INSERT INTO harkara.attempt (key, fact, planned_at, status, attempt, segment, smsc, verdict)
			SELECT key, fact, at, CASE n % 100 WHEN 9 THEN 195 ELSE 0 END, 1, 1, 'a', '' FROM made`,
		`INSERT INTO harkara.receipt (fact, given, received_at, key, attempt, segment, smsc, message_id, state, stat, err, reason, done, raw, retryable)
			SELECT fact + 1, CASE WHEN early THEN fact + 2 ELSE fact + 1 END, at, key, 1, 1, 'a', n::text, CASE WHEN failed THEN 'undelivered' ELSE 'delivered' END,
				'', '631', CASE WHEN failed THEN 'template_inactive' ELSE '' END, '', '', false FROM made`,
		fmt.Sprintf(`DROP TABLE made; UPDATE harkara.projection SET position = %d`, to),
	}
}

func explainLearning(b *testing.B, db *sqlx.DB, after, until fact) {
	b.Helper()
	tx := db.MustBegin()
	defer tx.Rollback()
	tx.MustExec(pinPlans)
	for query, args := range map[string][]any{
		selectFailures:   {pq.Array([]string{"template_inactive", "tlv_missing"}), KeyAt(testStart)},
		selectDeliveries: {pq.Array([]string{"a"}), pq.Array([]string{"1107000000000000007"}), KeyAt(testStart)},
		upsertLastUse:    {KeyAt(testStart)},
	} {
		var plan []string
		if err := tx.Select(&plan, `EXPLAIN (ANALYZE, BUFFERS) `+query, append([]any{after, until}, args...)...); err != nil {
			b.Fatal(err)
		}
		b.Log(strings.Join(plan, "\n"))
	}
}
