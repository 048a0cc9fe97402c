package intake

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// wire is a request as tenants publish it; see the contract, "NATS".
type wire struct {
	ID       string   `json:"id"`
	To       string   `json:"to"`
	Template string   `json:"template"`
	Header   string   `json:"header"`
	Vars     []string `json:"vars"`
	Text     string   `json:"text"` // the finished text, in place of vars
	TTL      *int     `json:"ttl_s"`
	Ref      string   `json:"ref"`
	Avoid    []string `json:"avoid"` // SMSCs
}

const (
	refMax   = 128
	ttlMax   = 7 * 24 * 3600 // a week: what SMS_STATUS remembers, and longer than any SMSC keeps trying
	avoidMax = 8
)

// of says whether a text is at most so long and made of ASCII letters, digits and the extra characters only. Fields that
// go into the books in the clear are of such a form, so that nothing else gets there by them.
func of(s string, most int, extra string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return len(s) <= most
}

// decode reads a request. The fields of req that could be read are set also when a failure is returned.
func decode(data []byte, req *sms.Request) *sms.Failure {
	var w wire
	err := json.Unmarshal(data, &w)
	if w.ID != "" && of(w.ID, 64, "_.:-") {
		req.ID = sms.RequestID(w.ID)
	}
	req.Deadline = req.Requested.Add(req.Class.DefaultTTL())
	if err != nil {
		return bad("not the JSON object of the contract: " + jsonFault(err))
	}
	if req.ID == "" {
		return bad("id: want 1-64 of [A-Za-z0-9_.:-]")
	}
	if utf8.RuneCountInString(w.Ref) > refMax {
		return bad("ref: at most 128 characters")
	}
	req.Ref = w.Ref
	if !of(w.Header, 20, "-") {
		return bad("header: want at most 20 letters, digits or hyphens")
	}
	req.Header = dlt.Header(w.Header)
	if w.TTL != nil {
		if *w.TTL < 1 || *w.TTL > ttlMax {
			return bad(fmt.Sprintf("ttl_s: want 1 to %d", ttlMax))
		}
		req.Deadline = req.Requested.Add(time.Duration(*w.TTL) * time.Second)
	}
	if w.Template == "" {
		return bad("template: required")
	}
	if !of(w.Template, 30, "_-") {
		return bad("template: want at most 30 letters, digits, - or _")
	}
	req.Template = dlt.TemplateID(w.Template)
	if w.To == "" {
		return bad("to: required")
	}
	to, err := sms.ParseMSISDN(w.To)
	if err != nil {
		return &sms.Failure{Stage: sms.StageDLT, Code: string(dlt.BadNumber), Reason: string(dlt.BadNumber), Detail: err.Error()}
	}
	req.To = to
	if w.Text != "" && len(w.Vars) > 0 {
		return bad("text: a request has either text or vars")
	}
	req.Finished = sms.Secret(w.Text)
	req.Vars = make([]sms.Secret, len(w.Vars))
	for i, v := range w.Vars {
		req.Vars[i] = sms.Secret(v)
	}
	return w.avoided(req)
}

// avoided reads the SMSCs to avoid. One that is not configured is as good as avoided.
func (w *wire) avoided(req *sms.Request) *sms.Failure {
	if len(w.Avoid) > avoidMax {
		return bad(fmt.Sprintf("avoid: at most %d SMSCs", avoidMax))
	}
	for _, id := range w.Avoid {
		if id == "" || !of(id, 32, "_-") {
			return bad("avoid: want ids of SMSCs, 1-32 letters, digits, - or _ each")
		}
		req.Avoid = append(req.Avoid, sms.SMSCID(id))
	}
	return nil
}

// jsonFault words a decoding fault without quoting the request, which may hold a code.
func jsonFault(err error) string {
	switch e := err.(type) {
	case *json.SyntaxError:
		return fmt.Sprintf("syntax error at byte %d", e.Offset)
	case *json.UnmarshalTypeError:
		kind, _, _ := strings.Cut(e.Value, " ") // of a number it quotes the digits, which may be a phone's or a code's
		if e.Field == "" {
			return "want an object, have " + kind
		}
		return fmt.Sprintf("%s: want %s, have %s", e.Field, e.Type, kind)
	}
	return "unreadable"
}

func bad(detail string) *sms.Failure {
	return &sms.Failure{Stage: sms.StageDLT, Code: "bad_request", Reason: "bad_request", Detail: detail}
}
