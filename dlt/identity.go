package dlt

import (
	"fmt"
	"strings"
)

// ParseEntityID reads a principal entity's id: 19 digits, or 12 in older registrations, the first a 1. It refuses what
// a spreadsheet has made of one, and a template's or telemarketer's id, and says what to do.
func ParseEntityID(s string) (EntityID, error) {
	if err := checkID("entity", KindEntity, s); err != nil {
		return "", err
	}
	if len(s) != 19 && len(s) != 12 {
		return "", fmt.Errorf("entity id %q has %d digits: 19 are needed, or 12 in older registrations", s, len(s))
	}
	return EntityID(s), nil
}

// ParseTelemarketerID reads a telemarketer's id: 19 digits, or 12 or 16 in older registrations, the first a 1. It
// refuses what a spreadsheet has made of one, and a template's id, and says what to do.
func ParseTelemarketerID(s string) (TelemarketerID, error) {
	if err := checkID("telemarketer", KindChain, s); err != nil {
		return "", err
	}
	if len(s) != 19 && len(s) != 16 && len(s) != 12 {
		return "", fmt.Errorf("telemarketer id %q has %d digits: 19 are needed, or 12 or 16 in older registrations", s, len(s))
	}
	return TelemarketerID(s), nil
}

// ParseTemplateID reads a content template's id: 12 to 19 digits, the first a 1. It refuses what a spreadsheet has
// made of one, and an entity's or telemarketer's id, and says what to do.
func ParseTemplateID(s string) (TemplateID, error) {
	if err := checkID("template", KindTemplate, s); err != nil {
		return "", err
	}
	if len(s) < 12 || len(s) > 19 {
		return "", fmt.Errorf("template id %q has %d digits: 12 to 19 are needed", s, len(s))
	}
	return TemplateID(s), nil
}

// SwappedID says what the id is, such as "a template's id (type digits 77)", where it stands in the place of a wanted
// one of another kind, as when the tags of the entity and the template are confused; "" where it may stand there. A
// telemarketer's place is of KindChain.
//
// Only ids of 19 digits tell, by their third and fourth: 01 an entity, 02 a telemarketer, 07 a template, 77 one since
// July 2026, 05 an entity at SmartPing; inferred from some 35 ids that were seen in public. Other digits tell nothing.
// A telemarketer's may be 01 too: the manual on the hash (see ChainValue) has such ones in its examples.
func SwappedID(wanted Kind, id string) string {
	if len(id) != 19 {
		return ""
	}
	kind, what := KindTemplate, "a template's"
	switch digits := id[2:4]; digits {
	case "01", "05":
		kind, what = KindEntity, "an entity's"
	case "02":
		kind, what = KindChain, "a telemarketer's"
	case "07", "77":
	default:
		return ""
	}
	if kind == wanted || kind == KindEntity && wanted == KindChain {
		return ""
	}
	return fmt.Sprintf("%s id (type digits %s)", what, id[2:4])
}

// checkID refuses what no id of the register is: not digits, not begun with a 1 (every operator's two digits do), written
// by a spreadsheet as 1.10716E+18, or of another kind. That an id ends in zeros says nothing against it here: one in ten
// thousand does (see reader.id for those of a file).
func checkID(what string, kind Kind, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("the %s id is empty", what)
	case isScientific(s):
		return fmt.Errorf("%s id %q was turned into a number by a spreadsheet, its last digits are lost: "+
			"export the column as text and import it again", what, s)
	case !allDigits(s):
		return fmt.Errorf("%s id %q is not digits only", what, s)
	case s[0] != '1':
		return fmt.Errorf("%s id %q does not begin with 1", what, s)
	}
	if other := SwappedID(kind, s); other != "" {
		return fmt.Errorf("%s id %q is %s: look for columns or settings that were swapped", what, s, other)
	}
	return nil
}

// isScientific says whether s is a number as spreadsheets show long ones: 1.10716E+18, 1,1e18 or 1107161234567890000.0.
func isScientific(s string) bool {
	mantissa, exponent, found := strings.Cut(strings.ToLower(s), "e")
	whole, part, dotted := strings.Cut(strings.Replace(mantissa, ",", ".", 1), ".")
	if !found && !dotted || !allDigits(whole) || dotted && part != "" && !allDigits(part) {
		return false
	}
	return !found || allDigits(strings.TrimPrefix(exponent, "+"))
}

// ParseHeader reads a header as it was registered: 3 to 6 letters, whose case is kept, or 6 digits. What the handset
// shows (XY-HEADER-S) is refused with the header to write instead: the operator adds its two letters and the P, S, T or
// G itself (TRAI, from 6 May 2025).
func ParseHeader(s string) (Header, error) {
	if isHeader(s) {
		return Header(s), nil
	}
	if bare := bareHeader(s); bare != "" {
		return "", fmt.Errorf("header %q carries the operator's prefix or suffix: write %q", s, bare)
	}
	return "", fmt.Errorf("header %q is not 3 to 6 letters or 6 digits", s)
}

// bareHeader is the header in what a handset shows: XY-HEADER-S, XY-HEADER or HEADER-S; "" where there is none.
func bareHeader(s string) string {
	if len(s) > 3 && s[2] == '-' {
		s = s[3:]
	}
	if n := len(s); n > 2 && s[n-2] == '-' && strings.ContainsRune("PSTGpstg", rune(s[n-1])) {
		s = s[:n-2]
	}
	if !isHeader(s) {
		return ""
	}
	return s
}

func isHeader(s string) bool {
	if len(s) == 6 && allDigits(s) {
		return true
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return len(s) >= 3 && len(s) <= 6
}
