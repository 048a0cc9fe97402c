package sms

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestClasses(t *testing.T) {
	ttl := map[string]time.Duration{"otp": 5 * time.Minute, "txn": time.Hour, "bulk": 4 * time.Hour}
	for i, name := range []string{"otp", "txn", "bulk"} {
		c, err := ParseClass(name)
		if err != nil || c != Classes[i] || c.String() != name || c.DefaultTTL() != ttl[name] {
			t.Errorf("%s: %v, %v, %v", name, c, c.DefaultTTL(), err)
		}
	}
	for _, name := range []string{"", "OTP", "promo"} {
		if _, err := ParseClass(name); err == nil {
			t.Errorf("%q is a class", name)
		}
	}
	if _, err := ParseClass("promo"); err.Error() != `class "promo" is not one of otp, txn, bulk` {
		t.Error(err)
	}
	if got := Class(7).String(); got != "class(7)" {
		t.Error(got)
	}
	if OTP >= Txn || Txn >= Bulk {
		t.Error("the most urgent class is not the first")
	}
}

func TestNames(t *testing.T) {
	for i, name := range []string{"gsm7", "ucs2", "latin1"} {
		e, err := ParseEncoding(name)
		if e != Encoding(i) || err != nil || e.String() != name || e.DataCoding() != []byte{0, 8, 3}[i] {
			t.Errorf("%s: %s, %v, data_coding %d", name, e, err, e.DataCoding())
		}
	}
	for i, name := range []string{"udh", "udh8", "sar", "payload"} {
		if l, err := ParseLong(name); l != Long(i) || err != nil || l.String() != name {
			t.Errorf("%s: %s, %v", name, l, err)
		}
	}
	languages := "bengali gujarati hindi kannada malayalam oriya punjabi tamil telugu urdu"
	for i, name := range strings.Fields(languages) {
		if l, err := ParseLanguage(name); int(l) != i+4 || err != nil || l.String() != name {
			t.Errorf("%s: %s, %v", name, l, err)
		}
	}
	for _, name := range []string{"", "GSM7", "none", "turkish"} {
		_, e := ParseEncoding(name)
		_, g := ParseLong(name)
		_, l := ParseLanguage(name)
		if e == nil || g == nil || l == nil {
			t.Errorf("%q: %v, %v, %v", name, e, g, l)
		}
	}
	if got := fmt.Sprint(Encoding(3), Long(4), Language(0), Language(1), Language(14)); got !=
		"encoding(3) long(4) none language(1) language(14)" {
		t.Error(got)
	}
}

// TestFailureJSON holds the shape of a status's error object, which tenants read.
func TestFailureJSON(t *testing.T) {
	b, err := json.Marshal(Failure{Stage: StageReceipt, Code: "633", Reason: "template_not_matched", Detail: "d", Retryable: true})
	want := `{"stage":"receipt","code":"633","reason":"template_not_matched","detail":"d","retryable":true}`
	if string(b) != want || err != nil {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
}
