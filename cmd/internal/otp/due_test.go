package otp

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TestWorkflowByTime: best, next, webhook, the end; each as long after the one before as its step says.
func TestWorkflowByTime(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	id := first.Answer.Challenge
	w.told(id, 1, Sent, "sim-a")
	w.wait(30*time.Second - time.Millisecond)
	if out := w.due(id); out.Changed || out.Send != nil || !out.Due.Equal(first.Due) {
		t.Errorf("a millisecond early: %+v", out)
	}
	w.wait(time.Millisecond)
	out := w.due(id)
	w.happened(out, ledger.OTPFellBack)
	if s, e := out.Send, out.Events[0]; s.Number != 2 || s.Code != first.Send.Code || !reflect.DeepEqual(s.Avoid, []sms.SMSCID{"sim-a"}) ||
		s.Webhook != "" || s.Vars[1] != "4" || e.Send != 2 || e.Route != "next" || !out.Due.Equal(w.now.Add(30*time.Second)) {
		t.Errorf("the second step: %+v %+v, due %v", s, e, out.Due)
	}
	w.told(id, 2, Sent, "sim-b")
	w.wait(31 * time.Second)
	out = w.due(id)
	if s, e := out.Send, out.Events[0]; s.Number != 3 || s.Webhook != "voice" || s.Avoid != nil || e.Route != "voice" ||
		!out.Due.Equal(first.Answer.ExpiresAt) {
		t.Errorf("the third step: %+v %+v, due %v", s, e, out.Due)
	}
	w.told(id, 3, Sent, "")
	w.wait(2 * time.Minute)
	if out := w.due(id); out.Changed || out.Send != nil || !out.Due.Equal(first.Answer.ExpiresAt) {
		t.Errorf("after the last step: %+v", out)
	}
	w.now = first.Answer.ExpiresAt
	out = w.due(id)
	w.happened(out, ledger.OTPExpired)
	if out.Send != nil || !out.Due.IsZero() {
		t.Errorf("the end: %+v", out)
	}
	if again := w.due(id); !reflect.DeepEqual(again, Outcome{}) {
		t.Errorf("a second end: %+v", again)
	}
}

// TestNoFurtherStep: what stands in the way of one.
func TestNoFurtherStep(t *testing.T) {
	for what, change := range map[string]func(*world, ChallengeID){
		"delivered":                   func(w *world, id ChallengeID) { w.told(id, 1, Delivered, "sim-a") },
		"no sends left":               func(w *world, id ChallengeID) { w.p.Sends = 1 },
		"no step left":                func(w *world, id ChallengeID) { w.p.Workflow = w.p.Workflow[:1] },
		"no workflow any more":        func(w *world, id ChallengeID) { w.p.Workflow = nil },
		"verified":                    func(w *world, id ChallengeID) { w.s.find(id).State = Verified },
		"no tries left":               func(w *world, id ChallengeID) { w.s.find(id).State = Exhausted },
		"cancelled":                   func(w *world, id ChallengeID) { w.s.Cancel(w.p, id, w.now) },
		"expired, and nobody said so": func(w *world, id ChallengeID) { w.wait(10 * time.Minute) },
	} {
		w := newWorld(t)
		id := w.request(input()).Answer.Challenge
		w.told(id, 1, Sent, "sim-a")
		w.wait(40 * time.Second)
		change(w, id)
		if out := w.told(id, 1, Failed, "sim-a"); out.Send != nil || out.Events != nil {
			t.Errorf("%s: told of a failure, it made %+v", what, out)
		}
		if out := w.due(id); out.Send != nil {
			t.Errorf("%s: its time made %+v", what, out)
		}
	}
}

// TestFailureTakesTheNextStepAtOnce, once for each send.
func TestFailureTakesTheNextStepAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.request(input()).Answer.Challenge
	w.told(id, 1, Sent, "sim-a")
	w.wait(3 * time.Second)
	out := w.told(id, 1, Failed, "sim-a")
	w.happened(out, ledger.OTPFellBack)
	if !out.Changed || out.Send.Number != 2 || !reflect.DeepEqual(out.Send.Avoid, []sms.SMSCID{"sim-a"}) || !out.Due.Equal(w.now.Add(30*time.Second)) {
		t.Errorf("%+v %+v", out, out.Send)
	}
	again := w.told(id, 1, Failed, "sim-a")
	if again.Changed || again.Events != nil || !reflect.DeepEqual(again.Send, out.Send) || !again.Due.Equal(out.Due) {
		t.Errorf("told again it gave %+v %+v, want the same send and no change", again, again.Send)
	}
	w.told(id, 2, Sent, "sim-b")
	if again = w.told(id, 1, Failed, "sim-a"); again.Changed || again.Send != nil {
		t.Errorf("told again after the second went out: %+v", again)
	}
	out = w.told(id, 2, Failed, "sim-b")
	if out.Send.Number != 3 || out.Send.Webhook != "voice" {
		t.Errorf("%+v", out.Send)
	}
	out = w.told(id, 3, Failed, "")
	if out.Send != nil || !out.Changed || out.Events != nil {
		t.Errorf("after the last step: %+v", out)
	}
	w.wait(2 * time.Minute)
	if out := w.resend(id); out.Send.Number != 4 || out.Send.Webhook != "" || out.Send.Avoid != nil {
		t.Errorf("resend %+v", out.Send)
	}
}

// TestHeal: as long as nobody says what became of the newest send, its time gives it again, the same.
func TestHeal(t *testing.T) {
	w := newWorld(t)
	w.p.Sends = 5
	first := w.request(input())
	id := first.Answer.Challenge
	same := func(what string, want *Send) {
		t.Helper()
		w.wait(1234 * time.Millisecond)
		out := w.due(id)
		if out.Changed || out.Events != nil || out.Send == nil {
			t.Fatalf("%s: %+v", what, out)
		}
		out.Send.Life = want.Life
		if !reflect.DeepEqual(out.Send, want) {
			t.Errorf("%s: another send:\n%+v\n%+v", what, out.Send, want)
		}
	}
	same("the first", first.Send)
	w.told(id, 1, Sent, "sim-a")
	if out := w.due(id); out.Send != nil {
		t.Errorf("told sent, it was given again: %+v", out.Send)
	}
	w.wait(30 * time.Second)
	second := w.due(id).Send
	same("the second", second)
	w.told(id, 1, Sent, "sim-b") // of the one before: says nothing of the second
	same("the second, again", second)
	w.wait(30 * time.Second)
	same("the webhook", w.due(id).Send)
	w.wait(2 * time.Minute)
	resent := w.resend(id).Send
	same("the resend", resent)
	w.told(id, 1, Delivered, "sim-a") // of an earlier one: whoever asked again may not have it
	same("the resend, again", resent)
	w.told(id, 4, Delivered, "sim-a")
	if out := w.due(id); out.Send != nil {
		t.Errorf("told delivered, it was given again: %+v", out.Send)
	}
}

// TestResendAfterDelivered: what became of an earlier send says nothing of the newest.
func TestResendAfterDelivered(t *testing.T) {
	w := newWorld(t)
	id := w.request(input()).Answer.Challenge
	w.told(id, 1, Delivered, "sim-a")
	w.wait(40 * time.Second)
	resent := w.resend(id)
	if !resent.Due.Equal(w.now.Add(30 * time.Second)) {
		t.Errorf("due %v after the resend, want the step's end", resent.Due.Sub(w.now))
	}
	if out := w.due(id); !reflect.DeepEqual(out.Send, resent.Send) {
		t.Errorf("the lost resend is not given again: %+v", out)
	}
	out := w.told(id, 2, Failed, "sim-a")
	w.happened(out, ledger.OTPFellBack)
	if got, _ := w.kept().Status(w.p, id, w.now); !got.Delivered {
		t.Error("one of its sends was delivered, and its standing does not say so")
	}
	w.told(id, 3, Delivered, "sim-b")
	w.wait(time.Minute)
	if out := w.due(id); out.Send != nil {
		t.Errorf("the newest was delivered, and then: %+v", out)
	}
}

// TestDeliveredLate: the first text arrives when the second is on its way, and nobody is called.
func TestDeliveredLate(t *testing.T) {
	w := newWorld(t)
	id := w.request(input()).Answer.Challenge
	w.told(id, 1, Sent, "sim-a")
	w.wait(30 * time.Second)
	w.happened(w.due(id), ledger.OTPFellBack)
	w.told(id, 2, Sent, "sim-b")
	w.told(id, 1, Delivered, "sim-a")
	w.wait(time.Minute)
	if out := w.due(id); out.Send != nil {
		t.Errorf("it has arrived, and then: %+v", out.Send)
	}
}

// TestWebhookIsGivenAgainByTheTimeOnly: a webhook may be on its way yet when the failure before it is told again.
func TestWebhookIsGivenAgainByTheTimeOnly(t *testing.T) {
	w := newWorld(t)
	w.p.Workflow = []Step{w.p.Workflow[0], w.p.Workflow[2]}
	id := w.request(input()).Answer.Challenge
	first := w.told(id, 1, Failed, "sim-a")
	if first.Send == nil || first.Send.Webhook != "voice" {
		t.Fatalf("%+v", first)
	}
	if again := w.told(id, 1, Failed, "sim-a"); again.Send != nil || again.Changed || !again.Due.Equal(first.Due) {
		t.Errorf("told again: %+v", again)
	}
	if healed := w.due(id); !reflect.DeepEqual(healed.Send, first.Send) {
		t.Errorf("its time: %+v", healed)
	}
}

// TestNothingIsSentJustBeforeTheEnd: with less than ten seconds left no step is taken and nothing is given again, and the time is
// not asked for before the end.
func TestNothingIsSentJustBeforeTheEnd(t *testing.T) {
	for what, tt := range map[string]struct {
		life  time.Duration
		after time.Duration // when the time comes, which may be late
		sends bool
	}{
		"ten seconds left":          {40 * time.Second, 30 * time.Second, true},
		"less, by the workflow":     {40*time.Second - time.Millisecond, 30 * time.Second, false},
		"less, the time being late": {time.Minute, 50*time.Second + time.Millisecond, false},
	} {
		in := input()
		in.Life = tt.life
		w := newWorld(t)
		first := w.request(in)
		id := first.Answer.Challenge
		if fits := tt.life >= 40*time.Second; first.Due.Equal(first.Answer.ExpiresAt) == fits {
			t.Errorf("%s: due %v", what, first.Due)
		}
		w.wait(tt.after)
		lost := w.s.Clone().Due(w.k, w.p, id, w.now)
		failed := w.told(id, 1, Failed, "sim-a")
		if (lost.Send != nil) != tt.sends || (failed.Send != nil) != tt.sends || len(failed.Events) > 0 != tt.sends {
			t.Errorf("%s: its time gives %+v, a failure %+v; want a send: %v", what, lost, failed, tt.sends)
		}
		if !tt.sends && (!lost.Due.Equal(first.Answer.ExpiresAt) || !failed.Due.Equal(first.Answer.ExpiresAt)) {
			t.Errorf("%s: due %v and %v, want the end", what, lost.Due, failed.Due)
		}
	}
}

// TestResendGivesTheStepItsTimeAgain and takes none.
func TestResendGivesTheStepItsTimeAgain(t *testing.T) {
	w := newWorld(t)
	w.p.Cooldown = []time.Duration{10 * time.Second}
	id := w.request(input()).Answer.Challenge
	w.wait(20 * time.Second)
	if out := w.resend(id); !out.Due.Equal(w.now.Add(30 * time.Second)) {
		t.Errorf("due %v after the resend", out.Due.Sub(w.now))
	}
	w.wait(29 * time.Second)
	if out := w.due(id); out.Changed {
		t.Errorf("a step was taken early: %+v", out)
	}
	w.wait(time.Second)
	if out := w.due(id); out.Send.Number != 3 || out.Events[0].Route != "next" {
		t.Errorf("%+v", out.Send)
	}
}

// TestToldInAnyOrder: the last SMSC is the one that took the newest send; there are at most eight.
func TestToldInAnyOrder(t *testing.T) {
	type word struct {
		send int
		fate Fate
		smsc sms.SMSCID
	}
	for what, tt := range map[string]struct {
		words     []word
		want      []sms.SMSCID
		delivered bool
	}{
		"in order":        {[]word{{1, Sent, "a"}, {2, Sent, "b"}}, []sms.SMSCID{"a", "b"}, false},
		"the older later": {[]word{{2, Sent, "b"}, {1, Sent, "a"}}, []sms.SMSCID{"a", "b"}, false},
		"the older twice": {[]word{{1, Sent, "a"}, {2, Sent, "b"}, {1, Sent, "a"}}, []sms.SMSCID{"a", "b"}, false},
		"the same again":  {[]word{{1, Sent, "a"}, {2, Sent, "b"}, {3, Sent, "a"}}, []sms.SMSCID{"b", "a"}, false},
		"delivered first": {[]word{{1, Delivered, "a"}, {1, Sent, "a"}}, []sms.SMSCID{"a"}, true},
		"delivered older": {[]word{{1, Sent, "a"}, {2, Sent, "b"}, {1, Delivered, "a"}}, []sms.SMSCID{"a", "b"}, true},
		"another took it": {[]word{{1, Sent, "a"}, {1, Sent, "b"}}, []sms.SMSCID{"a", "b"}, false},
		"failed first":    {[]word{{2, Failed, "a"}, {2, Sent, "a"}}, []sms.SMSCID{"a"}, false}, // it had it, and is to be avoided
		"without an SMSC": {[]word{{1, Sent, ""}, {1, Delivered, ""}}, nil, true},
		"no such send":    {[]word{{0, Sent, "a"}, {-1, Delivered, "a"}, {4, Delivered, "a"}}, nil, false},
		"an unknown fate": {[]word{{1, "expired", ""}}, nil, false},
		"nine": {[]word{{1, Sent, "a"}, {1, Sent, "b"}, {1, Sent, "c"}, {1, Sent, "d"}, {1, Sent, "e"}, {1, Sent, "f"}, {1, Sent, "g"},
			{1, Sent, "h"}, {1, Sent, "i"}}, []sms.SMSCID{"b", "c", "d", "e", "f", "g", "h", "i"}, false},
	} {
		w := newWorld(t)
		w.p.Workflow = nil
		id := w.request(input()).Answer.Challenge
		for range 2 {
			w.wait(time.Minute)
			w.resend(id)
		}
		for _, x := range tt.words {
			w.told(id, x.send, x.fate, x.smsc)
			if again := w.told(id, x.send, x.fate, x.smsc); again.Changed {
				t.Errorf("%s: the same word changed something twice", what)
			}
		}
		if ch := w.s.find(id); !reflect.DeepEqual(ch.SMSCs, tt.want) || (ch.Delivered > 0) != tt.delivered || ch.State != Live {
			t.Errorf("%s: SMSCs %v, delivered %v; want %v, %v", what, ch.SMSCs, ch.Delivered, tt.want, tt.delivered)
		}
	}
}

// TestToldChangesNoClone: the list of SMSCs is another one after each word, even where there is room behind the one before.
func TestToldChangesNoClone(t *testing.T) {
	w := newWorld(t)
	w.p.Workflow = nil
	id := w.request(input()).Answer.Challenge
	w.wait(time.Minute)
	w.resend(id)
	w.told(id, 2, Sent, "sim-a")
	w.told(id, 2, Sent, "sim-b")
	for _, word := range []struct {
		send int
		smsc sms.SMSCID
	}{{2, "sim-a"}, {2, "sim-c"}, {1, "sim-d"}} {
		kept := w.kept()
		giveRoom(kept)
		before := slices.Clone(kept.find(id).SMSCs)
		out := kept.Clone().Told(w.k, w.p, id, word.send, Sent, word.smsc, w.now)
		if !out.Changed || !reflect.DeepEqual(kept.find(id).SMSCs, before) || !isRoomFree(kept) {
			t.Errorf("send %d by %s: changed %v, and a clone's SMSCs became %v", word.send, word.smsc, out.Changed, kept.find(id).SMSCs)
		}
	}
}

// TestToldAfterTheEnd notes what it hears and changes no state.
func TestToldAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	id := first.Answer.Challenge
	w.verify(id, first.Send.Code)
	out := w.told(id, 1, Delivered, "sim-a")
	if !out.Changed || out.Send != nil || out.Events != nil || !out.Due.IsZero() {
		t.Errorf("%+v", out)
	}
	if ch := w.s.find(id); ch.State != Verified || ch.Delivered != 1 || len(ch.SMSCs) != 1 {
		t.Errorf("%+v", ch)
	}
	if out = w.told(id, 1, Failed, "sim-a"); out.Send != nil || w.s.find(id).State != Verified {
		t.Errorf("a failure after the end: %+v", out)
	}
}

// TestTTL: as long as anything counts.
func TestTTL(t *testing.T) {
	w := newWorld(t)
	w.p.Lock = []time.Duration{48 * time.Hour}
	if got := w.s.TTL(w.now); got != time.Second {
		t.Errorf("an empty subject for %v", got)
	}
	first := w.request(input())
	if got, want := w.s.TTL(w.now), time.Hour; got != want {
		t.Errorf("a send for %v, want %v", got, want)
	}
	verified := w.s.Clone()
	verified.Verify(w.k, w.p, first.Answer.Challenge, first.Send.Code, w.now)
	if got, want := verified.TTL(w.now), 5*time.Minute+keptFor; got != want {
		t.Errorf("a challenge for %v, want %v", got, want)
	}
	w.wait(1500 * time.Millisecond)
	w.verify(first.Answer.Challenge, "wrong")
	if got, want := w.s.TTL(w.now), 24*time.Hour; got != want {
		t.Errorf("a failure for %v, want %v", got, want)
	}
	w.wait(500 * time.Millisecond)
	if got, want := w.s.TTL(w.now), 24*time.Hour; got != want {
		t.Errorf("half a second later for %v, want %v", got, want)
	}
	for range 4 {
		w.verify(first.Answer.Challenge, "wrong")
	}
	if got, want := w.s.TTL(w.now), 72*time.Hour; got != want {
		t.Errorf("a lock for %v, want %v: the failures are remembered for a day more", got, want)
	}
	w.s.Failures = 99
	w.wait(48 * time.Hour)
	w.fail(1)
	if got, want := w.s.TTL(w.now), 31*24*time.Hour; got != want {
		t.Errorf("the hundredth failure for %v, want %v", got, want)
	}
	w.wait(31 * 24 * time.Hour)
	if got := w.s.TTL(w.now); got != time.Second {
		t.Errorf("long after all of it for %v", got)
	}
}

// TestWhoBroughtIt: a right code is put to the SMSC that got it there first, whoever had a later send.
func TestWhoBroughtIt(t *testing.T) {
	w := newWorld(t)
	first := w.request(input())
	id := first.Answer.Challenge
	w.told(id, 1, Sent, "sim-a")
	w.wait(time.Minute)
	w.resend(id)
	w.told(id, 2, Sent, "sim-b")
	w.told(id, 1, Delivered, "sim-a")
	_, out, fault := w.s.Verify(w.k, w.p, id, first.Send.Code, w.now)
	if fault != nil || len(out.Events) != 1 || out.Events[0].SMSC != "sim-a" {
		t.Errorf("verified: %+v, %v; want by sim-a", out.Events, fault)
	}
}
