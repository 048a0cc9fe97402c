package dlt

import (
	"fmt"
	"strings"
)

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
