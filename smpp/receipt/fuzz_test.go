package receipt

import (
	"math/big"
	"strings"
	"testing"
	"unicode"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// The seeds are under testdata/fuzz, named after what they show.

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte, class, coding byte, id []byte, state byte, network uint16) {
		m := pdu.SM{ESMClass: class, DataCoding: coding, ShortMessage: text, TLVs: []pdu.TLV{
			{Tag: pdu.TagReceiptedMessageID, Value: id}, {Tag: pdu.TagMessageState, Value: []byte{state}},
			{Tag: pdu.TagNetworkErrorCode, Value: []byte{3, byte(network >> 8), byte(network)}}}}
		before := string(text)
		r, ok := Parse(&m, Strict)
		if !ok {
			t.Fatal("a receipted_message_id is there, but it is not a receipt")
		}
		if lenient, ok := Parse(&m, Lenient); !ok || lenient != r {
			t.Fatalf("%v, leniently %+v, strictly %+v", ok, lenient, r)
		}
		if string(text) != before {
			t.Fatal("the PDU was changed")
		}
		isSound(t, r)
		isStable(t, r)
		m.TLVs = m.TLVs[1:]
		_, strict := Parse(&m, Strict)
		_, lenient := Parse(&m, Lenient)
		if strict != receiptClass(class) || strict && !lenient {
			t.Fatalf("esm_class %#x: strictly %v, leniently %v", class, strict, lenient)
		}
	})
}

func FuzzParseText(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := ParseText(text)
		if !ok {
			if r != (Receipt{}) {
				t.Fatalf("%+v", r)
			}
			return
		}
		isSound(t, r)
		isStable(t, r)
		if r.ID == "" && r.Stat == "" {
			t.Fatal("neither an id nor a stat")
		}
		m := pdu.SM{ESMClass: 4, TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte(text)}}}
		if wire, ok := Parse(&m, Strict); !ok || wire != r {
			t.Fatalf("%v, from the wire %+v, from the text %+v", ok, wire, r)
		}
	})
}

// isSound fails where a receipt holds what none may hold.
func isSound(t *testing.T, r Receipt) {
	if r.Final == (r.State == sms.Submitted) || r.State == "" {
		t.Fatalf("%s, final %v", r.State, r.Final)
	}
	for _, s := range []string{string(r.ID), r.Sub, r.Dlvrd, r.SubmitDate, r.DoneDate, r.Stat, r.Err, r.Raw} {
		if len(s) > maxText || strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII || c < ' ' }) {
			t.Fatalf("%q is not printable ASCII of at most %d octets", s, maxText)
		}
	}
	if v, _ := word(r.Stat); v.weight == outcome && v.state == sms.Delivered && r.State == sms.Submitted {
		t.Fatalf("stat %q, but %s", r.Stat, r.State)
	}
	if !r.Done.IsZero() && r.Done.In(indianTime).Year()/100 != 20 {
		t.Fatalf("%q is %v", r.DoneDate, r.Done)
	}
}

// isStable fails where what is kept of a receipt's text reads as another receipt.
func isStable(t *testing.T, r Receipt) {
	again, ok := ParseText(r.Raw)
	if ok && (again.Stat != "" && again.Stat != r.Stat || again.DoneDate != r.DoneDate || again.Raw != r.Raw) {
		t.Fatalf("raw read again is %+v, was %+v", again, r)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw string) {
		text := strings.TrimSpace(raw)
		if got := Canonical(raw, Text); string(got) != text {
			t.Fatalf("%q as text is %q", raw, got)
		}
		if dec := Canonical(raw, Dec); Canonical(string(dec), Dec) != dec {
			t.Fatalf("%q is %q, and that %q", raw, dec, Canonical(string(dec), Dec))
		}
		for form, digits := range map[Form]string{Dec: "0123456789", Hex: "0123456789abcdefABCDEF"} {
			got := Canonical(raw, form)
			if strings.Trim(text, digits) != "" || text == "" || len(text) >= maxID {
				continue
			}
			base := map[Form]int{Dec: 10, Hex: 16}[form]
			if n, ok := new(big.Int).SetString(text, base); !ok || string(got) != n.String() {
				t.Fatalf("%q as %s is %q, want %v", raw, form, got, n)
			}
			for _, other := range []string{"0" + text, strings.ToUpper(text), " " + strings.ToLower(text)} {
				if same := Canonical(other, form); same != got {
					t.Fatalf("%q is %q, %q is %q", raw, got, other, same)
				}
			}
		}
	})
}
