package otp

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// model is what a subject is as one would write it down without care for what is kept: everything that ever was, and one
// flag for each thing that can have happened. No rule is taken from the code under test.
type model struct {
	k          *Keyring
	p          *Policy
	s          *Subject
	now        time.Time
	all        []*modelChallenge // as they came
	wrongs     []time.Time       // wrong codes since the last right one that are remembered
	inARow     []time.Time       // sends since the last right code, none an hour after the one before
	lockEnds   time.Time
	forgetAt   time.Time // what is kept may be gone from here on: the TTL of the last change
	idempotent map[string]*modelChallenge
}

type modelChallenge struct {
	id       ChallengeID
	code     sms.Secret
	in       *Input
	made     time.Time
	dies     time.Time
	end      Result // what a code is told that comes after the end; empty: it has not ended
	ending   int    // how many events said that it ended
	wrong    int
	sends    []time.Time
	told     int
	arrived  int // the newest send that was delivered
	asked    int // the newest send that was requested or resent
	step     int
	stepFrom time.Time
	resent   bool // the newest send is a resend
}

func (m *model) newest() *modelChallenge { return m.all[len(m.all)-1] }

// known are the challenges that a subject must still know.
func (m *model) known() []*modelChallenge { return m.all[max(0, len(m.all)-4):] }

func (m *model) lives(c *modelChallenge) bool { return c.end == "" && m.now.Before(c.dies) }

func (m *model) isLocked() bool { return m.now.Before(m.lockEnds) }

// dying says that a code would be over before it is read.
func (m *model) dying(c *modelChallenge) bool { return m.now.Add(10 * time.Second).After(c.dies) }

const day = 24 * time.Hour

// remember forgets wrong codes a day after the last one or, where it locked, after that; and sends after an hour.
func (m *model) remember() {
	if n := len(m.wrongs); n > 0 && m.now.Sub(m.wrongs[n-1]) >= day && m.now.Sub(m.lockEnds) >= day {
		m.wrongs = nil
	}
	if n := len(m.inARow); n > 0 && m.now.Sub(m.inARow[n-1]) >= time.Hour {
		m.inARow = nil
	}
}

// strike notes a wrong code, and says whether it locks: each so many of them do, and from the 100th on each for 30 days.
func (m *model) strike() bool {
	m.wrongs = append(m.wrongs, m.now)
	rungs, rest := len(m.wrongs)/m.p.LockAfter, len(m.wrongs)%m.p.LockAfter
	if rest == 0 {
		m.lockEnds = m.now.Add(m.p.Lock[min(rungs, len(m.p.Lock))-1])
	}
	if month := m.now.Add(30 * day); len(m.wrongs) >= 100 && month.After(m.lockEnds) {
		m.lockEnds = month
	}
	return m.isLocked()
}

// coolUntil is when another send may be asked for.
func (m *model) coolUntil() time.Time {
	n := len(m.inARow)
	if n == 0 {
		return time.Time{}
	}
	return m.inARow[n-1].Add(m.p.Cooldown[min(n, len(m.p.Cooldown))-1])
}

// stepEnds is when the workflow goes on; false: it does not.
func (m *model) stepEnds(c *modelChallenge) (time.Time, bool) {
	if !m.lives(c) || m.dying(c) || c.arrived >= c.asked || c.in.Own != "" || len(c.sends) >= m.p.Sends || c.step+1 >= len(m.p.Workflow) {
		return time.Time{}, false
	}
	return c.stepFrom.Add(m.p.Workflow[c.step].Wait), true
}

// call checks that JSON changes nothing, calls with a clone, and checks what holds after any call.
func (m *model) call(t *rapid.T, what string, do func(s *Subject) (Outcome, *Error)) (Outcome, *Error) {
	m.remember()
	kept := throughJSON(t, m.s)
	giveRoom(kept)
	work := kept.Clone()
	out, err := do(work)
	if !reflect.DeepEqual(m.s, kept) || !isRoomFree(kept) {
		t.Fatalf("%s: what a clone shares was changed", what)
	}
	if err != nil && err.Code != BadRequest && out.Changed {
		t.Fatalf("%s: refused with %v, and the subject is to be kept", what, err)
	}
	if !out.Changed && err == nil && !reflect.DeepEqual(kept, work) {
		t.Fatalf("%s: the subject changed and is not to be kept", what)
	}
	if out.Changed {
		m.s, m.forgetAt = throughJSON(t, work), m.now.Add(work.TTL(m.now))
	}
	for _, e := range out.Events {
		m.take(t, e)
	}
	if len(m.s.Challenges) > 4 {
		t.Fatalf("%s: %d challenges are kept", what, len(m.s.Challenges))
	}
	return out, err
}

func throughJSON(t *rapid.T, s *Subject) *Subject {
	data, err := json.Marshal(s)
	out := new(Subject)
	if err := errors.Join(err, json.Unmarshal(data, out)); err != nil || !reflect.DeepEqual(s, out) {
		t.Fatalf("through JSON (%v):\n%+v\n%+v", err, s, out)
	}
	return out
}

// giveRoom makes room behind all slices of challenges, which a clone shares, and marks it.
func giveRoom(s *Subject) {
	for i := range s.Challenges {
		ch := &s.Challenges[i]
		for _, list := range []*[]byte{&ch.Own, &ch.Sealed, &ch.Request, &ch.Call} {
			*list = roomy(*list, 0xaa)
		}
		ch.SMSCs, ch.Avoid = roomy(ch.SMSCs, "mark"), roomy(ch.Avoid, "mark")
	}
}

func roomy[T any](list []T, mark T) []T {
	if list == nil {
		return nil
	}
	return append(slices.Clone(list), mark)[:len(list)]
}

// isRoomFree says whether the marks are there yet.
func isRoomFree(s *Subject) bool {
	for _, ch := range s.Challenges {
		for _, list := range [][]byte{ch.Own, ch.Sealed, ch.Request, ch.Call} {
			if list != nil && list[:len(list)+1][len(list)] != 0xaa {
				return false
			}
		}
		for _, list := range [][]sms.SMSCID{ch.SMSCs, ch.Avoid} {
			if list != nil && list[:len(list)+1][len(list)] != "mark" {
				return false
			}
		}
	}
	return true
}

// take checks that a challenge ends once, by what its events say.
func (m *model) take(t *rapid.T, e ledger.OTP) {
	if e.Tenant != tenant || e.Purpose != string(Login) || e.Requested.IsZero() {
		t.Fatalf("event %+v", e)
	}
	switch e.Event {
	case ledger.OTPVerified, ledger.OTPExpired, ledger.OTPCancelled:
		for _, c := range m.all {
			if string(c.id) == e.Challenge {
				if c.ending++; c.ending > 1 {
					t.Fatalf("%s ends a second time: %+v", c.id, e)
				}
			}
		}
	}
}

func (m *model) Request(t *rapid.T) {
	in := input()
	in.ID = newID(m.k)
	in.RequestID = rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "request id")
	in.Vars[2] = rapid.SampledFrom([]string{"x", "x", "x", "y"}).Draw(t, "variable")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1:
		in.Own = rapid.SampledFrom([]sms.Secret{"own-1", "own-2"}).Draw(t, "own code")
	case 2:
		in.Own, in.Test = "000000", true
	}
	former := m.idempotent[in.RequestID]
	if in.RequestID == "" && len(m.all) > 0 && rapid.IntRange(0, 9).Draw(t, "the call again") == 0 {
		former = rapid.SampledFrom(m.known()).Draw(t, "call")
		in.ID = former.id
	}
	if former != nil && !slices.Contains(m.known(), former) {
		former = nil
	}
	var live *modelChallenge
	if len(m.all) > 0 && m.lives(m.newest()) {
		live = m.newest()
	}
	m.remember()
	cooling := live != nil && m.now.Before(m.coolUntil())
	again := former
	if again == nil && cooling && live.in.Vars[2] == in.Vars[2] && live.in.Test == in.Test &&
		(in.Own == "" && live.in.Own == "" || in.Test) && !m.isLocked() {
		again = live
	}
	out, err := m.call(t, "request", func(s *Subject) (Outcome, *Error) { return s.Request(m.k, m.p, in, m.now) })
	switch {
	case again != nil:
		m.sameSend(t, again, in.Own, out, err)
	case m.isLocked():
		m.refused(t, out, err, LockedOut, m.lockEnds.Sub(m.now), true)
	case cooling:
		m.refused(t, out, err, Cooldown, m.coolUntil().Sub(m.now), true)
	default:
		m.isNew(t, in, live, out, err)
	}
}

// sameSend checks an answer with a challenge that is there already.
func (m *model) sameSend(t *rapid.T, c *modelChallenge, own sms.Secret, out Outcome, err *Error) {
	if err != nil || out.Changed || len(out.Events) > 0 || out.Answer.Challenge != c.id {
		t.Fatalf("the same request again: %+v %v, want %s", out, err, c.id)
	}
	gives := m.lives(c) && (c.in.Own == "" || c.in.Test || own == c.in.Own)
	if (out.Send != nil) != gives || gives && (out.Send.Number != len(c.sends) || out.Send.Code != c.code && !c.in.Test) {
		t.Fatalf("the same request again sends %+v, want send %d: %v", out.Send, len(c.sends), gives)
	}
}

func (m *model) isNew(t *rapid.T, in *Input, live *modelChallenge, out Outcome, err *Error) {
	if err != nil || !out.Changed || out.Send == nil || out.Send.Number != 1 || out.Send.Challenge != in.ID || out.Answer.Challenge != in.ID {
		t.Fatalf("request: %+v %v", out, err)
	}
	if in.Own != "" && out.Send.Code != in.Own || in.Own == "" && len(out.Send.Code) != m.p.Length {
		t.Fatalf("a code of %d symbols", len(out.Send.Code))
	}
	if live != nil {
		live.end = Expired
	} else if len(m.all) > 0 && m.newest().end == "" {
		m.newest().end = Expired
	}
	m.inARow = append(m.inARow, m.now)
	c := &modelChallenge{id: out.Answer.Challenge, code: out.Send.Code, in: in, made: m.now, dies: m.now.Add(m.p.Life),
		sends: []time.Time{m.now}, asked: 1, stepFrom: m.now}
	m.all = append(m.all, c)
	if in.RequestID != "" {
		m.idempotent[in.RequestID] = c
	}
	m.nextCall(t, c, out)
}

// nextCall checks when an outcome wants Due to be called.
func (m *model) nextCall(t *rapid.T, c *modelChallenge, out Outcome) {
	want := time.Time{}
	if c.end == "" {
		want = c.dies
		if end, ok := m.stepEnds(c); ok && !end.Add(10*time.Second).After(c.dies) {
			want = end
		}
	}
	if c.end == "" && !m.lives(c) && !out.Due.IsZero() && !out.Due.After(m.now) {
		return // at once, to end it
	}
	if !out.Due.Equal(want) {
		t.Fatalf("due at %v, want %v", out.Due, want)
	}
}

func (m *model) refused(t *rapid.T, out Outcome, err *Error, code Code, wait time.Duration, blocked bool) {
	seconds := roundUp(wait)
	if err == nil || err.Code != code || err.RetryAfter != seconds || out.Send != nil || out.Answer != nil {
		t.Fatalf("got %+v %v, want %s, %d s", out, err, code, seconds)
	}
	if names := kinds(out.Events); blocked != slices.Contains(names, ledger.OTPBlocked) || len(names) > 1 {
		t.Fatalf("%s has events %v", code, names)
	}
}

func roundUp(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// pick draws a challenge that ever was, mostly a late one; nil where none was.
func (m *model) pick(t *rapid.T) *modelChallenge {
	if len(m.all) == 0 {
		t.Skip("there is no challenge")
	}
	back := rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 3, 4}).Draw(t, "how far back")
	return m.all[max(0, len(m.all)-1-back)]
}

// gone checks that a challenge that is too old is unknown, and says whether it is.
func (m *model) gone(t *rapid.T, c *modelChallenge, err *Error) bool {
	isKnown := slices.Contains(m.known(), c)
	if (err != nil && err.Code == UnknownChallenge) == isKnown {
		t.Fatalf("%s is known: %v, but %v", c.id, isKnown, err)
	}
	return !isKnown
}

func (m *model) Resend(t *rapid.T) {
	c := m.pick(t)
	own := rapid.SampledFrom([]sms.Secret{"", c.in.Own, "own-1", "own-2"}).Draw(t, "own code")
	out, err := m.call(t, "resend", func(s *Subject) (Outcome, *Error) { return s.Resend(m.k, m.p, c.id, own, m.now) })
	switch {
	case m.gone(t, c, err):
	case !m.lives(c) || m.dying(c):
		m.refused(t, out, err, NotLive, 0, false)
	case m.isLocked():
		m.refused(t, out, err, LockedOut, m.lockEnds.Sub(m.now), true)
	case len(c.sends) >= m.p.Sends:
		m.refused(t, out, err, TooManySends, 0, true)
	case m.now.Before(m.coolUntil()):
		m.refused(t, out, err, Cooldown, m.coolUntil().Sub(m.now), true)
	case c.in.Own != "" && !c.in.Test && own == "":
		m.refused(t, out, err, CodeRequired, 0, false)
	case c.in.Own != "" && !c.in.Test && own != c.in.Own:
		m.guessed(t, out, err)
	default:
		c.asked = len(c.sends) + 1
		if m.sent(t, c, out, ledger.OTPResent, err); len(out.Send.Avoid) > 0 {
			t.Fatalf("a resend avoids %v", out.Send.Avoid)
		}
	}
}

// guessed checks a resend with another own code: it is a guess.
func (m *model) guessed(t *rapid.T, out Outcome, err *Error) {
	want := []ledger.OTPEvent{ledger.OTPFailed}
	if m.strike() {
		want = append(want, ledger.OTPLocked)
	}
	if err == nil || err.Code != BadRequest || !out.Changed || out.Send != nil || !slices.Equal(kinds(out.Events), want) {
		t.Fatalf("a resend with another code: %+v %v, want events %v", out, err, want)
	}
}

// sent checks a further send of a challenge, and counts it.
func (m *model) sent(t *rapid.T, c *modelChallenge, out Outcome, event ledger.OTPEvent, err *Error) {
	m.inARow = append(m.inARow, m.now)
	c.sends, c.stepFrom = append(c.sends, m.now), m.now
	if err != nil || !out.Changed || out.Send == nil || out.Send.Number != len(c.sends) || !c.in.Test && out.Send.Code != c.code ||
		!reflect.DeepEqual(kinds(out.Events), []ledger.OTPEvent{event}) {
		t.Fatalf("%s: %+v %v, want send %d", event, out, err, len(c.sends))
	}
	if len(c.sends) > m.p.Sends || !m.now.Add(out.Send.Life).Equal(c.dies) {
		t.Fatalf("send %d of %d, for %v", len(c.sends), m.p.Sends, out.Send.Life)
	}
	if c.resent = event == ledger.OTPResent; (out.Send.Webhook != "") != m.byWebhook(c) || m.dying(c) {
		t.Fatalf("a send by %q for %v", out.Send.Webhook, out.Send.Life)
	}
	m.nextCall(t, c, out)
}

func (m *model) VerifyRight(t *rapid.T) {
	c := m.pick(t)
	m.verify(t, c, c.code, true)
}

func (m *model) VerifyWrong(t *rapid.T) {
	c := m.pick(t)
	code := rapid.SampledFrom([]sms.Secret{"", "0", "wrong", c.code + "0", c.code[1:], "own-3"}).Draw(t, "code")
	m.verify(t, c, code, code == c.code)
}

func (m *model) verify(t *rapid.T, c *modelChallenge, code sms.Secret, right bool) {
	var got VerifyAnswer
	out, err := m.call(t, "verify", func(s *Subject) (out Outcome, err *Error) {
		got, out, err = s.Verify(m.k, m.p, c.id, code, m.now)
		return out, err
	})
	if code == "" {
		if err == nil || err.Code != BadRequest || !reflect.DeepEqual(out, Outcome{}) {
			t.Fatalf("verify of nothing: %+v %v", out, err)
		}
		return
	}
	if m.gone(t, c, err) {
		return
	}
	lock := 0
	if m.isLocked() {
		lock = roundUp(m.lockEnds.Sub(m.now))
	}
	var want VerifyAnswer
	switch {
	case c.end == Locked:
		want = VerifyAnswer{Result: Locked, RetryAfter: lock}
	case c.end != "":
		want.Result = c.end
	case !m.lives(c):
		c.end, want.Result = Expired, Expired
	case m.isLocked():
		want = VerifyAnswer{Result: Locked, AttemptsLeft: m.p.Tries - c.wrong, RetryAfter: lock}
	case right:
		want = VerifyAnswer{Result: OK, AttemptsLeft: m.p.Tries - c.wrong}
		c.end, m.wrongs, m.lockEnds, m.inARow = Used, nil, time.Time{}, nil
	default:
		c.wrong++
		want = VerifyAnswer{Result: Wrong, AttemptsLeft: m.p.Tries - c.wrong}
		if c.wrong == m.p.Tries {
			c.end = Locked
		}
		m.strike()
	}
	if err != nil || got != want {
		t.Fatalf("verify said %+v %v, want %+v", got, err, want)
	}
	if m.s.failures(m.now) != len(m.wrongs) || c.wrong > m.p.Tries {
		t.Fatalf("%d failures are kept, want %d; %d tries of %d", m.s.Failures, len(m.wrongs), c.wrong, m.p.Tries)
	}
	if got.Result == Wrong {
		m.nextCall(t, c, out)
	}
}

func (m *model) Cancel(t *rapid.T) {
	c := m.pick(t)
	_, err := m.call(t, "cancel", func(s *Subject) (out Outcome, err *Error) {
		_, out, err = s.Cancel(m.p, c.id, m.now)
		return out, err
	})
	if !m.gone(t, c, err) && c.end == "" {
		c.end = Expired
	}
}

func (m *model) Status(t *rapid.T) {
	c := m.pick(t)
	got, err := m.s.Status(m.p, c.id, m.now)
	if m.gone(t, c, err) {
		return
	}
	m.remember()
	left, again, free := 0, -1, m.now
	if m.lives(c) {
		left = m.p.Tries - c.wrong
	}
	for _, until := range []time.Time{m.coolUntil(), m.lockEnds} {
		if until.After(free) {
			free = until
		}
	}
	if m.lives(c) && len(c.sends) < m.p.Sends && c.dies.Sub(free) >= 10*time.Second {
		again = roundUp(free.Sub(m.now))
	}
	if (got.State == Live) != m.lives(c) || got.Sends != len(c.sends) || got.Delivered != (c.arrived > 0) || got.AttemptsLeft != left ||
		got.ResendAfter != again {
		t.Fatalf("status %+v, want %d attempts, a resend after %d", got, left, again)
	}
	// What it promises of a resend holds.
	if at := m.now.Add(time.Duration(again) * time.Second); again >= 0 && c.dies.Sub(at) >= 10*time.Second {
		if _, err := throughJSON(t, m.s).Resend(m.k, m.p, c.id, c.in.Own, at); err != nil {
			t.Fatalf("resend after %d s: %v", got.ResendAfter, err)
		}
	}
}

func (m *model) Told(t *rapid.T) {
	c := m.pick(t)
	fate := rapid.SampledFrom([]Fate{Sent, Delivered, Failed, Failed}).Draw(t, "fate")
	send := rapid.SampledFrom([]int{len(c.sends), len(c.sends), len(c.sends) - 1, len(c.sends) + 1, 1}).Draw(t, "send")
	voice := m.byWebhook(c)
	smsc := rapid.SampledFrom([]sms.SMSCID{"sim-a", "sim-b", "sim-c", ""}).Draw(t, "smsc")
	_, next := m.stepEnds(c)
	out, err := m.call(t, "told", func(s *Subject) (Outcome, *Error) { return s.Told(m.k, m.p, c.id, send, fate, smsc, m.now), nil })
	if !slices.Contains(m.known(), c) || send < 1 || send > len(c.sends) {
		if !reflect.DeepEqual(out, Outcome{}) {
			t.Fatalf("told of nothing: %+v", out)
		}
		return
	}
	c.told = max(c.told, send)
	if fate == Delivered {
		c.arrived = max(c.arrived, send)
	}
	if fate == Failed && send == len(c.sends) && next {
		c.step++
		m.sent(t, c, out, ledger.OTPFellBack, err)
		return
	}
	m.quiet(t, c, out, fate == Failed && send < len(c.sends) && !voice)
}

// byWebhook says whether the newest send of a challenge went to a provider: its first one, and those of the workflow may.
func (m *model) byWebhook(c *modelChallenge) bool {
	return len(m.p.Workflow) > 0 && !c.resent && m.p.Workflow[c.step].Kind == ByWebhook
}

// quiet checks an outcome without events, with the newest send only where nobody has told of it and it is asked for.
func (m *model) quiet(t *rapid.T, c *modelChallenge, out Outcome, heals bool) {
	gives := heals && m.lives(c) && !m.dying(c) && c.told < len(c.sends) && (c.in.Own == "" || c.in.Test)
	if len(out.Events) > 0 || (out.Send != nil) != gives || gives && out.Send.Number != len(c.sends) {
		t.Fatalf("%+v, send %+v, want one: %v", out, out.Send, gives)
	}
	m.nextCall(t, c, out)
}

func (m *model) Due(t *rapid.T) {
	c := m.pick(t)
	if rapid.Bool().Draw(t, "on time") && m.lives(c) {
		m.now = m.s.find(c.id).due(m.p, m.now)
		m.forget()
	}
	end, steps := m.stepEnds(c)
	out, err := m.call(t, "due", func(s *Subject) (Outcome, *Error) { return s.Due(m.k, m.p, c.id, m.now), nil })
	switch {
	case !slices.Contains(m.known(), c) || c.end != "":
		if !reflect.DeepEqual(out, Outcome{}) {
			t.Fatalf("due after the end: %+v", out)
		}
	case !m.lives(c):
		if c.end = Expired; !reflect.DeepEqual(kinds(out.Events), []ledger.OTPEvent{ledger.OTPExpired}) || out.Send != nil {
			t.Fatalf("due at the end: %+v", out)
		}
		m.nextCall(t, c, out)
	case steps && !m.now.Before(end):
		c.step++
		m.sent(t, c, out, ledger.OTPFellBack, err)
	default:
		m.quiet(t, c, out, true)
	}
}

func (m *model) Rotate(t *rapid.T) {
	m.k = map[KeyID]*Keyring{"k1": modelRings[1], "k2": modelRings[0]}[m.k.current]
}

func (m *model) Wait(t *rapid.T) {
	unit := rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, time.Second, 10 * time.Second, time.Minute, time.Hour, day}).Draw(t, "unit")
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "units")) * unit).Truncate(time.Millisecond)
	m.forget()
}

// WaitForAnEnd waits for the moment at which a lock or a cool-down ends or failures are forgotten, or the one before it.
func (m *model) WaitForAnEnd(t *rapid.T) {
	end := rapid.SampledFrom([]time.Time{m.lockEnds, m.lockEnds.Add(day), m.coolUntil()}).Draw(t, "end")
	end = end.Add(-rapid.SampledFrom([]time.Duration{0, time.Millisecond}).Draw(t, "before"))
	if !end.After(m.now) {
		t.Skip("it is past")
	}
	m.now = end
	m.forget()
}

// forget drops what its TTL no longer keeps: nothing that matters may be in it.
func (m *model) forget() {
	if len(m.all) == 0 || m.now.Before(m.forgetAt) {
		return
	}
	if m.remember(); m.lives(m.newest()) || m.isLocked() || len(m.wrongs) > 0 || len(m.inARow) > 0 {
		panic("a subject with a live challenge, a lock, failures or sends may be forgotten")
	}
	m.s, m.all, m.idempotent = &Subject{}, nil, map[string]*modelChallenge{}
}

// Check holds at all times.
func (m *model) Check(t *rapid.T) {
	live := 0
	for i := range m.s.Challenges {
		if ch := &m.s.Challenges[i]; ch.live(m.now) {
			live++
		}
	}
	if live > 1 {
		t.Fatalf("%d challenges are live", live)
	}
}

var modelRings []*Keyring

// TestModel runs any calls at any times against the model: a code verifies once, never after expiry, cancel, a newer challenge or a
// lock; tries and sends never exceed; nothing but a right code or a day resets failures; keys rotate, JSON and TTLs lose nothing.
func TestModel(t *testing.T) {
	modelRings = []*Keyring{keyring(t, "k1"), keyring(t, "k2")}
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(name string, from, to int) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(t, name)) * time.Second
		}
		p := &Policy{Length: rapid.IntRange(8, 10).Draw(t, "length"), Alphabet: rapid.SampledFrom([]Alphabet{Digits, Letters}).Draw(t, "alphabet"),
			Life: seconds("life", 10, 600), Sends: rapid.IntRange(1, 5).Draw(t, "sends"), Tries: rapid.IntRange(1, 4).Draw(t, "tries"),
			LockAfter: rapid.IntRange(1, 5).Draw(t, "lock after")}
		for range rapid.IntRange(1, 3).Draw(t, "ladders") {
			p.Cooldown = append(p.Cooldown, seconds("cooldown", 0, 120))
			p.Lock = append(p.Lock, seconds("lock", 1, 90_000))
		}
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			step := Step{Kind: rapid.SampledFrom([]StepKind{ByBest, ByNext, ByWebhook}).Draw(t, "step"), Wait: seconds("wait", 1, 120)}
			if step.Kind == ByWebhook {
				step.Webhook = "voice"
			}
			p.Workflow = append(p.Workflow, step)
		}
		m := &model{k: modelRings[0], p: p, s: &Subject{}, now: start, idempotent: map[string]*modelChallenge{}}
		for range rapid.SampledFrom([]int{0, 0, 0, 99}).Draw(t, "failures before") {
			m.wrongs = append(m.wrongs, start)
			m.s.Failures, m.s.FailedAt = len(m.wrongs), start
		}
		t.Repeat(rapid.StateMachineActions(m))
	})
}
