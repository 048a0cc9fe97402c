package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"harkara/dlt"
	"harkara/storage"
)

// message is a row of `report messages --format json`.
type message struct {
	Tenant, ID, Ref, State, Class, Template, Header, Entity, Category, SMSC string
	Segments                                                                int
	ToLast4                                                                 string     `json:"to_last4"`
	ErrorReason                                                             string     `json:"error_reason"`
	RequestedAt                                                             time.Time  `json:"requested_at"`
	SubmittedAt                                                             *time.Time `json:"submitted_at"`
	FinalAt                                                                 *time.Time `json:"final_at"`
}

// settled waits until a request is in PostgreSQL with its last state: statuses go out just before.
func settled(t *testing.T, config, id, state string) message {
	t.Helper()
	var got message
	eventually(t, id+" is "+state+" in PostgreSQL", func() bool {
		list := lines[message](t, must(t, "report", "messages", "--config", config, "--id", id, "--format", "json"))
		if len(list) == 1 {
			got = list[0]
		}
		return len(list) == 1 && got.State == state
	})
	return got
}

// TestReportMessages shows one delivered and one rejected message in every format. The reference tries to be a formula.
func TestReportMessages(t *testing.T) {
	config := gateway(t)
	const formula = `=HYPERLINK("http://example.com","x")`
	must(t, sendArgs(t, "--template", loginOTP, "--to", "9812300021", "--var", "483921", "--var", "10", "--id", "report-1", "--ref", formula)...)
	harkara(t, sendArgs(t, "--template", loginOTP, "--to", "9812300022", "--var", "1", "--id", "report-2", "--ref", formula)...)
	got := settled(t, config, "report-1", "delivered")
	settled(t, config, "report-2", "rejected")
	if got.SubmittedAt == nil || got.FinalAt == nil || got.FinalAt.Before(*got.SubmittedAt) || got.SubmittedAt.Before(got.RequestedAt) {
		t.Errorf("times %v, %v, %v are not in order", got.RequestedAt, got.SubmittedAt, got.FinalAt)
	}
	got.RequestedAt, got.SubmittedAt, got.FinalAt = time.Time{}, nil, nil
	if want := (message{Tenant: "acme", ID: "report-1", Ref: formula, State: "delivered", Class: "otp", Template: loginOTP, Header: "ACMEBK",
		Entity: "1101481029384756102", Category: "service_implicit", SMSC: "sim-a", Segments: 1, ToLast4: "0021"}); got != want {
		t.Errorf("JSON\n got %+v\nwant %+v", got, want)
	}

	args := []string{"report", "messages", "--config", config, "--ref", formula}
	rows, err := csv.NewReader(strings.NewReader(must(t, append(args, "--format", "csv")...))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("CSV %q, %v", rows, err)
	}
	if want := "requested_at tenant id state class template header smsc segments to_last4 submitted_at final_at error_stage " +
		"error_code error_reason possible_duplicate ref entity category register error_detail"; strings.Join(rows[0], " ") != want {
		t.Errorf("CSV heading %v", rows[0])
	}
	if n, err := strconv.Atoi(rows[1][19]); err != nil || n < 1 {
		t.Errorf("register %q, want the version that the message was checked against", rows[1][19])
	}
	stamp := regexp.MustCompile(`^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:30$`)
	for _, column := range []int{0, 10, 11} {
		if !stamp.MatchString(rows[1][column]) {
			t.Errorf("CSV %s %q is not a time in India", rows[0][column], rows[1][column])
		}
		rows[1][column] = ""
	}
	if want := []string{"", "acme", "report-1", "delivered", "otp", loginOTP, "ACMEBK", "sim-a", "1", "0021", "", "", "", "", "", "false",
		"'" + formula, "1101481029384756102", "service_implicit", rows[1][19], ""}; !slices.Equal(rows[1], want) {
		t.Errorf("CSV row\n got %q\nwant %q", rows[1], want)
	}
	if r := rows[2]; r[2] != "report-2" || r[3] != "rejected" || r[12] != "dlt" || r[14] != "wrong_variable_count" || r[10] != "" || !strings.Contains(r[20], "variables") {
		t.Errorf("CSV row %q", r)
	}

	code, stdout, stderr := harkara(t, args...)
	table := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if code != 0 || stderr != "2 rows\n" || len(table) != 3 || !strings.HasPrefix(table[0], "REQUESTED_AT ") {
		t.Fatalf("exit status %d, stderr %q, table\n%s", code, stderr, stdout)
	}
	if code, _, stderr := harkara(t, append(args, "--state", "rejected")...); code != 0 || stderr != "1 row\n" {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
	for i, id := range []string{"report-1", "report-2"} { // columns stand below their heads
		if at := strings.Index(table[0], " ID "); !strings.HasPrefix(table[i+1][at+1:], id+" ") {
			t.Errorf("row %d has no %s below ID:\n%s", i+1, id, stdout)
		}
	}
}

// TestReportMessagesInAWorkbook: what is counted is a number there, and an id is not.
func TestReportMessagesInAWorkbook(t *testing.T) {
	config := gateway(t)
	must(t, sendArgs(t, "--template", loginOTP, "--to", "9812300023", "--var", "483921", "--var", "10", "--id", "book-1")...)
	settled(t, config, "book-1", "delivered")
	book, err := excelize.OpenReader(strings.NewReader(must(t, "report", "messages", "--config", config, "--id", "book-1", "--format", "xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for column, want := range map[string]excelize.CellType{"template": excelize.CellTypeInlineString, "to_last4": excelize.CellTypeInlineString,
		"entity": excelize.CellTypeInlineString, "segments": excelize.CellTypeUnset, "register": excelize.CellTypeUnset} {
		rows, err := book.GetRows("Report 1")
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q, %v", rows, err)
		}
		cell, err := excelize.CoordinatesToCellName(slices.Index(rows[0], column)+1, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := book.GetCellType("Report 1", cell); err != nil || got != want {
			t.Errorf("%s is of type %v, want %v, %v", column, got, want, err)
		}
	}
}

// TestReportNotes: a filter that can't match is said to be one, and a state that there is not is refused.
func TestReportNotes(t *testing.T) {
	config := gateway(t)
	const noTemplate, noTenant = "note: --template: no such template in the register\n", "note: --tenant: no such tenant in the configuration\n"
	const noHeader = "note: --header: no such header in the register (its letters count by case)\n"
	for _, tt := range []struct{ args, want string }{
		{"messages --template 1107169999999999999 --tenant nobody", noTenant + noTemplate},
		{"messages --template " + loginOTP + " --tenant acme --state in_doubt", ""},
		{"dlr --tenant nobody", noTenant},
		{"dlr --tenant acme", ""},
		{"templates --template 1107169999999999999 --header acmebk --tenant nobody", noTenant + noTemplate + noHeader},
		{"headers --template " + loginOTP + " --header ACMEBK --tenant acme", ""},
	} {
		args := append([]string{"report", "--config", config, "--format", "csv"}, strings.Fields(tt.args)...)
		if code, _, stderr := harkara(t, args...); code != 0 || stderr != tt.want {
			t.Errorf("%s: exit status %d, stderr %q, want %q", tt.args, code, stderr, tt.want)
		}
	}
	if code, stdout, stderr := harkara(t, "report", "messages", "--config", config, "--state", "failed"); code != 2 || stdout != "" ||
		stderr != "harkara: --state \"failed\" is not one of planned, submitted, delivered, undelivered, expired, unreported, rejected, refused, lapsed, in_doubt\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestReportFilters: each filter lets through what it names and nothing else.
func TestReportFilters(t *testing.T) {
	config := gateway(t)
	must(t, "send", "--config", config, "--tenant", "zipkart", "--template", "1207161345678901234", "--to", "9812300031",
		"--var", "483921", "--var", "5", "--id", "filter-1", "--ref", "filter")
	must(t, sendArgs(t, "--template", loginOTP, "--to", "9812300032", "--var", "483921", "--var", "10", "--id", "filter-2", "--ref", "filter", "--class", "txn")...)
	settled(t, config, "filter-1", "delivered")
	settled(t, config, "filter-2", "delivered")
	today, day := time.Now(), time.DateOnly
	ist := time.FixedZone("IST", 19800)
	for _, tt := range []struct{ args, want string }{
		{"", "filter-1 filter-2"},
		{"--tenant zipkart", "filter-1"},
		{"--tenant nobody", ""},
		{"--number +919812300032", "filter-2"},
		{"--number 09812300031", "filter-1"},
		{"--template " + loginOTP, "filter-2"},
		{"--state delivered", "filter-1 filter-2"},
		{"--state rejected", ""},
		{"--from " + today.In(ist).Format(day) + " --to " + today.In(ist).Format(day), "filter-1 filter-2"},
		{"--from " + today.Add(time.Hour).UTC().Format(time.RFC3339), ""},
		{"--to " + today.Add(-time.Hour).UTC().Format(time.RFC3339), ""},
	} {
		args := append([]string{"report", "messages", "--config", config, "--ref", "filter", "--format", "json"}, strings.Fields(tt.args)...)
		var ids []string
		for _, m := range lines[message](t, must(t, args...)) {
			ids = append(ids, m.ID)
		}
		if strings.Join(ids, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.args, ids, tt.want)
		}
	}
	if code, _, stderr := harkara(t, "report", "messages", "--config", config, "--number", "981"); code != 2 || !strings.HasPrefix(stderr, "harkara: --number: not an Indian mobile number") {
		t.Errorf("bad number: exit status %d, stderr %q", code, stderr)
	}
}

// TestReportDLR counts by tenant: the formats agree with each other and with the database.
func TestReportDLR(t *testing.T) {
	config := gateway(t)
	began := time.Now().UTC() // other tests send as the same tenant
	must(t, "send", "--config", config, "--tenant", "zipkart", "--template", "1207161345678901234", "--to", "9812300041",
		"--var", "483921", "--var", "5", "--id", "dlr-1")
	harkara(t, "send", "--config", config, "--tenant", "zipkart", "--template", "1207161345678901234", "--to", "9812300042",
		"--var", "483921", "--id", "dlr-2")
	settled(t, config, "dlr-1", "delivered")
	settled(t, config, "dlr-2", "rejected")
	hour, _ := storage.WholeHours(began, time.Time{})
	var want struct{ Requested, Submitted, Delivered, Undelivered, Rejected int }
	if err := world.db.Get(&want, `SELECT count(*) AS requested, count(submitted_at) AS submitted,
		count(*) FILTER (WHERE state = 'delivered') AS delivered, count(*) FILTER (WHERE state = 'undelivered') AS undelivered,
		count(*) FILTER (WHERE state = 'rejected') AS rejected FROM harkara.v_message WHERE tenant = 'zipkart' AND requested_at >= $1`, hour); err != nil {
		t.Fatal(err)
	}
	if want.Delivered == 0 || want.Rejected == 0 {
		t.Fatalf("nothing to count: %+v", want)
	}
	percent := 100 * float64(want.Delivered) / float64(want.Requested-want.Rejected)
	args := []string{"report", "dlr", "--config", config, "--tenant", "zipkart", "--by", "tenant",
		"--from", began.Format(time.RFC3339Nano)}

	code, stdout, stderr := harkara(t, append(args, "--format", "json")...)
	objects := lines[map[string]any](t, stdout)
	if note := "note: --from: messages are counted by the hour, so this report has it at " + hour.In(dlt.IST).Format(time.RFC3339) + "\n"; code != 0 || stderr != note {
		t.Errorf("exit status %d, stderr %q, want %q", code, stderr, note)
	}
	if len(objects) != 1 || objects[0]["tenant"] != "zipkart" || objects[0]["requested"] != float64(want.Requested) ||
		objects[0]["delivered"] != float64(want.Delivered) || objects[0]["rejected"] != float64(want.Rejected) ||
		objects[0]["delivered_percent"] != percent || objects[0]["pending"] != 0.0 {
		t.Errorf("JSON %v, want %+v", objects, want)
	}
	rows, err := csv.NewReader(strings.NewReader(must(t, append(args, "--format", "csv")...))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("CSV %q, %v", rows, err)
	}
	if heading := "tenant requested submitted pending delivered undelivered expired unreported refused rejected lapsed in_doubt " +
		"delivered_% p50_s p95_s p99_s"; strings.Join(rows[0], " ") != heading {
		t.Errorf("CSV heading %v", rows[0])
	}
	if cells := []string{"zipkart", fmt.Sprint(want.Requested), fmt.Sprint(want.Submitted), "0", fmt.Sprint(want.Delivered),
		fmt.Sprint(want.Undelivered), "0", "0", "0", fmt.Sprint(want.Rejected), "0", "0", fmt.Sprintf("%.2f", percent)}; !slices.Equal(rows[1][:13], cells) {
		t.Errorf("CSV\n got %q\nwant %q", rows[1], cells)
	}
	if got := strings.Fields(strings.Split(must(t, args...), "\n")[1]); !slices.Equal(got, rows[1]) {
		t.Errorf("table %q, CSV %q", got, rows[1])
	}
	utc := must(t, append(args, "--format", "csv", "--by", "hour", "--utc")...)
	if !strings.Contains(utc, "\n"+"zipkart,"+hour.UTC().Format(time.RFC3339)+",") {
		t.Errorf("by hour in UTC: %s", utc)
	}

	all := lines[map[string]any](t, must(t, "report", "dlr", "--config", config, "--by", "smsc,class,header,day,error", "--format", "json"))
	if len(all) < 2 {
		t.Errorf("by five dimensions: %v", all)
	}
	for _, row := range all {
		for _, name := range []string{"smsc", "class", "header", "day", "error"} {
			if _, ok := row[name].(string); !ok {
				raw, _ := json.Marshal(row)
				t.Errorf("no %s in %s", name, raw)
			}
		}
	}
}

func TestUnformula(t *testing.T) {
	for in, want := range map[string]string{"": "", "a=1": "a=1", "=1+1": "'=1+1", "+91": "'+91", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"'=1": "'=1", "ref 1": "ref 1", "क": "क"} {
		if got := unformula(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
