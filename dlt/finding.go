package dlt

// Severity is how much a finding matters.
type Severity string

// The severities, gravest first.
const (
	Error   Severity = "error"   // messages fail, or will
	Warning Severity = "warning" // some operators refuse it, or it costs more than it looks
	Note    Severity = "note"    // worth knowing
)

// Finding is something about a row of the register that staff should see.
type Finding struct {
	Code     string   `json:"code"` // stable, snake_case
	Severity Severity `json:"severity"`
	Kind     Kind     `json:"kind"`             // of the row: templates, headers, entities, ctas, chains
	Subject  string   `json:"subject"`          // the row's id: a template id, a header, an entity id
	Entity   EntityID `json:"entity,omitempty"` // whose it is
	Operator string   `json:"operator,omitempty"`
	Detail   string   `json:"detail"` // what was found, for people
	Mend     string   `json:"mend"`   // what to do
}

// Kind is what a row of the register is of.
type Kind string

// The kinds.
const (
	KindEntity   Kind = "entities"
	KindHeader   Kind = "headers"
	KindTemplate Kind = "templates"
	KindLink     Kind = "links" // of a template to a header
	KindCTA      Kind = "ctas"
	KindChain    Kind = "chains"
)
