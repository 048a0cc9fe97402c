package dlt

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// CheckType says whether a variable of the type may hold the value: VariableWrongType with a detail for people that does
// not hold the value, or "" where it may. Lengths are for CheckLength, whitelists for CTAs.
//
// No type may be empty, nor hold a control character or a line separator: a line break inside a value moves the rest of
// the registered text.
func (r *Rules) CheckType(t VarType, value string) (Reason, string) {
	if value == "" {
		return VariableWrongType, "empty"
	}
	lettersOnly := t == Alphanumeric && !r.Punctuation
	at := 0
	for _, c := range value {
		at++
		switch {
		case !t.Allows(c):
			return VariableWrongType, fmt.Sprintf("character %d is not one that a %s variable may hold", at, t)
		case lettersOnly && isPunctuation(c):
			return VariableWrongType, fmt.Sprintf("character %d is neither letter, digit nor space, as this operator asks of "+
				"alphanumeric variables", at)
		}
	}
	if !t.wellFormed(value) {
		return VariableWrongType, t.wants()
	}
	return "", ""
}

// Allows says whether a value of the type may hold the character, at any operator. Numeric is "digits only" in TRAI's
// direction. For alphanumeric the sources disagree (MSG91: letters and digits only; a guide of Jio's: spaces too;
// approved values in use: dates and times with full stops), so that letters, digits, spaces and punctuation pass here,
// and pictures do not; see Rules.Punctuation.
func (t VarType) Allows(r rune) bool {
	switch t {
	case Numeric:
		return isDigit(r)
	case Alphanumeric:
		if r < utf8.RuneSelf {
			return isPrint(r)
		}
		return isWord(r) || unicode.In(r, unicode.P, unicode.Sm, unicode.Sc, unicode.Sk)
	case URL, URLOTT, Email:
		return isPrint(r) && r != ' '
	case CBN:
		return isDigit(r) || r == '+' || r == '-' || r == ' '
	default:
		return r != utf8.RuneError && !unicode.IsControl(r) && r != '\u2028' && r != '\u2029'
	}
}

// isPunctuation says whether a character that alphanumeric values may hold is neither letter, mark, digit nor space.
func isPunctuation(r rune) bool {
	if r < utf8.RuneSelf {
		return !isDigit(r) && !(r|0x20 >= 'a' && r|0x20 <= 'z') && r != ' '
	}
	return !isWord(r)
}

// isWord says whether a character beyond ASCII is a letter, mark, digit or space, or one of the joiners that shape
// letters of Indian scripts: U+200C and U+200D.
func isWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.Zs) || r == '\u200c' || r == '\u200d'
}

// PerCharacter says whether Allows on every character is the type's whole rule; the others ask for a form too.
func (t VarType) PerCharacter() bool {
	switch t {
	case URL, URLOTT, Email, CBN:
		return false
	default:
		return true
	}
}

// wellFormed says whether the value, whose characters are all allowed, has the type's form.
func (t VarType) wellFormed(value string) bool {
	switch t {
	case URL, URLOTT:
		_, ok := cutURL(value)
		return ok
	case Email:
		return isEmail(value)
	case CBN:
		return isCallBackNumber(value)
	default:
		return true
	}
}

// wants says in words what form the type asks for.
func (t VarType) wants() string {
	switch t {
	case Email:
		return "not an e-mail address, such as care@example.com"
	case CBN:
		return "not a call-back number of 8 to 12 digits"
	default:
		return "not a URL, such as https://example.com/a or example.com/a"
	}
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isPrint(r rune) bool { return ' ' <= r && r <= '~' }
