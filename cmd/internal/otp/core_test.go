package otp

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// The world of these tests: made-up keys, one tenant, one number.
var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

const (
	tenant = sms.TenantID("acme")
	number = sms.MSISDN("919999900017")
)

func fill(b byte) []byte {
	key := make([]byte, keySize)
	for i := range key {
		key[i] = b + byte(i)
	}
	return key
}

func keyring(t testing.TB, current KeyID) *Keyring {
	t.Helper()
	k, err := NewKeyring(fill(1), current, map[KeyID][]byte{"k1": fill(2), "k2": fill(3)})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newID is an id of the one subject of these tests.
func newID(k *Keyring) ChallengeID { return k.NewID(k.SubjectFor(tenant, number, Login)) }

func policy() *Policy {
	p := DefaultPolicy(Login)
	p.Workflow = append(p.Workflow, Step{Kind: ByWebhook, Webhook: "voice", Wait: time.Minute})
	return &p
}

func input() *Input {
	return &Input{Tenant: tenant, To: number, Purpose: Login, Template: "1107161234567890123", Header: "ACMEBK",
		Vars: []string{"{code}", "{minutes}", "order-Kx7"}}
}

// world is a subject and a clock. Each call finds the subject as it comes out of JSON.
type world struct {
	t   *testing.T
	k   *Keyring
	p   *Policy
	s   *Subject
	now time.Time
}

func newWorld(t *testing.T) *world {
	return &world{t, keyring(t, "k1"), policy(), &Subject{}, start}
}

// kept takes the subject through JSON, as its keeper does.
func (w *world) kept() *Subject {
	w.t.Helper()
	data, err := json.Marshal(w.s)
	if err != nil {
		w.t.Fatal(err)
	}
	copied := new(Subject)
	if err := json.Unmarshal(data, copied); err != nil {
		w.t.Fatal(err)
	}
	if !reflect.DeepEqual(w.s, copied) {
		w.t.Fatalf("JSON changed the subject:\n%+v\n%+v", w.s, copied)
	}
	w.s = copied
	return w.s
}

func (w *world) wait(d time.Duration) { w.now = w.now.Add(d) }

// request asks with an id of its own each time, as callers do.
func (w *world) request(in *Input) Outcome {
	w.t.Helper()
	out, err := w.tryRequest(in)
	if err != nil {
		w.t.Fatalf("request: %v", err)
	}
	return out
}

func (w *world) tryRequest(in *Input) (Outcome, *Error) {
	in.ID = newID(w.k)
	return w.kept().Request(w.k, w.p, in, w.now)
}

func (w *world) resend(id ChallengeID) Outcome {
	w.t.Helper()
	out, err := w.kept().Resend(w.k, w.p, id, "", w.now)
	if err != nil {
		w.t.Fatalf("resend: %v", err)
	}
	return out
}

func (w *world) verify(id ChallengeID, code sms.Secret) (VerifyAnswer, Outcome) {
	w.t.Helper()
	answer, out, err := w.kept().Verify(w.k, w.p, id, code, w.now)
	if err != nil {
		w.t.Fatalf("verify: %v", err)
	}
	return answer, out
}

// verifies checks the answer to a code.
func (w *world) verifies(id ChallengeID, code sms.Secret, want VerifyAnswer) {
	w.t.Helper()
	if got, _ := w.verify(id, code); got != want {
		w.t.Errorf("verify answered %+v, want %+v", got, want)
	}
}

func (w *world) due(id ChallengeID) Outcome { return w.kept().Due(w.k, w.p, id, w.now) }

func (w *world) told(id ChallengeID, send int, fate Fate, smsc sms.SMSCID) Outcome {
	return w.kept().Told(w.k, w.p, id, send, fate, smsc, w.now)
}

func kinds(events []ledger.OTP) (out []ledger.OTPEvent) {
	for _, e := range events {
		out = append(out, e.Event)
	}
	return out
}

// happened checks the events of an outcome by their names.
func (w *world) happened(out Outcome, want ...ledger.OTPEvent) {
	w.t.Helper()
	if got := kinds(out.Events); !reflect.DeepEqual(got, want) {
		w.t.Errorf("events %v, want %v", got, want)
	}
}

// guessed checks that a refused call was taken for a wrong code.
func (w *world) guessed(out Outcome, err *Error, events ...ledger.OTPEvent) {
	w.t.Helper()
	if err == nil || err.Code != BadRequest || !out.Changed || out.Send != nil || out.Answer != nil {
		w.t.Fatalf("got %+v %v", out, err)
	}
	w.happened(out, events...)
}

// refuse checks a refusal, which changes nothing.
func (w *world) refuse(out Outcome, err *Error, want Error, events ...ledger.OTPEvent) {
	w.t.Helper()
	if err == nil || err.Code != want.Code || err.RetryAfter != want.RetryAfter {
		w.t.Fatalf("got %v, want %s with retry_after %d", err, want.Code, want.RetryAfter)
	}
	if out.Changed || out.Send != nil || out.Answer != nil {
		w.t.Errorf("a refusal did something: %+v", out)
	}
	w.happened(out, events...)
	for _, e := range out.Events {
		if e.Reason != string(want.Code) || e.Retry != want.RetryAfter {
			w.t.Errorf("event %+v does not tell of %s, %d s", e, want.Code, want.RetryAfter)
		}
	}
}
