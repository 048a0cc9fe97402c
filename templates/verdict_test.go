package templates_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// verdict is one message, its template, and what scrubbers say of it by the published rules. All names, numbers,
// addresses and ids are made up.
type verdict struct {
	name     string
	content  string           // as registered; empty: otpEN
	types    []dlt.VarType    // registered beside the text
	vars     []string         // of the message, in the order of the text
	text     string           // the message as finished text instead: it has vars, or mark before what differs
	operator dlt.Operator     // whose rules hold; empty: those that all operators take
	rules    func(*dlt.Rules) // what an SMSC's settings change of them
	ctas     []string         // what the entity has whitelisted, each "type value"
	at       string           // in IST, such as 09:59:59 or 2026-11-22 09:59:59; empty: noon
	register func(*world)     // what differs from a register in which all is well
	strict   string           // ok, or the reason, then the position where there is one; of text the mark is the position
	lenient  string           // the same of operators that compare leniently, - where there is no text to compare; a
	// mark after the reason: at the same position. A block's holds for its rows without one.
	renders string // the text that goes out, where that is not what content and vars make
	size    string // encoding and short messages, where the block is about them
	warns   string // what passes, and some operators refuse, such as "variable_wrong_type 1"

	finished bool // text is the message, an empty one too
}

// mark stands in a finished text before the first character that differs from the registered one.
const mark = "‸"

// block is rows about one rule.
type block struct {
	about   string // the rule
	source  string // who published it
	lenient string
	rows    []verdict
}

// The template that most rows use, in four languages.
const (
	otpEN = "{#num#} is your OTP to log in to Acme Bank. Valid for {#num#} minutes.\nDo not share it. -ACMEBK"
	otpHI = "आपका एक्मे बैंक का OTP {#num#} है। यह {#num#} मिनट तक मान्य है।\nकिसी को न बताएं। -ACMEBK"
	otpTA = "உங்கள் ஆக்மி வங்கி OTP {#num#}. இது {#num#} நிமிடங்கள் செல்லும்.\nயாரிடமும் பகிர வேண்டாம். -ACMEBK"
	otpBN = "আপনার আকমে ব্যাংকের OTP {#num#}। এটি {#num#} মিনিট বৈধ।\nকাউকে জানাবেন না। -ACMEBK"
)

var verdicts = []block{exactEnglish, exactIndian, lenientRows, countRows, lengthRows, lengthSettings, orderRows,
	numericRows, alphanumericRows, formRows, ctaURLs, ctaOthers, ctaStanding, adjacentRows, tagRows, besideRows,
	newlineRows, sizeRows, hourRows, categoryRows, headerRows, standingRows, resolveOrder, chainRows}

func TestVerdicts(t *testing.T) {
	for _, b := range verdicts {
		t.Run(b.about, func(t *testing.T) {
			for _, r := range b.rows {
				t.Run(r.name, func(t *testing.T) { r.withDefaults(b).check(t) })
			}
		})
	}
}

// withDefaults fills in the block's, and takes the mark out of the text and its position into the verdicts.
func (r verdict) withDefaults(b block) verdict {
	r.content, r.lenient = orElse(r.content, otpEN), orElse(r.lenient, b.lenient)
	r.finished = r.text != ""
	if before, after, marked := strings.Cut(r.text, mark); marked {
		at := " " + strconv.Itoa(utf8.RuneCountInString(before)+1)
		r.text, r.strict, r.lenient = before+after, r.strict+at, strings.Replace(r.lenient, mark, at, 1)
	}
	return r
}

// check holds the row against the register, the template and the rules.
func (r verdict) check(t *testing.T) {
	w := newWorld(t, r)
	text, v := w.judge(t, r)
	if got := told(v); got != r.strict {
		t.Errorf("strict: %s, want %s; %v", got, r.strict, v)
	}
	if r.lenient != "-" {
		v := w.compiled.Lenient(text, w.scrub)
		if got := told(v); got != r.lenient && (v == nil || string(v.Reason) != r.lenient) {
			t.Errorf("lenient: %s, want %s; %v", got, r.lenient, v)
		}
	}
	if v != nil {
		return
	}
	if r.renders != "" && text.Reveal() != r.renders {
		t.Errorf("renders %q, want %q", text.Reveal(), r.renders)
	}
	var warns []string
	for _, v := range w.compiled.Warnings(secrets(r.vars), w.scrub) {
		warns = append(warns, told(&v))
	}
	if got := strings.Join(warns, ", "); got != r.warns {
		t.Errorf("warnings %q, want %q", got, r.warns)
	}
	if size, err := new(sms.Coding).Measure(text.Reveal()); err != nil ||
		r.size != "" && size.Encoding.String()+" "+strconv.Itoa(size.Parts) != r.size {
		t.Errorf("size %v %d, %v; want %s", size.Encoding, size.Parts, err, r.size)
	}
}

// told writes a verdict as the rows do.
func told(v *dlt.Violation) string {
	switch {
	case v == nil:
		return ok
	case v.Position == 0:
		return string(v.Reason)
	}
	return string(v.Reason) + " " + strconv.Itoa(v.Position)
}
