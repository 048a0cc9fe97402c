package templates

import (
	"cmp"
	"fmt"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// LintQuery is one registered template, with all that findings about it depend on.
type LintQuery struct {
	Template *dlt.Template
	Entity   *dlt.Entity // its owner; nil where the register does not hold it
	CTAs     *dlt.CTAs   // what its owner has whitelisted; nil: nothing
	Rules    *dlt.Rules  // whose lengths variables may have
	Codings  []NamedCoding
	Profile  *Profile // for whom its texts are to be filled in; nil: for nobody
	At       time.Time
}

// NamedCoding is a coding with the name that findings give it, such as the ids of the SMSCs that use it.
type NamedCoding struct {
	Name   string
	Coding *sms.Coding
}

// LintCode is one kind of finding.
type LintCode struct {
	Code     string       `json:"code"`     // stable, snake_case
	Kind     dlt.Kind     `json:"kind"`     // of the rows that it is found on
	Severity dlt.Severity `json:"severity"` // the gravest that it comes with
	Means    string       `json:"means"`
}

// fault is what a rule finds. Without a severity it has the rule's.
type fault struct {
	severity     dlt.Severity
	detail, mend string
}

// rule finds faults of one code.
type rule[F any] struct {
	code     string
	severity dlt.Severity // of faults that name none
	means    string
	find     F
}

func (r *rule[F]) lintCode(kind dlt.Kind) LintCode {
	return LintCode{r.code, kind, r.severity, r.means}
}

// one is a single fault of the rule's severity, its detail formatted.
func one(mend, detail string, args ...any) []fault {
	return []fault{{detail: fmt.Sprintf(detail, args...), mend: mend}}
}

// unreadable is found where the rules of the text have nothing to look at.
var unreadable = LintCode{"unreadable", dlt.KindTemplate, dlt.Error,
	"the registered text cannot be read; nothing can be sent by it"}

// textRules look at the text, in the order in which findings come.
var textRules = []rule[func(*registered) []fault]{
	{"over_length", dlt.Error, "with long variables the text is longer than may be sent", overLength},
	{"coding_unfit", dlt.Error, "an SMSC's alphabets lack a character of the text", codingUnfit},
	{"segments", dlt.Warning, "the text can take more than one segment, each of which is paid", segments},
	{"forces_ucs2", dlt.Warning, "a character forces UCS-2: 70 characters a segment instead of 160", forcesUCS2},
	{"double_space", dlt.Warning, "two or more spaces stand side by side", doubleSpace},
	{"leading_space", dlt.Warning, "the text or one of its lines begins with a space", leadingSpace},
	{"trailing_space", dlt.Warning, "the text or one of its lines ends with a space", trailingSpace},
	{"control_character", dlt.Warning, "the text holds a character that nobody sees", controlCharacter},
	{"mixed_newlines", dlt.Warning, "line breaks have more than one form", mixedNewlines},
	{"angle_brackets", dlt.Warning, "the text holds < or >", angleBrackets},
	{"too_many_variables", dlt.Warning, "more than two variables", tooManyVariables},
	{"adjacent_variables", dlt.Warning, "no word stands between two variables", adjacentVariables},
	{"little_fixed_text", dlt.Warning, "less than 30 % of the text is fixed", littleFixedText},
	{"untyped_variables", dlt.Note, "a variable has no type", untypedVariables},
	{"unknown_tag", dlt.Warning, "a variable's tag is not one that is known", unknownTag},
	{"missing_brand", dlt.Warning, "neither the entity's name nor a header stands in the text", missingBrand},
	{"cta_unregistered", dlt.Warning, "a URL, number or e-mail address in the text is not whitelisted",
		ctaUnregistered},
	{"webotp_malformed", dlt.Warning, "the line for browsers (@domain #code) is not as they want it",
		webOTPMalformed},
	{"webotp_unregistered", dlt.Warning, "the domain of the line for browsers is not whitelisted",
		webOTPUnregistered},
	{"retriever_malformed", dlt.Warning, "the text for Android's SMS Retriever does not end with an app's hash",
		retrieverMalformed},
	{"retriever_too_long", dlt.Warning, "the text for Android's SMS Retriever can be longer than 140 bytes",
		retrieverTooLong},
	{"profile_unfit", dlt.Error, "the text can't be filled in by handsets as otp.templates of the configuration has it",
		profileUnfit},
}

// rowRules look at the rest of the row.
var rowRules = []rule[func(*LintQuery) []fault]{
	{"no_header", dlt.Error, "no link to a header is in force", noHeader},
	{"not_active", dlt.Error, "the template is not active, or not valid now", notActive},
	{"expires_soon", dlt.Warning, "the template is valid for less than 30 days more", expiresSoon},
	{"category_header", dlt.Error, "a header of six digits carries promotional messages only", categoryHeader},
	{"old_service_explicit", dlt.Warning, "the category service explicit is being abolished", oldServiceExplicit},
}

// LintCodes returns every code that Lint and LintHeader can find, in the order in which they find them.
func LintCodes() []LintCode {
	codes := []LintCode{unreadable}
	for _, r := range textRules {
		codes = append(codes, r.lintCode(dlt.KindTemplate))
	}
	for _, r := range rowRules {
		codes = append(codes, r.lintCode(dlt.KindTemplate))
	}
	for _, r := range headerRules {
		codes = append(codes, r.lintCode(dlt.KindHeader))
	}
	return codes
}

// Lint says what is wrong with a template, or should be known of it, in the order of LintCodes. Positions in details
// are characters of the registered text, its tags included, from 1.
func Lint(q LintQuery) []dlt.Finding {
	about := dlt.Finding{Kind: dlt.KindTemplate, Subject: string(q.Template.ID), Entity: q.Template.Entity,
		Operator: string(q.Template.Operator)}
	var findings []dlt.Finding
	text, err := readText(&q)
	if err != nil {
		about.Code, about.Severity = unreadable.Code, unreadable.Severity
		about.Detail, about.Mend = err.Error(), "compare it with the portal, mend the export and import it again"
		findings = append(findings, about)
	} else {
		for _, r := range textRules {
			findings = appendFaults(findings, about, r.code, r.severity, r.find(text))
		}
	}
	for _, r := range rowRules {
		findings = appendFaults(findings, about, r.code, r.severity, r.find(&q))
	}
	return findings
}

// appendFaults appends what a rule has found about a row.
func appendFaults(to []dlt.Finding, about dlt.Finding, code string, usual dlt.Severity, faults []fault) []dlt.Finding {
	for _, f := range faults {
		about.Code, about.Severity = code, cmp.Or(f.severity, usual)
		about.Detail, about.Mend = f.detail, f.mend
		to = append(to, about)
	}
	return to
}
