package storage

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// The ids, headers and texts here are made up.
const (
	entityA = dlt.EntityID("1101000000000000011")
	entityB = dlt.EntityID("1101000000000000012")
)

var (
	active   = dlt.Standing{Status: dlt.Active}
	inactive = dlt.Standing{Status: dlt.Inactive}
	source   = Source{File: "export.csv", Digest: []byte{1, 2, 3}, By: "a clerk", At: time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)}
)

func templateID(n int) dlt.TemplateID { return dlt.TemplateID(fmt.Sprintf("1107%015d", n)) }

func testTemplate(n int, entity dlt.EntityID, content string) dlt.Template {
	return dlt.Template{ID: templateID(n), Entity: entity, Name: fmt.Sprint("Template ", n), Content: content,
		Category: dlt.ServiceImplicit, Standing: active}
}

// export is what dlt.Read gives of an export of templates.
type export struct{ *dlt.Import }

func exportOf(kind dlt.Kind) export { return export{&dlt.Import{Kind: kind, Shape: "harkara"}} }

// template adds a row; line and template number are the same.
func (e export) template(n int, entity dlt.EntityID, content string, headers ...dlt.Header) export {
	return e.row(n, testTemplate(n, entity, content), headers...)
}

func (e export) row(line int, t dlt.Template, headers ...dlt.Header) export {
	e.Templates = append(e.Templates, dlt.Row[dlt.Template]{Line: line, Value: t})
	for _, h := range headers {
		e.link(line, t.ID, h, active)
	}
	return e
}

func (e export) link(line int, id dlt.TemplateID, h dlt.Header, s dlt.Standing) export {
	e.Links = append(e.Links, dlt.Row[dlt.Link]{Line: line, Value: dlt.Link{Template: id, Header: h, Standing: s}})
	return e
}

func (e export) header(line int, h dlt.Header, owner dlt.EntityID, s dlt.Standing) export {
	e.Headers = append(e.Headers, dlt.Row[dlt.HeaderRecord]{Line: line, Value: dlt.HeaderRecord{Header: h, Entity: owner, Standing: s}})
	return e
}

func emptyRegister(t testing.TB, db *sqlx.DB) {
	t.Helper()
	tx := db.MustBegin()
	tx.MustExec(`SET LOCAL session_replication_role = replica`) // the triggers that refuse it are off
	tx.MustExec(`DELETE FROM harkara.register_row`)
	tx.MustExec(`DELETE FROM harkara.register_import`)
	tx.MustExec(`UPDATE harkara.register_version SET version = 1`)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func imports(t testing.TB, db *sqlx.DB, e export, o ImportOptions) ImportResult {
	t.Helper()
	result, err := ImportRegister(t.Context(), db, e.Import, source, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// counts are a result without its list of changes.
func counts(r ImportResult) ImportResult {
	r.Changes = nil
	return r
}

func loadRegister(t testing.TB, db *sqlx.DB) *dlt.Register {
	t.Helper()
	r, err := LoadRegister(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sameRegister fails where two snapshots differ, their marks aside.
func sameRegister(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want *dlt.Register) {
	t.Helper()
	g, w := got.Contents(), want.Contents()
	for _, c := range []*dlt.Contents{&g, &w} {
		c.Mark = "" // theirs is the order of rows within an entity, which says nothing
		slices.SortFunc(c.CTAs, func(a, b dlt.CTA) int { return strings.Compare(ctaKey(&a), ctaKey(&b)) })
	}
	if got.Version() != want.Version() || !reflect.DeepEqual(g, w) {
		t.Fatalf("%s: version %d, want %d\n got %+v\nwant %+v", what, got.Version(), want.Version(), g, w)
	}
}

func with[T any](row T, how func(*T)) T {
	how(&row)
	return row
}

// What an import of templates makes of a register that has two.
func TestImportTemplates(t *testing.T) {
	t.Parallel()
	one, two := testTemplate(1, entityA, "{#var#} is your OTP"), testTemplate(2, entityB, "Hi")
	base := func() export { return exportOf(dlt.KindTemplate).row(1, one, "ACMEBK").row(2, two, "BETABK", "BETAIN") }
	alter := func(how func(*dlt.Template)) export {
		return exportOf(dlt.KindTemplate).row(1, with(one, how), "ACMEBK").row(2, two, "BETABK", "BETAIN")
	}
	from := time.Date(2026, 12, 1, 0, 0, 0, 0, dlt.IST)
	tests := []struct {
		name    string
		export  export // imported after base, whose version is 2
		want    ImportResult
		content string // of template 1 afterwards, where that is another
		headers string // linked to it in force
		fields  []FieldChange
	}{
		{"nothing", exportOf(dlt.KindTemplate), ImportResult{Version: 2}, "", "ACMEBK", nil},
		{"the same", base(), ImportResult{Unchanged: 2, Version: 2}, "", "ACMEBK", nil},
		{"another text", alter(func(t *dlt.Template) { t.Content = "{#num#} is your OTP" }),
			ImportResult{Changed: 1, Unchanged: 1, Version: 3}, "{#num#} is your OTP", "ACMEBK",
			[]FieldChange{{"content", "{#var#} is your OTP", "{#num#} is your OTP"}}},
		{"all else", alter(func(t *dlt.Template) {
			t.Name, t.Raw, t.Rule, t.Category = "Other", "a<br/>b", "br", dlt.Government
			t.VarTypes = []dlt.VarType{dlt.Numeric, dlt.URL}
			t.Standing = dlt.Standing{Operator: dlt.Jio, Status: dlt.Suspended, From: from, To: from.AddDate(1, 0, 0)}
		}), ImportResult{Changed: 1, Unchanged: 1, Version: 3}, "", "ACMEBK", []FieldChange{
			{"category", "service_implicit", "government"}, {"from", "", "2026-11-30T18:30:00Z"}, {"name", "Template 1", "Other"}, {"operator", "", "jio"},
			{"raw", "", "a<br/>b"}, {"rule", "", "br"}, {"status", "active", "suspended"}, {"to", "", "2027-11-30T18:30:00Z"}, {"var_types", "", "numeric,url"}}},
		{"another header is added", exportOf(dlt.KindTemplate).row(1, one, "ACMEIN"), ImportResult{Changed: 1, Version: 3}, "", "ACMEBK ACMEIN", nil},
		{"a header on a line of its own", exportOf(dlt.KindTemplate).row(1, one, "ACMEBK").link(7, one.ID, "ACMEIN", active),
			ImportResult{Changed: 1, Version: 3}, "", "ACMEBK ACMEIN", nil},
		{"a link that is there stays", exportOf(dlt.KindTemplate).row(1, one).link(1, one.ID, "ACMEBK", inactive).link(2, one.ID, "ACMEBK", inactive),
			ImportResult{Unchanged: 1, Version: 2}, "", "ACMEBK", nil},
		{"a new link is active", exportOf(dlt.KindTemplate).row(1, one).link(1, one.ID, "ACMEIN", dlt.Standing{}),
			ImportResult{Changed: 1, Version: 3}, "", "ACMEBK ACMEIN", nil},
		{"new, with headers on two lines", exportOf(dlt.KindTemplate).template(3, entityA, "x", "ACMEBK").link(4, templateID(3), "ACMEIN", active),
			ImportResult{New: 1, Version: 3}, "", "ACMEBK", nil},
		{"the same template twice", exportOf(dlt.KindTemplate).row(1, with(one, func(t *dlt.Template) { t.Content = "1" })).
			row(2, with(one, func(t *dlt.Template) { t.Content = "2" })),
			ImportResult{Changed: 1, Version: 3}, "2", "ACMEBK", []FieldChange{{"content", "{#var#} is your OTP", "2"}}},
		{"there and back", exportOf(dlt.KindTemplate).row(1, with(one, func(t *dlt.Template) { t.Content = "1" })).row(2, one),
			ImportResult{Unchanged: 1, Version: 2}, "", "ACMEBK", nil},
		{"another's template", exportOf(dlt.KindTemplate).template(1, entityB, "x", "BETABK").link(5, one.ID, "ACMEIN", active),
			ImportResult{Version: 2, Refused: []dlt.RefusedRow{
				{Line: 1, Column: "ENTITY_ID", Reason: "template 1107000000000000001 is registered for entity 1101000000000000011: check whose export this is"},
				{Line: 5, Reason: "an earlier row of template 1107000000000000001 was refused"}}}, "", "ACMEBK", nil},
		{"another's header", exportOf(dlt.KindTemplate).template(9, entityA, "x", "ACMEIN", "BETABK"),
			ImportResult{Version: 2, Refused: []dlt.RefusedRow{{Line: 9, Column: "HEADER",
				Reason: "header BETABK belongs to entity 1101000000000000012: check whose export this is"}}}, "", "ACMEBK", nil},
		{"NUL in a text", exportOf(dlt.KindTemplate).template(9, entityA, "a\x00b", "ACMEIN"),
			ImportResult{Version: 2, Refused: []dlt.RefusedRow{{Line: 9, Reason: "one of its texts holds a NUL character: export the file again"}}}, "", "ACMEBK", nil},
		{"not UTF-8", exportOf(dlt.KindTemplate).template(9, entityA, "a\xffb", "ACMEIN"),
			ImportResult{Version: 2, Refused: []dlt.RefusedRow{{Line: 9, Reason: "one of its texts is not UTF-8: save the file as UTF-8"}}}, "", "ACMEBK", nil},
	}
	db := testDB(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			emptyRegister(t, db)
			if got := imports(t, db, base(), ImportOptions{}); !reflect.DeepEqual(counts(got), ImportResult{New: 2, Version: 2}) {
				t.Fatalf("first import: %+v", got)
			}
			before := loadRegister(t, db)
			dry := imports(t, db, tt.export, ImportOptions{DryRun: true})
			sameRegister(t, "after the dry run", loadRegister(t, db), before)
			got := imports(t, db, tt.export, ImportOptions{})
			if !reflect.DeepEqual(counts(got), tt.want) {
				t.Errorf("import: %+v, want %+v", counts(got), tt.want)
			}
			if dry.Version != 2 || !reflect.DeepEqual(with(dry, func(r *ImportResult) { r.Version = got.Version }), got) {
				t.Errorf("dry run: %+v\nimport: %+v", dry, got)
			}
			var fields []FieldChange
			for _, c := range got.Changes {
				fields = append(fields, c.Fields...)
			}
			if !reflect.DeepEqual(fields, tt.fields) {
				t.Errorf("fields %+v, want %+v", fields, tt.fields)
			}
			r := loadRegister(t, db)
			var headers []string
			now, ok := r.Template(one.ID)
			for i := range now.Links {
				if l := &now.Links[i]; l.InForce(source.At) {
					headers = append(headers, string(l.Header))
				}
			}
			if want := cmp.Or(tt.content, one.Content); !ok || now.Content != want {
				t.Errorf("content %q, want %q", now.Content, want)
			}
			if got := strings.Join(headers, " "); r.Version() != tt.want.Version || got != tt.headers {
				t.Errorf("version %d, headers %q, want %d, %q", r.Version(), got, tt.want.Version, tt.headers)
			}
			for i := range now.Links { // what a link names is there
				if h, ok := r.Header(now.Links[i].Header, entityA); !ok || !h.InForce(source.At) {
					t.Errorf("header %s: %+v, %v", now.Links[i].Header, h, ok)
				}
			}
			if old, err := LoadRegisterAt(t.Context(), db, 2); err != nil {
				t.Error(err)
			} else {
				sameRegister(t, "version 2", old, before)
			}
		})
	}
}

// The other kinds, one after the other into the same register.
func TestImportOtherKinds(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	imports(t, db, exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK"), ImportOptions{})
	entities := func(names ...string) export {
		e := exportOf(dlt.KindEntity)
		for i, name := range names {
			e.Entities = append(e.Entities, dlt.Row[dlt.Entity]{Line: i + 2, Value: dlt.Entity{ID: []dlt.EntityID{entityA, entityB}[i], Name: name, Standing: active}})
		}
		return e
	}
	ctas := func(values ...string) export {
		e := exportOf(dlt.KindCTA)
		for i, v := range values {
			e.CTAs = append(e.CTAs, dlt.Row[dlt.CTA]{Line: i + 2, Value: dlt.CTA{Entity: "1101000000000000013", Type: dlt.CTAStatic, Value: v, Standing: active}})
		}
		return e
	}
	chains := func(status dlt.Status, from time.Time, ids ...string) export {
		e := exportOf(dlt.KindChain)
		e.Chains = []dlt.Row[dlt.ChainRecord]{{Line: 2, Value: dlt.ChainRecord{Entity: entityA, SMSC: "sim-a", IDs: ids, Standing: dlt.Standing{Status: status, From: from}}}}
		return e
	}
	later := source.At.AddDate(0, 0, 1)
	belongs := func(h dlt.Header, line int) []dlt.RefusedRow {
		return []dlt.RefusedRow{{Line: line, Column: "HEADER", Reason: fmt.Sprintf("header %s belongs to entity %s: check whose export this is", h, entityA)}}
	}
	wentOn := func(line int) []dlt.RefusedRow {
		return []dlt.RefusedRow{{Line: line, Column: "HEADER", Reason: "header ACMEBK belongs to entity 1101000000000000012: check whose export this is"}}
	}
	for _, step := range []struct {
		name   string
		export export
		want   ImportResult
		keys   string // of the rows that were made or changed
	}{
		{"entities: one is known by its templates", entities("Acme Bank", "Beta Bank"), ImportResult{New: 1, Changed: 1, Version: 3},
			"entities 1101000000000000011, entities 1101000000000000012"},
		{"entities: a name stays where the row has none", entities(""), ImportResult{Unchanged: 1, Version: 3}, ""},
		{"headers: another's", exportOf(dlt.KindHeader).header(2, "ACMEBK", entityB, active), ImportResult{Version: 3, Refused: belongs("ACMEBK", 2)}, ""},
		{"headers: given up", exportOf(dlt.KindHeader).header(2, "ACMEBK", entityA, inactive), ImportResult{Changed: 1, Version: 4}, "headers ACMEBK 1101000000000000011"},
		{"links: to one that is not there", exportOf(dlt.KindLink).link(2, templateID(1), "ACMEBK", inactive).link(2, templateID(1), "ACMEKB", active),
			ImportResult{Version: 4, Refused: []dlt.RefusedRow{{Line: 2, Column: "HEADER",
				Reason: "header ACMEKB of entity 1101000000000000011 is not in the register: import headers first, or mend the spelling"}}}, ""},
		{"templates do not take one that was given up", exportOf(dlt.KindTemplate).template(5, entityB, "x", "ACMEBK"), ImportResult{Version: 4, Refused: belongs("ACMEBK", 5)}, ""},
		{"headers: its next owner", exportOf(dlt.KindHeader).header(2, "ACMEBK", entityB, active), ImportResult{New: 1, Version: 5}, "headers ACMEBK 1101000000000000012"},
		{"links: of a template that is not there", exportOf(dlt.KindLink).link(2, templateID(7), "ACMEIN", active), ImportResult{Version: 5, Refused: []dlt.RefusedRow{
			{Line: 2, Column: "TEMPLATE_ID", Reason: "template 1107000000000000007 is not in the register: import the templates first"}}}, ""},
		{"headers: one that went on is not had back", exportOf(dlt.KindHeader).header(2, "ACMEBK", entityA, active),
			ImportResult{Version: 5, Refused: wentOn(2)}, ""},
		{"headers: it is still given up", exportOf(dlt.KindHeader).header(2, "ACMEBK", entityA, dlt.Standing{}), ImportResult{Unchanged: 1, Version: 5}, ""},
		{"templates: one that went on is linked no more", exportOf(dlt.KindTemplate).template(8, entityA, "x", "ACMEBK"),
			ImportResult{Version: 5, Refused: wentOn(8)}, ""},
		{"templates: a link from before is none of its export's business", exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK"),
			ImportResult{Unchanged: 1, Version: 5}, ""},
		{"headers: one more", exportOf(dlt.KindHeader).header(2, "ACMEIN", entityA, active), ImportResult{New: 1, Version: 6}, "headers ACMEIN 1101000000000000011"},
		{"links: one ends, one is new", exportOf(dlt.KindLink).link(2, templateID(1), "ACMEBK", inactive).link(2, templateID(1), "ACMEIN", active),
			ImportResult{New: 1, Changed: 1, Version: 7}, "links 1107000000000000001 ACMEBK, links 1107000000000000001 ACMEIN"},
		{"links: the one to the header that went on can't begin again", exportOf(dlt.KindLink).link(3, templateID(1), "ACMEBK", active),
			ImportResult{Version: 7, Refused: wentOn(3)}, ""},
		{"ctas", ctas("https://acme.example/a b?", strings.Repeat("x", longestValue)), ImportResult{New: 2, Version: 8},
			"entities 1101000000000000013, ctas 1101000000000000013 url_static https://acme.example/a b?, ctas 1101000000000000013 url_static " + strings.Repeat("x", longestValue)},
		{"ctas: too long", ctas(strings.Repeat("x", longestValue+1)), ImportResult{Version: 8, Refused: []dlt.RefusedRow{
			{Line: 2, Column: "CTA_VALUE", Reason: "it has 2049 bytes, and 2048 are the most"}}}, ""},
		{"chains: from ever", chains(dlt.Active, time.Time{}, string(entityA), "1102000000000000021"), ImportResult{New: 1, Version: 9}, "chains 1101000000000000011 - sim-a"},
		{"chains: from a day", chains(dlt.Active, later.In(dlt.IST), string(entityA), "1102000000000000022"), ImportResult{New: 1, Version: 10},
			"chains 1101000000000000011 2026-11-23T06:30:00Z sim-a"},
		{"chains: again", chains(dlt.Active, later, string(entityA), "1102000000000000022"), ImportResult{Unchanged: 1, Version: 10}, ""},
	} {
		have := loadRegister(t, db)
		got := imports(t, db, step.export, ImportOptions{})
		if !reflect.DeepEqual(counts(got), step.want) {
			t.Errorf("%s: %+v, want %+v", step.name, counts(got), step.want)
		}
		var keys []string
		for _, c := range got.Changes {
			keys = append(keys, string(c.Kind)+" "+c.Key)
		}
		if got := strings.Join(keys, ", "); got != step.keys {
			t.Errorf("%s: rows %s\nwant %s", step.name, got, step.keys)
		}
		fresh, _, err := RefreshRegister(t.Context(), db, have)
		if err != nil {
			t.Fatal(err)
		}
		sameRegister(t, step.name+", refreshed", fresh, loadRegister(t, db))
	}
	r := loadRegister(t, db)
	if e, _ := r.Entity(entityA); e == nil || *e != (dlt.Entity{ID: entityA, Name: "Acme Bank", Standing: active}) {
		t.Errorf("entity %+v", e)
	}
	for at, want := range map[time.Time]string{source.At: "1102000000000000021", later: "1102000000000000022"} {
		if ids, ok := r.Chain(entityA, "sim-a", at); !ok || ids[1] != want {
			t.Errorf("chain at %s: %v, want %s", at, ids, want)
		}
	}
	want := []dlt.Link{{Template: templateID(1), Header: "ACMEBK", Standing: inactive}, {Template: templateID(1), Header: "ACMEIN", Standing: active}}
	if tt, _ := r.Template(templateID(1)); !reflect.DeepEqual(tt.Links, want) {
		t.Errorf("links %+v, want %+v", tt.Links, want)
	}
}

// What stands in the register beside templates is not touched by an import that names it.
func TestImportLeavesEntitiesAndHeadersAsTheyAre(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	e := exportOf(dlt.KindHeader).header(2, "ACMEBK", entityA, inactive)
	e.Entities = []dlt.Row[dlt.Entity]{{Line: 1, Value: dlt.Entity{ID: entityA, Name: "Acme Bank", Standing: inactive}}}
	imports(t, db, e, ImportOptions{})
	imports(t, db, exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK"), ImportOptions{})
	r := loadRegister(t, db)
	if got, _ := r.Entity(entityA); *got != (dlt.Entity{ID: entityA, Name: "Acme Bank", Standing: inactive}) {
		t.Errorf("entity: %+v", got)
	}
	if got, ok := r.Header("ACMEBK", entityA); !ok || got.Status != dlt.Inactive {
		t.Errorf("header: %+v, %v", got, ok)
	}
}

// More rows than one statement takes, with texts that would break a careless COPY or JSON: all come back to the byte.
func TestImportKeepsEveryByte(t *testing.T) {
	t.Parallel()
	texts := []string{`plain`, `"quoted"`, `back\slash`, `{a,b}`, `NULL`, `null`, ` `, "line\r\nline\n\ttab", `'; DROP TABLE x; --`, `\N`, `\.`, "<b>&\u2028",
		"आपका OTP {#var#} है", "உங்கள் {#num#}", "😀 €", `$1 %d %s`, `\x00`, `\u0000`, "\x01\x7f", "\ufffd"}
	e, want := exportOf(dlt.KindTemplate), make([]dlt.Template, importChunk+1)
	for i := range want {
		header := dlt.Header(fmt.Sprintf("%c%c%cAAA", 'A'+i/676%26, 'A'+i/26%26, 'A'+i%26))
		want[i] = with(testTemplate(i+1, entityA, fmt.Sprint(texts[i%len(texts)], i)), func(t *dlt.Template) {
			t.Name, t.Raw = texts[(i+1)%len(texts)], texts[(i+2)%len(texts)]
		})
		e.row(i+1, want[i], header)
		want[i].Links = []dlt.Link{{Template: want[i].ID, Header: header, Standing: active}}
	}
	db := testDB(t)
	var told [][2]int
	got := imports(t, db, e, ImportOptions{Progress: func(done, total int) { told = append(told, [2]int{done, total}) }})
	if !reflect.DeepEqual(counts(got), ImportResult{New: len(want), Version: 2}) {
		t.Fatalf("%+v", counts(got))
	}
	total := len(got.Changes)
	if len(told) != (total+importChunk-1)/importChunk || told[0] != [2]int{importChunk, total} || told[len(told)-1] != [2]int{total, total} {
		t.Errorf("progress %v", told)
	}
	r := loadRegister(t, db)
	if all := r.Contents().Templates; !reflect.DeepEqual(all, want) {
		for i := range want {
			if i >= len(all) || !reflect.DeepEqual(all[i], want[i]) {
				t.Fatalf("row %d: %+v, want %+v", i, all[i], want[i])
			}
		}
	}
}

// An import that PostgreSQL cannot take leaves nothing behind, whatever part of it was written.
func TestFailedImportLeavesNothing(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	db.MustExec(`ALTER TABLE harkara.register_row ADD CHECK (key <> '1107000000000000002')`)
	e := exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK").template(2, entityA, "y", "ACMEIN")
	if got, err := ImportRegister(t.Context(), db, e.Import, source, ImportOptions{}); err == nil || !reflect.DeepEqual(got, ImportResult{}) {
		t.Fatalf("%+v, %v", got, err)
	}
	sameRegister(t, "afterwards", loadRegister(t, db), dlt.NewRegister(1, dlt.Contents{}))
	if list, err := RegisterImports(t.Context(), db); err != nil || len(list) != 0 {
		t.Errorf("imports %+v, %v", list, err)
	}
	if _, err := LoadRegisterAt(t.Context(), db, 2); err == nil || !strings.Contains(err.Error(), "versions go from 1 to 1") {
		t.Errorf("a version to come: %v", err)
	}
	db.Close()
	_, importErr := ImportRegister(t.Context(), db, e.Import, source, ImportOptions{})
	_, loadErr := LoadRegister(t.Context(), db)
	_, _, refreshErr := RefreshRegister(t.Context(), db, dlt.NewRegister(1, dlt.Contents{}))
	_, _, versionErr := RegisterVersion(t.Context(), db)
	_, historyErr := History(t.Context(), db, dlt.KindTemplate, "1")
	_, importsErr := RegisterImports(t.Context(), db)
	for want, err := range map[string]error{"import templates": importErr, "load the register": loadErr, "refresh the register": refreshErr,
		"register's version": versionErr, "history of templates 1": historyErr, "register's imports": importsErr} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("database closed: %v, want %q in it", err, want)
		}
	}
}

// Imports at the same time go one after the other: each row is new to one of them, and the version counts them.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	const importers, rowsEach = 4, 50
	var wg sync.WaitGroup
	results := make([]ImportResult, importers)
	for i := range results {
		wg.Go(func() {
			e := exportOf(dlt.KindTemplate)
			for n := range rowsEach {
				e.template(n+1, entityA, "x", "ACMEBK")
			}
			var err error
			if results[i], err = ImportRegister(context.Background(), db, e.Import, source, ImportOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var total ImportResult
	for _, r := range results {
		total.New, total.Changed, total.Unchanged = total.New+r.New, total.Changed+r.Changed, total.Unchanged+r.Unchanged
	}
	if want := (ImportResult{New: rowsEach, Unchanged: (importers - 1) * rowsEach}); !reflect.DeepEqual(total, want) {
		t.Errorf("together %+v, want %+v", total, want)
	}
	if version, mark, err := RegisterVersion(t.Context(), db); version != 2 || mark == "" || err != nil {
		t.Errorf("version %d, mark %q, want 2 and one, %v", version, mark, err)
	}
}
