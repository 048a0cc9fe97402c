package dlt

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Check says whether a variable of the type may hold the value: VariableTooLong or VariableWrongType with a detail for
// people that does not hold the value, or "" where it may. maxLen is in characters, by Unicode code point: what
// the operators' scrubbers count for letters beyond the basic plane is not published, and none occurs in a language
// of India.
//
// The order, length before type, is the operators' (codes 635, then 5307). No type may be empty, nor hold a control
// character: a line break inside a value moves the rest of the registered text.
func (t VarType) Check(value string, maxLen int) (Reason, string) {
	if value == "" {
		return VariableWrongType, "empty"
	}
	// A text never has more characters than bytes, so that most values need no count.
	if len(value) > maxLen {
		if n := utf8.RuneCountInString(value); n > maxLen {
			return VariableTooLong, fmt.Sprintf("%d characters, %d allowed", n, maxLen)
		}
	}
	at := 0
	for _, r := range value {
		at++
		if !t.Allows(r) {
			return VariableWrongType, fmt.Sprintf("character %d is not one that a %s variable may hold", at, t)
		}
	}
	if !t.wellFormed(value) {
		return VariableWrongType, t.wants()
	}
	return "", ""
}

// Allows says whether a value of the type may hold the character. Numeric is "digits only" in TRAI's direction.
// For alphanumeric the sources disagree (MSG91: letters and digits only; a guide of Jio's: spaces too; approved
// values in use: dates and times with full stops), so that letters, digits, spaces and punctuation pass here, and
// pictures do not.
func (t VarType) Allows(r rune) bool {
	switch t {
	case Numeric:
		return isDigit(r)
	case Alphanumeric:
		if r < utf8.RuneSelf {
			return isPrint(r)
		}
		// The joiners shape letters of Indian scripts: U+200C and U+200D.
		return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.Sm, unicode.Sc, unicode.Sk, unicode.Zs) &&
			r != utf8.RuneError || r == '\u200c' || r == '\u200d'
	case URL, URLOTT, Email:
		return isPrint(r) && r != ' '
	case CBN:
		return isDigit(r) || r == '+' || r == '-' || r == ' '
	default:
		return r != utf8.RuneError && !unicode.IsControl(r) && r != '\u2028' && r != '\u2029'
	}
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
		return isURL(value)
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
