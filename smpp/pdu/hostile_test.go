package pdu

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// seed reads a committed seed of a fuzz target that takes octets alone.
func seed(t testing.TB, target, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "fuzz", target, name))
	if err != nil {
		t.Fatal(err)
	}
	_, quoted, _ := strings.Cut(strings.TrimSpace(string(text)), "[]byte(")
	octets, err := strconv.Unquote(strings.TrimSuffix(quoted, ")"))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return []byte(octets)
}

// TestHostilePDUs states what must come of each named seed, whole from the stream to what people see of it.
func TestHostilePDUs(t *testing.T) {
	const readable = "" // no fault
	tests := []struct {
		name      string
		whole     bool   // the reader gives it as a frame
		parse     string // the fault that ParseSM finds
		described string // a line of Describe, its spaces as one
	}{
		{"length-0", false, "", "fault command_length is 0, less than the header of 16"},
		{"length-2", false, "", "fault command_length is 2, less than the header of 16"},
		{"length-15", false, "", "fault command_length is 15, less than the header of 16"},
		{"length-16", true, "read a message PDU: it is enquire_link, not submit_sm", "command_length 16"},
		{"length-65537", false, "", "fault command_length is 65537, 16 octets are there"},
		{"length-2147483648", false, "", "fault command_length is 2147483648, 16 octets are there"},
		{"udhi-and-no-text", true, readable, "esm_class 0x40 user data header"},
		{"udhl-past-the-end", true, readable, "esm_class 0x40 user data header"},
		{"tlv-past-the-end", true, "read deliver_sm: TLV 0x1400 at octet 59: 65535 octets are announced, 4 are left",
			"fault TLV 0x1400 at octet 59: 65535 octets are announced, 4 are left"},
		{"tlv-head-cut", true, "read deliver_sm: the tag and length of a TLV at octet 55: 4 octets are announced, 3 are left",
			"fault the tag and length of a TLV at octet 55: 4 octets are announced, 3 are left"},
		{"missing-nul", true, "read deliver_sm: source_addr at octet 19: no NUL ends it", "fault source_addr at octet 19: no NUL ends it"},
		{"no-body", true, "read deliver_sm: service_type at octet 16: no NUL ends it", "command_length 16"},
		{"sequence-0", true, readable, "sequence_number 0"},
		{"sequence-4294967295", true, readable, "sequence_number 4294967295"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			octets := seed(t, "FuzzReader", tt.name)
			for _, target := range []string{"FuzzDescribe", "FuzzMask"} {
				if !bytes.Equal(seed(t, target, tt.name), octets) {
					t.Errorf("the seed of %s is another", target)
				}
			}
			f, err := NewReader(bytes.NewReader(octets)).Next()
			if tt.whole != (err == nil) || !tt.whole && !errors.Is(err, ErrLength) {
				t.Errorf("the reader gives %d octets, %v", len(f), err)
			}
			if tt.whole {
				var m SM
				parsed, checked := ParseSM(f, &m), CheckSM(f)
				if textOf(parsed) != tt.parse || textOf(checked) != tt.parse {
					t.Errorf("ParseSM: %v, CheckSM: %v; want %q", parsed, checked, tt.parse)
				}
			}
			shown := strings.Join(strings.Fields(strings.ReplaceAll(Describe(octets, false), "\n", " | ")), " ")
			if !strings.Contains(shown, tt.described+" |") {
				t.Errorf("described as %s, without %q", shown, tt.described)
			}
			if got := Mask(octets); len(got) != len(octets) || !bytes.Equal(got[:16], octets[:16]) || bytes.Contains(got, []byte("9198")) {
				t.Errorf("masked as %x", []byte(got))
			}
		})
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestHostileTLVs states what must come of each named seed of TLVs.
func TestHostileTLVs(t *testing.T) {
	tests := []struct {
		name  string
		count int
		fault string
	}{
		{"empty", 0, ""},
		{"head-cut", 0, "the tag and length of a TLV at octet 16: 4 octets are announced, 3 are left"},
		{"length-past-the-end", 0, "TLV message_state at octet 20: 2 octets are announced, 1 are left"},
		{"length-65535", 0, "TLV message_payload at octet 20: 65535 octets are announced, 1 are left"},
		{"no-value", 1, ""},
		{"same-tag-twice", 2, ""},
		{"second-cut", 1, "TLV network_error_code at octet 25: 3 octets are announced, 2 are left"},
	}
	for _, tt := range tests {
		c := cursor{body: seed(t, "FuzzTLVs", tt.name)}
		if tlvs := c.tlvs(nil); len(tlvs) != tt.count || textOf(c.err) != tt.fault {
			t.Errorf("%s: %d TLVs, %v; want %d, %q", tt.name, len(tlvs), c.err, tt.count, tt.fault)
		}
	}
}

// FuzzTLVs reads anything as TLVs: what is read is what is there, up to the first fault.
func FuzzTLVs(f *testing.F) {
	f.Add(appendTLVs(nil, dltSM().TLVs))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, skipped := cursor{body: body}, cursor{body: body}
		again := appendTLVs(nil, c.tlvs(nil))
		if !bytes.HasPrefix(body, again) || c.err == nil && len(again) != len(body) {
			t.Fatalf("%x\nis read as %x, %v", body, again, c.err)
		}
		if skipped.skipTLVs(); textOf(skipped.err) != textOf(c.err) || skipped.off != c.off {
			t.Fatalf("%x: skipped to %d, %v; read to %d, %v", body, skipped.off, skipped.err, c.off, c.err)
		}
	})
}
