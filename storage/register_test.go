package storage

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"harkara/dlt"
)

// The ids, headers and texts here are made up.
const (
	entityA = dlt.EntityID("1101000000000000011")
	entityB = dlt.EntityID("1101000000000000012")
)

func templateID(n int) dlt.TemplateID { return dlt.TemplateID(fmt.Sprintf("1107%015d", n)) }

// importRow is a row as dlt.ReadTemplates gives it; line and template number are the same.
func importRow(n int, entity dlt.EntityID, content string, headers ...dlt.Header) dlt.ImportRow {
	return dlt.ImportRow{Line: n, Entity: entity, Headers: headers, Template: dlt.Template{ID: templateID(n), Entity: entity,
		Name: fmt.Sprint("Template ", n), Content: content, Category: dlt.ServiceImplicit, Headers: headers, Active: true}}
}

func change(row dlt.ImportRow, how func(*dlt.ImportRow)) dlt.ImportRow {
	how(&row)
	return row
}

func emptyRegister(db *sqlx.DB) {
	db.MustExec(`TRUNCATE harkara.entity, harkara.header, harkara.template, harkara.template_header`)
	db.MustExec(`UPDATE harkara.register_version SET version = 1`)
}

func imports(t *testing.T, db *sqlx.DB, rows []dlt.ImportRow, dryRun bool) ImportResult {
	t.Helper()
	result, err := ImportTemplates(t.Context(), db, rows, dryRun)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func register(t *testing.T, db *sqlx.DB) (r *dlt.Register, version int64) {
	t.Helper()
	version, err := RegisterVersion(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = LoadRegister(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return r, version
}

func loaded(r *dlt.Register) (templates []dlt.Template) {
	for t := range r.Templates() {
		templates = append(templates, *t)
	}
	return templates
}

func TestImportTemplates(t *testing.T) {
	base := []dlt.ImportRow{importRow(1, entityA, "{#var#} is your OTP", "ACMEBK"), importRow(2, entityB, "Hi", "BETABK", "BETAIN")}
	changed := func(how func(*dlt.ImportRow)) []dlt.ImportRow { return []dlt.ImportRow{change(base[0], how), base[1]} }
	sameTemplates := []dlt.Template{base[0].Template, base[1].Template}
	tests := []struct {
		name    string
		rows    []dlt.ImportRow // imported after base
		want    ImportResult
		version int64 // after base it is 2
		first   dlt.Template
	}{
		{"nothing", nil, ImportResult{}, 2, sameTemplates[0]},
		{"the same", base, ImportResult{Unchanged: 2}, 2, sameTemplates[0]},
		{"another text", changed(func(r *dlt.ImportRow) { r.Template.Content = "{#num#} is your OTP" }),
			ImportResult{Changed: 1, Unchanged: 1}, 3, with(base[0].Template, func(t *dlt.Template) { t.Content = "{#num#} is your OTP" })},
		{"another name", changed(func(r *dlt.ImportRow) { r.Template.Name = "N" }),
			ImportResult{Changed: 1, Unchanged: 1}, 3, with(base[0].Template, func(t *dlt.Template) { t.Name = "N" })},
		{"another category", changed(func(r *dlt.ImportRow) { r.Template.Category = dlt.Government }),
			ImportResult{Changed: 1, Unchanged: 1}, 3, with(base[0].Template, func(t *dlt.Template) { t.Category = dlt.Government })},
		{"no longer active", changed(func(r *dlt.ImportRow) { r.Template.Active = false }),
			ImportResult{Changed: 1, Unchanged: 1}, 3, with(base[0].Template, func(t *dlt.Template) { t.Active = false })},
		{"types beside the text", changed(func(r *dlt.ImportRow) { r.Template.VarTypes = []dlt.VarType{dlt.Numeric, dlt.URL} }),
			ImportResult{Changed: 1, Unchanged: 1}, 3, with(base[0].Template, func(t *dlt.Template) { t.VarTypes = []dlt.VarType{dlt.Numeric, dlt.URL} })},
		{"another header is added", changed(func(r *dlt.ImportRow) { r.Headers = []dlt.Header{"ACMEIN"} }),
			ImportResult{Changed: 1, Unchanged: 1}, 3, with(base[0].Template, func(t *dlt.Template) { t.Headers = []dlt.Header{"ACMEBK", "ACMEIN"} })},
		{"the same template twice", []dlt.ImportRow{change(base[0], func(r *dlt.ImportRow) { r.Template.Name = "1" }),
			change(base[0], func(r *dlt.ImportRow) { r.Template.Name = "2"; r.Headers = []dlt.Header{"ACMEIN"} })},
			ImportResult{Changed: 2}, 3, with(base[0].Template, func(t *dlt.Template) { t.Name = "2"; t.Headers = []dlt.Header{"ACMEBK", "ACMEIN"} })},
		{"another's template", changed(func(r *dlt.ImportRow) { r.Entity = entityB; r.Headers = []dlt.Header{"BETABK"} }),
			ImportResult{Unchanged: 1, Refused: []dlt.RefusedRow{{Line: 1, Column: "ENTITY_ID",
				Reason: "template 1107000000000000001 is registered for entity 1101000000000000011: check whose export this is"}}}, 2, sameTemplates[0]},
		{"another's header", []dlt.ImportRow{importRow(9, entityA, "x", "ACMEIN", "BETABK")},
			ImportResult{Refused: []dlt.RefusedRow{{Line: 9, Column: "HEADER",
				Reason: "header BETABK belongs to entity 1101000000000000012: check whose export this is"}}}, 2, sameTemplates[0]},
		{"NUL in a text", []dlt.ImportRow{importRow(9, entityA, "a\x00b", "ACMEBK")},
			ImportResult{Refused: []dlt.RefusedRow{{Line: 9, Reason: "its name or text holds a NUL character: export the file again"}}}, 2, sameTemplates[0]},
	}
	db := testDB(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			emptyRegister(db)
			if got := imports(t, db, base, false); !reflect.DeepEqual(got, ImportResult{New: 2}) {
				t.Fatalf("first import: %+v", got)
			}
			if got := imports(t, db, tt.rows, true); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("dry run: %+v, want %+v", got, tt.want)
			}
			r, version := register(t, db)
			if got := loaded(r); version != 2 || !reflect.DeepEqual(got, sameTemplates) {
				t.Errorf("after the dry run: version %d, %+v", version, got)
			}
			if got := imports(t, db, tt.rows, false); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("import: %+v, want %+v", got, tt.want)
			}
			r, version = register(t, db)
			if got, want := loaded(r), []dlt.Template{tt.first, sameTemplates[1]}; version != tt.version || !reflect.DeepEqual(got, want) {
				t.Errorf("version %d, want %d; templates %+v, want %+v", version, tt.version, got, want)
			}
			for _, h := range append([]dlt.Header{"BETABK", "BETAIN"}, tt.first.Headers...) {
				owner := entityA
				if strings.HasPrefix(string(h), "BETA") {
					owner = entityB
				}
				if rec, ok := r.Header(h, owner); !ok || !rec.Active {
					t.Errorf("header %s of %s: %+v, %v", h, owner, rec, ok)
				}
			}
			for _, id := range []dlt.EntityID{entityA, entityB} {
				if got, ok := r.Entity(id); !ok || got != (dlt.Entity{ID: id, Active: true}) {
					t.Errorf("entity %s: %+v, %v", id, got, ok)
				}
			}
		})
	}
}

func with(t dlt.Template, how func(*dlt.Template)) dlt.Template {
	how(&t)
	return t
}

// What stands in the register beside templates is not touched by an import that names it.
func TestImportLeavesEntitiesAndHeadersAsTheyAre(t *testing.T) {
	db := testDB(t)
	db.MustExec(`INSERT INTO harkara.entity VALUES ($1, 'Acme Bank', false)`, entityA)
	db.MustExec(`INSERT INTO harkara.header VALUES ('ACMEBK', $1, false)`, entityA)
	imports(t, db, []dlt.ImportRow{importRow(1, entityA, "x", "ACMEBK")}, false)
	r, _ := register(t, db)
	if got, _ := r.Entity(entityA); got != (dlt.Entity{ID: entityA, Name: "Acme Bank"}) {
		t.Errorf("entity: %+v", got)
	}
	if got, ok := r.Header("ACMEBK", entityA); !ok || got.Active {
		t.Errorf("header: %+v, %v", got, ok)
	}
}

// More rows than one statement takes, with texts that would break a careless array: all come back to the byte.
func TestImportKeepsEveryByte(t *testing.T) {
	texts := []string{`plain`, `"quoted"`, `back\slash`, `{a,b}`, `NULL`, `null`, ` `, "line\r\nline\n\ttab", `'; DROP TABLE x; --`,
		"आपका OTP {#var#} है", "உங்கள் {#num#}", "😀 €", `$1 %d %s`, `\x00`}
	rows := make([]dlt.ImportRow, 2*importChunk+1)
	for i := range rows {
		header := dlt.Header(fmt.Sprintf("%c%c%cAAA", 'A'+i/676%26, 'A'+i/26%26, 'A'+i%26))
		rows[i] = importRow(i+1, entityA, fmt.Sprint(texts[i%len(texts)], i), header)
		rows[i].Template.Name = texts[(i+1)%len(texts)]
	}
	db := testDB(t)
	if got := imports(t, db, rows, false); !reflect.DeepEqual(got, ImportResult{New: len(rows)}) {
		t.Fatalf("%+v", got)
	}
	r, version := register(t, db)
	got := loaded(r)
	if version != 2 || len(got) != len(rows) {
		t.Fatalf("version %d, %d templates", version, len(got))
	}
	for i := range rows {
		if !reflect.DeepEqual(got[i], rows[i].Template) {
			t.Fatalf("row %d: %+v, want %+v", i, got[i], rows[i].Template)
		}
	}
}

// An import that PostgreSQL cannot take leaves nothing behind, whatever part of it was written.
func TestFailedImportLeavesNothing(t *testing.T) {
	db := testDB(t)
	rows := []dlt.ImportRow{importRow(1, entityA, "x", "ACMEBK"), importRow(2, entityA, "not UTF-8: \xff", "ACMEIN")}
	if got, err := ImportTemplates(t.Context(), db, rows, false); err == nil || !reflect.DeepEqual(got, ImportResult{}) {
		t.Fatalf("%+v, %v", got, err)
	}
	r, version := register(t, db)
	if _, ok := r.Entity(entityA); ok || version != 1 || len(loaded(r)) != 0 {
		t.Errorf("version %d, entity %v, templates %v", version, ok, loaded(r))
	}
	db.Close()
	_, importErr := ImportTemplates(t.Context(), db, rows, false)
	_, loadErr := LoadRegister(t.Context(), db)
	_, versionErr := RegisterVersion(t.Context(), db)
	for want, err := range map[string]error{"import templates": importErr, "load the register": loadErr, "register's version": versionErr} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("database closed: %v, want %q in it", err, want)
		}
	}
}

// Imports at the same time go one after the other: each row is new to one of them, and the version counts them.
func TestImportsAtOnce(t *testing.T) {
	db := testDB(t)
	const importers, rowsEach = 4, 50
	var wg sync.WaitGroup
	results := make([]ImportResult, importers)
	for i := range results {
		wg.Go(func() {
			var rows []dlt.ImportRow
			for n := range rowsEach {
				rows = append(rows, importRow(n+1, entityA, "x", "ACMEBK"))
			}
			var err error
			if results[i], err = ImportTemplates(context.Background(), db, rows, false); err != nil {
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
	if _, version := register(t, db); version != 2 {
		t.Errorf("version %d, want 2", version)
	}
}

// Any imports, one after the other, leave in PostgreSQL what a plain replay of their accepted rows gives.
func TestImportsFollowTheModel(t *testing.T) {
	db := testDB(t)
	rapid.Check(t, func(rt *rapid.T) {
		emptyRegister(db)
		entities, templates, owners := map[dlt.EntityID]bool{}, map[dlt.TemplateID]dlt.Template{}, map[dlt.Header]dlt.EntityID{}
		for range rapid.IntRange(1, 4).Draw(rt, "imports") {
			rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 8).Draw(rt, "rows")
			before, _ := RegisterVersion(t.Context(), db)
			want := ImportResult{}
			for _, row := range rows {
				known, again := templates[row.Template.ID]
				bad := again && known.Entity != row.Entity
				for _, h := range row.Headers {
					bad = bad || owners[h] != "" && owners[h] != row.Entity
				}
				if bad {
					want.Refused = append(want.Refused, dlt.RefusedRow{Line: row.Line})
					continue
				}
				next := row.Template
				next.Headers = slices.Clone(known.Headers)
				for _, h := range row.Headers {
					if owners[h] = row.Entity; !slices.Contains(next.Headers, h) {
						next.Headers = append(next.Headers, h)
					}
				}
				slices.Sort(next.Headers)
				entities[row.Entity], templates[next.ID] = true, next
				switch {
				case !again:
					want.New++
				case reflect.DeepEqual(next, known):
					want.Unchanged++
				default:
					want.Changed++
				}
			}
			got := imports(t, db, rows, false)
			for i := range got.Refused {
				got.Refused[i] = dlt.RefusedRow{Line: got.Refused[i].Line}
			}
			if !reflect.DeepEqual(got, want) {
				rt.Fatalf("import %+v\ngot  %+v\nwant %+v", rows, got, want)
			}
			r, version := register(t, db)
			if grown := version > before; grown != (got.New+got.Changed > 0) {
				rt.Fatalf("version %d after %d, with %+v", version, before, got)
			}
			if all := loaded(r); len(all) != len(templates) {
				rt.Fatalf("%d templates, want %d", len(all), len(templates))
			} else {
				for _, one := range all {
					if !reflect.DeepEqual(one, templates[one.ID]) {
						rt.Fatalf("got %+v, want %+v", one, templates[one.ID])
					}
				}
			}
			for _, e := range []dlt.EntityID{entityA, entityB} {
				if _, ok := r.Entity(e); ok != entities[e] {
					rt.Fatalf("entity %s is there: %v, want %v", e, ok, entities[e])
				}
				for _, h := range someHeaders {
					if _, ok := r.Header(h, e); ok != (owners[h] == e) {
						rt.Fatalf("header %s of %s is there: %v, owner %q", h, e, ok, owners[h])
					}
				}
			}
		}
	})
}

var someHeaders = []dlt.Header{"ACMEBK", "ACMEIN", "BETABK", "BETAIN"}

func drawRow(t *rapid.T) dlt.ImportRow {
	row := importRow(rapid.IntRange(1, 4).Draw(t, "template"), rapid.SampledFrom([]dlt.EntityID{entityA, entityB}).Draw(t, "entity"),
		rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content"),
		rapid.SliceOfNDistinct(rapid.SampledFrom(someHeaders), 1, 2, rapid.ID[dlt.Header]).Draw(t, "headers")...)
	row.Template.Active = rapid.Bool().Draw(t, "active")
	if rapid.Bool().Draw(t, "typed") {
		row.Template.VarTypes = []dlt.VarType{dlt.Numeric}
	}
	return row
}

func BenchmarkRegister(b *testing.B) {
	db := testDB(b)
	rows := make([]dlt.ImportRow, 100_000)
	for i := range rows {
		rows[i] = importRow(i+1, entityA, "{#num#} is the OTP for your login to Acme Bank. Valid for {#num#} minutes. Do not share it. - ACMEBK", "ACMEBK")
	}
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(rows)), "µs/row")
		})
	}
	do := func() error { _, err := ImportTemplates(b.Context(), db, rows, false); return err }
	run("ImportNew", func() error {
		emptyRegister(db)
		return do()
	})
	run("ImportUnchanged", do)
	run("Load", func() error { _, err := LoadRegister(b.Context(), db); return err })
	run("Version", func() error { _, err := RegisterVersion(b.Context(), db); return err })
}
