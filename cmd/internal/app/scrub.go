package app

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/templates"
)

// ScrubQuery asks whether a message would pass the register's check: a template with either its variables or the
// finished text.
type ScrubQuery struct {
	Template dlt.TemplateID
	Header   dlt.Header // empty: one that the template is linked to
	Vars     []string
	Text     string // when HasText
	HasText  bool
	At       time.Time
	SMSCs    []SMSCRules              // that it may go to; none: by the rules that all operators take
	Codings  []Coding                 // of these SMSCs
	Carried  map[sms.SMSCID][]string  // the categories that an SMSC's binds carry; all where it is not named
	Held     map[sms.SMSCID]time.Time // where the template is in quarantine, and since when
}

// Verdict is what one check found. Reason is empty where it passes.
type Verdict struct {
	OK       bool       `json:"ok"`
	Reason   dlt.Reason `json:"reason"`
	Detail   string     `json:"detail"`
	Position int        `json:"position"` // of the first difference in the text, or the faulty variable, from 1; else 0
}

// SMSCVerdict is what an SMSC's own rules make of a message.
type SMSCVerdict struct {
	SMSC sms.SMSCID `json:"smsc"`
	Verdict
}

// ScrubVerdict is what the check found: it passes where it does at one SMSC at least, as in the gateway; where it does
// at none, the reason is the first one's.
type ScrubVerdict struct {
	Verdict
	Encoding string        `json:"encoding"` // in the usual coding
	Segments int           `json:"segments"`
	Text     string        `json:"text"`
	Costs    []Cost        `json:"costs"`    // at the SMSCs where it passes
	Lenient  Verdict       `json:"lenient"`  // by an operator that ignores spaces and punctuation; gates nothing
	Warnings []Verdict     `json:"warnings"` // what passes here, and some operators refuse
	SMSCs    []SMSCVerdict `json:"smscs"`    // empty where the register already forbids it
}

// OpenRegister loads the register as it was at a version, with the chains of the configuration in it; 0 is as it is.
func (c *Config) OpenRegister(ctx context.Context, db *sqlx.DB, version int64) (reg *dlt.Register, err error) {
	if version == 0 {
		reg, err = storage.LoadRegister(ctx, db)
	} else {
		reg, err = storage.LoadRegisterAt(ctx, db, version)
	}
	if err != nil {
		return nil, err
	}
	return c.withChains(reg), nil
}

// Categories lists what each SMSC's binds carry.
func (c *Config) Categories() map[sms.SMSCID][]string {
	carried := make(map[sms.SMSCID][]string, len(c.SMSCs))
	for i := range c.SMSCs {
		carried[c.SMSCs[i].ID] = c.SMSCs[i].Categories
	}
	return carried
}

// ScrubMessage checks a message as the gateway would, for whichever tenant has the header.
func ScrubMessage(reg *dlt.Register, q ScrubQuery) ScrubVerdict {
	t, known := reg.Template(q.Template)
	if known && q.Header == "" {
		q.Header = anyHeader(t, q.At)
	}
	grant, v := reg.Resolve(dlt.Query{Template: q.Template, Header: q.Header, Allowed: []dlt.Header{q.Header}, At: q.At})
	if v != nil {
		return refused(v, q.Text)
	}
	compiled, err := templates.Compile(*t)
	if err != nil {
		return refused(&dlt.Violation{Reason: dlt.TemplateInactive, Detail: "the template can't be read: " + err.Error()}, q.Text)
	}
	if len(q.SMSCs) == 0 {
		usual := dlt.RulesOf("")
		q.SMSCs = []SMSCRules{{Rules: &usual}}
	}
	return (&scrubbing{ScrubQuery: q, reg: reg, grant: grant, template: compiled}).verdict()
}

// anyHeader is one that the template may be sent under, as the text is what is asked about.
func anyHeader(t *dlt.Template, at time.Time) dlt.Header {
	for _, link := range t.Links {
		if link.InForce(at) {
			return link.Header
		}
	}
	return ""
}

func verdictOf(v *dlt.Violation) Verdict {
	if v == nil {
		return Verdict{OK: true}
	}
	return Verdict{Reason: v.Reason, Detail: v.Detail, Position: v.Position}
}

// refused still says how long a given text is: whoever mends it wants to know.
func refused(v *dlt.Violation, text string) ScrubVerdict {
	verdict := ScrubVerdict{Verdict: verdictOf(v), Text: text, Costs: []Cost{}, Lenient: verdictOf(v),
		Warnings: []Verdict{}, SMSCs: []SMSCVerdict{}}
	var usual sms.Coding
	if size, err := usual.Measure(text); err == nil && text != "" {
		verdict.Encoding, verdict.Segments = size.Encoding.String(), size.Parts
	}
	return verdict
}
