package storage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// testChallenge is a made-up id.
func testChallenge(n int) string { return fmt.Sprintf("challenge%d", n) }

// otpEvent is one event of challenge n, so long after its request at testStart.
func otpEvent(n int, event ledger.OTPEvent, after time.Duration, with func(*ledger.OTP)) ledger.Event {
	o := &ledger.OTP{Event: event, Tenant: "acme", Challenge: testChallenge(n), Purpose: "login", Template: "1107161234567890123", ToLast4: "5678",
		Requested: testStart}
	if with != nil {
		with(o)
	}
	return ledger.Event{Kind: ledger.OneTime, At: testStart.Add(after), OTP: o}
}

func via(smsc sms.SMSCID) func(*ledger.OTP) { return func(o *ledger.OTP) { o.SMSC = smsc } }

// sendOf makes message n the send of a challenge.
func sendOf(h *history, challenge, send int) *history {
	for i := range h.events {
		if f := h.events[i].Facts; f != nil {
			f.ID, f.Ref = sms.OTPRequestID(testChallenge(challenge), send), "login 2026-11-22T10:11:12.345Z"
		}
	}
	return h
}

// asSend makes a message that of challenge n, and returns what else happens to that.
func asSend(message []ledger.Event, n int) []ledger.Event {
	sendOf(&history{events: message}, n, 1+n%2)
	return []ledger.Event{
		otpEvent(n, ledger.OTPRequested, 0, nil), otpEvent(n, ledger.OTPFailed, time.Duration(n)*time.Second, func(o *ledger.OTP) { o.Left = n % 5 }),
		otpEvent(n, ledger.OTPVerified, time.Duration(n+1)*time.Second, via("sim-a")),
		otpEvent(n, ledger.OTPBlocked, time.Hour, func(o *ledger.OTP) { o.Challenge, o.DryRun, o.Retry, o.Reason = "", n%2 == 0, 60, "number" }),
	}
}

// otpTallies returns what harkara.v_otp_tally says, and what it should: a fresh count of the rows.
func (b *bench) otpTallies(t testing.TB) (have, want []string) {
	t.Helper()
	const columns = `harkara.hour_start(requested_at), tenant, purpose, template, `
	counts := map[string]int{}
	for _, line := range query(t, b.db, `SELECT `+columns+`CASE event WHEN 'requested' THEN '' ELSE coalesce(smsc, '') END,
			CASE WHEN event = 'blocked' AND dry_run THEN 'would_block' ELSE event END,
			CASE event WHEN 'verified' THEN (extract(epoch FROM at - requested_at) * 1000000)::bigint END, 1 FROM harkara.otp_event
		UNION ALL SELECT `+columns+`smsc, 'first_sent', NULL, 1 FROM harkara.otp_event WHERE event = 'sent' AND send = 1`) {
		cells := strings.Split(line, "|")
		last := len(cells) - 1
		n, _ := strconv.Atoi(cells[last])
		bucket := int16(0)
		if us, err := strconv.Atoi(cells[last-1]); err == nil {
			bucket = Bucket(time.Duration(us) * time.Microsecond)
		}
		counts[fmt.Sprint(strings.Join(cells[:last-1], "|"), "|", bucket)] += n
	}
	for line, n := range counts {
		if n != 0 {
			want = append(want, fmt.Sprint(line, "|", n))
		}
	}
	return query(t, b.db, `SELECT hour, tenant, purpose, template, route, event, bucket, events FROM harkara.v_otp_tally`), want
}

// TestChallengesAreProjected takes two challenges from their request to the right code: one by its first send, the other by
// its second, after the first was refused everywhere. A third is blocked.
func TestChallengesAreProjected(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, otpEvent(1, ledger.OTPRequested, 0, nil), otpEvent(2, ledger.OTPRequested, 0, nil))
	b.append(t, sendOf(newHistory(1).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1).receipt(1, "sim-a", 1, sms.Delivered), 1, 1).events...)
	b.append(t, sendOf(newHistory(2).planned(1, "sim-a", 1, 1).ended(ledger.Refused, 1, "sim-a", true, 1), 2, 1).events...)
	b.append(t, otpEvent(2, ledger.OTPFellBack, 3*time.Second, func(o *ledger.OTP) { o.Send, o.Route = 2, "next" }))
	second := sendOf(newHistory(3).planned(1, "sim-b", 1, 1).submitted(1, "sim-b", 1).unreported().receipt(1, "sim-b", 1, sms.Delivered), 2, 2)
	b.append(t, second.events...)
	b.append(t, sendOf(newHistory(4).planned(1, "sim-c", 1, 1).ended(ledger.InDoubt, 1, "sim-c", true, 1), 4, 1).events...)
	b.append(t, otpEvent(1, ledger.OTPFailed, 5*time.Second, nil), otpEvent(1, ledger.OTPVerified, 10*time.Second, via("sim-a")),
		otpEvent(2, ledger.OTPVerified, 40*time.Second, via("sim-b")),
		otpEvent(0, ledger.OTPBlocked, time.Minute, func(o *ledger.OTP) {
			o.Challenge, o.Template, o.Retry, o.Reason, o.DryRun = "", "", 90, "number", true
		}))
	b.project(t, b.config())

	const of, to = `"purpose":"login","template":"1107161234567890123","to_last4":"5678"`, `,"requested_at":"2026-11-22T10:11:12.345Z"}`
	want := []string{
		`sms.acme.otp.event.requested 1-0-otp {"event":"requested","challenge":"challenge1",` + of + `,"at":"2026-11-22T10:11:12.345Z"` + to,
		`sms.acme.otp.event.requested 1-1-otp {"event":"requested","challenge":"challenge2",` + of + `,"at":"2026-11-22T10:11:12.345Z"` + to,
		`sms.acme.otp.event.sent 2-1-submitted-otp {"event":"sent","challenge":"challenge1",` + of + `,"smsc":"sim-a","send":1,"at":"2026-11-22T10:11:14.345Z"` + to,
		`sms.acme.otp.event.delivered 2-2-delivered-otp {"event":"delivered","challenge":"challenge1",` + of + `,"smsc":"sim-a","send":1,"at":"2026-11-22T10:11:15.345Z"` + to,
		`sms.acme.otp.event.undelivered 3-1-refused-otp {"event":"undelivered","challenge":"challenge2",` + of + `,"smsc":"sim-a","send":1,"reason":"submit_failed","at":"2026-11-22T10:11:14.345Z"` + to,
		`sms.acme.otp.event.fell_back 4-0-otp {"event":"fell_back","challenge":"challenge2",` + of + `,"send":2,"route":"next","at":"2026-11-22T10:11:15.345Z"` + to,
		`sms.acme.otp.event.sent 5-1-submitted-otp {"event":"sent","challenge":"challenge2",` + of + `,"smsc":"sim-b","send":2,"at":"2026-11-22T10:11:14.345Z"` + to,
		`sms.acme.otp.event.undelivered 5-2-unreported-otp {"event":"undelivered","challenge":"challenge2",` + of + `,"smsc":"sim-b","send":2,"reason":"unreported","at":"2026-11-22T10:11:15.345Z"` + to,
		`sms.acme.otp.event.delivered 5-3-delivered-otp {"event":"delivered","challenge":"challenge2",` + of + `,"smsc":"sim-b","send":2,"at":"2026-11-22T10:11:16.345Z"` + to,
		`sms.acme.otp.event.failed 7-0-otp {"event":"failed","challenge":"challenge1",` + of + `,"at":"2026-11-22T10:11:17.345Z"` + to,
		`sms.acme.otp.event.verified 7-1-otp {"event":"verified","challenge":"challenge1",` + of + `,"smsc":"sim-a","at":"2026-11-22T10:11:22.345Z"` + to,
		`sms.acme.otp.event.verified 7-2-otp {"event":"verified","challenge":"challenge2",` + of + `,"smsc":"sim-b","at":"2026-11-22T10:11:52.345Z"` + to,
		`sms.acme.otp.event.blocked 7-3-otp {"event":"blocked","challenge":"","purpose":"login","to_last4":"5678","reason":"number","retry_after":90,"dry_run":true,"at":"2026-11-22T10:12:12.345Z"` + to,
	}
	var told, statuses []string
	for _, line := range b.statuses(t) {
		if strings.Contains(line, ".otp.") {
			told = append(told, line)
			if _, payload, _ := strings.Cut(line, " {"); !json.Valid([]byte("{" + payload)) {
				t.Errorf("not JSON: %s", line)
			}
		} else {
			statuses = append(statuses, line)
		}
	}
	sameLines(t, "events", told, want)
	if len(statuses) != 7 || !strings.HasPrefix(statuses[0], `sms.acme.status.submitted 2-1-submitted {"id":"otp.challenge1.1","ref":"login 2026-11-22T10:11:12.345Z"`) {
		t.Errorf("statuses %q", statuses)
	}
	for statement, want := range map[string][]string{
		`SELECT event, challenge, smsc, send, route, reason, tries_left, retry_after, dry_run, to_last4, at AT TIME ZONE 'UTC' FROM harkara.v_otp_event ORDER BY key`: {
			"requested|challenge1|∅|∅|∅|∅|∅|∅|false|5678|2026-11-22T10:11:12.345678Z", "requested|challenge2|∅|∅|∅|∅|∅|∅|false|5678|2026-11-22T10:11:12.345678Z",
			"undelivered|challenge2|sim-a|1|∅|submit_failed|∅|∅|false|5678|2026-11-22T10:11:14.345678Z",
			"sent|challenge1|sim-a|1|∅|∅|∅|∅|false|5678|2026-11-22T10:11:14.345678Z", "sent|challenge2|sim-b|2|∅|∅|∅|∅|false|5678|2026-11-22T10:11:14.345678Z",
			"fell_back|challenge2|∅|2|next|∅|∅|∅|false|5678|2026-11-22T10:11:15.345678Z",
			"undelivered|challenge2|sim-b|2|∅|unreported|∅|∅|false|5678|2026-11-22T10:11:15.345678Z",
			"delivered|challenge1|sim-a|1|∅|∅|∅|∅|false|5678|2026-11-22T10:11:15.345678Z", "delivered|challenge2|sim-b|2|∅|∅|∅|∅|false|5678|2026-11-22T10:11:16.345678Z",
			"failed|challenge1|∅|∅|∅|∅|0|∅|false|5678|2026-11-22T10:11:17.345678Z", "verified|challenge1|sim-a|∅|∅|∅|∅|∅|false|5678|2026-11-22T10:11:22.345678Z",
			"verified|challenge2|sim-b|∅|∅|∅|∅|∅|false|5678|2026-11-22T10:11:52.345678Z", "blocked||∅|∅|∅|number|∅|90|true|5678|2026-11-22T10:12:12.345678Z",
		},
		`SELECT day::text, tenant, purpose, template, route, requested, sent, delivered, verified, failed, locked, expired, cancelled, blocked, conversion, p50_s BETWEEN 9.5 AND 10.5, p50_s BETWEEN 38 AND 42
		 FROM harkara.v_otp_daily ORDER BY template, route`: {
			"2026-11-22|acme|login|||0|0|0|0|0|0|0|0|0|∅|∅|∅", // let through, on trial
			"2026-11-22|acme|login|1107161234567890123||1|0|0|0|1|0|0|0|0|0.0|∅|∅",
			"2026-11-22|acme|login|1107161234567890123|sim-a|1|1|1|1|0|0|0|0|0|100.0|true|false",
			"2026-11-22|acme|login|1107161234567890123|sim-b|0|1|1|1|0|0|0|0|0|∅|false|true",
		},
		`SELECT count(*) FROM harkara.parked`: {"0"},
	} {
		sameLines(t, statement, query(t, b.db, statement), want)
	}
	have, fresh := b.otpTallies(t)
	slices.Sort(have)
	slices.Sort(fresh)
	sameLines(t, "tally", have, fresh)
}

// Where the memory holds nothing of a message, its send has its event all the same.
func TestEventsOfSendsThatAreLookedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	events := sendOf(newHistory(1).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1).receipt(1, "sim-a", 1, sms.Delivered), 7, 3).events
	for _, e := range events {
		b.append(t, e)
		b.project(t, b.config()) // each projector knows nothing of what the one before did
	}
	if got := query(t, b.db, `SELECT event, challenge, purpose, send, smsc, template FROM harkara.v_otp_event ORDER BY key`); !slices.Equal(got, []string{
		"sent|challenge7|login|3|sim-a|1107161234567890123", "delivered|challenge7|login|3|sim-a|1107161234567890123"}) {
		t.Errorf("%v", got)
	}
	if got := b.statuses(t); len(got) != 4 {
		t.Errorf("%q", got)
	}
}

// TestUnfitChallengesAreParked: what the service would never write is set aside, and what stands behind it goes on.
func TestUnfitChallengesAreParked(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	long := strings.Repeat("x", 200)
	bad := []func(*ledger.OTP){
		func(o *ledger.OTP) { o.Tenant = "" }, func(o *ledger.OTP) { o.Tenant = "a.b" }, func(o *ledger.OTP) { o.Tenant = "a>" },
		func(o *ledger.OTP) { o.Tenant = "a b" }, func(o *ledger.OTP) { o.Event = "sung" }, func(o *ledger.OTP) { o.Event = "a.b" },
		func(o *ledger.OTP) { o.Challenge = "" }, func(o *ledger.OTP) { o.Challenge = long }, func(o *ledger.OTP) { o.Purpose = "" },
		func(o *ledger.OTP) { o.Purpose = long }, func(o *ledger.OTP) {
			o.Template = "1" + "0123456789012345678901234567890123456789012345678901234567890123"
		},
		func(o *ledger.OTP) { o.ToLast4 = "+919812345678" }, func(o *ledger.OTP) { o.Reason = long }, func(o *ledger.OTP) { o.Route = long },
		func(o *ledger.OTP) { o.SMSC = sms.SMSCID(long) }, func(o *ledger.OTP) { o.Send = 1 << 40 }, func(o *ledger.OTP) { o.Left = -1 },
		func(o *ledger.OTP) { o.Retry = 1 << 31 }, func(o *ledger.OTP) { o.Requested = time.Time{} },
	}
	for _, spoil := range bad {
		b.append(t, otpEvent(1, ledger.OTPVerified, time.Second, spoil))
	}
	b.append(t, ledger.Event{Kind: ledger.OneTime, At: testStart})
	b.append(t, otpEvent(1, ledger.OTPVerified, time.Second, nil))
	// A request with such an id that is none of the service's is a message as any other.
	refs := []string{"", "login", "login ", "login 2026-11-22", "login  2026-11-22T10:11:12.345Z", "login 2026-11-22T10:11:12.345Z ", "login 2026-11-22T10:11:12Z",
		"login 2026-11-22T15:41:12.345+05:30", "a purpose 2026-11-22T10:11:12.345Z", " 2026-11-22T10:11:12.345Z", "a.b 2026-11-22T10:11:12.345Z"}
	for i, ref := range refs {
		own := sendOf(newHistory(1+i).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1), 1+i, 1)
		own.events[0].Facts.Ref = ref
		b.append(t, own.events...)
	}
	b.project(t, b.config())
	if got := query(t, b.db, `SELECT (SELECT count(*) FROM harkara.parked), (SELECT count(*) FROM harkara.otp_event)`); got[0] != fmt.Sprint(len(bad)+1, "|1") {
		t.Errorf("parked and projected: %v", got)
	}
	got := b.statuses(t)
	for _, line := range got[1:] {
		if !strings.HasPrefix(line, "sms.acme.status.submitted ") {
			t.Errorf("told %s", line)
		}
	}
	if len(got) != 1+len(refs) {
		t.Errorf("%d statuses", len(got))
	}
}

// The time in a send's ref is believed where a challenge may have been requested then.
func TestCutSendRef(t *testing.T) {
	sent := testStart.Truncate(time.Millisecond)
	for after, want := range map[time.Duration]bool{
		0: true, -time.Millisecond: true, 10 * time.Minute: true, sendWithin: true, -sendWithin: true,
		sendWithin + time.Millisecond: false, -sendWithin - time.Millisecond: false, 1 << 62: false, -1 << 62: false,
	} {
		asked := sent.Add(-after).Truncate(time.Millisecond)
		purpose, at, ok := cutSendRef("login "+asked.Format(statusTime), sent)
		if ok != want || ok && (purpose != "login" || !at.Equal(asked)) {
			t.Errorf("sent %v after: %s %v %v", after, purpose, at, ok)
		}
	}
	for _, ref := range []string{"login 0001-01-01T00:00:00.000Z", "login 9999-12-31T23:59:59.999Z"} {
		if _, _, ok := cutSendRef(ref, sent); ok {
			t.Errorf("%q is believed", ref)
		}
	}
}

// What happens to challenges after midnight counts in the hour of their requests, and no count is ever below 0.
func TestChallengesAtMidnight(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	midnight := dayOf(testStart).AddDate(0, 0, 1)
	for n, before := range []time.Duration{time.Millisecond, 2 * time.Second, time.Hour + time.Millisecond, 0} {
		asked := midnight.Add(-before)
		at := func(event ledger.OTPEvent, after time.Duration, with func(*ledger.OTP)) ledger.Event {
			e := otpEvent(n, event, 0, with)
			e.At, e.OTP.Requested = asked.Add(after), asked
			return e
		}
		h := newHistory(n)
		h.at = asked
		sendOf(h.planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1).receipt(1, "sim-a", 1, sms.Delivered), n, 1)
		h.events[0].Facts.Requested = asked.Add(time.Second)
		h.events[0].Facts.Ref = "login " + asked.UTC().Format(statusTime)
		b.append(t, at(ledger.OTPRequested, 0, nil))
		b.append(t, h.events...)
		b.append(t, at(ledger.OTPVerified, 10*time.Second, via("sim-a")))
	}
	// The first sends of two test numbers are told more than once; one's request is nowhere.
	for range 3 {
		for _, n := range []int{11, 12} {
			b.append(t, otpEvent(n, ledger.OTPSent, time.Second, func(o *ledger.OTP) { o.SMSC, o.Send = "test", 1 }))
		}
	}
	b.append(t, otpEvent(11, ledger.OTPRequested, 0, nil))
	b.project(t, b.config())
	sameLines(t, "days", query(t, b.db, `SELECT day::text, route, requested, sent, delivered, verified, conversion FROM harkara.v_otp_daily ORDER BY 1, 2`), []string{
		"2026-11-22|sim-a|3|3|3|3|100.0", "2026-11-22|test|6|6|0|0|0.0", "2026-11-23|sim-a|1|1|1|1|100.0"})
	for by, want := range map[string][]string{
		"": {"[] 5"}, "route": {"[sim-a] 4", "[test] 6"},
		"hour": {"[2026-11-22T15:00:00+05:30] 1", "[2026-11-22T22:00:00+05:30] 1", "[2026-11-22T23:00:00+05:30] 2", "[2026-11-23T00:00:00+05:30] 1"},
	} {
		rows, err := all(OTPReport(t.Context(), sqlx.NewDb(b.db, "postgres"), OTPFilter{By: strings.Fields(by)}))
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprint(r.Group, " ", r.Requested))
			for i, count := range r.Each() {
				if count < 0 {
					t.Errorf("by %s: count %d of %v is %d", by, i, r.Group, count)
				}
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("by %s: %q, %v", by, got, err)
		}
	}
	have, fresh := b.otpTallies(t)
	slices.Sort(have)
	slices.Sort(fresh)
	sameLines(t, "tally", have, fresh)
}

// Any event that is fit becomes a JSON object that says what it said.
func TestAnyOTPEventIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringN(0, 20, 30)
		number := rapid.IntRange(0, 1<<31-1)
		o := ledger.OTP{Event: ledger.OTPFailed, Tenant: "acme", Purpose: "login", Challenge: word.Draw(t, "challenge"), SMSC: sms.SMSCID(word.Draw(t, "smsc")),
			Route: word.Draw(t, "route"), Reason: word.Draw(t, "reason"), Send: number.Draw(t, "send"), Left: number.Draw(t, "left"),
			Retry: number.Draw(t, "retry"), DryRun: rapid.Bool().Draw(t, "dry"), Requested: testStart}
		var got struct {
			ledger.OTP
			At time.Time  `json:"at"`
			On sms.SMSCID `json:"smsc"`
			Of time.Time  `json:"requested_at"`
		}
		raw := appendOTPEvent(nil, &o, testStart.Add(time.Hour))
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		got.SMSC, got.Tenant, got.Requested = got.On, "acme", o.Requested
		if got.OTP != o || !got.At.Equal(testStart.Add(time.Hour).Truncate(time.Millisecond)) || !got.Of.Equal(testStart.Truncate(time.Millisecond)) {
			t.Fatalf("%s says %+v, want %+v", raw, got, o)
		}
	})
}

// An SMS_STATUS of before takes up the subjects of challenges, and keeps what it has.
func TestAnOlderStatusStreamIsUpdated(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	old := jetstream.StreamConfig{Name: StatusStream, Subjects: []string{"sms.*.status.*"}, Storage: jetstream.FileStorage, AllowAtomicPublish: true}
	if _, err := b.js.CreateStream(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	b.append(t, newHistory(1).rejected().events...)
	b.project(t, b.config())
	b.append(t, otpEvent(1, ledger.OTPRequested, 0, nil))
	b.project(t, b.config())
	if got := b.statuses(t); len(got) != 2 || !strings.HasPrefix(got[1], "sms.acme.otp.event.requested 2-0-otp ") {
		t.Errorf("%q", got)
	}
}

// Events lie in their own Indian day, and go with the messages' retention.
func TestDaysOfChallenges(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	now := time.Now()
	for _, days := range []int{-500, -40, 0} {
		e := otpEvent(1, ledger.OTPRequested, 0, nil)
		e.At = now.AddDate(0, 0, days)
		e.OTP.Requested = e.At
		b.append(t, e)
	}
	b.project(t, b.config())
	if got := b.days(t, "otp_event"); !slices.Equal(got, []string{partitionOf("otp_event", now, -40) + "|1", partitionOf("otp_event", now, 0) + "|1", "otp_event_default|1"}) {
		t.Errorf("%v", got)
	}
	b.maintain(t, now, Retention{Messages: 30 * 24 * time.Hour})
	if got := b.days(t, "otp_event"); !slices.Equal(got, []string{partitionOf("otp_event", now, 0) + "|1"}) {
		t.Errorf("kept %v", got)
	}
}

// What somebody changes of challenges is found.
func TestTamperingWithChallenges(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, otpEvent(1, ledger.OTPRequested, 0, nil))
	b.append(t, sendOf(newHistory(1).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1), 1, 1).events...)
	b.append(t, otpEvent(1, ledger.OTPVerified, time.Second, via("sim-a")))
	b.project(t, b.config())
	if got := differences(t, b); len(got) != 0 {
		t.Fatalf("untouched: %+v", got)
	}
	for _, c := range []struct{ do, undo, want string }{
		{`UPDATE harkara.otp_event SET event = 'failed' WHERE event = 'verified'`, `UPDATE harkara.otp_event SET event = 'verified' WHERE event = 'failed'`,
			"changed v_otp_event event"},
		{`UPDATE harkara.otp_tally SET events = events + 1 WHERE event = 'verified'`, `UPDATE harkara.otp_tally SET events = events - 1 WHERE event = 'verified'`,
			"changed v_otp_tally events"},
		{`DELETE FROM harkara.otp_event WHERE event = 'sent'`, ``, "missing v_otp_event "},
	} {
		x := sqlx.NewDb(b.db, "postgres")
		x.MustExec(c.do)
		got := differences(t, b)
		if len(got) != 1 || fmt.Sprint(got[0].What, " ", got[0].Table, " ", got[0].Column) != c.want {
			t.Errorf("%s: %+v", c.do, got)
		}
		x.MustExec(c.undo)
	}
}

// Where the frames of a message are gone, what its receipt made of a challenge is no fault.
func TestSendsOfFramesThatAreGoneAreNoFault(t *testing.T) {
	t.Parallel()
	h := sendOf(newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1), 1, 1)
	h.events = append(h.events, otpEvent(1, ledger.OTPRequested, 0, nil))
	h.at = testStart.AddDate(0, 0, 5)
	late := newHistory(1)
	late.at = h.at
	late.receipt(1, "a", 1, sms.Delivered)
	whole, cut := newBench(t, 100*time.Millisecond), newBench(t, 100*time.Millisecond)
	whole.append(t, h.events...)
	cut.append(t, newHistory(9).rejected().events...) // in its place, so that the others have the same positions
	for _, b := range []*bench{whole, cut} {
		b.append(t, late.events...)
		b.append(t, otpEvent(2, ledger.OTPRequested, 24*time.Hour*30, nil))
		b.project(t, b.config())
	}
	have, err := snapshot(t.Context(), sqlx.NewDb(whole.db, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer have.Rollback()
	want, err := snapshot(t.Context(), sqlx.NewDb(cut.db, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer want.Rollback()
	for _, c := range []struct {
		since bounds
		want  string // found of challenges, and rows looked at
	}{{bounds{}.from(dayOf(testStart).AddDate(0, 0, 1)), "[] 1"}, {bounds{}, "[added v_otp_event] 4"}} {
		var got []string
		rows, err := compare(t.Context(), have, want, c.since, &shredded{}, func(d Difference) bool {
			if what := d.What + " " + d.Table; d.Table == "v_otp_event" && !slices.Contains(got, what) {
				got = append(got, what)
			}
			return true
		})
		if err != nil || fmt.Sprint(got, " ", rows["v_otp_event"]) != c.want {
			t.Errorf("%v %d, %v; want %s", got, rows["v_otp_event"], err, c.want)
		}
	}
}
