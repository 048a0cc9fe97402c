package templates_test

import (
	"testing"
	"unicode"
)

// The table is as large as was promised, and in each language.
func TestVerdictsAreEnough(t *testing.T) {
	byLanguage, names := map[string]int{}, map[string]bool{}
	for _, b := range verdicts {
		if b.source == "" {
			t.Errorf("block %q names no source", b.about)
		}
		for _, r := range b.rows {
			if r = r.withDefaults(b); r.strict == "" || r.lenient == "" || names[b.about+r.name] {
				t.Errorf("row %q of %q lacks a verdict, or its name comes twice", r.name, b.about)
			}
			names[b.about+r.name] = true
			byLanguage[languageOf(r.content)]++
		}
	}
	t.Logf("%d rows: %v", len(names), byLanguage)
	if len(names) < 150 {
		t.Errorf("%d rows, want 150 at least", len(names))
	}
	for _, language := range []string{"English", "Hindi", "Tamil", "Bengali"} {
		if byLanguage[language] < 20 {
			t.Errorf("%d rows in %s, want 20 at least", byLanguage[language], language)
		}
	}
}

// languageOf tells the language by the script.
func languageOf(content string) string {
	for _, r := range content {
		switch {
		case unicode.Is(unicode.Devanagari, r) && r != '।': // the danda is common to several scripts
			return "Hindi"
		case unicode.Is(unicode.Tamil, r):
			return "Tamil"
		case unicode.Is(unicode.Bengali, r):
			return "Bengali"
		}
	}
	return "English"
}
