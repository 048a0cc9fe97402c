package otp

import (
	"reflect"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TestRequest: what a first request makes, word for word.
func TestRequest(t *testing.T) {
	w := newWorld(t)
	out := w.request(input())
	ch := w.s.newest()
	code := w.k.codes["k1"].code(w.s, ch, number)
	want := Outcome{
		Answer: &RequestAnswer{Challenge: ch.ID, ExpiresAt: start.Add(5 * time.Minute), ResendAfter: 30},
		Send: &Send{Challenge: ch.ID, Number: 1, To: number, Code: code, Template: "1107161234567890123", Header: "ACMEBK",
			Vars: []sms.Secret{code, "5", "order-Kx7"}, Life: 5 * time.Minute, Purpose: Login,
			Requested: start, Expires: start.Add(5 * time.Minute)},
		Events: []ledger.OTP{{Event: ledger.OTPRequested, Tenant: tenant, Challenge: string(ch.ID), Purpose: "login",
			Template: "1107161234567890123", ToLast4: "0017", Requested: start}},
		Changed: true,
		Due:     start.Add(30 * time.Second),
	}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("got\n%+v %+v %q\nwant\n%+v %+v %q", out, out.Send, out.Send.Vars, want, want.Send, want.Send.Vars)
	}
	if len(code.Reveal()) != 6 || w.s.Tenant != tenant || w.s.Purpose != Login {
		t.Errorf("a code of %d symbols for %s, %s", len(code.Reveal()), w.s.Tenant, w.s.Purpose)
	}
}

// TestRequestWithinTheRules: a call may ask for less than the policy gives, and never for more.
func TestRequestWithinTheRules(t *testing.T) {
	for _, tt := range []struct {
		life, policy, want time.Duration
		minutes            sms.Secret
	}{
		{0, 5 * time.Minute, 5 * time.Minute, "5"},
		{119 * time.Second, 5 * time.Minute, 119 * time.Second, "1"},
		{20 * time.Second, 5 * time.Minute, 20 * time.Second, "1"},
		{time.Hour, 5 * time.Minute, 5 * time.Minute, "5"},
		{time.Hour, time.Hour, 10 * time.Minute, "10"},
	} {
		w := newWorld(t)
		w.p.Life = tt.policy
		in := input()
		in.Life, in.Length = tt.life, 8
		out := w.request(in)
		if got := out.Answer.ExpiresAt.Sub(w.now); got != tt.want || out.Send.Life != tt.want || out.Send.Vars[1] != tt.minutes {
			t.Errorf("asked for %v of %v: lives %v, %q minutes", tt.life, tt.policy, got, out.Send.Vars[1].Reveal())
		}
		if n := len(out.Send.Code.Reveal()); n != 8 {
			t.Errorf("code of %d symbols, want 8", n)
		}
		if last := out.Due; last.After(out.Answer.ExpiresAt) {
			t.Errorf("due at %v, after the end of its life", last)
		}
	}
}

// TestRequestAgain: which second requests are the first one over again. Within the cool-down any other is refused, and after it
// each ends the first.
func TestRequestAgain(t *testing.T) {
	own := func(in *Input) { in.Own = "7141-9926" }
	testNumber := func(in *Input) { in.Own, in.Test = "000000", true }
	for what, tt := range map[string]struct {
		first, second func(*Input)
		after         time.Duration
		same          bool
	}{
		"a double click":             {after: time.Second, same: true},
		"just within the cool-down":  {after: 30*time.Second - time.Millisecond, same: true},
		"after the cool-down":        {after: 30 * time.Second},
		"another template":           {second: func(in *Input) { in.Template = "1107160000000000002" }},
		"another header":             {second: func(in *Input) { in.Header = "ACMEIN" }},
		"other variables":            {second: func(in *Input) { in.Vars = []string{"{code}", "{minutes}", "order-Kx8"} }},
		"variables cut elsewhere":    {second: func(in *Input) { in.Vars = []string{"{code}", "{minutes}order-Kx7"} }},
		"another length":             {second: func(in *Input) { in.Length = 7 }},
		"an own code":                {second: own},
		"no own code any more":       {first: own},
		"the same own code":          {first: own, second: own},
		"a test number":              {second: testNumber},
		"a test number twice":        {first: testNumber, second: testNumber, same: true},
		"the same idempotency key":   {first: named("a"), second: named("a"), after: 4 * time.Minute, same: true},
		"another idempotency key":    {first: named("a"), second: named("b"), same: true},
		"that, after the cool-down":  {first: named("a"), second: named("b"), after: 30 * time.Second},
		"the key, with an own code":  {first: join2(own, named("a")), second: join2(own, named("a")), same: true},
		"the key, with another code": {first: join2(own, named("a")), second: named("a"), same: true},
	} {
		w := newWorld(t)
		in, again := input(), input()
		if tt.first != nil {
			tt.first(in)
		}
		if tt.second != nil {
			tt.second(again)
		}
		first := w.request(in)
		w.wait(tt.after)
		if cooldown := 30*time.Second - tt.after; !tt.same && cooldown > 0 {
			out, err := w.tryRequest(again)
			w.refuse(out, err, Error{Code: Cooldown, RetryAfter: 30}, ledger.OTPBlocked)
			if e := out.Events[0]; e.ToLast4 != "0017" || e.Template != again.Template || e.Challenge != "" {
				t.Errorf("%s: %+v", what, e)
			}
			w.wait(cooldown)
		}
		second := w.request(again)
		if same := second.Answer.Challenge == first.Answer.Challenge; same != tt.same || second.Changed == same ||
			(len(second.Events) == 0) != same {
			t.Errorf("%s: the same challenge %v, want %v; changed %v, events %v", what, same, tt.same, second.Changed, kinds(second.Events))
			continue
		}
		if !tt.same {
			w.happened(second, ledger.OTPCancelled, ledger.OTPRequested)
			if second.Events[0].Reason != "superseded" || second.Events[0].Challenge != string(first.Answer.Challenge) {
				t.Errorf("%s: %+v", what, second.Events[0])
			}
			w.verifies(first.Answer.Challenge, first.Send.Code, VerifyAnswer{Result: Expired})
			continue
		}
		if in.Own != again.Own {
			if second.Send != nil {
				t.Errorf("%s: the other code is sent", what)
			}
			continue
		}
		first.Send.Life -= tt.after
		if !reflect.DeepEqual(first.Send, second.Send) || !second.Due.Equal(first.Due) {
			t.Errorf("%s: sends differ:\n%+v\n%+v", what, first.Send, second.Send)
		}
	}
}

func named(id string) func(*Input) { return func(in *Input) { in.RequestID = id } }

func join2(a, b func(*Input)) func(*Input) { return func(in *Input) { a(in); b(in) } }

// TestSameKeyAfterTheEnd: the call with an idempotency key is answered with its challenge whatever has become of that, even while
// the number is locked; and nothing goes out.
func TestSameKeyAfterTheEnd(t *testing.T) {
	for what, end := range map[string]func(*world, Outcome){
		"verified":   func(w *world, out Outcome) { w.verify(out.Answer.Challenge, out.Send.Code) },
		"expired":    func(w *world, out Outcome) { w.wait(5 * time.Minute) },
		"superseded": func(w *world, out Outcome) { w.wait(time.Minute); w.request(input()) },
		"locked": func(w *world, out Outcome) {
			for range w.p.Tries {
				w.verify(out.Answer.Challenge, "wrong")
			}
		},
	} {
		w := newWorld(t)
		in := input()
		in.RequestID = "order-1"
		first := w.request(in)
		end(w, first)
		again := w.request(in)
		want := Outcome{Answer: &RequestAnswer{Challenge: first.Answer.Challenge, ExpiresAt: first.Answer.ExpiresAt, ResendAfter: -1},
			Due: again.Due}
		if !reflect.DeepEqual(again, want) {
			t.Errorf("%s: %+v, want %+v", what, again, want)
		}
	}
}

// TestSameID: the same call again, as of a caller that does not know what became of it, makes no second challenge.
func TestSameID(t *testing.T) {
	w := newWorld(t)
	in := input()
	in.Own = "7141-9926"
	first := w.request(in)
	again, err := w.kept().Request(w.k, w.p, in, w.now)
	if err != nil || again.Changed || again.Answer.Challenge != in.ID || first.Answer.Challenge != in.ID || !reflect.DeepEqual(again.Send, first.Send) {
		t.Errorf("%+v, then %+v %v; want %s", first, again, err, in.ID)
	}
}

// TestCooldownsOfRequests: a new challenge does not start the cool-downs anew, however the former has ended, unless that was
// verified; nor does a resend of another one; an hour does.
func TestCooldownsOfRequests(t *testing.T) {
	for what, tt := range map[string]struct {
		end  func(*world, Outcome)
		want []int // resend_after of each of five requests
	}{
		"superseded": {func(w *world, out Outcome) { w.wait(2 * time.Minute) }, []int{30, 60, 120, 120, 120}},
		"cancelled":  {func(w *world, out Outcome) { w.s.Cancel(w.p, out.Answer.Challenge, w.now) }, []int{30, 60, 120, 120, 120}},
		"expired":    {func(w *world, out Outcome) { w.wait(5 * time.Minute) }, []int{30, 60, 120, 120, 120}},
		"exhausted": {func(w *world, out Outcome) {
			w.p.LockAfter = 0
			w.fail(w.p.Tries)
		}, []int{30, 60, 120, 120, 120}},
		"resent": {func(w *world, out Outcome) {
			w.wait(2 * time.Minute)
			w.resend(out.Answer.Challenge)
			w.wait(2 * time.Minute)
		}, []int{30, 120, 120, 120, 120}},
		"verified":    {func(w *world, out Outcome) { w.verify(out.Answer.Challenge, out.Send.Code) }, []int{30, 30, 30, 30, 30}},
		"in an hour":  {func(w *world, out Outcome) { w.wait(time.Hour) }, []int{30, 30, 30, 30, 30}},
		"just before": {func(w *world, out Outcome) { w.wait(time.Hour - time.Millisecond) }, []int{30, 60, 120, 120, 120}},
	} {
		w := newWorld(t)
		for i, want := range tt.want {
			in := input()
			in.Vars[2] = string(rune('a' + i)) // none is alike
			out := w.request(in)
			if out.Answer.ResendAfter != want {
				t.Errorf("%s: request %d may resend after %d s, want %d", what, i+1, out.Answer.ResendAfter, want)
			}
			tt.end(w, out)
		}
	}
}

// TestSupersedeAfterTheEnd: a former challenge whose time is over is expired, not superseded, and one that has ended is left alone.
func TestSupersedeAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	w.wait(5 * time.Minute)
	second := w.request(input())
	w.happened(second, ledger.OTPExpired, ledger.OTPRequested)
	if second.Events[0].Challenge != string(first.Answer.Challenge) {
		t.Errorf("the wrong one expired: %+v", second.Events[0])
	}
	w.verify(second.Answer.Challenge, second.Send.Code)
	w.happened(w.request(input()), ledger.OTPRequested)
}

// TestFourChallengesAreKnown: of a fifth on, the oldest is unknown.
func TestFourChallengesAreKnown(t *testing.T) {
	w := newWorld(t)
	var ids []ChallengeID
	for range 6 {
		ids = append(ids, w.request(input()).Answer.Challenge)
		w.wait(2 * time.Minute)
	}
	for i, id := range ids {
		if _, err := w.kept().Status(w.p, id, w.now); (err == nil) != (i >= 2) {
			t.Errorf("challenge %d: %v", i, err)
		}
	}
}

func TestRequestWhileLocked(t *testing.T) {
	w := newWorld(t)
	out := w.request(input())
	for range w.p.LockAfter {
		w.verify(out.Answer.Challenge, "wrong")
	}
	w.wait(1500 * time.Millisecond)
	refused, err := w.tryRequest(input())
	w.refuse(refused, err, Error{Code: LockedOut, RetryAfter: 59}, ledger.OTPBlocked)
	if e := refused.Events[0]; e.Challenge != "" || e.ToLast4 != "0017" || !e.Requested.Equal(w.now) || e.Tenant != tenant {
		t.Errorf("%+v", e)
	}
	w.wait(58500 * time.Millisecond)
	w.request(input())
}

// TestMoments: whatever clock a time comes from, it is kept as UTC to the millisecond, and a code lives as long as that says.
func TestMoments(t *testing.T) {
	w := newWorld(t)
	w.now = start.Add(123_999_999).In(time.FixedZone("IST", 19800))
	first := w.request(input())
	if got := first.Answer.ExpiresAt.Format(time.RFC3339Nano); got != "2026-11-22T10:05:00.123Z" {
		t.Errorf("expires at %s", got)
	}
	w.now = start.Add(5*time.Minute + 122_999_999)
	if got, _ := w.kept().Status(w.p, first.Answer.Challenge, w.now); got.State != Live {
		t.Errorf("ended early: %+v", got)
	}
	w.now = start.Add(5*time.Minute + 123_000_000)
	w.verifies(first.Answer.Challenge, first.Send.Code, VerifyAnswer{Result: Expired})
}

// TestNoCooldown: a policy may have none; then each request is a new one, and a resend needs no wait.
func TestNoCooldown(t *testing.T) {
	w := newWorld(t)
	w.p.Cooldown = nil
	first := w.request(input())
	if out := w.resend(first.Answer.Challenge); first.Answer.ResendAfter != 0 || out.Send.Number != 2 {
		t.Errorf("%+v, then %+v", first.Answer, out.Send)
	}
	if again := w.request(input()); again.Answer.Challenge == first.Answer.Challenge {
		t.Error("a second request was taken for the first")
	}
}

// TestDefaultPolicies are what the standards and the documents say of them.
func TestDefaultPolicies(t *testing.T) {
	for _, tt := range []struct {
		purpose Purpose
		life    time.Duration
		tries   int
	}{{Login, 5 * time.Minute, 5}, {"own-word", 5 * time.Minute, 5}, {Registration, 10 * time.Minute, 5}, {Reset, 10 * time.Minute, 5},
		{Transaction, 3 * time.Minute, 3}, {ReportAccess, 3 * time.Minute, 3}} {
		p := DefaultPolicy(tt.purpose)
		if p.Life != tt.life || p.Tries != tt.tries || p.Length != 6 || p.Life > MaxLife || p.Alphabet != Digits {
			t.Errorf("%s: %+v", tt.purpose, p)
		}
	}
}
