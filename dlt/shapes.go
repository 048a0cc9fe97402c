package dlt

import (
	"maps"
	"slices"
)

// Our own columns (the contract's), as refusals and findings name them.
const (
	colEntity     = "ENTITY_ID"
	colEntityName = "ENTITY_NAME"
	colHeader     = "HEADER" // several separated by |
	colTemplate   = "TEMPLATE_ID"
	colName       = "TEMPLATE_NAME"
	colContent    = "TEMPLATE_CONTENT"
	colCategory   = "CATEGORY"
	colVarTypes   = "VAR_TYPES"
	colVarCount   = "VARIABLE_COUNT"
	colCTAName    = "CTA_NAME"
	colCTAType    = "CTA_TYPE"
	colCTASubtype = "CTA_SUBTYPE"
	colCTAValue   = "CTA_VALUE"
	colSMSC       = "SMSC"
	colChain      = "CHAIN" // ids separated by | or a comma
	colStatus     = "STATUS"
	colOperator   = "OPERATOR"
	colFrom       = "VALID_FROM"
	colTo         = "VALID_TO"
	colBeside     = "Category" // no column of ours: what stands beside a surer heading of the category
)

// layout is which of our columns an import of one kind reads: those it cannot do without, those it can.
type layout struct{ needed, optional []string }

var layouts = map[Kind]layout{
	KindEntity: {[]string{colEntity}, []string{colEntityName}},
	KindHeader: {[]string{colEntity, colHeader}, nil},
	// Some portals list templates without their headers, or by numbers of their own alone: links are a kind of its own.
	KindTemplate: {[]string{colEntity, colTemplate, colContent, colCategory},
		[]string{colHeader, colName, colVarTypes, colVarCount}},
	KindLink:  {[]string{colTemplate, colHeader}, nil},
	KindCTA:   {[]string{colEntity, colCTAType, colCTAValue}, []string{colCTAName, colCTASubtype}},
	KindChain: {[]string{colEntity, colSMSC, colChain}, nil},
}

// Kinds returns the kinds that can be imported.
func Kinds() []Kind { return slices.Sorted(maps.Keys(layouts)) }

// columns returns all columns of the kind, the needed ones first.
func (l layout) columns() []string {
	return slices.Concat(l.needed, l.optional, []string{colStatus, colOperator, colFrom, colTo})
}

// Columns returns our columns of all kinds, in the order of their names.
func Columns() []string {
	var all []string
	for _, l := range layouts {
		all = append(all, l.columns()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shape is how one portal heads its export of one kind: our column → its headings, the surest first.
type shape struct {
	name    string
	kind    Kind
	columns map[string][]string
}

// shapes are the portals' exports. Public evidence of them is thin, so that each holds what its source shows, and what
// it leaves out is looked for under the spellings below. Our own shape is not in the table: its headings are our columns.
var shapes = []shape{
	// AllApprovedContentTemplate.xlsx, seen twice in public; its ids are Jio's, one source calls it an export of Fast2SMS.
	// The copy of 2026 has the last three too.
	{"jio", KindTemplate, map[string][]string{colHeader: {"HEADER"}, colTemplate: {"TEMPLATE_ID"}, colName: {"TEMPLATE_NAME"},
		colContent: {"TEMPLATE_CONTENT"}, colVarCount: {"VARIABLE_COUNT"}, colCategory: {"Template Type"},
		colOperator: {"Provider"}, colStatus: {"Status"}}},
	// Airtel's list as one consumer of it names its fields.
	{"airtel", KindTemplate, map[string][]string{colTemplate: {"DLT ID"}, colName: {"Name"}, colHeader: {"Header"},
		colCategory: {"Communication Type"}, colContent: {"Content"}, colStatus: {"Status"}}},
	// No source gives the columns of Vilpower's ContentTemplates.csv: these are the fields of its form.
	{"vilpower", KindTemplate, map[string][]string{colTemplate: {"Template ID"}, colName: {"Template Name"},
		colCategory: {"Template Type"}, colHeader: {"Headers"}, colContent: {"Template Message", "Template Content"},
		colStatus: {"Status"}}},
	// No source gives the columns of BSNL's export: these are the fields of its form.
	{"bsnl", KindTemplate, map[string][]string{colTemplate: {"Content Template ID"}, colName: {"Content Template Name"},
		colCategory: {"Content Type", "Template Type"}, colHeader: {"Header Name"}, colContent: {"Template Content"},
		colStatus: {"Approval Status"}}},
	// SmartPing's "template dump report" is said to have header, PE, template id and text; the headings are not given.
	// Early in 2026 its texts kept {#var#}, with the types in a column beside them.
	{"smartping", KindTemplate, map[string][]string{colEntity: {"PE ID", "PE"}, colHeader: {"Header"},
		colTemplate: {"Template ID"}, colName: {"Template Name"}, colContent: {"Template Text", "Text"},
		colCategory: {"Template Type"}, colVarTypes: {"Variable Tags", "Tags"}, colStatus: {"Status"}}},
	// MSG91's own list of templates, as its help pages show it.
	{"msg91", KindTemplate, map[string][]string{colTemplate: {"DLT Template ID"}, colName: {"Template Name"},
		colContent: {"Message"}, colCategory: {"Type"}}},
	// MSG91's table of calls to action.
	{"msg91", KindCTA, map[string][]string{colCTAName: {"CTA Name"}, colCTAType: {"CTA Type"},
		colCTASubtype: {"CTA Sub-Type"}, colCTAValue: {"CTA Input"}}},
}

// spellings are headings that mean a column on any portal, the surest first. A portal's "Category" or "Content Category"
// may be the line of business (Banking, Health, ...): where a heading stands beside it that says how the message is
// sent, that one counts, and "Category" only in rows where that one tells none. They are generous on purpose, as what is
// wrongly read fails the checks of its column.
var spellings = map[string][]string{
	colEntity: {"PE ID", "PEID", "DLT PE ID", "Principal Entity ID", "Entity", "DLT Entity ID", "Entity Registration ID",
		"Principal Entity", "PE"},
	colEntityName: {"Principal Entity Name", "PE Name", "Entity", "Name", "Company Name", "Organisation Name",
		"Organization Name", "Business Name"},
	colHeader: {"Headers", "Header Name", "Header(s)", "Sender ID", "Sender IDs", "Sender", "Sender Name", "Approved Header",
		"CLI"},
	colTemplate: {"DLT Template ID", "Content Template ID", "DLT TE ID", "DLT CT ID", "CT ID", "Template Registration ID",
		"DLT ID", "Template"},
	colName: {"Content Template Name", "Template Title", "Name", "Title"},
	colContent: {"Content", "Template Message", "Template Text", "Message", "Text", "Message Content", "Content Template",
		"Template Body", "SMS Content", "SMS Text", "Body"},
	colCategory: {"Content Type", "Message Category", "SMS Type", "Message Type", "Communication Type", "Template Type",
		"Type", "Template Category"},
	colVarTypes:   {"Variable Types", "Variable Tags", "Variable Type", "Variable Tag", "Tags", "Tag Types"},
	colVarCount:   {"Variables Count", "No of Variables", "Number of Variables", "Variables"},
	colCTAName:    {"Name", "Title"},
	colCTAType:    {"Type", "CTA Category"},
	colCTASubtype: {"CTA Sub Type", "Sub Type", "URL Type"},
	colCTAValue:   {"CTA Input", "CTA", "Value", "URL", "Number", "URL/Number", "CTA URL", "CTA Content"},
	colSMSC:       {"SMSC ID", "Bind", "Route"},
	colChain:      {"PE TM Chain", "Chain IDs", "IDs", "TM Chain"},
	colStatus:     {"Approval Status", "Template Status", "Header Status", "Registration Status", "Current Status", "State"},
	colOperator:   {"Provider", "Access Provider", "Registered Via", "Registrar", "Telecom Operator", "TSP", "Portal"},
	colFrom:       {"Valid From", "Effective From", "Start Date", "Approved On", "Approval Date"},
	colTo:         {"Valid To", "Valid Till", "Valid Until", "Expiry Date", "Expires On", "Validity", "End Date"},
}
