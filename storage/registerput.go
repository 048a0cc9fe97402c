package storage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"

	"harkara/dlt"
)

func (im *importer) hold(kind dlt.Kind, key string, row any) {
	body := im.encode(row)
	im.drafts[rowKey{kind, key}] = &draft{rowKey: rowKey{kind, key}, before: body, now: body}
}

func (im *importer) holder(h *dlt.HeaderRecord) {
	if im.holders[h.Header] == nil {
		im.holders[h.Header] = map[dlt.EntityID]dlt.Status{}
	}
	im.holders[h.Header][h.Entity] = h.Status
}

// encode writes a row as JSON, in the same way whether it comes from the register or from an export.
func (im *importer) encode(row any) []byte {
	body, err := json.Marshal(row)
	if err != nil && im.err == nil {
		im.err = err
	}
	return body
}

// knownRow is what rows of several kinds have in common.
type knownRow struct {
	Name     string        `json:"name"`
	Content  string        `json:"content"`
	VarTypes []dlt.VarType `json:"var_types"`
	dlt.Standing
}

// keep fills what an export does not tell of a row with what the register has, so that a row that is blacklisted, say,
// stays so; a new row is active. It returns the row as it is known, as far as other values may be kept too.
func (im *importer) keep(kind dlt.Kind, key string, s *dlt.Standing) (known knownRow) {
	if d := im.drafts[rowKey{kind, key}]; d != nil {
		if err := json.Unmarshal(d.now, &known); err != nil && im.err == nil {
			im.err = fmt.Errorf("%s %s: %w", kind, key, err)
		}
	}
	s.Operator = cmp.Or(s.Operator, known.Operator)
	s.Status = cmp.Or(s.Status, known.Status, dlt.Active)
	s.From, s.To = cmp.Or(s.From, known.From), cmp.Or(s.To, known.To)
	return known
}

// put gives a row a value.
func (im *importer) put(kind dlt.Kind, key string, row any, s *dlt.Standing) {
	s.From, s.To = s.From.UTC(), s.To.UTC()
	body := im.encode(row)
	d := im.drafts[rowKey{kind, key}]
	if d == nil {
		d = &draft{rowKey: rowKey{kind, key}}
		im.drafts[d.rowKey] = d
	}
	if bytes.Equal(d.now, body) {
		return
	}
	if d.at == (position{}) {
		im.order = append(im.order, d)
	}
	d.now, d.standing, d.at = body, *s, im.at
}

// implyEntity makes an entity that a row names, where it is unknown.
func (im *importer) implyEntity(id dlt.EntityID) {
	if im.drafts[rowKey{dlt.KindEntity, string(id)}] == nil {
		e := dlt.Entity{ID: id, Standing: dlt.Standing{Status: dlt.Active}}
		im.put(dlt.KindEntity, string(id), &e, &e.Standing)
	}
}

// implyHeader makes a header that a link names, where it is unknown.
func (im *importer) implyHeader(name dlt.Header, owner dlt.EntityID) {
	if im.drafts[rowKey{dlt.KindHeader, headerKey(name, owner)}] == nil {
		h := dlt.HeaderRecord{Header: name, Entity: owner, Standing: dlt.Standing{Status: dlt.Active}}
		im.put(dlt.KindHeader, headerKey(name, owner), &h, &h.Standing)
		im.holder(&h)
	}
}
