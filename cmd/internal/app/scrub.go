package app

import (
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// ScrubQuery asks whether a message would pass the register's check: a template with either its variables or the
// finished text.
type ScrubQuery struct {
	Template dlt.TemplateID
	Header   dlt.Header // empty: the template's only one
	Vars     []string
	Text     string // when HasText
	HasText  bool
	Codings  []Coding // of the SMSCs that it may go to
}

// ScrubVerdict is what the check found. Reason is empty where it passes.
type ScrubVerdict struct {
	OK       bool       `json:"ok"`
	Reason   dlt.Reason `json:"reason"`
	Detail   string     `json:"detail"`
	Position int        `json:"position"`
	Encoding string     `json:"encoding"`
	Segments int        `json:"segments"`
	Text     string     `json:"text"`
	Costs    []Cost     `json:"costs"` // by SMSC
}

// Scrub checks a message as the gateway would, for whichever tenant has the header.
func Scrub(reg *dlt.Register, q ScrubQuery) ScrubVerdict {
	header := q.Header
	if t, ok := reg.Template(q.Template); ok && header == "" && len(t.Headers) > 0 {
		header = t.Headers[0] // any linked one will do: the text is what is asked about
	}
	if _, v := reg.Resolve(dlt.Query{Template: q.Template, Header: header, Allowed: []dlt.Header{header}}); v != nil {
		return refused(v, "")
	}
	catalog, _ := templates.NewCatalog(reg)
	compiled, ok := catalog.Lookup(q.Template)
	if !ok {
		return refused(&dlt.Violation{Reason: dlt.TemplateInactive, Detail: "the template's content cannot be read"}, "")
	}
	text := sms.Secret(q.Text)
	if q.HasText {
		if _, v := compiled.Match(text); v != nil {
			return refused(v, q.Text)
		}
	} else {
		vars := make([]sms.Secret, len(q.Vars))
		for i, v := range q.Vars {
			vars[i] = sms.Secret(v)
		}
		var v *dlt.Violation
		if text, v = compiled.Render(vars); v != nil {
			return refused(v, "")
		}
	}
	var usual sms.Coding
	size, err := usual.Measure(text.Reveal())
	if err != nil {
		return refused(&dlt.Violation{Reason: dlt.VariableWrongType, Detail: err.Error()}, "")
	}
	return ScrubVerdict{OK: true, Encoding: size.Encoding.String(), Segments: size.Parts, Text: text.Reveal(),
		Costs: costs(q.Codings, text.Reveal())}
}

// refused still says how long a given text is: whoever mends it wants to know.
func refused(v *dlt.Violation, text string) ScrubVerdict {
	verdict := ScrubVerdict{Reason: v.Reason, Detail: v.Detail, Position: v.Position, Text: text, Costs: []Cost{}}
	var usual sms.Coding
	if size, err := usual.Measure(text); err == nil && text != "" {
		verdict.Encoding, verdict.Segments = size.Encoding.String(), size.Parts
	}
	return verdict
}
