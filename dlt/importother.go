package dlt

import (
	"errors"
	"fmt"
	"strings"
)

// entityRow reads one entity.
func (r *reader) entityRow() {
	e := Entity{ID: r.entity(), Name: r.text(colEntityName), Standing: r.standing()}
	if r.fault == nil {
		add(r, &r.imp.Entities, seenKey{KindEntity, string(e.ID)}, e, joinEntities)
	}
}

// headerRow reads one header of one entity.
func (r *reader) headerRow() {
	h := HeaderRecord{Entity: r.entity()}
	h.Header = r.header(r.text(colHeader), h.Entity)
	h.Standing = r.standing()
	if r.fault == nil {
		key := seenKey{KindHeader, string(h.Header) + " " + string(h.Entity)}
		add(r, &r.imp.Headers, key, h, joinHeaders)
	}
}

// ctaRow reads one whitelisted URL, number or address. Its value is kept in canonical form (see ParseCTA).
func (r *reader) ctaRow() {
	c := CTA{Entity: r.entity(), Name: r.text(colCTAName)}
	c.Type = r.ctaType()
	if r.fault == nil {
		c.Value = parsed(r, colCTAValue, r.text(colCTAValue), func(s string) (string, error) { return ParseCTA(c.Type, s) })
	}
	c.Standing = r.standing()
	if r.fault == nil {
		key := seenKey{KindCTA, string(c.Entity) + " " + string(c.Type) + " " + c.Value}
		add(r, &r.imp.CTAs, key, c, joinCTAs)
	}
}

// ctaType reads the type, which portals split in two: "URL" and "Static". A type that says enough alone, such as
// "Number", has the other for what is of no matter here.
func (r *reader) ctaType() CTAType {
	s, sub := r.text(colCTAType), r.text(colCTASubtype)
	if _, err := ParseCTAType(s); err != nil && sub != "" {
		s += " " + sub
	}
	return parsed(r, colCTAType, s, ParseCTAType)
}

// chainRow reads the PE-TM chain of one entity at one SMSC.
func (r *reader) chainRow() {
	c := ChainRecord{Entity: r.entity(), SMSC: r.text(colSMSC)}
	if c.SMSC == "" {
		r.fail(colSMSC, errors.New("the SMSC is empty: name it as the configuration does"))
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(r.idText(colChain), "|", ","), ",") {
		c.IDs = append(c.IDs, strings.TrimSpace(part))
		r.checkRounded(colChain, strings.TrimSpace(part))
	}
	if first := c.IDs[0]; first != string(c.Entity) {
		r.fail(colChain, fmt.Errorf("the chain begins with %q, not with its entity %s: write the entity first, "+
			"the telemarketer that submits last", first, c.Entity))
	}
	if faults := CheckChain("", c.IDs); len(faults) > 0 { // wrong at any operator
		r.fail(colChain, errors.New(faults[0]))
	}
	c.Standing = r.standing()
	if r.fault != nil {
		return
	}
	for _, fault := range CheckChain(c.Operator, c.IDs) {
		r.find(chainFault, string(c.Entity)+" "+c.SMSC, c.Entity, fault)
	}
	key := seenKey{KindChain, string(c.Entity) + " " + c.SMSC + " " + c.From.UTC().String()}
	add(r, &r.imp.Chains, key, c, joinChains)
}
