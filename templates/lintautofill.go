package templates

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"harkara/dlt"
)

// The two forms by which a handset fills a code in. A text can be of one of them only: each wants the end for itself.
//
// Browsers (WebOTP, and Apple's domain-bound codes): the last line is @domain #code, one space between, and may end in
// a second domain behind % or @, for frames (WICG, Origin-bound one-time codes delivered via SMS).
// Android's SMS Retriever: at most 140 bytes, the last word the app's hash of 11 characters in base64 (Google, SMS
// Retriever API: verify on the server). The prefix <#> was once required.

// webLine is the line for browsers, taken apart. Its parts hold variables as slot.
type webLine struct {
	fault  string // why browsers do not take it; empty: they do
	domain string
	at     int
}

// slot stands for a variable in a line's text.
const slot = "\ufffc"

// webOTP finds the line for browsers: one with a word that begins with @ and, behind it, a # before a digit or a
// variable.
func (t *registered) webOTP() (webLine, bool) {
	lines := t.lines()
	for n, line := range lines {
		text := spell(line, slot)
		start := 0
		if text == "" || text[0] != '@' {
			start = strings.Index(text, " @") + 1
		}
		host, code, found := strings.Cut(text[start:], "#")
		if !found || text[start] != '@' || !isCode(code) || !isDomain(strings.TrimSpace(host[1:])) {
			continue
		}
		w := webLine{domain: strings.TrimSpace(host[1:]), at: line[len([]rune(text[:start]))].at}
		code, embedded, _ := strings.Cut(code, " ")
		switch {
		case start > 0:
			w.fault = "it does not begin a line of its own"
		case n < len(lines)-1:
			w.fault = "it is not the last line"
		case host != "@"+w.domain+" ":
			w.fault = "not exactly one space stands between domain and code"
		case !strings.Contains(code, slot):
			w.fault = "its code is fixed, not a variable"
		case strings.ContainsFunc(code, func(r rune) bool { return r != '\ufffc' && r != '-' && !isWordly(r) }):
			w.fault = "its code does not end with the variable"
		case embedded != "" && (embedded[0] != '%' && embedded[0] != '@' || !isDomain(embedded[1:])):
			w.fault = "more than the code follows the #"
		case strings.HasSuffix(text, " "):
			w.fault = "it ends with a space"
		}
		return w, true
	}
	return webLine{}, false
}

// isCode says whether what follows a # can be meant as a code: a hashtag begins with a letter.
func isCode(s string) bool { return strings.HasPrefix(s, slot) || s != "" && isASCIIDigit(rune(s[0])) }

// isDomain says whether s looks like a domain, or is a variable that can hold one.
func isDomain(s string) bool {
	return s == slot || strings.Contains(s, ".") && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '.' && r != '-' && r != '\ufffc' && (r >= 0x80 || !isWordly(r))
	})
}

// webOTPMalformed: a line that browsers do not take is only an odd ending for people to read.
func webOTPMalformed(t *registered) []fault {
	w, ok := t.webOTP()
	if !ok || w.fault == "" {
		return nil
	}
	return one("register it anew with a last line such as @www.example.com #{#numeric#}, and the brand before that line",
		"browsers do not fill in the code from the line with @ at character %d: %s", w.at, w.fault)
}

// webOTPUnregistered: the line is part of the registered text, and its domain a URL in it, which must be whitelisted.
func webOTPUnregistered(t *registered) []fault {
	w, ok := t.webOTP()
	if !ok || strings.Contains(w.domain, slot) || t.whitelisted(linkTypes, w.domain) ||
		t.whitelisted(linkTypes, "https://"+w.domain) {
		return nil
	}
	return one("whitelist https://"+w.domain+" on the portal and import the list (dlt import --kind ctas)",
		"the domain %s in the line with @ at character %d is not whitelisted by itself for the entity", w.domain, w.at)
}

// hashLength is how many characters an app's hash has.
const hashLength = 11

func (t *registered) hasRetrieverPrefix() bool {
	return len(t.glyphs) >= 3 && spell(t.glyphs[:3], slot) == "<#>"
}

// lastWord is what follows the last space or line break, and whether a variable alone makes it up.
func (t *registered) lastWord() (word []glyph, isVariable bool) {
	start := len(t.glyphs)
	for start > 0 && !unicode.IsSpace(t.glyphs[start-1].r) {
		start--
	}
	word = t.glyphs[start:]
	return word, len(word) == 1 && word[0].r == variable
}

// isHash says whether a word can be an app's hash.
func isHash(word []glyph) bool {
	return len(word) == hashLength && !slices.ContainsFunc(word, func(g glyph) bool {
		return g.r >= 0x80 || g.r != '+' && g.r != '/' && !isWordly(g.r)
	})
}

// isForRetriever says whether the text is meant for the Retriever: by its profile or its prefix, or by a hash that can't
// be a word, as it has small and capital letters and a digit or sign. Nine of ten hashes have.
func (t *registered) isForRetriever() bool {
	if t.hasRetrieverPrefix() || t.Profile != nil && t.Profile.Kind == Android {
		return true
	}
	word, _ := t.lastWord()
	letters := spell(word, slot)
	return isHash(word) &&
		strings.ContainsFunc(letters, unicode.IsUpper) && strings.ContainsFunc(letters, unicode.IsLower) &&
		strings.ContainsFunc(letters, func(r rune) bool { return !unicode.IsLetter(r) })
}

// retrieverMalformed: without a hash at its end no app gets the text. A variable may hold it.
func retrieverMalformed(t *registered) []fault {
	word, isVariable := t.lastWord()
	if !t.hasRetrieverPrefix() || isHash(word) || isVariable && t.lastSlotHoldsHash() {
		return nil
	}
	return one("register it anew with the hash as the last word, a space or line break before it and nothing after it",
		"the text begins with <#>, but its last word is not an app's hash of %d characters (letters, digits, + and /)",
		hashLength)
}

func (t *registered) lastSlotHoldsHash() bool {
	slots := t.compiled.Slots()
	switch slots[len(slots)-1] {
	case dlt.Untyped, dlt.Alphanumeric, dlt.Unknown:
		return true
	}
	return false
}

// retrieverTooLong counts the bytes of UTF-8, which for the usual alphabet are the characters.
func retrieverTooLong(t *registered) []fault {
	const most = retrieverMost
	if !t.isForRetriever() {
		return nil
	}
	fixed, slots := len(spell(t.glyphs, "")), t.compiled.Slots()
	if _, isVariable := t.lastWord(); isVariable {
		fixed, slots = fixed+hashLength, slots[:len(slots)-1]
	}
	longest := fixed
	for _, typ := range slots {
		longest += t.Rules.MaxLen(typ)
	}
	switch {
	case longest <= most:
		return nil
	case fixed+len(slots) > most:
		return one(fmt.Sprintf("register it anew with at least %s less", plural(fixed+len(slots)-most, "byte")),
			"the text has at least %d bytes; SMS Retriever takes at most %d", fixed+len(slots), most)
	}
	return []fault{{dlt.Note, fmt.Sprintf("with every variable as long as it may be, the text has %d bytes; "+
		"SMS Retriever takes at most %d", longest, most),
		fmt.Sprintf("keep the variables together to %d bytes", most-fixed)}}
}
