package smsctest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/pdu"
)

// TestGlance holds the short way of reading a submit_sm against the whole one: the same PDUs are legal, and what both
// read is the same.
func TestGlance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anySubmit(t)
		var whole, seen pdu.SM
		err := pdu.ParseSM(f, &whole)
		source, dest, ok := glance(f, &seen)
		if ok != (err == nil) {
			t.Fatalf("glance says %v, ParseSM %v", ok, err)
		}
		if !ok {
			return
		}
		got := fmt.Sprint(source, dest, seen.ESMClass, seen.DataCoding, seen.ShortMessage, seen.TLVs)
		want := fmt.Sprint(len(whole.Source), len(whole.Dest), whole.ESMClass, whole.DataCoding, whole.ShortMessage,
			whole.TLVs)
		if got != want {
			t.Errorf("glance reads %s, ParseSM %s", got, want)
		}
	})
}

// anySubmit draws a submit_sm, often a damaged one.
func anySubmit(t *rapid.T) pdu.Frame {
	digits := rapid.StringMatching(`[0-9]{0,20}`)
	m := pdu.SM{
		Source: digits.Draw(t, "source"), Dest: digits.Draw(t, "dest"), ESMClass: rapid.Byte().Draw(t, "esm_class"),
		DataCoding: rapid.Byte().Draw(t, "data_coding"), RegisteredDelivery: 1,
		Validity:     rapid.SampledFrom([]string{"", "000000000500000R"}).Draw(t, "validity"),
		ShortMessage: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "text"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "TLVs") {
		m.TLVs = append(m.TLVs, pdu.TLV{Tag: 0x1400, Value: rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "value")})
	}
	f, err := pdu.AppendSM(nil, pdu.SubmitSM, 2, &m)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "cut") {
		f = f[:rapid.IntRange(pdu.HeaderLength, len(f)).Draw(t, "length")]
		f[2], f[3] = byte(len(f)>>8), byte(len(f))
	}
	if len(f) > pdu.HeaderLength && rapid.Bool().Draw(t, "changed") {
		f[rapid.IntRange(pdu.HeaderLength, len(f)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "octet")
	}
	return f
}

// TestCountOnly gives the same PDUs, legal and not, to an SMSC that keeps books and to ones that count: the answers and
// the counters are the same, but for duplicates.
func TestCountOnly(t *testing.T) {
	sent := []pdu.SM{
		text("919800000001", "made up"), text("919800000001", "made up"), text("", "no destination"),
		udh("919800000001", "\x05\x00\x03\x07\x02\x01a"), udh("919800000001", "\x05\x00\x03\x07\x02\x02b"),
		udh("919800000001", "\x05\x00\x03\x07\x02\x03c"),
		sar("919800000002", "x", 1, 1, 1), sar("919800000002", "x", 1, 1, 2),
	}
	run := func(cfg Config) (c Counters, statuses []pdu.Status) {
		cfg.NoReceipts, cfg.TPS = true, 5
		bubble(t, cfg, func(t *testing.T, s *SMSC) {
			client := bound(t, s, pdu.BindTransceiver)
			for i, m := range sent {
				client.submit(uint32(i+2), m)
				statuses = append(statuses, client.want(pdu.SubmitSMResp, uint32(i+2)).Status)
			}
			client.quiet()
			c = s.Counters()
			if n := len(s.Books().Messages); (n == 0) != cfg.CountOnly {
				t.Errorf("%d messages are kept", n)
			}
		})
		return c, statuses
	}
	want, wantStatuses := run(Config{})
	if want.Duplicates != 1 || want.Malformed != 3 || want.Accepted != 5 || want.Segments != 3 {
		t.Fatalf("counters %s", toJSON(t, want))
	}
	want.Duplicates = 0
	seen := 0
	for name, cfg := range map[string]Config{
		"by a glance": {CountOnly: true},
		"whole":       {CountOnly: true, Seen: func(m *pdu.SM) { seen += len(m.Dest) }},
	} {
		got, statuses := run(cfg)
		if g, w := toJSON(t, got), toJSON(t, want); g != w || !slices.Equal(statuses, wantStatuses) {
			t.Errorf("%s\n got %s %v\nwant %s %v", name, g, statuses, w, wantStatuses)
		}
	}
	if seen != 5*len("919800000001") {
		t.Errorf("Seen read %d digits of destinations", seen)
	}
}

// TestCountOnlyFaults: faults hit at their rate all the same.
func TestCountOnlyFaults(t *testing.T) {
	cfg := Config{CountOnly: true, Seed: 3, Faults: map[Fault]float64{Refuse: 0.25}}
	bubble(t, cfg, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		for seq := range uint32(400) {
			c.submit(seq+2, text("919800000001", "made up"))
			c.want(pdu.SubmitSMResp, seq+2)
		}
		if got := s.Counters(); got.Refused < 70 || got.Refused > 130 || got.Faults["refuse"] != got.Refused {
			t.Errorf("%d of 400 are refused at a rate of 0.25", got.Refused)
		}
	})
}

// TestCountOnlyNoAnswer: a fault that comes after a message is accepted happens without receipts too.
func TestCountOnlyNoAnswer(t *testing.T) {
	bubble(t, with(NoAnswer, Config{CountOnly: true, NoReceipts: true}), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		c.submit(2, text("919800000001", "made up"))
		elapse(time.Hour)
		c.quiet()
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1,
			MaxPerSecond: 1, Faults: map[string]uint64{"no_answer": 1}})
	})
}

func TestNoAllocations(t *testing.T) {
	s := New(Config{CountOnly: true, NoReceipts: true})
	defer func() { _ = s.Close() }()
	c := &bind{wake: make(chan struct{}, 1), bound: true, transmits: true, receives: true}
	f := submitSM(t, 2, sar("919800000001", "made up", 7, 2, 1))
	s.mu.Lock()
	defer s.mu.Unlock()
	allocations := testing.AllocsPerRun(1000, func() {
		s.handle(c, f, 0)
		c.out = c.out[:0]
	})
	if allocations != 0 {
		t.Errorf("%v allocations for a submit_sm and its answer", allocations)
	}
}
