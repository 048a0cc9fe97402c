package storage

import (
	"maps"
	"slices"
	"sync"

	"harkara/dlt"
)

// fault is what a reason says of the register.
type fault struct {
	class  dlt.ErrorClass
	detail string
}

// loadFaults are the faults of the register or the text, by their reasons, which mean the same in every dictionary. An
// answer that a TLV is missing is in none: its code is SMPP's, and what it blames is Indian practice.
var loadFaults = sync.OnceValues(func() (map[string]fault, error) {
	faults := map[string]fault{
		"tlv_missing": {dlt.ClassChain, "the SMSC misses a TLV in the submit_sm: the chain's, the entity's or the template's"},
	}
	for _, name := range dlt.ErrorDictionaries() {
		d, err := dlt.ErrorDictionary(name)
		if err != nil {
			return nil, err
		}
		for _, c := range d.Codes() {
			switch c.Class {
			case dlt.ClassEntity, dlt.ClassHeader, dlt.ClassTemplate, dlt.ClassChain, dlt.ClassCTA, dlt.ClassCategory,
				dlt.ClassContent:
				if _, known := faults[c.Reason]; !known {
					faults[c.Reason] = fault{c.Class, c.Detail}
				}
			}
		}
	}
	return faults, nil
})

// faultReasons are the reasons that faultOf knows.
func faultReasons() ([]string, error) {
	faults, err := loadFaults()
	return slices.Sorted(maps.Keys(faults)), err
}

// faultOf returns what one of faultReasons says.
func faultOf(reason string) fault {
	faults, _ := loadFaults() // its error came with faultReasons
	return faults[reason]
}

// subject is the row of the register that a failure blames. Which CTA or chain it is, the SMSC does not say, so that
// their entity stands for it; a category that does not fit is looked for at the template.
func (s *signal) subject() (dlt.Kind, string) {
	switch faultOf(s.reason).class {
	case dlt.ClassEntity:
		return dlt.KindEntity, string(s.entity)
	case dlt.ClassHeader:
		return dlt.KindHeader, string(s.header)
	case dlt.ClassChain:
		return dlt.KindChain, string(s.entity)
	case dlt.ClassCTA:
		return dlt.KindCTA, string(s.entity)
	}
	return dlt.KindTemplate, string(s.pair.Template)
}
