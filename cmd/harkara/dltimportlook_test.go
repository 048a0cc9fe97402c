package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/storage"
)

// TestChangeFindings: what is found on a field that changed, whatever row it is of.
func TestChangeFindings(t *testing.T) {
	const id, entity = "1107160000000000082", "1101481029384756102"
	for _, tt := range []struct {
		kind                 dlt.Kind
		key                  string
		field, before, after string
		code                 string // empty: nothing is found
		severity             dlt.Severity
		subject              string
		entity               dlt.EntityID
		detail               string // the beginning
	}{
		{dlt.KindTemplate, id, "content", "Hello", "Good day", "content_changed", dlt.Warning, id, "", "template " + id + " has another text"},
		{dlt.KindTemplate, id, "content", "a\r\nb", "a\nb", "content_changed", dlt.Note, id, "", "template " + id + " has its line breaks"},
		{dlt.KindTemplate, id, "content", "a\nb", "a\rb", "content_changed", dlt.Note, id, "", "template " + id + " has its line breaks"},
		{dlt.KindTemplate, id, "content", "a\nb", "a b", "content_changed", dlt.Warning, id, "", "template " + id + " has another text"},
		{dlt.KindTemplate, id, "content", "a\n\nb", "a\r\nb", "content_changed", dlt.Warning, id, "", "template " + id + " has another text"},
		{dlt.KindTemplate, id, "name", "A", "B", "", "", "", "", ""},
		{dlt.KindTemplate, id, "status", "blacklisted", "active", "reactivated", dlt.Warning, id, "",
			"template " + id + " was blacklisted and is active again"},
		{dlt.KindHeader, "ACMEBK " + entity, "status", "suspended", "active", "reactivated", dlt.Warning, "ACMEBK", entity,
			"header ACMEBK of entity " + entity + " was suspended"},
		{dlt.KindEntity, entity, "status", "inactive", "active", "reactivated", dlt.Warning, entity, entity, "entity " + entity + " was"},
		{dlt.KindLink, id + " ACMEBK", "status", "rejected", "active", "reactivated", dlt.Warning, id + " ACMEBK", "",
			"the link of template " + id + " to header ACMEBK was"},
		{dlt.KindCTA, entity + " url_static https://example.com/a b", "status", "pending", "active", "reactivated", dlt.Warning,
			entity + " url_static https://example.com/a b", entity, "CTA https://example.com/a b of entity " + entity + " was"},
		{dlt.KindChain, entity + " - sim-a", "status", "inactive", "active", "reactivated", dlt.Warning, entity + " - sim-a", entity,
			"the chain of entity " + entity + " at sim-a was"},
		{dlt.KindTemplate, id, "status", "active", "suspended", "", "", "", "", ""},
		{dlt.KindTemplate, id, "status", "suspended", "inactive", "", "", "", "", ""},
		{dlt.KindTemplate, id, "operator", "airtel", "vi", "operator_changed", dlt.Warning, id, "",
			"template " + id + " was of operator airtel and is of vi"},
		{dlt.KindTemplate, id, "operator", "", "vi", "", "", "", "", ""},
		{dlt.KindTemplate, id, "operator", "airtel", "", "", "", "", "", ""},
	} {
		got := changeFindings([]storage.Change{{Kind: tt.kind, Key: tt.key, Line: 7,
			Fields: []storage.FieldChange{{Field: tt.field, Before: tt.before, After: tt.after}}}})
		if tt.code == "" {
			if len(got) != 0 {
				t.Errorf("%s of %s: %+v", tt.field, tt.key, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Line != 7 || got[0].Code != tt.code || got[0].Severity != tt.severity || got[0].Kind != tt.kind ||
			got[0].Subject != tt.subject || got[0].Entity != tt.entity || !strings.HasPrefix(got[0].Detail, tt.detail) || got[0].Mend == "" {
			t.Errorf("%s of %s: %+v", tt.field, tt.key, got)
		}
	}
}

// TestImportFindings: what may well be a mistake is said by line, in a dry run too, and stands in the JSON.
func TestImportFindings(t *testing.T) {
	config := gateway(t)
	const id = "1107160000000000090"
	const heading = "ENTITY_ID,HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY,STATUS,OPERATOR\n"
	row := func(text, status, operator string) string {
		return export(t, heading+"1101481029384756102,ACMEBK,"+id+",Looked at,"+text+",service_implicit,"+status+","+operator+"\n")
	}
	importing := []string{"dlt", "import", "--config", config, "--kind", "templates"}
	must(t, append(importing, row("\"Two\r\nlines -ACMEBK\"", "blacklisted", "airtel"))...)
	file := row("\"Two\nlines -ACMEBK\"", "active", "vi")
	want := []string{file + ":2: note: content_changed: template " + id + " has its line breaks in another form",
		file + ":2: warning: operator_changed: template " + id + " was of operator airtel and is of vi; ",
		file + ":2: warning: reactivated: template " + id + " was blacklisted and is active again; "}
	for _, flags := range [][]string{{"--dry-run"}, {"--dry-run", "--json"}, nil} {
		code, stdout, stderr := harkara(t, append(append(importing, file), flags...)...)
		said := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		if code != 0 || len(said) != len(want) {
			t.Fatalf("%v: exit status %d, stderr %q", flags, code, stderr)
		}
		for i := range want {
			if !strings.HasPrefix(said[i], want[i]) {
				t.Errorf("%v: %q, want %q", flags, said[i], want[i])
			}
		}
		var result struct{ Findings []dlt.RowFinding }
		if len(flags) < 2 {
			continue
		}
		if err := json.Unmarshal([]byte(stdout), &result); err != nil || len(result.Findings) != 3 || result.Findings[1].Code != "operator_changed" {
			t.Errorf("%s, %v", stdout, err)
		}
	}
}

// TestImportAccept: an id that looks rounded is taken where the user vouches for it, and for no other.
func TestImportAccept(t *testing.T) {
	config := gateway(t)
	const one, two = "1107160000000010000", "1107160000000020000"
	file := export(t, columns+"1101481029384756102,ACMEBK,"+one+",One,One {#num#} -ACMEBK,service_implicit\n"+
		"1101481029384756102,ACMEBK,"+two+",Two,Two {#num#} -ACMEBK,service_implicit\n")
	for _, tt := range []struct {
		accept, refused []string
	}{
		{nil, []string{one, two}},
		{[]string{"--accept", one}, []string{two}},
		{[]string{"--accept", one, "--accept", two}, nil},
	} {
		code, _, stderr := harkara(t, append([]string{"dlt", "import", "--config", config, "--kind", "templates", "--dry-run", file}, tt.accept...)...)
		if (code == 1) != (len(tt.refused) > 0) || strings.Count(stderr, "\n") != len(tt.refused) {
			t.Errorf("%q: exit status %d, stderr %q", tt.accept, code, stderr)
		}
		for _, id := range tt.refused {
			if !strings.Contains(stderr, "add --accept "+id+"\n") {
				t.Errorf("%q: %s is not refused with the way out: %q", tt.accept, id, stderr)
			}
		}
	}
}

// TestImportChains: what the configuration says of an SMSC decides whether a chain can be right.
func TestImportChains(t *testing.T) {
	text, err := os.ReadFile(gateway(t))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "harkara.yaml")
	text = []byte(strings.Replace(string(text), "price: 0.15", "price: 0.15\n    scrub: {operator: vi}", 1))
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	const entity, three = "1101592013746580291", "1102592013746580291|1102592013746580309|1102592013746580317"
	file := export(t, "ENTITY_ID,SMSC,CHAIN\n"+
		entity+",sim-a,"+entity+"|"+three+"\n"+
		entity+",sim-c,"+entity+"|1102592013746580291\n"+
		entity+",sim-b,"+entity+"|"+three+"\n")
	before := version(t)
	code, stdout, stderr := harkara(t, "dlt", "import", "--config", config, "--kind", "chains", file)
	want := file + ":3: SMSC: the configuration has no SMSC \"sim-c\": name one of sim-a, sim-b\n" +
		file + ":4: CHAIN: at sim-b: the chain has 3 telemarketers; Vi takes 2 at most\n"
	if code != 1 || stdout != "chains: 1 new, 0 changed, 0 unchanged, 2 refused\n" || stderr != want || version(t) != before+1 {
		t.Errorf("exit status %d, stdout %q, stderr %q\nwant %q", code, stdout, stderr, want)
	}
	if stdout := must(t, "dlt", "show", "--config", config, "--entity", entity); !strings.Contains(stdout, "chains "+entity+" - sim-a: as of version ") ||
		strings.Contains(stdout, "sim-b") {
		t.Errorf("in the register:\n%s", stdout)
	}
	must(t, "dlt", "import", "--config", config, "--kind", "chains", // a chain of a test is no other test's
		export(t, "ENTITY_ID,SMSC,CHAIN,STATUS\n"+entity+",sim-a,"+entity+"|"+three+",inactive\n"))
}
