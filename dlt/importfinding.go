package dlt

// code is the stable name of a finding about a row that was taken over.
type code string

const (
	unknownTag      code = "unknown_tag"
	unknownOperator code = "unknown_operator"
	countDiffers    code = "variable_count_differs"
	typesDiffer     code = "variable_types_differ"
	headerLength    code = "header_length"
	noHeader        code = "no_header"
	oldID           code = "old_id"
	typeDigits      code = "type_digits"
	idLength        code = "id_length"
	chainFault      code = "chain_fault"
)

// findings are how much each matters and what to do.
var findings = map[code]struct {
	severity Severity
	mend     string
}{
	unknownTag: {Warning, "add the tag's name and type under register.tags of the configuration and import again: " +
		"until then its values are checked as those of {#var#}"},
	unknownOperator: {Note, "write airtel, vi, jio, bsnl or smartping, give --operator, or leave it"},
	countDiffers:    {Warning, "compare the text with the portal's: a tag may be lost or misspelt in the export"},
	typesDiffer:     {Warning, "compare the types with the portal's: there should be one for each variable of the text"},
	headerLength:    {Note, "compare it with the portal's: most operators register headers of 6 letters"},
	noHeader: {Note, "import the links of templates to headers by --kind links: without one nothing can be sent " +
		"with the template"},
	oldID: {Note, "ask the operator whether the entity has an id of 19 digits by now: use that one if so"},
	typeDigits: {Warning, "compare the id with the portal's: the third and fourth digit of a template's id are 07, " +
		"or 77 since July 2026"},
	idLength:   {Note, "compare the id with the portal's: most templates have ids of 19 digits"},
	chainFault: {Warning, "compare the chain with the one that the entity confirmed on the operator's portal"},
}

// saidKey is what a finding is about: each is reported once, on the first row that has it.
type saidKey struct {
	code, subject string
}

// find reports something about the current row. The subject is the row's id; the entity may be empty.
func (r *reader) find(c code, subject string, entity EntityID, detail string) {
	r.found = append(r.found, RowFinding{r.line, Finding{Code: string(c), Severity: findings[c].severity,
		Kind: r.imp.Kind, Subject: subject, Entity: entity, Detail: detail, Mend: findings[c].mend}})
}

// keepFindings takes over what was found about the current row, each thing once.
func (r *reader) keepFindings() {
	for _, f := range r.found {
		if key := (saidKey{f.Code, f.Subject}); !r.said[key] {
			r.said[key] = true
			r.imp.Findings = append(r.imp.Findings, f)
		}
	}
}
