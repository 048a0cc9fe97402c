package dlt

import "strings"

// VarType is what a variable of a template may hold, as the register tags it.
type VarType string

// The types of variable. TRAI's direction of 18 November 2025 (F.No. D-2711/(2)/2024-QoS, Annexure I) names six tags;
// {#var#} is the older tag without a type.
const (
	Untyped      VarType = "untyped"
	Numeric      VarType = "numeric"
	Alphanumeric VarType = "alphanumeric"
	URL          VarType = "url"
	URLOTT       VarType = "urlott"
	CBN          VarType = "cbn" // call-back number
	Email        VarType = "email"
	Unknown      VarType = "unknown" // a tag that the table does not hold; its values are checked as untyped ones
)

// tagAliases are the tags' names between {# and #}, in lower case. The spelling differs by portal, and what a portal
// stores and exports is not what was typed into it: since mid-2026 Airtel, Vilpower, Jio and SmartPing export the
// three-letter forms. That "uro" stands for urlott is inferred from exports; no announcement explains the forms.
var tagAliases = map[string]VarType{
	"var":          Untyped,
	"numeric":      Numeric, // TRAI
	"number":       Numeric, // TRAI's second name, and Jio's guide
	"num":          Numeric, // stored form
	"alphanumeric": Alphanumeric,
	"alp":          Alphanumeric, // stored form
	"url":          URL,
	"urg":          URL, // stored form
	"urlott":       URLOTT,
	"uro":          URLOTT, // stored form
	"cbn":          CBN,
	"email":        Email,
}

// typeOfTag returns the type that a tag's name (what stands between {# and #}) means, in any case; Unknown for a name
// that the table does not hold.
func typeOfTag(name string) VarType {
	if t, ok := tagAliases[strings.ToLower(name)]; ok {
		return t
	}
	return Unknown
}

// MaxLen returns how many characters a value of the type may have by default.
//
// The sources disagree: an untyped variable has 30 (Textlocal, most portals), 40 (MSG91 since 2026) or 20 (a FAQ of
// 2021); typed ones 40 (MSG91, the validator of receive-sms-live) or 30 for digits (Jio's guide, an importer of
// SmartPing dumps); URLs 120 (the same validator alone). No source gives one for call-back numbers. The shortest that
// is common is the default for untyped ones, as a text refused here costs less than one refused by the operator.
func (t VarType) MaxLen() int {
	switch t {
	case Numeric, Alphanumeric, Email, CBN:
		return 40
	case URL, URLOTT:
		return 120
	default:
		return 30
	}
}
