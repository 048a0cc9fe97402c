package ledger

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Made-up examples of every kind of event.
func sampleEvents() []Event {
	key := sms.Key{0x01, 0x93, 0x52, 0x8a, 0x1c, 0x00, 0x70, 0x01, 0x80, 2, 3, 4, 5, 6, 7, 8}
	at := time.Date(2026, 11, 22, 10, 11, 12, 345678901, time.UTC)
	facts := &Facts{
		Tenant: "acme", ID: "order-77:1", Ref: "ref \"quoted\" \\ हिन्दी\n", Class: "otp", Template: "1107161234567890123", Header: "ACMEBK",
		Entity: "1101234567890123456", Category: "service_implicit", Encoding: "gsm7", Segments: 1, ToLast4: "5678",
		ToDigest: []byte{1, 2, 3}, ToSealed: []byte{4, 5, 6, 7}, Digest: []byte{8}, Register: 7, Requested: at, Deadline: at.Add(300 * time.Second),
	}
	return []Event{
		{Kind: Planned, At: at, Key: key, Facts: facts, Attempt: 1, SMSC: "sim-a", Answers: []Answer{{Segment: 1}}},
		{Kind: Submitted, At: at, Key: key, Attempt: 1, SMSC: "sim-a", Answers: []Answer{{Segment: 1, MessageID: "6f1a", RawID: "6F1A", Verdict: "accepted", At: at}}},
		{Kind: Refused, At: at, Key: key, Attempt: 2, SMSC: "sim-b", Answers: []Answer{{Segment: 1, Status: 0xFFFFFFFF, Verdict: "refused", At: at}}, Final: true,
			Failure: &sms.Failure{Stage: sms.StageSMSC, Code: "69", Reason: "submit_failed", Detail: "ESME_RSUBMITFAIL", Retryable: true}},
		{Kind: InDoubt, At: at, Key: key, Attempt: 1, SMSC: "sim-a", Answers: []Answer{{Segment: 1, Verdict: "in_doubt"}}, PossibleDuplicate: true},
		{Kind: Receipt, At: at, Report: &Report{SMSC: "sim-a", MessageID: "6f1a", State: sms.Undelivered, Stat: "UNDELIV", Err: "633",
			Reason: "template_not_matched", Done: "2611221541", Raw: "id:6f1a sub:001 dlvrd:000 stat:UNDELIV err:633"}},
		{Kind: Planned, At: at, Key: key, Attempt: 2, SMSC: "sim-a", Parts: 3, Answers: []Answer{{Segment: 2}}},
		{Kind: Receipt, At: at, Report: &Report{SMSC: "sim-a", State: sms.Delivered, Stat: "DELIVRD", UserRef: 0xFFFF, From: 7}},
		{Kind: OneTime, At: at, OTP: &OTP{Event: OTPRequested, Tenant: "acme", Challenge: "4mzr2xkq7vtd3nfy6hpa5wgc2e", Purpose: "login",
			Template: "1107161234567890123", ToLast4: "5678", Requested: at}},
		{Kind: OneTime, At: at, OTP: &OTP{Event: OTPFailed, Tenant: "acme", Challenge: "4mzr2xkq7vtd3nfy6hpa5wgc2e", Purpose: "login",
			Template: "1107161234567890123", ToLast4: "5678", SMSC: "sim-a", Send: 2, Route: "next", Reason: "wrong", Left: 3, Retry: 60,
			DryRun: true, Requested: at}},
		{Kind: OneTime, OTP: &OTP{}},
		{},
	}
}

// sameEvent compares got with want as encoding/json keeps it: texts as UTF-8.
func sameEvent(t interface{ Fatalf(string, ...any) }, got, want Event) {
	standard, err := json.Marshal(&want)
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	var kept Event
	if err := json.Unmarshal(standard, &kept); err != nil {
		t.Fatalf("unmarshal: %v", err)
	}
	if !reflect.DeepEqual(got, kept) {
		t.Fatalf("events differ:\n got %+v\nwant %+v", got, kept)
	}
}

func TestSamplesGoTheFastWay(t *testing.T) {
	var d Decoder
	for i, want := range sampleEvents() {
		line := AppendEvent(nil, &want)
		var oracle, got Event
		if err := json.Unmarshal(line, &oracle); err != nil {
			t.Fatalf("sample %d: encoding/json does not read %s: %v", i, line, err)
		}
		sameEvent(t, oracle, want)
		if err := d.Decode(line, &got); err != nil {
			t.Fatalf("sample %d: %v", i, err)
		}
		if !reflect.DeepEqual(got, oracle) {
			t.Errorf("sample %d:\n got %+v\nwant %+v", i, got, oracle)
		}
		if d.in.odd || d.in.i != len(line) {
			t.Errorf("sample %d took the slow way: stopped at %q", i, line[d.in.i:])
		}
		standard, err := json.Marshal(&want)
		if err != nil {
			t.Fatal(err)
		}
		var fromStandard Event
		if err := d.Decode(standard, &fromStandard); err != nil {
			t.Fatalf("sample %d: decode what encoding/json writes: %v", i, err)
		}
		if !reflect.DeepEqual(fromStandard, oracle) {
			t.Errorf("sample %d: what encoding/json writes reads otherwise: %+v", i, fromStandard)
		}
	}
}

func TestAnyEventSurvives(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
	})
	small := rapid.IntRange(0, 1<<31)
	octets := rapid.SliceOf(rapid.Byte())
	rapid.Check(t, func(t *rapid.T) {
		want := Event{
			Kind: Kind(text.Draw(t, "kind")), At: instant.Draw(t, "at"), Attempt: small.Draw(t, "attempt"), SMSC: sms.SMSCID(text.Draw(t, "smsc")),
			Parts: small.Draw(t, "parts"), Final: rapid.Bool().Draw(t, "final"), PossibleDuplicate: rapid.Bool().Draw(t, "dup"),
		}
		copy(want.Key[:], octets.Draw(t, "key"))
		if rapid.Bool().Draw(t, "facts") {
			want.Facts = &Facts{Tenant: sms.TenantID(text.Draw(t, "tenant")), ID: sms.RequestID(text.Draw(t, "id")), Ref: text.Draw(t, "ref"),
				Template: dlt.TemplateID(text.Draw(t, "template")), Segments: small.Draw(t, "segments"), Register: rapid.Int64().Draw(t, "register"),
				ToDigest: octets.Draw(t, "digest"), Requested: instant.Draw(t, "requested"), Deadline: instant.Draw(t, "deadline")}
		}
		for range rapid.IntRange(0, 3).Draw(t, "answers") {
			want.Answers = append(want.Answers, Answer{Segment: small.Draw(t, "segment"), MessageID: sms.MessageID(text.Draw(t, "mid")),
				Status: rapid.Uint32().Draw(t, "status"), At: instant.Draw(t, "answered")})
		}
		if rapid.Bool().Draw(t, "report") {
			want.Report = &Report{SMSC: "x", MessageID: sms.MessageID(text.Draw(t, "rid")), Raw: text.Draw(t, "raw"),
				UserRef: rapid.Uint16().Draw(t, "user ref"), From: rapid.Uint8().Draw(t, "from")}
			want.Failure = &sms.Failure{Detail: text.Draw(t, "detail"), Retryable: rapid.Bool().Draw(t, "retryable")}
		}
		if rapid.Bool().Draw(t, "otp") {
			want.OTP = &OTP{Event: OTPEvent(text.Draw(t, "event")), Tenant: sms.TenantID(text.Draw(t, "otp tenant")), Challenge: text.Draw(t, "challenge"),
				Purpose: text.Draw(t, "purpose"), Template: dlt.TemplateID(text.Draw(t, "otp template")), ToLast4: text.Draw(t, "last4"),
				SMSC: sms.SMSCID(text.Draw(t, "otp smsc")), Send: rapid.Int().Draw(t, "send"), Route: text.Draw(t, "route"),
				Reason: text.Draw(t, "reason"), Left: small.Draw(t, "left"), Retry: small.Draw(t, "retry"), DryRun: rapid.Bool().Draw(t, "dry"),
				Requested: instant.Draw(t, "otp requested")}
		}
		line := AppendEvent(nil, &want)
		if strings.ContainsRune(string(line), '\n') || !utf8.Valid(line) {
			t.Fatalf("not one line of UTF-8: %q", line)
		}
		var oracle, got Event
		if err := json.Unmarshal(line, &oracle); err != nil {
			t.Fatalf("encoding/json does not read %s: %v", line, err)
		}
		sameEvent(t, oracle, want)
		var d Decoder
		if err := d.Decode(line, &got); err != nil {
			t.Fatalf("decode: %v", err)
		}
		if !reflect.DeepEqual(got, oracle) {
			t.Fatalf("\n got %+v\nwant %+v", got, oracle)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, e := range sampleEvents() {
		f.Add(AppendEvent(nil, &e))
	}
	for _, line := range []string{
		`{}`, `{"kind":null}`, ` {"kind":"planned"} `, `{"KIND":"planned"}`, `{"kind":"a\u00e9\ud83d\ude00"}`, `{"at":"2026-02-30T00:00:00Z"}`,
		`{"at":"2026-11-22T10:11:12+05:30"}`, `{"attempt":-1}`, `{"attempt":01}`, `{"attempt":4294967296}`, `{"parts":-1}`, `{"parts":3}`,
		`{"report":{"user_ref":65535,"from":"AQID"}}`, `{"report":{"user_ref":65536}}`, `{"report":{"user_ref":-1}}`, `{"report":{"from":"AQI"}}`, `{"answers":[]}`, `{"answers":[{},{}],"answers":[{}]}`,
		`{"at":"2026-1a-22T10:11:12Z"}`, `{"at":"2026-11-22T10:11:1:Z"}`, `{"at":"2026-11-22T10:11:12.3x4Z"}`, `{"at":"2026-11-22T24:11:12Z"}`,
		`{"key":"0193528a-1c00-7001-8000-00000000000x"}`, `{"facts":{"to_digest":"AQI"}}`, `{"facts":{},"facts":{"id":"x"}}`, `{"facts":{"register":7}}`, `{"facts":{"register":4294967296}}`, `{"kind":"x",}`, `{"kind":"x"}x`, `{"kind":"` + "\xff" + `"}`, `{"unknown":1}`,
		`{"otp":{}}`, `{"otp":null}`, `{"otp":{"send":-1}}`, `{"otp":{"dry_run":false}}`, `{"otp":{},"otp":{"event":"x"}}`, `{"otp":{"code":"1"}}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var oracle, got Event
		want := json.Unmarshal(line, &oracle)
		var d Decoder
		err := d.Decode(line, &got)
		if (err == nil) != (want == nil) {
			t.Fatalf("%q: got error %v, encoding/json %v", line, err, want)
		}
		if err == nil && !reflect.DeepEqual(got, oracle) {
			t.Fatalf("%q:\n got %+v\nwant %+v", line, got, oracle)
		}
	})
}

func FuzzEncodeText(f *testing.F) {
	for _, seed := range []string{"", "plain", "\"\\/\b\f\n\r\t\x00\x1f", "\u2028<&>", "\xff\xc0\x80", "😀 हिन्दी"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got, want string
		standard, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(standard, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(AppendText(nil, text), &got); err != nil {
			t.Fatalf("%q: %v", AppendText(nil, text), err)
		}
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	events := sampleEvents()
	for _, at := range []int{0, 1, 4} {
		b.Run(string(events[at].Kind), func(b *testing.B) {
			var line []byte
			b.ReportAllocs()
			for b.Loop() {
				line = AppendEvent(line[:0], &events[at])
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	events := sampleEvents()
	for _, at := range []int{0, 1, 4} {
		b.Run(fmt.Sprint(events[at].Kind), func(b *testing.B) {
			line := AppendEvent(nil, &events[at])
			var d Decoder
			b.ReportAllocs()
			for b.Loop() {
				var e Event
				if err := d.Decode(line, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
