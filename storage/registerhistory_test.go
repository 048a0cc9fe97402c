package storage

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/dlt"
)

// Any imports, one after the other, leave in PostgreSQL what a plain replay of their accepted rows gives; every version
// can be read later, and from every version a refresh leads to the last.
func TestImportsFollowTheModel(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	rapid.Check(t, func(rt *rapid.T) {
		emptyRegister(t, db)
		m := newModel()
		versions := []*dlt.Register{dlt.NewRegister(1, dlt.Contents{})}
		for range rapid.IntRange(1, 4).Draw(rt, "imports") {
			e := drawExport(rt)
			want, changes := m.take(e)
			if changes {
				want.Version = int64(len(versions) + 1)
				versions = append(versions, m.register(want.Version))
			} else {
				want.Version = int64(len(versions))
			}
			got := imports(t, db, e, ImportOptions{})
			for i := range got.Refused {
				got.Refused[i] = dlt.RefusedRow{Line: got.Refused[i].Line}
			}
			if !reflect.DeepEqual(counts(got), want) {
				rt.Fatalf("import %+v\ngot  %+v\nwant %+v", *e.Import, counts(got), want)
			}
			sameRegister(rt, "loaded", loadRegister(t, db), versions[len(versions)-1])
		}
		for i, want := range versions {
			got, err := LoadRegisterAt(t.Context(), db, int64(i+1))
			if err != nil {
				rt.Fatal(err)
			}
			sameRegister(rt, "an old version", got, want)
			fresh, changed, err := RefreshRegister(t.Context(), db, got)
			if err != nil {
				rt.Fatal(err)
			}
			last := versions[len(versions)-1]
			sameRegister(rt, "refreshed", fresh, last)
			var other []dlt.TemplateID // at any step, also where a later one has put it back
			for n := i + 1; n < len(versions); n++ {
				other = append(other, otherTemplates(versions[n-1], versions[n])...)
			}
			slices.Sort(other)
			if slices.Sort(changed); !slices.Equal(changed, slices.Compact(other)) {
				rt.Fatalf("from version %d: changed templates %v, want %v", i+1, changed, other)
			}
		}
	})
}

// model is the register as a plain replay has it.
type model struct {
	templates map[dlt.TemplateID]dlt.Template
	links     map[string]dlt.Link
	owners    map[dlt.Header]dlt.EntityID
}

func newModel() *model {
	return &model{templates: map[dlt.TemplateID]dlt.Template{}, links: map[string]dlt.Link{}, owners: map[dlt.Header]dlt.EntityID{}}
}

// take replays an export with one row for each template.
func (m *model) take(e export) (want ImportResult, changes bool) {
	for _, row := range e.Templates {
		now := row.Value
		before, known := m.templates[now.ID]
		bad := known && before.Entity != now.Entity
		links := slices.DeleteFunc(slices.Clone(e.Links), func(l dlt.Row[dlt.Link]) bool { return l.Line != row.Line })
		for _, l := range links {
			owner := m.owners[l.Value.Header]
			bad = bad || owner != "" && owner != now.Entity
		}
		if bad {
			want.Refused = append(want.Refused, dlt.RefusedRow{Line: row.Line})
			continue
		}
		if now.Status == "" { // of a row in this test all is told or nothing
			now.Name, now.Standing = before.Name, before.Standing
		}
		if now.VarTypes == nil && now.Content == before.Content {
			now.VarTypes = before.VarTypes
		}
		if !known && now.Status == "" {
			now.Standing = active
		}
		other := !reflect.DeepEqual(before, now)
		m.templates[now.ID] = now
		for _, l := range links {
			if key := linkKey(&l.Value); m.links[key] == (dlt.Link{}) {
				other, m.owners[l.Value.Header] = true, now.Entity
				m.links[key] = dlt.Link{Template: now.ID, Header: l.Value.Header, Standing: active}
			}
		}
		switch {
		case !known:
			want.New++
		case other:
			want.Changed++
		default:
			want.Unchanged++
		}
	}
	return want, want.New+want.Changed > 0
}

// register is a snapshot of the model.
func (m *model) register(version int64) *dlt.Register {
	var c dlt.Contents
	known := map[dlt.EntityID]bool{}
	for _, t := range m.templates {
		if !known[t.Entity] {
			known[t.Entity] = true
			c.Entities = append(c.Entities, dlt.Entity{ID: t.Entity, Standing: active})
		}
		c.Templates = append(c.Templates, t)
	}
	for h, owner := range m.owners {
		c.Headers = append(c.Headers, dlt.HeaderRecord{Header: h, Entity: owner, Standing: active})
	}
	for _, l := range m.links {
		c.Links = append(c.Links, l)
	}
	return dlt.NewRegister(version, c)
}

// otherTemplates are those of now that before has otherwise, links aside, in order.
func otherTemplates(before, now *dlt.Register) (ids []dlt.TemplateID) {
	for t := range now.Templates() {
		old, ok := before.Template(t.ID)
		if !ok || !reflect.DeepEqual(with(*old, func(o *dlt.Template) { o.Links = nil }), with(*t, func(o *dlt.Template) { o.Links = nil })) {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

func drawExport(t *rapid.T) export {
	headers := []dlt.Header{"ACMEBK", "ACMEIN", "BETABK", "BETAIN"}
	standings := []dlt.Standing{{}, {Operator: dlt.Vi, Status: dlt.Active, From: source.At, To: source.At.AddDate(1, 0, 0)},
		{Operator: dlt.Airtel, Status: dlt.Suspended, From: source.At, To: source.At.AddDate(2, 0, 0)}}
	e := exportOf(dlt.KindTemplate)
	for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 4), 0, 4, rapid.ID[int]).Draw(t, "templates") {
		row := testTemplate(n, rapid.SampledFrom([]dlt.EntityID{entityA, entityB}).Draw(t, "entity"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content"))
		if row.Standing = rapid.SampledFrom(standings).Draw(t, "standing"); row.Status == "" {
			row.Name = ""
		} else if rapid.Bool().Draw(t, "typed") {
			row.VarTypes = []dlt.VarType{dlt.Numeric}
		}
		e.row(n, row)
		for _, h := range rapid.SliceOfNDistinct(rapid.SampledFrom(headers), 0, 2, rapid.ID[dlt.Header]).Draw(t, "headers") {
			e.link(n, row.ID, h, dlt.Standing{})
		}
	}
	return e
}

// A refresh reads nothing where nothing is newer, and all where the database was put back from a backup.
func TestRefreshRegister(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	imports(t, db, exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK").template(2, entityA, "y"), ImportOptions{})
	have := loadRegister(t, db)
	if same, changed, err := RefreshRegister(t.Context(), db, have); same != have || changed != nil || err != nil {
		t.Errorf("%p, want %p; changed %v, %v", same, have, changed, err)
	}
	if have.Mark() == "" || have.With(2, dlt.Contents{}).Mark() != have.Mark() {
		t.Errorf("mark %q, then %q", have.Mark(), have.With(2, dlt.Contents{}).Mark())
	}
	ahead := dlt.NewRegister(9, dlt.Contents{Templates: []dlt.Template{testTemplate(1, entityA, "z"), testTemplate(3, entityA, "z")}})
	back, changed, err := RefreshRegister(t.Context(), db, ahead)
	if err != nil {
		t.Fatal(err)
	}
	sameRegister(t, "put back", back, have)
	if slices.Sort(changed); !slices.Equal(changed, []dlt.TemplateID{templateID(1), templateID(2), templateID(3)}) {
		t.Errorf("changed %v", changed)
	}
}

// A database that was put back from a backup counts the same versions again. Whatever it makes of them, a refresh leads to
// what it holds; of changes that it knows it reads only what is newer.
func TestRefreshAfterRestore(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	export := func(n int, content string) export { return exportOf(dlt.KindTemplate).template(n, entityA, content) }
	imports(t, db, export(1, "x"), ImportOptions{})
	backup := loadRegister(t, db)
	imports(t, db, export(2, "lost"), ImportOptions{})
	lost := loadRegister(t, db)
	tx := db.MustBegin()
	tx.MustExec(`SET LOCAL session_replication_role = replica`)
	tx.MustExec(`DELETE FROM harkara.register_row WHERE version > 2`)
	tx.MustExec(`DELETE FROM harkara.register_import WHERE version > 2`)
	tx.MustExec(`UPDATE harkara.register_version SET version = 2`)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for version := int64(2); version <= 4; version++ { // lost is of version 3
		now := loadRegister(t, db)
		if v, mark, err := RegisterVersion(t.Context(), db); v != version || mark != now.Mark() || mark == lost.Mark() || err != nil {
			t.Errorf("version %d, mark %q, %v; want %d, %q", v, mark, err, version, now.Mark())
		}
		for have, want := range map[*dlt.Register][]dlt.TemplateID{
			lost:   []dlt.TemplateID{templateID(1), templateID(2), templateID(3)}[:min(version, 3)],
			backup: []dlt.TemplateID{templateID(3)}[:min(version-2, 1)],
		} {
			fresh, changed, err := RefreshRegister(t.Context(), db, have)
			if err != nil {
				t.Fatal(err)
			}
			sameRegister(t, "refreshed", fresh, now)
			if slices.Sort(changed); fresh.Mark() != now.Mark() || !slices.Equal(changed, want) {
				t.Errorf("at %d from %d: mark %q, changed %v; want %q, %v", version, have.Version(), fresh.Mark(), changed, now.Mark(), want)
			}
		}
		imports(t, db, export(3, fmt.Sprint("kept at ", version)), ImportOptions{})
	}
}

// An import that changes nothing leaves the mark as it is.
func TestMarkIsOfTheChange(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	if version, mark, err := RegisterVersion(t.Context(), db); version != 1 || mark != "" || err != nil {
		t.Errorf("at first %d %q, %v", version, mark, err)
	}
	var marks []string
	for range 3 {
		imports(t, db, exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK"), ImportOptions{})
		_, mark, err := RegisterVersion(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		marks = append(marks, mark)
	}
	if marks[0] == "" || marks[1] != marks[0] || marks[2] != marks[0] {
		t.Errorf("marks %q", marks)
	}
}

// What a template was at any time can be read and traced to its import, also in SQL; and nobody can change it.
func TestHistory(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	e := exportOf(dlt.KindTemplate).template(1, entityA, "x", "ACMEBK", "ACMEIN")
	imports(t, db, e, ImportOptions{})
	imports(t, db, exportOf(dlt.KindLink).link(9, templateID(1), "ACMEIN", dlt.Standing{To: source.At}), ImportOptions{})
	e = exportOf(dlt.KindTemplate).row(4, with(testTemplate(1, entityA, "y"), func(t *dlt.Template) {
		t.VarTypes = []dlt.VarType{dlt.Numeric, dlt.URL}
	}), "ACMEIN")
	e.Refused = []dlt.RefusedRow{{Line: 5, Reason: "made up"}}
	second := Source{File: "second.csv", By: "another clerk", At: source.At.AddDate(0, 0, 1)}
	for range 2 { // the second time nothing is new
		if _, err := ImportRegister(t.Context(), db, e.Import, second, ImportOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := History(t.Context(), db, dlt.KindTemplate, string(templateID(1)))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{"id": "1107000000000000001", "entity": string(entityA), "name": "Template 1", "content": "x", "category": "service_implicit", "status": "active"}
	later := map[string]string{"id": "1107000000000000001", "entity": string(entityA), "name": "Template 1", "content": "y", "category": "service_implicit",
		"status": "active", "var_types": "numeric,url"}
	if want := []HistoryRow{{2, fields, "export.csv", 1, "a clerk", source.At}, {4, later, "second.csv", 4, "another clerk", second.At}}; !reflect.DeepEqual(got, want) {
		t.Errorf("history\n got %+v\nwant %+v", got, want)
	}
	list, err := RegisterImports(t.Context(), db)
	if want := []ImportRecord{
		{Version: 4, Kind: dlt.KindTemplate, Shape: "harkara", File: "second.csv", By: "another clerk", At: second.At, Unchanged: 1, Refused: 1},
		{Version: 4, Kind: dlt.KindTemplate, Shape: "harkara", File: "second.csv", By: "another clerk", At: second.At, Changed: 1, Refused: 1},
		{Version: 3, Kind: dlt.KindLink, Shape: "harkara", File: "export.csv", Digest: []byte{1, 2, 3}, By: "a clerk", At: source.At, Changed: 1},
		{Version: 2, Kind: dlt.KindTemplate, Shape: "harkara", File: "export.csv", Digest: []byte{1, 2, 3}, By: "a clerk", At: source.At, New: 1},
	}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("imports %v\n got %+v\nwant %+v", err, list, want)
	}
	for statement, want := range map[string]string{
		`SELECT id, entity, content, var_types, headers, status, version, line, imported_by FROM harkara.v_template`: "1107000000000000001|1101000000000000011|y|{numeric,url}|{ACMEBK}|active|4|4|another clerk",
		`SELECT id, name, status, version FROM harkara.v_entity`:                                                     "1101000000000000011||active|2",
		`SELECT header, entity, version, file FROM harkara.v_header ORDER BY 1 DESC LIMIT 1`:                         "ACMEIN|1101000000000000011|2|export.csv",
		`SELECT template, header, valid_to = '2026-11-22 06:30Z' FROM harkara.v_link WHERE header = 'ACMEIN'`:        "1107000000000000001|ACMEIN|true",
	} {
		if got := query(t, db.DB, statement); !slices.Equal(got, []string{want}) {
			t.Errorf("%s:\n got %v\nwant %v", statement, got, want)
		}
	}
	for _, table := range []string{"register_row", "register_import"} {
		for _, statement := range []string{`UPDATE harkara.` + table + ` SET line = 0`, `DELETE FROM harkara.` + table, `TRUNCATE harkara.` + table + ` CASCADE`} {
			if _, err := db.Exec(strings.Replace(statement, "import SET line", "import SET added", 1)); err == nil || !strings.Contains(err.Error(), "keeps every version") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
}

// The register of an older database is version 1 of its rows.
func TestOlderRegisterIsCarriedOver(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	provider := migrateTo(t, db.DB, 11)
	for _, statement := range []string{
		`INSERT INTO harkara.entity VALUES ('1101000000000000011', 'Acme Bank', true), ('1101000000000000012', '', false)`,
		`INSERT INTO harkara.header VALUES ('ACMEBK', '1101000000000000011', true), ('BETABK', '1101000000000000012', false)`,
		`INSERT INTO harkara.template VALUES ('1107000000000000001', '1101000000000000011', 'Template 1', E'a "b"\r\n\\u0000', 'service_implicit', '{numeric,url}', true),
			('1107000000000000002', '1101000000000000012', '', 'x', 'service_implicit', '{}', false)`,
		`INSERT INTO harkara.template_header VALUES ('1107000000000000001', 'ACMEBK')`,
		`UPDATE harkara.register_version SET version = 5`,
	} {
		db.MustExec(statement)
	}
	if _, err := provider.UpTo(t.Context(), 13); err != nil { // the last that has a way back
		t.Fatal(err)
	}
	one, two := testTemplate(1, entityA, "a \"b\"\r\n\\u0000"), testTemplate(2, entityB, "x")
	one.VarTypes = []dlt.VarType{dlt.Numeric, dlt.URL}
	two.Name, two.Standing = "", inactive
	want := dlt.Contents{
		Entities:  []dlt.Entity{{ID: entityA, Name: "Acme Bank", Standing: active}, {ID: entityB, Standing: inactive}},
		Headers:   []dlt.HeaderRecord{{Header: "ACMEBK", Entity: entityA, Standing: active}, {Header: "BETABK", Entity: entityB, Standing: inactive}},
		Templates: []dlt.Template{one, two}, Links: []dlt.Link{{Template: one.ID, Header: "ACMEBK", Standing: active}},
	}
	old := loadRegister(t, db)
	sameRegister(t, "carried over", old, dlt.NewRegister(5, want))
	if old.Mark() == "" {
		t.Error("what is carried over has no mark")
	}
	e := exportOf(dlt.KindTemplate).row(1, one, "ACMEBK").row(2, with(two, func(t *dlt.Template) { t.Name = "now" }))
	if got := imports(t, db, e, ImportOptions{}); !reflect.DeepEqual(counts(got), ImportResult{Changed: 1, Unchanged: 1, Version: 6}) {
		t.Errorf("an import afterwards: %+v", got)
	}
	if _, changed, err := RefreshRegister(t.Context(), db, old); err != nil || !slices.Equal(changed, []dlt.TemplateID{two.ID}) {
		t.Errorf("refreshed: changed %v, %v", changed, err)
	}
	if history, err := History(t.Context(), db, dlt.KindTemplate, string(two.ID)); err != nil || len(history) != 2 || history[0].By != "migration" || history[0].Version != 1 {
		t.Errorf("history %+v, %v", history, err)
	}
	if _, err := provider.DownTo(t.Context(), 11); err != nil {
		t.Fatal(err)
	}
	if got := query(t, db.DB, `SELECT id, name, active FROM harkara.template ORDER BY id`); fmt.Sprint(got) != `[1107000000000000001|Template 1|true 1107000000000000002|now|false]` {
		t.Errorf("put back %v", got)
	}
	if err := Migrate(t.Context(), db.DB); err != nil {
		t.Errorf("forward again: %v", err)
	}
}

// A message's row says which version of the register it was checked against; frames from before do not.
func TestMessagesNameTheirRegister(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	for n, version := range []int64{0, 7, 1 << 40} {
		h := newHistory(n).planned(1, "sim-a", 1, 1)
		h.events[0].Facts.Register = version
		b.append(t, h.events...)
	}
	b.project(t, b.config())
	if got := query(t, b.db, `SELECT id, register FROM harkara.v_message ORDER BY id`); !slices.Equal(got, []string{"order-0|∅", "order-1|7", "order-2|1099511627776"}) {
		t.Errorf("messages %v", got)
	}
}
