package dlt

import (
	"slices"
	"testing"
)

// The ids are sample ids of the manual "PE TM Chain Hash Generation" (BSNL).
func TestChainValue(t *testing.T) {
	const pe, af, af2, df = "1101172974420810001", "1101172974420820002", "1101172974420820003", "1101172974420830004"
	tests := []struct {
		mode ChainMode
		ids  []string
		want string
	}{
		{ChainHash, []string{pe, df}, "c0c951afca257c5b87c3da535c09112080483f35b7e6faf35e2428b3b526b694"},
		{ChainHash, []string{pe, af, df}, "ba38bbe4ab3780a70aad6071c006e720eed8efc1ff70b00691d3b6844e6497e2"},
		{ChainHash, []string{pe, af, af2, df}, "d3133e436040034d9e95932ea93a1f82c37e1d98803229f835d8f3124e77e07f"},
		{ChainHash, nil, ""},
		{ChainList, []string{pe, af, df}, pe + "," + af + "," + df},
		{ChainList, []string{pe}, pe},
		{ChainTMID, []string{pe, af, df}, df},
		{ChainTMID, []string{pe}, ""},
		{ChainNone, []string{pe, df}, ""},
	}
	for _, tt := range tests {
		if got := ChainValue(tt.mode, tt.ids); got != tt.want {
			t.Errorf("%s of %v = %q, want %q", tt.mode, tt.ids, got, tt.want)
		}
	}
}

func TestParseChainMode(t *testing.T) {
	for _, m := range []ChainMode{ChainNone, ChainTMID, ChainList, ChainHash} {
		if got, err := ParseChainMode(string(m)); got != m || err != nil {
			t.Errorf("%q: %q, %v", m, got, err)
		}
	}
	for _, s := range []string{"", "Hash", "sha256"} {
		if got, err := ParseChainMode(s); err == nil || got != "" {
			t.Errorf("%q: %q, want an error", s, got)
		}
	}
}

func TestCheckChain(t *testing.T) {
	const pe, af, af2, df = "1101481029384756102", "1102592013746580291", "110200001000", "1001096933494158"
	tests := []struct {
		op   Operator
		ids  []string
		want []string
	}{
		{Airtel, []string{pe, df}, nil},
		{Airtel, []string{pe, af, af2, df}, nil},
		{Vi, []string{pe, af, df}, nil},
		{Vi, []string{pe, af, af2, df}, []string{"the chain has 3 telemarketers; Vi takes 2 at most"}},
		{Vi, []string{"1101172974420810001", "1101172974420820002", "1101172974420830004"}, nil}, // the manual's own
		{"", []string{pe}, []string{"a chain has at least two ids: the entity's and a telemarketer's"}},
		{"", nil, []string{"a chain has at least two ids: the entity's and a telemarketer's"}},
		{"", []string{pe, df, df}, []string{"id 3 of the chain: " + df + " stands in it twice"}},
		{"", []string{af, df}, []string{`id 1 of the chain: entity id "` + af +
			`" is a telemarketer's id (type digits 02): look for columns or settings that were swapped`}},
		{"", []string{pe, "1107161234567890123", "42"}, []string{
			`id 2 of the chain: telemarketer id "1107161234567890123" is a template's id (type digits 07): ` +
				`look for columns or settings that were swapped`,
			`id 3 of the chain: telemarketer id "42" does not begin with 1`}},
	}
	for _, tt := range tests {
		if got := CheckChain(tt.op, tt.ids); !slices.Equal(got, tt.want) {
			t.Errorf("%s %v:\n got %q\nwant %q", tt.op, tt.ids, got, tt.want)
		}
	}
}
