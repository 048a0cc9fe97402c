package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/storage"
)

// TestShow takes a template through two versions and looks at each of them, and at what came when.
func TestShow(t *testing.T) {
	config := gateway(t)
	const id = "1107160000000000041"
	const first = "1101481029384756102,ACMEBK," + id + ",Shown,First {#num#} -ACMEBK,service_implicit\n"
	before := version(t)
	must(t, "dlt", "import", "--config", config, "--kind", "templates", "--by", "asha", export(t, columns+first))
	between := time.Now()
	must(t, "dlt", "import", "--config", config, "--kind", "templates", "--by", "ravi",
		export(t, columns+strings.Replace(first, "First", "Second", 1)))

	show := []string{"dlt", "show", "--config", config, "--template", id}
	for _, tt := range []struct{ flag, value, content string }{
		{"--version", fmt.Sprint(before + 2), "Second {#num#} -ACMEBK"},
		{"--version", fmt.Sprint(before + 1), "First {#num#} -ACMEBK"},
		{"--version", fmt.Sprint(before), ""},
		{"--at", between.Format(time.RFC3339Nano), "First {#num#} -ACMEBK"},
		{"--at", time.Now().In(dlt.IST).Format(time.DateOnly), "Second {#num#} -ACMEBK"},
	} {
		rows := lines[standing](t, must(t, append(show, tt.flag, tt.value, "--json")...))
		if len(rows) != 2 || rows[0].Key != id || rows[1].Key != id+" ACMEBK" || len(rows[0].History) != 2 || len(rows[1].History) != 1 {
			t.Fatalf("%s %s: %+v", tt.flag, tt.value, rows)
		}
		if got := rows[0].Row["content"]; got != tt.content || (tt.content == "") != (rows[1].Row == nil) {
			t.Errorf("%s %s: content %q, want %q; link %v", tt.flag, tt.value, got, tt.content, rows[1].Row)
		}
		h := rows[0].History
		if h[0].By != "asha" || h[1].By != "ravi" || h[0].Line != 2 || h[1].File != "export.csv" || h[1].Version != before+2 ||
			len(h[0].Changed) != 0 || len(h[1].Changed) != 1 || h[1].Changed[0].Field != "content" {
			t.Errorf("history %+v", h)
		}
	}
	if out := must(t, show...); !strings.Contains(out, `content    "Second {#num#} -ACMEBK"`) ||
		!strings.Contains(out, `content: "First {#num#} -ACMEBK" → "Second {#num#} -ACMEBK"`) {
		t.Errorf("for people:\n%s", out)
	}

	if out := must(t, "dlt", "show", "--config", config, "--entity", "1101481029384756102"); !strings.HasPrefix(out, "entities 1101481029384756102: as of version ") ||
		!strings.Contains(out, "\n\nheaders ACMEBK 1101481029384756102: as of version ") {
		t.Errorf("entity:\n%s", out)
	}
	if out := must(t, "dlt", "show", "--config", config, "--header", "ACMEBK"); !strings.HasPrefix(out, "headers ACMEBK 1101481029384756102: as of version ") {
		t.Errorf("header:\n%s", out)
	}
	for want, args := range map[string]string{
		"harkara: NOSUCH is not in the register; dlt import brings it in\n": "--header NOSUCH",
		"harkara: nothing was in the register before 2020-01-02":            "--at 2020-01-01 --template " + id,
		"harkara: --version 9999: the register's versions go from 1 to ":    "--version 9999 --template " + id,
	} {
		code, stdout, stderr := harkara(t, slices.Concat([]string{"dlt", "show", "--config", config}, strings.Fields(args))...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, want) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}

	type record struct {
		Version                  int64
		Kind, File, SHA256, Name string
		New, Changed             int
		By                       string `json:"imported_by"`
	}
	list := lines[record](t, must(t, "dlt", "imports", "--config", config, "--format", "json"))
	if len(list) < 3 || list[0].By != "ravi" || list[0].Version != before+2 || list[0].Changed != 1 || list[1].New != 1 || len(list[0].SHA256) != 64 {
		t.Errorf("imports %+v", list)
	}
}

// TestShowEntity: an entity comes with its CTAs and chains, as they were then.
func TestShowEntity(t *testing.T) {
	config := gateway(t)
	const entity = "1101770000000000019"
	bring := func(kind, text string) int64 {
		must(t, "dlt", "import", "--config", config, "--kind", kind, export(t, text))
		return version(t)
	}
	const number = "ENTITY_ID,CTA_NAME,CTA_TYPE,CTA_VALUE,STATUS\n" + entity + ",Help line,number,18001234567,"
	first := bring("ctas", number+"active\n")
	bring("ctas", number+"suspended\n"+entity+",Shop,url_static,https://shop.example.com,active\n")
	last := bring("chains", "ENTITY_ID,SMSC,CHAIN,VALID_FROM\n"+entity+",sim-a,"+entity+"|1102592013746580291,\n"+
		entity+",sim-b,"+entity+"|1102592013746580291,2026-12-01\n")
	for _, tt := range []struct {
		version int64
		want    []string // kind, key, versions in its history
	}{
		{first - 1, []string{"entities " + entity + " 1"}},
		{first, []string{"entities " + entity + " 1", "ctas " + entity + " number 18001234567 2"}},
		{last, []string{"entities " + entity + " 1", "ctas " + entity + " number 18001234567 2",
			"ctas " + entity + " url_static https://shop.example.com 1",
			"chains " + entity + " - sim-a 1", "chains " + entity + " 2026-11-30T18:30:00Z sim-b 1"}},
	} {
		var got []string
		for _, r := range lines[standing](t, must(t, "dlt", "show", "--config", config, "--entity", entity, "--version", fmt.Sprint(tt.version), "--json")) {
			got = append(got, fmt.Sprintf("%s %s %d", r.Kind, r.Key, len(r.History)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("version %d\n got %q\nwant %q", tt.version, got, tt.want)
		}
	}
	if out := must(t, "dlt", "show", "--config", config, "--entity", entity); !strings.Contains(out, `status: "active" → "suspended"`) ||
		!strings.Contains(out, "\n\nctas "+entity+" url_static https://shop.example.com: as of version ") {
		t.Errorf("for people:\n%s", out)
	}
}

// TestShowLongHistory: people see the newest versions and the one they ask for, each change on a line.
func TestShowLongHistory(t *testing.T) {
	var history []storage.HistoryRow
	for i := range 30 {
		history = append(history, storage.HistoryRow{Version: int64(i + 1), File: "export.csv", Line: 2, By: "asha",
			Fields: map[string]string{"name": fmt.Sprint("name ", i), "content": fmt.Sprint("text ", i)}})
	}
	for _, tt := range []struct {
		version, hidden int64
		versions        []string
	}{
		{0, 20, strings.Fields("21 22 23 24 25 26 27 28 29 30")},
		{25, 20, strings.Fields("21 22 23 24 25 26 27 28 29 30")},
		{3, 19, strings.Fields("3 21 22 23 24 25 26 27 28 29 30")},
	} {
		s := newStanding(key{dlt.KindTemplate, "1107160000000000041"}, history, tt.version)
		var out strings.Builder
		s.print(&out)
		_, table, _ := strings.Cut(out.String(), "CHANGED\n")
		var versions []string
		for _, line := range words(table) {
			if first, rest, _ := strings.Cut(line, " "); strings.Contains(rest, "asha export.csv 2 content: ") {
				versions = append(versions, first)
			}
		}
		if !slices.Equal(versions, tt.versions) || strings.Count(table, "\n") != 2*len(versions)+1 ||
			!strings.HasSuffix(table, fmt.Sprintf("\n%d older versions are not shown here; --json has them\n", tt.hidden)) {
			t.Errorf("version %d:\n%s", tt.version, table)
		}
	}
	short := newStanding(key{dlt.KindTemplate, "1107160000000000041"}, history[:10], 0)
	var out strings.Builder
	if short.print(&out); strings.Contains(out.String(), "not shown") || strings.Count(out.String(), "asha") != 10 {
		t.Errorf("ten versions:\n%s", &out)
	}
}
