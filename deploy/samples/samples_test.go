package samples

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// values holds one for each type, as a tenant would send it; URLs, numbers and addresses are of the template's entity.
var values = map[dlt.VarType]sms.Secret{
	dlt.Untyped: "483921", dlt.Numeric: "483921", dlt.Alphanumeric: "Priya 27.9.2026", dlt.CBN: "18001234567",
	dlt.Email: "care@carepoint.example",
}

var urls = map[dlt.EntityID]sms.Secret{
	"110100009876":        "https://zipkart.example/track?o=1",
	"1101592013746580291": "https://carepoint.example/r/1",
}

func importOf(t *testing.T, kind dlt.Kind, file []byte, rows int) *dlt.Import {
	t.Helper()
	imp, err := dlt.Read(kind, dlt.CSV(bytes.NewReader(file)), dlt.Defaults{})
	if err != nil || imp.Shape != "harkara" || len(imp.Refused) != 0 || len(imp.Templates)+len(imp.CTAs) != rows {
		t.Fatalf("%+v, %v; want %d rows and none refused", imp, err, rows)
	}
	return imp
}

// register makes the snapshot that imports of the files lead to: what the templates name exists, and all of it is active,
// as the files tell no other status.
func register(t *testing.T) *dlt.Register {
	t.Helper()
	imp := importOf(t, dlt.KindTemplate, Register, 15)
	active := dlt.Standing{Status: dlt.Active}
	var c dlt.Contents
	owner := map[dlt.TemplateID]dlt.EntityID{}
	for _, r := range imp.Templates {
		owner[r.Value.ID] = r.Value.Entity
		r.Value.Standing = active
		c.Entities = append(c.Entities, dlt.Entity{ID: r.Value.Entity, Standing: active})
		c.Templates = append(c.Templates, r.Value)
	}
	for _, r := range imp.Links {
		r.Value.Standing = active
		c.Headers = append(c.Headers, dlt.HeaderRecord{Header: r.Value.Header, Entity: owner[r.Value.Template], Standing: active})
		c.Links = append(c.Links, r.Value)
	}
	for _, r := range importOf(t, dlt.KindCTA, CTAs, 9).CTAs {
		r.Value.Standing = active
		c.CTAs = append(c.CTAs, r.Value)
	}
	return dlt.NewRegister(1, c)
}

// Every template resolves under each of its headers, compiles, renders under every operator's rules with what its entity
// has whitelisted, and matches what it rendered.
func TestEveryTemplateCanBeSent(t *testing.T) {
	reg := register(t)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, dlt.IST)
	catalog, findings := templates.NewCatalog(reg)
	if len(findings) != 0 {
		t.Errorf("findings %+v, want none", findings)
	}
	for tmpl := range reg.Templates() {
		for _, l := range tmpl.Links {
			q := dlt.Query{Template: tmpl.ID, Header: l.Header, Allowed: []dlt.Header{l.Header}, At: at}
			if grant, v := reg.Resolve(q); v != nil || grant.Entity != tmpl.Entity || grant.Category != tmpl.Category {
				t.Errorf("template %s under %s: %+v, %v", tmpl.ID, l.Header, grant, v)
			}
		}
		c, ok := catalog.Lookup(tmpl.ID)
		if !ok {
			t.Errorf("template %s is not in the catalogue", tmpl.ID)
			continue
		}
		var vars []sms.Secret
		for _, typ := range c.Slots() {
			v, ok := values[typ]
			if typ == dlt.URL {
				v, ok = urls[tmpl.Entity], true
			}
			if !ok {
				t.Errorf("template %s has a variable of type %s", tmpl.ID, typ)
			}
			vars = append(vars, v)
		}
		for _, op := range []dlt.Operator{"", dlt.Airtel, dlt.Vi, dlt.Jio, dlt.BSNL, dlt.SmartPing} {
			rules := dlt.RulesOf(op)
			scrub := templates.Scrub{Rules: &rules, CTAs: reg.CTAs(tmpl.Entity), At: at}
			text, v := c.Render(vars, scrub)
			if v != nil || strings.Contains(text.Reveal(), "{#") {
				t.Errorf("template %s renders to %q, %v", tmpl.ID, text.Reveal(), v)
			}
			if found, v := c.Match(text, scrub); v != nil || !slices.Equal(found, vars) {
				t.Errorf("template %s: its own text does not match, or other variables do: %v", tmpl.ID, v)
			}
		}
	}
}

// The template of the documentation's example request is there as the example needs it.
func TestExampleRequest(t *testing.T) {
	reg := register(t)
	tmpl, ok := reg.Template("1107161234567890123")
	if !ok || len(tmpl.Links) != 1 || tmpl.Links[0].Header != "ACMEBK" || tmpl.Category != dlt.ServiceImplicit {
		t.Fatalf("%+v", tmpl)
	}
	c, err := templates.Compile(*tmpl)
	if err != nil {
		t.Fatal(err)
	}
	rules := dlt.RulesOf("")
	const want = "483921 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK"
	if text, v := c.Render([]sms.Secret{"483921", "10"}, templates.Scrub{Rules: &rules}); v != nil || text.Reveal() != want {
		t.Errorf("got %q, %v; want %q", text.Reveal(), v, want)
	}
}
