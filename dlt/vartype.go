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

// canonicalTags are the tags that an import writes in place of spellings which the table does not hold: TRAI's own.
var canonicalTags = map[VarType]string{
	Untyped: "{#var#}", Numeric: "{#numeric#}", Alphanumeric: "{#alphanumeric#}", URL: "{#url#}", URLOTT: "{#urlott#}",
	CBN: "{#cbn#}", Email: "{#email#}",
}

// typeOfTag returns the type that a tag's name (what stands between the # signs) means, in any case: by the tags given,
// then by the table. It says whether one of the two holds the name; the type is Unknown where neither does.
func typeOfTag(name string, tags map[string]VarType) (VarType, bool) {
	name = strings.ToLower(name)
	if t, ok := tags[name]; ok {
		return t, true
	}
	if t, ok := tagAliases[name]; ok {
		return t, true
	}
	return Unknown, false
}
