package dlt

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Everything in these files is made up.
func TestReadOtherKinds(t *testing.T) {
	const e, tm = string(entity1), "1102000000000000021"
	var untold Standing
	tests := []struct {
		name string
		kind Kind
		in   string
		want any // what the import holds of the kind
	}{
		{"entities", KindEntity, "ENTITY_ID,ENTITY_NAME\n" + e + ",Made-up Bank\n" + e + ",Made-up Bank\n",
			[]Row[Entity]{{2, Entity{entity1, "Made-up Bank", untold}}}},
		{"headers", KindHeader, "Header,PE ID,Status\nACMEBK," + e + ",Approved\nAcmeBk," + e + ",I\n",
			[]Row[HeaderRecord]{{2, HeaderRecord{"ACMEBK", entity1, Standing{Status: Active}}}, {3, HeaderRecord{"AcmeBk", entity1, Standing{Status: Inactive}}}}},
		{"links", KindLink, "TEMPLATE_ID,HEADER\n" + string(id1) + ",ACMEBK|ACMEIN\n" + string(id1) + ",\"ACMEIN, ACMECC\"\n",
			append(links(2, id1, "ACMEBK", "ACMEIN"), links(3, id1, "ACMECC")...)},
		{"chains", KindChain, "ENTITY_ID,SMSC,CHAIN,VALID_FROM\n" + e + ",made-up-smsc," + e + " | " + tm + ",\n",
			[]Row[ChainRecord]{{2, ChainRecord{entity1, "made-up-smsc", []string{e, tm}, untold}}}},
		{"ctas", KindCTA, "ENTITY_ID,CTA_NAME,CTA_TYPE,CTA_VALUE\n" + e + ",Made-up page,url_static,https://example.com/a\n",
			[]Row[CTA]{{2, CTA{entity1, CTAStatic, "https://example.com/a", "Made-up page", untold}}}},
		{"ctas of MSG91", KindCTA, "ENTITY_ID,CTA Name,CTA Type,CTA Sub-Type,CTA Input\n" +
			e + ",a,URL,Static,https://example.com/a\n" + e + ",b,Number,Mobile,9812345670\n" + e + ",c,Email,,care@example.com\n",
			[]Row[CTA]{{2, CTA{entity1, CTAStatic, "https://example.com/a", "a", untold}},
				{3, CTA{entity1, CTANumber, "9812345670", "b", untold}}, {4, CTA{entity1, CTAEmail, "care@example.com", "c", untold}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			imp := read(t, tt.kind, tt.in, Defaults{})
			got := map[Kind]any{KindEntity: imp.Entities, KindHeader: imp.Headers, KindLink: imp.Links, KindChain: imp.Chains,
				KindCTA: imp.CTAs}[tt.kind]
			if len(imp.Refused) > 0 || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, refused %+v\nwant %+v", got, imp.Refused, tt.want)
			}
		})
	}
}

func TestReadRefusesOtherKinds(t *testing.T) {
	const e, other, tm = string(entity1), "1101000000000000012", "1102000000000000021"
	tests := []struct {
		kind         Kind
		in           string
		column, want string
	}{
		{KindEntity, "ENTITY_ID,ENTITY_NAME\n" + e + ",Made-up Bank\n" + e + ",Another Bank", "ENTITY_NAME", "line 2 already"},
		{KindHeader, "ENTITY_ID,HEADER,STATUS\n" + e + ",ACMEBK,active\n" + e + ",ACMEBK,inactive", "STATUS", "line 2 already"},
		{KindHeader, "ENTITY_ID,HEADER\n" + e + ",VM-ACMEBK", "HEADER", `write "ACMEBK"`},
		{KindLink, "TEMPLATE_ID,HEADER\n" + string(id1) + ",", "HEADER", "the header is empty"},
		{KindLink, "TEMPLATE_ID,HEADER,STATUS\n" + string(id1) + ",ACMEBK,active\n" + string(id1) + ",ACMEIN|ACMEBK,inactive", "STATUS",
			"line 2 already"},
		{KindChain, "ENTITY_ID,SMSC,CHAIN\n" + e + ",,\"" + e + "," + tm + "\"", "SMSC", "name it as the configuration does"},
		{KindChain, "ENTITY_ID,SMSC,CHAIN\n" + e + ",s,\"" + other + "," + tm + "\"", "CHAIN", "write the entity first"},
		{KindChain, "ENTITY_ID,SMSC,CHAIN\n" + e + ",s," + e, "CHAIN", "at least two ids"},
		{KindChain, "ENTITY_ID,SMSC,CHAIN\n" + e + ",s," + e + "|1.102E+18", "CHAIN", "spreadsheet"},
		{KindChain, "ENTITY_ID,SMSC,CHAIN\n" + e + ",s," + e + "|1102000000000020000", "CHAIN", "add --accept 1102000000000020000"},
		{KindLink, "TEMPLATE_ID,HEADER\n1107000000000010000,ACMEBK", "TEMPLATE_ID", "add --accept 1107000000000010000"},
		{KindEntity, "ENTITY_ID,VALID_FROM,VALID_TO\n" + e + ",2026-12-31,\n" + e + ",,2026-11-30", "VALID_TO", "line 2 already"},
		{KindCTA, "ENTITY_ID,CTA_TYPE,CTA_VALUE\n" + e + ",banana,x", "CTA_TYPE", "banana"},
		{KindCTA, "ENTITY_ID,CTA_TYPE,CTA_VALUE\n" + e + ",url_static,https://example.com/a?b", "CTA_VALUE", ""},
		{KindCTA, "ENTITY_ID,CTA_TYPE,CTA_SUBTYPE,CTA_VALUE\n" + e + ",URL,banana,https://example.com/a", "CTA_TYPE", "banana"},
	}
	for _, tt := range tests {
		imp := read(t, tt.kind, tt.in+"\n", Defaults{})
		if len(imp.Refused) != 1 || imp.Refused[0].Column != tt.column || !strings.Contains(imp.Refused[0].Reason, tt.want) {
			t.Errorf("%q: refused %+v, want %s: %s", tt.in, imp.Refused, tt.column, tt.want)
		}
	}
}

// What one row leaves empty another about the same thing may tell: the two do not contradict each other.
func TestReadJoinsRows(t *testing.T) {
	in := "ENTITY_ID,ENTITY_NAME,STATUS,OPERATOR,VALID_FROM,VALID_TO\n" + strings.ReplaceAll("E,,,,2026-11-01,\nE,Made-up Bank,,jio,,\n"+
		"E,,Blacklisted,vi,,2026-11-30\nE,,,,,\n", "E", string(entity1))
	imp := read(t, KindEntity, in, Defaults{})
	want := []Row[Entity]{{2, Entity{entity1, "Made-up Bank", Standing{Jio, Blacklisted, november, december}}}}
	if len(imp.Refused) > 0 || !reflect.DeepEqual(imp.Entities, want) {
		t.Errorf("got %+v, refused %+v, want %+v", imp.Entities, imp.Refused, want)
	}
	in = "ENTITY_ID,HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY,STATUS,VAR_TYPES\n" + strings.ReplaceAll(
		"P,ACMEBK,T,,{#var#},SI,,\nP,ACMEIN,T,Made up,{#var#},SI,Suspended,num|num\nP,ACMEIN,T,,{#var#},SI,Active,\nP,,T,,{#var#},SI,,alp\n",
		"P,", string(entity1)+",")
	imp = read(t, KindTemplate, strings.ReplaceAll(in, ",T,", ","+string(id1)+","), Defaults{})
	wanted := []Row[Template]{{2, Template{ID: id1, Entity: entity1, Name: "Made up", Content: "{#var#}", Category: ServiceImplicit,
		VarTypes: []VarType{Numeric, Numeric}, Standing: Standing{Status: Suspended}}}}
	if !reflect.DeepEqual(imp.Templates, wanted) || !reflect.DeepEqual(imp.Links, append(links(2, id1, "ACMEBK"), links(3, id1, "ACMEIN")...)) {
		t.Errorf("got %+v, links %+v, want %+v and links without a standing", imp.Templates, imp.Links, wanted)
	}
	if len(imp.Refused) != 2 || imp.Refused[0].Column != "STATUS" || imp.Refused[1].Column != "VAR_TYPES" {
		t.Errorf("refused %+v, want a status and types that contradict earlier ones", imp.Refused)
	}
	if len(imp.Findings) != 1 || imp.Findings[0].Code != "variable_types_differ" || imp.Findings[0].Line != 3 {
		t.Errorf("findings %+v, want the types that the second row tells", imp.Findings)
	}
	in = "TEMPLATE_ID,HEADER,STATUS\n" + strings.ReplaceAll("T,ACMEBK|ACMEIN,\nT,ACMEIN,Inactive\n", "T", string(id1))
	imp = read(t, KindLink, in, Defaults{})
	inactive := []Row[Link]{{2, Link{id1, "ACMEBK", Standing{}}}, {2, Link{id1, "ACMEIN", Standing{Status: Inactive}}}}
	if len(imp.Refused) > 0 || !reflect.DeepEqual(imp.Links, inactive) {
		t.Errorf("got %+v, refused %+v, want %+v", imp.Links, imp.Refused, inactive)
	}
}

// Ids that end in zeros are taken where the user vouches for them, as text and not as a number.
func TestReadAcceptsIDs(t *testing.T) {
	const e, tm, id = "1101000000000010000", "1102000000000020000", "1107000000000010000"
	accept := Defaults{Accept: []string{e, tm, id}}
	tests := []struct {
		kind Kind
		in   string
	}{
		{KindTemplate, "ENTITY_ID,TEMPLATE_ID,TEMPLATE_CONTENT,CATEGORY\n" + e + "," + id + ",x,SI\n"},
		{KindLink, "TEMPLATE_ID,HEADER\n" + id + ",ACMEBK\n"},
		{KindChain, "ENTITY_ID,SMSC,CHAIN\n" + e + ",s," + e + "|" + tm + "\n"},
	}
	for _, tt := range tests {
		if imp := read(t, tt.kind, tt.in, accept); len(imp.Refused) > 0 || len(imp.Templates)+len(imp.Links)+len(imp.Chains) != 1 {
			t.Errorf("%s: %+v", tt.kind, imp)
		}
		for _, missing := range []string{e, tm, id} {
			others := slices.DeleteFunc(slices.Clone(accept.Accept), func(s string) bool { return s == missing })
			imp := read(t, tt.kind, tt.in, Defaults{Accept: others})
			if refused := len(imp.Refused) == 1 && strings.Contains(imp.Refused[0].Reason, "add --accept "+missing); refused !=
				strings.Contains(tt.in, missing) {
				t.Errorf("%s without %s: refused %+v", tt.kind, missing, imp.Refused)
			}
		}
	}
	number := func(yield func(SourceRow, error) bool) {
		_ = yield(SourceRow{Line: 1, Cells: []Cell{{Text: "ENTITY_ID"}}}, nil) &&
			yield(SourceRow{Line: 2, Cells: []Cell{{Text: e, Number: true}}}, nil)
	}
	imp, err := Read(KindEntity, number, accept)
	if err != nil || len(imp.Refused) != 1 || !strings.Contains(imp.Refused[0].Reason, "stored as a number") {
		t.Errorf("stored as a number: %+v, %v", imp, err)
	}
}

// A "Category" may be the line of business; it is the category where what stands beside it tells none.
func TestReadCategoryBesideAnother(t *testing.T) {
	tests := []struct {
		category, other, given string
		want                   Category
		fault                  string
	}{
		{"Banking", "Service Implicit", "", ServiceImplicit, ""},
		{"Promotional", "Service Implicit", "", ServiceImplicit, ""},
		{"Service Explicit", "TEXT", "", ServiceExplicit, ""},
		{"Service Explicit", "Unicode", "promotional", ServiceExplicit, ""},
		{"Service Explicit", "", "", ServiceExplicit, ""},
		{"Banking", "TEXT", "promotional", Promotional, ""},
		{"Banking", "TEXT", "", "", "give --category"},
		{"Service Explicit", "Banking", "", "", `category "Banking"`},
	}
	for _, tt := range tests {
		in := fmt.Sprintf("PE ID,Template ID,Content,Category,Content Type,Header\n%s,%s,x,%s,%s,ACMEBK\n", entity1, id1, tt.category, tt.other)
		imp := read(t, KindTemplate, in, Defaults{Category: Category(tt.given)})
		if tt.fault != "" {
			if len(imp.Refused) != 1 || imp.Refused[0].Column != "CATEGORY" || !strings.Contains(imp.Refused[0].Reason, tt.fault) {
				t.Errorf("%+v: refused %+v", tt, imp.Refused)
			}
		} else if len(imp.Templates) != 1 || imp.Templates[0].Value.Category != tt.want {
			t.Errorf("%+v: %+v", tt, imp)
		}
	}
}

func TestReadFindings(t *testing.T) {
	const pre = "VAR_TYPES,VARIABLE_COUNT,OPERATOR," + heading
	row := func(types, count, operator, entity, header, id, content string) string {
		return fmt.Sprintf("%s,%s,%s,%s,%s,%s,N,%s,SI\n", types, count, operator, entity, header, id, content)
	}
	const e, id = string(entity1), string(id1)
	tests := []struct{ row, code, subject, detail string }{
		{row("", "3", "", e, "ACMEBK", id, "{#dob#}{#DOB#}{#dob#}"), "unknown_tag", id, "the text has {#dob#}, {#DOB#}, whose"},
		{row("num|dob", "", "", e, "ACMEBK", id, "{#var#}{#var#}"), "unknown_tag", id, `"dob"`},
		{row("", "2", "", e, "ACMEBK", id, "{#var#}"), "variable_count_differs", id, `has 1 variables, VARIABLE_COUNT says "2"`},
		{row("num", "", "", e, "ACMEBK", id, "{#var#}{#var#}"), "variable_types_differ", id, "has 2 variables, VAR_TYPES names 1"},
		{row("", "", "", e, "ACME", id, "x"), "header_length", "ACME", "has 4 letters"},
		{row("", "", "", e, "", id, "x"), "no_header", id, "names no header"},
		{row("", "", "", "110100009876", "ACMEBK", id, "x"), "old_id", "110100009876", "12 digits"},
		{row("", "", "", e, "ACMEBK", "1108000000000000001", "x"), "type_digits", "1108000000000000001", "type digits are 08"},
		{row("", "", "", e, "ACMEBK", "110700000000000001", "x"), "id_length", "110700000000000001", "has 18 digits: a digit may be lost"},
		{row("", "", "Made-up Hub", e, "ACMEBK", id, "x"), "unknown_operator", "Made-up Hub", "Made-up Hub"},
		{row("", "", "", e, "ACMEBK", "1177000000000000001", "{#num#}"), "", "", ""},
		{row("{#num#}|#alp#", "2", "jio", e, "ACMEBK", id, "{#var#}{#var#}"), "", "", ""},
	}
	for _, tt := range tests {
		imp := read(t, KindTemplate, pre+tt.row+tt.row, Defaults{})
		if len(imp.Templates) != 1 || len(imp.Refused) > 0 {
			t.Fatalf("%s: %+v", tt.row, imp)
		}
		if tt.code == "" {
			if len(imp.Findings) > 0 {
				t.Errorf("%s: findings %+v, want none", tt.row, imp.Findings)
			}
			continue
		}
		if len(imp.Findings) != 1 {
			t.Errorf("%s: findings %+v, want one, though the row comes twice", tt.row, imp.Findings)
			continue
		}
		f := imp.Findings[0]
		if f.Line != 2 || f.Code != tt.code || f.Subject != tt.subject || f.Kind != KindTemplate || !strings.Contains(f.Detail, tt.detail) ||
			f.Severity == "" || f.Mend == "" {
			t.Errorf("%s: %+v", tt.row, f)
		}
	}
	imp := read(t, KindTemplate, strings.Replace(heading, "HEADER,", "", 1)+e+","+id+",N,x,SI\n", Defaults{})
	if len(imp.Findings) != 1 || imp.Findings[0].Code != "no_header" || imp.Findings[0].Line != 1 {
		t.Errorf("no column of headers: %+v", imp.Findings)
	}
	in := "TEMPLATE_ID,HEADER\n110700000001,ACMEBK\n110700000001,ACMEIN\n"
	if imp := read(t, KindLink, in, Defaults{}); len(imp.Findings) != 1 || imp.Findings[0].Code != "id_length" || len(imp.Links) != 2 {
		t.Errorf("links of a template whose id is short: %+v", imp)
	}
	in = "HEADER\nACMEBK\nACMEIN\n"
	imp = read(t, KindHeader, in, Defaults{Entity: "110100009876"})
	if len(imp.Findings) != 1 || imp.Findings[0].Code != "old_id" || imp.Findings[0].Subject != "110100009876" || len(imp.Headers) != 2 {
		t.Errorf("an entity of 12 digits for all rows: %+v", imp)
	}
	in = "ENTITY_ID,SMSC,CHAIN,OPERATOR\n" + e + ",s," + e + "|1102000000000000021|1102000000000000022|1102000000000000023,vi\n"
	if imp := read(t, KindChain, in, Defaults{}); len(imp.Findings) != 1 || imp.Findings[0].Code != "chain_fault" || len(imp.Chains) != 1 {
		t.Errorf("three telemarketers at Vi: %+v", imp)
	}
}

// Types beside the text stand in the order of the variables; an empty one is untyped.
func TestReadVarTypes(t *testing.T) {
	in := "ENTITY_ID,TEMPLATE_ID,Text,CATEGORY,Variable Tags\n" + string(entity1) + "," + string(id1) +
		",{#var#} {#var#} {#var#} {#var#},SI,\"{#num#}, ,Alphanumeric,dob\"\n"
	d := Defaults{Aliases: Aliases{Tags: map[string]VarType{"dob": Alphanumeric}}}
	imp := read(t, KindTemplate, in, d)
	want := []VarType{Numeric, Untyped, Alphanumeric, Alphanumeric}
	if len(imp.Templates) != 1 || !reflect.DeepEqual(imp.Templates[0].Value.VarTypes, want) || len(imp.Findings) != 1 {
		t.Errorf("got %+v, want types %v and the finding about headers", imp, want)
	}
}

// What the rules made of a text stands beside what the export had.
func TestReadKeepsRaw(t *testing.T) {
	in := "ENTITY_ID,TEMPLATE_ID,TEMPLATE_CONTENT,CATEGORY\n" + string(entity1) + "," + string(id1) + ",a<br/>  #num#,SI\n" +
		string(entity1) + "," + string(id2) + ",\" a\r\n  {#num#} \",SI\n"
	imp := read(t, KindTemplate, in, Defaults{})
	if len(imp.Templates) != 2 {
		t.Fatalf("%+v", imp)
	}
	if got := imp.Templates[0].Value; got.Content != "a\n{#numeric#}" || got.Raw != "a<br/>  #num#" || got.Rule != "br+indent+tags" {
		t.Errorf("%+v", got)
	}
	if got := imp.Templates[1].Value; got.Content != " a\r\n  {#num#} " || got.Raw != "" || got.Rule != "" {
		t.Errorf("%+v", got)
	}
}
