package api

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
	documents "harkara/deploy/api"
)

const base = "/v1/otp/" + string(acmes)

// TestCalls: what the service is asked, and what comes back of it, to the byte.
func TestCalls(t *testing.T) {
	for _, tt := range []struct{ method, path, body, asked, answer string }{
		{"POST", "/v1/otp", `{"to":"+919812345678","template":"1107","purpose":"login"}`,
			`acme {RequestCall:{To:+919812345678 Template:1107 Purpose:login Header: Length:0 TTL:<nil> ID: Code:*** Vars:[] Keys:map[]} ttl:0} `,
			`{"challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa","expires_at":"2026-11-22T10:16:12.345Z","resend_after":30}`},
		{"POST", "/v1/otp", `{"to":"9812345678","template":"1107","purpose":"own","header":"ACMEBK","length":4,"ttl_s":60,"id":"a-1","code":"904417",` +
			`"vars":["{code}","x"],"keys":{"ip":"203.0.113.7"}}`,
			`acme {RequestCall:{To:9812345678 Template:1107 Purpose:own Header:ACMEBK Length:4 TTL:<nil> ID:a-1 Code:*** Vars:[{code} x] ` +
				`Keys:map[ip:203.0.113.7]} ttl:60} 904417`,
			`{"challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa","expires_at":"2026-11-22T10:16:12.345Z","resend_after":30,"warnings":["a made-up warning"]}`},
		{"POST", base + "/verify", `{"code":"483921"}`, `acme {Challenge:k3v2n6tq4hxw7mzbp5rcy2dgsa Code:***} 483921`, `{"result":"ok","attempts_left":5}`},
		{"POST", base + "/resend", ``, `acme {Challenge:k3v2n6tq4hxw7mzbp5rcy2dgsa Code:***} `,
			`{"challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa","expires_at":"2026-11-22T10:16:12.345Z","resend_after":-1}`},
		{"POST", base + "/resend", `{"code":"904417"}`, `acme {Challenge:k3v2n6tq4hxw7mzbp5rcy2dgsa Code:***} 904417`,
			`{"challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa","expires_at":"2026-11-22T10:16:12.345Z","resend_after":-1}`},
		{"POST", base + "/cancel", `{}`, `acme {Challenge:k3v2n6tq4hxw7mzbp5rcy2dgsa Code:***} `,
			`{"challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa","state":"cancelled","purpose":"totp","to_last4":"","requested_at":"0001-01-01T00:00:00Z",` +
				`"expires_at":"0001-01-01T00:00:00Z","sends":0,"attempts_left":0,"resend_after":0,"delivered":false,"smscs":[]}`},
		{"GET", base, ``, `acme {Challenge:k3v2n6tq4hxw7mzbp5rcy2dgsa Code:***} `,
			`{"challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa","state":"live","purpose":"login","to_last4":"5678","requested_at":"2026-11-22T10:11:12.345Z",` +
				`"expires_at":"2026-11-22T10:16:12.345Z","sends":2,"attempts_left":5,"resend_after":17,"delivered":true,"smscs":["operator-a","webhook:voice"]}`},
		{"POST", "/v1/totp", `{"account":"p","issuer":"Acme"}`, `acme {Account:p Issuer:Acme} `,
			`{"challenge":"totp_k3v2n6tq4hxw7mzbp5rcy2dgsa","uri":"otpauth://totp/Acme:p?secret=MFRGG&issuer=Acme","qr":"UE5H"}`},
	} {
		w := newWorld(t)
		resp := w.ask(tt.method, tt.path, tt.body)
		text, _ := read(t, resp)
		if resp.StatusCode != 200 || text != tt.answer+"\n" {
			t.Errorf("%s %s: %d %s, want %s", tt.method, tt.path, resp.StatusCode, text, tt.answer)
		}
		if !slices.Equal(w.asked, []string{tt.asked}) {
			t.Errorf("%s %s asked %q, want %q", tt.method, tt.path, w.asked, tt.asked)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", tt.method, tt.path, name, got, want)
			}
		}
	}
}

// TestFaults: each fault of the service has its status, and waiting is told in the header too.
func TestFaults(t *testing.T) {
	for code, status := range map[otp.Code]int{otp.BadRequest: 400, otp.UnknownChallenge: 404, otp.Rejected: 422, otp.NotLive: 422, otp.CodeRequired: 422,
		otp.IDReused: 409, otp.Cooldown: 429, otp.TooManySends: 429, otp.Limited: 429, otp.LockedOut: 429, otp.Unavailable: 503} {
		for _, retry := range []int{0, 17} {
			w := newWorld(t)
			w.refuse = &otp.Error{Code: code, Detail: "made up", Reason: "r", RetryAfter: retry}
			resp := w.ask("POST", base+"/resend", "")
			_, fault := read(t, resp)
			if resp.StatusCode != status || fault != *w.refuse || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %+v, want %d", code, resp.StatusCode, fault, status)
			}
			if after := resp.Header.Get("Retry-After"); after != map[int]string{17: "17"}[retry] {
				t.Errorf("%s: Retry-After is %q", code, after)
			}
		}
	}
}

// TestNoSuchThing: other paths, unclean ones and other methods, all in JSON, and none leads elsewhere.
func TestNoSuchThing(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		status       int
		code         otp.Code
		allow        string
	}{
		{"GET", "/", 404, notFound, ""},
		{"GET", "/v1", 404, notFound, ""},
		{"GET", "/v1/", 404, notFound, ""},
		{"POST", "/v1/otp/", 404, notFound, ""},
		{"POST", "/v1//otp", 404, notFound, ""},
		{"POST", "/v1/./otp", 404, notFound, ""},
		{"POST", "/v1/x/../otp", 404, notFound, ""},
		{"POST", "/v1/otp/%2e%2e/otp", 404, notFound, ""},
		{"POST", "/v1/OTP", 404, notFound, ""},
		{"POST", base + "/steal", 404, notFound, ""},
		{"POST", base + "/verify/", 404, notFound, ""},
		{"POST", base + "/verify/again", 404, notFound, ""},
		{"GET", "/v1/otp", 405, badMethod, "POST"},
		{"HEAD", base, 405, badMethod, "GET"},
		{"OPTIONS", "/v1/otp", 405, badMethod, "POST"},
		{"DELETE", base, 405, badMethod, "GET"},
		{"GET", base + "/verify", 405, badMethod, "POST"},
		{"PUT", "/v1/totp", 405, badMethod, "POST"},
		{"TRACE", "/v1/otp", 405, badMethod, "POST"},
		{"post", "/v1/otp", 405, badMethod, "POST"},
		{"HEAD", "/v1/openapi.yaml", 405, badMethod, "GET"},
		{"POST", "/v1/asyncapi.yaml", 405, badMethod, "GET"},
	} {
		w := newWorld(t)
		resp := w.ask(tt.method, tt.path, "{}")
		_, fault := read(t, resp)
		if resp.StatusCode != tt.status || fault.Code != tt.code || resp.Header.Get("Allow") != tt.allow || resp.Header.Get("Location") != "" ||
			resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %v %v", tt.method, tt.path, resp.StatusCode, fault, resp.Header)
		}
		if len(w.asked) > 0 {
			t.Errorf("%s %s asked the service %q", tt.method, tt.path, w.asked)
		}
	}
}

// TestAnotherTenantsChallenge is answered as one that nobody has, to the byte, and as what is no id at all.
func TestAnotherTenantsChallenge(t *testing.T) {
	w := newWorld(t)
	for _, call := range []struct{ method, rest, body string }{{"GET", "", ""}, {"POST", "/verify", `{"code":"483921"}`}, {"POST", "/resend", ""},
		{"POST", "/cancel", ""}} {
		var first string
		for _, id := range []string{string(acmes), "aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "a%2Fb", "%00", "totp_" + string(acmes)} {
			resp := w.ask(call.method, "/v1/otp/"+id+call.rest, call.body, "Authorization: Bearer "+w.globex.Reveal())
			text, fault := read(t, resp)
			if first == "" {
				first = text
			}
			if resp.StatusCode != 404 || fault.Code != otp.UnknownChallenge || text != first {
				t.Errorf("%s %s%s: %d %s, want %s", call.method, id, call.rest, resp.StatusCode, text, first)
			}
		}
	}
}

// TestDocuments are there without a key, as they are in the program.
func TestDocuments(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string][]byte{"/v1/openapi.yaml": documents.OpenAPI, "/v1/asyncapi.yaml": documents.AsyncAPI} {
		resp := w.ask("GET", path, "", "Authorization: ")
		text, _ := read(t, resp)
		if resp.StatusCode != 200 || text != string(want) || resp.Header.Get("Content-Type") != "application/yaml" ||
			resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v, %d bytes", path, resp.StatusCode, resp.Header, len(text))
		}
	}
}

// TestTrace: routes are named, whatever the path holds, and a tenant only where it is proved.
func TestTrace(t *testing.T) {
	w := newWorld(t)
	w.ask("POST", base+"/verify", `{"code":"483921"}`)
	w.ask("POST", base+"/verify", `{"code":483921}`)
	w.ask("POST", base+"/verify", `{"code":"483921"}`, "Authorization: Bearer hk_acme_x")
	w.ask("GET", base+"/verify", "")
	w.ask("GET", "/483921", "")
	w.ask("GET", "/v1/openapi.yaml", "")
	want := []string{"acme|POST /v1/otp/{challenge}/verify|200", "acme|POST /v1/otp/{challenge}/verify|400", "|POST /v1/otp/{challenge}/verify|401",
		"|POST /v1/otp/{challenge}/verify|405", "|none|404", "|GET /v1/openapi.yaml|200"}
	if !slices.Equal(w.traced, want) {
		t.Errorf("traced\n%s\nwant\n%s", strings.Join(w.traced, "\n"), strings.Join(want, "\n"))
	}
	bare := Handler(Config{Service: w.fake, Keys: &APIKeys{}, Log: nil})
	w.Handler = bare
	if resp := w.ask("GET", "/v1/openapi.yaml", ""); resp.StatusCode != 200 {
		t.Errorf("without a trace: %d", resp.StatusCode)
	}
}

// TestCallerGoesAway: what was begun is seen through, but not for ever.
func TestCallerGoesAway(t *testing.T) {
	w := newWorld(t)
	w.expects = func(ctx context.Context) {
		end, bounded := ctx.Deadline()
		if ctx.Err() != nil || !bounded || time.Until(end) > callPatience {
			t.Errorf("the service is given %v, until %v", ctx.Err(), end)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w.askWithin(gone, "POST", base+"/verify", `{"code":"483921"}`)
	if len(w.asked) != 1 {
		t.Errorf("asked %q", w.asked)
	}
}
