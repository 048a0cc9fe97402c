package pdu

import (
	"fmt"
	"strings"
	"testing"
)

func TestBindGolden(t *testing.T) {
	bind := Bind{SystemID: "harkara", Password: "s3cret12", SystemType: "OTP", InterfaceVersion: InterfaceVersion34,
		AddrTON: 5, AddrNPI: 9, AddressRange: "^91"}
	got, err := AppendBind(nil, BindTransceiver, 0, &bind)
	if err != nil {
		t.Fatal(err)
	}
	want := unhex(t, "0000002c 00000009 00000000 00000000 6861726b61726100 733363726574313200 4f545000 34 05 09 5e393100")
	if string(got) != string(want) {
		t.Fatalf("got  %x\nwant %x", got, want)
	}
	back, err := ParseBind(got)
	if err != nil || back != bind {
		t.Errorf("%+v, %v", back, err)
	}
	if shown := fmt.Sprintf("%v %+v", back, &back); strings.Contains(shown, "s3cret12") {
		t.Errorf("the password shows: %s", shown)
	}
}

func TestAppendBindRefuses(t *testing.T) {
	tests := []struct {
		id   CommandID
		bind Bind
		want string
	}{
		{SubmitSM, Bind{}, "write submit_sm: it is not a bind"},
		{BindReceiver, Bind{SystemID: strings.Repeat("s", 16)}, "write bind_receiver: system_id is 16 octets long, at most 15 are allowed"},
		{BindReceiver, Bind{Password: "ninechars"}, "write bind_receiver: password is 9 octets long, at most 8 are allowed"},
		{BindReceiver, Bind{Password: "nul\x00"}, "write bind_receiver: password holds a NUL, which would end it early"},
		{BindTransmitter, Bind{SystemType: strings.Repeat("t", 13)}, "write bind_transmitter: system_type is 13 octets long, at most 12 are allowed"},
		{BindTransmitter, Bind{AddressRange: strings.Repeat("9", 41)}, "write bind_transmitter: address_range is 41 octets long, at most 40 are allowed"},
	}
	for _, tt := range tests {
		got, err := AppendBind([]byte("kept"), tt.id, 1, &tt.bind)
		if err == nil || err.Error() != tt.want || string(got) != "kept" {
			t.Errorf("%q, %q; want %q", got, err, tt.want)
		}
	}
}

func TestParseBindNamesTheFault(t *testing.T) {
	whole, err := AppendBind(nil, BindReceiver, 1, &Bind{SystemID: "harkara"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		body string
		want string
	}{
		{"", "read bind_receiver: system_id at octet 16: no NUL ends it"},
		{"harkara\x00pw", "read bind_receiver: password at octet 24: no NUL ends it"},
		{"harkara\x00pw\x00\x00\x34", "read bind_receiver: addr_ton at octet 29: the body ends before it"},
		{string(whole[16:]) + "more", "read bind_receiver: the end at octet 30: 4 more octets follow"},
	}
	for _, tt := range tests {
		f := setLength(append(AppendHeader(nil, BindReceiver, 0, 1), tt.body...), 0)
		b, err := ParseBind(f)
		if err == nil || err.Error() != tt.want || b != (Bind{}) {
			t.Errorf("%q: %+v, %q; want %q", tt.body, b, err, tt.want)
		}
	}
	if _, err := ParseBind(AppendHeader(nil, Unbind, 0, 1)); err == nil || err.Error() != "read a bind: it is unbind, not bind_receiver" {
		t.Error(err)
	}
}

func TestBindResp(t *testing.T) {
	ok := AppendBindResp([]byte("kept"), BindTransceiverResp, ESME_ROK, 7, "smsc")
	if want := "kept" + string(unhex(t, "0000001a 80000009 00000000 00000007 736d736300 0210 0001 34")); string(ok) != want {
		t.Errorf("%x", ok)
	}
	id, tlvs, err := ParseBindResp(Frame(ok[4:]))
	if id != "smsc" || len(tlvs) != 1 || tlvs[0].Tag != TagSCInterfaceVersion || string(tlvs[0].Value) != "\x34" || err != nil {
		t.Errorf("%q, %v, %v", id, tlvs, err)
	}
	refused := AppendBindResp(nil, BindReceiverResp, ESME_RINVPASWD, 7, "smsc")
	if want := unhex(t, "00000010 80000001 0000000e 00000007"); string(refused) != string(want) {
		t.Errorf("%x", refused)
	}
	if id, tlvs, err := ParseBindResp(refused); id != "" || tlvs != nil || err != nil {
		t.Errorf("%q, %v, %v", id, tlvs, err)
	}
	cut := setLength(append(AppendHeader(nil, BindReceiverResp, 0, 1), "smsc"...), 0)
	if _, _, err := ParseBindResp(cut); err == nil || err.Error() != "read bind_receiver_resp: system_id at octet 16: no NUL ends it" {
		t.Error(err)
	}
	if _, _, err := ParseBindResp(AppendHeader(nil, Unbind, 0, 1)); err == nil || err.Error() != "read a bind response: it is unbind, not bind_receiver_resp" {
		t.Error(err)
	}
}

func TestResp(t *testing.T) {
	tests := []struct {
		name   string
		got    []byte
		want   string
		id     string
		hasID  bool
		seqNum uint32
	}{
		{"accepted", AppendResp(nil, SubmitSMResp, ESME_ROK, 1, "abc"), "00000014 80000004 00000000 00000001 61626300", "abc", true, 1},
		{"refused", AppendResp(nil, SubmitSMResp, ESME_RTHROTTLED, 0, "abc"), "00000010 80000004 00000058 00000000", "", true, 0},
		{"receipt taken", AppendResp(nil, DeliverSMResp, ESME_ROK, 0xFFFFFFFF, ""), "00000011 80000005 00000000 ffffffff 00", "", false, 0xFFFFFFFF},
		{"receipt not taken", AppendResp(nil, DeliverSMResp, ESME_RX_T_APPN, 2, ""), "00000011 80000005 00000064 00000002 00", "", false, 2},
		{"data_sm taken", AppendResp(nil, DataSMResp, ESME_ROK, 3, "x"), "00000012 80000103 00000000 00000003 7800", "x", true, 3},
		{"no body", AppendHeader(nil, SubmitSMResp, ESME_ROK, 4), "00000010 80000004 00000000 00000004", "", true, 4},
		{"no NUL", setLength(append(AppendHeader(nil, SubmitSMResp, 0, 5), "ab"...), 0), "00000012 80000004 00000000 00000005 6162", "ab", true, 5},
		{"link", AppendHeader(nil, EnquireLinkResp, ESME_ROK, 6), "00000010 80000015 00000000 00000006", "", false, 6},
	}
	for _, tt := range tests {
		if string(tt.got) != string(unhex(t, tt.want)) {
			t.Errorf("%s: %x, want %s", tt.name, tt.got, tt.want)
		}
		f := Frame(tt.got)
		if h := f.Header(); h.Seq != tt.seqNum || int(h.Length) != len(f) {
			t.Errorf("%s: %+v", tt.name, h)
		}
		id, err := ParseMessageID(f)
		if id != tt.id || (err == nil) != tt.hasID {
			t.Errorf("%s: %q, %v", tt.name, id, err)
		}
	}
}

func BenchmarkAppendResp(b *testing.B) {
	dst := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendResp(dst[:0], DeliverSMResp, ESME_ROK, 1, "")
	}
}

func BenchmarkParseMessageID(b *testing.B) {
	f := Frame(AppendResp(nil, SubmitSMResp, ESME_ROK, 1, "0123456789"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMessageID(f); err != nil {
			b.Fatal(err)
		}
	}
}
