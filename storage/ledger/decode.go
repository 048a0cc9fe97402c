package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Decoder turns lines back into events. It keeps the few texts that come again and again (tenants, SMSCs, templates),
// so that decoding does not allocate them anew. It is not safe for concurrent use; its zero value is ready.
type Decoder struct {
	known map[string]string
	in    scanner
}

// knownLimit bounds the texts that a Decoder keeps.
const knownLimit = 4096

// Decode reads one line, without its newline, into e, which must be empty. What AppendEvent writes goes a fast way;
// any other JSON goes through encoding/json, with the same result.
func (d *Decoder) Decode(line []byte, e *Event) error {
	d.in = scanner{b: line, known: d}
	d.in.event(e)
	if !d.in.odd && d.in.i == len(line) {
		return nil
	}
	*e = Event{}
	if err := json.Unmarshal(line, e); err != nil {
		return fmt.Errorf("decode an event of the ledger: %w", err)
	}
	return nil
}

// DecodeFrame calls yield with each line of a frame's payload, from index 0, and the event in it or the error that kept
// it from being decoded.
func (d *Decoder) DecodeFrame(payload []byte, yield func(index int, e *Event, line []byte, err error)) {
	for index := 0; len(payload) > 0; index++ {
		line, rest, _ := bytes.Cut(payload, []byte{'\n'})
		e := new(Event)
		yield(index, e, line, d.Decode(line, e))
		payload = rest
	}
}

// intern returns raw as a string, the same one as last time where it is remembered.
func (d *Decoder) intern(raw []byte) string {
	if s, ok := d.known[string(raw)]; ok {
		return s
	}
	if d.known == nil || len(d.known) >= knownLimit {
		d.known = make(map[string]string)
	}
	s := string(raw)
	d.known[s] = s
	return s
}

func (s *scanner) event(e *Event) {
	for s.open('{'); s.next('}'); {
		switch string(s.name()) {
		case "kind":
			e.Kind = Kind(s.often())
		case "at":
			e.At = s.time()
		case "key":
			e.Key = s.key()
		case "facts":
			s.once(e.Facts == nil)
			e.Facts = new(Facts)
			s.facts(e.Facts)
		case "attempt":
			e.Attempt = s.int()
		case "smsc":
			e.SMSC = sms.SMSCID(s.often())
		case "parts":
			e.Parts = s.int()
		case "answers":
			s.once(e.Answers == nil)
			e.Answers = s.answers()
		case "final":
			e.Final = s.bool()
		case "possible_duplicate":
			e.PossibleDuplicate = s.bool()
		case "failure":
			s.once(e.Failure == nil)
			e.Failure = new(sms.Failure)
			s.failure(e.Failure)
		case "report":
			s.once(e.Report == nil)
			e.Report = new(Report)
			s.report(e.Report)
		case "otp":
			s.once(e.OTP == nil)
			e.OTP = new(OTP)
			s.otp(e.OTP)
		default:
			s.odd = true
		}
	}
}

func (s *scanner) facts(f *Facts) {
	for s.open('{'); s.next('}'); {
		switch string(s.name()) {
		case "tenant":
			f.Tenant = sms.TenantID(s.often())
		case "id":
			f.ID = sms.RequestID(s.string())
		case "ref":
			f.Ref = s.string()
		case "class":
			f.Class = s.often()
		case "template":
			f.Template = dlt.TemplateID(s.often())
		case "header":
			f.Header = dlt.Header(s.often())
		case "entity":
			f.Entity = dlt.EntityID(s.often())
		case "category":
			f.Category = dlt.Category(s.often())
		case "encoding":
			f.Encoding = s.often()
		case "segments":
			f.Segments = s.int()
		case "to_last4":
			f.ToLast4 = s.string()
		case "to_digest":
			f.ToDigest = s.bytes()
		case "to_sealed":
			f.ToSealed = s.bytes()
		case "to_mark":
			f.ToMark = s.uint8()
		case "text_digest":
			f.Digest = s.bytes()
		case "variables":
			f.Variables = s.often()
		case "register":
			f.Register = int64(s.int())
		case "requested":
			f.Requested = s.time()
		case "deadline":
			f.Deadline = s.time()
		default:
			s.odd = true
		}
	}
}

func (s *scanner) answers() []Answer {
	answers := make([]Answer, 0, 1)
	for s.open('['); s.next(']'); {
		answers = append(answers, Answer{})
		s.answer(&answers[len(answers)-1])
	}
	return answers
}

func (s *scanner) answer(a *Answer) {
	for s.open('{'); s.next('}'); {
		switch string(s.name()) {
		case "segment":
			a.Segment = s.int()
		case "message_id":
			a.MessageID = sms.MessageID(s.string())
		case "raw_id":
			a.RawID = s.string()
		case "status":
			a.Status = s.uint32()
		case "verdict":
			a.Verdict = s.often()
		case "at":
			a.At = s.time()
		default:
			s.odd = true
		}
	}
}

func (s *scanner) failure(f *sms.Failure) {
	for s.open('{'); s.next('}'); {
		switch string(s.name()) {
		case "stage":
			f.Stage = sms.Stage(s.often())
		case "code":
			f.Code = s.often()
		case "reason":
			f.Reason = s.often()
		case "detail":
			f.Detail = s.string()
		case "retryable":
			f.Retryable = s.bool()
		default:
			s.odd = true
		}
	}
}

func (s *scanner) report(r *Report) {
	for s.open('{'); s.next('}'); {
		switch string(s.name()) {
		case "smsc":
			r.SMSC = sms.SMSCID(s.often())
		case "message_id":
			r.MessageID = sms.MessageID(s.string())
		case "raw_id":
			r.RawID = s.string()
		case "state":
			r.State = sms.State(s.often())
		case "stat":
			r.Stat = s.often()
		case "err":
			r.Err = s.often()
		case "reason":
			r.Reason = s.often()
		case "retryable":
			r.Retryable = s.bool()
		case "done":
			r.Done = s.string()
		case "raw":
			r.Raw = s.string()
		case "user_ref":
			r.UserRef = s.uint16()
		case "from_mark":
			r.From = s.uint8()
		default:
			s.odd = true
		}
	}
}

func (s *scanner) otp(o *OTP) {
	for s.open('{'); s.next('}'); {
		switch string(s.name()) {
		case "event":
			o.Event = OTPEvent(s.often())
		case "tenant":
			o.Tenant = sms.TenantID(s.often())
		case "challenge":
			o.Challenge = s.string()
		case "purpose":
			o.Purpose = s.often()
		case "template":
			o.Template = dlt.TemplateID(s.often())
		case "to_last4":
			o.ToLast4 = s.string()
		case "smsc":
			o.SMSC = sms.SMSCID(s.often())
		case "send":
			o.Send = s.int()
		case "route":
			o.Route = s.often()
		case "reason":
			o.Reason = s.often()
		case "left":
			o.Left = s.int()
		case "retry_after":
			o.Retry = s.int()
		case "dry_run":
			o.DryRun = s.bool()
		case "requested":
			o.Requested = s.time()
		default:
			s.odd = true
		}
	}
}
