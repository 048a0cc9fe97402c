package main

import (
	"fmt"
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/storage"
)

// TestImportIsBounded: of each list 50 lines are printed, and what is left out is counted by what it is.
func TestImportIsBounded(t *testing.T) {
	rows := &dlt.Import{Kind: dlt.KindTemplate}
	var changes []storage.Change
	var findings []dlt.RowFinding
	var refused []dlt.RefusedRow
	for i := range 70 {
		line := i + 2
		changes = append(changes, storage.Change{Kind: dlt.KindTemplate, Key: fmt.Sprint("n", i), Line: line, New: i%2 == 0,
			Fields: []storage.FieldChange{{Field: "name", Before: "A", After: "B"}}[:i%2]})
		findings = append(findings, dlt.RowFinding{Line: line, Finding: dlt.Finding{Code: "old_id", Detail: "old", Mend: "ask"}})
		refused = append(refused, dlt.RefusedRow{Line: 1000 + i, Column: "HEADER",
			Reason: fmt.Sprintf("header ACME%c%c belongs to entity %d: check whose export this is", 'A'+i/26, 'A'+i%26, i)})
	}
	findings[69].Code = "id_length"
	refused[68].Line, refused[68].Column, refused[68].Reason = 2, "", "it has 5 cells, the heading has 6: put it in quotes"
	for name, tt := range map[string]struct {
		print func(*strings.Builder)
		lines int
		last  string
	}{
		// 70 changes are 105 lines, 33 of them 49; the next one would be two more.
		"changes": {func(b *strings.Builder) { printChanges(b, rows, changes) }, 50,
			"and 37 more like these; --json has all: 19 changed templates; 18 new templates\n"},
		// That of line 2 is of a refused row.
		"findings": {func(b *strings.Builder) { printFindings(b, "F", findings, refused) }, 51,
			"and 19 more like these; --json has all: 18 old_id; 1 id_length\n"},
		"refused": {func(b *strings.Builder) { printRefused(b, "F", refused) }, 51,
			"and 20 more like these; --json has all: 19 HEADER: header … belongs to entity …; 1 it has … cells, the heading has …\n"},
	} {
		var out strings.Builder
		tt.print(&out)
		if !strings.HasSuffix(out.String(), "\n"+tt.last) || strings.Count(out.String(), "\n") != tt.lines {
			t.Errorf("%s: %d lines, want %d that end in %q:\n%s", name, strings.Count(out.String(), "\n"), tt.lines, tt.last, &out)
		}
	}
	var out strings.Builder
	printFindings(&out, "F", findings[:51], refused)
	printRefused(&out, "F", refused[:50])
	if strings.Contains(out.String(), "more like these") || strings.Count(out.String(), "\n") != 100 {
		t.Errorf("%d lines where 50 and 50 are all there is:\n%s", strings.Count(out.String(), "\n"), &out)
	}
}

// TestLeftOut: sorts that come seldom are counted together.
func TestLeftOut(t *testing.T) {
	left := leftOut{"often": 9}
	for i := range 12 {
		left[fmt.Sprintf("sort-%02d", i)] = 1
	}
	var out strings.Builder
	left.print(&out)
	if got := out.String(); !strings.HasPrefix(got, "and 21 more like these; --json has all: 9 often; 1 sort-00; ") || !strings.HasSuffix(got, "; 1 sort-08; 3 others\n") {
		t.Error(got)
	}
}

// TestImportOfWhatIsNotActive: the first line says that some of the new ones can't be used, and a dry run says which.
func TestImportOfWhatIsNotActive(t *testing.T) {
	config := gateway(t)
	file := export(t, "ENTITY_ID,HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY,STATUS\n"+
		"1101481029384756102,ACMEBK,1107160000000000116,Fine,One {#num#} -ACMEBK,service_implicit,approved\n"+
		"1101481029384756102,ACMEBK,1107160000000000124,,Two {#num#} -ACMEBK,service_explicit,rejected\n"+
		"1101481029384756102,ACMEBK,1107160000000000132,Told nothing,Three {#num#} -ACMEBK,service_implicit,\n"+
		"1101481029384756102,ACMEBK,1107160000000000140,Waiting,Four {#num#} -ACMEBK,service_implicit,pending\n")
	stdout := must(t, "dlt", "import", "--config", config, "--kind", "templates", "--dry-run", file)
	for _, want := range []string{
		"templates: 4 new (of which 1 pending, 1 rejected), 0 changed, 0 unchanged, 0 refused (dry run: nothing was written)\n",
		"+ templates 1107160000000000116 \"Fine\" (line 2): service_implicit, active\n",
		"+ templates 1107160000000000124 (line 3): service_explicit, rejected\n",
		"+ templates 1107160000000000132 \"Told nothing\" (line 4): service_implicit, active\n",
		"+ templates 1107160000000000140 \"Waiting\" (line 5): service_implicit, pending\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

// TestNotActive: what is counted is of the import's kind, new, and a line of several links once.
func TestNotActive(t *testing.T) {
	rows := &dlt.Import{Kind: dlt.KindLink}
	for _, h := range []dlt.Header{"ACMEBK", "ACMEIN"} {
		rows.Links = append(rows.Links, dlt.Row[dlt.Link]{Line: 2, Value: dlt.Link{Header: h, Standing: dlt.Standing{Status: dlt.Rejected}}})
	}
	rows.Links = append(rows.Links, dlt.Row[dlt.Link]{Line: 3, Value: dlt.Link{Standing: dlt.Standing{Status: dlt.Rejected}}})
	changes := []storage.Change{{Kind: dlt.KindLink, Line: 2, New: true}, {Kind: dlt.KindLink, Line: 2, New: true}, {Kind: dlt.KindLink, Line: 3},
		{Kind: dlt.KindHeader, Line: 3, New: true}}
	if got := notActive(rows, changes); got != " (of which 1 rejected)" {
		t.Errorf("%q", got)
	}
	if got := notActive(rows, changes[2:]); got != "" {
		t.Errorf("%q where nothing is new", got)
	}
}
