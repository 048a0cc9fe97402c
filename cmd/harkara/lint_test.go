package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"harkara/dlt"
)

func words(text string) (rows []string) {
	for line := range strings.Lines(text) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	return rows
}

// TestLintCosts: what templates cost at worst, by the coding and the price of each SMSC.
func TestLintCosts(t *testing.T) {
	config := gateway(t)
	if got, want := words(must(t, "dlt", "lint", "--config", config, "--template", loginOTP, "--costs")), []string{
		"TEMPLATE SMSCS ENCODING LEAST MOST WITH UCS-2 ERROR", loginOTP + " sim-a gsm7 1 1 3",
		loginOTP + " sim-b gsm7 1 = 0.1500 1 = 0.1500 3 = 0.4500"}; !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	var lint struct {
		Costs []struct {
			Template string
			Most     struct {
				Segments int
				SubmitSM int `json:"submit_sm"`
			}
		}
		Findings []dlt.Finding
	}
	if err := json.Unmarshal([]byte(must(t, "dlt", "lint", "--config", config, "--json")), &lint); err != nil || len(lint.Costs) < 30 ||
		lint.Costs[0].Most.SubmitSM == 0 || len(lint.Findings) == 0 {
		t.Errorf("JSON: %d costs, %d findings, %v", len(lint.Costs), len(lint.Findings), err)
	}
}

// TestLint: what is found can be narrowed to a row and to what is grave, and every code is in the list of codes.
func TestLint(t *testing.T) {
	config := gateway(t)
	const id = "1107160000000000058"
	must(t, "dlt", "import", "--config", config, "--kind", "templates", export(t, columns+
		"1101481029384756102,ACMEBK,"+id+",Linted,Hello  {#num#}{#num#}{#num#} “there”,service_implicit\n"))
	findings := func(args ...string) (list []dlt.Finding) {
		var lint struct{ Findings []dlt.Finding }
		if err := json.Unmarshal([]byte(must(t, append([]string{"dlt", "lint", "--config", config, "--json"}, args...)...)), &lint); err != nil {
			t.Fatal(err)
		}
		return lint.Findings
	}
	known := map[string]bool{}
	type code struct{ Code, Kind, Severity, Means string }
	for _, c := range lines[code](t, must(t, "dlt", "lint", "--codes", "--json")) {
		if known[c.Code] || c.Means == "" {
			t.Errorf("code %+v", c)
		}
		known[c.Code] = true
	}
	for _, f := range findings() {
		if !known[f.Code] || f.Detail == "" || f.Mend == "" || f.Subject == "" {
			t.Errorf("finding %+v", f)
		}
	}
	var codes []string
	for _, f := range findings("--template", id, "--severity", "warning") {
		if f.Subject != id || f.Severity == dlt.Note {
			t.Errorf("finding %+v", f)
		}
		codes = append(codes, f.Code)
	}
	for _, want := range []string{"double_space", "adjacent_variables", "forces_ucs2"} {
		if !slices.Contains(codes, want) {
			t.Errorf("no %s in %v", want, codes)
		}
	}
	for _, f := range findings("--header", "ACMEBK") {
		if f.Kind != dlt.KindHeader || f.Subject != "ACMEBK" {
			t.Errorf("finding %+v", f)
		}
	}
	said := strings.Split(must(t, "dlt", "lint", "--config", config, "--template", id, "--severity", "warning"), "\n")
	if len(said) != 3*len(codes)+1 {
		t.Fatalf("%d lines for %d findings: %q", len(said), len(codes), said)
	}
	for i, code := range codes {
		if got := said[3*i : 3*i+3]; !strings.Contains(got[0], ": "+code+": templates "+id+", entity 1101481029384756102") ||
			!strings.HasPrefix(got[1], "  ") || !strings.HasPrefix(got[2], "  → ") {
			t.Errorf("%s: %q", code, got)
		}
	}
	if got := must(t, "dlt", "lint", "--config", config, "--template", id, "--format", "csv"); !strings.HasPrefix(got,
		"severity,code,kind,subject,entity,operator,detail,mend\n") {
		t.Errorf("CSV %q", got)
	}
	for args, want := range map[string]string{
		"--template 1107169999999999999": "harkara: template 1107169999999999999 is not in the register; dlt import brings it in\n",
		"--header acmebk":                "harkara: header acmebk is not in the register (its letters count by case); dlt import brings it in\n",
	} {
		if code, stdout, stderr := harkara(t, append([]string{"dlt", "lint", "--config", config}, strings.Fields(args)...)...); code != 1 ||
			stdout != "" || stderr != want {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}
