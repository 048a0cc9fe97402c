package pdu

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// unhex reads octets written in groups.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dltSM is a submit_sm as Harkara sends it; all of its data is made up.
func dltSM() *SM {
	return &SM{
		SourceTON: 5, Source: "ACMEBK", DestTON: 1, DestNPI: 1, Dest: "919812345678",
		Validity: "000000000500000R", RegisteredDelivery: 1,
		ShortMessage: []byte("483921 is your ACME Bank code for login. It is valid for 10 minutes. Do not share it with anyone. OK"),
		TLVs: []TLV{
			{0x1400, []byte("1101234567890123456")},
			{0x1401, []byte("1107161234567890123")},
			{0x1402, []byte("1102345678901234567")},
		},
	}
}

func TestAppendSMGolden(t *testing.T) {
	tests := []struct {
		name string
		id   CommandID
		seq  uint32
		sm   SM
		want string
	}{
		{"empty submit_sm", SubmitSM, 1, SM{},
			"00000021 00000004 00000000 00000001 00 0000 00 0000 00 000000 00 00 00000000 00"},
		{"every field", DeliverSM, 0xFFFFFFFF, SM{
			ServiceType: "CMT", SourceTON: 5, SourceNPI: 9, Source: "AB", DestTON: 1, DestNPI: 2, Dest: "91",
			ESMClass: 0x44, ProtocolID: 0x7F, Priority: 3, ScheduleDelivery: "261122101112000+",
			Validity: "000000000500000R", RegisteredDelivery: 0x11, ReplaceIfPresent: 1, DataCoding: 8,
			DefaultMessageID: 254, ShortMessage: []byte{0, 0x41},
			TLVs: []TLV{{0x1401, []byte("b")}, {0x1400, []byte("a")}, {0x1401, nil}},
		}, "00000058 00000005 00000000 ffffffff 434d5400 05 09 414200 01 02 393100 44 7f 03" +
			"3236313132323130313131323030302b00 30303030303030303035303030303052 00 11 01 08 fe 02 0041" +
			"1401 0001 62  1400 0001 61  1401 0000"},
		{"data_sm", DataSM, 0, SM{
			SourceTON: 5, Source: "AB", DestTON: 1, DestNPI: 1, Dest: "91", ESMClass: 4, RegisteredDelivery: 1,
			DataCoding: 8, TLVs: []TLV{{TagMessagePayload, []byte("hi")}},
		}, "00000024 00000103 00000000 00000000 00 0500 414200 0101 393100 04 01 08 0424 0002 6869"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendSM([]byte("kept"), tt.id, tt.seq, &tt.sm)
			if err != nil {
				t.Fatal(err)
			}
			if want := "kept" + string(unhex(t, tt.want)); string(got) != want {
				t.Fatalf("got  %x\nwant %x", got, want)
			}
			var back SM
			if err := ParseSM(Frame(got[4:]), &back); err != nil {
				t.Fatal(err)
			}
			if !sameSM(&back, &tt.sm) {
				t.Errorf("got  %+v\nwant %+v", back, tt.sm)
			}
		})
	}
}

// sameSM compares field by field; nil and empty octets are the same.
func sameSM(a, b *SM) bool {
	if len(a.TLVs) != len(b.TLVs) || string(a.ShortMessage) != string(b.ShortMessage) {
		return false
	}
	for i := range a.TLVs {
		if a.TLVs[i].Tag != b.TLVs[i].Tag || string(a.TLVs[i].Value) != string(b.TLVs[i].Value) {
			return false
		}
	}
	return scalars(a) == scalars(b)
}

func scalars(m *SM) [2]any {
	return [2]any{
		[...]string{m.ServiceType, m.Source, m.Dest, m.ScheduleDelivery, m.Validity},
		[...]byte{m.SourceTON, m.SourceNPI, m.DestTON, m.DestNPI, m.ESMClass, m.ProtocolID, m.Priority,
			m.RegisteredDelivery, m.ReplaceIfPresent, m.DataCoding, m.DefaultMessageID},
	}
}

func TestAppendSMRefuses(t *testing.T) {
	big := make([]byte, 0x10000)
	tests := []struct {
		name string
		id   CommandID
		edit func(*SM)
		want string
	}{
		{"command", BindReceiver, func(*SM) {}, "write bind_receiver: it is none of submit_sm, deliver_sm, data_sm"},
		{"service_type", SubmitSM, func(m *SM) { m.ServiceType = "sixsix" }, "write submit_sm: service_type is 6 octets long, at most 5 are allowed"},
		{"source", SubmitSM, func(m *SM) { m.Source = strings.Repeat("9", 21) }, "write submit_sm: source_addr is 21 octets long, at most 20 are allowed"},
		{"dest", DeliverSM, func(m *SM) { m.Dest = strings.Repeat("9", 21) }, "write deliver_sm: destination_addr is 21 octets long, at most 20 are allowed"},
		{"dest of data_sm", DataSM, func(m *SM) { m.Dest = strings.Repeat("9", 65) }, "write data_sm: destination_addr is 65 octets long, at most 64 are allowed"},
		{"NUL in an address", SubmitSM, func(m *SM) { m.Dest = "91\x009812345678" }, "write submit_sm: destination_addr holds a NUL, which would end it early"},
		{"short time", SubmitSM, func(m *SM) { m.Validity = "00" }, "write submit_sm: validity_period is 2 characters long, only 0 or 16 are allowed"},
		{"long time", SubmitSM, func(m *SM) { m.ScheduleDelivery = strings.Repeat("0", 17) }, "write submit_sm: schedule_delivery_time is 17 characters long, only 0 or 16 are allowed"},
		{"NUL in a time", SubmitSM, func(m *SM) { m.Validity = "00000000050000\x00R" }, "write submit_sm: validity_period holds a NUL, which would end it early"},
		{"text", SubmitSM, func(m *SM) { m.ShortMessage = big[:255] }, "write submit_sm: short_message is 255 octets long, at most 254 are allowed"},
		{"text in data_sm", DataSM, func(m *SM) { m.ShortMessage = big[:1] }, "write data_sm: it has no short_message: put the text into the TLV message_payload"},
		{"two texts", SubmitSM, func(m *SM) { m.ShortMessage = big[:1]; m.TLVs = []TLV{{TagMessagePayload, nil}} }, "write submit_sm: both short_message and message_payload are filled, only one is allowed"},
		{"TLV", SubmitSM, func(m *SM) { m.TLVs = []TLV{{0x1400, big}} }, "write submit_sm: TLV 0x1400 is 65536 octets long, at most 65535 are allowed"},
		{"PDU", SubmitSM, func(m *SM) { m.TLVs = []TLV{{0x1400, big[:0xFFFF]}} }, "write submit_sm: it would be 65572 octets long: command_length is not between 16 and 65536"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := SM{}
			tt.edit(&m)
			dst := append(make([]byte, 0, 200), "kept"...)
			got, err := AppendSM(dst, tt.id, 1, &m)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			if string(got) != "kept" || string(dst[:5]) != "kept\x00" {
				t.Errorf("something was written: %q", dst[:5])
			}
		})
	}
}

func TestAppendSMTakesTheLimits(t *testing.T) {
	m := SM{ServiceType: "12345", Source: strings.Repeat("s", 20), Dest: strings.Repeat("9", 20),
		ScheduleDelivery: "261122101112000+", Validity: "000000000500000R", ShortMessage: make([]byte, 254)}
	room := MaxLength - (HeaderLength + 6 + 2 + 21 + 2 + 21 + 3 + 17 + 17 + 5 + 254) - 4
	m.TLVs = []TLV{{0x1400, make([]byte, room)}}
	b, err := AppendSM(nil, SubmitSM, 1, &m)
	if err != nil || len(b) != MaxLength {
		t.Fatalf("%d octets, %v", len(b), err)
	}
	var back SM
	if err := ParseSM(b, &back); err != nil || !sameSM(&back, &m) {
		t.Fatalf("came back otherwise: %v", err)
	}
	m.TLVs[0].Value = make([]byte, room+1)
	if _, err := AppendSM(nil, SubmitSM, 1, &m); !errors.Is(err, ErrLength) {
		t.Fatalf("one octet more: %v", err)
	}
}

func TestParseSMNamesTheFault(t *testing.T) {
	whole, err := AppendSM(nil, SubmitSM, 1, dltSM())
	if err != nil {
		t.Fatal(err)
	}
	frame := func(edit func([]byte) []byte) Frame {
		b := edit(append([]byte(nil), whole...))
		return setLength(b, 0)
	}
	tests := []struct {
		name string
		f    Frame
		want string
	}{
		{"no octets", nil, "read a message PDU: 0 octets are not one whole PDU: command_length is not between 16 and 65536"},
		{"header cut", Frame(whole[:15]), "read a message PDU: 15 octets are not one whole PDU: command_length is not between 16 and 65536"},
		{"another length", Frame(whole[:40]), "read a message PDU: 40 octets are not one whole PDU: command_length is not between 16 and 65536"},
		{"another command", Frame(AppendHeader(nil, EnquireLink, 0, 1)), "read a message PDU: it is enquire_link, not submit_sm"},
		{"no body", Frame(AppendHeader(nil, SubmitSM, 0, 1)), "read submit_sm: service_type at octet 16: no NUL ends it"},
		{"no NUL", frame(func(b []byte) []byte { return b[:22] }), "read submit_sm: source_addr at octet 19: no NUL ends it"},
		{"ends at an octet", frame(func(b []byte) []byte { return b[:27] }), "read submit_sm: dest_addr_npi at octet 27: the body ends before it"},
		{"sm_length too long", frame(func(b []byte) []byte { return b[:100] }), "read submit_sm: short_message at octet 67: 100 octets are announced, 33 are left"},
		{"TLV head cut", frame(func(b []byte) []byte { return append(b, 1, 2, 3) }), "read submit_sm: the tag and length of a TLV at octet 236: 4 octets are announced, 3 are left"},
		{"TLV past the end", frame(func(b []byte) []byte { return append(b, 4, 0x27, 0, 2, 1) }), "read submit_sm: TLV message_state at octet 240: 2 octets are announced, 1 are left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := SM{ServiceType: "stale", TLVs: []TLV{{1, nil}}}
			if err := ParseSM(tt.f, &m); err == nil || err.Error() != tt.want {
				t.Errorf("error %q\nwant  %q", err, tt.want)
			}
			if m.ServiceType == "stale" {
				t.Error("a field of before is still there")
			}
		})
	}
}

func TestParseSMAliasesTheFrame(t *testing.T) {
	b, err := AppendSM(nil, SubmitSM, 1, dltSM())
	if err != nil {
		t.Fatal(err)
	}
	var m SM
	if err := ParseSM(b, &m); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] = '#'
	}
	if m.Source != "ACMEBK" || m.ShortMessage[0] != '#' || m.TLVs[2].Value[18] != '#' {
		t.Errorf("source %q, text %q, TLV %q", m.Source, m.ShortMessage[:1], m.TLVs[2].Value)
	}
	if cap(m.ShortMessage) != len(m.ShortMessage) || cap(m.TLVs[0].Value) != 19 {
		t.Error("an append to a value would write into the frame")
	}
}

func TestPayload(t *testing.T) {
	short := SM{ShortMessage: []byte("short")}
	long := SM{TLVs: []TLV{{TagSourcePort, nil}, {TagMessagePayload, []byte("long")}}}
	if got := string(short.Payload()) + " " + string(long.Payload()) + string((&SM{}).Payload()); got != "short long" {
		t.Error(got)
	}
	if _, ok := short.TLV(TagMessagePayload); ok {
		t.Error("a TLV that is not there was found")
	}
}

func BenchmarkAppendSM(b *testing.B) {
	m, dst := dltSM(), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendSM(dst[:0], SubmitSM, 1, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSM(b *testing.B) {
	f := receiptFrame(b)
	var m SM
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseSM(f, &m); err != nil {
			b.Fatal(err)
		}
	}
}

// receiptFrame is a delivery receipt with the TLVs of the standard; its data is made up.
func receiptFrame(t testing.TB) Frame {
	t.Helper()
	b, err := AppendSM(nil, DeliverSM, 7, &SM{SourceTON: 1, SourceNPI: 1, Source: "919812345678", DestTON: 5,
		Dest: "ACMEBK", ESMClass: 4, ShortMessage: []byte("id:1234567890 sub:001 dlvrd:001 " +
			"submit date:2611221011 done date:2611221012 stat:DELIVRD err:000 text:483921 is your ACME"),
		TLVs: []TLV{{TagReceiptedMessageID, []byte("1234567890\x00")}, {TagMessageState, []byte{2}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
