package storage

import (
	"reflect"
	"testing"

	"harkara/dlt"
)

// inOrderOfImport is every kind, each after those that it names.
var inOrderOfImport = []dlt.Kind{dlt.KindEntity, dlt.KindHeader, dlt.KindTemplate, dlt.KindLink, dlt.KindCTA, dlt.KindChain}

// untold is the export as a portal writes it that tells nothing but what each kind must have.
func (e export) untold() export {
	for i := range e.Entities {
		v := &e.Entities[i].Value
		v.Name, v.Standing = "", dlt.Standing{}
	}
	for i := range e.Headers {
		e.Headers[i].Value.Standing = dlt.Standing{}
	}
	for i := range e.Templates {
		v := &e.Templates[i].Value
		v.Name, v.VarTypes, v.Standing = "", nil, dlt.Standing{}
	}
	for i := range e.Links {
		e.Links[i].Value.Standing = dlt.Standing{}
	}
	for i := range e.CTAs {
		v := &e.CTAs[i].Value
		v.Name, v.Standing = "", dlt.Standing{}
	}
	for i := range e.Chains { // From is part of what the row is about
		e.Chains[i].Value.Standing = dlt.Standing{From: e.Chains[i].Value.From}
	}
	return e
}

// everything is an export of each kind, whose rows stand so.
func everything(s dlt.Standing) map[dlt.Kind]export {
	all := map[dlt.Kind]export{}
	for _, kind := range inOrderOfImport {
		all[kind] = exportOf(kind)
	}
	all[dlt.KindEntity].Entities = []dlt.Row[dlt.Entity]{{Line: 2, Value: dlt.Entity{ID: entityA, Name: "Acme Bank", Standing: s}}}
	all[dlt.KindHeader].header(2, "ACMEBK", entityA, s)
	row := testTemplate(1, entityA, "{#var#}")
	row.VarTypes, row.Standing = []dlt.VarType{dlt.Numeric}, s
	all[dlt.KindTemplate].row(2, row)
	all[dlt.KindLink].link(2, row.ID, "ACMEBK", s)
	all[dlt.KindCTA].CTAs = []dlt.Row[dlt.CTA]{{Line: 2, Value: dlt.CTA{Entity: entityA, Type: dlt.CTAStatic, Value: "https://acme.example/", Name: "Site", Standing: s}}}
	all[dlt.KindChain].Chains = []dlt.Row[dlt.ChainRecord]{{Line: 2, Value: dlt.ChainRecord{Entity: entityA, SMSC: "sim-a", IDs: []string{string(entityA), "1102000000000000021"}, Standing: s}}}
	return all
}

// What an export does not tell stays as the register has it, whatever the kind: nothing that is blacklisted, suspended or
// inactive becomes active by an export without statuses. A row that is new is active.
func TestUntoldIsKept(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	for _, s := range []dlt.Standing{
		active, inactive, {Operator: dlt.Jio, Status: dlt.Blacklisted}, {Status: dlt.Pending, To: source.At}, {Status: dlt.Rejected},
		{Operator: dlt.Airtel, Status: dlt.Suspended, From: source.At, To: source.At.AddDate(1, 0, 0)},
	} {
		emptyRegister(t, db)
		told := everything(s)
		for _, kind := range inOrderOfImport {
			if got := imports(t, db, told[kind], ImportOptions{}); got.New+got.Changed != 1 {
				t.Fatalf("%s: %+v", kind, got)
			}
		}
		before := loadRegister(t, db)
		for kind, e := range everything(s) {
			want := ImportResult{Unchanged: 1, Version: before.Version()}
			if got := imports(t, db, e.untold(), ImportOptions{}); !reflect.DeepEqual(counts(got), want) {
				t.Errorf("%s, %+v: %+v, want %+v", kind, s, got, want)
			}
		}
		sameRegister(t, "told nothing", loadRegister(t, db), before)
	}
	emptyRegister(t, db)
	for _, kind := range inOrderOfImport {
		imports(t, db, everything(dlt.Standing{})[kind].untold(), ImportOptions{})
	}
	c := loadRegister(t, db).Contents()
	if len(c.Entities) != 1 || len(c.Headers) != 1 || len(c.Templates) != 1 || len(c.Links) != 1 || len(c.CTAs) != 1 || len(c.Chains) != 1 {
		t.Fatalf("new rows: %+v", c)
	}
	for kind, got := range map[dlt.Kind]dlt.Standing{dlt.KindEntity: c.Entities[0].Standing, dlt.KindHeader: c.Headers[0].Standing,
		dlt.KindTemplate: c.Templates[0].Standing, dlt.KindLink: c.Links[0].Standing, dlt.KindCTA: c.CTAs[0].Standing, dlt.KindChain: c.Chains[0].Standing} {
		if got != active {
			t.Errorf("%s: a new row is %+v", kind, got)
		}
	}
}

// What an export does tell takes the place of each value for itself; the text and what goes with it always count.
func TestToldTakesThePlace(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	until := source.At.AddDate(1, 0, 0)
	row := testTemplate(1, entityA, "{#var#}")
	row.Raw, row.Rule, row.VarTypes = "raw", "br", []dlt.VarType{dlt.Numeric}
	row.Standing = dlt.Standing{Operator: dlt.Vi, Status: dlt.Suspended, From: source.At, To: until}
	imports(t, db, exportOf(dlt.KindTemplate).row(2, row), ImportOptions{})
	told := dlt.Template{ID: row.ID, Entity: entityA, Content: "other {#var#}", Category: dlt.Government}
	for _, step := range []struct {
		standing dlt.Standing
		want     dlt.Standing
	}{
		{dlt.Standing{}, row.Standing},
		{dlt.Standing{Status: dlt.Blacklisted}, dlt.Standing{Operator: dlt.Vi, Status: dlt.Blacklisted, From: source.At, To: until}},
		{dlt.Standing{Operator: dlt.Jio, To: until.AddDate(1, 0, 0)}, dlt.Standing{Operator: dlt.Jio, Status: dlt.Blacklisted, From: source.At, To: until.AddDate(1, 0, 0)}},
		{active, dlt.Standing{Operator: dlt.Jio, Status: dlt.Active, From: source.At, To: until.AddDate(1, 0, 0)}},
	} {
		told.Standing = step.standing
		imports(t, db, exportOf(dlt.KindTemplate).row(2, told), ImportOptions{})
		want := with(told, func(t *dlt.Template) {
			t.Name, t.Standing, t.Links = row.Name, step.want, []dlt.Link{} // types go with their text
		})
		if got, _ := loadRegister(t, db).Template(row.ID); !reflect.DeepEqual(*got, want) {
			t.Errorf("told %+v\n got %+v\nwant %+v", step.standing, *got, want)
		}
	}
	// Two lines of one import: the second keeps what the first told.
	twice := exportOf(dlt.KindTemplate).row(2, with(told, func(t *dlt.Template) { t.Standing = inactive })).
		row(3, with(told, func(t *dlt.Template) { t.Standing = dlt.Standing{} }))
	imports(t, db, twice, ImportOptions{})
	if got, _ := loadRegister(t, db).Template(row.ID); got.Status != dlt.Inactive {
		t.Errorf("after two lines: %+v", got.Standing)
	}
}
