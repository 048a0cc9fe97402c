package pdu

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// All addresses, ids and texts here are made up.

const hiddenSubmit = `command_id               0x00000004 submit_sm
command_length           236
command_status           0x00000000 ESME_ROK
sequence_number          1
service_type             ""
source_addr_ton          5
source_addr_npi          0
source_addr              "ACMEBK"
dest_addr_ton            1
dest_addr_npi            1
destination_addr         "********5678"
esm_class                0
protocol_id              0
priority_flag            0
schedule_delivery_time   ""
validity_period          "000000000500000R"
registered_delivery      0x01 receipt on any outcome
replace_if_present_flag  0
data_coding              0x00 SMSC default (GSM-7)
sm_default_msg_id        0
short_message            100 octets, 100 characters, hidden
TLV 0x1400               19 octets "1101234567890123456"
TLV 0x1401               19 octets "1107161234567890123"
TLV 0x1402               19 octets "1102345678901234567"
`

func TestDescribeASubmit(t *testing.T) {
	f, err := AppendSM(nil, SubmitSM, 1, dltSM())
	if err != nil {
		t.Fatal(err)
	}
	if got := Describe(f, false); got != hiddenSubmit {
		t.Errorf("hidden:\n%s\nwant\n%s", got, hiddenSubmit)
	}
	want := strings.NewReplacer(`"********5678"`, `"919812345678"`, "characters, hidden",
		`characters "`+string(dltSM().ShortMessage)+`"`).Replace(hiddenSubmit)
	if got := Describe(f, true); got != want {
		t.Errorf("revealed:\n%s\nwant\n%s", got, want)
	}
}

func TestDescribeLines(t *testing.T) {
	sm := func(m SM) []byte {
		b, err := AppendSM(nil, DeliverSM, 1, &m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := func(octets string) []byte { return setLength(unhex(t, "00000000"+octets), 0) }
	tests := []struct {
		name   string
		frame  []byte
		reveal bool
		want   []string // lines, their runs of spaces as one
	}{
		{"Hindi segment", sm(SM{ESMClass: 0x40, DataCoding: 8, ShortMessage: []byte("\x06\x08\x04\xab\xcd\x02\x01\x09\x28\x09\x2e")}), true,
			[]string{"esm_class 0x40 user data header", "data_coding 0x08 UCS-2",
				`short_message 11 octets, segment 1 of 2, reference 0xabcd, 2 characters "नम"`}},
		{"8-bit reference", sm(SM{ESMClass: 0x44, ShortMessage: []byte("\x05\x00\x03\xab\x03\x02hi")}), false,
			[]string{"esm_class 0x44 delivery receipt, user data header",
				"short_message 8 octets, segment 2 of 3, reference 0xab, 2 characters, hidden"}},
		{"other header", sm(SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x01\x01\x00hi")}), false,
			[]string{"short_message 6 octets, header 03010100, 2 characters, hidden"}},
		{"header and no body", sm(SM{ESMClass: 0x40}), false,
			[]string{"short_message 0 octets, the user data header is longer than the message"}},
		{"header past the end", sm(SM{ESMClass: 0x40, ShortMessage: []byte("\x06hi")}), true,
			[]string{"short_message 3 octets, the user data header is longer than the message"}},
		{"binary", sm(SM{DataCoding: 4, ShortMessage: []byte("\x00\xff")}), true,
			[]string{"data_coding 0x04 binary", "short_message 2 octets, 2 octets 00ff"}},
		{"Latin-1", sm(SM{DataCoding: 3, ShortMessage: []byte("caf\xe9")}), true,
			[]string{`short_message 4 octets, 4 characters "café"`}},
		{"GSM-7", sm(SM{ShortMessage: []byte("\x00\x1b\x65")}), true,
			[]string{`short_message 3 octets, 2 characters "@€"`}},
		{"payload", sm(SM{DataCoding: 8, TLVs: []TLV{{TagMessagePayload, []byte("\x20\xb9")}, {0x1400, []byte("9812345678")}, {TagMessageState, []byte{2}}}}), false,
			[]string{"TLV message_payload 2 octets, 1 characters, hidden", "TLV 0x1400 10 octets, hidden", "TLV message_state 02"}},
		{"payload shown", sm(SM{DataCoding: 8, TLVs: []TLV{{TagMessagePayload, []byte("\x20\xb9")}, {0x1400, []byte("9812345678")}}}), true,
			[]string{`TLV message_payload 2 octets, 1 characters "₹"`, "TLV 0x1400 10 octets 39383132333435363738"}},
		{"no time", whole("00000004 00000000 00000001 00 0000 00 0000 00 000000 3132333435 00 00 00000000"), false,
			[]string{`schedule_delivery_time "*2345"`, "fault sm_length at octet 37: the body ends before it"}},
		{"bind", whole("00000009 00000000 00000001 6163 00 7365637265 74 00 00 34 00 00 5e3931 00"), true,
			[]string{`system_id "ac"`, "password ***", "interface_version 52", `address_range "^91"`}},
		{"bind refused", whole("80000009 0000000e 00000001"), true,
			[]string{"command_status 0x0000000e ESME_RINVPASWD"}},
		{"bind response", whole("80000009 00000000 00000001 616263 00 0210 0001 34"), true,
			[]string{`system_id "abc"`, "TLV SC_interface_version 34"}},
		{"submit_sm_resp", whole("80000004 00000000 00000001 616200"), false, []string{`message_id "ab"`}},
		{"vendor status", whole("80000004 00000401 00000001"), false, []string{"command_status 0x00000401 0x00000401"}},
		{"data_sm", whole("00000103 00000000 00000001 00 0500 4100 0101 39313900 04 01 08"), false,
			[]string{`source_addr "A"`, `destination_addr "919"`, "registered_delivery 0x01 receipt on any outcome"}},
		{"query_sm", whole("00000003 00000000 00000001 696431323300 0101 39313938313200"), false,
			[]string{`message_id "id123"`, `source_addr "**9812"`}},
		{"query_sm cut", whole("00000003 00000000 00000001 696431323300 01"), false,
			[]string{`message_id "id123"`, "source_addr_ton 1", "fault source_addr_npi at octet 23: the body ends before it"}},
		{"query_sm_resp", whole("80000003 00000000 00000001 3100 00 02 21"), false,
			[]string{`message_id "1"`, `final_date ""`, "message_state 2", "error_code 33"}},
		{"cancel_sm", whole("00000008 00000000 00000001 00 696400 0500 4100 0101 3132333435363700"), false,
			[]string{`service_type ""`, `message_id "id"`, `source_addr "A"`, `destination_addr "***4567"`}},
		{"replace_sm", whole("00000007 00000000 00000001 696400 0500 4100 00 00 01 00 02 6869"), false,
			[]string{`message_id "id"`, "short_message 2 octets, 2 characters, hidden"}},
		{"outbind", whole("0000000b 00000000 00000001 616200 707700"), true, []string{`system_id "ab"`, "password ***"}},
		{"alert_notification", whole("00000102 00000000 00000001 0101 393831323300 0500 4100 0422 0001 00"), false,
			[]string{`source_addr "*8123"`, `esme_addr "A"`, "TLV ms_availability_status 00"}},
		{"submit_multi", whole("00000021 00000000 00000001 00 0500 41434d4500 02 01 0101 39313938313200 01 0101 39313233343500" +
			"00 00 00 00 00 01 00 08 00 04 09280938 0204 0002 0007"), false,
			[]string{`source_addr "ACME"`, "number_of_dests 2", `dest_address ton 1, npi 1, "**9812"`, `dest_address ton 1, npi 1, "**2345"`,
				"short_message 4 octets, 2 characters, hidden", "TLV user_message_reference 0007"}},
		{"submit_multi to a list", whole("00000021 00000000 00000001 00 0500 4100 02 02 6c69737400 01 0101 39313233343500"), false,
			[]string{"number_of_dests 2", "fault a destination is no SME address (dest_flag 1), which is all that can be read here", "body 22 octets, hidden"}},
		{"submit_multi_resp", whole("80000021 00000000 00000001 4931 00 01 01 01 39313800 00000005"), false,
			[]string{"no_unsuccess 1", `unsuccess_sme ton 1, npi 1, "918", error 0x00000005`}},
		{"submit_multi_resp cut", whole("80000021 00000000 00000001 4931 00 01 01 01 39e300 000005"), false,
			[]string{`unsuccess_sme ton 1, npi 1, "9\xe3", error 0x000005`, "fault the body ends before its last error_status_code"}},
		{"unknown command", whole("00000099 00000000 00000001 0102"), true,
			[]string{"command_id 0x00000099 command_id 0x00000099", "body 2 octets 0102"}},
		{"no octets", nil, true, []string{"fault 0 octets are less than a header of 16"}},
		{"too short", unhex(t, "00000012 00000004 00000000 00000001 00"), true,
			[]string{"fault command_length is 18, 17 octets are there", `service_type ""`, "fault source_addr_ton at octet 17: the body ends before it"}},
		{"too long", unhex(t, "00000011 00000004 00000000 00000001 0001"), true,
			[]string{"fault 1 octets follow behind command_length", `service_type ""`, "fault source_addr_ton at octet 17: the body ends before it"}},
		{"command_length 2", unhex(t, "00000002 00000015 00000000 00000001 00"), true,
			[]string{"command_length 2", "fault command_length is 2, less than the header of 16"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Describe(tt.frame, tt.reveal)
			lines := map[string]bool{}
			for line := range strings.Lines(got) {
				lines[strings.Join(strings.Fields(line), " ")] = true
			}
			for _, want := range tt.want {
				if !lines[want] {
					t.Errorf("no line %q in\n%s", want, got)
				}
			}
			fault := func(lines string) bool { return strings.Contains("\n"+lines, "\nfault ") }
			if want := fault(strings.Join(tt.want, "\n")); fault(got) != want {
				t.Errorf("a fault is there: %v, want %v, in\n%s", !want, want, got)
			}
		})
	}
}

// TestDescribeHides draws messages to a number with a code, and looks for both.
func TestDescribeHides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const code, number = "483921", "919812345678"
		m := drawSM(t)
		m.Dest, m.DataCoding, m.ESMClass = number, 0, 0
		m.ShortMessage = []byte("your code is " + code)
		if rapid.Bool().Draw(t, "payload") {
			m.TLVs, m.ShortMessage = append(m.TLVs, TLV{TagMessagePayload, m.ShortMessage}), nil
		}
		id := rapid.SampledFrom([]CommandID{SubmitSM, DeliverSM}).Draw(t, "id")
		b, err := AppendSM(nil, id, 1, m)
		if err != nil {
			t.Fatal(err)
		}
		if cut := rapid.IntRange(HeaderLength, len(b)).Draw(t, "cut"); rapid.Bool().Draw(t, "cut it") {
			b = b[:cut]
		}
		if got := Describe(b, false); strings.Contains(got, code) || strings.Contains(got, number[4:]) {
			t.Fatalf("it shows:\n%s", got)
		}
	})
}

func FuzzDescribe(f *testing.F) {
	for _, n := range lengths {
		f.Add(claim(n))
	}
	f.Add([]byte(receiptFrame(f)))
	for id := range commands {
		f.Add(append(AppendHeader(nil, id, 0, 0), "id\x00\x01\x01abc\x00\x01\x01\x01\x01abc\x00\x01\x02\x03\x04"...))
	}
	f.Add([]byte("\x00\x00\x00\x1c\x80\x00\x00\x21\x00\x00\x00\x00\x00\x00\x00\x01I1\x00\x01\x01\x019\xe3\x00\x00\x00\x05")) // panics go-smpp's UnSme.String
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, reveal := range []bool{false, true} {
			got := Describe(b, reveal)
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Fatalf("not printable: %q", got)
			}
			if len(got) > 5000+60*len(b) {
				t.Fatalf("%d octets are described by %d", len(b), len(got))
			}
		}
	})
}
