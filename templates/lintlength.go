package templates

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// overLength: portals register 2000 characters, and whether a message may have more is not published.
// More than 255 segments no user data header can count (3GPP TS 23.040 §9.2.3.24.1).
func overLength(t *registered) []fault {
	const mend = "register it anew with less fixed text, or with fewer or shorter variables"
	var faults []fault
	if n := t.compiled.WorstCase(t.Rules); n > dlt.MaxContent {
		faults = append(faults, fault{dlt.Warning, fmt.Sprintf("with every variable as long as it may be, "+
			"the text has %d characters; %d is the most that portals know", n, dlt.MaxContent), mend})
	}
	for i, err := range t.unfit {
		if errors.Is(err, sms.ErrTooLong) {
			faults = append(faults, one(mend,
				"at %s the longest text needs more than 255 segments, which cannot be sent", t.Codings[i].Name)...)
		}
	}
	return faults
}

// codingUnfit: nothing is replaced or left out, so that such a text never goes there (see sms.Coding).
func codingUnfit(t *registered) []fault {
	var faults []fault
	for i, err := range t.unfit {
		unfit, ok := errors.AsType[*sms.UnfitError](err)
		if !ok {
			continue
		}
		at := t.where(func(r rune) bool { return r == unfit.Character })
		faults = append(faults, one(
			instead([]rune{unfit.Character})+"; or allow ucs2 at that SMSC, or route the template elsewhere",
			"no alphabet of %s holds %s at %s", t.Codings[i].Name, nameOf(unfit.Character), at)...)
	}
	return faults
}

// segments: a short message has 140 octets, and each of several parts fewer (3GPP TS 23.040 §9.2.3.16).
func segments(t *registered) []fault {
	longest := t.compiled.WorstCase(t.Rules)
	f := fault{severity: dlt.Note, mend: "nothing, if this was reckoned with; else register it anew with a shorter text"}
	var figures []string
	over := 0 // the most characters that a single segment has no room for
	for i, c := range t.costs {
		if c.Most.Parts <= 1 && c.Unicode.Parts <= 1 {
			continue // it can't go there, or always goes as one
		}
		figures = append(figures, t.Codings[i].Name+": "+figure(c))
		if c.Least.Parts == 1 && c.Most.Parts > 1 {
			f.severity = dlt.Warning
			over = max(over, longest-room[c.Most.Encoding])
		}
	}
	if figures == nil {
		return nil
	}
	if fixed := len(t.glyphs) - len(t.tags); over > 0 {
		f.mend = fmt.Sprintf("to be always one segment, keep its variables together to %d characters", longest-over-fixed)
		if over < fixed {
			f.mend += fmt.Sprintf(", or register it anew with about %s less", plural(over, "character"))
		}
	}
	f.detail = fmt.Sprintf("at most %d characters; %s", longest, strings.Join(figures, "; "))
	return []fault{f}
}

// room is how many characters a single segment takes.
var room = map[sms.Encoding]int{sms.GSM7: 160, sms.UCS2: 70, sms.Latin1: 140}

// figure says what a text comes to: "1 to 2 segments (gsm7), 3 (ucs2) where a variable holds what GSM-7 lacks".
func figure(c Costs) string {
	s := plural(c.Most.Parts, "segment")
	if c.Least.Parts != c.Most.Parts {
		s = fmt.Sprintf("%d to %s", c.Least.Parts, s)
	}
	s += fmt.Sprintf(" (%s)", c.Most.Encoding)
	if c.Unicode.Parts > 0 && c.Unicode != c.Most {
		s += fmt.Sprintf(", up to %d (%s) where a variable holds what GSM-7 lacks", c.Unicode.Parts, c.Unicode.Encoding)
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// gsm7 tells whether a text goes without UCS-2 everywhere: national tables are in few SMSCs' settings.
var gsm7 = sms.Coding{Alphabets: []sms.Encoding{sms.GSM7}}

// forcesUCS2: 160 characters of GSM-7 a segment, or 70 of UCS-2. Letters of another script are why the text
// is so; in a Latin text it is mostly an accident of typing.
func forcesUCS2(t *registered) []fault {
	if _, err := gsm7.Measure(t.fixed()); err == nil {
		return nil
	}
	at := map[rune]places{}
	var wide []rune
	for _, g := range t.glyphs {
		if g.r == variable {
			continue
		}
		if at[g.r] == nil {
			if _, err := gsm7.Measure(string(g.r)); err == nil {
				continue
			}
			if script := scriptOf(g.r); script != "" {
				return []fault{{dlt.Note, fmt.Sprintf("the text is in %s (%s), which goes as UCS-2: "+
					"70 characters in one segment, 66 in each of several", script, places{g.at}),
					"nothing, but keep the text short"}}
			}
			wide = append(wide, g.r)
		}
		at[g.r] = append(at[g.r], g.at)
	}
	names := make([]string, len(wide))
	for i, r := range wide {
		names[i] = fmt.Sprintf("%s at %s", nameOf(r), at[r])
	}
	return one(instead(wide), "70 instead of 160 characters a segment because of %s", strings.Join(names, "; "))
}

// scripts are those of India's languages, with English names.
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Devanagari", unicode.Devanagari}, {"Bengali", unicode.Bengali}, {"Tamil", unicode.Tamil}, {"Telugu", unicode.Telugu},
	{"Gujarati", unicode.Gujarati}, {"Kannada", unicode.Kannada}, {"Malayalam", unicode.Malayalam},
	{"Odia", unicode.Oriya}, {"Gurmukhi", unicode.Gurmukhi}, {"Arabic (Urdu)", unicode.Arabic},
	{"Ol Chiki", unicode.Ol_Chiki}, {"Meetei Mayek", unicode.Meetei_Mayek},
}

// scriptOf names the script of a letter that is not Latin; empty for all other characters.
func scriptOf(r rune) string {
	if !unicode.IsLetter(r) || unicode.Is(unicode.Latin, r) || unicode.Is(unicode.Common, r) {
		return ""
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return "another script"
}
