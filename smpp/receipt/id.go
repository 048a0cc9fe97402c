package receipt

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"harkara/smpp/sms"
)

// Form is how one SMSC writes message ids, in its answers or in its receipts.
type Form uint8

// The forms.
const (
	Text Form = iota // any characters; compared as they are
	Dec              // a decimal number, perhaps with leading zeros
	Hex              // a hexadecimal number of either case, perhaps with 0x and leading zeros
)

var formNames = [...]string{"text", "dec", "hex"}

// String returns text, dec or hex.
func (f Form) String() string {
	if int(f) < len(formNames) {
		return formNames[f]
	}
	return fmt.Sprintf("form(%d)", uint8(f))
}

// ParseForm reads text, dec or hex.
func ParseForm(s string) (Form, error) {
	for i, name := range formNames {
		if s == name {
			return Form(i), nil
		}
	}
	return 0, fmt.Errorf("form of message ids %q is not one of text, dec, hex", s)
}

// maxID is the longest message_id that SMPP 3.4 allows (§5.2.23), in octets with its NUL.
const maxID = 65

// Canonical gives raw in the form in which ids of one SMSC are compared: Dec and Hex as a decimal number without
// leading zeros, so that a hexadecimal id of an answer equals the decimal one of its receipt; Text, and what is no
// number of its form, with only the spaces around it gone; Hex with dashes (a UUID) also in lower case.
func Canonical(raw string, f Form) sms.MessageID {
	text := strings.TrimSpace(raw)
	if f == Text || text == "" || len(text) > maxID {
		return sms.MessageID(text)
	}
	digits, base := text, 10
	if f == Hex {
		base = 16
		if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
			digits = digits[2:]
		}
	}
	dashes := false
	for i := range len(digits) {
		if base == 16 && digits[i] == '-' {
			dashes = true
		} else if !isDigit(digits[i], base) {
			return sms.MessageID(text)
		}
	}
	if dashes {
		return sms.MessageID(strings.ToLower(text))
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0"
	case base == 10:
		return sms.MessageID(digits)
	case len(digits) <= 16:
		n, _ := strconv.ParseUint(digits, base, 64) // at most 16 hexadecimal digits: it can't fail
		return sms.MessageID(strconv.FormatUint(n, 10))
	}
	n, _ := new(big.Int).SetString(digits, base)
	return sms.MessageID(n.String())
}

func isDigit(c byte, base int) bool {
	return c >= '0' && c <= '9' || base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f'
}

// trimID gives the value of receipted_message_id, a C-octet string: up to its NUL, printable, without spaces around.
func trimID(v []byte) []byte {
	v, _, _ = bytes.Cut(v, []byte{0})
	return bytes.TrimSpace(clean(v))
}
