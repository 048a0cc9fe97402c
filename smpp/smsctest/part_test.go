package smsctest

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// submitsOf makes the submit_sm of a text as an ESME sends it.
func submitsOf(t *testing.T, c sms.Coding, content string) []pdu.SM {
	t.Helper()
	m, err := c.Encode(content, 0xABCD)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]pdu.SM, len(m.Segments))
	for i, s := range m.Segments {
		octets := slices.Concat(s.UDH, s.Payload)
		sm := text("919800000001", string(octets))
		sm.DataCoding = m.Encoding.DataCoding()
		if s.UDH != nil {
			sm.ESMClass = pdu.ESMClassUDHI
		}
		switch {
		case m.Parts > 1 && m.Long == sms.Payload:
			sm.ShortMessage = nil
			sm.TLVs = []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: octets}}
		case m.Parts > 1 && m.Long == sms.SAR:
			sm.TLVs = []pdu.TLV{
				{Tag: pdu.TagSarMsgRefNum, Value: binary.BigEndian.AppendUint16(nil, m.Ref)},
				{Tag: pdu.TagSarTotalSegments, Value: []byte{byte(m.Parts)}},
				{Tag: pdu.TagSarSegmentSeqnum, Value: []byte{byte(i + 1)}},
			}
		}
		all[i] = sm
	}
	return all
}

// TestPartsGiveTheTextBack puts texts together again from every form that an ESME may give them.
func TestPartsGiveTheTextBack(t *testing.T) {
	texts := map[string]string{
		"GSM-7":        strings.Repeat("made up € ", 40),
		"one part":     "made up",
		"Latin-1":      strings.Repeat("façade ", 40),
		"UCS-2":        strings.Repeat("₹😀", 60),
		"Hindi tables": "A" + strings.Repeat("नमस्ते १।", 30),
	}
	for name, content := range texts {
		for _, long := range []sms.Long{sms.UDH16, sms.UDH8, sms.SAR, sms.Payload} {
			for _, packed := range []bool{false, true} {
				c := sms.Coding{Alphabets: []sms.Encoding{sms.GSM7, sms.Latin1, sms.UCS2}, Packed: packed, Long: long,
					Languages: []sms.Language{sms.Hindi}}
				all := submitsOf(t, c, content)
				parts := make([]part, len(all))
				for i := range all {
					p, ok := partOf(&all[i])
					if !ok || p.concat != (len(all) > 1) || int(p.total) != len(all) || int(p.number) != i+1 {
						t.Fatalf("%s by %s: part %d of %d is read as %+v, %v", name, long, i+1, len(all), p, ok)
					}
					ref := map[sms.Long]uint16{sms.UDH16: 0xABCD, sms.UDH8: 0xCD, sms.SAR: 0xABCD}[long]
					if p.concat && p.ref != ref {
						t.Errorf("%s by %s: reference %04x", name, long, p.ref)
					}
					parts[i] = p
				}
				if got := textOf(all[0].DataCoding, packed, parts).Reveal(); got != content {
					t.Errorf("%s by %s, packed %v: %q", name, long, packed, got)
				}
			}
		}
	}
}

func TestTextOfWhatIsNoText(t *testing.T) {
	whole := func(octets string) []part { return []part{{total: 1, number: 1, text: []byte(octets)}} }
	cut := []part{{text: []byte("\x09\x28\xd8\x3d")}, {text: []byte("\xde\x00")}}
	for _, tt := range []struct {
		name       string
		dataCoding byte
		packed     bool
		parts      []part
		want       string
	}{
		{"binary", 4, false, whole("\x00\xff"), "00ff"},
		{"language without tables", 0, false, []part{{header: sms.UDH{Locking: 1}, text: []byte("a")}}, "61"},
		{"a character cut in two", 8, true, cut, "न😀"},
	} {
		if got := textOf(tt.dataCoding, tt.packed, tt.parts).Reveal(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
