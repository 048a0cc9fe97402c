package dispatch

import (
	"fmt"
	"testing"
	"time"

	"harkara/smpp/sms"
)

func TestShapes(t *testing.T) {
	for _, tt := range []struct {
		vars []sms.Secret
		want string
	}{
		{nil, ""},
		{[]sms.Secret{"483921"}, "6n"},
		{[]sms.Secret{"483921", "10", "Acme"}, "6n 2n 4a"},
		{[]sms.Secret{""}, "0x"},
		{[]sms.Secret{"A1", "Acme Bank", "10.50", "१२३"}, "2x 9x 5x 3x"},
		{[]sms.Secret{"नमस्ते", "é"}, "6a 1a"},
		{[]sms.Secret{"https://acme.example/x", "HTTP://acme.example", "acme.example", "ftp://acme.example", "://"}, "22u 19u 12x 18x 3x"},
	} {
		if got := shapes(tt.vars); got != tt.want {
			t.Errorf("%d variables: %q, want %q", len(tt.vars), got, tt.want)
		}
	}
}

// Facts are made under the tenant's key of the request's time, however late it is planned.
func TestFactsAreOfTheRequest(t *testing.T) {
	b := newBench(t, nil)
	req := otp(func(r *sms.Request) { r.Requested = time.Now().Add(-30 * time.Second) })
	if err := b.Send(t.Context(), req, Past{}); err != nil {
		t.Fatal(err)
	}
	f, of := b.ledger.events[0].Facts, fmt.Sprintf(" acme %s", req.Requested)
	if string(f.ToDigest) != "digest"+of || string(f.ToSealed) != "sealed"+of || string(f.Digest) != "text"+of || f.ToMark != 7 || f.Variables != "6n" {
		t.Errorf("facts %+v", f)
	}
}
