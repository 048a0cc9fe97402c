package otp

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"harkara/smpp/sms"
)

// secretText stands in every call of these tests where a code or a number would; no fault may quote it.
const secretText = "48392107"

func TestDecode(t *testing.T) {
	ttl := 120
	for _, tt := range []struct {
		text string
		want RequestCall
	}{
		{`{}`, RequestCall{}},
		{" \r\n\t{ \"to\" : \"x\" } \n", RequestCall{To: "x"}},
		{`{"to":null,"ttl_s":null,"vars":null,"keys":null}`, RequestCall{}},
		{`{"to":"+919812345678","template":"1107161234567890123","purpose":"login","header":"ACMEBK","length":6,"ttl_s":120,"id":"a-1",` +
			`"code":"48392107","vars":["{code}","10"],"keys":{"ip":"203.0.113.7","IP":"203.0.113.8"}}`,
			RequestCall{To: "+919812345678", Template: "1107161234567890123", Purpose: Login, Header: "ACMEBK", Length: 6, TTL: &ttl, ID: "a-1",
				Code: secretText, Vars: []string{"{code}", "10"}, Keys: map[string]string{"ip": "203.0.113.7", "IP": "203.0.113.8"}}},
	} {
		var got RequestCall
		if fault := Decode([]byte(tt.text), &got); fault != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v", tt.text, got, fault, tt.want)
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	deep := strings.Repeat("[", 4000)
	for _, tt := range []struct{ text, want string }{
		{``, "not a JSON object"},
		{` `, "not a JSON object"},
		{`null`, "not a JSON object"},
		{`[]`, "not a JSON object"},
		{`48392107`, "not a JSON object"},
		{`"48392107"`, "not a JSON object"},
		{`{"code":"48392107"`, "the JSON object is cut off"},
		{`{"code":"48392107",}`, "syntax error at byte 20"},
		{`{"code":48392107x}`, "syntax error at byte 17"},
		{`{'code':'48392107'}`, "syntax error at byte 2"},
		{`{"code":"48392107"}{}`, "more follows the JSON object"},
		{`{"code":"48392107"} 48392107`, "more follows the JSON object"},
		{`{"code":48392107}`, "code: want string, have number"},
		{`{"code":["48392107"]}`, "code: want string, have array"},
		{`{"length":"48392107"}`, "length: want whole number, have string"},
		{`{"length":4839210748392107483921074839210748392107}`, "length: want whole number, have number"},
		{`{"length":6.48392107}`, "length: want whole number, have number"},
		{`{"ttl_s":true}`, "ttl_s: want whole number, have bool"},
		{`{"vars":"48392107"}`, "vars: want array, have string"},
		{`{"vars":[48392107]}`, "vars: want string, have number"},
		{`{"keys":{"48392107":48392107}}`, "keys: want string, have number"},
		{`{"keys":["48392107"]}`, "keys: want object, have array"},
		{`{"pin":"48392107"}`, `unknown field "pin"`},
		{`{"48392107":1}`, "unknown field"},
		{`{"Pin48392107":1}`, "unknown field"},
		{`{"Code":"48392107"}`, "unknown field"},
		{"{\"ſrc\":1}", "unknown field"},
		{"{\"\u212Aeys\":{}}", "unknown field"}, // the Kelvin sign, which the decoder takes for a k
		{`{"code":"48392107","code":"48392108"}`, "a field stands twice"},
		{`{"code":"48392107","\u0063ode":"48392108"}`, "a field stands twice"},
		{`{"code":"48392107","CODE":"48392108"}`, "unknown field"},
		{`{"keys":{"48392107":"a","48392107":"b"}}`, "a field stands twice"},
		{"{\"code\":\"48392107\xff\"}", "not UTF-8"},
		{deep, "the JSON object is cut off"},
		{`{"vars":` + deep, "the JSON object is cut off"},
		{`{"vars":` + deep + strings.Repeat("]", 4000) + `}`, "vars: want string, have array"},
		{`{"nest":` + deep + strings.Repeat("]", 4000) + `}`, `unknown field "nest"`},
	} {
		fault := Decode([]byte(tt.text), &RequestCall{})
		if fault == nil || *fault != (Error{Code: BadRequest, Detail: tt.want}) {
			t.Errorf("%.60q: %v, want %s", tt.text, fault, tt.want)
		}
	}
}

// FuzzDecode: no fault quotes what was sent, and what is taken means the same to any other reader.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"challenge":"abc","code":"48392107"}`, `{"code":48392107}`, `{"48392107":{}}`, `{"code":"48392107","code":"1"}`,
		`{"code":"48392107"`, `{"Code":"48392107"}`, `null`, "{\"code\":\"48392107\xff\"}", `{"code":"48392107"}48392107`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var call VerifyCall
		fault := Decode(data, &call)
		if fault != nil {
			if strings.Contains(fault.Error(), secretText) {
				t.Errorf("%q: the fault quotes it: %v", data, fault)
			}
			return
		}
		var plain map[string]*string
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatalf("%q was taken and is none to others: %v", data, err)
		}
		for name, value := range plain {
			got, known := map[string]string{"challenge": string(call.Challenge), "code": call.Code.Reveal()}[name]
			if !known || value != nil && *value != got {
				t.Errorf("%q: %s is %q", data, name, got)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := []byte(`{"challenge":"abcdefghijklmnopqrstuvwxyz","code":"48392107"}`)
	b.ReportAllocs()
	for b.Loop() {
		var call VerifyCall
		if fault := Decode(data, &call); fault != nil || call.Code != sms.Secret(secretText) {
			b.Fatal(fault)
		}
	}
}
