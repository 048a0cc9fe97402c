package receipt

import (
	"regexp"
	"testing"
)

func TestExplain(t *testing.T) {
	tests := []struct {
		dictionary, err string
		reason          string
		retryable       bool
	}{
		{"generic", "633", "template_not_matched", false},
		{"generic", " 0633 ", "template_not_matched", false},
		{"generic", "TEMPLATE_NOT_MATCHED", "template_not_matched", false},
		{"generic", "Template-Not-Matched", "template_not_matched", false},
		{"generic", "650", "preference_not_matched", false},
		{"generic", "670", "scrubbing_failed", true},
		{"generic", "001", "unknown_subscriber", false},
		{"generic", "027", "absent_subscriber", true},
		{"generic", "34", "system_failure", true},
		{"generic", "000", "", false},
		{"generic", "", "", false},
		{"generic", "999", "", false},
		{"generic", "20A", "", false},
		{"another", "633", "", false},
		{"another", "TEMPLATE_NOT_MATCHED", "", false},
	}
	for _, tt := range tests {
		reason, detail, retryable := Explain(tt.dictionary, tt.err)
		if reason != tt.reason || retryable != tt.retryable || (detail == "") != (reason == "") {
			t.Errorf("%s %q: %q, %q, %v; want %q, %v", tt.dictionary, tt.err, reason, detail, retryable, tt.reason, tt.retryable)
		}
	}
}

func TestDictionaryIsSound(t *testing.T) {
	word, number := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`), regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	for code, m := range generic {
		if !number.MatchString(code) || !word.MatchString(m.reason) || m.detail == "" {
			t.Errorf("%q: %+v", code, m)
		}
		if byReason[m.reason] != m {
			t.Errorf("%q has two meanings", m.reason)
		}
	}
}

func TestMessageStates(t *testing.T) {
	for n, s := range messageStates {
		if n > 0 && words[s.word] != s.verdict {
			t.Errorf("message_state %d is %+v, its word %q is %+v", n, s.verdict, s.word, words[s.word])
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = Explain("generic", "633")
	}
}
