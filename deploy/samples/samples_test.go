package samples

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// values holds one for each type, as a tenant would send it.
var values = map[dlt.VarType]sms.Secret{
	dlt.Untyped: "483921", dlt.Numeric: "483921", dlt.Alphanumeric: "Priya 27.9.2026",
	dlt.URL: "https://example.com/t/1", dlt.URLOTT: "https://example.com/a", dlt.CBN: "18001234567", dlt.Email: "care@example.com",
}

// Every row is taken over, resolves under each of its headers, compiles, renders and matches what it rendered.
func TestEveryTemplateCanBeSent(t *testing.T) {
	rows, refused, err := dlt.ReadTemplates(bytes.NewReader(Register), dlt.Defaults{})
	if err != nil || len(refused) != 0 || len(rows) != 15 {
		t.Fatalf("%d rows, refused %+v, %v; want 15 and none refused", len(rows), refused, err)
	}
	reg := register(rows)
	catalog, findings := templates.NewCatalog(reg)
	if len(findings) != 0 {
		t.Errorf("findings %+v, want none", findings)
	}
	for _, row := range rows {
		id := row.Template.ID
		for _, h := range row.Headers {
			grant, v := reg.Resolve(dlt.Query{Template: id, Header: h, Allowed: row.Headers})
			if want := (dlt.Grant{Template: id, Entity: row.Entity, Header: h, Category: row.Template.Category}); v != nil || grant != want {
				t.Errorf("template %s under %s: %+v, %v; want %+v", id, h, grant, v, want)
			}
		}
		c, ok := catalog.Lookup(id)
		if !ok {
			t.Errorf("template %s is not in the catalogue", id)
			continue
		}
		var vars []sms.Secret
		for _, slot := range c.Slots() {
			if slot.Type == dlt.Unknown {
				t.Errorf("template %s has a tag of unknown meaning", id)
			}
			vars = append(vars, values[slot.Type])
		}
		text, v := c.Render(vars)
		if v != nil || strings.Contains(text.Reveal(), "{#") {
			t.Errorf("template %s renders to %q, %v", id, text.Reveal(), v)
		}
		if found, v := c.Match(text); v != nil || !slices.Equal(found, vars) {
			t.Errorf("template %s: its own text does not match, or other variables do: %v", id, v)
		}
	}
}

// The template of the documentation's example request is there as the example needs it.
func TestExampleRequest(t *testing.T) {
	rows, _, err := dlt.ReadTemplates(bytes.NewReader(Register), dlt.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(rows, func(r dlt.ImportRow) bool { return r.Template.ID == "1107161234567890123" })
	if i < 0 || !slices.Equal(rows[i].Headers, []dlt.Header{"ACMEBK"}) || rows[i].Template.Category != dlt.ServiceImplicit {
		t.Fatalf("row %d of %+v", i, rows)
	}
	c, err := templates.Compile(rows[i].Template)
	if err != nil {
		t.Fatal(err)
	}
	const want = "483921 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK"
	if text, v := c.Render([]sms.Secret{"483921", "10"}); v != nil || text.Reveal() != want {
		t.Errorf("got %q, %v; want %q", text.Reveal(), v, want)
	}
}

// register makes the snapshot that an import of the rows leads to: what they name exists and is active.
func register(rows []dlt.ImportRow) *dlt.Register {
	var entities []dlt.Entity
	var headers []dlt.HeaderRecord
	var list []dlt.Template
	for _, r := range rows {
		entities = append(entities, dlt.Entity{ID: r.Entity, Active: true})
		for _, h := range r.Headers {
			headers = append(headers, dlt.HeaderRecord{Header: h, Entity: r.Entity, Active: true})
		}
		list = append(list, r.Template)
	}
	return dlt.NewRegister(entities, headers, list)
}
