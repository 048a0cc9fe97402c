package templates

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"harkara/dlt"
)

// ctaUnregistered: since 1 October 2024 only whitelisted URLs, numbers and addresses may stand in a message, in its
// fixed text too (TRAI's direction of 13 August 2024). Where a variable makes up part of one, it is taken
// for an x.
func ctaUnregistered(t *registered) []fault {
	var faults []fault
	for _, c := range t.calls() {
		if !t.whitelisted(c.types, c.value) {
			faults = append(faults, one("whitelist it on the portal and import the list (dlt import --kind ctas), "+
				"or register the text anew without it",
				"%s at character %d is not whitelisted for the entity: %s", c.what, c.at, c.shown)...)
		}
	}
	return faults
}

// call is a call to action in the fixed text.
type call struct {
	what  string
	types []dlt.VarType // of variables that could hold it
	value string        // with x for a variable
	shown string        // with … for a variable
	at    int
}

var linkTypes = []dlt.VarType{dlt.URL, dlt.URLOTT}

func (t *registered) whitelisted(types []dlt.VarType, value string) bool {
	return slices.ContainsFunc(types, func(typ dlt.VarType) bool { return t.CTAs.Allows(typ, value, t.At) })
}

// calls finds the calls to action in the order of the text. Those that a variable holds alone are not meant: they are
// checked in each message.
func (t *registered) calls() []call {
	var calls []call
	rest := slices.Clone(t.glyphs) // where the numbers are looked for
	start := 0
	for i := range len(t.glyphs) + 1 {
		if i < len(t.glyphs) && !isDelimiter(t.glyphs[i].r) {
			continue
		}
		if c, ok := t.linkOrEmail(trimWord(t.glyphs[start:i])); ok {
			calls = append(calls, c)
			for j := start; j < i; j++ {
				rest[j].r = 'x'
			}
		}
		start = i + 1
	}
	calls = append(calls, numbers(rest)...)
	slices.SortFunc(calls, func(a, b call) int { return cmp.Compare(a.at, b.at) })
	return calls
}

// isDelimiter says whether a character stands around URLs and addresses, never in them.
func isDelimiter(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(",;|()[]<>\"'“”‘’।॥", r)
}

// trimWord takes punctuation away from both ends of a word.
func trimWord(word []glyph) []glyph {
	for len(word) > 0 && strings.ContainsRune("-.:!?*_~=&#", word[len(word)-1].r) {
		word = word[:len(word)-1]
	}
	for len(word) > 0 && strings.ContainsRune("-.:!?*_~=&/", word[0].r) {
		word = word[1:]
	}
	return word
}

// linkOrEmail says whether a word is a URL or an address. The domain of the line for browsers is neither: it has an @.
func (t *registered) linkOrEmail(word []glyph) (call, bool) {
	if !slices.ContainsFunc(word, func(g glyph) bool { return g.r == '.' }) {
		return call{}, false
	}
	value := spell(word, "x")
	start, _, _ := strings.Cut(value, "://")
	if i := strings.LastIndexByte(start, ':'); i >= 0 { // "Web:acme.example", "at:https://acme.example"
		word, value = word[utf8.RuneCountInString(value[:i+1]):], value[i+1:]
	}
	c := call{value: value, shown: spell(word, "…")}
	if len(word) > 0 {
		c.at = word[0].at
	}
	isOf := func(typ dlt.VarType) bool { reason, _ := t.Rules.CheckType(typ, value); return reason == "" }
	switch {
	case strings.Contains(value, "@") && isOf(dlt.Email):
		c.what, c.types = "the e-mail address", []dlt.VarType{dlt.Email}
	case looksLikeLink(value) && isOf(dlt.URL):
		c.what, c.types = "the URL", linkTypes
	default:
		return call{}, false
	}
	return c, true
}

// looksLikeLink tells a URL from two words between which a space was forgotten: it has a scheme, begins with www, has a
// path, or ends in a top-level domain that is frequent in India's messages. "done.In" is two words.
func looksLikeLink(value string) bool {
	lower := strings.ToLower(value)
	if strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "www.") {
		return true
	}
	host, path := value, ""
	if i := strings.IndexAny(value, "/?#"); i >= 0 {
		host, path = value[:i], value[i+1:]
	}
	top := host[strings.LastIndexByte(host, '.')+1:]
	cased := top != strings.ToLower(top) && host != strings.ToUpper(host)
	if cased || strings.ContainsAny(top, "0123456789") {
		return false
	}
	return path != "" || topLevels[strings.ToLower(top)]
}

// topLevels are those of bare domains that are taken for URLs; example is reserved for made-up ones (RFC 2606 §2).
var topLevels = map[string]bool{
	"com": true, "in": true, "org": true, "net": true, "info": true, "biz": true, "gov": true, "edu": true,
	"co": true, "io": true, "me": true, "ly": true, "gl": true, "gd": true, "to": true, "cc": true, "app": true,
	"bank": true, "ai": true, "dev": true, "tech": true, "online": true, "store": true, "shop": true,
	"site": true, "xyz": true, "page": true, "link": true, "live": true, "club": true, "finance": true,
	"health": true, "example": true,
}

// numbers finds telephone numbers that the portals' lists take: mobile, landline, toll-free, of the series 140 and 160.
// A digit beside a letter or a variable is part of something else.
func numbers(text []glyph) []call {
	var calls []call
	for i := 0; i < len(text); {
		if !isASCIIDigit(text[i].r) {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && (isASCIIDigit(text[end].r) || joinsDigits(text, end)) {
			end++
		}
		if (i == 0 || !joinsWord(text[i-1].r)) && (end == len(text) || !joinsWord(text[end].r)) {
			calls = append(calls, numbersIn(text[i:end])...)
		}
		i = end
	}
	return calls
}

// numbersIn takes digits with spaces and hyphens between them for one number or, if they are none, for several.
func numbersIn(run []glyph) []call {
	shown := spell(run, "")
	digits := gaps.Replace(shown)
	if _, err := dlt.ParseCTA(dlt.CTANumber, digits); err == nil {
		return []call{{"the number", []dlt.VarType{dlt.CBN}, digits, shown, run[0].at}}
	}
	if i := strings.IndexByte(shown, ' '); i >= 0 {
		return append(numbersIn(run[:i]), numbersIn(run[i+1:])...)
	}
	return nil
}

// gaps are what may stand between a number's digits.
var gaps = strings.NewReplacer(" ", "", "-", "")

func isASCIIDigit(r rune) bool { return '0' <= r && r <= '9' }

// joinsDigits says whether a single space or hyphen stands between two digits there.
func joinsDigits(text []glyph, i int) bool {
	return (text[i].r == ' ' || text[i].r == '-') && i+1 < len(text) && isASCIIDigit(text[i+1].r)
}

func joinsWord(r rune) bool { return r == variable || isWordly(r) }
