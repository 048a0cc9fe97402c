package receipt

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// All ids, numbers and texts in these tests are made up; the dialects are those that SMSCs are known to write.

func ist(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.FixedZone("", 19800))
}

func TestParseText(t *testing.T) {
	done := ist(2026, 11, 22, 10, 12, 0)
	tests := []struct {
		name, text string
		want       Receipt
	}{
		{"Appendix B", "id:1234567890 sub:001 dlvrd:001 submit date:2611221011 done date:2611221012 stat:DELIVRD err:000 text:483921 is your ACME",
			Receipt{ID: "1234567890", Sub: "001", Dlvrd: "001", SubmitDate: "2611221011", DoneDate: "2611221012", Done: done, Stat: "DELIVRD", Err: "000",
				State: sms.Delivered, Final: true, Raw: "id:1234567890 sub:001 dlvrd:001 submit date:2611221011 done date:2611221012 stat:DELIVRD err:000"}},
		{"dates of 12 digits", "id:1 submit date:261122101159 done date:261122101201 stat:DELIVRD",
			Receipt{ID: "1", SubmitDate: "261122101159", DoneDate: "261122101201", Done: done.Add(time.Second), Stat: "DELIVRD", State: sms.Delivered, Final: true,
				Raw: "id:1 submit date:261122101159 done date:261122101201 stat:DELIVRD"}},
		{"upper case names", "ID:1 STAT:DELIVRD ERR:000 TEXT:483921", Receipt{ID: "1", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, Raw: "ID:1 STAT:DELIVRD ERR:000"}},
		{"mixed case names", "Id:1 Submit Date:2611221011 Stat:Delivrd", Receipt{ID: "1", SubmitDate: "2611221011", Stat: "Delivrd", State: sms.Delivered, Final: true,
			Raw: "Id:1 Submit Date:2611221011 Stat:Delivrd"}},
		{"lower case word", "id:1 stat:delivrd", Receipt{ID: "1", Stat: "delivrd", State: sms.Delivered, Final: true, Raw: "id:1 stat:delivrd"}},
		{"whole word", "id:1 stat:DELIVERED", Receipt{ID: "1", Stat: "DELIVERED", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVERED"}},
		{"stat:FAILED", "id:1 sub:001 stat:FAILED err:069", Receipt{ID: "1", Sub: "001", Stat: "FAILED", Err: "069", State: sms.Undelivered, Final: true, Raw: "id:1 sub:001 stat:FAILED err:069"}},
		{"DLT code", "id:1 stat:REJECTD err:633", Receipt{ID: "1", Stat: "REJECTD", Err: "633", State: sms.Undelivered, Final: true, Raw: "id:1 stat:REJECTD err:633"}},
		{"hexadecimal code", "id:1 stat:UNDELIV err:20A", Receipt{ID: "1", Stat: "UNDELIV", Err: "20A", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNDELIV err:20A"}},
		{"code of four digits", "id:1 stat:UNDELIV err:5307", Receipt{ID: "1", Stat: "UNDELIV", Err: "5307", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNDELIV err:5307"}},
		{"code of five digits", "id:1 stat:UNDELIV err:23080", Receipt{ID: "1", Stat: "UNDELIV", Err: "23080", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNDELIV err:23080"}},
		{"word for a code", "id:1 stat:UNDELIV err:TEMPLATE_NOT_MATCHED", Receipt{ID: "1", Stat: "UNDELIV", Err: "TEMPLATE_NOT_MATCHED", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNDELIV err:TEMPLATE_NOT_MATCHED"}},
		{"word for stat", "id:1 stat:TEMPLATE-NOT-MATCHED", Receipt{ID: "1", Stat: "TEMPLATE-NOT-MATCHED", State: sms.Undelivered, Final: true, Raw: "id:1 stat:TEMPLATE-NOT-MATCHED"}},
		{"unknown word with a code", "id:1 stat:TL-NT-MTCHD err:023", Receipt{ID: "1", Stat: "TL-NT-MTCHD", Err: "023", State: sms.Undelivered, Final: true, Raw: "id:1 stat:TL-NT-MTCHD err:023"}},
		{"unknown word without a code", "id:1 stat:HELD err:000", Receipt{ID: "1", Stat: "HELD", Err: "000", State: sms.Submitted, Raw: "id:1 stat:HELD err:000"}},
		{"EXPIRED", "id:1 stat:EXPIRED err:001", Receipt{ID: "1", Stat: "EXPIRED", Err: "001", State: sms.Expired, Final: true, Raw: "id:1 stat:EXPIRED err:001"}},
		{"DELETED", "id:1 stat:DELETED", Receipt{ID: "1", Stat: "DELETED", State: sms.Undelivered, Final: true, Raw: "id:1 stat:DELETED"}},
		{"UNKNOWN", "id:1 stat:UNKNOWN", Receipt{ID: "1", Stat: "UNKNOWN", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNKNOWN"}},
		{"REJECTED", "id:1 stat:REJECTED", Receipt{ID: "1", Stat: "REJECTED", State: sms.Undelivered, Final: true, Raw: "id:1 stat:REJECTED"}},
		{"ACCEPTD", "id:1 stat:ACCEPTD err:000", Receipt{ID: "1", Stat: "ACCEPTD", Err: "000", State: sms.Submitted, Raw: "id:1 stat:ACCEPTD err:000"}},
		{"ENROUTE with a code", "id:1 stat:ENROUTE err:031", Receipt{ID: "1", Stat: "ENROUTE", Err: "031", State: sms.Submitted, Raw: "id:1 stat:ENROUTE err:031"}},
		{"BUFFERED", "id:1 stat:BUFFERED", Receipt{ID: "1", Stat: "BUFFERED", State: sms.Submitted, Raw: "id:1 stat:BUFFERED"}},
		{"counts of zero", "id:1 sub:000 dlvrd:000 stat:DELIVRD", Receipt{ID: "1", Sub: "000", Dlvrd: "000", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 sub:000 dlvrd:000 stat:DELIVRD"}},
		{"counts of one digit", "id:1 sub:1 dlvrd:1 stat:DELIVRD", Receipt{ID: "1", Sub: "1", Dlvrd: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 sub:1 dlvrd:1 stat:DELIVRD"}},
		{"uuid", "id:0b5a2c1e-7f3d-4c8b-9a6e-1d2f3a4b5c6d stat:DELIVRD", Receipt{ID: "0b5a2c1e-7f3d-4c8b-9a6e-1d2f3a4b5c6d", Stat: "DELIVRD", State: sms.Delivered, Final: true,
			Raw: "id:0b5a2c1e-7f3d-4c8b-9a6e-1d2f3a4b5c6d stat:DELIVRD"}},
		{"another order", "stat:DELIVRD done date:2611221012 err:000 id:1", Receipt{ID: "1", DoneDate: "2611221012", Done: done, Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true,
			Raw: "stat:DELIVRD done date:2611221012 err:000 id:1"}},
		{"empty fields", "id:1 sub: dlvrd: submit date: done date: stat:DELIVRD err: text:", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 sub: dlvrd: submit date: done date: stat:DELIVRD err:"}},
		{"spaces behind colons", "id: 1 sub: 001 stat: DELIVRD err: 000", Receipt{ID: "1", Sub: "001", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, Raw: "id: 1 sub: 001 stat: DELIVRD err: 000"}},
		{"ends with NUL", "id:1 stat:DELIVRD\x00", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"lines", "id:1\r\nstat:DELIVRD\r\nerr:000\r\n", Receipt{ID: "1", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, Raw: "id:1  stat:DELIVRD  err:000"}},
		{"only an id", "id:1", Receipt{ID: "1", State: sms.Submitted, Raw: "id:1"}},
		{"only a stat", "stat:DELIVRD", Receipt{Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "stat:DELIVRD"}},
		{"id and code", "id:1 err:633", Receipt{ID: "1", Err: "633", State: sms.Undelivered, Final: true, Raw: "id:1 err:633"}},
		{"unknown field", "id:1 imsi:40410 stat:DELIVRD", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 imsi:*** stat:DELIVRD"}},
		{"unknown field with a number", "id:1 stat:DELIVRD to:919812345678 net:40410 text:x", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD to:*** net:***"}},
		{"unknown field before the first", "otp:483921 id:1 stat:DELIVRD", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"message without its label", "id:1 stat:DELIVRD your otp:483921 err:000", Receipt{ID: "1", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD err:000"}},
		{"message with spaces behind its label", "id:1 stat:DELIVRD text: 483921 is yours", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"fields quoted by the message", "id:1 stat:DELIVRD text:id:2 stat:UNDELIV err:633", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"message first", "text:483921 is your code id:1 stat:DELIVRD", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"message in the middle", "id:1 text:483921 is stat:DELIVRD err:000", Receipt{ID: "1", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD err:000"}},
		{"a field twice", "id:1 id:2 stat:DELIVRD", Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"no date", "id:1 done date:2613321012 stat:DELIVRD", Receipt{ID: "1", DoneDate: "2613321012", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 done date:2613321012 stat:DELIVRD"}},
		{"dates as people write them", "id:1 submit date:2026-11-22 10:11:00 done date: 2026-11-22 10:12:00 stat:DELIVRD text:483921",
			Receipt{ID: "1", SubmitDate: "2026-11-22 10:11:00", DoneDate: "2026-11-22 10:12:00", Done: done, Stat: "DELIVRD", State: sms.Delivered, Final: true,
				Raw: "id:1 submit date:2026-11-22 10:11:00 done date: 2026-11-22 10:12:00 stat:DELIVRD"}},
		{"a code behind a day", "id:1 done date:2026-11-22 48:39:21 stat:DELIVRD", Receipt{ID: "1", DoneDate: "2026-11-22", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 done date:2026-11-22 stat:DELIVRD"}},
		{"a time and more behind a day", "id:1 done date:2026-11-22 10:12:00x stat:DELIVRD", Receipt{ID: "1", DoneDate: "2026-11-22", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 done date:2026-11-22 stat:DELIVRD"}},
		{"octets beyond ASCII", "id:1\xff stat:DELIVRD", Receipt{ID: "1?", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1? stat:DELIVRD"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseText(tt.text)
			if !ok || !same(got, tt.want) {
				t.Errorf("%v\ngot  %+v\nwant %+v", ok, got, tt.want)
			}
		})
	}
}

// same compares receipts; times by what they say.
func same(a, b Receipt) bool {
	equal := a.Done.Equal(b.Done)
	a.Done, b.Done = time.Time{}, time.Time{}
	return equal && a == b
}

func TestParseTextRefuses(t *testing.T) {
	for _, text := range []string{"", " ", "hello", "sub:001 err:000", "id:", "id: stat:", "text:id:", "myid:1 mystat:DELIVRD", "submit date:2611221011"} {
		if r, ok := ParseText(text); ok {
			t.Errorf("%q is %+v", text, r)
		}
	}
}

func TestParse(t *testing.T) {
	const text = "id:1 stat:DELIVRD err:000"
	idTLV := pdu.TLV{Tag: pdu.TagReceiptedMessageID, Value: []byte("ab12\x00")}
	state := func(n byte) pdu.TLV { return pdu.TLV{Tag: pdu.TagMessageState, Value: []byte{n}} }
	network := func(b ...byte) pdu.TLV { return pdu.TLV{Tag: pdu.TagNetworkErrorCode, Value: b} }
	text1 := Receipt{ID: "1", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, Raw: text}
	with := func(edit func(*Receipt)) Receipt { r := text1; edit(&r); return r }
	tests := []struct {
		name string
		m    pdu.SM
		want Receipt
	}{
		{"by class", pdu.SM{ESMClass: 0x04, ShortMessage: []byte(text)}, text1},
		{"acknowledgement", pdu.SM{ESMClass: 0x08, ShortMessage: []byte(text)}, text1},
		{"intermediate class, final word", pdu.SM{ESMClass: 0x20, ShortMessage: []byte(text)}, text1},
		{"acknowledgement with an id alone", pdu.SM{ESMClass: 0x08, ShortMessage: []byte("id:1")}, Receipt{ID: "1", State: sms.Submitted, Raw: "id:1"}},
		{"intermediate class with an id alone", pdu.SM{ESMClass: 0x20, ShortMessage: []byte("id:1")}, Receipt{ID: "1", State: sms.Submitted, Raw: "id:1"}},
		{"by text alone", pdu.SM{ShortMessage: []byte(text)}, text1},
		{"in message_payload", pdu.SM{ESMClass: 0x04, TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte(text)}}}, text1},
		{"UCS-2", pdu.SM{ESMClass: 0x04, DataCoding: 8, ShortMessage: []byte("\x00i\x00d\x00:\x001\x00 \x00s\x00t\x00a\x00t\x00:\x00D\x00E\x00L\x00I\x00V\x00R\x00D")},
			Receipt{ID: "1", Stat: "DELIVRD", State: sms.Delivered, Final: true, Raw: "id:1 stat:DELIVRD"}},
		{"ASCII said to be UCS-2", pdu.SM{ESMClass: 0x04, DataCoding: 8, ShortMessage: []byte(text)}, text1},
		{"behind a header", pdu.SM{ESMClass: 0x44, ShortMessage: []byte("\x05\x00\x03\x01\x01\x01" + text)}, text1},
		{"header past the end", pdu.SM{ESMClass: 0x44, ShortMessage: []byte("\x7f" + text)}, with(func(r *Receipt) { r.ID, r.Raw = "", "stat:DELIVRD err:000" })},
		{"class and nothing else", pdu.SM{ESMClass: 0x04}, Receipt{State: sms.Submitted}},
		{"class and a text that is no receipt", pdu.SM{ESMClass: 0x04, ShortMessage: []byte("otp:483921 for 919812345678")}, Receipt{State: sms.Submitted}},
		{"TLVs alone", pdu.SM{ESMClass: 0x04, TLVs: []pdu.TLV{idTLV, state(5), network(3, 0, 6)}},
			Receipt{ID: "ab12", Stat: "UNDELIV", Err: "006", State: sms.Undelivered, Final: true}},
		{"TLVs without class", pdu.SM{TLVs: []pdu.TLV{idTLV, state(2)}}, Receipt{ID: "ab12", Stat: "DELIVRD", State: sms.Delivered, Final: true}},
		{"id of the TLV wins", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{idTLV}}, with(func(r *Receipt) { r.ID = "ab12" })},
		{"an empty TLV does not", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{{Tag: pdu.TagReceiptedMessageID, Value: []byte{0}}}}, text1},
		{"id without NUL, with spaces", pdu.SM{TLVs: []pdu.TLV{{Tag: pdu.TagReceiptedMessageID, Value: []byte(" ab ")}}}, Receipt{ID: "ab", State: sms.Submitted}},
		{"two outcomes: the TLV wins", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{state(3)}}, with(func(r *Receipt) { r.State = sms.Expired })},
		{"intermediate TLV, outcome in the text", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{state(1)}}, text1},
		{"unknown TLV, outcome in the text", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{state(7)}}, text1},
		{"outcome in the TLV, intermediate text", pdu.SM{ESMClass: 4, ShortMessage: []byte("id:1 stat:ENROUTE"), TLVs: []pdu.TLV{state(2)}},
			Receipt{ID: "1", Stat: "ENROUTE", State: sms.Delivered, Final: true, Raw: "id:1 stat:ENROUTE"}},
		{"outcome in the TLV, unknown text", pdu.SM{ESMClass: 4, ShortMessage: []byte("id:1 stat:UNKNOWN"), TLVs: []pdu.TLV{state(2)}},
			Receipt{ID: "1", Stat: "UNKNOWN", State: sms.Delivered, Final: true, Raw: "id:1 stat:UNKNOWN"}},
		{"unknown TLV, intermediate text", pdu.SM{ESMClass: 4, ShortMessage: []byte("id:1 stat:ENROUTE"), TLVs: []pdu.TLV{state(7)}},
			Receipt{ID: "1", Stat: "ENROUTE", State: sms.Undelivered, Final: true, Raw: "id:1 stat:ENROUTE"}},
		{"message_state out of range", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{state(0), state(9), state(255)}}, text1},
		{"message_state of two octets", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{{Tag: pdu.TagMessageState, Value: []byte{0, 5}}}}, text1},
		{"code of the text wins", pdu.SM{ESMClass: 4, ShortMessage: []byte("id:1 stat:UNDELIV err:633"), TLVs: []pdu.TLV{network(3, 0, 6)}},
			Receipt{ID: "1", Stat: "UNDELIV", Err: "633", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNDELIV err:633"}},
		{"code of the TLV over zeros", pdu.SM{ESMClass: 4, ShortMessage: []byte("id:1 stat:UNDELIV err:000"), TLVs: []pdu.TLV{network(3, 2, 0x79)}},
			Receipt{ID: "1", Stat: "UNDELIV", Err: "633", State: sms.Undelivered, Final: true, Raw: "id:1 stat:UNDELIV err:000"}},
		{"TLV code of zero", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{network(3, 0, 0)}}, text1},
		{"TLV code cut", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{network(3, 1)}}, text1},
		{"user_message_reference", pdu.SM{ESMClass: 4, ShortMessage: []byte(text), TLVs: []pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{0x12, 0x34}}}},
			with(func(r *Receipt) { r.UserRef, r.HasUserRef = 0x1234, true })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Parse(&tt.m, Lenient)
			if !ok || !same(got, tt.want) {
				t.Errorf("%v\ngot  %+v\nwant %+v", ok, got, tt.want)
			}
		})
	}
}

func TestParseKnowsAHandsetsMessage(t *testing.T) {
	for _, m := range []pdu.SM{
		{},
		{ShortMessage: []byte("STOP")},
		{ShortMessage: []byte("my id:5 is lost")},
		{ShortMessage: []byte("stat:DELIVRD")},
		{ESMClass: 0x40, ShortMessage: []byte("\x05\x00\x03\x01\x02\x01hello")},
		{ESMClass: 0x10, ShortMessage: []byte("yes")},
		{TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte("a long story")}}},
	} {
		if r, ok := Parse(&m, Lenient); ok {
			t.Errorf("%+v is %+v", m, r)
		}
	}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2611221011":   ist(2026, 11, 22, 10, 11, 0),
		"261122101159": ist(2026, 11, 22, 10, 11, 59),
		"2402290000":   ist(2024, 2, 29, 0, 0, 0),
		"2602290000":   {}, "2606310000": {}, "2600010000": {}, "2613010000": {}, "2601002400": {}, "2601012400": {},
		"2601010060": {}, "260101000060": {}, "": {}, "26112210115": {}, "26112210:1": {}, "-611221011": {},
		"20261122101159": ist(2026, 11, 22, 10, 11, 59), "2026-11-22 10:11:59": ist(2026, 11, 22, 10, 11, 59),
		"2026/11/22 10:11:59": ist(2026, 11, 22, 10, 11, 59), "2026-11-22T10:11:59": ist(2026, 11, 22, 10, 11, 59),
		"19991122101159": {}, "2026112210115": {}, "20261322101159": {}, "2026-11-22 10:11:60": {}, "2026-11/22 10:11:59": {},
		"2026-11-22 10.11.59": {}, "2026-11-22_10:11:59": {}, "22-11-2026 10:11:59": {}, "2026-11-22": {}, "2026-1a-22 10:11:59": {},
		"1999-11-22 10:11:59": {}, "2026-11-22 10:11:5:": {},
	} {
		if got := parseDate(text); !got.Equal(want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// TestTextNeverStays draws receipts that quote a code and a number, and looks for both.
func TestTextNeverStays(t *testing.T) {
	const code, number = "483921", "919812345678"
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.Permutation([]string{"id:77", "sub:001", "submit date:2611221011", "stat:DELIVRD", "err:000", "to:" + number, "net:40410"}).Draw(t, "fields")
		n := rapid.IntRange(0, len(parts)).Draw(t, "fields before the text")
		label := rapid.SampledFrom([]string{"text:", "Text:", "TEXT: ", "Your "}).Draw(t, "label")
		quoted := label + rapid.SampledFrom([]string{code + " is your code for " + number, "code " + code, "otp:" + code + " for:" + number}).Draw(t, "text")
		text := strings.Join(parts[:n], " ") + " " + quoted
		if rapid.Bool().Draw(t, "fields behind it") {
			text += " " + strings.Join(parts[n:], " ")
		}
		r, ok := Parse(&pdu.SM{ESMClass: 4, ShortMessage: []byte(text)}, Lenient)
		if !ok || r.ID != "" && r.ID != "77" || r.Stat != "" && r.Stat != "DELIVRD" {
			t.Fatalf("%v, %+v", ok, r)
		}
		for _, s := range []string{string(r.ID), r.Sub, r.Dlvrd, r.SubmitDate, r.DoneDate, r.Stat, r.Err, r.Raw} {
			if strings.Contains(s, code) || strings.Contains(s, number) {
				t.Fatalf("%q of %q still shows it", s, text)
			}
		}
	})
}

// TestFieldsInAnyOrder draws a subset of the fields in any order and case.
func TestFieldsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := map[string]string{}
		all := rapid.Permutation([]string{"id", "sub", "dlvrd", "submit date", "done date", "stat", "err"}).Draw(t, "order")
		var text []string
		for _, name := range all[:rapid.IntRange(1, len(all)).Draw(t, "count")] {
			values[name] = rapid.StringMatching(`[A-Za-z0-9_-]{1,20}`).Draw(t, name)
			shown := name
			if rapid.Bool().Draw(t, "upper case") {
				shown = strings.ToUpper(name)
			}
			text = append(text, shown+":"+rapid.SampledFrom([]string{"", " "}).Draw(t, "space")+values[name])
		}
		r, _ := Parse(&pdu.SM{ESMClass: 4, ShortMessage: []byte(strings.Join(text, " "))}, Lenient)
		got := map[string]string{"id": string(r.ID), "sub": r.Sub, "dlvrd": r.Dlvrd, "submit date": r.SubmitDate, "done date": r.DoneDate, "stat": r.Stat, "err": r.Err}
		for name, value := range got {
			if value != values[name] {
				t.Fatalf("%s of %q is %q, want %q", name, text, value, values[name])
			}
		}
		if want := strings.Join(text, " "); r.Raw != want {
			t.Fatalf("raw %q, want %q", r.Raw, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	m := pdu.SM{ESMClass: 4, ShortMessage: []byte("id:1234567890 sub:001 dlvrd:001 submit date:2611221011 done date:2611221012 stat:DELIVRD err:000 text:483921 is your ACME"),
		TLVs: []pdu.TLV{{Tag: pdu.TagReceiptedMessageID, Value: []byte("1234567890\x00")}, {Tag: pdu.TagMessageState, Value: []byte{2}}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Parse(&m, Lenient); !ok {
			b.Fatal("not a receipt")
		}
	}
}
