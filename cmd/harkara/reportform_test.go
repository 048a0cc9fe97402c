package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// made yields n made-up messages, and calls look from time to time.
func made(n int, look func()) iter.Seq2[storage.MessageRow, error] {
	return func(yield func(storage.MessageRow, error) bool) {
		at := time.Date(2026, 11, 22, 6, 30, 0, 123456000, time.UTC)
		for i := range n {
			requested, submitted, version := at.Add(time.Duration(i)*time.Millisecond), at.Add(time.Duration(i+20)*time.Millisecond), int64(7)
			m := storage.MessageRow{Tenant: "acme", ID: sms.RequestID(fmt.Sprintf("login-%08x", i*2654435761)), Ref: "=ref", State: sms.Submitted, Class: "otp",
				Template: dlt.TemplateID(strconv.Itoa(1107161234567890000 + i%500)), Header: "ACMEBK", Entity: "1101481029384756102",
				Category: dlt.ServiceImplicit, SMSC: "sim-a", Segments: 1, ToLast4: "0021", RequestedAt: requested, SubmittedAt: &submitted, Register: &version}
			if !yield(m, nil) {
				return
			}
			if look != nil && i%(n/10) == n/20 {
				look()
			}
		}
	}
}

// writeMade writes a report of n messages in a format.
func writeMade(t testing.TB, format string, out io.Writer, n int, look func()) {
	t.Helper()
	form := reportFlags{format: format, typed: true}
	if err := form.writeTo(out, io.Discard, func(r *report) error { return writeMessages(r, made(n, look)) }); err != nil {
		t.Fatal(err)
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestReportMemory: a report of 30,000 rows, 12 MB of them, needs no more memory than a small one, in any format but
// Parquet, which gathers rowGroup of them, and leaves no file of its rows behind. HARKARA_EXPORT_ROWS asks for another
// number, such as 10,000,000.
func TestReportMemory(t *testing.T) {
	asked, err := strconv.Atoi(os.Getenv("HARKARA_EXPORT_ROWS"))
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for format, most := range map[string]uint64{"table": 8 << 20, "csv": 4 << 20, "json": 4 << 20, "xlsx": 8 << 20, "parquet": 64 << 20} {
		t.Run(format, func(t *testing.T) {
			rows := asked
			switch {
			case err == nil:
			case format == "parquet":
				rows = rowGroup * 6 / 5
			default:
				rows = 30_000
			}
			before, highest := inUse(), uint64(0)
			began := time.Now()
			writeMade(t, format, io.Discard, rows, func() { highest = max(highest, inUse()) })
			t.Logf("%d rows in %v, %.1f MB more in use", rows, time.Since(began).Round(time.Millisecond),
				(float64(highest)-float64(before))/(1<<20))
			if highest > before+most {
				t.Errorf("%d bytes more in use for %d rows, want %d at most", highest-before, rows, most)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("files of rows %v, %v", left, err)
			}
		})
	}
}

// TestParquet reads back what was written, by the names and types of its columns, over several groups of rows.
func TestParquet(t *testing.T) {
	const n = rowGroup + 10
	var out bytes.Buffer
	writeMade(t, "parquet", &out, n, nil)
	file, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || file.NumRows() != n || len(file.RowGroups()) != 2 {
		t.Fatalf("%v, %d rows in %d groups", err, file.NumRows(), len(file.RowGroups()))
	}
	for i, f := range file.Schema().Fields() {
		want := map[kind]string{text: "STRING", whole: "INT(64,true)", fraction: "DOUBLE", truth: "BOOLEAN",
			moment: "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)"}[messageColumns[i].kind]
		if f.Name() != messageColumns[i].name || f.Type().String() != want || f.Optional() != (messageColumns[i].kind != text) {
			t.Errorf("column %d is %s of type %s, optional %v; want %s of %s", i, f.Name(), f.Type(), f.Optional(), messageColumns[i].name, want)
		}
	}
	type row struct {
		RequestedAt time.Time  `parquet:"requested_at,timestamp(microsecond)"`
		ID          string     `parquet:"id"`
		Segments    int64      `parquet:"segments"`
		FinalAt     *time.Time `parquet:"final_at,optional,timestamp(microsecond)"`
		Duplicate   bool       `parquet:"possible_duplicate"`
		Ref         string     `parquet:"ref"`
		Register    *int64     `parquet:"register,optional"`
		Detail      string     `parquet:"error_detail"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || len(rows) != n {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	i, version := 0, int64(7)
	for m := range made(n, nil) {
		want := row{RequestedAt: m.RequestedAt, ID: string(m.ID), Segments: 1, Ref: "=ref", Register: &version}
		rows[i].RequestedAt = rows[i].RequestedAt.UTC()
		if !reflect.DeepEqual(rows[i], want) {
			t.Fatalf("row %d\n got %+v\nwant %+v", i, rows[i], want)
		}
		i++
	}
}

// TestReportTimes: India's time or UTC in what people read, UTC in what programs do.
func TestReportTimes(t *testing.T) {
	for _, tt := range []struct {
		format string
		utc    bool
		want   string
	}{
		{"csv", false, "\n2026-11-22T12:00:00.123+05:30,"}, {"csv", true, "\n2026-11-22T06:30:00.123Z,"},
		{"table", false, "\n2026-11-22T12:00:00.123+05:30 "}, {"table", true, "\n2026-11-22T06:30:00.123Z "},
		{"json", false, `"requested_at":"2026-11-22T06:30:00.123456Z"`}, {"json", true, `"requested_at":"2026-11-22T06:30:00.123456Z"`},
	} {
		var out bytes.Buffer
		form := reportFlags{format: tt.format, typed: true, utc: tt.utc}
		err := form.writeTo(&out, io.Discard, func(r *report) error { return writeMessages(r, made(1, nil)) })
		if err != nil || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s, UTC %v: %v\n%s", tt.format, tt.utc, err, &out)
		}
	}
}

// TestWorkbookOfStrangeTexts: whatever a tenant wrote comes back, but for what XML and Excel can't hold.
func TestWorkbookOfStrangeTexts(t *testing.T) {
	cells := map[string]string{"<&>\"'": "<&>\"'", " a  b\n\tc ": " a  b\n\tc ", "क ₹ 😀": "क ₹ 😀", "\x00\x0b": "\ufffd\ufffd", "\xff": "\ufffd", "_x0041_x0042_": "_x0041_x0042_", "_x": "_x",
		strings.Repeat("₹", cellUnits+1):     strings.Repeat("₹", cellUnits),
		"a" + strings.Repeat("😀", cellUnits): "a" + strings.Repeat("😀", cellUnits/2), "ab" + strings.Repeat("😀", cellUnits/2): "ab" + strings.Repeat("😀", cellUnits/2-1),
		"NaN": "NaN", "0x10": "0x10", "1e5": "1e5", "12.50": "12.5"}
	names := slices.Collect(func(yield func(string) bool) {
		for cell := range cells {
			if !yield(cell) {
				return
			}
		}
	})
	var out bytes.Buffer
	book := newWorkbook(&out)
	err := errors.Join(book.head(names, nil), book.row(nil, names))
	book.numbers = map[int]bool{slices.Index(names, "NaN"): true, slices.Index(names, "0x10"): true, slices.Index(names, "12.50"): true}
	if err := errors.Join(err, book.row(nil, names), book.end()); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := file.GetRows("Report 1")
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, name := range names {
		if got := rows[2][i]; got != cells[name] {
			t.Errorf("%.20q became %.20q, want %.20q", name, got, cells[name])
		}
	}
}

func TestColumnLetters(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got, err := excelize.ColumnNumberToName(i + 1); columnLetters(i) != want || got != want || err != nil {
			t.Errorf("column %d is %s, want %s", i, columnLetters(i), want)
		}
	}
}

// TestBillingTotal: a total where people read, and none where programs add up.
func TestBillingTotal(t *testing.T) {
	rows := func(yield func(storage.BillingRow, error) bool) {
		price, doubt := 2.5, 0.25
		_ = yield(storage.BillingRow{Group: []string{"acme", "a"}, Accepted: 10, InDoubt: 1, Amount: &price, AmountInDoubt: &doubt}, nil) &&
			yield(storage.BillingRow{Group: []string{"acme", "b"}, Accepted: 4, DuplicatesAccepted: 2, Unpriced: 6}, nil)
	}
	for format, want := range map[string]string{
		"table": "TENANT  SMSC  ACCEPTED  IN_DOUBT  DUPLICATES_ACCEPTED  AMOUNT  AMOUNT_IN_DOUBT  UNPRICED\n" +
			"acme    a           10         1                    0    2.50             0.25         0\n" +
			"acme    b            4         0                    2                                  6\n" +
			"TOTAL               14         1                    2    2.50             0.25         6\n",
		"csv": "tenant,smsc,accepted,in_doubt,duplicates_accepted,duplicates_in_doubt,amount,amount_in_doubt,unpriced\n" +
			"acme,a,10,1,0,0,2.50,0.25,0\nacme,b,4,0,2,0,,,6\n",
	} {
		var out, notes bytes.Buffer
		form := reportFlags{format: format, typed: true}
		err := form.writeTo(&out, &notes, func(r *report) error { return writeBilling(r, []string{"tenant", "smsc"}, rows, format == "table") })
		if err != nil || out.String() != want || format == "table" && notes.String() != "2 rows\n" {
			t.Errorf("%v, %s\n got %s\nwant %s", err, &notes, &out, want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 59900 * time.Millisecond: "59s", time.Minute: "1m", 61 * time.Minute: "1h1m",
		24 * time.Hour: "1d", 51*time.Hour + 4*time.Minute + 5*time.Second: "2d3h4m"} {
		if got := age(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}

// TestReportsOfTheGateway: what was sent is in the reports of SMSCs and of billing, and the files of programs are whole.
func TestReportsOfTheGateway(t *testing.T) {
	config := gateway(t)
	must(t, "send", "--config", config, "--tenant", "zipkart", "--template", "1207161345678901234", "--to", "9812300061",
		"--var", "483921", "--var", "5", "--id", "billed-1")
	settled(t, config, "billed-1", "delivered")
	var accepted int64
	if err := world.db.Get(&accepted, `SELECT count(*) FROM harkara.v_attempt WHERE status = 'accepted' AND smsc = 'sim-b' AND tenant = 'zipkart'`); err != nil || accepted == 0 {
		t.Fatalf("%d accepted, %v", accepted, err)
	}
	type billing struct {
		SMSC           string
		Accepted       int64
		InDoubt        int64 `json:"in_doubt"`
		Amount         *float64
		Unpriced       int64
		DuplicatesTook int64 `json:"duplicates_accepted"`
	}
	rows := lines[billing](t, must(t, "report", "billing", "--config", config, "--tenant", "zipkart", "--by", "smsc", "--json"))
	if len(rows) != 1 || rows[0].SMSC != "sim-b" || rows[0].Accepted+rows[0].DuplicatesTook != accepted || rows[0].Unpriced != 0 || rows[0].Amount == nil ||
		*rows[0].Amount < 0.15*float64(accepted)-1e-9 || *rows[0].Amount > 0.15*float64(accepted)+1e-9 {
		raw, _ := json.Marshal(rows)
		t.Errorf("%s; want %d accepted", raw, accepted)
	}
	smscs := lines[map[string]any](t, must(t, "report", "smscs", "--config", config, "--tenant", "zipkart", "--json"))
	if len(smscs) != 2 || smscs[0]["smsc"] != "sim-b" || smscs[0]["segments_accepted"] != float64(accepted) || smscs[1]["smsc"] != "sim-a" || smscs[1]["requested"] != 0.0 {
		t.Errorf("%v", smscs)
	}
	file := filepath.Join(t.TempDir(), "messages.parquet")
	if code, stdout, stderr := harkara(t, "report", "messages", "--config", config, "--id", "billed-1", "--format", "parquet", "--out", file); code != 0 || stdout != "" || stderr != "1 row\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if list, err := parquet.ReadFile[struct {
		ID string `parquet:"id"`
	}](file); err != nil || len(list) != 1 || list[0].ID != "billed-1" {
		t.Errorf("%v, %v", list, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got := must(t, "report", "receipts", "--unmatched", "--config", config, "--smsc", "sim-b", "--format", "csv"); !strings.HasPrefix(got, "received_at,smsc,message_id,stat,err,age\n") {
		t.Errorf("receipts %q", got)
	}
	for args, want := range map[string]string{
		"dlr --format parquet":          "--format parquet needs --out: it is for programs, and no terminal shows it",
		"receipts":                      "report receipts wants --unmatched: of others, report messages tells what they said",
		"billing --by error":            `--by "error" is not one of tenant, template, header, entity, smsc, class, category, hour, day`,
		"billing --by smsc,tenant,smsc": "--by names smsc twice",
		"messages --class sms":          `--class: class "sms" is not one of otp, txn, bulk`,
	} {
		if code, _, stderr := harkara(t, append([]string{"report", "--config", config}, strings.Fields(args)...)...); code != 2 || stderr != "harkara: "+want+"\n" {
			t.Errorf("%s: exit status %d, stderr %q", args, code, stderr)
		}
	}
}
