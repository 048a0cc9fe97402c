package app

import (
	"fmt"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// Cost is what one text comes to at the SMSCs that share a coding and a price.
type Cost struct {
	SMSCs    []sms.SMSCID `json:"smscs"`
	Encoding string       `json:"encoding"`
	Segments int          `json:"segments"`  // short messages, which are paid
	SubmitSM int          `json:"submit_sm"` // PDUs
	Price    float64      `json:"price"`     // of all segments; 0 where none is configured
	Error    string       `json:"error"`     // why the text can't go there; empty: it can
}

// Coding is how some SMSCs take texts, and what they ask for each short message.
type Coding struct {
	SMSCs  []sms.SMSCID
	Coding *sms.Coding
	Price  float64
}

// Codings lists the codings of the configuration, each with its SMSCs.
func (c *Config) Codings() ([]Coding, error) {
	var list []Coding
	at := map[string]int{}
	for i := range c.SMSCs {
		s := &c.SMSCs[i]
		name := fmt.Sprint(s.Encoding, s.Price)
		if j, ok := at[name]; ok {
			list[j].SMSCs = append(list[j].SMSCs, s.ID)
			continue
		}
		coding, err := s.coding()
		if err != nil {
			return nil, err
		}
		at[name] = len(list)
		list = append(list, Coding{[]sms.SMSCID{s.ID}, coding, s.Price})
	}
	return list, nil
}

// cost is what a text comes to.
func (c *Coding) cost(size sms.Size) Cost {
	return Cost{SMSCs: c.SMSCs, Encoding: encodingName(size), Segments: size.Parts, SubmitSM: size.Segments,
		Price: float64(size.Parts) * c.Price}
}

// encodingName is the encoding, with the national language where its tables are used: "gsm7 (hindi)".
func encodingName(size sms.Size) string {
	if size.Language == 0 {
		return size.Encoding.String()
	}
	return fmt.Sprintf("%s (%s)", size.Encoding, size.Language)
}

// costs measures a text for every coding.
func costs(codings []Coding, text string) []Cost {
	list := make([]Cost, len(codings))
	for i := range codings {
		size, err := codings[i].Coding.Measure(text)
		list[i] = codings[i].cost(size)
		if err != nil {
			list[i] = Cost{SMSCs: codings[i].SMSCs, Error: err.Error()}
		}
	}
	return list
}

// TemplateCosts is what the texts of one template come to at the SMSCs of one coding.
type TemplateCosts struct {
	Template dlt.TemplateID `json:"template"`
	SMSCs    []sms.SMSCID   `json:"smscs"`
	Least    Cost           `json:"least"`
	Most     Cost           `json:"most"`
	Unicode  Cost           `json:"unicode"`
	Error    string         `json:"error"`
}

// Lint is what is to be said of registered templates.
type Lint struct {
	Costs    []TemplateCosts `json:"costs"`
	Findings []LintFinding   `json:"findings"`
}

// LintFinding is something that staff should look at.
type LintFinding struct {
	Template dlt.TemplateID `json:"template"`
	Detail   string         `json:"detail"`
}

// LintTemplates measures the register's templates, or the one that is named, and gathers what is wrong with them.
func LintTemplates(reg *dlt.Register, codings []Coding, only dlt.TemplateID) (Lint, error) {
	lint := Lint{Costs: []TemplateCosts{}, Findings: []LintFinding{}}
	if _, ok := reg.Template(only); only != "" && !ok {
		return lint, fmt.Errorf("template %s is not in the register; dlt import brings it in", only)
	}
	catalog, findings := templates.NewCatalog(reg)
	for _, f := range findings {
		if only == "" || f.Template == only {
			lint.Findings = append(lint.Findings, LintFinding{f.Template, f.Detail})
		}
	}
	for t := range reg.Templates() {
		compiled, ok := catalog.Lookup(t.ID)
		if !ok || only != "" && t.ID != only {
			continue
		}
		for i := range codings {
			lint.Costs = append(lint.Costs, templateCosts(compiled, &codings[i]))
		}
	}
	return lint, nil
}

func templateCosts(t *templates.Compiled, c *Coding) TemplateCosts {
	row := TemplateCosts{Template: t.ID(), SMSCs: c.SMSCs}
	of, err := t.Costs(c.Coding)
	if err != nil {
		row.Error = err.Error()
		return row
	}
	row.Least, row.Most, row.Unicode = c.cost(of.Least), c.cost(of.Most), c.cost(of.Unicode)
	return row
}
