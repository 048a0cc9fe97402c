package dlt

// Reason is why the register forbids a message; the same word in statuses, ledger, reports and metrics.
type Reason string

// The reasons of a rejection at stage dlt.
const (
	UnknownTemplate    Reason = "unknown_template"
	TemplateInactive   Reason = "template_inactive"
	UnknownHeader      Reason = "unknown_header"
	HeaderInactive     Reason = "header_inactive"
	HeaderNotLinked    Reason = "header_not_linked"
	HeaderNotAllowed   Reason = "header_not_allowed"
	EntityUnknown      Reason = "entity_unknown"
	WrongVariableCount Reason = "wrong_variable_count"
	VariableTooLong    Reason = "variable_too_long"
	VariableWrongType  Reason = "variable_wrong_type"
	CTANotWhitelisted  Reason = "cta_not_whitelisted"
	CategoryNotAllowed Reason = "category_not_allowed"
	OutsideHours       Reason = "outside_hours"
	TextMismatch       Reason = "text_mismatch"
	BadNumber          Reason = "bad_number"
	// Beyond the contract's list: these two are of one SMSC, and end a message only where no other of its route is left.
	ChainMissing Reason = "chain_missing" // the SMSC wants the PE-TM chain, and none is registered for the entity there
	Quarantined  Reason = "quarantined"   // the SMSC's scrubber failed the template for good lately; see dlt release
)

// Violation says why the register forbids a message. Detail is for people and holds no variable's value.
type Violation struct {
	Reason   Reason
	Detail   string
	Position int // of the first difference or the faulty variable, from 1; 0 where there is none
}

// Error returns the reason and the detail.
func (v *Violation) Error() string { return string(v.Reason) + ": " + v.Detail }
