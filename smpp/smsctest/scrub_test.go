package smsctest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// ofTemplate is a submit_sm with the TLV that names its template, an octet string unless id ends with a NUL.
func ofTemplate(tag pdu.Tag, id string) pdu.SM {
	return change(text("919800000001", "made up"), func(m *pdu.SM) { m.TLVs = []pdu.TLV{{Tag: tag, Value: []byte(id)}} })
}

// TestScrub fails one template and no other, wherever its id stands on the wire.
func TestScrub(t *testing.T) {
	scrub := map[string]string{"1107000000000000001": "631", "1177000000000000002": "5301"}
	for name, tt := range map[string]struct {
		cfg  Config
		m    pdu.SM
		want string // stat and err
	}{
		"three digits":       {Config{Scrub: scrub}, ofTemplate(0x1401, "1107000000000000001"), "UNDELIV 631"},
		"four digits":        {Config{Scrub: scrub}, ofTemplate(0x1401, "1177000000000000002"), "UNDELIV 5301"},
		"with a NUL":         {Config{Scrub: scrub}, ofTemplate(0x1401, "1107000000000000001\x00"), "UNDELIV 631"},
		"another template":   {Config{Scrub: scrub}, ofTemplate(0x1401, "1107000000000000003"), "DELIVRD 000"},
		"a longer id":        {Config{Scrub: scrub}, ofTemplate(0x1401, "11070000000000000011"), "DELIVRD 000"},
		"in another TLV":     {Config{Scrub: scrub}, ofTemplate(0x1400, "1107000000000000001"), "DELIVRD 000"},
		"another tag is set": {Config{Scrub: scrub, TemplateTag: 0x1400}, ofTemplate(0x1400, "1107000000000000001"), "UNDELIV 631"},
		"no TLV":             {Config{Scrub: scrub}, text("919800000001", "made up"), "DELIVRD 000"},
		"nothing is failed":  {Config{}, ofTemplate(0x1401, "1107000000000000001"), "DELIVRD 000"},
		"beside Undelivered": {Config{Scrub: scrub, Undelivered: 1}, ofTemplate(0x1401, "1107000000000000001"), "UNDELIV 631"},
		"under load":         {Config{Scrub: scrub, CountOnly: true}, ofTemplate(0x1401, "1107000000000000001"), "UNDELIV 631"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, tt.cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, tt.m)
				c.accepted(2)
				if r := c.told(pdu.DeliverSM).receipt; r.Stat+" "+r.Err != tt.want {
					t.Errorf("receipt %s %s, want %s", r.Stat, r.Err, tt.want)
				}
			})
		})
	}
}

// TestScrubInDialects reads a scrubber's codes as each dialect can tell them: network_error_code holds two octets, so
// that of a code with letters only the state is left.
func TestScrubInDialects(t *testing.T) {
	for _, tt := range []struct {
		dialect   Dialect
		err, want string
	}{
		{AppendixB, "41C", "UNDELIV 41C"}, {LowerCase, "5312", "undeliv 5312"}, {Worded, "633", "FAILED 633"},
		{TLVOnly, "5301", "UNDELIV 5301"}, {TLVOnly, "41C", "UNDELIV "}, {TLVOnly, "65536", "UNDELIV "},
		{ByDataSM, "601", "UNDELIV 601"}, {PaddedID, "9024", "UNDELIV 9024"},
	} {
		t.Run(fmt.Sprint(tt.dialect, " ", tt.err), func(t *testing.T) {
			cfg := Config{Dialect: tt.dialect, Scrub: map[string]string{"1107000000000000001": tt.err}}
			bubble(t, cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, ofTemplate(0x1401, "1107000000000000001"))
				c.accepted(2)
				if r := c.told(dialects[tt.dialect].command).receipt; r.Stat+" "+r.Err != tt.want || !r.Final {
					t.Errorf("receipt %q %q, want %q", r.Stat, r.Err, tt.want)
				}
			})
		})
	}
}

// TestScrubMended fails a template, mends it, and fails it for another reason, while the SMSC runs; what is under way
// keeps its fate. The map that was given stays as it was.
func TestScrubMended(t *testing.T) {
	given := map[string]string{"1107000000000000001": "631"}
	bubble(t, Config{ReceiptDelay: time.Second, Scrub: given}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		for i, mend := range []func(*Config){
			func(*Config) {},
			func(cfg *Config) { delete(cfg.Scrub, "1107000000000000001") },
			func(cfg *Config) { cfg.Scrub["1107000000000000001"] = "700" },
			func(cfg *Config) { cfg.Scrub = nil },
		} {
			s.Change(mend)
			c.submit(uint32(i+2), ofTemplate(0x1401, "1107000000000000001"))
			c.accepted(uint32(i + 2))
		}
		var got []string
		for range 4 {
			r := c.told(pdu.DeliverSM)
			got = append(got, r.receipt.Stat+" "+r.receipt.Err)
			c.acks(r, pdu.ESME_ROK)
		}
		if want := "UNDELIV 631, DELIVRD 000, UNDELIV 700, DELIVRD 000"; strings.Join(got, ", ") != want {
			t.Errorf("receipts %s, want %s", strings.Join(got, ", "), want)
		}
		if given["1107000000000000001"] != "631" || len(given) != 1 {
			t.Errorf("the map given to New is now %v", given)
		}
	})
}

// TestScrubbedState asks query_sm for messages that a scrubber failed: its error_code is one octet, 0 where the code
// does not fit.
func TestScrubbedState(t *testing.T) {
	bubble(t, Config{Scrub: map[string]string{"1": "631", "2": "23"}}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		for i, want := range []string{`5 "000101000000000+" 0`, `5 "000101000000000+" 23`} {
			c.submit(uint32(i+2), ofTemplate(0x1401, fmt.Sprint(i+1)))
			id, _ := c.accepted(uint32(i + 2))
			if got := c.state(uint32(i+10), id); got != want {
				t.Errorf("message %d: state %s, want %s", i+1, got, want)
			}
		}
	})
}
