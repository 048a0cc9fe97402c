package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"harkara/dlt"
	"harkara/smpp/smsctest"
	"harkara/storage"
)

// TestFeedback follows a template that the operator's scrubber fails: into quarantine, through every report, and out of
// it again once it is mended.
func TestFeedback(t *testing.T) {
	config := gateway(t)
	const id, idle, entity = "1107160000000000066", "1107160000000000074", "110100009876"
	must(t, "dlt", "import", "--config", config, "--kind", "templates", export(t, columns+
		entity+",ZIPKRT,"+id+",Scrubbed,Scrubbed {#num#} -ZIPKRT,service_implicit\n"+
		entity+",ZIPKRT,"+idle+",Idle,Idle {#num#} -ZIPKRT,service_implicit\n"))
	sim := world.smscs["sim-b"]
	sim.Change(func(c *smsctest.Config) { c.Scrub = map[string]string{id: "631"} })
	t.Cleanup(func() { sim.Change(func(c *smsctest.Config) { c.Scrub = nil }) })
	send := []string{"send", "--config", config, "--tenant", "zipkart", "--template", id, "--to", "9812300051", "--var", "483921"}
	eventually(t, "the gateway knows the template", func() bool {
		_, stdout, _ := harkara(t, append(send, "--ref", "scrubbed")...)
		return strings.Contains(stdout, "undelivered")
	})
	held := func(flags ...string) []storage.QuarantineRow {
		return lines[storage.QuarantineRow](t, must(t, append([]string{"dlt", "quarantine", "--config", config, "--json"}, flags...)...))
	}
	eventually(t, "the template is held back, and the gateway knows", func() bool {
		_, stdout, _ := harkara(t, append(send, "--ref", "scrubbed")...)
		return strings.Contains(stdout, "quarantined")
	})
	list := held()
	if len(list) != 1 || string(list[0].Template) != id || list[0].SMSC != "sim-b" || list[0].Code != "631" || list[0].Failures < 3 {
		t.Errorf("quarantine %+v", list)
	}

	args := []string{"dlt", "check", "--config", config, "--template", id, "--var", "483921"}
	if stdout := must(t, args...); !strings.HasPrefix(stdout, "passes") || !strings.Contains(stdout, "sim-b: fails: quarantined: ") {
		t.Errorf("another SMSC takes it: %s", stdout)
	}
	if code, stdout, _ := harkara(t, append(args, "--smsc", "sim-b")...); code != 1 || !strings.HasPrefix(stdout, "fails: quarantined: ") {
		t.Errorf("exit status %d, %s", code, stdout)
	}
	found := must(t, "dlt", "lint", "--config", config, "--template", id, "--severity", "error", "--format", "csv")
	for _, want := range []string{"error,quarantined,templates," + id, "error,operator_rejects,templates," + id, "sim-b refused"} {
		if !strings.Contains(found, want) {
			t.Errorf("lint finds no %q:\n%s", want, found)
		}
	}

	checkTemplateReport(t, config, id, idle)
	headers := lines[headerUse](t, must(t, "report", "headers", "--config", config, "--header", "ZIPKRT", "--json"))
	// Requests for it with another entity's template, which were rejected, are rows of their own.
	headers = slices.DeleteFunc(headers, func(h headerUse) bool { return h.Entity != entity && h.Status == "" && h.Submitted == 0 })
	if len(headers) != 1 || headers[0].Entity != entity || headers[0].Templates < 4 || headers[0].Undelivered < 3 || headers[0].LastUsed == nil {
		t.Errorf("headers %+v", headers)
	}

	sim.Change(func(c *smsctest.Config) { c.Scrub = nil })
	if stdout := must(t, "dlt", "release", "--config", config, "--template", id, "--smsc", "sim-b", "--by", "asha"); stdout != "template "+id+": released at 1 SMSC(s)\n" {
		t.Errorf("release: %s", stdout)
	}
	if code, _, stderr := harkara(t, "dlt", "release", "--config", config, "--template", id); code != 1 ||
		stderr != "harkara: template "+id+" is in no quarantine there; see dlt quarantine\n" {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
	if list := held("--all"); len(held()) != 0 || len(list) != 1 || list[0].ReleasedBy != "asha" || list[0].ReleasedAt == nil {
		t.Errorf("after the release %+v", list)
	}
	eventually(t, "it goes out again", func() bool {
		code, _, _ := harkara(t, send...)
		return code == 0
	})
}

// checkTemplateReport: the used and the unused one, in every format.
func checkTemplateReport(t *testing.T, config, id, idle string) {
	t.Helper()
	report := []string{"report", "templates", "--config", config, "--tenant", "zipkart"}
	rows := lines[templateUse](t, must(t, append(report, "--json")...))
	used := slices.IndexFunc(rows, func(r templateUse) bool { return string(r.Template) == id })
	unused := slices.IndexFunc(rows, func(r templateUse) bool { return string(r.Template) == idle })
	if used < 0 || unused < used || slices.ContainsFunc(rows, func(r templateUse) bool { return r.Template == loginOTP }) {
		t.Fatalf("rows %+v", rows)
	}
	if r := rows[used]; r.Undelivered < 3 || r.Requested != r.Undelivered+r.Rejected || r.Rejected < 1 || r.Name != "Scrubbed" ||
		r.Category != dlt.ServiceImplicit || !slices.Equal(r.Headers, []dlt.Header{"ZIPKRT"}) || r.Status != dlt.Active || r.LastUsed == nil ||
		len(r.Held) != 1 || !slices.Contains(r.Findings, "operator_rejects") || !slices.ContainsFunc(r.Failures,
		func(f storage.UseFailure) bool {
			return f.Code == "631" && f.SMSC == "sim-b" && f.Count == r.Undelivered
		}) {
		t.Errorf("used %+v", r)
	}
	if r := rows[unused]; r.Requested != 0 || r.LastUsed != nil || r.Name != "Idle" || r.Failures == nil {
		t.Errorf("unused %+v", r)
	}

	if head := words(must(t, append(report, "--template", id)...))[0]; !strings.Contains(head, " REQUESTED SUBMITTED UNDELIVERED REJECTED DELIVERED_% SEGMENTS ") {
		t.Errorf("the table's heading is %s", head)
	}
	if head := words(must(t, append(report, "--template", idle)...))[0]; !strings.Contains(head, " REQUESTED DELIVERED_% SEGMENTS ") ||
		strings.Contains(head, "FAILURES") || strings.Contains(head, "HELD") {
		t.Errorf("the table's heading is %s where nothing was sent", head)
	}

	text := must(t, append(report, "--format", "csv", "--bom", "--template", id)...)
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(records) != 2 || !strings.HasPrefix(text, "\ufefftemplate,") ||
		!strings.Contains(text, ",requested,submitted,pending,delivered,") {
		t.Fatalf("CSV %q, %v", text, err)
	}
	cell := func(name string) string { return records[1][slices.Index(records[0], name)] }
	if cell("held") != "sim-b" || !strings.Contains(cell("failures"), "631 ") || !strings.Contains(cell("failures"), "@ sim-b: ") ||
		!strings.HasSuffix(cell("last_used"), "+05:30") {
		t.Errorf("CSV row %q", records[1])
	}

	file := filepath.Join(t.TempDir(), "report.xlsx")
	if code, stdout, stderr := harkara(t, append(report, "--format", "xlsx", "--out", file)...); code != 0 || stdout != "" || !strings.HasSuffix(stderr, " rows\n") {
		t.Fatalf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	cells, err := book.GetRows("Report 1")
	if err != nil || len(cells) != len(rows)+1 || !slices.Equal(cells[0], records[0]) || cells[used+1][0] != id {
		t.Errorf("XLSX of %d rows, heading %q, %v; want %d rows", len(cells), cells[0], err, len(rows)+1)
	}
	if kind, err := book.GetCellType("Report 1", "A2"); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("ids are of type %v, %v", kind, err)
	}
}

// TestReportFile: what fails leaves no file, and no half of one.
func TestReportFile(t *testing.T) {
	config := gateway(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "out.csv")
	if code, stdout, stderr := harkara(t, "report", "messages", "--config", config, "--number", "981", "--format", "csv", "--out", file); code != 2 ||
		stdout != "" || !strings.Contains(stderr, "--number") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the failed report left %v, %v", entries, err)
	}
	if stdout := must(t, "report", "dlr", "--config", config, "--format", "csv", "--out", file); stdout != "" {
		t.Errorf("stdout %q", stdout)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "tenant,smsc,requested,") {
		t.Errorf("file %q, %v", text, err)
	}
	none := filepath.Join(dir, "none")
	for out, want := range map[string]string{
		filepath.Join(none, "x"): filepath.Join(none, "x") + " can't be written in folder " + none + ": no such file or directory: make the folder, or name another file",
		dir:                      dir + " can't be put in place: file exists: name another file",
	} {
		if code, _, stderr := harkara(t, "report", "dlr", "--config", config, "--out", out); code != 1 || !strings.HasSuffix(stderr, "harkara: --out: "+want+"\n") {
			t.Errorf("exit status %d, stderr %q, want %q", code, stderr, want)
		}
	}
}
