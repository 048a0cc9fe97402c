package dlt

import (
	"bytes"
	"slices"
	"strings"
)

// appendTo appends what URLs are compared by: the place in lower case and the rest as written.
func (u parts) appendTo(b []byte) []byte { return append(appendLower(b, u.place), u.rest...) }

// climbs says whether a path has a "." or ".." for a part, encoded or not, which browsers resolve: with it a URL ends
// up elsewhere than where it begins.
func climbs(path string) bool {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	for part := range strings.SplitSeq(path, "/") {
		dots := 0
		for part != "" {
			if part[0] == '.' {
				part = part[1:]
			} else if len(part) >= 3 && strings.EqualFold(part[:3], "%2e") {
				part = part[3:]
			} else {
				dots = 0
				break
			}
			dots++
		}
		if dots == 1 || dots == 2 {
			return true
		}
	}
	return false
}

// national appends a number's digits without the country code 91 or a 0 before them. Ten digits that begin with 91 are a
// whole number; toll-free numbers have 8 to 11 and begin with 1800 or 1860. A number of another country, with a plus
// sign and no 91, keeps the sign, so that it is no Indian number of the same digits.
func national(b []byte, number string) []byte {
	start := len(b)
	for i := range len(number) {
		if c := number[i]; '0' <= c && c <= '9' {
			b = append(b, c)
		}
	}
	digits := b[start:]
	plus := strings.HasPrefix(number, "+")
	coded := len(digits) == 12 || plus || len(digits) > 10 && isTollFree(digits[2:])
	switch {
	case coded && bytes.HasPrefix(digits, []byte("91")):
		return append(b[:start], digits[2:]...)
	case plus:
		return slices.Insert(b, start, '+')
	case bytes.HasPrefix(digits, []byte("0")):
		return append(b[:start], digits[1:]...)
	}
	return b
}

func isTollFree(digits []byte) bool {
	return (bytes.HasPrefix(digits, []byte("1800")) || bytes.HasPrefix(digits, []byte("1860"))) &&
		len(digits) >= 8 && len(digits) <= 11
}

// address appends an e-mail address with its domain in lower case; the part before it may count by case (RFC 5321 §2.4).
func address(b []byte, email string) []byte {
	at := strings.LastIndexByte(email, '@') + 1
	return appendLower(append(b, email[:at]...), email[at:])
}

func appendLower(b []byte, ascii string) []byte {
	for i := range len(ascii) {
		c := ascii[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return b
}
