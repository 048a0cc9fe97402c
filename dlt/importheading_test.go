package dlt

import (
	"strings"
	"testing"
)

// A title above the heading is no heading; the error says where that stands, or else what the first row lacks.
func TestReadFindsTitles(t *testing.T) {
	const row = "1101000000000000011,ACMEBK,1107000000000000001,Login OTP,x,SI\n"
	entity := Defaults{Entity: entity1}
	tests := []struct {
		name string
		kind Kind
		in   string
		d    Defaults
		want string
	}{
		{"one title", KindTemplate, "Made-up Bank\n" + heading + row, Defaults{}, "the heading seems to stand on line 2: remove what is above it"},
		{"blank lines count", KindTemplate, "\nMade-up Bank,,\n\n" + heading, Defaults{}, "seems to stand on line 4:"},
		{"a title that is a column", KindTemplate, "Templates,Status\n" + heading, Defaults{}, "seems to stand on line 2:"},
		{"a title that fits", KindHeader, "Header\nPE ID,Sender,Status\n", entity, "seems to stand on line 2:"},
		{"by an alias", KindHeader, "A title\nKopf,Firma\n", Defaults{Aliases: Aliases{Columns: map[string][]string{
			colHeader: {"Kopf"}, colEntity: {"Firma"}}}}, "seems to stand on line 2:"},
		{"the fifth row below", KindTemplate, strings.Repeat("x\n", 5) + heading, Defaults{}, "seems to stand on line 6:"},
		{"the sixth", KindTemplate, strings.Repeat("x\n", 6) + heading, Defaults{}, `the heading has "x"`},
		{"none", KindTemplate, "Made-up Bank\nx,y\n", Defaults{}, `the heading has "Made-up Bank"`},
		{"bad quotes", KindTemplate, "Made-up Bank\n\"x\"y\n" + heading, Defaults{}, "seems to stand on line 3:"},
		{"two known columns are a heading", KindTemplate, "PE ID,Template ID\n" + heading, Defaults{}, `the heading has "PE ID, Template ID"`},
	}
	for _, tt := range tests {
		imp, err := Read(tt.kind, CSV(strings.NewReader(tt.in)), tt.d)
		if err == nil || !strings.Contains(err.Error(), tt.want) || imp != nil {
			t.Errorf("%s: %+v, error %v; want %q", tt.name, imp, err, tt.want)
		}
	}
	// One column, and rows that are no headings.
	imp := read(t, KindHeader, "Header\nSender\nACMEBK\n", entity)
	if len(imp.Headers) != 2 || imp.Headers[0].Value.Header != "Sender" {
		t.Errorf("headers of one column: %+v", imp)
	}
}

// An export of templates has a status too, which is not that of its headers, entities or links.
func TestReadRefusesOtherExports(t *testing.T) {
	const templates = "this is an export of templates (it has a column "
	alias := Defaults{Aliases: Aliases{Columns: map[string][]string{colContent: {"Wording"}, colCTAValue: {"Content"}}}}
	tests := []struct {
		kind Kind
		in   string
		d    Defaults
		want string
	}{
		{KindHeader, heading, Defaults{}, templates + `"TEMPLATE_CONTENT"): use --kind templates`},
		{KindEntity, heading, Defaults{}, templates},
		{KindLink, heading, Defaults{}, templates},
		{KindCTA, heading, Defaults{}, templates},
		{KindChain, heading, Defaults{}, templates},
		{KindHeader, "DLT Template ID,Header,PE ID,Message,Status\n", Defaults{}, templates + `"Message"`},
		{KindHeader, "PE ID,Header,Wording\n", alias, templates + `"Wording"`},
		{KindTemplate, "PE ID,Sender ID,Status,Remarks\n", Defaults{}, "if this is an export of headers, use --kind headers"},
		{KindTemplate, "Entity ID,Name\n", Defaults{}, "if this is an export of entities, use --kind entities"},
		{KindTemplate, "Entity ID,SMSC,Chain\n", Defaults{}, "if this is an export of chains, use --kind chains"},
		{KindTemplate, "PE ID,CTA Name,CTA Type,CTA Input,Header\n", Defaults{}, "if this is an export of ctas, use --kind ctas"},
	}
	for _, tt := range tests {
		in := tt.in + strings.Repeat("x,", strings.Count(tt.in, ",")) + "x\n"
		if imp, err := Read(tt.kind, CSV(strings.NewReader(in)), tt.d); err == nil || !strings.Contains(err.Error(), tt.want) || imp != nil {
			t.Errorf("%s of %q: %+v, error %v; want %q", tt.kind, tt.in, imp, err, tt.want)
		}
	}
	// Where it is not plain nothing is guessed, and a column that the kind reads is its own.
	for _, in := range []string{"PE ID,Header,Template ID,Words\n", "a,b\n"} {
		if _, err := Read(KindTemplate, CSV(strings.NewReader(in)), Defaults{}); err == nil || strings.Contains(err.Error(), "--kind") {
			t.Errorf("%q: error %v, want no other kind", in, err)
		}
	}
	in := "ENTITY_ID,CTA_TYPE,Content\n" + string(entity1) + ",number,18001234567\n"
	if imp := read(t, KindCTA, in, alias); len(imp.CTAs) != 1 {
		t.Errorf("a CTA by an alias: %+v", imp)
	}
}
