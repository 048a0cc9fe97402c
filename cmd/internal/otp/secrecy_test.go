package otp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"harkara/smpp/sms"
)

// TestNothingInTheClear: no code, number, variable or key is in what is kept of a subject, in its events or in its faults, as it is
// or in an encoding of it. Codes have ten digits here, so that none is found by chance.
func TestNothingInTheClear(t *testing.T) {
	w := newWorld(t)
	w.p.Length, w.p.Tries, w.p.LockAfter = 10, 2, 3
	secrets := map[string]string{"number": number.Digits(), "number without 91": number.Digits()[2:], "variable": "order-Kx7",
		"own code": "7141-9926", "typed code": "5550001234", "idempotency key": "order-1", "key": string(fill(2)), "index key": string(fill(1))}
	var written []string
	write := func(what string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, what+" "+string(data)+fmt.Sprintf(" %v %+v", v, v))
	}
	note := func(out Outcome, err *Error) {
		if out.Send != nil {
			secrets[fmt.Sprintf("code %d of %s", out.Send.Number, out.Send.Challenge)] = out.Send.Code.Reveal()
			write("send", *out.Send)
		}
		write("events", out.Events)
		write("answer", out.Answer)
		write("fault", err)
		write("subject", w.kept())
	}
	for i, own := range []sms.Secret{"", "7141-9926"} {
		in := input()
		in.Own, in.RequestID = own, []string{"order-1", ""}[i]
		note(w.tryRequest(in))
		id := w.s.newest().ID
		note(w.told(id, 1, Sent, "sim-a"), nil)
		note(w.s.Resend(w.k, w.p, id, own, w.now))
		w.wait(40 * time.Second)
		note(w.s.Resend(w.k, w.p, id, "5550001234", w.now))
		note(w.s.Resend(w.k, w.p, id, own, w.now))
		_, out, err := w.s.Verify(w.k, w.p, id, "5550001234", w.now)
		note(out, err)
		note(w.told(id, 2, Failed, "sim-a"), nil)
		w.wait(40 * time.Second)
		note(w.due(id), nil)
		_, out, err = w.s.Verify(w.k, w.p, id, "5550001234", w.now)
		note(out, err)
	}
	note(w.tryRequest(input()))
	if len(secrets) < 11 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	for _, text := range written {
		for what, secret := range secrets {
			for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret))[:len(secret)]} {
				if strings.Contains(text, form) {
					t.Errorf("%s is in %.200s", what, text)
				}
			}
		}
	}
}
