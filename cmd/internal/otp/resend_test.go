package otp

import (
	"reflect"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TestResendLadder: the same code each time, after 30, 60 and 120 s, and then no more; the failures stay.
func TestResendLadder(t *testing.T) {
	w := newWorld(t)
	w.p.Workflow = nil
	first := w.request(input())
	id := first.Answer.Challenge
	w.verify(id, "wrong")
	for i, step := range []struct {
		cooldown time.Duration
		minutes  sms.Secret
		after    int
	}{{30 * time.Second, "4", 60}, {60 * time.Second, "3", 120}, {120 * time.Second, "1", -1}} {
		w.wait(step.cooldown - 1500*time.Millisecond)
		out, err := w.kept().Resend(w.k, w.p, id, "", w.now)
		w.refuse(out, err, Error{Code: Cooldown, RetryAfter: 2}, ledger.OTPBlocked)
		w.wait(1500 * time.Millisecond)
		out = w.resend(id)
		if s := out.Send; s.Number != i+2 || s.Code != first.Send.Code || s.Vars[1] != step.minutes || s.Life != first.Answer.ExpiresAt.Sub(w.now) {
			t.Errorf("resend %d: %+v, %q minutes", i+1, s, s.Vars[1].Reveal())
		}
		if out.Answer.ResendAfter != step.after || !out.Answer.ExpiresAt.Equal(first.Answer.ExpiresAt) || out.Answer.Challenge != id {
			t.Errorf("resend %d: %+v", i+1, out.Answer)
		}
		w.happened(out, ledger.OTPResent)
		if out.Events[0].Send != i+2 || !out.Due.Equal(first.Answer.ExpiresAt) {
			t.Errorf("resend %d: %+v, due %v", i+1, out.Events[0], out.Due)
		}
	}
	w.wait(20 * time.Second)
	out, err := w.kept().Resend(w.k, w.p, id, "", w.now)
	w.refuse(out, err, Error{Code: TooManySends}, ledger.OTPBlocked)
	w.verifies(id, "wrong", VerifyAnswer{Result: Wrong, AttemptsLeft: 3})
	w.verifies(id, first.Send.Code, VerifyAnswer{Result: OK, AttemptsLeft: 3})
}

func TestResendRefuses(t *testing.T) {
	for what, tt := range map[string]struct {
		before func(w *world, out Outcome)
		want   Error
		events []ledger.OTPEvent
	}{
		"a used one":     {func(w *world, out Outcome) { w.verify(out.Answer.Challenge, out.Send.Code) }, Error{Code: NotLive}, nil},
		"an expired one": {func(w *world, out Outcome) { w.wait(5 * time.Minute) }, Error{Code: NotLive}, nil},
		"a cancelled one": {func(w *world, out Outcome) {
			w.s.Cancel(w.p, out.Answer.Challenge, w.now)
		}, Error{Code: NotLive}, nil},
		"while locked": {func(w *world, out Outcome) {
			w.p.Tries, w.p.LockAfter = 5, 3
			for range 3 {
				w.verify(out.Answer.Challenge, "wrong")
			}
			w.wait(40 * time.Second)
		}, Error{Code: LockedOut, RetryAfter: 20}, []ledger.OTPEvent{ledger.OTPBlocked}},
		"with a key that is not here": {func(w *world, out Outcome) {
			w.wait(time.Minute)
			w.s.Challenges[0].Key = "k9"
		}, Error{Code: Unavailable, RetryAfter: 1}, nil},
		"what was changed by others": {func(w *world, out Outcome) {
			w.wait(time.Minute)
			w.s.Challenges[0].Sealed[20] ^= 1
		}, Error{Code: Unavailable, RetryAfter: 1}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			first := w.request(input())
			tt.before(w, first)
			before := *w.kept()
			out, err := w.s.Resend(w.k, w.p, first.Answer.Challenge, "", w.now)
			w.refuse(out, err, tt.want, tt.events...)
			if w.t = t; !reflect.DeepEqual(&before, w.kept()) {
				t.Errorf("a refusal changed the subject")
			}
		})
	}
	w := newWorld(t)
	w.request(input())
	out, err := w.kept().Resend(w.k, w.p, newID(w.k), "", w.now)
	w.refuse(out, err, Error{Code: UnknownChallenge})
}

// TestResendOfAnOwnCode: it was not kept, so it has to be given again, and be the same.
func TestResendOfAnOwnCode(t *testing.T) {
	w := newWorld(t)
	in := input()
	in.Own = "7141-9926"
	first := w.request(in)
	id := first.Answer.Challenge
	if first.Send.Code != in.Own || first.Send.Vars[0] != in.Own || !first.Due.Equal(first.Answer.ExpiresAt) {
		t.Errorf("send %+v, due %v: want the own code and no further step", first.Send, first.Due)
	}
	w.wait(30 * time.Second)
	out, err := w.kept().Resend(w.k, w.p, id, "", w.now)
	w.refuse(out, err, Error{Code: CodeRequired})
	out, err = w.kept().Resend(w.k, w.p, id, "7141-9927", w.now)
	w.guessed(out, err, ledger.OTPFailed)
	out, err = w.kept().Resend(w.k, w.p, id, in.Own, w.now)
	if err != nil || out.Send.Code != in.Own || out.Send.Number != 2 {
		t.Fatalf("resend: %+v %v", out, err)
	}
	w.verifies(id, "7141-992", VerifyAnswer{Result: Wrong, AttemptsLeft: 4})
	w.verifies(id, in.Own, VerifyAnswer{Result: OK, AttemptsLeft: 4})
}

// TestGuessByResend: another own code is a wrong code, and the subject is locked by as many as by verify.
func TestGuessByResend(t *testing.T) {
	w := newWorld(t)
	in := input()
	in.Own = "7141-9926"
	id := w.request(in).Answer.Challenge
	w.wait(30 * time.Second)
	for range 2 {
		w.verify(id, "wrong")
	}
	for i := 3; i < 6; i++ {
		out, err := w.kept().Resend(w.k, w.p, id, "7141-9927", w.now)
		if i < 5 {
			w.guessed(out, err, ledger.OTPFailed)
		} else {
			w.guessed(out, err, ledger.OTPFailed, ledger.OTPLocked)
		}
		if ch := w.s.find(id); w.s.Failures != i || ch.Tries != 2 || ch.Sends != 1 || out.Events[0].Left != 3 {
			t.Fatalf("guess %d: %d failures, %d tries, %d sends, %+v", i, w.s.Failures, ch.Tries, ch.Sends, out.Events[0])
		}
	}
	out, err := w.kept().Resend(w.k, w.p, id, in.Own, w.now)
	w.refuse(out, err, Error{Code: LockedOut, RetryAfter: 60}, ledger.OTPBlocked)
	w.verifies(id, in.Own, VerifyAnswer{Result: Locked, AttemptsLeft: 3, RetryAfter: 60})
	w.wait(time.Minute)
	w.verifies(id, in.Own, VerifyAnswer{Result: OK, AttemptsLeft: 3})
}

// TestResendJustBeforeTheEnd: with ten seconds left the code is sent, and with less it is not, nor is a resend promised.
func TestResendJustBeforeTheEnd(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	id := first.Answer.Challenge
	w.wait(5*time.Minute - 10*time.Second)
	late := w.s.Clone()
	w.resend(id)
	out, err := late.Resend(w.k, w.p, id, "", w.now.Add(time.Millisecond))
	w.refuse(out, err, Error{Code: NotLive})
	if got, _ := late.Status(w.p, id, w.now.Add(time.Millisecond)); got.State != Live || got.ResendAfter != -1 {
		t.Errorf("%+v", got)
	}
	in := input()
	in.Life = 39 * time.Second
	w = newWorld(t)
	if got := w.request(in).Answer.ResendAfter; got != -1 {
		t.Errorf("of 39 s life, a resend is promised after %d", got)
	}
	in.Life = 40 * time.Second
	w = newWorld(t)
	if got := w.request(in).Answer.ResendAfter; got != 30 {
		t.Errorf("of 40 s life, a resend is promised after %d", got)
	}
}

// TestTestNumber: nothing goes out, resend works without the code, no step is taken, and the time asks for the send as long as it
// was not told.
func TestTestNumber(t *testing.T) {
	w := newWorld(t)
	in := input()
	in.Own, in.Test = "000000", true
	first := w.request(in)
	id := first.Answer.Challenge
	w.wait(time.Minute)
	if out := w.due(id); out.Changed || out.Send == nil || !out.Send.Test || out.Send.Number != 1 {
		t.Errorf("before anything is told: %+v", out)
	}
	again := w.resend(id)
	if !first.Send.Test || !again.Send.Test || again.Send.Number != 2 {
		t.Errorf("sends %+v, %+v", first.Send, again.Send)
	}
	w.told(id, 2, Sent, "test")
	w.told(id, 2, Delivered, "test")
	if out := w.due(id); out.Send != nil || !out.Due.Equal(first.Answer.ExpiresAt) {
		t.Errorf("after it was told: %+v", out)
	}
	answer, out := w.verify(id, "000000")
	if answer.Result != OK || out.Events[0].SMSC != "test" {
		t.Errorf("%+v %+v", answer, out.Events)
	}
}

// TestResendAvoidsNothing: after a failure the workflow has tried the other routes, and what avoids them all goes by none.
func TestResendAvoidsNothing(t *testing.T) {
	for _, fate := range []Fate{Sent, Delivered, Failed} {
		w := newWorld(t)
		w.p.Workflow = w.p.Workflow[:2]
		id := w.request(input()).Answer.Challenge
		w.told(id, 1, Sent, "sim-a")
		w.told(id, 1, fate, "sim-a")
		w.wait(time.Minute)
		if out := w.resend(id); out.Send.Avoid != nil || out.Send.Webhook != "" {
			t.Errorf("after %s: %+v", fate, out.Send)
		}
	}
}
