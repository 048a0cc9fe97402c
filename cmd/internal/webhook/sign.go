package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"harkara/smpp/sms"
)

// The headers of Standard Webhooks.
const (
	idHeader        = "webhook-id"
	timestampHeader = "webhook-timestamp" // Unix seconds
	signatureHeader = "webhook-signature" // one or more, with spaces between
)

// tolerance is how far a receiver's clock may be from ours, and how long a copy of a request can be passed off as new.
const tolerance = 5 * time.Minute

// signature is version 1 of the standard's: HMAC-SHA-256 of the id, the time as sent and the body, with dots between.
func signature(key []byte, id, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// sign sets the three headers.
func sign(header http.Header, key []byte, id string, now time.Time, body []byte) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	header.Set(idHeader, id)
	header.Set(timestampHeader, timestamp)
	header.Set(signatureHeader, signature(key, id, timestamp, body))
}

// Verify is for receivers: it returns nil if the request was signed with the secret within five minutes of now. Of several
// signatures, as a sender makes while it changes its secret, one must be right; other versions than v1 are passed over.
// body is the request's, byte for byte as it came. A copy of a request passes for those five minutes, and every retry
// has the webhook-id of the first try: who must not act twice remembers the ids and drops those that it has seen.
func Verify(secret sms.Secret, header http.Header, body []byte, now time.Time) error {
	key, err := signingKey(secret)
	if err != nil {
		return err
	}
	id, timestamp := header.Get(idHeader), header.Get(timestampHeader)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return errors.New("not a request of Standard Webhooks: no webhook-id, or no time in webhook-timestamp")
	}
	if apart := now.Unix() - seconds; apart > int64(tolerance/time.Second) || apart < -int64(tolerance/time.Second) {
		return errors.New("webhook-timestamp is more than five minutes from now: a replay, or one of the clocks is wrong")
	}
	want, right := []byte(signature(key, id, timestamp, body)), false
	for _, got := range strings.Fields(header.Get(signatureHeader)) {
		right = hmac.Equal([]byte(got), want) || right
	}
	if !right {
		return errors.New("no signature in webhook-signature is right: another secret, or the request was changed")
	}
	return nil
}
