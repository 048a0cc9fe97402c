package receipt

import (
	"testing"

	"harkara/dlt"
)

func dictionary(t testing.TB, name string) *dlt.Dictionary {
	t.Helper()
	d, err := dlt.ErrorDictionary(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMeaning(t *testing.T) {
	tests := []struct {
		dictionary, err, stat string
		reason                string
	}{
		{"generic", "633", "REJECTD", "template_not_matched"},
		{"generic", "633", "", "template_not_matched"},
		{"generic", "TEMPLATE_NOT_MATCHED", "UNDELIV", "template_not_matched"},
		{"generic", "000", "TEMPLATE-NOT-MATCHED", "template_not_matched"},
		{"generic", "", "TEMPLATE_NOT_MATCHED", "template_not_matched"},
		{"generic", "999", "TEMPLATE_NOT_MATCHED", "template_not_matched"}, // the code is not known, the word is
		{"generic", "630", "TEMPLATE_NOT_MATCHED", "template_not_found"},   // both are
		{"generic", "001", "ENROUTE", "unknown_subscriber"},
		{"generic", "000", "UNDELIV", ""}, {"generic", "", "", ""}, {"generic", "20A", "UNDELIV", ""},
		{"generic", "006", "DELIVRD", ""}, {"generic", "633", "delivered", ""},
		{"generic", "023", "TL-NT-MTCHD", ""}, {"kaleyra", "023", "TL-NT-MTCHD", "template_not_matched"},
		{"kaleyra", "000", "MOB-OFF", "absent_subscriber"}, {"kaleyra", "011", "FAILED", "system_failure"},
		{"infobip", "4147", "UNDELIV", "header_suspended_due_to_usage"}, {"vi", "5307", "REJECTD", "template_not_matched"},
	}
	for _, tt := range tests {
		got, ok := Meaning(dictionary(t, tt.dictionary), tt.err, tt.stat)
		if got.Reason != tt.reason || ok != (tt.reason != "") {
			t.Errorf("%s err:%s stat:%s: %v, %+v; want %q", tt.dictionary, tt.err, tt.stat, ok, got, tt.reason)
		}
	}
}

// TestMeaningsOfCodes: with their details, however they are written.
func TestMeaningsOfCodes(t *testing.T) {
	tests := []struct {
		err       string
		reason    string
		retryable bool
	}{
		{"633", "template_not_matched", false},
		{" 0633 ", "template_not_matched", false},
		{"TEMPLATE_NOT_MATCHED", "template_not_matched", false},
		{"Template-Not-Matched", "template_not_matched", false},
		{"650", "preference_not_matched", false},
		{"670", "scrubbing_failed", true},
		{"027", "absent_subscriber", true},
		{"34", "system_failure", true},
		{"999", "", false},
	}
	for _, tt := range tests {
		got, _ := Meaning(dictionary(t, "generic"), tt.err, "")
		if got.Reason != tt.reason || got.Retryable != tt.retryable || (got.Detail == "") != (got.Reason == "") {
			t.Errorf("%q: %+v; want %q, %v", tt.err, got, tt.reason, tt.retryable)
		}
	}
}

// TestWordsOfStatAreNoReasons holds that no dictionary takes a value of stat for an error: that decides the state.
func TestWordsOfStatAreNoReasons(t *testing.T) {
	for stat := range words {
		if isReason(stat) {
			t.Errorf("%s", stat)
		}
	}
	for _, stat := range []string{"", "HELD", "633", "023", "41C", "EC_4147"} {
		if isReason(stat) {
			t.Errorf("%q", stat)
		}
	}
	for _, stat := range []string{"TL-NT-MTCHD", "template_not_found", "Mob-Off", "EC_ENTITY_INACTIVE", "HDR_OP_INACTIVE"} {
		if !isReason(stat) {
			t.Errorf("%q is none", stat)
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

func BenchmarkMeaning(b *testing.B) {
	d := dictionary(b, "generic")
	for _, r := range [][2]string{{"000", "DELIVRD"}, {"633", "REJECTD"}} {
		b.Run("err:"+r[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Meaning(d, r[0], r[1])
			}
		})
	}
}
