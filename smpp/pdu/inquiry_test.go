package pdu

import (
	"strings"
	"testing"

	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"pgregory.net/rapid"
)

func TestInquiryGolden(t *testing.T) {
	all := Inquiry{ServiceType: "CMT", MessageID: "00af", SourceTON: 5, SourceNPI: 9, Source: "ACMEBK",
		DestTON: 1, DestNPI: 2, Dest: "919812345678"}
	query := all
	query.ServiceType, query.DestTON, query.DestNPI, query.Dest = "", 0, 0, ""
	tests := []struct {
		name     string
		id       CommandID
		in, back Inquiry
		want     string
	}{
		{"query_sm", QuerySM, all, query,
			"0000001e 00000003 00000000 ffffffff 3030616600 05 09 41434d45424b00"},
		{"cancel_sm", CancelSM, all, all,
			"00000031 00000008 00000000 ffffffff 434d5400 3030616600 05 09 41434d45424b00 01 02 39313938313233343536373800"},
		{"query_sm of an id alone", QuerySM, Inquiry{MessageID: "1"}, Inquiry{MessageID: "1"},
			"00000015 00000003 00000000 ffffffff 3100 00 00 00"},
	}
	for _, tt := range tests {
		got, err := AppendInquiry([]byte("kept"), tt.id, 0xFFFFFFFF, &tt.in)
		if want := "kept" + string(unhex(t, tt.want)); err != nil || string(got) != want {
			t.Errorf("%s: %x, %v, want %x", tt.name, got, err, want)
			continue
		}
		if back, err := ParseInquiry(Frame(got[4:])); err != nil || back != tt.back {
			t.Errorf("%s came back as %+v, %v", tt.name, back, err)
		}
	}
}

func TestAppendInquiryRefuses(t *testing.T) {
	tests := []struct {
		id   CommandID
		in   Inquiry
		want string
	}{
		{ReplaceSM, Inquiry{MessageID: "1"}, "write replace_sm: it is neither query_sm nor cancel_sm"},
		{QuerySM, Inquiry{}, "write query_sm: message_id is empty, it must name the message"},
		{CancelSM, Inquiry{Source: "ACMEBK"}, "write cancel_sm: message_id is empty, it must name the message"},
		{QuerySM, Inquiry{MessageID: "1\x002"}, "write query_sm: message_id holds a NUL, which would end it early"},
		{CancelSM, Inquiry{MessageID: strings.Repeat("1", 65)}, "write cancel_sm: message_id is 65 octets long, at most 64 are allowed"},
		{CancelSM, Inquiry{MessageID: "1", ServiceType: "sixsix"}, "write cancel_sm: service_type is 6 octets long, at most 5 are allowed"},
		{QuerySM, Inquiry{MessageID: "1", Source: strings.Repeat("9", 21)}, "write query_sm: source_addr is 21 octets long, at most 20 are allowed"},
		{CancelSM, Inquiry{MessageID: "1", Dest: "91\x00"}, "write cancel_sm: destination_addr holds a NUL, which would end it early"},
	}
	for _, tt := range tests {
		got, err := AppendInquiry([]byte("kept"), tt.id, 1, &tt.in)
		if err == nil || err.Error() != tt.want || string(got) != "kept" {
			t.Errorf("%q, %v; want %q", got, err, tt.want)
		}
	}
}

func TestParseInquiryNamesTheFault(t *testing.T) {
	tests := []struct {
		id   CommandID
		body string
		want string
	}{
		{QuerySMResp, "", "read an inquiry: it is query_sm_resp, not query_sm"},
		{QuerySM, "", "read query_sm: message_id at octet 16: no NUL ends it"},
		{QuerySM, "1\x00\x01", "read query_sm: source_addr_npi at octet 19: the body ends before it"},
		{QuerySM, "1\x00\x01\x01919", "read query_sm: source_addr at octet 20: no NUL ends it"},
		{QuerySM, "1\x00\x01\x01\x00\x04", "read query_sm: the tag and length of a TLV at octet 21: 4 octets are announced, 1 are left"},
		{CancelSM, "\x001\x00\x01\x01\x00\x01\x01919", "read cancel_sm: destination_addr at octet 24: no NUL ends it"},
	}
	for _, tt := range tests {
		f := Frame(setLength(append(AppendHeader(nil, tt.id, 0, 1), tt.body...), 0))
		if _, err := ParseInquiry(f); err == nil || err.Error() != tt.want {
			t.Errorf("error %v\nwant  %s", err, tt.want)
		}
	}
}

func TestQueryAnswers(t *testing.T) {
	delivered := QueryAnswer{MessageID: "00af", FinalDate: "261122101112000+", State: 2, ErrorCode: 0x21}
	tests := []struct {
		name   string
		status Status
		body   string
		want   QueryAnswer
		err    string
	}{
		{"final, with an error code", 0, "00af\x00261122101112000+\x00\x02\x21", delivered, ""},
		{"not final", 0, "1\x00\x00\x01\x00", QueryAnswer{MessageID: "1", State: 1}, ""},
		{"a date of its own form", 0, "1\x002611221011\x00\x05\x00", QueryAnswer{MessageID: "1", FinalDate: "2611221011", State: 5}, ""},
		{"a TLV", 0, "1\x00\x00\x01\x00\x04\x27\x00\x01\x02", QueryAnswer{MessageID: "1", State: 1}, ""},
		{"no body", 0, "", QueryAnswer{}, "read query_sm_resp: message_id at octet 16: no NUL ends it"},
		{"no final_date", 0, "1\x00", QueryAnswer{}, "read query_sm_resp: final_date at octet 18: no NUL ends it"},
		{"no error_code", 0, "1\x00\x00\x02", QueryAnswer{}, "read query_sm_resp: error_code at octet 20: the body ends before it"},
		{"half a TLV", 0, "1\x00\x00\x02\x00\x04", QueryAnswer{}, "read query_sm_resp: the tag and length of a TLV at octet 21: 4 octets are announced, 1 are left"},
	}
	for _, tt := range tests {
		f := Frame(setLength(append(AppendHeader(nil, QuerySMResp, tt.status, 1), tt.body...), 0))
		got, err := ParseQueryResp(f)
		if err != nil && err.Error() != tt.err || err == nil && tt.err != "" || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v, %q", tt.name, got, err, tt.want, tt.err)
		}
	}
	if got := AppendQueryResp(nil, ESME_RQUERYFAIL, 7, nil); string(got) != string(AppendHeader(nil, QuerySMResp, ESME_RQUERYFAIL, 7)) {
		t.Errorf("a refusal is %x", got)
	}
	if _, err := ParseQueryResp(AppendHeader(nil, SubmitSMResp, 0, 1)); err == nil {
		t.Error("a submit_sm_resp was read as a query_sm_resp")
	}
}

// TestInquiriesAgainstTheLibrary compares with go-smpp what it is sound in: query_sm, and a query_sm_resp whose last two
// fields, which it reads as strings, are a state and no error.
func TestInquiriesAgainstTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string, least, most int) string {
			return rapid.StringOfN(printable, least, most, most).Draw(t, name)
		}
		q := Inquiry{MessageID: text("message_id", 1, 64), SourceTON: rapid.Byte().Draw(t, "ton"),
			SourceNPI: rapid.Byte().Draw(t, "npi"), Source: text("source_addr", 0, 20)}
		b, err := AppendInquiry(nil, QuerySM, 9, &q)
		if err != nil {
			t.Fatal(err)
		}
		d, err := libraryDecode(b)
		if err != nil {
			t.Fatal(err)
		}
		got := Inquiry{MessageID: libraryText(d, pdufield.MessageID), SourceTON: libraryOctet(d, pdufield.SourceAddrTON),
			SourceNPI: libraryOctet(d, pdufield.SourceAddrNPI), Source: libraryText(d, pdufield.SourceAddr)}
		if back, err := ParseInquiry(b); got != q || back != q || err != nil {
			t.Fatalf("go-smpp read %+v, we %+v, %v; want %+v", got, back, err, q)
		}
		a := QueryAnswer{MessageID: q.MessageID, FinalDate: rapid.SampledFrom([]string{"", "261122101112000+"}).Draw(t, "date"),
			State: rapid.ByteRange(1, 9).Draw(t, "state")}
		b = AppendQueryResp(nil, ESME_ROK, 9, &a)
		d, err = libraryDecode(b)
		if err != nil || libraryText(d, pdufield.MessageID) != a.MessageID || libraryText(d, pdufield.FinalDate) != a.FinalDate ||
			libraryText(d, pdufield.MessageState) != string(rune(a.State)) {
			t.Fatalf("go-smpp read %v, %v; want %+v", d.Fields(), err, a)
		}
		a.ErrorCode = rapid.Byte().Draw(t, "error_code")
		if back, err := ParseQueryResp(AppendQueryResp(nil, ESME_ROK, 9, &a)); back != a || err != nil {
			t.Fatalf("we read %+v, %v; want %+v", back, err, a)
		}
	})
}

// FuzzInquiry reads anything as an inquiry and as an answer to one: what is read can be written again, to the same octets
// but for TLVs.
func FuzzInquiry(f *testing.F) {
	f.Add(uint32(QuerySM), []byte("1\x00\x05\x00ACMEBK\x00"))
	f.Add(uint32(CancelSM), []byte("\x001\x00\x05\x00ACMEBK\x00\x01\x01919812345678\x00"))
	f.Add(uint32(QuerySMResp), []byte("1\x00261122101112000+\x00\x02\x21"))
	f.Fuzz(func(t *testing.T, command uint32, body []byte) {
		if len(body) > MaxLength-HeaderLength {
			return
		}
		id := CommandID(command)
		frame := Frame(setLength(append(AppendHeader(nil, id, 0, 1), body...), 0))
		var again []byte
		if q, err := ParseInquiry(frame); err == nil {
			if again, err = AppendInquiry(nil, id, 1, &q); err != nil {
				return // longer than the standard allows, or without a message_id
			}
		} else if a, err := ParseQueryResp(frame); err == nil {
			again = AppendQueryResp(nil, ESME_ROK, 1, &a)
		} else {
			return
		}
		if n := len(again); n > len(frame) || string(again[4:]) != string(frame[4:n]) {
			t.Fatalf("read  %x\nwrote %x", []byte(frame), again)
		}
	})
}
