package smsctest

import (
	"encoding/json"
	"testing"
	"time"

	"harkara/smpp/sms"
)

func secret(s string) sms.Secret { return sms.Secret(s) }

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// elapse lets the bubble's clock go on; nothing waits for it in earnest.
func elapse(d time.Duration) { <-time.After(d) }
