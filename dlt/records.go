package dlt

import "time"

// EntityID is a principal entity's id: 19 digits, 12 in older registrations. Text, never a number.
type EntityID string

// TelemarketerID is a telemarketer's id: 19 digits, 12 or 16 in older registrations. Text, never a number.
type TelemarketerID string

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
	ID   EntityID `json:"id"`
	Name string   `json:"name,omitempty"` // empty where no import has named it
	Standing
}

// HeaderRecord is one header of one entity.
type HeaderRecord struct {
	Header Header   `json:"header"`
	Entity EntityID `json:"entity"`
	Standing
}

// Template is one registered content template.
type Template struct {
	ID      TemplateID `json:"id"`
	Entity  EntityID   `json:"entity"`
	Name    string     `json:"name,omitempty"`
	Content string     `json:"content"`       // with its tags, normalised as Rule says
	Raw     string     `json:"raw,omitempty"` // the text as the export had it, where Content differs
	// Rule names what made Content of Raw, such as "br+indent"; empty where nothing did.
	Rule string `json:"rule,omitempty"`
	// VarTypes are the types registered beside the text, for portals that leave {#var#} in it: the n-th is the n-th
	// variable's, and counts only where that variable's own tag is untyped. May be shorter than the variables, or empty.
	VarTypes []VarType `json:"var_types,omitempty"`
	Category Category  `json:"category"`
	Standing
	Links []Link `json:"-"` // its headers, in the order of their names; rows of their own in the register
}

// Link says that a template is registered for a header.
type Link struct {
	Template TemplateID `json:"template"`
	Header   Header     `json:"header"`
	Standing
}

// CTAType is what kind of call to action was whitelisted (TRAI's directions of 12 May 2023 and 13 August 2024).
type CTAType string

// The types of CTA.
const (
	CTAStatic  CTAType = "url_static"  // this URL and no other
	CTADynamic CTAType = "url_dynamic" // ends in "?": what follows may vary
	CTAShort   CTAType = "url_short"   // a shortener's domain, perhaps with a path: what follows may vary
	CTAAPK     CTAType = "apk"         // ends in ".apk"
	CTAOTT     CTAType = "ott"         // a link into a messenger or application
	CTANumber  CTAType = "number"
	CTAEmail   CTAType = "email"
)

// CTA is one whitelisted URL, number or address of an entity.
type CTA struct {
	Entity EntityID `json:"entity"`
	Type   CTAType  `json:"type"`
	Value  string   `json:"value"`
	Name   string   `json:"name,omitempty"`
	Standing
}

// ChainRecord is the PE-TM chain of one entity at one SMSC, from a time on.
type ChainRecord struct {
	Entity EntityID `json:"entity"`
	SMSC   string   `json:"smsc"` // as the configuration names it
	IDs    []string `json:"ids"`  // the entity first, the telemarketer that submits last
	Standing
}

// Contents are rows of the register, each as it now is.
type Contents struct {
	// Mark names the change that made the register what it is, in whatever database: versions alone are counted anew
	// where one is put back from a backup. Empty where it is not known.
	Mark      string         `json:"mark,omitempty"`
	Entities  []Entity       `json:"entities,omitempty"`
	Headers   []HeaderRecord `json:"headers,omitempty"`
	Templates []Template     `json:"templates,omitempty"` // with their Links
	Links     []Link         `json:"links,omitempty"`
	CTAs      []CTA          `json:"ctas,omitempty"`
	Chains    []ChainRecord  `json:"chains,omitempty"`
}

// Standing is what the operators hold of a row, whatever it is of.
type Standing struct {
	Operator Operator `json:"operator,omitempty"` // whose register holds it; empty where that is not known
	Status   Status   `json:"status"`
	// In force from From until, not including, To; zero: without that bound.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}
