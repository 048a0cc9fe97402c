package ledger

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"harkara/smpp/sms"
)

// AppendEvent appends e to b as one line of JSON without its newline: what encoding/json would write, in another
// order of escapes, at a tenth of the cost. Times are written in UTC with nanoseconds. Text that is not UTF-8 gets
// U+FFFD where it is not, so that the line always is.
func AppendEvent(b []byte, e *Event) []byte {
	b = append(b, `{"kind":`...)
	b = AppendText(b, string(e.Kind))
	b = appendTime(append(b, `,"at":`...), e.At)
	if e.Key != (sms.Key{}) {
		b = appendKey(append(b, `,"key":`...), e.Key)
	}
	if e.Facts != nil {
		b = appendFacts(append(b, `,"facts":`...), e.Facts)
	}
	b = appendIntField(b, `,"attempt":`, e.Attempt)
	b = appendStringField(b, `,"smsc":`, string(e.SMSC))
	b = appendIntField(b, `,"parts":`, e.Parts)
	for i := range e.Answers {
		if i == 0 {
			b = append(b, `,"answers":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendAnswer(b, &e.Answers[i])
		if i == len(e.Answers)-1 {
			b = append(b, ']')
		}
	}
	b = appendTrueField(b, `,"final":true`, e.Final)
	b = appendTrueField(b, `,"possible_duplicate":true`, e.PossibleDuplicate)
	if e.Failure != nil {
		b = appendFailure(append(b, `,"failure":`...), e.Failure)
	}
	if e.Report != nil {
		b = appendReport(append(b, `,"report":`...), e.Report)
	}
	if e.Shred != nil {
		b = appendShred(append(b, `,"shred":`...), e.Shred)
	}
	if e.OTP != nil {
		b = appendOTP(append(b, `,"otp":`...), e.OTP)
	}
	return append(b, '}')
}

func appendFacts(b []byte, f *Facts) []byte {
	b = AppendText(append(b, `{"tenant":`...), string(f.Tenant))
	b = AppendText(append(b, `,"id":`...), string(f.ID))
	b = appendStringField(b, `,"ref":`, f.Ref)
	b = AppendText(append(b, `,"class":`...), f.Class)
	b = appendStringField(b, `,"template":`, string(f.Template))
	b = appendStringField(b, `,"header":`, string(f.Header))
	b = appendStringField(b, `,"entity":`, string(f.Entity))
	b = appendStringField(b, `,"category":`, string(f.Category))
	b = appendStringField(b, `,"encoding":`, f.Encoding)
	b = appendIntField(b, `,"segments":`, f.Segments)
	b = appendStringField(b, `,"to_last4":`, f.ToLast4)
	b = appendBytesField(b, `,"to_digest":`, f.ToDigest)
	b = appendBytesField(b, `,"to_sealed":`, f.ToSealed)
	b = appendIntField(b, `,"to_mark":`, int(f.ToMark))
	b = appendBytesField(b, `,"text_digest":`, f.Digest)
	b = appendStringField(b, `,"variables":`, f.Variables)
	b = appendIntField(b, `,"register":`, int(f.Register))
	b = appendTime(append(b, `,"requested":`...), f.Requested)
	b = appendTime(append(b, `,"deadline":`...), f.Deadline)
	return append(b, '}')
}

func appendAnswer(b []byte, a *Answer) []byte {
	b = strconv.AppendInt(append(b, `{"segment":`...), int64(a.Segment), 10)
	b = appendStringField(b, `,"message_id":`, string(a.MessageID))
	b = appendStringField(b, `,"raw_id":`, a.RawID)
	if a.Status != 0 {
		b = strconv.AppendUint(append(b, `,"status":`...), uint64(a.Status), 10)
	}
	b = appendStringField(b, `,"verdict":`, a.Verdict)
	if !a.At.IsZero() {
		b = appendTime(append(b, `,"at":`...), a.At)
	}
	return append(b, '}')
}

func appendReport(b []byte, r *Report) []byte {
	b = AppendText(append(b, `{"smsc":`...), string(r.SMSC))
	b = AppendText(append(b, `,"message_id":`...), string(r.MessageID))
	b = appendStringField(b, `,"raw_id":`, r.RawID)
	b = AppendText(append(b, `,"state":`...), string(r.State))
	b = AppendText(append(b, `,"stat":`...), r.Stat)
	b = appendStringField(b, `,"err":`, r.Err)
	b = appendStringField(b, `,"reason":`, r.Reason)
	b = appendTrueField(b, `,"retryable":true`, r.Retryable)
	b = appendStringField(b, `,"done":`, r.Done)
	b = appendStringField(b, `,"raw":`, r.Raw)
	b = appendIntField(b, `,"user_ref":`, int(r.UserRef))
	b = appendIntField(b, `,"from_mark":`, int(r.From))
	return append(b, '}')
}

func appendShred(b []byte, d *Shred) []byte {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(err) // a struct of texts
	}
	return append(b, raw...)
}

func appendOTP(b []byte, o *OTP) []byte {
	b = AppendText(append(b, `{"event":`...), string(o.Event))
	b = AppendText(append(b, `,"tenant":`...), string(o.Tenant))
	b = appendStringField(b, `,"challenge":`, o.Challenge)
	b = AppendText(append(b, `,"purpose":`...), o.Purpose)
	b = appendStringField(b, `,"template":`, string(o.Template))
	b = appendStringField(b, `,"to_last4":`, o.ToLast4)
	b = appendStringField(b, `,"smsc":`, string(o.SMSC))
	b = appendIntField(b, `,"send":`, o.Send)
	b = appendStringField(b, `,"route":`, o.Route)
	b = appendStringField(b, `,"reason":`, o.Reason)
	b = appendIntField(b, `,"left":`, o.Left)
	b = appendIntField(b, `,"retry_after":`, o.Retry)
	b = appendTrueField(b, `,"dry_run":true`, o.DryRun)
	b = appendTime(append(b, `,"requested":`...), o.Requested)
	return append(b, '}')
}

func appendFailure(b []byte, f *sms.Failure) []byte {
	b = AppendText(append(b, `{"stage":`...), string(f.Stage))
	b = AppendText(append(b, `,"code":`...), f.Code)
	b = AppendText(append(b, `,"reason":`...), f.Reason)
	b = AppendText(append(b, `,"detail":`...), f.Detail)
	b = strconv.AppendBool(append(b, `,"retryable":`...), f.Retryable)
	return append(b, '}')
}

func appendKey(b []byte, k sms.Key) []byte {
	b = append(b, '"')
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, k[[...]int{0, 4, 6, 8, 10}[i]:end])
	}
	return append(b, '"')
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

func appendStringField(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return AppendText(append(b, name...), s)
}

func appendIntField(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}

func appendTrueField(b []byte, field string, set bool) []byte {
	if !set {
		return b
	}
	return append(b, field...)
}

func appendBytesField(b []byte, name string, p []byte) []byte {
	if len(p) == 0 {
		return b
	}
	b = append(append(b, name...), '"')
	b = base64.StdEncoding.AppendEncode(b, p)
	return append(b, '"')
}

const hexDigits = "0123456789abcdef"

// AppendText appends s as a JSON string (RFC 8259 §7); what is not UTF-8 becomes U+FFFD.
func AppendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\ufffd"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
