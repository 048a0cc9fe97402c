package dlt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzRead asks, of any file and kind, that what is taken over is sound, and that every row of the file that is not
// blank is either refused or stands in the import, itself or by what an earlier line said of the same thing.
func FuzzRead(f *testing.F) {
	kinds := Kinds()
	for i := range kinds {
		f.Add(byte(i), []byte(heading+"1101000000000000011,ACMEBK|ACMEIN,1107000000000000001,N,\"{#var#}\r\nx<br/>  #num#\",SI\n"))
		f.Add(byte(i), []byte("ENTITY_ID,SMSC,CHAIN,ENTITY_NAME,CTA_TYPE,CTA_VALUE,HEADER,TEMPLATE_ID,VALID_TO\n"+
			"1101000000000000011,s,1101000000000000011|1102000000000000021,N,number,18001234567,ACMEBK,1107000000000000001,2026-12-31\n"+
			"1101000000000000011,s,1101000000000000011|1102000000000000022,M,number,18001234567,ACME,1107000000000000001,\n"))
	}
	f.Add(byte(5), []byte("\xef\xbb\xbf"+heading+",,,,,\r\n\"\"\"\n"))
	f.Add(byte(5), []byte("DLT Template ID,Message,VAR_TYPES,VARIABLE_COUNT\n1107000000000000001,#dob#{#dob#},num|x,9\n"))
	f.Add(byte(5), []byte("CATEGORY,ENTITY_ID"))
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		d := Defaults{Entity: entity1, Category: Promotional, Aliases: Aliases{Tags: map[string]VarType{"dob": Alphanumeric}}}
		kind := kinds[int(which)%len(kinds)]
		imp, err := Read(kind, CSV(bytes.NewReader(data)), d)
		if err != nil {
			return
		}
		place := map[int]bool{}
		for _, line := range linesOf(imp) {
			place[line] = true
		}
		for _, r := range imp.Refused {
			if r.Reason == "" {
				t.Fatalf("refused without a reason: %+v", r)
			}
			place[r.Line] = true
		}
		known := keysOf(t, imp)
		var head []SourceRow
		for row, rowErr := range CSV(bytes.NewReader(data)) {
			blank := !slices.ContainsFunc(row.Cells, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" })
			if blank && rowErr == nil || place[row.Line] {
				continue
			}
			if head == nil {
				head = append(head, row)
				continue
			}
			// Neither: then an earlier line said the same.
			alone, err := Read(kind, func(yield func(SourceRow, error) bool) { _ = yield(head[0], nil) && yield(row, rowErr) }, d)
			if err != nil && strings.Contains(err.Error(), "the heading seems to stand") {
				continue // so far up it is taken for a heading below a title
			} else if err != nil {
				t.Fatal(err)
			}
			keys := keysOf(t, alone)
			for key := range keys {
				if !known[key] {
					t.Fatalf("line %d is neither taken nor refused: %q", row.Line, key)
				}
			}
			if len(keys) == 0 {
				t.Fatalf("line %d is neither taken nor refused", row.Line)
			}
		}
	})
}

func linesOf(imp *Import) (lines []int) {
	for _, r := range imp.Entities {
		lines = append(lines, r.Line)
	}
	for _, r := range imp.Headers {
		lines = append(lines, r.Line)
	}
	for _, r := range imp.Templates {
		lines = append(lines, r.Line)
	}
	for _, r := range imp.Links {
		lines = append(lines, r.Line)
	}
	for _, r := range imp.CTAs {
		lines = append(lines, r.Line)
	}
	for _, r := range imp.Chains {
		lines = append(lines, r.Line)
	}
	return lines
}

// keysOf is what the import is about; it fails the test where a row is not sound or one thing stands twice.
func keysOf(t *testing.T, imp *Import) map[string]bool {
	keys := map[string]bool{}
	add := func(line int, key string, errs ...error) {
		if err := errors.Join(errs...); err != nil || keys[key] {
			t.Fatalf("line %d: %s stands (%t, already): %v", line, key, keys[key], err)
		}
		keys[key] = true
	}
	for _, r := range imp.Entities {
		_, err := ParseEntityID(string(r.Value.ID))
		add(r.Line, "e "+string(r.Value.ID), err)
	}
	for _, r := range imp.Headers {
		_, err := ParseHeader(string(r.Value.Header))
		add(r.Line, fmt.Sprintf("h %s %s", r.Value.Header, r.Value.Entity), err)
	}
	for _, r := range imp.Templates {
		_, entityErr := ParseEntityID(string(r.Value.Entity))
		_, idErr := ParseTemplateID(string(r.Value.ID))
		_, contentErr := ParseContent(r.Value.Content, nil)
		add(r.Line, "t "+string(r.Value.ID), entityErr, idErr, contentErr)
		if (r.Value.Raw == "") != (r.Value.Rule == "") || r.Value.Raw == r.Value.Content {
			t.Fatalf("line %d: %+v", r.Line, r.Value)
		}
	}
	for _, r := range imp.Links {
		_, err := ParseHeader(string(r.Value.Header))
		add(r.Line, fmt.Sprintf("l %s %s", r.Value.Template, r.Value.Header), err)
	}
	for _, r := range imp.CTAs {
		again, err := ParseCTA(r.Value.Type, r.Value.Value)
		if err == nil && again != r.Value.Value {
			err = fmt.Errorf("its value is not canonical: %q", again)
		}
		add(r.Line, fmt.Sprintf("c %s %s %s", r.Value.Entity, r.Value.Type, r.Value.Value), err)
	}
	for _, r := range imp.Chains {
		add(r.Line, fmt.Sprintf("p %s %s %s", r.Value.Entity, r.Value.SMSC, r.Value.From.UTC()))
		if faults := CheckChain("", r.Value.IDs); len(faults) > 0 {
			t.Fatalf("line %d: %v", r.Line, faults)
		}
	}
	return keys
}

// BenchmarkRead reads an export of 10,000 templates with three variables each.
func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	file.WriteString(heading)
	for i := range 10_000 {
		fmt.Fprintf(&file, "%s,ACMEBK|ACMEIN,1107%015d,Login OTP %d,\"{#num#} is your OTP to log in to Made-up Bank, "+
			"for {#alp#}. It is valid for {#num#} minutes. Do not share it with anyone. -ACMEBK\",Service Implicit\n", entity1, 16*i+1, i)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		imp, err := Read(KindTemplate, CSV(bytes.NewReader(file.Bytes())), Defaults{})
		if err != nil || len(imp.Templates) != 10_000 {
			b.Fatalf("%v, %d refused", err, len(imp.Refused))
		}
	}
}
