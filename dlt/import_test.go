package dlt

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// The rows are made up.
const (
	heading = "ENTITY_ID,HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY\n"
	entity1 = EntityID("1101000000000000011")
	id1     = TemplateID("1107000000000000001")
	id2     = TemplateID("1107000000000000002")
)

func template(line int, id TemplateID, content string) Row[Template] {
	return Row[Template]{line, Template{ID: id, Entity: entity1, Name: "Login OTP", Content: content, Category: ServiceImplicit}}
}

func links(line int, id TemplateID, headers ...Header) (rows []Row[Link]) {
	for _, h := range headers {
		rows = append(rows, Row[Link]{line, Link{Template: id, Header: h}})
	}
	return rows
}

// read fails the test where the file is refused.
func read(t *testing.T, kind Kind, in string, d Defaults) *Import {
	t.Helper()
	imp, err := Read(kind, CSV(strings.NewReader(in)), d)
	if err != nil {
		t.Fatal(err)
	}
	return imp
}

func TestReadTemplates(t *testing.T) {
	const pre = "1101000000000000011,ACMEBK," + string(id1) + ",Login OTP,"
	second := strings.Replace(pre, string(id1), string(id2), 1)
	two := []Row[Template]{template(2, id1, "x")}
	defaults := Defaults{Entity: entity1, Category: ServiceImplicit}
	tests := []struct {
		name, in string
		d        Defaults
		want     []Row[Template]
		links    []Row[Link]
	}{
		{"plain", heading + pre + "{#var#} is your OTP,Service Implicit\n", Defaults{},
			[]Row[Template]{template(2, id1, "{#var#} is your OTP")}, links(2, id1, "ACMEBK")},
		{"no line end, BOM, CRLF", "\xef\xbb\xbf" + strings.ReplaceAll(heading, "\n", "\r\n") + pre + "x,SI", Defaults{}, two,
			links(2, id1, "ACMEBK")},
		{"CRLF in a quoted text stays, outside it goes", heading + pre + "\"a\r\n b \"\"c\"\",\n{#num#} \",SI\r\n", Defaults{},
			[]Row[Template]{template(2, id1, "a\r\n b \"c\",\n{#num#} ")}, links(2, id1, "ACMEBK")},
		{"spaces around a text stay, around others go",
			heading + " 1101000000000000011 , ACMEBK ,\u00a0" + string(id1) + ", Login OTP , x ,SI\n", Defaults{},
			[]Row[Template]{template(2, id1, " x ")}, links(2, id1, "ACMEBK")},
		{"several headers, one twice", heading + strings.Replace(pre, "ACMEBK", "ACMEBK | ACMEIN|ACMEBK", 1) + "x,SI\n",
			Defaults{}, two, links(2, id1, "ACMEBK", "ACMEIN")},
		{"headers as others separate them", heading + strings.Replace(pre, "ACMEBK", "\"ACMEBK, ACMEIN;\nACMECC\"", 1) + "x,SI\n",
			Defaults{}, two, links(2, id1, "ACMEBK", "ACMEIN", "ACMECC")},
		{"names and order of columns", "category,Extra,Template-Content,template id,TEMPLATENAME,Header(s),Entity  Id\n" +
			"SI,?,x," + string(id1) + ",Login OTP,ACMEBK,1101000000000000011\n", Defaults{}, two, links(2, id1, "ACMEBK")},
		{"defaults for missing columns", "HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT\nACMEBK," + string(id1) +
			",Login OTP,x\n", defaults, two, links(2, id1, "ACMEBK")},
		{"defaults for empty cells", heading + ",ACMEBK," + string(id1) + ",Login OTP,x,\n", defaults, two, links(2, id1, "ACMEBK")},
		{"a text's coding is no category", heading + pre + "x,TEXT\n", defaults, two, links(2, id1, "ACMEBK")},
		{"cells over defaults", heading + pre + "x,SI\n", Defaults{Entity: "1101000000000000099", Category: Promotional}, two,
			links(2, id1, "ACMEBK")},
		{"blank lines and rows", "\n" + heading + "\n,,,,,\n , ,,,,\n" + pre + "\"x\ny\",SI,,\n\r\n" + second + "z,SI\n\n",
			Defaults{}, []Row[Template]{template(6, id1, "x\ny"), template(9, id2, "z")},
			slices.Concat(links(6, id1, "ACMEBK"), links(9, id2, "ACMEBK"))},
		{"the same template again adds its headers", heading + pre + "x,SI\n" + strings.Replace(pre, "ACMEBK", "ACMEBK|ACMEIN", 1) +
			"x,SI\n", Defaults{}, two, slices.Concat(links(2, id1, "ACMEBK"), links(3, id1, "ACMEIN"))},
		{"quotes inside a plain text", heading + pre + "a \"b\" c,SI\n", Defaults{},
			[]Row[Template]{template(2, id1, "a \"b\" c")}, links(2, id1, "ACMEBK")},
		{"no header", heading + strings.Replace(pre, "ACMEBK", "", 1) + "x,SI\n", Defaults{}, two, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := read(t, KindTemplate, tt.in, tt.d)
			if len(got.Refused) > 0 || !reflect.DeepEqual(got.Templates, tt.want) || !reflect.DeepEqual(got.Links, tt.links) {
				t.Errorf("got %+v, links %+v, refused %+v\nwant %+v, links %+v", got.Templates, got.Links, got.Refused, tt.want, tt.links)
			}
		})
	}
}

func TestReadRefusesRows(t *testing.T) {
	const good = "1101000000000000011,ACMEBK,1107000000000000001,Login OTP,x,SI\n"
	tests := []struct{ name, row, column, want string }{
		{"entity rounded", strings.Replace(good, "1101000000000000011", "1.101E+18", 1), "ENTITY_ID", "turned into a number by a spreadsheet"},
		{"entity empty", strings.Replace(good, "1101000000000000011", "", 1), "ENTITY_ID", "or give --entity"},
		{"header with suffix", strings.Replace(good, "ACMEBK", "AX-ACMEBK-S", 1), "HEADER", `write "ACMEBK"`},
		{"one header bad", strings.Replace(good, "ACMEBK", "ACMEBK|A1", 1), "HEADER", `header "A1" is not`},
		{"template id", strings.Replace(good, "1107000000000000001", "1107000000000000000", 1), "TEMPLATE_ID", "was rounded by a spreadsheet"},
		{"entity id", strings.Replace(good, "1101000000000000011", "1101000000000010000", 1), "ENTITY_ID", "add --accept 1101000000000010000"},
		{"no text", strings.Replace(good, ",x,", ",,", 1), "TEMPLATE_CONTENT", "has no text"},
		{"broken tag", strings.Replace(good, ",x,", ",{#var},", 1), "TEMPLATE_CONTENT", "tag at character 1"},
		{"name not UTF-8", strings.Replace(good, "Login", "L\xf6gin", 1), "TEMPLATE_NAME", "not UTF-8"},
		{"text not UTF-8", strings.Replace(good, ",x,", ",\x92,", 1), "TEMPLATE_CONTENT", "not UTF-8"},
		{"category", strings.Replace(good, "SI", "OTP", 1), "CATEGORY", `category "OTP" is not one of`},
		{"category empty", strings.Replace(good, "SI", "", 1), "CATEGORY", "give --category"},
		{"comma without quotes", strings.Replace(good, ",x,", ",x, y,", 1), "", "it has 7 cells, the heading has 6"},
		{"too few cells", "1101000000000000011,ACMEBK\n", "", "it has 2 cells, the heading has 6"},
		{"text after a quote", strings.Replace(good, ",x,", ",\"x\"y,", 1), "", "not closed properly"},
		{"quote left open", strings.Replace(good, ",x,", ",\"x,", 1), "", "not closed properly"},
		{"another text", "1101000000000000011,ACMEIN,1107000000000000002,Login OTP,other,SI\n", "TEMPLATE_CONTENT", "stands on line 2 already"},
		{"another entity", "1101000000000000012,ACMEIN,1107000000000000002,Login OTP,x,SI\n", "ENTITY_ID", "stands on line 2 already"},
		{"another category", "1101000000000000011,ACMEIN,1107000000000000002,Login OTP,x,T\n", "CATEGORY", "stands on line 2 already"},
		{"an error is cut", strings.Replace(good, ",SI", ","+strings.Repeat("x", 1000), 1), "CATEGORY", "category"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := strings.Replace(good, "1107000000000000001", "1107000000000000002", 1)
			in := heading + first + tt.row
			if tt.name != "quote left open" { // that one takes what follows with it
				in += strings.Replace(good, "1107000000000000001", "1107000000000000003", 1)
			}
			imp := read(t, KindTemplate, in, Defaults{})
			if len(imp.Refused) != 1 {
				t.Fatalf("refused %+v; want one row", imp.Refused)
			}
			got := imp.Refused[0]
			if got.Line != 3 || got.Column != tt.column || !strings.Contains(got.Reason, tt.want) || len(got.Reason) > 600 {
				t.Errorf("refused %+v, want line 3, column %q, %q", got, tt.column, tt.want)
			}
			rest := strings.Count(in, "\n") - 2
			if len(imp.Templates) != rest || len(imp.Links) != rest || len(imp.Findings) != 0 {
				t.Errorf("%+v taken, want the other %d and no findings", imp, rest)
			}
		})
	}
}

func TestReadRefusesFiles(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "the file is empty"},
		{"blank", "\n\r\n, ,\n", "the file is empty"},
		{"workbook", "PK\x03\x04", "XLSX"},
		{"one column missing", strings.Replace(heading, ",CATEGORY", ",Kind", 1), "missing CATEGORY (or Content Type, "},
		{"what stands there", strings.Replace(heading, ",CATEGORY", ",Kind", 1),
			`the heading has "ENTITY_ID, HEADER, TEMPLATE_ID, TEMPLATE_NAME, TEMPLATE_CONTENT, Kind"`},
		{"the entity may be given", strings.Replace(heading, "ENTITY_ID,", "", 1), "--entity for all rows"},
		{"all missing", "a;b\n", "; TEMPLATE_CONTENT (or "},
		{"some of what would do", strings.Replace(heading, ",CATEGORY", "", 1) + "x\n",
			"CATEGORY (or Content Type, Message Category, SMS Type, Message Type, Communication Type, …, --category for all rows);"},
		{"less of what would do for more", "a,b\n", "missing ENTITY_ID (or PE ID, …, --entity for all rows); TEMPLATE_ID (or DLT Template ID, …);"},
		{"heading only", heading, "the file has a heading and no rows"},
		{"heading and blank rows", heading + "\n,,,,,\n", "the file has a heading and no rows"},
		{"column twice", strings.Replace(heading, "CATEGORY", "CATEGORY,Template Id", 1), "columns 3 and 7 are both TEMPLATE_ID"},
		{"heading's quote", "\"ENTITY_ID", "heading: a quoted cell is not closed properly"},
		{"record without end", heading + "\"" + strings.Repeat("x", maxRecord), "is a quote left open?"},
	}
	for _, tt := range tests {
		imp, err := Read(KindTemplate, CSV(strings.NewReader(tt.in)), Defaults{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || imp != nil {
			t.Errorf("%s: %v, error %.200v; want %q", tt.name, imp, err, tt.want)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := Read(KindTemplate, CSV(iotest.ErrReader(broken)), Defaults{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v wrapped", err, broken)
	}
	d := Defaults{Aliases: Aliases{Columns: map[string][]string{"TEXT": {"Wording"}}}}
	if _, err := Read(KindTemplate, CSV(strings.NewReader(heading)), d); err == nil || !strings.Contains(err.Error(), `"TEXT"`) {
		t.Errorf("headings for a column that there is not: %v", err)
	}
	if _, err := Read("bananas", CSV(strings.NewReader(heading)), Defaults{}); err == nil || !strings.Contains(err.Error(), "templates") {
		t.Errorf("an unknown kind: %v", err)
	}
}

// A spreadsheet's number keeps 15 digits: what has more is refused whatever they are, what has fewer is taken.
func TestReadNumberCells(t *testing.T) {
	row := func(entity, header, id string, number int) []SourceRow {
		cells := []Cell{{Text: entity}, {Text: header}, {Text: id}, {Text: "x"}, {Text: "SI"}}
		cells[number].Number = true
		names := []Cell{{Text: "ENTITY_ID"}, {Text: "HEADER"}, {Text: "TEMPLATE_ID"}, {Text: "TEMPLATE_CONTENT"}, {Text: "CATEGORY"}}
		return []SourceRow{{1, names}, {2, cells}}
	}
	tests := []struct {
		rows         []SourceRow
		column, want string
	}{
		{row("1101000000000000011", "ACMEBK", string(id1), 0), "ENTITY_ID", "stored as a number"},
		{row("1101000000000000011", "ACMEBK", string(id1), 2), "TEMPLATE_ID", "format the column as text"},
		{row("1101000000000000011", "ACMEBK", "1.10700000000000E+18", 2), "TEMPLATE_ID", "stored as a number"},
		{row("1101000000000000011", "1234", string(id1), 1), "HEADER", "zeros"},
		{row("110100009876", "ACMEBK", string(id1), 0), "", ""},
		{row("1101000000000000011", "612345", string(id1), 1), "", ""},
	}
	for i, tt := range tests {
		imp, err := Read(KindTemplate, func(yield func(SourceRow, error) bool) {
			_ = yield(tt.rows[0], nil) && yield(tt.rows[1], nil)
		}, Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		if tt.want == "" {
			if len(imp.Templates) != 1 {
				t.Errorf("%d: refused %+v", i, imp.Refused)
			}
		} else if len(imp.Refused) != 1 || imp.Refused[0].Column != tt.column || !strings.Contains(imp.Refused[0].Reason, tt.want) {
			t.Errorf("%d: refused %+v, want %s: %s", i, imp.Refused, tt.column, tt.want)
		}
	}
}

func TestReadStanding(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, IST) }
	tests := []struct {
		status, operator, from, to string
		want                       Standing
		column, fault              string
	}{
		{"", "", "", "", Standing{Operator: Vi}, "", ""},
		{"Approved", "", "", "", Standing{Status: Active, Operator: Vi}, "", ""},
		{"Approved", "JIO", "", "", Standing{Status: Active, Operator: Jio}, "", ""},
		{"REGISTERED VIA AIRTEL", "", "", "", Standing{Status: Active, Operator: Airtel}, "", ""},
		{"Suspended", "Made-up Aggregator", "", "", Standing{Status: Suspended, Operator: Vi}, "", ""},
		{"", "", "2026-11-01", "2026-11-30", Standing{Operator: Vi, From: day(1), To: day(31)}, "", ""},
		{"", "", "01-11-2026", "30/11/2026", Standing{Operator: Vi, From: day(1), To: day(31)}, "", ""},
		{"", "", "2026-11-01T00:00:00+05:30", "2026-11-30T00:00:00+05:30",
			Standing{Operator: Vi, From: day(1), To: day(30)}, "", ""},
		{"maybe", "", "", "", Standing{}, "STATUS", `status "maybe"`},
		{"", "", "11/30/2026", "", Standing{}, "VALID_FROM", "is no date"},
		{"", "", "46327", "", Standing{}, "VALID_FROM", "is no date"}, // a serial number, but as text
		{"", "", "2026-11-02", "2026-11-01", Standing{}, "VALID_TO", "before"},
	}
	for _, tt := range tests {
		in := fmt.Sprintf("entity_id,entity_name,status,operator,valid_from,valid_to\n%s,Made-up Bank,%s,%s,%s,%s\n",
			entity1, tt.status, tt.operator, tt.from, tt.to)
		imp := read(t, KindEntity, in, Defaults{Operator: Vi})
		if tt.fault != "" {
			if len(imp.Refused) != 1 || imp.Refused[0].Column != tt.column || !strings.Contains(imp.Refused[0].Reason, tt.fault) {
				t.Errorf("%+v: refused %+v", tt, imp.Refused)
			}
			continue
		}
		if len(imp.Entities) != 1 {
			t.Errorf("%+v: refused %+v", tt, imp.Refused)
			continue
		}
		got := imp.Entities[0].Value.Standing
		if !got.From.Equal(tt.want.From) || !got.To.Equal(tt.want.To) || got.Status != tt.want.Status || got.Operator != tt.want.Operator {
			t.Errorf("%+v: got %+v", tt, got)
		}
	}
}

func TestParseTimeOfSpreadsheet(t *testing.T) {
	tests := []struct {
		s    string
		last bool
		want string
	}{
		{"46327", false, "2026-11-01T00:00:00+05:30"},
		{"46327", true, "2026-11-02T00:00:00+05:30"},
		{"46327.75", true, "2026-11-01T18:00:00+05:30"},
		{"46327.0", false, "2026-11-01T00:00:00+05:30"},
		{"20261101", false, ""},
		{"-1", false, ""},
		{"NaN", false, ""},
	}
	for _, tt := range tests {
		got, err := parseTime(tt.s, true, tt.last)
		if (err != nil) != (tt.want == "") || err == nil && got.Format(time.RFC3339) != tt.want {
			t.Errorf("%s: %v, %v; want %s", tt.s, got, err, tt.want)
		}
	}
}
