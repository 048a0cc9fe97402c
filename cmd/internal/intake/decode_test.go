package intake

import (
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/smpp/sms"
)

func TestDecode(t *testing.T) {
	const good = `"id":"r1","to":"+919812345678","template":"1107161234567890123"`
	tests := []struct {
		name, body string
		code, says string // of the failure; empty: none
	}{
		{"least", `{` + good + `}`, "", ""},
		{"all", `{` + good + `,"header":"ACMEBK","vars":["483921","10"],"ttl_s":60,"ref":"x"}`, "", ""},
		{"bare number", `{"id":"r1","to":"9812345678","template":"1"}`, "", ""},
		{"unknown fields are left alone", `{` + good + `,"more":1}`, "", ""},
		{"not JSON", `{`, "bad_request", "syntax error at byte 1"},
		{"an array", `[]`, "bad_request", "want an object, have array"},
		{"empty", ``, "bad_request", "syntax error"},
		{"wrong type", `{"id":"r1","to":9812345678,"template":"1"}`, "bad_request", "to: want string"},
		{"no id", `{"to":"9812345678","template":"1"}`, "bad_request", "id:"},
		{"bad id", `{"id":"a b","to":"9812345678","template":"1"}`, "bad_request", "id:"},
		{"long id", `{"id":"` + strings.Repeat("a", 65) + `","to":"9812345678","template":"1"}`, "bad_request", "id:"},
		{"no template", `{"id":"r1","to":"9812345678"}`, "bad_request", "template: required"},
		{"no number", `{"id":"r1","template":"1"}`, "bad_request", "to: required"},
		{"nine digits", `{"id":"r1","to":"981234567","template":"1"}`, "bad_number", "ten digits"},
		{"a landline", `{"id":"r1","to":"2212345678","template":"1"}`, "bad_number", "6-9"},
		{"another country", `{"id":"r1","to":"+4412345678901","template":"1"}`, "bad_number", "91"},
		{"ttl 0", `{` + good + `,"ttl_s":0}`, "bad_request", "ttl_s"},
		{"ttl beyond a week", `{` + good + `,"ttl_s":604801}`, "bad_request", "ttl_s"},
		{"a phone's number for a ttl", `{` + good + `,"ttl_s":9812345678.5}`, "bad_request", "ttl_s: want int, have number"},
		{"long ref", `{` + good + `,"ref":"` + strings.Repeat("é", 129) + `"}`, "bad_request", "ref"},
		{"a template that is a text", `{"id":"r1","to":"9812345678","template":"483921 is your OTP"}`, "bad_request", "template"},
		{"a huge header", `{` + good + `,"header":"` + strings.Repeat("A", 1<<19) + `"}`, "bad_request", "header"},
		{"eight to avoid", `{` + good + `,"avoid":["sim-a","b","c","d","e","f","g","` + strings.Repeat("h", 32) + `"]}`, "", ""},
		{"nine to avoid", `{` + good + `,"avoid":["a","b","c","d","e","f","g","h","i"]}`, "bad_request", "avoid: at most 8"},
		{"a text to avoid", `{` + good + `,"avoid":["483921 is your OTP"]}`, "bad_request", "avoid: want ids"},
		{"nobody to avoid", `{` + good + `,"avoid":[""]}`, "bad_request", "avoid: want ids"},
		{"a long id to avoid", `{` + good + `,"avoid":["` + strings.Repeat("h", 33) + `"]}`, "bad_request", "avoid: want ids"},
		{"one to avoid", `{` + good + `,"avoid":"sim-a"}`, "bad_request", "avoid: want []string, have string"},
		{"ref at its limit", `{` + good + `,"ref":"` + strings.Repeat("é", 128) + `"}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := sms.Request{Class: sms.Txn, Requested: time.Unix(1000, 0)}
			f := decode([]byte(tt.body), &req)
			switch {
			case f == nil && tt.code != "":
				t.Errorf("taken, want %s", tt.code)
			case f != nil && (f.Code != tt.code || !strings.Contains(f.Detail, tt.says)):
				t.Errorf("got %s: %s; want %s with %q", f.Code, f.Detail, tt.code, tt.says)
			case f != nil && strings.Contains(f.Detail, "9812345678"):
				t.Errorf("the number is in the clear: %s", f.Detail)
			case strings.Contains(tt.body, `"id":"r1"`) && req.ID != "r1":
				t.Errorf("id is %q: what can be read must be", req.ID)
			case f == nil && req.To != "919812345678":
				t.Errorf("number is %q", req.To.Digits())
			}
		})
	}
}

func TestDecodeDeadline(t *testing.T) {
	at := time.Unix(1000, 0)
	for body, want := range map[string]time.Duration{
		`{"id":"r","to":"9812345678","template":"1"}`:              300 * time.Second,
		`{"id":"r","to":"9812345678","template":"1","ttl_s":7}`:    7 * time.Second,
		`{"id":"r","to":"9812345678","template":"1","ttl_s":null}`: 300 * time.Second,
	} {
		req := sms.Request{Class: sms.OTP, Requested: at}
		if f := decode([]byte(body), &req); f != nil || req.Deadline.Sub(at) != want {
			t.Errorf("%s: lives %s (%v), want %s", body, req.Deadline.Sub(at), f, want)
		}
	}
}

func TestDecodeAvoid(t *testing.T) {
	const rest = `"id":"r","to":"9812345678","template":"1"`
	for body, want := range map[string][]sms.SMSCID{
		`{` + rest + `}`:                            nil,
		`{` + rest + `,"avoid":null}`:               nil,
		`{` + rest + `,"avoid":[]}`:                 nil,
		`{` + rest + `,"avoid":["sim-b","sim_a2"]}`: {"sim-b", "sim_a2"},
	} {
		req := sms.Request{Class: sms.OTP, Requested: time.Unix(1000, 0)}
		if f := decode([]byte(body), &req); f != nil || !slices.Equal(req.Avoid, want) {
			t.Errorf("%s: avoids %v (%v), want %v", body, req.Avoid, f, want)
		}
	}
}

// FuzzDecode: whatever is published, there is a request or a failure with a code, and neither quotes the variables.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"r1","to":"+919812345678","template":"1107161234567890123","vars":["483921"],"ttl_s":60}`))
	f.Add([]byte(`{"id":"r1","vars":["483921",7]}`))
	f.Add([]byte(`{"vars":{"483921":1}}`))
	f.Add([]byte(`{"id":"r1","to":"+919812345678","template":"1107161234567890123","avoid":["sim-a","483921"," 483921"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req := sms.Request{Class: sms.OTP, Requested: time.Unix(0, 0)}
		failure := decode(body, &req)
		if failure == nil {
			if len(req.To) != 12 || req.ID == "" || req.Template == "" || !req.Deadline.After(req.Requested) {
				t.Errorf("taken without what is required: %+v", req)
			}
			for _, id := range req.Avoid {
				if len(req.Avoid) > avoidMax || id == "" || len(id) > 32 || strings.ContainsAny(string(id), " .\n") {
					t.Errorf("taken with %q to avoid", req.Avoid)
				}
			}
			return
		}
		if failure.Code == "" || strings.Contains(failure.Detail, "483921") {
			t.Errorf("failure %+v", failure)
		}
	})
}
