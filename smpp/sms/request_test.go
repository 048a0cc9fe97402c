package sms

import (
	"encoding/json"
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

func TestEncodings(t *testing.T) {
	if GSM7.String() != "gsm7" || UCS2.String() != "ucs2" || GSM7.DataCoding() != 0 || UCS2.DataCoding() != 8 {
		t.Errorf("%s %d, %s %d", GSM7, GSM7.DataCoding(), UCS2, UCS2.DataCoding())
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
