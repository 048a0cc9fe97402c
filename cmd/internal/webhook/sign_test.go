package webhook

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

const other sms.Secret = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

// signed makes the headers of a request.
func signed(t interface{ Fatal(...any) }, secret sms.Secret, id string, at time.Time, body string) http.Header {
	key, err := signingKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	sign(header, key, id, at, []byte(body))
	return header
}

// TestSignature is one signature that the standard's own libraries are tested by.
func TestSignature(t *testing.T) {
	header := signed(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0),
		`{"test": 2432232314}`)
	want := map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
	for name, value := range want {
		if got := header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}

func TestVerify(t *testing.T) {
	const body = `{"event":"verified"}`
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	ofOther := signed(t, other, "SMS_STATUS-7", now, body).Get(signatureHeader)
	right := signed(t, secret, "SMS_STATUS-7", now, body).Get(signatureHeader)
	for _, tt := range []struct {
		name   string
		secret sms.Secret
		late   time.Duration // of the receiver's clock
		body   string
		change func(http.Header)
		wrong  string // in the error; empty: none
	}{
		{name: "as sent"},
		{name: "a copy just in time", late: 5 * time.Minute},
		{name: "a copy too late", late: 5*time.Minute + time.Second, wrong: "replay"},
		{name: "a copy a year later", late: 365 * 24 * time.Hour, wrong: "replay"},
		{name: "from the near future", late: -5 * time.Minute},
		{name: "from the future", late: -5*time.Minute - time.Second, wrong: "replay"},
		{name: "old, with a new time", late: time.Hour, change: set(timestampHeader, strconv.FormatInt(now.Unix()+3600, 10)),
			wrong: "no signature"},
		{name: "another secret", secret: other, wrong: "no signature"},
		{name: "a secret that is none", secret: "hush", wrong: "the secret"},
		{name: "no secret", secret: "-", wrong: "the secret"},
		{name: "another body", body: `{"event":"failed"}`, wrong: "no signature"},
		{name: "a space more", body: body + " ", wrong: "no signature"},
		{name: "another id", change: set(idHeader, "SMS_STATUS-8"), wrong: "no signature"},
		{name: "no id", change: set(idHeader, ""), wrong: "no webhook-id"},
		{name: "no time", change: set(timestampHeader, ""), wrong: "webhook-timestamp"},
		{name: "no such time", change: set(timestampHeader, "today"), wrong: "webhook-timestamp"},
		{name: "least time", change: set(timestampHeader, "-9223372036854775808"), wrong: "replay"},
		{name: "last time", change: set(timestampHeader, "9223372036854775807"), wrong: "replay"},
		{name: "no signature", change: set(signatureHeader, ""), wrong: "no signature"},
		{name: "an empty signature", change: set(signatureHeader, "v1,"), wrong: "no signature"},
		{name: "half a signature", change: set(signatureHeader, right[:len(right)/2]), wrong: "no signature"},
		{name: "of another version", change: set(signatureHeader, "v1a,"+right[3:]), wrong: "no signature"},
		{name: "of no version", change: set(signatureHeader, right[3:]), wrong: "no signature"},
		{name: "the right one last", change: set(signatureHeader, "v1a,AAAA v1,%% "+ofOther+"  "+right)},
		{name: "the right one first", change: set(signatureHeader, right+" "+ofOther)},
		{name: "two wrong ones", change: set(signatureHeader, ofOther+" "+ofOther), wrong: "no signature"},
	} {
		header := signed(t, secret, "SMS_STATUS-7", now, body)
		if tt.change != nil {
			tt.change(header)
		}
		with, got := secret, body
		if tt.secret != "" {
			with = sms.Secret(strings.TrimPrefix(tt.secret.Reveal(), "-"))
		}
		if tt.body != "" {
			got = tt.body
		}
		err := Verify(with, header, []byte(got), now.Add(tt.late))
		if (tt.wrong == "") != (err == nil) || !strings.Contains(text(err), tt.wrong) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.wrong)
		}
	}
}

// TestVerifyHoldsToEveryBit: what was signed passes, and no longer once one bit of it is another.
func TestVerifyHoldsToEveryBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[A-Za-z0-9_.-]{1,40}`).Draw(t, "id")
		body := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "body")
		header := signed(t, secret, id, now, string(body))
		if err := Verify(secret, header, body, now); err != nil {
			t.Fatal(err)
		}
		body[rapid.IntRange(0, len(body)-1).Draw(t, "octet")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if Verify(secret, header, body, now) == nil {
			t.Fatal("a changed body passes")
		}
	})
}

// FuzzVerify: whatever the headers are, nothing passes that was not signed.
func FuzzVerify(f *testing.F) {
	const body = `{"event":"sent"}`
	right := signed(f, secret, "SMS_STATUS-1", now, body).Get(signatureHeader)
	f.Add("SMS_STATUS-1", "1790000000", right, body)
	f.Add("SMS_STATUS-1", "1790000000", "v1, v1,= v1a,AAAA ,", body)
	f.Add("", "+1790000000", right+" "+right, "")
	f.Add("SMS_STATUS-1.1790000000", "1790000000", right, body)
	f.Fuzz(func(t *testing.T, id, timestamp, signatures, got string) {
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signatures}}
		err := Verify(secret, header, []byte(got), now)
		ours := id == "SMS_STATUS-1" && timestamp == "1790000000" && got == body
		if (err == nil) != (ours && slices.Contains(strings.Fields(signatures), right)) {
			t.Fatalf("%q %q %q %q: %v", id, timestamp, signatures, got, err)
		}
	})
}
