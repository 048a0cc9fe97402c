package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"harkara/cmd/internal/otp"
)

// TestRoutesAreDescribed: each route is an operation of the document and the reverse, with its key, its body and its path.
func TestRoutesAreDescribed(t *testing.T) {
	b := openBook(t)
	var described, served []string
	for path, item := range b.objectAt(t, "openapi.yaml#/paths") {
		for method := range item.(object) {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for _, r := range routes {
		served = append(served, r.String())
		operation := b.objectAt(t, operationOf(r))
		open, isOpen := operation["security"].([]any)
		if isOpen != (r.document != nil) || len(open) > 0 {
			t.Errorf("%s: security is %v", r, operation["security"])
		}
		body, has := operation["requestBody"].(object)
		if has != (r.body != bodyUnread) || (body["required"] == true) != (r.body == bodyNeeded) {
			t.Errorf("%s: the body is %v", r, body)
		}
		_, named := b.objectAt(t, "openapi.yaml#/paths/"+strings.ReplaceAll(r.path, "/", "~1"))["parameters"]
		if named != strings.Contains(r.path, "{challenge}") {
			t.Errorf("%s: parameters are %t", r, named)
		}
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described are %v, served %v", described, served)
	}
}

func operationOf(r *route) string {
	return "openapi.yaml#/paths/" + strings.ReplaceAll(r.path, "/", "~1") + "/" + strings.ToLower(r.method)
}

// mayRefuse are the service's faults by route; those that only HTTP has are added.
var mayRefuse = map[string][]otp.Code{
	"POST /v1/otp": {otp.BadRequest, otp.Rejected, otp.NotLive, otp.LockedOut, otp.Cooldown, otp.Limited, otp.IDReused,
		otp.Unavailable},
	"POST /v1/otp/{challenge}/resend": {otp.BadRequest, otp.UnknownChallenge, otp.NotLive, otp.LockedOut, otp.TooManySends, otp.Cooldown,
		otp.CodeRequired, otp.Limited, otp.Unavailable},
	"POST /v1/otp/{challenge}/verify": {otp.BadRequest, otp.UnknownChallenge, otp.Unavailable},
	"POST /v1/otp/{challenge}/cancel": {otp.BadRequest, otp.UnknownChallenge, otp.Unavailable},
	"GET /v1/otp/{challenge}":         {otp.BadRequest, otp.UnknownChallenge, otp.Unavailable},
	"POST /v1/totp":                   {otp.BadRequest, otp.Limited, otp.Unavailable},
}

// bodies are what each route is asked with; each has to be as its schema.
var bodies = map[string][]string{
	"POST /v1/otp": {`{"to":"+919812345678","template":"1107161234567890123","purpose":"login"}`,
		`{"to":"9812345678","template":"1107161234567890123","purpose":"own","header":"ACMEBK","length":4,"ttl_s":60,"id":"a-1","code":"904417",` +
			`"vars":["{code}","x"],"keys":{"ip":"203.0.113.7"}}`},
	"POST /v1/otp/{challenge}/resend": {"", `{}`, `{"code":"904417"}`},
	"POST /v1/otp/{challenge}/verify": {`{"code":"483921"}`},
	"POST /v1/otp/{challenge}/cancel": {"", `{}`},
	"GET /v1/otp/{challenge}":         {""},
	"POST /v1/totp":                   {`{"account":"p"}`, `{"account":"p","issuer":"Acme"}`},
	"GET /v1/openapi.yaml":            {""},
	"GET /v1/asyncapi.yaml":           {""},
}

// TestAnswersAreDescribed: whatever the handler answers has a response of its operation, whose schema it is, with its headers;
// and each response of an operation does come.
func TestAnswersAreDescribed(t *testing.T) {
	b := openBook(t)
	for _, r := range routes {
		came := map[string]bool{}
		ask := func(w *world, what, body string, extra ...string) {
			t.Helper()
			resp := w.ask(r.method, strings.ReplaceAll(r.path, "{challenge}", string(acmes)), body, extra...)
			text, _ := read(t, resp)
			status := fmt.Sprint(resp.StatusCode)
			came[status] = true
			response, place := b.follow(operationOf(r) + "/responses/" + status)
			kind := resp.Header.Get("Content-Type")
			content, _ := response["content"].(object)
			if content[kind] == nil {
				t.Errorf("%s, %s: %s %s is not described", r, what, status, kind)
				return
			}
			value := []byte(text)
			if kind != "application/json" {
				value, _ = json.Marshal(text) // a text is always JSON
			}
			if err := b.validate(t, place+"/content/"+strings.ReplaceAll(kind, "/", "~1")+"/schema", value); err != nil {
				t.Errorf("%s, %s: %v", r, what, err)
			}
			for _, name := range []string{"Retry-After", "WWW-Authenticate"} {
				headers, _ := response["headers"].(object)
				if resp.Header.Get(name) != "" && headers[name] == nil {
					t.Errorf("%s, %s: %s is not described", r, what, name)
				}
			}
		}
		for _, body := range bodies[r.String()] {
			ask(newWorld(t), "answer", body)
			if body != "" {
				if err := b.validate(t, operationOf(r)+"/requestBody/content/application~1json/schema", []byte(body)); err != nil {
					t.Errorf("%s: the body %s: %v", r, body, err)
				}
			}
		}
		good := bodies[r.String()][0]
		for _, code := range mayRefuse[r.String()] {
			w := newWorld(t)
			w.refuse = &otp.Error{Code: code, Detail: "made up", Reason: "made_up"}
			if statuses[code] == 429 || code == otp.Unavailable {
				w.refuse.RetryAfter = 17
			}
			ask(w, string(code), good)
		}
		if r.document == nil {
			w := newWorld(t)
			ask(w, "no key", good, "Authorization: ")
			for range strayMost + 1 {
				ask(w, "a wrong key", good, "Authorization: Bearer x")
			}
		}
		if r.body != bodyUnread {
			ask(newWorld(t), "a long body", strings.Repeat(" ", bodyMost+1))
			ask(newWorld(t), "no JSON", "x", "Content-Type: text/plain")
			ask(newWorld(t), "half a body", "{")
			came["408"] = true // see TestSlowBody
		}
		for status := range b.objectAt(t, operationOf(r)+"/responses") {
			if !came[status] {
				t.Errorf("%s: %s is described and does not come", r, status)
			}
		}
	}
	w := newWorld(t)
	for result, answer := range map[otp.Result]otp.VerifyAnswer{otp.OK: {AttemptsLeft: 5}, otp.Wrong: {AttemptsLeft: 4}, otp.Expired: {}, otp.Used: {},
		otp.Locked: {RetryAfter: 60}} {
		answer.Result = result
		w.answer = &answer
		text, _ := read(t, w.ask("POST", base+"/verify", `{"code":"483921"}`))
		if err := b.validate(t, "openapi.yaml#/components/schemas/VerifyAnswer", []byte(text)); err != nil || !strings.Contains(text, string(result)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
