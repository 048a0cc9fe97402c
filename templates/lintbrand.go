package templates

import (
	"fmt"
	"strings"
	"unicode"

	"harkara/dlt"
)

// missingBrand: operators refuse templates whose text names neither the entity nor a header ("Kindly mention full
// Entity Name/Header name in content", Airtel). Case and spaces do not count here, nor does the legal form
// at the end of a name.
func missingBrand(t *registered) []fault {
	text := strings.ToLower(t.fixed())
	for _, l := range t.Template.Links {
		if strings.Contains(text, strings.ToLower(string(l.Header))) {
			return nil
		}
	}
	wanted := "a header"
	if len(t.Template.Links) > 0 {
		wanted = "its header " + string(t.Template.Links[0].Header)
	}
	if t.Entity == nil || brand(t.Entity.Name) == "" {
		return []fault{{dlt.Note, "the text does not hold " + wanted + ", and the register does not know the entity's name",
			"import the entities with their names (dlt import --kind entities), and lint again"}}
	}
	if strings.Contains(letters(text), brand(t.Entity.Name)) {
		return nil
	}
	severity := dlt.Warning
	mend := "register it anew with the name, for example at its end after a hyphen"
	if at := t.where(func(r rune) bool { return scriptOf(r) != "" }); at != nil {
		severity = dlt.Note // a name in another script can't be recognised
		mend = "nothing, where the name stands there in the text's own script; else " + mend
	}
	return []fault{{severity, fmt.Sprintf("the text holds neither its entity's name (%s) nor %s", t.Entity.Name, wanted), mend}}
}

// legalForms are words that end a company's name and are left out in its messages.
var legalForms = map[string]bool{"limited": true, "ltd": true, "private": true, "pvt": true, "llp": true, "inc": true,
	"co": true, "company": true, "corporation": true, "corp": true, "india": true, "p": true}

// brand is a name's words in small letters, joined, without the legal form behind it.
func brand(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !isWordly(r) })
	for len(words) > 1 && legalForms[words[len(words)-1]] && words[len(words)-2] != "of" {
		words = words[:len(words)-1]
	}
	return strings.Join(words, "")
}

// letters leaves of a text its letters and digits.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if isWordly(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
