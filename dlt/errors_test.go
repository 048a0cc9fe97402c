package dlt

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func dictionary(t *testing.T, name string) *Dictionary {
	t.Helper()
	d, err := ErrorDictionary(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLookup(t *testing.T) {
	tests := []struct {
		dictionary, code string
		want             ErrorCode // without its Detail; zero: not known
	}{
		{"generic", "633", ErrorCode{"633", ClassContent, "template_not_matched", "", false}},
		{"generic", " 0633 ", ErrorCode{"633", ClassContent, "template_not_matched", "", false}},
		{"generic", "TEMPLATE_NOT_MATCHED", ErrorCode{"633", ClassContent, "template_not_matched", "", false}},
		{"generic", "Template-Not-Matched", ErrorCode{"633", ClassContent, "template_not_matched", "", false}},
		{"generic", "670", ErrorCode{"670", ClassScrubber, "scrubbing_failed", "", true}},
		{"generic", "027", ErrorCode{"27", ClassHandset, "absent_subscriber", "", true}},
		{"generic", "absent_subscriber", ErrorCode{"6", ClassHandset, "absent_subscriber", "", true}},
		{"generic", "", ErrorCode{}}, {"generic", "000", ErrorCode{}}, {"generic", " ", ErrorCode{}},
		{"generic", "023", ErrorCode{}}, {"generic", "999", ErrorCode{}}, {"generic", "5307", ErrorCode{}},
		{"generic", "TL-NT-MTCHD", ErrorCode{}}, {"generic", "template", ErrorCode{}}, {"generic", "EC_", ErrorCode{}},
		{"airtel", "812", ErrorCode{"812", ClassChain, "invalid_pe_tm_hash", "", false}},
		{"airtel", "633", ErrorCode{"633", ClassContent, "template_not_matched", "", false}},
		{"airtel", "040", ErrorCode{"40", ClassHandset, "memory_full", "", true}},
		{"airtel", "27", ErrorCode{}}, // a network code that its list does not have
		{"airtel", "header_inactive", ErrorCode{"804", ClassHeader, "header_inactive", "", false}},
		{"infobip", "447", ErrorCode{"447", ClassHeader, "header_suspended_due_to_usage", "", false}},
		{"infobip", "4147", ErrorCode{"4147", ClassHeader, "header_suspended_due_to_usage", "", false}},
		{"infobip", "EC_HEADER_SUSPENDED_DUE_TO_USAGE", ErrorCode{"447", ClassHeader, "header_suspended_due_to_usage", "", false}},
		{"infobip", "DLT_SCRUBBING_TIMEOUT", ErrorCode{"407", ClassScrubber, "scrubbing_timeout", "", true}},
		{"infobip", "41c", ErrorCode{"41C", ClassNetwork, "no_translation_for_address", "", false}},
		{"infobip", "042C", ErrorCode{"42C", ClassNetwork, "network_congestion", "", true}},
		{"infobip", "006", ErrorCode{"6", ClassHandset, "absent_subscriber", "", true}},
		{"infobip", "633", ErrorCode{}},
		{"kaleyra", "023", ErrorCode{"023", ClassContent, "template_not_matched", "", false}},
		{"kaleyra", "23", ErrorCode{"023", ClassContent, "template_not_matched", "", false}},
		{"kaleyra", "TL-NT-MTCHD", ErrorCode{"023", ClassContent, "template_not_matched", "", false}},
		{"kaleyra", "tl_nt_mtchd", ErrorCode{"023", ClassContent, "template_not_matched", "", false}},
		{"kaleyra", "PRFT-NT-MTCH", ErrorCode{"PRFT-NT-MTCH", ClassPreference, "preference_not_matched", "", false}},
		{"kaleyra", "preference_not_matched", ErrorCode{"PRFT-NT-MTCH", ClassPreference, "preference_not_matched", "", false}},
		{"kaleyra", "650", ErrorCode{"650", ClassPreference, "preference_not_matched", "", false}},
		{"kaleyra", "009", ErrorCode{"009", ClassHandset, "memory_full", "", true}}, // MAP's 9 is an illegal subscriber
		{"vi", "5307", ErrorCode{"5307", ClassContent, "template_not_matched", "", false}},
		{"vi", "4001", ErrorCode{"4001", ClassScrubber, "scrubbing_timeout", "", true}},
		{"vi", "9088", ErrorCode{"9088", ClassThrottled, "throttled", "", true}},
		{"vi", "HDR_OP_INACTIVE", ErrorCode{"5204", ClassHeader, "header_inactive", "", false}},
		{"vi", "633", ErrorCode{"633", ClassContent, "template_not_matched", "", false}},
	}
	for _, tt := range tests {
		got, ok := dictionary(t, tt.dictionary).Lookup(tt.code)
		if ok != (got.Detail != "") {
			t.Errorf("%s %q: %v, %+v", tt.dictionary, tt.code, ok, got)
		}
		if got.Detail = ""; got != tt.want {
			t.Errorf("%s %q: %+v, want %+v", tt.dictionary, tt.code, got, tt.want)
		}
	}
}

// TestFirstMeaningCounts adds rows that contradict each other, as those of two files may.
func TestFirstMeaningCounts(t *testing.T) {
	ours := ErrorCode{Class: ClassContent, Reason: "ours"}
	theirs := ErrorCode{Class: ClassNetwork, Reason: "theirs"}
	d := &Dictionary{find: map[string]int{}}
	d.add(errorRow{codes: []string{"023"}, words: []string{"A-B"}, meaning: ours})
	d.add(errorRow{codes: []string{"23"}, words: []string{"C-D"}, meaning: theirs})
	d.add(errorRow{codes: []string{"0023", "24"}, words: []string{"A-B"}, meaning: theirs})
	for code, want := range map[string]string{"23": "ours", "a_b": "ours", "ours": "ours", "24": "theirs", "theirs": "theirs", "C-D": ""} {
		if got, _ := d.Lookup(code); got.Reason != want {
			t.Errorf("%s: %+v, want %q", code, got, want)
		}
	}
	if got := d.Codes(); len(got) != 2 || got[0].Code != "023" || got[1].Code != "24" {
		t.Errorf("%+v", got)
	}
}

func TestErrorDictionaryNames(t *testing.T) {
	if got, want := ErrorDictionaries(), []string{"airtel", "generic", "infobip", "kaleyra", "vi"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	want := `error dictionary "jio" is not one of airtel, generic, infobip, kaleyra, vi`
	if d, err := ErrorDictionary("jio"); d != nil || err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestErrorFiles holds what the files promise each other: every one is used, what a reason stands for is the same in
// all of them, and no word is a reason of another meaning. That each is well formed, loading it checks.
func TestErrorFiles(t *testing.T) {
	used := map[string]bool{}
	for _, files := range errorDictionaries {
		for _, name := range files {
			used["errors/"+name+".csv"] = true
		}
	}
	there, err := fs.Glob(errorFiles, "errors/*.csv")
	if err != nil || !slices.Equal(there, slices.Sorted(maps.Keys(used))) {
		t.Errorf("files %q, %v, used %v", there, err, used)
	}
	reasons, classes := map[string]ErrorCode{}, map[ErrorClass]bool{}
	for _, path := range there {
		rows, err := readErrorFile(strings.TrimSuffix(strings.TrimPrefix(path, "errors/"), ".csv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			classes[row.meaning.Class] = true
			m := row.meaning
			m.Detail = ""
			if known, ok := reasons[m.Reason]; ok && known != m {
				t.Errorf("%s: %s is %+v, and elsewhere %+v", path, m.Reason, m, known)
			}
			reasons[m.Reason] = m
		}
		for _, row := range rows {
			for _, word := range row.words {
				if m, ok := reasons[errorKey(word)]; ok && m.Reason != row.meaning.Reason {
					t.Errorf("%s: %s stands for %s", path, word, row.meaning.Reason)
				}
			}
		}
	}
	if len(classes) != len(errorClasses) {
		t.Errorf("classes in use: %v", classes)
	}
}

// TestInfobipsTwins holds the rule that its codes of four digits are those of three with 3700 added.
func TestInfobipsTwins(t *testing.T) {
	d := dictionary(t, "infobip")
	for code := range 1000 {
		low, known := d.Lookup(strconv.Itoa(code))
		high, twin := d.Lookup(strconv.Itoa(code + 3700))
		low.Code, high.Code = "", ""
		if code >= 400 && (known != twin || low != high) {
			t.Errorf("%d is %+v, %d is %+v", code, low, code+3700, high)
		}
	}
}

// TestCodes holds that what a dictionary lists, in order, is what it finds, however it is written.
func TestCodes(t *testing.T) {
	for _, name := range ErrorDictionaries() {
		d := dictionary(t, name)
		all := d.Codes()
		if !slices.IsSortedFunc(all, func(a, b ErrorCode) int {
			return cmp.Or(cmp.Compare(len(errorKey(a.Code)), len(errorKey(b.Code))), cmp.Compare(errorKey(a.Code), errorKey(b.Code)))
		}) {
			t.Errorf("%s is not in order", name)
		}
		for _, c := range all {
			for _, code := range []string{c.Code, "0" + c.Code, strings.ToLower(c.Code) + " "} {
				if got, ok := d.Lookup(code); !ok || got != c {
					t.Errorf("%s %q: %+v, want %+v", name, code, got, c)
				}
			}
			if got, ok := d.Lookup(c.Reason); !ok || got.Reason != c.Reason || got.Class != c.Class || got.Retryable != c.Retryable {
				t.Errorf("%s %s: %+v, want as %+v", name, c.Reason, got, c)
			}
		}
		all[0].Code = "changed"
		if d.Codes()[0].Code == "changed" {
			t.Errorf("%s was changed from outside", name)
		}
	}
}

func TestParseErrorFileRefuses(t *testing.T) {
	const head = "# Codes.\n# Source: made up\nCODE,CLASS,REASON,RETRYABLE,DETAIL\n"
	if rows, err := parseErrorFile(head + "1|01A|A-B,network,lost,yes,\"lost, it is\"\n"); err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	for text, want := range map[string]string{
		"":                        "no comment above",
		"CODE,CLASS\n# Source: x": "no comment above",
		"# Codes.\n# Source: x\n": "the first line is not CODE,",
		"# Codes.\n# Source: x\nCODE,CLASS,REASON,DETAIL,RETRYABLE\n": "the first line is not CODE,",
		head + "1,network,lost,yes\n":                                 "wrong number of fields",
		head + "1,luck,lost,yes,lost\n":                               `1: class "luck" is not one of`,
		head + "1,network,Lost,yes,lost\n":                            `reason "Lost" is not in snake_case`,
		head + "1,network,lost,maybe,lost\n":                          `retryable "maybe" is neither`,
		head + "1,network,lost,yes,\n":                                "no detail",
		head + "000,network,lost,yes,lost\n":                          `"000" is neither`,
		head + "123456,network,lost,yes,lost\n":                       `"123456" is neither`,
		head + "1a,network,lost,yes,lost\n":                           `"1a" is neither`,
		head + "1|,network,lost,yes,lost\n":                           `"" is neither`,
		head + "1,network,lost,yes,lost\n01,network,gone,yes,gone\n":  "01 is there twice",
		head + "1|A_B|A-B,network,lost,yes,lost\n":                    "A-B is there twice",
	} {
		if _, err := parseErrorFile(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestLookupTakesAnything draws what no SMSC should send.
func TestLookupTakesAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := dictionary(t, rapid.SampledFrom(ErrorDictionaries()).Draw(rt, "dictionary"))
		code := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ 0-9A-Fa-f_-]{0,8}`)).Draw(rt, "code")
		c, ok := d.Lookup(code)
		if ok != (c.Code != "") || ok != (c.Reason != "") || ok && !slices.Contains(errorClasses, c.Class) {
			rt.Fatalf("%q: %v, %+v", code, ok, c)
		}
		if ok && strings.ContainsFunc(c.Code, unicode.IsDigit) && errorKey(strings.TrimSpace(code)) != errorKey(c.Code) &&
			strings.ContainsFunc(code, unicode.IsDigit) {
			rt.Fatalf("%q was taken for %q", code, c.Code)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	d, err := ErrorDictionary("generic")
	if err != nil {
		b.Fatal(err)
	}
	for _, code := range []string{"633", "TEMPLATE_NOT_MATCHED"} {
		b.Run(code, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Lookup(code)
			}
		})
	}
}
