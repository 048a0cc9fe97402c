package otp

import (
	"bytes"
	"cmp"
	"crypto/subtle"
	"slices"
	"strconv"
	"time"

	"harkara/storage/ledger"
)

// Request takes a new request up. now is when it came. The same call again, known by its idempotency key, or by what it asks
// for within the live challenge's cool-down, is answered with the challenge that it made, and that one's newest send is
// given again: whoever was killed before it went out makes up for it so, and otherwise it is dropped as a copy. Any other
// request is refused within that cool-down, and after it ends the live challenge and makes a new one; where the former has
// ended, it does so at once. It fails with LockedOut, Cooldown and Unavailable.
func (s *Subject) Request(k *Keyring, p *Policy, in *Input, now time.Time) (Outcome, *Error) {
	now = moment(now)
	if known := s.calledBy(in.ID, k.callDigest(in)); known != nil {
		return s.sameAgain(k, p, known, in, now)
	}
	s.Tenant, s.Purpose = in.Tenant, in.Purpose
	if lock := s.locked(now); lock > 0 {
		return s.refused(s.blockedRequest(in, now), LockedOut, "too many wrong codes for this number and purpose", lock)
	}
	var events []ledger.OTP
	if former := s.newest(); former != nil {
		switch wait := s.cooling(p, now); {
		case wait > 0 && former.live(now) && k.alike(former, in):
			return s.sameAgain(k, p, former, in, now)
		case wait > 0 && former.live(now):
			return s.refused(s.blockedRequest(in, now), Cooldown, sentJustNow, wait)
		}
		events = s.supersede(former, now)
	}
	return s.begin(k, p, in, events, now)
}

const sentJustNow = "a code was sent a short time ago"

// begin makes a challenge with its first send, the workflow's step 0. events are what happened before.
func (s *Subject) begin(k *Keyring, p *Policy, in *Input, events []ledger.OTP, now time.Time) (Outcome, *Error) {
	ch, err := k.newChallenge(p, in, now)
	if err != nil {
		return Outcome{}, err
	}
	webhook := ""
	if len(p.Workflow) > 0 {
		webhook = p.Workflow[0].Webhook
	}
	send, err := s.sendNext(k, &ch, in.Own, nil, webhook, now)
	if err != nil {
		return Outcome{}, err
	}
	ch.Asked = ch.Sends
	s.Challenges = append(s.Challenges, ch)
	s.Challenges = slices.Clone(s.Challenges[max(0, len(s.Challenges)-keptChallenges):])
	return Outcome{Answer: s.answer(p, &ch, now), Send: send, Events: append(events, s.event(ledger.OTPRequested, &ch)), Changed: true,
		Due: ch.due(p, now)}, nil
}

// calledBy returns the challenge that a call has made before, with its id or with its idempotency key; nil where there is none.
// The id of a challenge does not follow from that key: a call that comes again when its challenge is forgotten would get the
// same id, and so the same code, which may have been used.
func (s *Subject) calledBy(id ChallengeID, call []byte) *Challenge {
	i := slices.IndexFunc(s.Challenges, func(ch Challenge) bool {
		return ch.ID == id || len(call) > 0 && bytes.Equal(ch.Call, call)
	})
	if i < 0 {
		return nil
	}
	return &s.Challenges[i]
}

// callDigest is what is kept of a call's idempotency key; nil: it has none. It is made with the index key, so that a rotation
// makes no difference.
func (k *Keyring) callDigest(in *Input) []byte {
	if in.RequestID == "" {
		return nil
	}
	return mac(k.calls, string(in.Tenant), in.RequestID)[:16]
}

func (s *Subject) newest() *Challenge {
	if len(s.Challenges) == 0 {
		return nil
	}
	return &s.Challenges[len(s.Challenges)-1]
}

// supersede ends the former challenge where it has not ended.
func (s *Subject) supersede(former *Challenge, now time.Time) []ledger.OTP {
	if former.live(now) {
		former.State = Cancelled
		e := s.event(ledger.OTPCancelled, former)
		e.Reason = "superseded"
		return []ledger.OTP{e}
	}
	return s.lapse(former, now).Events
}

// sameAgain answers with a challenge, and sends its newest send where it is live.
func (s *Subject) sameAgain(k *Keyring, p *Policy, ch *Challenge, in *Input, now time.Time) (Outcome, *Error) {
	out := Outcome{Answer: s.answer(p, ch, now), Due: ch.due(p, now)}
	if !ch.live(now) {
		return out, nil
	}
	var err *Error
	out.Send, err = s.lastSend(k, ch, in.Own, now)
	return out, err
}

func (s *Subject) answer(p *Policy, ch *Challenge, now time.Time) *RequestAnswer {
	return &RequestAnswer{Challenge: ch.ID, ExpiresAt: ch.Expires, ResendAfter: s.resendAfter(p, ch, now)}
}

// newChallenge makes a challenge that was not sent yet.
func (k *Keyring) newChallenge(p *Policy, in *Input, now time.Time) (Challenge, *Error) {
	id, key := in.ID, k.codes[k.current]
	sealed, err := key.sealed(id, in.To, in.Vars)
	if err != nil {
		return Challenge{}, unreadable
	}
	life := min(cmp.Or(in.Life, p.Life), p.Life, MaxLife)
	ch := Challenge{ID: id, State: Live, Key: k.current, Length: cmp.Or(in.Length, p.Length), Alphabet: p.Alphabet,
		Template: in.Template, Header: in.Header, ToLast4: in.To.Last4(), Sealed: sealed, Call: k.callDigest(in),
		Test: in.Test, Requested: now, Expires: moment(now.Add(life))}
	if in.Own != "" {
		ch.Own = key.ownDigest(id, in.Own)
	}
	if in.Own == "" || in.Test {
		ch.Request = key.requestDigest(in)
	}
	return ch, nil
}

// alike says whether a request asks for what a challenge was made for. With a tenant's own code none is alike: the code may
// be another one.
func (k *Keyring) alike(ch *Challenge, in *Input) bool {
	key := k.codes[ch.Key]
	return key != nil && (in.Own == "" || in.Test) && in.Test == ch.Test &&
		subtle.ConstantTimeCompare(key.requestDigest(in), ch.Request) == 1
}

func (c *codeKey) requestDigest(in *Input) []byte {
	return mac(c.alike, append([]string{string(in.Template), string(in.Header), strconv.Itoa(in.Length)}, in.Vars...)...)
}

// refused words the refusal of a call: an event for the tenant, and the fault for the caller.
func (s *Subject) refused(e ledger.OTP, code Code, detail string, wait time.Duration) (Outcome, *Error) {
	e.Event, e.Reason, e.Retry = ledger.OTPBlocked, string(code), seconds(wait)
	return Outcome{Events: []ledger.OTP{e}}, &Error{Code: code, Detail: detail, RetryAfter: e.Retry}
}

// blockedRequest begins the event of a request that made no challenge.
func (s *Subject) blockedRequest(in *Input, now time.Time) ledger.OTP {
	return ledger.OTP{Tenant: in.Tenant, Purpose: string(in.Purpose), Template: in.Template, ToLast4: in.To.Last4(),
		Requested: now}
}
