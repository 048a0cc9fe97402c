package templates

import (
	"unicode"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Lenient says where the text differs from the template even to an operator that compares leniently, or nil. It gates
// nothing: which operators do so is not established, so that Match decides, and this verdict is reported beside it.
//
// What such an operator ignores is white space, line breaks and ASCII punctuation, in the template's text and in the
// message: MSG91 writes that "special characters, spaces, enters, full stop, comma" may be added or taken out, and
// Airtel's list of exempted characters, as hasgeek/funnel keeps it, is exactly the punctuation of ASCII. Letters count
// by case, and characters beyond ASCII count: a typographic apostrophe differs.
//
// No source says whether ignored characters count in a variable's length; here they do not, so that the verdict is the
// most lenient one. A variable is what is left of it: its form and the whitelist do not matter, and one that may hold
// ignored characters may be of them alone, so that nothing is left. All that Match accepts is accepted.
func (c *Compiled) Lenient(text sms.Secret, s Scrub) *dlt.Violation {
	m := newMatcher(c, s, lenient)
	if v := m.read(text.Reveal()); v != nil {
		return v
	}
	_, v := m.fit()
	return v
}

// ignored says whether a lenient operator takes no notice of the character.
func ignored(r rune) bool {
	return '!' <= r && r <= '/' || ':' <= r && r <= '@' || '[' <= r && r <= '`' || '{' <= r && r <= '~' ||
		unicode.IsSpace(r)
}

// mayBeEmpty says whether nothing may be left of a variable of the type.
func (m *matcher) mayBeEmpty(t dlt.VarType) bool {
	return m.mode == lenient && t.PerCharacter() && t.Allows(' ')
}
