package templates

import (
	"fmt"
	"strings"
	"unicode"
)

// An approved text can't be edited, a change is a new template; hence "register it anew" in mends.

// compare is what to do about what may be the export's fault.
const compare = "compare it with the portal: if it is the export's only, mend the export and import it again; "

// isBlank says whether a glyph is a space.
func isBlank(g glyph) bool { return g.r == ' ' }

// edges counts the spaces at both ends of a line; one of nothing but spaces has them all at its end.
func edges(line []glyph) (before, after int) {
	for after < len(line) && isBlank(line[len(line)-1-after]) {
		after++
	}
	for before < len(line)-after && isBlank(line[before]) {
		before++
	}
	return before, after
}

// doubleSpace: operators ask for none (c2sms, and the check of smscrubbing). At the ends of a line they are
// leadingSpace and trailingSpace.
func doubleSpace(t *registered) []fault {
	var at places
	for _, line := range t.lines() {
		before, after := edges(line)
		line = line[before : len(line)-after]
		for i := 1; i < len(line); i++ {
			if isBlank(line[i-1]) && isBlank(line[i]) && !isBlank(line[i-2]) { // a line begins with no space here
				at = append(at, line[i-1].at)
			}
		}
	}
	if at == nil {
		return nil
	}
	return one("register it anew with single spaces", "there are two or more spaces at %s; some portals and applications "+
		"make one of them, and then the text does not match", at)
}

// leadingSpace: exports of Jio's shape bring spaces at the beginning of lines, and many programs trim texts;
// where only one side has them, exact comparison fails.
func leadingSpace(t *registered) []fault {
	var at places
	for _, line := range t.lines() {
		if before, _ := edges(line); before > 0 {
			at = append(at, line[0].at)
		}
	}
	if at == nil {
		return nil
	}
	return one(compare+"else register it anew without the space",
		"a line begins with a space at %s, which is easily lost on the way, and then the text does not match", at)
}

// trailingSpace: as leadingSpace. A line break at the end of the text counts too.
func trailingSpace(t *registered) []fault {
	var at places
	for _, line := range t.lines() {
		if _, after := edges(line); after > 0 {
			at = append(at, line[len(line)-after].at)
		}
	}
	if last := t.glyphs[len(t.glyphs)-1]; last.r == '\n' || last.r == '\r' {
		at = append(at, last.at)
	}
	if at == nil {
		return nil
	}
	return one(compare+"else register it anew without it",
		"a line ends with a space, or the text with a line break, at %s; it is easily lost on the way, and then the text "+
			"does not match", at)
}

// controlCharacter: what is not seen in a portal's form is lost in the one place and kept in the other, and exact
// comparison fails. The joiners and the selector of emoji shape what is seen, and are not meant.
func controlCharacter(t *registered) []fault {
	var faults []fault
	seen := map[rune]bool{}
	for _, g := range t.glyphs {
		if seen[g.r] || !isUnseen(g.r) {
			continue
		}
		seen[g.r] = true
		at := t.where(func(r rune) bool { return r == g.r })
		faults = append(faults, one(compare+"else "+instead([]rune{g.r}), "%s stands at %s", nameOf(g.r), at)...)
	}
	return faults
}

func isUnseen(r rune) bool {
	switch r {
	case '\n', '\r', '\u200c', '\u200d', variable:
		return false
	case '\u2028', '\u2029', unicode.ReplacementChar:
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)
}

// mixedNewlines: whether a line break of one form matches the other is not known, so that at least all
// should be of one.
func mixedNewlines(t *registered) []fault {
	crlf := strings.Count(t.Template.Content, "\r\n")
	lf := strings.Count(t.Template.Content, "\n") - crlf
	cr := strings.Count(t.Template.Content, "\r") - crlf
	var forms []string
	for _, f := range []struct {
		name string
		n    int
	}{{"CRLF", crlf}, {"LF", lf}, {"CR", cr}} {
		if f.n > 0 {
			forms = append(forms, fmt.Sprintf("%d of %s", f.n, f.name))
		}
	}
	if len(forms) < 2 {
		return nil
	}
	return one("compare it with the portal; where the SMSC wants one form, set it (scrub.newline: lf or crlf)",
		"its line breaks are %s", strings.Join(forms, ", "))
}

// angleBrackets: all characters of a keyboard are allowed but these (c2sms). The prefix <#> of Android's
// SMS Retriever is meant to be there.
func angleBrackets(t *registered) []fault {
	at := t.where(func(r rune) bool { return r == '<' || r == '>' })
	if t.hasRetrieverPrefix() {
		at = at[2:]
	}
	if len(at) == 0 {
		return nil
	}
	return one(compare+"else register it anew without them",
		"< or > stands at %s; portals refuse them, and some exports write markup with them", at)
}
