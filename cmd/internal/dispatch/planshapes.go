package dispatch

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"harkara/smpp/sms"
)

// shapes says what a template was filled with and nothing of its value: the length of each variable in characters, and
// whether it is a number (n), letters (a), a URL (u) or anything else (x): "6n 12a". An empty one is 0x.
func shapes(vars []sms.Secret) string {
	out := make([]byte, 0, 32)
	for i, v := range vars {
		if i > 0 {
			out = append(out, ' ')
		}
		out = strconv.AppendInt(out, int64(utf8.RuneCountInString(v.Reveal())), 10)
		out = append(out, shapeOf(v.Reveal()))
	}
	return string(out)
}

func shapeOf(v string) byte {
	digits, letters := v != "", v != ""
	for _, r := range v {
		digits = digits && r >= '0' && r <= '9'
		// Vowel signs are marks: an Indian word is letters and marks.
		letters = letters && (unicode.IsLetter(r) || unicode.IsMark(r))
	}
	switch scheme, _, ok := strings.Cut(v, "://"); {
	case digits:
		return 'n'
	case letters:
		return 'a'
	case ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")):
		return 'u'
	}
	return 'x'
}
