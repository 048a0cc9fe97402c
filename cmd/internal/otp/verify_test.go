package otp

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TestVerifyOnce: a right code is right once.
func TestVerifyOnce(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	id := first.Answer.Challenge
	w.told(id, 1, Sent, "sim-a")
	w.wait(31 * time.Second)
	answer, out := w.verify(id, first.Send.Code)
	if (answer != VerifyAnswer{Result: OK, AttemptsLeft: 5}) || !out.Due.IsZero() {
		t.Errorf("%+v, due %v", answer, out.Due)
	}
	w.happened(out, ledger.OTPVerified)
	if e := out.Events[0]; e.SMSC != "sim-a" || !e.Requested.Equal(start) || e.Challenge != string(id) {
		t.Errorf("%+v", e)
	}
	for _, code := range []sms.Secret{first.Send.Code, "wrong", "0"} {
		w.verifies(id, code, VerifyAnswer{Result: Used})
	}
	if w.s.Failures != 0 {
		t.Errorf("a used challenge counted %d failures", w.s.Failures)
	}
}

// TestLastMoment: a code verifies a millisecond before its end and not at it.
func TestLastMoment(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration
		want  Result
	}{{5*time.Minute - 1, OK}, {5 * time.Minute, Expired}, {5*time.Minute + 1, Expired}, {-time.Hour, OK}} {
		w := newWorld(t)
		first := w.request(input())
		w.wait(tt.after)
		if answer, _ := w.verify(first.Answer.Challenge, first.Send.Code); answer.Result != tt.want {
			t.Errorf("%v after the request: %s, want %s", tt.after, answer.Result, tt.want)
		}
	}
}

// TestVerifyEndsWhatExpired: whoever comes first after the end says so to the ledger, once.
func TestVerifyEndsWhatExpired(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	w.wait(5 * time.Minute)
	_, out := w.verify(first.Answer.Challenge, "wrong")
	w.happened(out, ledger.OTPExpired)
	_, out = w.verify(first.Answer.Challenge, first.Send.Code)
	if again := w.due(first.Answer.Challenge); out.Changed || again.Changed || !again.Due.IsZero() || w.s.Failures != 0 {
		t.Errorf("it ended twice: %+v %+v, %d failures", out, again, w.s.Failures)
	}
}

// TestTriesAndLock: the ladder of locks over several challenges, and what each call says.
func TestTriesAndLock(t *testing.T) {
	w := newWorld(t)
	w.p.Tries, w.p.LockAfter = 3, 4
	first := w.request(input())
	id := first.Answer.Challenge
	w.verifies(id, "wrong", VerifyAnswer{Result: Wrong, AttemptsLeft: 2})
	w.verifies(id, "wrong", VerifyAnswer{Result: Wrong, AttemptsLeft: 1})
	_, out := w.verify(id, "wrong")
	if out.Events[0].Left != 0 || !out.Due.IsZero() {
		t.Errorf("the last try: %+v, due %v", out.Events[0], out.Due)
	}
	w.happened(out, ledger.OTPFailed)
	w.verifies(id, first.Send.Code, VerifyAnswer{Result: Locked})

	second := w.request(input())
	id = second.Answer.Challenge
	answer, out := w.verify(id, "wrong") // the fourth in a row
	if want := (VerifyAnswer{Result: Wrong, AttemptsLeft: 2}); answer != want || out.Events[1].Retry != 60 {
		t.Errorf("%+v %+v, want %+v and 60 s", answer, out.Events, want)
	}
	w.happened(out, ledger.OTPFailed, ledger.OTPLocked)
	w.wait(100 * time.Millisecond)
	_, out = w.verify(id, second.Send.Code)
	if !reflect.DeepEqual(out, Outcome{}) {
		t.Errorf("a call while locked did %+v", out)
	}
	w.verifies(id, second.Send.Code, VerifyAnswer{Result: Locked, AttemptsLeft: 2, RetryAfter: 60})
	w.verifies(first.Answer.Challenge, "0", VerifyAnswer{Result: Locked, RetryAfter: 60})
	w.wait(59 * time.Second)
	w.verifies(id, second.Send.Code, VerifyAnswer{Result: Locked, AttemptsLeft: 2, RetryAfter: 1})
	w.wait(900 * time.Millisecond)
	w.verifies(id, "wrong", VerifyAnswer{Result: Wrong, AttemptsLeft: 1})

	for i, want := range []time.Duration{5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour} {
		w.fail(4*(i+2) - w.s.Failures)
		if got := w.s.locked(w.now); got != want {
			t.Fatalf("lock %d is %v after %d failures, want %v", i+2, got, w.s.Failures, want)
		}
		w.wait(want)
	}
	w.fail(4) // a day's lock is as long as failures are remembered, and does not end together with them
	if got := w.s.locked(w.now); got != 24*time.Hour || w.s.Failures != 24 {
		t.Errorf("after a day's lock another is %v for %d failures", got, w.s.Failures)
	}
	w.wait(24 * time.Hour)
	last := w.request(input())
	w.verifies(last.Answer.Challenge, last.Send.Code, VerifyAnswer{Result: OK, AttemptsLeft: 3})
	if w.s.Failures != 0 || !w.s.FailedAt.IsZero() || !w.s.LockedUntil.IsZero() {
		t.Errorf("a right code leaves %d failures, locked until %v", w.s.Failures, w.s.LockedUntil)
	}
}

// fail types n wrong codes, and asks for a new one where none can be typed.
func (w *world) fail(n int) {
	for range n {
		if !w.s.newest().live(w.now) {
			w.request(input())
		}
		w.verify(w.s.newest().ID, "wrong")
	}
}

// TestLastLockHoldsOn: beyond the ladder, its last step is taken again.
func TestLastLockHoldsOn(t *testing.T) {
	w := newWorld(t)
	w.p.LockAfter, w.p.Lock = 2, []time.Duration{time.Minute, time.Hour}
	w.request(input())
	for i, want := range []time.Duration{time.Minute, time.Hour, time.Hour, time.Hour} {
		w.fail(2)
		if got := w.s.locked(w.now); got != want {
			t.Errorf("lock %d is %v, want %v", i+1, got, want)
		}
		w.wait(want)
	}
}

// TestFailuresAreForgotten: a day after the last, not earlier.
func TestFailuresAreForgotten(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{24*time.Hour - time.Millisecond, 3}, {24 * time.Hour, 1}} {
		w := newWorld(t)
		id := w.request(input()).Answer.Challenge
		w.verify(id, "wrong")
		w.wait(time.Second)
		w.verify(id, "wrong")
		w.wait(tt.after)
		w.verify(w.request(input()).Answer.Challenge, "wrong")
		if w.s.Failures != tt.want {
			t.Errorf("%v after the last of 2, another is number %d, want %d", tt.after, w.s.Failures, tt.want)
		}
	}
}

// TestLocksAreRemembered: a day after the end of a lock, not of the failure that made it.
func TestLocksAreRemembered(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration // the end of the lock
		want  int
	}{{0, 6}, {24*time.Hour - time.Millisecond, 6}, {24 * time.Hour, 1}} {
		w := newWorld(t)
		w.p.Lock = []time.Duration{24 * time.Hour}
		w.request(input())
		w.fail(5)
		w.wait(24*time.Hour + tt.after)
		if w.fail(1); w.s.Failures != tt.want {
			t.Errorf("%v after the lock another failure is number %d, want %d", tt.after, w.s.Failures, tt.want)
		}
	}
}

// TestHundredFailures in a row are all that anybody gets: from there on each locks for 30 days, with any policy, until a right code
// comes after one of these locks, or a day passes after it.
func TestHundredFailures(t *testing.T) {
	const month = 30 * 24 * time.Hour
	for what, lock := range map[string][]time.Duration{"locks": {time.Second}, "no locks": nil, "longer locks": {40 * 24 * time.Hour}} {
		w := newWorld(t)
		w.p.Lock, w.p.Cooldown = lock, nil
		longest := max(month, w.p.lock())
		w.request(input())
		for w.s.Failures < 100 {
			if got := w.s.locked(w.now); got != 0 && got != w.p.lock() {
				t.Fatalf("%s: %d failures lock for %v", what, w.s.Failures, got)
			}
			w.wait(w.s.locked(w.now))
			w.fail(1)
		}
		for i := range 3 {
			want := month
			if i == 0 { // the hundredth is also one that the policy locks for
				want = longest
			}
			if got := w.s.locked(w.now); got != want {
				t.Fatalf("%s: after failure %d locked for %v, want %v", what, w.s.Failures, got, want)
			}
			refused, err := w.tryRequest(input())
			w.refuse(refused, err, Error{Code: LockedOut, RetryAfter: int(want / time.Second)}, ledger.OTPBlocked)
			if got := w.s.TTL(w.now); got != want+24*time.Hour {
				t.Errorf("%s: kept for %v", what, got)
			}
			w.wait(want)
			w.fail(1)
		}
		w.wait(month)
		last := w.request(input())
		w.verifies(last.Answer.Challenge, last.Send.Code, VerifyAnswer{Result: OK, AttemptsLeft: 5})
		if w.request(input()); w.s.Failures != 0 {
			t.Errorf("%s: a right code leaves %d failures", what, w.s.Failures)
		}
		w.s.Failures, w.s.FailedAt = 99, w.now
		w.fail(1)
		w.wait(longest + 24*time.Hour)
		if w.fail(1); w.s.Failures != 1 {
			t.Errorf("%s: a day after the lock, another failure is number %d", what, w.s.Failures)
		}
	}
}

// lock is the first of a policy; 0: it has none.
func (p *Policy) lock() time.Duration {
	if len(p.Lock) == 0 {
		return 0
	}
	return p.Lock[0]
}

// TestGuessesOfAYear: whoever guesses whenever it is possible, for a year, has about a hundred guesses and one a month.
func TestGuessesOfAYear(t *testing.T) {
	w := newWorld(t)
	w.request(input())
	guesses := 0
	for w.now.Before(start.Add(365 * 24 * time.Hour)) {
		w.fail(1)
		guesses++
		w.wait(w.s.locked(w.now))
	}
	if guesses < 100 || guesses > 112 {
		t.Errorf("%d guesses", guesses)
	}
}

// TestNoCode: nothing is no guess.
func TestNoCode(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	before := *w.kept()
	_, out, err := w.kept().Verify(w.k, w.p, first.Answer.Challenge, "", w.now)
	w.refuse(out, err, Error{Code: BadRequest})
	if !reflect.DeepEqual(&before, w.kept()) {
		t.Error("it changed the subject")
	}
}

// TestStricterPolicy: a policy that gives fewer tries than were used locks, and one without locks does not.
func TestStricterPolicy(t *testing.T) {
	w := newWorld(t)
	w.p.LockAfter = 0
	first := w.request(input())
	id := first.Answer.Challenge
	for range 3 {
		w.verify(id, "wrong")
	}
	w.p.Tries = 2
	w.verifies(id, first.Send.Code, VerifyAnswer{Result: Locked})
	w.p.Tries = 4
	w.verifies(id, first.Send.Code, VerifyAnswer{Result: OK, AttemptsLeft: 1})
}

// TestLettersMayBeSmall, digits and own codes are taken as they are.
func TestLettersMayBeSmall(t *testing.T) {
	w := newWorld(t)
	w.p.Alphabet, w.p.Length = Letters, 10
	first := w.request(input())
	for _, r := range first.Send.Code.Reveal() {
		if !strings.ContainsRune(letterSymbols, r) {
			t.Errorf("the code has a %q", r)
		}
	}
	w.verifies(first.Answer.Challenge, first.Send.Code+" ", VerifyAnswer{Result: Wrong, AttemptsLeft: 4})
	w.verifies(first.Answer.Challenge, sms.Secret(strings.ToLower(first.Send.Code.Reveal())), VerifyAnswer{Result: OK, AttemptsLeft: 4})

	in := input()
	in.Own = "Tiger-7"
	own := w.request(in)
	w.verifies(own.Answer.Challenge, "TIGER-7", VerifyAnswer{Result: Wrong, AttemptsLeft: 4})
	w.verifies(own.Answer.Challenge, "Tiger-7", VerifyAnswer{Result: OK, AttemptsLeft: 4})
}

// TestRotation: challenges of the key before verify, are sent again and are told apart as before; new ones are of the new key.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	w.k = keyring(t, "k2")
	if again := w.request(input()); again.Changed || again.Send.Code != first.Send.Code {
		t.Errorf("a double click over a rotation: %+v", again)
	}
	w.wait(30 * time.Second)
	if again := w.resend(first.Answer.Challenge); again.Send.Code != first.Send.Code {
		t.Error("the resend has another code")
	}
	w.verifies(first.Answer.Challenge, first.Send.Code, VerifyAnswer{Result: OK, AttemptsLeft: 5})
	w.request(input())
	if key := w.s.newest().Key; key != "k2" {
		t.Errorf("a new challenge has key %s", key)
	}
}

// TestKeyIsNotHere: nothing is counted, and it can be tried again.
func TestKeyIsNotHere(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	k := w.k
	w.k, _ = NewKeyring(fill(1), "k3", map[KeyID][]byte{"k3": fill(7)})
	for range 10 {
		_, out, err := w.kept().Verify(w.k, w.p, first.Answer.Challenge, "wrong", w.now)
		w.refuse(out, err, Error{Code: Unavailable, RetryAfter: 1})
	}
	if out := w.told(first.Answer.Challenge, 1, Failed, ""); out.Send != nil || !out.Changed || !out.Due.Equal(w.now.Add(keyRetry)) {
		t.Errorf("told of a failure: %+v", out)
	}
	w.s.find(first.Answer.Challenge).Told = 0
	if out := w.due(first.Answer.Challenge); out.Send != nil || out.Changed || !out.Due.Equal(w.now.Add(keyRetry)) {
		t.Errorf("the send again without the key: %+v", out)
	}
	w.wait(31 * time.Second)
	if out := w.due(first.Answer.Challenge); out.Send != nil || out.Changed || !out.Due.Equal(w.now.Add(keyRetry)) {
		t.Errorf("a step without the key: %+v", out)
	}
	w.k = k
	if out := w.due(first.Answer.Challenge); out.Send == nil || out.Send.Number != 2 {
		t.Errorf("a step with the key: %+v", out)
	}
	w.verifies(first.Answer.Challenge, first.Send.Code, VerifyAnswer{Result: OK, AttemptsLeft: 5})
}

func TestUnknownChallenge(t *testing.T) {
	w := newWorld(t)
	w.request(input())
	for _, id := range []ChallengeID{"", newID(w.k), "nonsense"} {
		_, out, err := w.kept().Verify(w.k, w.p, id, "1", w.now)
		w.refuse(out, err, Error{Code: UnknownChallenge})
		_, out, err = w.s.Cancel(w.p, id, w.now)
		w.refuse(out, err, Error{Code: UnknownChallenge})
		if _, err := w.s.Status(w.p, id, w.now); err == nil || err.Code != UnknownChallenge {
			t.Errorf("status of %q: %v", id, err)
		}
		if out := w.due(id); !reflect.DeepEqual(out, Outcome{}) {
			t.Errorf("due of %q: %+v", id, out)
		}
		if out := w.told(id, 1, Failed, "sim-a"); !reflect.DeepEqual(out, Outcome{}) {
			t.Errorf("told of %q: %+v", id, out)
		}
	}
}

func TestCancelAndStatus(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	id := first.Answer.Challenge
	w.verify(id, "wrong")
	w.told(id, 1, Sent, "sim-a")
	w.wait(10 * time.Second)
	want := Standing{Challenge: id, State: Live, Purpose: Login, ToLast4: "0017", RequestedAt: start, ExpiresAt: start.Add(5 * time.Minute),
		Sends: 1, AttemptsLeft: 4, ResendAfter: 20, SMSCs: []sms.SMSCID{"sim-a"}}
	if got, err := w.kept().Status(w.p, id, w.now); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("status %+v %v, want %+v", got, err, want)
	}
	want.State, want.AttemptsLeft, want.ResendAfter = Cancelled, 0, -1
	got, out, err := w.kept().Cancel(w.p, id, w.now)
	if err != nil || !reflect.DeepEqual(got, want) || !out.Changed || !out.Due.IsZero() {
		t.Errorf("cancel %+v %v, want %+v", got, err, want)
	}
	w.happened(out, ledger.OTPCancelled)
	if got, out, _ = w.kept().Cancel(w.p, id, w.now); out.Changed || out.Events != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("cancelled twice: %+v %+v", got, out)
	}
	w.verifies(id, first.Send.Code, VerifyAnswer{Result: Expired})

	id = w.request(input()).Answer.Challenge
	w.wait(5 * time.Minute)
	if got, _ := w.kept().Status(w.p, id, w.now); got.State != Lapsed || got.SMSCs == nil {
		t.Errorf("status after the end: %+v", got)
	}
	_, out, _ = w.kept().Cancel(w.p, id, w.now)
	w.happened(out, ledger.OTPExpired)
}
