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

// costs measures the text that each SMSC is sent, for those that have one: of equal codings and texts once.
func costs(codings []Coding, texts map[sms.SMSCID]string) []Cost {
	list := []Cost{}
	for i := range codings {
		at := map[string]int{}
		for _, smsc := range codings[i].SMSCs {
			text, sent := texts[smsc]
			if !sent {
				continue
			}
			if j, ok := at[text]; ok {
				list[j].SMSCs = append(list[j].SMSCs, smsc)
				continue
			}
			at[text] = len(list)
			cost := Cost{}
			size, err := codings[i].Coding.Measure(text)
			if err != nil {
				cost.Error = err.Error()
			} else {
				cost = codings[i].cost(size)
			}
			cost.SMSCs = []sms.SMSCID{smsc}
			list = append(list, cost)
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

// templateCosts measures a template for each coding, its variables as long as the rules let them be.
func templateCosts(t *templates.Compiled, codings []Coding, rules *dlt.Rules) []TemplateCosts {
	rows := make([]TemplateCosts, len(codings))
	for i := range codings {
		c := &codings[i]
		rows[i] = TemplateCosts{Template: t.ID(), SMSCs: c.SMSCs}
		of, err := t.Costs(c.Coding, rules)
		if err != nil {
			rows[i].Error = err.Error()
			continue
		}
		rows[i].Least, rows[i].Most, rows[i].Unicode = c.cost(of.Least), c.cost(of.Most), c.cost(of.Unicode)
	}
	return rows
}
