package pdu

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// maskedSM masks m as the body of id, and gives what is left.
func maskedSM(t *testing.T, id CommandID, m SM) SM {
	t.Helper()
	b, err := AppendSM(nil, id, 1, &m)
	if err != nil {
		t.Fatal(err)
	}
	var left SM
	if err := ParseSM(Mask(b), &left); err != nil {
		t.Fatal(err)
	}
	return left
}

func TestMaskASubmit(t *testing.T) {
	got, want := maskedSM(t, SubmitSM, *dltSM()), *dltSM()
	want.Dest = "********5678"
	want.ShortMessage = bytes.Repeat([]byte("*"), len(want.ShortMessage))
	if !sameSM(&got, &want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMaskTexts(t *testing.T) {
	ucs2 := func(s string) []byte {
		var b []byte
		for _, unit := range utf16.Encode([]rune(s)) {
			b = append(b, byte(unit>>8), byte(unit))
		}
		return b
	}
	tests := []struct {
		name     string
		id       CommandID
		esm, dcs byte
		text     string
		want     string
	}{
		{"8-bit reference", SubmitSM, 0x40, 0, "\x05\x00\x03\xab\x03\x02hi", "\x05\x00\x03\xab\x03\x02**"},
		{"16-bit reference, UCS-2", SubmitSM, 0x40, 8, "\x06\x08\x04\xab\xcd\x02\x01\x09\x28\x09\x2e", "\x06\x08\x04\xab\xcd\x02\x01\x00*\x00*"},
		{"half a UCS-2 character", DeliverSM, 0, 8, "\x09\x28\x09", "\x00**"},
		{"ports and a national table", SubmitSM, 0x40, 0, "\x09\x24\x01\x06\x05\x04\x0b\x84\x23\xf0!hi", "\x09\x24\x01\x06\x05\x04\x0b\x84\x23\xf0***"},
		{"an element that may hold text", SubmitSM, 0x40, 0, "\x06\x70\x04codehi", "\x06\x70\x04******"},
		{"a reference of a wrong length", SubmitSM, 0x40, 0, "\x05\x08\x03\xab\x03\x02hi", "\x05\x08\x03*****"},
		{"a text that is said to have a header", SubmitSM, 0x40, 0, "\x14our code is 483921, keep it", strings.Repeat("*", 28)},
		{"a reference of another length", SubmitSM, 0x40, 0, "\x06\x00\x04codehi", "\x06\x00\x04******"},
		{"no header, UCS-2", SubmitSM, 0x40, 8, "\x06\x09\x28", "***"},
		{"a receipt that is said to have a header", DeliverSM, 0x44, 0, "id:1 stat:DELIVRD", strings.Repeat("*", 17)},
		{"a header past the end", DeliverSM, 0x40, 0, "\x06hi", "***"},
		{"a header and nothing", SubmitSM, 0x40, 0, "", ""},
		{"binary", SubmitSM, 0, 4, "\x00\xff", "**"},
		{"a submit is no receipt", SubmitSM, 0x04, 0, "id:1", "****"},
		{"a message from a handset", DeliverSM, 0, 0, "id:1 stat:DELIVRD", strings.Repeat("*", 17)},
		{"user acknowledgement", DeliverSM, 0x10, 0, "id:1", "****"},

		{"receipt", DeliverSM, 0x04, 0,
			"id:12 sub:001 dlvrd:001 submit date:2611221011 done date:2611221012 stat:DELIVRD err:000 text:483921 is",
			"id:12 sub:001 dlvrd:001 submit date:2611221011 done date:2611221012 stat:DELIVRD err:000 text:*********"},
		{"any case and order, tabs and a NUL", DeliverSM, 0x20, 0, "Stat:FAILED\tERR:0x1f\nId:00AF Text:Hi id:1\x00", "Stat:FAILED\tERR:0x1f\nId:00AF Text:********"},
		{"acknowledgement in data_sm", DataSM, 0x08, 0, "id:1 stat:DELIVRD", "id:1 stat:DELIVRD"},
		{"other words", DeliverSM, 0x04, 0, "Your code 483921 id:1 to:919812345678 stat:DELIVRD", "**** **** ****** id:1 *************** stat:DELIVRD"},
		{"a field again", DeliverSM, 0x04, 0, "id: id:1 id:483921 stat:DELIVRD err:", "id: id:1 ********* stat:DELIVRD err:"},
		{"a value behind a space", DeliverSM, 0x04, 0, "id: 1 stat: DELIVRD err: note:hi", "id: 1 stat: DELIVRD err: *******"},
		{"a quote in a value", DeliverSM, 0x04, 0, "id:1,text:483921", "id:1,text:******"},
		{"a quote alone", DeliverSM, 0x04, 0, "text:", "text:"},
		{"UCS-2", DeliverSM, 0x04, 8, string(ucs2("id:1 नम err:0 text:नम")), string(ucs2("id:1 ** err:0 text:**"))},
		{"UCS-2 that is ASCII", DeliverSM, 0x04, 8, "id:1 hi", "id:1 **"},
		{"behind a header", DeliverSM, 0x44, 0, "\x05\x00\x03\xab\x03\x02id:1 text:hi", "\x05\x00\x03\xab\x03\x02id:1 text:**"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := SM{ESMClass: tt.esm, DataCoding: tt.dcs, ShortMessage: []byte(tt.text)}
			if tt.id == DataSM {
				m.ShortMessage, m.TLVs = nil, []TLV{{TagMessagePayload, []byte(tt.text)}}
			}
			left := maskedSM(t, tt.id, m)
			if got := string(left.Payload()); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestMaskOctets(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"bind", "00000009 00000000 00000001 6163 00 7365637265 74 00 6f7470 00 34 00 00 393831323334 00",
			"00000009 00000000 00000001 6163 00 2a2a2a2a2a2a00 6f7470 00 34 00 00 2a2a31323334 00"},
		{"outbind", "0000000b 00000000 00000001 6162 00 7077 00", "0000000b 00000000 00000001 6162 00 2a2a 00"},
		{"bind response", "80000009 00000000 00000001 616263 00 0210 0001 34", "80000009 00000000 00000001 616263 00 0210 0001 34"},
		{"message_id", "80000004 00000000 00000001 31323334353637 00", "80000004 00000000 00000001 31323334353637 00"},
		{"message_id without its NUL", "80000004 00000000 00000001 31323334353637", "80000004 00000000 00000001 31323334353637"},
		{"a text where a message_id should be", "80000004 00000000 00000001" + strings.Repeat("61", 65), "80000004 00000000 00000001" + strings.Repeat("2a", 65)},
		{"cancel_sm", "00000008 00000000 00000001 00 696400 0500 4100 0101 3132333435363700",
			"00000008 00000000 00000001 00 696400 0500 4100 0101 2a2a2a3435363700"},
		{"query_sm_resp", "80000003 00000000 00000001 3100 3236313132323130313131323030302b00 02 21",
			"80000003 00000000 00000001 3100 3236313132323130313131323030302b00 02 21"},
		{"a date that is none", "80000003 00000000 00000001 3100 39383132333435363738313233343536 00 02 21",
			"80000003 00000000 00000001 3100 2a2a2a2a2a2a2a2a2a2a2a2a33343536 00 02 21"},
		{"TLVs of a deliver_sm", "00000103 00000000 00000001 00 0000 00 0000 00 00 00 00 001e0004 31323334 0423 0003 030001 1401 0004 31323334 0381 0003 313233",
			"00000103 00000000 00000001 00 0000 00 0000 00 00 00 00 001e0004 31323334 0423 0003 030001 1401 0004 2a2a2a2a 0381 0003 313233"},
		{"enquire_link", "00000015 00000000 00000001", "00000015 00000000 00000001"},
		{"enquire_link with a body", "00000015 00000000 00000001 3132", "00000015 00000000 00000001 2a2a"},
		{"unknown command", "00000099 00000000 00000001 3100", "00000099 00000000 00000001 2a2a"},
		{"submit_multi", "00000021 00000000 00000001 00 0500", "00000021 00000000 00000001 2a 2a2a"},
		{"a body cut short", "00000004 00000000 00000001 00 0500 4100 01", "00000004 00000000 00000001 2a 2a2a 2a2a 2a"},
		{"a TLV past the end", "80000009 00000000 00000001 616263 00 0210 0002 34", "80000009 00000000 00000001 2a2a2a 2a 2a2a 2a2a 2a"},
		{"no frame", "000000", "2a2a2a"},
	}
	for _, tt := range tests {
		in, want := unhex(t, tt.in), unhex(t, tt.want)
		if len(in) > 4 {
			in, want = setLength(append(make([]byte, 4), in...), 0), append(make([]byte, 4), want...)
			copy(want, in[:4])
		}
		if got := Mask(in); !bytes.Equal(got, want) {
			t.Errorf("%s\ngot  %x\nwant %x", tt.name, []byte(got), want)
		}
	}
}

var (
	fiveDigits = regexp.MustCompile(`[0-9]{5}`)
	secret     = regexp.MustCompile(`(?i)zq`)
)

// drawMessage draws a deliver_sm, submit_sm or data_sm with full addresses, and words that must not be kept, which all
// hold "zq", in a text or payload of any coding.
func drawMessage(t *rapid.T) (CommandID, *SM) {
	id := rapid.SampledFrom([]CommandID{SubmitSM, DeliverSM, DataSM}).Draw(t, "id")
	m := drawSM(t)
	m.Source = rapid.StringMatching(`\+?[0-9]{0,15}`).Draw(t, "source")
	m.Dest = rapid.StringMatching(`[0-9 -]{0,18}`).Draw(t, "dest")
	m.ESMClass = rapid.SampledFrom([]byte{0, 0x04, 0x08, 0x20, 0x24, 0x40, 0x44}).Draw(t, "esm_class")
	m.DataCoding = rapid.SampledFrom([]byte{0, 3, 8, 245}).Draw(t, "data_coding")
	word := rapid.SampledFrom([]string{"id:1", "sub:001", "submit date:2611221011", "STAT:DELIVRD", "err:ff", " ", "\n", "x:zq",
		"zq", "ZQ:919812345678", "zqid:5", "text:zq", "text: id:zq"})
	text := []byte(strings.Join(rapid.SliceOfN(word, 0, 8).Draw(t, "words"), " "))
	if m.DataCoding == 8 && rapid.Bool().Draw(t, "wide") {
		text = bytes.Join(append([][]byte{nil}, bytes.Split(text, nil)...), []byte{0})
	}
	if m.ESMClass&ESMClassUDHI != 0 && rapid.Bool().Draw(t, "header") {
		text = slices.Concat([]byte("\x05\x00\x03\x31\x02\x01"), text)
	}
	m.ShortMessage = text
	if id == DataSM || len(text) > 254 || rapid.Bool().Draw(t, "payload") {
		m.ShortMessage, m.TLVs = nil, append(m.TLVs, TLV{TagMessagePayload, text})
	}
	return id, m
}

func TestMaskHidesAndKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, m := drawMessage(t)
		m.TLVs = slices.DeleteFunc(m.TLVs, func(tlv TLV) bool { return isID(tlv.Tag, id) })
		b, err := AppendSM(nil, id, 1, m)
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(b)
		masked := Mask(b)
		if !bytes.Equal(b, before) || len(masked) != len(b) || !bytes.Equal(masked[:16], b[:16]) || !bytes.Equal(Mask(masked), masked) {
			t.Fatalf("%x became %x, then %x", before, []byte(masked), []byte(Mask(masked)))
		}
		var was, is SM
		if err := ParseSM(b, &was); err != nil {
			t.Fatal(err)
		}
		if err := ParseSM(masked, &is); err != nil {
			t.Fatal(err)
		}
		if fiveDigits.MatchString(is.Source + "/" + is.Dest + "/" + is.ServiceType) {
			t.Fatalf("addresses %q, %q, %q", is.ServiceType, is.Source, is.Dest)
		}
		if secret.Match(bytes.ReplaceAll(is.Payload(), []byte{0}, nil)) {
			t.Fatalf("%q became %q", was.Payload(), is.Payload())
		}
		for i, tlv := range is.TLVs {
			if tlv.Tag != was.TLVs[i].Tag || len(tlv.Value) != len(was.TLVs[i].Value) {
				t.Fatalf("TLV %d was %v, is %v", i, was.TLVs[i], tlv)
			}
		}
		was.ServiceType, was.Source, was.Dest, was.ShortMessage, was.TLVs = is.ServiceType, is.Source, is.Dest, is.ShortMessage, is.TLVs
		if !sameSM(&was, &is) {
			t.Fatalf("was %+v\nis  %+v", was, is)
		}
	})
}

// FuzzMask masks anything: the length and the header stay, masking again changes nothing, what could be read still can,
// and what could not is gone.
func FuzzMask(f *testing.F) {
	ours, err := AppendSM(nil, SubmitSM, 1, dltSM())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ours)
	f.Add([]byte(receiptFrame(f)))
	for id := range commands {
		f.Add(setLength(append(AppendHeader(nil, id, 0, 0), "id\x00\x01\x01abc\x00\x01\x01\x01\x01abc\x00\x01\x02\x03\x04"...), 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		masked := Mask(b)
		head := min(len(b), HeaderLength)
		if head < HeaderLength {
			head = 0
		}
		if len(masked) != len(b) || !bytes.Equal(masked[:head], b[:head]) {
			t.Fatalf("%x\nbecame %x", b, []byte(masked))
		}
		if again := Mask(masked); !bytes.Equal(again, masked) {
			t.Fatalf("%x\nbecame %x\nthen   %x", b, []byte(masked), []byte(again))
		}
		var was, is SM
		switch readable := ParseSM(b, &was) == nil; {
		case readable && ParseSM(masked, &is) != nil:
			t.Fatalf("%x can't be read any more: %x", b, []byte(masked))
		case readable && fiveDigits.MatchString(is.Source+"/"+is.Dest):
			t.Fatalf("addresses %q, %q", is.Source, is.Dest)
		case head > 0 && !readable && isMessage(Frame(b).Header().ID) && int(Frame(b).Header().Length) == len(b) &&
			len(bytes.Trim(masked.Body(), "*")) > 0:
			t.Fatalf("%x can't be read, and is masked in part: %x", b, []byte(masked))
		}
	})
}

func isMessage(id CommandID) bool { return id == SubmitSM || id == DeliverSM || id == DataSM }
