package dlt

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

const heading = "ENTITY_ID,HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY\n"

func row(line int, id TemplateID, content string, headers ...Header) ImportRow {
	const entity = EntityID("1101000000000000011")
	return ImportRow{line, entity, headers, Template{
		ID: id, Entity: entity, Name: "Login OTP", Content: content, Category: ServiceImplicit, Headers: headers, Active: true}}
}

// The rows are made up.
func TestReadTemplates(t *testing.T) {
	const id1, id2 = "1107000000000000001", "1107000000000000002"
	const pre = "1101000000000000011,ACMEBK," + id1 + ",Login OTP,"
	tests := []struct {
		name, in string
		d        Defaults
		want     []ImportRow
	}{
		{"plain", heading + pre + "{#var#} is your OTP,Service Implicit\n", Defaults{}, []ImportRow{row(2, id1, "{#var#} is your OTP", "ACMEBK")}},
		{"no line end, BOM, CRLF", "\xef\xbb\xbf" + strings.ReplaceAll(heading, "\n", "\r\n") + pre + "OTP,SI", Defaults{}, []ImportRow{row(2, id1, "OTP", "ACMEBK")}},
		{"CRLF in a quoted text stays, outside it goes", heading + pre + "\"a\r\n b \"\"c\"\",\n{#num#} \",SI\r\n", Defaults{},
			[]ImportRow{row(2, id1, "a\r\n b \"c\",\n{#num#} ", "ACMEBK")}},
		{"spaces around a text stay, around others go", heading + " 1101000000000000011 , ACMEBK ,\u00a0" + id1 + ", Login OTP , x ,SI\n", Defaults{},
			[]ImportRow{row(2, id1, " x ", "ACMEBK")}},
		{"several headers, one twice", heading + strings.Replace(pre, "ACMEBK", "ACMEBK | ACMEIN|ACMEBK", 1) + "x,SI\n", Defaults{},
			[]ImportRow{row(2, id1, "x", "ACMEBK", "ACMEIN")}},
		{"names and order of columns", "category,Extra,Template Content,template id,TEMPLATENAME,Header,Entity Id\n" +
			"SI,?,x," + id1 + ",Login OTP,ACMEBK,1101000000000000011\n", Defaults{}, []ImportRow{row(2, id1, "x", "ACMEBK")}},
		{"defaults for missing columns", "HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT\nACMEBK," + id1 + ",Login OTP,x\n",
			Defaults{"1101000000000000011", ServiceImplicit}, []ImportRow{row(2, id1, "x", "ACMEBK")}},
		{"defaults for empty cells", heading + ",ACMEBK," + id1 + ",Login OTP,x,\n",
			Defaults{"1101000000000000011", ServiceImplicit}, []ImportRow{row(2, id1, "x", "ACMEBK")}},
		{"cells over defaults", heading + pre + "x,SI\n", Defaults{"1101000000000000099", Promotional}, []ImportRow{row(2, id1, "x", "ACMEBK")}},
		{"blank lines and rows", "\n" + heading + "\n,,,,,\n" + pre + "\"x\ny\",SI,,\n\r\n" + strings.Replace(pre, id1, id2, 1) + "z,SI\n\n", Defaults{},
			[]ImportRow{row(5, id1, "x\ny", "ACMEBK"), row(8, id2, "z", "ACMEBK")}},
		{"the same template again adds its headers", heading + pre + "x,SI\n" + strings.Replace(pre, "ACMEBK", "ACMEIN", 1) + "x,SI\n", Defaults{},
			[]ImportRow{row(2, id1, "x", "ACMEBK", "ACMEIN")}},
		{"quotes inside a plain text", heading + pre + "a \"b\" c,SI\n", Defaults{}, []ImportRow{row(2, id1, "a \"b\" c", "ACMEBK")}},
		{"heading only", heading, Defaults{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, refused, err := ReadTemplates(strings.NewReader(tt.in), tt.d)
			if err != nil || len(refused) > 0 || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, refused %+v, %v\nwant %+v", got, refused, err, tt.want)
			}
		})
	}
}

func TestReadTemplatesRefusesRows(t *testing.T) {
	const good = "1101000000000000011,ACMEBK,1107000000000000001,Login OTP,x,SI\n"
	tests := []struct {
		name, row    string
		line         int
		column, want string
	}{
		{"entity rounded", strings.Replace(good, "1101000000000000011", "1.101E+18", 1), 3, "ENTITY_ID", "turned into a number by a spreadsheet"},
		{"entity empty", strings.Replace(good, "1101000000000000011", "", 1), 3, "ENTITY_ID", "the entity id is empty"},
		{"header with suffix", strings.Replace(good, "ACMEBK", "AX-ACMEBK-S", 1), 3, "HEADER", `write "ACMEBK"`},
		{"one header bad", strings.Replace(good, "ACMEBK", "ACMEBK|", 1), 3, "HEADER", `header "" is not`},
		{"template id", strings.Replace(good, "1107000000000000001", "1107000000000000000", 1), 3, "TEMPLATE_ID", "was rounded by a spreadsheet"},
		{"no text", strings.Replace(good, ",x,", ",,", 1), 3, "TEMPLATE_CONTENT", "has no text"},
		{"broken tag", strings.Replace(good, ",x,", ",{#var},", 1), 3, "TEMPLATE_CONTENT", "tag at character 1"},
		{"name not UTF-8", strings.Replace(good, "Login", "L\xf6gin", 1), 3, "TEMPLATE_NAME", "not UTF-8"},
		{"text not UTF-8", strings.Replace(good, ",x,", ",\x92,", 1), 3, "TEMPLATE_CONTENT", "not UTF-8"},
		{"category", strings.Replace(good, "SI", "OTP", 1), 3, "CATEGORY", `category "OTP" is not one of`},
		{"comma without quotes", strings.Replace(good, ",x,", ",x, y,", 1), 3, "", "it has 7 cells, the heading has 6"},
		{"too few cells", "1101000000000000011,ACMEBK\n", 3, "", "it has 2 cells, the heading has 6"},
		{"text after a quote", strings.Replace(good, ",x,", ",\"x\"y,", 1), 3, "", "not closed properly"},
		{"quote left open", strings.Replace(good, ",x,", ",\"x,", 1), 3, "", "not closed properly"},
		{"another text", "1101000000000000011,ACMEBK,1107000000000000002,Login OTP,other,SI\n", 3, "TEMPLATE_CONTENT", "stands on line 2 already"},
		{"another entity", "1101000000000000012,ACMEBK,1107000000000000002,Login OTP,x,SI\n", 3, "ENTITY_ID", "stands on line 2 already"},
		{"another category", "1101000000000000011,ACMEBK,1107000000000000002,Login OTP,x,T\n", 3, "CATEGORY", "stands on line 2 already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := strings.Replace(good, "1107000000000000001", "1107000000000000002", 1)
			in := heading + first + tt.row
			if tt.name != "quote left open" { // that one takes what follows with it
				in += strings.Replace(good, "1107000000000000001", "1107000000000000003", 1)
			}
			rows, refused, err := ReadTemplates(strings.NewReader(in), Defaults{})
			if err != nil || len(refused) != 1 {
				t.Fatalf("refused %+v, %v; want one row", refused, err)
			}
			got := refused[0]
			if got.Line != tt.line || got.Column != tt.column || !strings.Contains(got.Reason, tt.want) {
				t.Errorf("refused %+v, want line %d, column %q, %q", got, tt.line, tt.column, tt.want)
			}
			if want := strings.Count(in, "\n") - 2; len(rows) != want {
				t.Errorf("%d rows taken, want the other %d", len(rows), want)
			}
		})
	}
}

func TestReadTemplatesRefusesFiles(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "the file is empty"},
		{"blank", "\n\r\n", "the file is empty"},
		{"UTF-16", "\xff\xfeE\x00", "UTF-16"},
		{"workbook", "PK\x03\x04", "XLSX"},
		{"one column missing", strings.Replace(heading, ",CATEGORY", ",Type", 1),
			`missing CATEGORY; the heading has "ENTITY_ID, HEADER, TEMPLATE_ID, TEMPLATE_NAME, TEMPLATE_CONTENT, Type"`},
		{"all missing", "a;b\n", "missing ENTITY_ID, HEADER, TEMPLATE_ID, TEMPLATE_NAME, TEMPLATE_CONTENT, CATEGORY"},
		{"column twice", strings.Replace(heading, "CATEGORY", "CATEGORY,Template Id", 1), "columns 3 and 7 are both TEMPLATE_ID"},
		{"heading's quote", "\"ENTITY_ID", "heading: a quoted cell is not closed properly"},
		{"record without end", heading + "\"" + strings.Repeat("x", maxRecord), "is a quote left open?"},
	}
	for _, tt := range tests {
		rows, refused, err := ReadTemplates(strings.NewReader(tt.in), Defaults{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || rows != nil || refused != nil {
			t.Errorf("%s: %v, %v, error %.200v; want %q", tt.name, rows, refused, err, tt.want)
		}
	}
	broken := errors.New("disk on fire")
	for _, r := range []io.Reader{iotest.ErrReader(broken), io.MultiReader(strings.NewReader(heading+"x"), iotest.ErrReader(broken))} {
		if _, _, err := ReadTemplates(r, Defaults{}); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v wrapped", err, broken)
		}
	}
}

// What encoding/csv writes comes back cell by cell, line breaks in texts included.
func TestRecordsReadWhatCSVWrites(t *testing.T) {
	cell := rapid.StringOf(rapid.SampledFrom([]rune("ab ,\"\n\r;अ")))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 0, 5).Draw(t, "records")
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		in, err := newRecords(&file)
		if err != nil {
			t.Fatal(err)
		}
		for i, record := range want {
			got, _, err := in.next()
			if err != nil || !reflect.DeepEqual(got, record) {
				t.Fatalf("record %d: %q, %v; want %q", i, got, err, record)
			}
		}
		if got, _, err := in.next(); err != io.EOF {
			t.Fatalf("after the last: %q, %v", got, err)
		}
	})
}

// FuzzReadTemplates asks that what is taken over is sound, and that every row of the file is either taken or refused.
func FuzzReadTemplates(f *testing.F) {
	f.Add([]byte(heading + "1101000000000000011,ACMEBK|ACMEIN,1107000000000000001,N,\"{#var#}\r\nx\",SI\n"))
	f.Add([]byte("\xef\xbb\xbf" + heading + ",,,,,\r\n\"\"\"\n"))
	f.Add([]byte("CATEGORY,ENTITY_ID"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, refused, err := ReadTemplates(bytes.NewReader(data), Defaults{Category: Promotional})
		if err != nil {
			return
		}
		lines := 1 + bytes.Count(data, []byte("\n"))
		seen := map[TemplateID]bool{}
		for _, r := range rows {
			_, entityErr := ParseEntityID(string(r.Entity))
			_, idErr := ParseTemplateID(string(r.Template.ID))
			_, contentErr := ParseContent(r.Template.Content)
			if err := errors.Join(entityErr, idErr, contentErr); err != nil || len(r.Headers) == 0 || seen[r.Template.ID] {
				t.Fatalf("%+v: %v", r, err)
			}
			if r.Line < 2 || r.Line > lines || !reflect.DeepEqual(r.Headers, r.Template.Headers) {
				t.Fatalf("%+v in %d lines", r, lines)
			}
			seen[r.Template.ID] = true
		}
		for _, r := range refused {
			if r.Line < 2 || r.Line > lines || r.Reason == "" {
				t.Fatalf("%+v in %d lines", r, lines)
			}
		}
	})
}
