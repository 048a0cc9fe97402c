package api

import (
	"strings"
	"testing"

	"harkara/cmd/internal/otp"
)

// TestContentType: JSON only, and no body is none that is wrong where none is needed.
func TestContentType(t *testing.T) {
	for _, tt := range []struct {
		path, body, kind string
		status           int
	}{
		{"/verify", `{"code":"1"}`, "application/json", 200},
		{"/verify", `{"code":"1"}`, "Application/JSON; charset=UTF-8", 200},
		{"/verify", `{"code":"1"}`, "application/json; charset=latin1", 415},
		{"/verify", `{"code":"1"}`, "application/x-www-form-urlencoded", 415},
		{"/verify", `{"code":"1"}`, "text/plain", 415},
		{"/verify", `{"code":"1"}`, "application/json, text/plain", 415},
		{"/verify", `{"code":"1"}`, "application/jsonp", 415},
		{"/verify", `{"code":"1"}`, ";", 415},
		{"/verify", `{"code":"1"}`, "", 415},
		{"/verify", ``, "", 415},
		{"/verify", ``, "application/json", 400},
		{"/resend", ``, "", 200},
		{"/resend", ``, "application/json", 200},
		{"/resend", ``, "text/plain", 415},
		{"/resend", `{}`, "", 415},
		{"/resend", `{}`, "text/plain", 415},
		{"/cancel", ``, "", 200},
		{"/cancel", `{}`, "application/json", 200},
	} {
		w := newWorld(t)
		resp := w.ask("POST", base+tt.path, tt.body, "Content-Type: "+tt.kind)
		_, fault := read(t, resp)
		want := map[int]otp.Code{415: notJSON, 400: otp.BadRequest}[tt.status]
		if resp.StatusCode != tt.status || fault.Code != want {
			t.Errorf("%s %q as %q: %d %v, want %d", tt.path, tt.body, tt.kind, resp.StatusCode, fault, tt.status)
		}
	}
}

// TestBadBodies: the fault tells what is wrong and quotes nothing; the service is not asked.
func TestBadBodies(t *testing.T) {
	deep := strings.Repeat(`[`, 3000)
	for _, tt := range []struct{ path, body, want string }{
		{base + "/verify", `{"code":"48392107","code":"48392108"}`, "a field stands twice"},
		{base + "/verify", `{"code":"48392107","challenge":"k3v2n6tq4hxw7mzbp5rcy2dgsa"}`, `unknown field "challenge"`},
		{base + "/verify", `{"code":48392107}`, "code: want string, have number"},
		{base + "/verify", `{"Code":"48392107"}`, "unknown field"},
		{base + "/verify", `{"code":"48392107"`, "the JSON object is cut off"},
		{base + "/verify", `{"code":` + deep + strings.Repeat(`]`, 3000) + `}`, "code: want string, have array"},
		{base + "/verify", deep, "the JSON object is cut off"},
		{base + "/verify", `["48392107"]`, "not a JSON object"},
		{base + "/verify", `null`, "not a JSON object"},
		{base + "/verify", "\xef\xbb\xbf" + `{"code":"48392107"}`, "syntax error at byte 1"},
		{base + "/resend", `{"to":"+919848392107"}`, `unknown field "to"`},
		{base + "/cancel", `{"code":"48392107"}`, `unknown field "code"`},
		{"/v1/otp", `{"phone":"+919848392107"}`, `unknown field "phone"`},
		{"/v1/otp", `{"to":"+919848392107","to":"+919848392108"}`, "a field stands twice"},
		{"/v1/otp", `{"keys":{"ip":"1","ip":"2"}}`, "a field stands twice"},
		{"/v1/totp", `{"account":48392107}`, "account: want string, have number"},
	} {
		w := newWorld(t)
		resp := w.ask("POST", tt.path, tt.body)
		text, fault := read(t, resp)
		if resp.StatusCode != 400 || fault != (otp.Error{Code: otp.BadRequest, Detail: tt.want}) {
			t.Errorf("%.60s: %d %v, want %s", tt.body, resp.StatusCode, fault, tt.want)
		}
		if strings.Contains(text+w.log.String()+strings.Join(w.traced, ""), "483921") || len(w.asked) > 0 {
			t.Errorf("%.60s: answered %s, logged %s, asked %q", tt.body, text, w.log.String(), w.asked)
		}
	}
}
