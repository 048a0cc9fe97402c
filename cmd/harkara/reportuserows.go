package main

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// templateUse is a row of report templates.
type templateUse struct {
	Template   dlt.TemplateID `json:"template"`
	Name       string         `json:"name"`
	Entity     dlt.EntityID   `json:"entity"`
	EntityName string         `json:"entity_name"`
	Category   dlt.Category   `json:"category"`
	Headers    []dlt.Header   `json:"headers"`
	Status     dlt.Status     `json:"status"` // empty where the register does not hold it
	Operator   dlt.Operator   `json:"operator"`
	storage.UseRow
	Held     []sms.SMSCID `json:"held"` // where it is in quarantine
	Findings []string     `json:"findings"`
}

func (u *use) templates(ctx context.Context, db *sqlx.DB, out *report) error {
	own := columnsOf(text, "template", "name", "entity", "entity_name", "category", "headers", "status", "operator", "held")
	if err := useHead(out, own); err != nil {
		return err
	}
	seen := map[dlt.TemplateID]bool{}
	for r, err := range storage.TemplateReport(ctx, db, u.filter) {
		if err != nil {
			return err
		}
		seen[r.Template] = true
		if err := u.writeTemplate(out, r); err != nil {
			return err
		}
	}
	for t := range u.Register.Templates() {
		if seen[t.ID] || u.filter.Template != "" && u.filter.Template != t.ID || !u.mayUseAny(t.Links) {
			continue
		}
		if err := u.writeTemplate(out, storage.UseRow{Template: t.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (u *use) writeTemplate(out *report, r storage.UseRow) error {
	complete(&r, u.TemplateUsed(r.Template))
	row := templateUse{Template: r.Template, UseRow: r, Headers: []dlt.Header{}, Held: u.Held(r.Template), Findings: []string{}}
	if t, ok := u.Register.Template(r.Template); ok {
		row.Name, row.Entity, row.Category, row.Status, row.Operator = t.Name, t.Entity, t.Category, t.Status, t.Operator
		for _, l := range t.Links {
			row.Headers = append(row.Headers, l.Header)
		}
		if e, ok := u.Register.Entity(t.Entity); ok {
			row.EntityName = e.Name
		}
		row.Findings = codes(u.Template(t))
	}
	return out.values(row, slices.Concat(texts(string(row.Template), row.Name, string(row.Entity), row.EntityName,
		string(row.Category), joined(row.Headers), string(row.Status), string(row.Operator), names(row.Held)),
		useCells(&r, row.Findings))...)
}

// headerUse is a row of report headers.
type headerUse struct {
	Header     dlt.Header   `json:"header"`
	Entity     dlt.EntityID `json:"entity"` // empty where messages were rejected before it was known
	EntityName string       `json:"entity_name"`
	Status     dlt.Status   `json:"status"` // empty where the register does not hold it
	Operator   dlt.Operator `json:"operator"`
	Templates  int          `json:"templates"`
	storage.UseRow
	Findings []string `json:"findings"`
}

func (u *use) headers(ctx context.Context, db *sqlx.DB, out *report) error {
	own := append(columnsOf(text, "header", "entity", "entity_name", "status", "operator"), column{"templates", whole})
	if err := useHead(out, own); err != nil {
		return err
	}
	linked := map[storage.OwnedHeader]int{}
	ofTemplate := map[dlt.Header]bool{} // of the filter's
	for t := range u.Register.Templates() {
		for _, l := range t.Links {
			linked[storage.OwnedHeader{Header: l.Header, Entity: t.Entity}]++
			ofTemplate[l.Header] = ofTemplate[l.Header] || t.ID == u.filter.Template
		}
	}
	seen := map[storage.OwnedHeader]bool{}
	for r, err := range storage.HeaderReport(ctx, db, u.filter) {
		if err != nil {
			return err
		}
		key := storage.OwnedHeader{Header: r.Header, Entity: r.Entity}
		seen[key] = true
		if err := u.writeHeader(out, r, linked[key]); err != nil {
			return err
		}
	}
	for h := range u.Register.Headers() {
		key := storage.OwnedHeader{Header: h.Header, Entity: h.Entity}
		if seen[key] || !u.mayUse(h.Header) || u.filter.Template != "" && !ofTemplate[h.Header] {
			continue
		}
		if err := u.writeHeader(out, storage.UseRow{Header: h.Header, Entity: h.Entity}, linked[key]); err != nil {
			return err
		}
	}
	return nil
}

func (u *use) writeHeader(out *report, r storage.UseRow, templates int) error {
	complete(&r, u.HeaderUsed(r.Header, r.Entity))
	row := headerUse{Header: r.Header, Entity: r.Entity, Templates: templates, UseRow: r, Findings: []string{}}
	if h, ok := u.Register.Header(r.Header, r.Entity); ok {
		row.Status, row.Operator, row.Findings = h.Status, h.Operator, codes(u.Header(h))
	}
	if e, ok := u.Register.Entity(r.Entity); ok {
		row.EntityName = e.Name
	}
	return out.values(row, slices.Concat(texts(string(row.Header), string(row.Entity), row.EntityName, string(row.Status),
		string(row.Operator)), []any{int64(templates)}, useCells(&r, row.Findings))...)
}

func joined(headers []dlt.Header) string {
	text := ""
	for i, h := range headers {
		if i > 0 {
			text += ", "
		}
		text += string(h)
	}
	return text
}
