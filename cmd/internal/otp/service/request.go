package service

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/dlt"
	"harkara/smpp/sms"
)

var (
	purposePattern = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)
	codePattern    = regexp.MustCompile(`^[0-9A-Za-z]{4,10}$`)
	idPattern      = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)
	headerPattern  = regexp.MustCompile(`^[A-Za-z0-9-]{0,20}$`)
)

func bad(format string, args ...any) *otp.Error {
	return &otp.Error{Code: otp.BadRequest, Detail: fmt.Sprintf(format, args...)}
}

// Request makes a challenge and sends its code.
func (s *Service) Request(ctx context.Context, tenant sms.TenantID, call otp.RequestCall) (otp.RequestAnswer, *otp.Error) {
	k, refused := s.keys(tenant)
	if refused != nil {
		return otp.RequestAnswer{}, refused
	}
	in, policy, refused := s.input(tenant, &call, s.cfg.Now())
	if refused != nil {
		return otp.RequestAnswer{}, refused
	}
	key := k.SubjectFor(tenant, in.To, in.Purpose)
	in.ID = k.NewID(key)
	answer, refused := s.limited(ctx, tenant, key, in.ID, func(trial *otp.Outcome) *otp.Error { return s.begin(ctx, k, in, trial) },
		func(sub *otp.Subject, now time.Time) (otp.Outcome, *otp.Error) {
			out, refused := sub.Request(k, policy, in, now)
			if send := out.Send; send != nil && !out.Changed && (send.Webhook != "" || send.Test) {
				out.Send = nil // of an SMS a copy is dropped by its id; a provider would call once more
			}
			return out, refused
		}, call.Keys)
	if refused != nil {
		return otp.RequestAnswer{}, refused
	}
	answer.Warnings = s.warnings(in, &call)
	return answer, nil
}

// beginSlack is how much later than it was due when tried a challenge is due when it is kept, at most as a rule; a timer that
// comes too early sets itself anew.
const beginSlack = 100 * time.Millisecond

// begin keeps a call's id, and sets the timer of a challenge before there is one: so that one whose process is killed in the
// next moment is brought on by its timer.
func (s *Service) begin(ctx context.Context, k *otp.Keyring, in *otp.Input, trial *otp.Outcome) *otp.Error {
	if refused := s.claim(ctx, k, in); refused != nil {
		return refused
	}
	if !trial.Changed || trial.Due.IsZero() {
		return nil
	}
	if err := s.cfg.State.SetTimer(ctx, in.ID, trial.Due.Add(beginSlack)); err != nil {
		return s.unavailable("timers can't be set", err)
	}
	s.step("after_timer")
	return nil
}

// warnings are of what was asked for and is weak, or without effect.
func (s *Service) warnings(in *otp.Input, call *otp.RequestCall) (list []string) {
	if in.Length < 6 && in.Own == "" || in.Own != "" && !in.Test && len(in.Own.Reveal()) < 6 {
		list = append(list, "a code of less than 6 digits is weaker than NIST SP 800-63B allows")
	}
	for _, name := range slices.Sorted(maps.Keys(call.Keys)) {
		if s.cfg.Limits.Keys[name] == nil {
			list = append(list, "keys: nothing is limited by "+name)
		}
	}
	return list
}

// input checks a call, as far as that can be done without its subject.
func (s *Service) input(tenant sms.TenantID, call *otp.RequestCall, now time.Time) (*otp.Input, *otp.Policy, *otp.Error) {
	switch {
	case !purposePattern.MatchString(string(call.Purpose)) || call.Purpose == otp.TOTP:
		return nil, nil, bad("purpose: want login, registration, reset, transaction, report, or 1-32 of [a-z0-9_-] that is not totp")
	case call.ID != "" && !idPattern.MatchString(call.ID):
		return nil, nil, bad("id: want 1-64 of [A-Za-z0-9_.:-]")
	case !headerPattern.MatchString(string(call.Header)):
		return nil, nil, bad("header: want at most 20 letters, digits or hyphens")
	case call.Length != 0 && (call.Length < 4 || call.Length > 10):
		return nil, nil, bad("length: want 4 to 10")
	case call.Code != "" && !codePattern.MatchString(call.Code.Reveal()):
		return nil, nil, bad("code: want 4 to 10 letters and digits")
	}
	if err := errNamed(call.Keys); err != nil {
		return nil, nil, bad("%v", err)
	}
	to, err := sms.ParseMSISDN(call.To)
	if err != nil {
		return nil, nil, &otp.Error{Code: otp.Rejected, Reason: string(dlt.BadNumber), Detail: err.Error()}
	}
	policy := s.cfg.Policy(tenant, call.Purpose)
	in := &otp.Input{Tenant: tenant, To: to, Purpose: call.Purpose, Template: call.Template, Header: call.Header, Own: call.Code,
		Length: call.Length, Life: policy.Life, RequestID: call.ID}
	if in.Length == 0 {
		in.Length = policy.Length
	}
	if call.TTL != nil {
		if most := int(policy.Life / time.Second); *call.TTL < 30 || *call.TTL > most {
			return nil, nil, bad("ttl_s: want 30 to %d, by the policy for this purpose", most)
		}
		in.Life = time.Duration(*call.TTL) * time.Second
	}
	if code, test := s.cfg.Tests[to]; test {
		in.Own, in.Test = code, true
	}
	if refused := s.fit(in, call.Vars, now); refused != nil {
		return nil, nil, refused
	}
	return in, policy, nil
}

// fit finds the template's variables, and whether the message would get through with a code of that length in it.
func (s *Service) fit(in *otp.Input, vars []string, now time.Time) *otp.Error {
	if in.Template == "" {
		return bad("template: required")
	}
	if vars == nil {
		checked, failure := s.cfg.Check(s.trial(in, nil, now))
		switch checked.Slots {
		case 1:
			vars = []string{otp.CodeMark}
		case 2:
			vars = []string{otp.CodeMark, otp.MinutesMark}
		case -1:
			return rejected(failure)
		default:
			return bad("vars: the template has %d variables: name them in order, %s and %s where these belong", checked.Slots, otp.CodeMark,
				otp.MinutesMark)
		}
	}
	codes := 0
	for _, v := range vars {
		codes += strings.Count(v, otp.CodeMark)
	}
	if codes != 1 {
		return bad("vars: %s has to stand in one of them, once", otp.CodeMark)
	}
	in.Vars = vars
	code := s.cfg.Policy(in.Tenant, in.Purpose).Alphabet.Sample(in.Length)
	if in.Own != "" {
		code = in.Own
	}
	checked, failure := s.cfg.Check(s.trial(in, otp.Fill(in.Vars, code, in.Life), now))
	if failure != nil {
		return rejected(failure)
	}
	if err := s.cfg.Profile(in.Template, checked.Text, code); err != nil {
		return &otp.Error{Code: otp.Rejected, Reason: "profile", Detail: err.Error()}
	}
	return nil
}

// trial is the request that a send would be, but for its id.
func (s *Service) trial(in *otp.Input, vars []sms.Secret, now time.Time) *sms.Request {
	return &sms.Request{Tenant: in.Tenant, ID: "otp", Class: sms.OTP, To: in.To, Template: in.Template, Header: in.Header, Vars: vars,
		Requested: now, Deadline: now.Add(in.Life)}
}

func rejected(f *sms.Failure) *otp.Error {
	return &otp.Error{Code: otp.Rejected, Reason: f.Reason, Detail: f.Detail}
}

const (
	// claimLife is how long an idempotency id is known: longer than anybody tries again for a code.
	claimLife = time.Hour
	// claimAge is how old a claim may be whose challenge is not known: its call was cut off, or is on its way.
	claimAge = otp.MaxLife
)

// claimed is what is kept of a call with an id.
type claimed struct {
	Call string    `json:"call"` // what was asked for
	At   time.Time `json:"at"`
}

// claim keeps a call's id for what it asks, and refuses one that has asked for something else, or whose challenge is over.
func (s *Service) claim(ctx context.Context, k *otp.Keyring, in *otp.Input) *otp.Error {
	if in.RequestID == "" {
		return nil
	}
	now := s.cfg.Now()
	parts := append([]string{"call", string(in.Tenant), in.To.Digits(), string(in.Template), string(in.Purpose), string(in.Header),
		fmt.Sprint(in.Length), in.Life.String(), fmt.Sprint(in.Own != "")}, in.Vars...)
	mine := claimed{Call: k.CounterKey(parts...), At: now}
	value, err := json.Marshal(mine)
	if err != nil {
		return s.unavailable("a call's id can't be kept", err)
	}
	kept, first, err := s.cfg.State.Claim(ctx, k.CounterKey("id", string(in.Tenant), in.RequestID), value, claimLife)
	if err != nil {
		return s.unavailable("the state of challenges can't be reached", err)
	}
	var was claimed
	switch {
	case first:
		return nil
	case json.Unmarshal(kept, &was) != nil || was.Call != mine.Call:
		return &otp.Error{Code: otp.IDReused, Detail: "this id has asked for something else in the last hour; take another"}
	case now.Sub(was.At) > claimAge:
		return &otp.Error{Code: otp.NotLive, Detail: "the challenge of this id is over; take another id for a new one"}
	}
	return nil
}
