package templates

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// ProfileKind is one of the two ways by which a handset fills a code in; see the forms above webLine.
type ProfileKind string

// The kinds.
const (
	Android ProfileKind = "android" // SMS Retriever
	Web     ProfileKind = "web"     // WebOTP, and Apple's domain-bound codes
)

// Profile is for whom a template's texts are to be filled in.
type Profile struct {
	Kind   ProfileKind
	Hash   string // Android: the app's, 11 characters of base64
	Domain string // Web: the site's, such as example.com
}

// retrieverMost is how many bytes of UTF-8 SMS Retriever takes.
const retrieverMost = 140

// CheckText says why a handset would not fill in the code of a text that is to be sent; nil where it would. Errors hold
// neither text nor code.
func (p Profile) CheckText(text, code sms.Secret) error {
	s := text.Reveal()
	if p.Kind == Web {
		if line := s[strings.LastIndexAny(s, "\r\n")+1:]; line != "@"+p.Domain+" #"+code.Reveal() {
			return fmt.Errorf("browsers would not fill in the code: the last line has to be @%s, one space, # and the code", p.Domain)
		}
		return nil
	}
	if len(s) > retrieverMost {
		return fmt.Errorf("SMS Retriever takes at most %d bytes, and the text has %d: shorten the variables", retrieverMost,
			len(s))
	}
	before, ends := strings.CutSuffix(s, p.Hash)
	if r, _ := utf8.DecodeLastRuneInString(before); !ends || before != "" && !unicode.IsSpace(r) {
		return errors.New("SMS Retriever would not take the text: its last word has to be the app's hash")
	}
	return nil
}

// CheckTemplate says why texts of a template can't be, or may not be, as the profile wants them, by the rules whose
// lengths and types its variables have: findings that Lint has too. Nothing is said of a text that can't be read.
func (p Profile) CheckTemplate(t *dlt.Template, rules *dlt.Rules) []dlt.Finding {
	text, err := readText(&LintQuery{Template: t, Rules: rules, Profile: &p})
	if err != nil {
		return nil
	}
	about := dlt.Finding{Kind: dlt.KindTemplate, Subject: string(t.ID), Entity: t.Entity, Operator: string(t.Operator)}
	var findings []dlt.Finding
	for _, r := range textRules {
		if r.code == "profile_unfit" || r.code == "retriever_too_long" {
			findings = appendFaults(findings, about, r.code, r.severity, r.find(text))
		}
	}
	return findings
}

// profileUnfit: what the configuration wants of a template its registered text has to have room for.
func profileUnfit(t *registered) []fault {
	switch {
	case t.Profile == nil:
		return nil
	case t.Profile.Kind == Web:
		return t.unfitForWeb()
	}
	return t.unfitForAndroid()
}

// unfitForAndroid: the hash is fixed, or what the last variable is filled with.
func (t *registered) unfitForAndroid() []fault {
	const mend = "register it anew with the app's hash as the last word, or compare app_hash under otp.templates with the app's"
	word, isVariable := t.lastWord()
	slots := t.compiled.Slots()
	switch {
	case spell(word, slot) == t.Profile.Hash:
		return nil
	case isHash(word):
		return one(mend, "the last word is the hash of another app than %s, for which it is configured", t.Profile.Hash)
	case !isVariable:
		return one(mend, "the last word is neither the app's hash %s nor a variable that can hold it", t.Profile.Hash)
	case !t.holds(len(slots)-1, t.Profile.Hash):
		return one(mend, "the last word is a %s variable, which can't hold the app's hash", slots[len(slots)-1])
	case len(slots) == 1:
		return one(mend, "its only variable is the last word, which leaves none for the code")
	}
	return nil
}

// unfitForWeb: the line for browsers is the last one, its code a variable; the domain is fixed or a variable.
func (t *registered) unfitForWeb() []fault {
	line := "@" + t.Profile.Domain + " #"
	mend := "register it anew with the last line " + line + "{#numeric#}, or compare domain under otp.templates with the site's"
	lines := t.lines()
	host, code, found := strings.Cut(spell(lines[len(lines)-1], slot), " #")
	domain, bound := strings.CutPrefix(host, "@")
	slots := t.compiled.Slots()
	switch {
	case !found || !bound:
		return one(mend, "the last line is not %s and the code, for which it is configured", line)
	case domain != t.Profile.Domain && domain != slot:
		return one(mend, "the last line is not bound to %s, for which it is configured", t.Profile.Domain)
	case code != slot:
		return one(mend, "the last line does not end with one variable for the code behind the #")
	case !t.holds(len(slots)-1, "000000"):
		return one(mend, "the last line has a %s variable for the code", slots[len(slots)-1])
	case domain == slot && !t.holds(len(slots)-2, t.Profile.Domain):
		return one(mend, "the last line has a %s variable for the domain, which can't hold %s", slots[len(slots)-2],
			t.Profile.Domain)
	}
	return nil
}

// holds says whether the i-th variable, counted from 0, may have a value.
func (t *registered) holds(i int, value string) bool {
	typ := t.compiled.Slots()[i]
	long, _ := t.Rules.CheckLength(typ, value)
	wrong, _ := t.Rules.CheckType(typ, value)
	return long == "" && wrong == ""
}
