package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"harkara/cmd/internal/otp"
)

// The faults that only HTTP has.
const (
	unauthorized otp.Code = "unauthorized"
	notFound     otp.Code = "not_found"
	badMethod    otp.Code = "method_not_allowed"
	tooLarge     otp.Code = "too_large"
	notJSON      otp.Code = "not_json"
	timedOut     otp.Code = "timed_out"
)

var statuses = map[otp.Code]int{
	otp.BadRequest:       http.StatusBadRequest,
	unauthorized:         http.StatusUnauthorized,
	notFound:             http.StatusNotFound,
	otp.UnknownChallenge: http.StatusNotFound,
	badMethod:            http.StatusMethodNotAllowed,
	timedOut:             http.StatusRequestTimeout,
	otp.IDReused:         http.StatusConflict,
	tooLarge:             http.StatusRequestEntityTooLarge,
	notJSON:              http.StatusUnsupportedMediaType,
	otp.Rejected:         http.StatusUnprocessableEntity,
	otp.NotLive:          http.StatusUnprocessableEntity,
	otp.CodeRequired:     http.StatusUnprocessableEntity,
	otp.Cooldown:         http.StatusTooManyRequests,
	otp.TooManySends:     http.StatusTooManyRequests,
	otp.Limited:          http.StatusTooManyRequests,
	otp.LockedOut:        http.StatusTooManyRequests,
	otp.Unavailable:      http.StatusServiceUnavailable,
}

// bodyRule says what body a route takes.
type bodyRule int

const (
	bodyUnread bodyRule = iota
	bodyAllowed
	bodyNeeded
)

// bodyMost is in bytes, as over NATS.
const bodyMost = 8 << 10

// readBody returns the request's body, which is to be JSON.
func readBody(w http.ResponseWriter, req *http.Request, rule bodyRule) ([]byte, *otp.Error) {
	if rule == bodyUnread {
		return nil, nil
	}
	if kind := req.Header.Get("Content-Type"); kind != "" || rule == bodyNeeded {
		if !isJSON(kind) {
			return nil, &otp.Error{Code: notJSON, Detail: "want Content-Type: application/json"}
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, bodyMost))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, &otp.Error{Code: tooLarge, Detail: fmt.Sprintf("a body has at most %d bytes", bodyMost)}
	case err != nil: // its text may tell of the body
		return nil, &otp.Error{Code: timedOut, Detail: "the body did not come whole, or not in time"}
	case len(body) > 0 && req.Header.Get("Content-Type") == "":
		return nil, &otp.Error{Code: notJSON, Detail: "want Content-Type: application/json"}
	}
	return body, nil
}

// isJSON takes parameters too: application/json has none, and charset=utf-8 is what many send all the same.
func isJSON(kind string) bool {
	media, params, err := mime.ParseMediaType(kind)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// respond writes an answer, or why there is none, and returns its status.
func respond(w http.ResponseWriter, answer any, refused *otp.Error) int {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if document, ok := answer.([]byte); ok && refused == nil {
		header.Set("Content-Type", "application/yaml") // RFC 9512
		_, _ = w.Write(document)                       // the reader went away: nothing to be done
		return http.StatusOK
	}
	code := http.StatusOK
	if refused != nil {
		code, answer = statuses[refused.Code], otp.Fault{Error: refused}
		if refused.RetryAfter > 0 {
			header.Set("Retry-After", strconv.Itoa(refused.RetryAfter))
		}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // for people: a URI with & in it stays one
	if err := enc.Encode(answer); err != nil {
		panic("an answer of the OTP service is no JSON: " + err.Error()) // a fault of ours: its types are plain
	}
	header.Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(text.Bytes()) // as above
	return code
}
