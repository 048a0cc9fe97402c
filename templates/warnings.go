package templates

import (
	"fmt"
	"strings"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Warnings returns what Render lets pass of these variables under the rules and some operators refuse, or are said to:
// for reports beside the verdict, not for a gate. Each is the violation that the message may end in elsewhere, its
// Position the variable's; no detail holds a value. It returns nothing for a wrong number of variables.
func (c *Compiled) Warnings(vars []sms.Secret, s Scrub) []dlt.Violation {
	if len(vars) != len(c.slots) {
		return nil
	}
	var warnings []dlt.Violation
	for i, v := range vars {
		for _, rule := range warningRules {
			if reason, detail := rule(c.slots[i], v.Reveal(), s); reason != "" {
				warnings = append(warnings, *c.fault(i, reason, detail))
			}
		}
	}
	return warnings
}

var warningRules = []func(t dlt.VarType, value string, s Scrub) (dlt.Reason, string){
	longElsewhere, punctuated, notRequired, hiddenCTA,
}

// longElsewhere: lengths differ by operator, dlt.RulesOf says where from.
func longElsewhere(t dlt.VarType, value string, s Scrub) (dlt.Reason, string) {
	if reason, _ := s.Rules.CheckLength(t, value); reason != "" {
		return "", "" // no warning: it does not pass
	}
	for _, op := range []dlt.Operator{dlt.Airtel, dlt.Vi, dlt.Jio, dlt.BSNL, dlt.SmartPing} {
		rules := dlt.RulesOf(op)
		if reason, detail := rules.CheckLength(t, value); reason != "" {
			return reason, fmt.Sprintf("%s by %s", detail, op)
		}
	}
	return "", ""
}

// punctuated: MSG91 writes "letters & numbers only; no special characters" of alphanumeric variables, while values with
// full stops are in use.
func punctuated(t dlt.VarType, value string, s Scrub) (dlt.Reason, string) {
	if reason, _ := s.Rules.CheckType(t, value); reason != "" {
		return "", "" // no warning: it does not pass
	}
	strict := *s.Rules
	strict.Punctuation = false
	return strict.CheckType(t, value)
}

// notRequired: an SMSC that does not ask for the whitelist may stand before an operator that does.
func notRequired(t dlt.VarType, value string, s Scrub) (dlt.Reason, string) {
	if s.Rules.CTA || !isCTA(t) || s.CTAs.Allows(t, value, s.At) {
		return "", ""
	}
	return dlt.CTANotWhitelisted, notWhitelisted
}

// hiddenCTA: TRAI's direction of 12 May 2023 allows only whitelisted URLs, applications and call-back numbers, whatever
// variable they stand in.
func hiddenCTA(t dlt.VarType, value string, s Scrub) (dlt.Reason, string) {
	if isCTA(t) || t == dlt.Numeric {
		return "", ""
	}
	for word := range strings.FieldsSeq(value) {
		word = strings.Trim(word, `.,;:!?()'"`)
		is, what := callToAction(word, s.Rules)
		if is != "" && !s.CTAs.Allows(is, word, s.At) {
			return dlt.CTANotWhitelisted, fmt.Sprintf("holds %s, and %s", what, notWhitelisted)
		}
	}
	return "", ""
}

// callToAction says as what type of variable a word of a value would be whitelisted, and what that is called; nothing
// where it is none. "Mr.Bose" and "11.40am" have a domain's form, so that a bare one counts only with a path, www or a
// top-level domain that is common in messages.
func callToAction(word string, r *dlt.Rules) (dlt.VarType, string) {
	has := func(t dlt.VarType) bool {
		reason, _ := r.CheckType(t, word)
		return reason == ""
	}
	switch lower := strings.ToLower(word); {
	case has(dlt.Email):
		return dlt.Email, "an e-mail address"
	case has(dlt.URL) && likelyURL(lower):
		return dlt.URLOTT, "a URL"
	case has(dlt.CBN) && (word[0] == '+' || strings.HasPrefix(word, "1800") || strings.HasPrefix(word, "1860")):
		return dlt.CBN, "a call-back number"
	}
	return "", ""
}

func likelyURL(lower string) bool {
	host, _, path := strings.Cut(lower, "/")
	if path || strings.HasPrefix(lower, "www.") {
		return true
	}
	host, _, _ = strings.Cut(host, "?")
	switch host[strings.LastIndexByte(host, '.')+1:] {
	case "com", "in", "net", "org", "co", "io", "me", "ly", "app", "link", "info", "biz", "apk":
		return true
	}
	return false
}
