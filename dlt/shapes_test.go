package dlt

import (
	"slices"
	"strings"
	"testing"
)

func TestFitHeading(t *testing.T) {
	both := Defaults{Entity: entity1, Category: ServiceImplicit}
	tests := []struct {
		name, heading string
		kind          Kind
		d             Defaults
		shape         string
		at            map[string]int
		unmapped      string
	}{
		{"ours", "ENTITY_ID|HEADER|TEMPLATE_ID|TEMPLATE_NAME|TEMPLATE_CONTENT|CATEGORY", KindTemplate, Defaults{}, "harkara",
			map[string]int{colEntity: 0, colHeader: 1, colTemplate: 2, colName: 3, colContent: 4, colCategory: 5}, ""},
		{"ours with all else", "VALID_TO|valid from|Operator|status|variable-count|VarTypes|Entity_Id|Template Id|Template Content|category|?",
			KindTemplate, Defaults{}, "harkara", map[string]int{colTo: 0, colFrom: 1, colOperator: 2, colStatus: 3, colVarCount: 4,
				colVarTypes: 5, colEntity: 6, colTemplate: 7, colContent: 8, colCategory: 9}, "?"},
		{"Jio", "HEADER|TEMPLATE_ID|TEMPLATE_NAME|TEMPLATE_CONTENT|VARIABLE_COUNT", KindTemplate, both, "jio",
			map[string]int{colHeader: 0, colTemplate: 1, colName: 2, colContent: 3, colVarCount: 4}, ""},
		{"Jio in 2026", "HEADER|TEMPLATE_ID|TEMPLATE_NAME|TEMPLATE_CONTENT|VARIABLE_COUNT|Template Type|Provider|Status", KindTemplate,
			both, "jio", map[string]int{colHeader: 0, colTemplate: 1, colName: 2, colContent: 3, colVarCount: 4, colCategory: 5,
				colOperator: 6, colStatus: 7}, ""},
		{"Airtel", "id|name|DLT-ID|header|communication-type|content|consent-DLT-ID|status|created-by", KindTemplate, both, "airtel",
			map[string]int{colName: 1, colTemplate: 2, colHeader: 3, colCategory: 4, colContent: 5, colStatus: 7},
			"id, consent-DLT-ID, created-by"},
		{"Vilpower", "Template Name|Template ID|Template Type|Category|Headers|Template Message|Status", KindTemplate, both, "vilpower",
			map[string]int{colName: 0, colTemplate: 1, colCategory: 2, colHeader: 4, colContent: 5, colStatus: 6}, ""},
		{"BSNL", "Content Template ID|Content Template Name|Header Name|Content Type|Template Type|Template Content|Approval Status",
			KindTemplate, both, "bsnl", map[string]int{colTemplate: 0, colName: 1, colHeader: 2, colCategory: 3, colContent: 5,
				colStatus: 6}, "Template Type"},
		{"SmartPing", "Header|PE|Template ID|Text|Variable Tags", KindTemplate, both, "smartping",
			map[string]int{colHeader: 0, colEntity: 1, colTemplate: 2, colContent: 3, colVarTypes: 4}, ""},
		{"MSG91", "Template Name|Flow ID|DLT Template ID|Message|Type", KindTemplate, both, "msg91",
			map[string]int{colName: 0, colTemplate: 2, colContent: 3, colCategory: 4}, "Flow ID"},
		{"no one's", "DLT TE ID|SMS Text|Sender", KindTemplate, both, "other",
			map[string]int{colTemplate: 0, colContent: 1, colHeader: 2}, ""},
		{"a line of business", "PE ID|Template ID|Content|Category|Content Type|Header", KindTemplate, Defaults{}, "other",
			map[string]int{colEntity: 0, colTemplate: 1, colContent: 2, colCategory: 4, colHeader: 5}, ""},
		{"no other category", "PE ID|Template ID|Content|Category|Header", KindTemplate, Defaults{}, "other",
			map[string]int{colEntity: 0, colTemplate: 1, colContent: 2, colCategory: 3, colHeader: 4}, ""},
		{"an alias goes first", "TEMPLATE_ID|TEMPLATE_CONTENT|Wording", KindTemplate, Defaults{Entity: entity1, Category: Promotional,
			Aliases: Aliases{Columns: map[string][]string{colContent: {"wording"}}}}, "harkara",
			map[string]int{colTemplate: 0, colContent: 2}, "TEMPLATE_CONTENT"},
		{"MSG91's CTAs", "CTA Name|CTA Type|CTA Sub-Type|CTA Input", KindCTA, both, "msg91",
			map[string]int{colCTAName: 0, colCTAType: 1, colCTASubtype: 2, colCTAValue: 3}, ""},
		{"our CTAs", "ENTITY_ID|CTA_NAME|CTA_TYPE|CTA_VALUE", KindCTA, Defaults{}, "harkara",
			map[string]int{colEntity: 0, colCTAName: 1, colCTAType: 2, colCTAValue: 3}, ""},
		{"entities", "Principal Entity ID|Principal Entity Name", KindEntity, Defaults{}, "other",
			map[string]int{colEntity: 0, colEntityName: 1}, ""},
		{"headers", "Sender ID|PE ID|Status|Remarks", KindHeader, Defaults{}, "other",
			map[string]int{colHeader: 0, colEntity: 1, colStatus: 2}, "Remarks"},
		{"links", "TEMPLATE_ID|HEADER", KindLink, Defaults{}, "harkara", map[string]int{colTemplate: 0, colHeader: 1}, ""},
		{"chains", "entity id|smsc|chain", KindChain, Defaults{}, "harkara", map[string]int{colEntity: 0, colSMSC: 1, colChain: 2}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := fitHeading(tt.kind, strings.Split(tt.heading, "|"), tt.d)
			if err != nil || got.shape != tt.shape || strings.Join(got.unmapped, ", ") != tt.unmapped {
				t.Fatalf("shape %s, unmapped %q, %v; want %s, %q", got.shape, got.unmapped, err, tt.shape, tt.unmapped)
			}
			for _, col := range layouts[tt.kind].columns() {
				i, ok := got.at[col]
				want, wanted := tt.at[col]
				if ok != wanted || i != want {
					t.Errorf("%s at %d (%t), want %d (%t)", col, i, ok, want, wanted)
				}
			}
		})
	}
}

// The tables name only columns that the kind has, no heading means two columns of one shape, and every kind is read.
func TestShapesAreSound(t *testing.T) {
	for _, s := range shapes {
		means := map[string]string{}
		for col, headings := range s.columns {
			if !slices.Contains(layouts[s.kind].columns(), col) {
				t.Errorf("%s: %s is no column of %s", s.name, col, s.kind)
			}
			for _, h := range headings {
				if other := means[foldHeading(h)]; other != "" {
					t.Errorf("%s: %q means %s and %s", s.name, h, col, other)
				}
				means[foldHeading(h)] = col
			}
		}
	}
	for _, kind := range Kinds() {
		if rowReaders[kind] == nil {
			t.Errorf("%s cannot be read", kind)
		}
	}
	for col := range spellings {
		if !slices.Contains(Columns(), col) {
			t.Errorf("%s is no column", col)
		}
	}
}
