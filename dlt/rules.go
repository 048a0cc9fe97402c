package dlt

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Newline is the form in which an SMSC's scrubber wants line breaks.
type Newline string

// The forms.
const (
	AsStored Newline = "as_stored" // as the register has the text
	LF       Newline = "lf"
	CRLF     Newline = "crlf"
)

// ParseNewline reads as_stored, lf or crlf.
func ParseNewline(s string) (Newline, error) {
	switch n := Newline(s); n {
	case AsStored, LF, CRLF:
		return n, nil
	}
	return "", fmt.Errorf("newline %q is not one of as_stored, lf, crlf", s)
}

// Rules are how one SMSC's scrubber compares; where public sources contradict each other they are settings (D10).
// Lengths are in characters, see CheckLength.
type Rules struct {
	Operator     Operator
	Untyped      int  // the most characters of a variable without a type
	Numeric      int  // of a number
	Alphanumeric int  // of a typed text; e-mail addresses and call-back numbers too
	URL          int  // of a URL
	Punctuation  bool // alphanumeric values may hold punctuation; where they do, it is a warning
	CTA          bool // URLs, numbers and addresses in variables must be whitelisted
	Newline      Newline
	// Promotional messages may go out from PromoFrom until, not including, PromoUntil, after midnight IST. A window
	// whose end is before its start goes over midnight; one that starts when it ends is empty.
	PromoFrom, PromoUntil time.Duration
}

// RulesOf returns an operator's rules; of one that is not known, those that all operators take. A text refused here
// costs less than one refused by the operator, so that of contradicting sources the narrower that is common holds.
func RulesOf(op Operator) Rules {
	r := Rules{
		Operator: op,
		// 30 at Textlocal, SMSIndiaHub and most portals; 40 at MSG91 in 2026; 20 in one FAQ of 2021.
		Untyped: 30,
		// 40 at MSG91 and in the validator of receive-sms-live. Of e-mail addresses that validator alone gives a
		// length, of call-back numbers no source does.
		Numeric: 40, Alphanumeric: 40,
		// 120 in the same validator; no other source gives one.
		URL: 120,
		// MSG91: letters and digits only. A guide of Jio's: spaces too. Approved values hold full stops.
		Punctuation: true,
		// Whitelisting is asked for since 1 October 2024 (TRAI, 13 August 2024). TRAI's direction of 18 November
		// 2025 begins with a time in which faults are only logged; when it ends is not published for each operator.
		CTA: true,
		// Airtel stores CRLF, whatever was typed, and whether it takes LF is not known. An export that kept the line
		// breaks tells more than a guess here.
		Newline: AsStored,
		// Code 651 of the operators is "9PM to 10AM"; one aggregator lists 9 and 10 AM, another 9 AM to 9 PM.
		PromoFrom: 10 * time.Hour, PromoUntil: 21 * time.Hour,
	}
	switch op {
	case Jio:
		r.Numeric = 30 // its guide: numbers 1-30, alphanumeric 1-40
	case SmartPing:
		r.Numeric, r.Alphanumeric = 30, 30 // an importer of its dumps; MSG91 has 40
	}
	return r
}

// MaxLen returns how many characters a value of the type may have.
func (r *Rules) MaxLen(t VarType) int {
	switch t {
	case Numeric:
		return r.Numeric
	case Alphanumeric, Email, CBN:
		return r.Alphanumeric
	case URL, URLOTT:
		return r.URL
	default:
		return r.Untyped
	}
}

// CheckLength returns VariableTooLong with a detail for people that does not hold the value, or "" where its length is
// right. Characters are Unicode code points: what the operators' scrubbers count for letters beyond the basic plane is
// not published, and none occurs in a language of India.
func (r *Rules) CheckLength(t VarType, value string) (Reason, string) {
	most := r.MaxLen(t)
	// A text never has more characters than bytes, so that most values need no count.
	if len(value) <= most {
		return "", ""
	}
	if n := utf8.RuneCountInString(value); n > most {
		return VariableTooLong, fmt.Sprintf("%d characters, %d allowed", n, most)
	}
	return "", ""
}
