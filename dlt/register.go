package dlt

// EntityID is a principal entity's id: 19 digits, 12 in older registrations. Text, never a number.
type EntityID string

// TemplateID is a content template's id: 12 to 19 digits. Text, never a number.
type TemplateID string

// Header is a sender ID as registered: 3-6 letters, case-sensitive, or 6 digits; without operator prefix or suffix.
type Header string

// Category is what a template was registered as.
type Category string

// The categories.
const (
	Transactional   Category = "transactional"
	ServiceImplicit Category = "service_implicit"
	ServiceExplicit Category = "service_explicit"
	Promotional     Category = "promotional"
	Government      Category = "government"
)

// Entity is a principal entity.
type Entity struct {
	ID     EntityID
	Name   string
	Active bool
}

// HeaderRecord is one header of one entity.
type HeaderRecord struct {
	Header Header
	Entity EntityID
	Active bool
}

// Template is one registered content template.
type Template struct {
	ID      TemplateID
	Entity  EntityID
	Name    string
	Content string // as registered, with its tags
	// VarTypes are the types registered beside the text, for portals that leave {#var#} in it: the n-th is the n-th
	// variable's, and counts only where that variable's own tag is untyped. May be shorter than the variables, or empty.
	VarTypes []VarType
	Category Category
	Headers  []Header // those it is linked to
	Active   bool
}
