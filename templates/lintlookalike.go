package templates

import (
	"fmt"
	"strings"
	"unicode"
)

// lookAlike is what to write instead of a character that GSM-7 does not hold.
type lookAlike struct{ name, instead string } // nothing instead: leave it out

// lookAlikes are the characters that texts get from word processors, chats and portals, by their names in Unicode.
var lookAlikes = map[rune]lookAlike{
	'₹': {"Indian rupee sign", "Rs"}, '₨': {"rupee sign", "Rs"}, '¢': {"cent sign", "cents"},
	'“': {"left double quotation mark", `"`}, '”': {"right double quotation mark", `"`},
	'„': {"low double quotation mark", `"`}, '«': {"left-pointing double angle quotation mark", `"`},
	'»': {"right-pointing double angle quotation mark", `"`}, '‘': {"left single quotation mark", "'"},
	'’': {"right single quotation mark", "'"}, '‚': {"low single quotation mark", "'"},
	'`': {"grave accent", "'"}, '´': {"acute accent", "'"}, '′': {"prime", "'"}, '″': {"double prime", `"`},
	'–': {"en dash", "-"}, '—': {"em dash", "-"}, '‐': {"hyphen", "-"}, '‑': {"non-breaking hyphen", "-"},
	'‒': {"figure dash", "-"}, '−': {"minus sign", "-"}, '…': {"horizontal ellipsis", "..."},
	'•': {"bullet", "*"}, '·': {"middle dot", "*"}, '●': {"black circle", "*"}, '→': {"rightwards arrow", ">"},
	'×': {"multiplication sign", "x"}, '÷': {"division sign", "/"}, '°': {"degree sign", "deg"},
	'©': {"copyright sign", "(C)"}, '®': {"registered sign", "(R)"}, '™': {"trade mark sign", "TM"},
	'½': {"one half", "1/2"}, '¼': {"one quarter", "1/4"}, '²': {"superscript two", "2"},
	'\t': {"tab", "a space"}, '\u00a0': {"no-break space", "a space"}, '\u2002': {"en space", "a space"},
	'\u2003': {"em space", "a space"}, '\u2009': {"thin space", "a space"},
	'\u202f': {"narrow no-break space", "a space"}, '\u3000': {"ideographic space", "a space"},
	'\u00ad': {"soft hyphen", ""}, '\u200b': {"zero width space", ""}, '\u200c': {"zero width non-joiner", ""},
	'\u200d': {"zero width joiner", ""}, '\u200e': {"left-to-right mark", ""},
	'\u200f': {"right-to-left mark", ""}, '\u2028': {"line separator", "a line break"},
	'\u2029': {"paragraph separator", "a line break"}, '\u2060': {"word joiner", ""},
	'\ufeff': {"byte order mark", ""}, '\ufe0f': {"variation selector, part of an emoji", ""},
	'\ufffd': {"replacement character, in place of one that was lost", "the character that was lost"},
	'á':      {"a with acute", "a"}, 'â': {"a with circumflex", "a"}, 'ā': {"a with macron", "a"},
	'ç': {"c with cedilla", "c"}, 'ê': {"e with circumflex", "e"}, 'ë': {"e with diaeresis", "e"},
	'í': {"i with acute", "i"}, 'ī': {"i with macron", "i"}, 'î': {"i with circumflex", "i"},
	'ó': {"o with acute", "o"}, 'ô': {"o with circumflex", "o"}, 'ú': {"u with acute", "u"},
	'û': {"u with circumflex", "u"}, 'ū': {"u with macron", "u"},
}

// nameOf shows a character with its code point, and the name of a frequent one: "₹ (U+20B9, Indian rupee sign)".
func nameOf(r rune) string {
	name := lookAlikes[r].name
	switch {
	case name == "" && isPicture(r):
		name = "emoji or symbol"
	case name == "" && unicode.IsControl(r):
		name = "control character"
	}
	if name != "" {
		name = ", " + name
	}
	if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
		return fmt.Sprintf("an invisible character (%U%s)", r, name)
	}
	return fmt.Sprintf("%c (%U%s)", r, r, name)
}

// isPicture says whether a character is an emoji or another picture: of those only a few are worth a name.
func isPicture(r rune) bool {
	return unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r > 0xFFFF
}

// instead says what to write in place of characters.
func instead(characters []rune) string {
	var write, leave []string
	for _, r := range characters {
		shown := string(r)
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			shown = fmt.Sprintf("%U", r)
		}
		if alike := lookAlikes[r].instead; alike != "" {
			write = append(write, fmt.Sprintf("%s for %s", alike, shown))
		} else {
			leave = append(leave, shown)
		}
	}
	var parts []string
	if write != nil {
		parts = append(parts, "with "+strings.Join(write, ", "))
	}
	if leave != nil {
		parts = append(parts, "without "+strings.Join(leave, ", "))
	}
	return "register it anew " + strings.Join(parts, " and ")
}
