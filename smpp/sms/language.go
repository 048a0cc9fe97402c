package sms

import "fmt"

// Language is a national language identifier of 3GPP TS 23.038 §6.2.1.2.4. Zero is none of them.
type Language uint8

// The languages of India that have tables.
const (
	Bengali Language = iota + 4
	Gujarati
	Hindi
	Kannada
	Malayalam
	Oriya
	Punjabi
	Tamil
	Telugu
	Urdu
)

var languageNames = [...]string{
	"bengali", "gujarati", "hindi", "kannada", "malayalam", "oriya", "punjabi", "tamil", "telugu", "urdu",
}

// known says whether the language has tables here.
func (l Language) known() bool { return l >= Bengali && l <= Urdu }

// String returns the English name in small letters, none for zero, and a number for a language that has no tables here.
func (l Language) String() string {
	switch {
	case l.known():
		return languageNames[l-Bengali]
	case l == 0:
		return "none"
	}
	return fmt.Sprintf("language(%d)", uint8(l))
}

// ParseLanguage reads the English name of a language in small letters: hindi.
func ParseLanguage(s string) (Language, error) {
	for i, name := range languageNames {
		if s == name {
			return Bengali + Language(i), nil
		}
	}
	return 0, fmt.Errorf("language %q is not one of bengali, gujarati, hindi, kannada, malayalam, oriya, punjabi, "+
		"tamil, telugu, urdu", s)
}
