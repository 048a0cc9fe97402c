package templates

import (
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/smpp/sms"
)

func TestLenient(t *testing.T) {
	const content = "Dear {#var#}, {#num#} is your OTP.\r\n-ACMEBK"
	long := strings.Repeat("x", 30)
	tests := []struct {
		name, content, text string
		position            int // 0: passes
		detail              string
	}{
		{"as registered", content, "Dear Bob, 123 is your OTP.\r\n-ACMEBK", 0, ""},
		{"MSG91: special characters, spaces, enters, full stop, comma are ignored", content, "Dear  Bob; 123 is\nyour OTP -ACMEBK!", 0, ""},
		{"in variables too", content, "Dear Mr. B-o'b, 12 34 is your OTP. -ACMEBK", 0, ""},
		{"ignored characters at the ends", content, " Dear Bob, 123 is your OTP. -ACMEBK.. ", 0, ""},
		{"a variable's length is counted without them", content, "Dear " + long + strings.Repeat("-", 20) + ", 1 is your OTP. -ACMEBK", 0, ""},
		{"but no further", content, "Dear " + long + "x, 1 is your OTP. -ACMEBK", 36, `expected variable 2 (numeric), found a letter`},
		{"case counts", content, "dear Bob, 123 is your OTP. -ACMEBK", 1, `expected "D", found "d"`},
		{"a letter too few", content, "Dear Bob,  123 is yor OTP. -ACMEBK", 21, `expected "u", found "r"`},
		{"cut short", content, "Dear Bob, 123 is your OTP. -ACME", 33, `expected "B", found the end of the text`},
		{"cut short before what is ignored", content, "Dear Bob, 123 is your OTP. -ACME. ", 35, `expected "B", found the end of the text`},
		{"a typographic apostrophe is no exempted character", "Don't {#var#}", "Don’t x", 4, `expected "t", found "’"`},
		{"the plain one is", "Don't {#var#}", "Dont x", 0, ""},
		{"a danda is none either", "ओटीपी {#num#} है।", "ओटीपी 12 है", 12, `expected "।", found the end of the text`},
		{"a number has digits", content, "Dear Bob, - is your OTP. -ACMEBK", 13, `expected variable 2 (numeric), found a letter`},
		{"an address has no form that is left", "See {#url#} or {#cbn#}", "See https //acme example or 1800-123", 0, ""},
		{"all that Airtel exempts", "a{#num#}", "~`!@#$%^&*()_+={}[]a|\\/:;\"'<>,.?-1", 0, ""},
		{"and no other sign", "a{#num#}", "a₹1", 2, `expected variable 1 (numeric), found "₹"`},
		{"a number to call has digits", "Call {#cbn#}", "Call +-", 8, `expected variable 1 (cbn), found the end of the text`},
		{"a variable of ignored characters alone", "Order {#var#}.", "Order -.", 0, ""},
		{"not UTF-8", "a{#var#}", "a, \xff", 4, "expected UTF-8, found another encoding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := compile(t, tt.content).Lenient(sms.Secret(tt.text), usual())
			if v == nil {
				v = &dlt.Violation{}
			}
			if v.Position != tt.position || !strings.HasSuffix(v.Detail, tt.detail) || (v.Reason == dlt.TextMismatch) != (tt.position > 0) {
				t.Errorf("got %+v\nwant position %d: %s", v, tt.position, tt.detail)
			}
		})
	}
}
