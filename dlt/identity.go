package dlt

import (
	"fmt"
	"strings"
)

// ParseEntityID reads a principal entity's id: 19 digits, or 12 in older registrations, the first a 1. It refuses what
// a spreadsheet has made of one, and says what to do.
func ParseEntityID(s string) (EntityID, error) {
	if err := checkID("entity", s); err != nil {
		return "", err
	}
	if len(s) != 19 && len(s) != 12 {
		return "", fmt.Errorf("entity id %q has %d digits: 19 are needed, or 12 in older registrations", s, len(s))
	}
	return EntityID(s), nil
}

// ParseTemplateID reads a content template's id: 12 to 19 digits, the first a 1. It refuses what a spreadsheet has
// made of one, and says what to do.
func ParseTemplateID(s string) (TemplateID, error) {
	if err := checkID("template", s); err != nil {
		return "", err
	}
	if len(s) < 12 || len(s) > 19 {
		return "", fmt.Errorf("template id %q has %d digits: 12 to 19 are needed", s, len(s))
	}
	return TemplateID(s), nil
}

// checkID refuses what no id of the register is: not digits, not begun with a 1 (every operator's two digits do), or
// changed by a spreadsheet, which writes long numbers as 1.10716E+18 and keeps 15 digits of them, the rest zeros.
func checkID(what, s string) error {
	const mend = "export the column as text and import it again"
	switch {
	case s == "":
		return fmt.Errorf("the %s id is empty", what)
	case isScientific(s):
		return fmt.Errorf("%s id %q was turned into a number by a spreadsheet, its last digits are lost: %s", what, s, mend)
	case !allDigits(s):
		return fmt.Errorf("%s id %q is not digits only", what, s)
	case s[0] != '1':
		return fmt.Errorf("%s id %q does not begin with 1", what, s)
	case len(s) > 15 && strings.HasSuffix(s, "0000"):
		return fmt.Errorf("%s id %q was rounded by a spreadsheet, its last digits are lost: %s", what, s, mend)
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
// shows (XY-HEADER-S) is refused with the header to write instead: the operator adds prefix and suffix itself.
func ParseHeader(s string) (Header, error) {
	if isHeader(s) {
		return Header(s), nil
	}
	for _, part := range strings.Split(s, "-") {
		if len(part) >= 3 && isHeader(part) {
			return "", fmt.Errorf("header %q carries the operator's prefix or suffix: write %q", s, part)
		}
	}
	return "", fmt.Errorf("header %q is not 3 to 6 letters or 6 digits", s)
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

// categoryNames are the spellings of categories on portals and in operators' interfaces, in lower case and without
// spaces, underscores and hyphens.
var categoryNames = map[string]Category{
	"transactional": Transactional, "transaction": Transactional, "trans": Transactional, "t": Transactional,
	"serviceimplicit": ServiceImplicit, "serviceinferred": ServiceImplicit, "implicit": ServiceImplicit,
	"si": ServiceImplicit, "serviceimplict": ServiceImplicit, // Airtel's own spelling
	"serviceexplicit": ServiceExplicit, "explicit": ServiceExplicit, "se": ServiceExplicit,
	"promotional": Promotional, "promotion": Promotional, "promo": Promotional, "p": Promotional,
	"government": Government, "govt": Government, "gov": Government, "g": Government,
}

var categorySpelling = strings.NewReplacer(" ", "", "_", "", "-", "")

// ParseCategory reads a category in our spelling or a portal's: "service_implicit", "Service Implicit", "SI",
// "DLT_SERVICE_IMPLICT". A bare "S" or "Service" is refused: it does not tell implicit from explicit.
func ParseCategory(s string) (Category, error) {
	name := categorySpelling.Replace(strings.ToLower(strings.TrimSpace(s)))
	if c, ok := categoryNames[strings.TrimPrefix(name, "dlt")]; ok {
		return c, nil
	}
	return "", fmt.Errorf(
		"category %q is not one of transactional, service_implicit, service_explicit, promotional, government", s)
}
