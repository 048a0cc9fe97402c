package smsctest

import (
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// TestQueueFull fills the queue and empties it while the SMSC runs.
func TestQueueFull(t *testing.T) {
	bubble(t, Config{Latency: time.Second}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		for i, want := range []pdu.Status{pdu.ESME_ROK, pdu.ESME_RMSGQFUL, pdu.ESME_RMSGQFUL, pdu.ESME_ROK} {
			s.Change(func(cfg *Config) { cfg.QueueFull = i == 1 || i == 2 })
			c.submit(uint32(i+2), text("919800000001", "made up"))
			if got := c.want(pdu.SubmitSMResp, uint32(i+2)); got.Status != want || got.at != time.Duration(i+1)*time.Second {
				t.Errorf("message %d is answered %s at %s, want %s after a second", i, got.Status, got.at, want)
			}
		}
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 4, Accepted: 2, Texts: 2, Refused: 2,
			QueueFull: 2, Duplicates: 1, MaxWindow: 1, MaxPerSecond: 1, Receipts: 2})
	})
}

func TestQueueFullFault(t *testing.T) {
	bubble(t, with(QueueFull, Config{}), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		if got := c.want(pdu.SubmitSMResp, 2); got.Status != pdu.ESME_RMSGQFUL || got.Length != pdu.HeaderLength {
			t.Errorf("answered %s, %d octets", got.Status, got.Length)
		}
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Refused: 1, QueueFull: 1, MaxWindow: 1,
			MaxPerSecond: 1, Faults: map[string]uint64{"queue_full": 1}})
	})
}

func TestNoReceipt(t *testing.T) {
	for name, cfg := range map[string]Config{
		"the fault":    with(NoReceipt, Config{Dialect: WithIntermediate}),
		"the switch":   {NoReceipts: true, Dialect: WithIntermediate},
		"no one hopes": {NoReceipts: true, Faults: map[Fault]float64{NoReceipt: 1, DuplicateReceipt: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, text("919800000001", "made up"))
				c.accepted(2)
				elapse(time.Hour)
				c.quiet()
				want := Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1,
					MaxPerSecond: 1}
				if !cfg.NoReceipts {
					want.Faults = map[string]uint64{"no_receipt": 1}
				}
				counters(t, s, want)
				if got := s.Books().Messages[0].Segments[0].Stats; len(got) != 1 || got[0] != "" {
					t.Errorf("the books have stats %q", got)
				}
			})
		})
	}
}

// TestBindStatus refuses for each reason with a status of its own.
func TestBindStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  Config
		want pdu.Status
	}{
		"wrong password, a vendor's status":  {Config{SystemID: "esme", Password: "other", BindStatus: 0x401}, 0x401},
		"too many, ESME_RBINDFAIL":           {Config{MaxBinds: 1, BindStatus: pdu.ESME_RBINDFAIL}, pdu.ESME_RBINDFAIL},
		"none at all":                        {Config{MaxBinds: -1}, pdu.ESME_RALYBND},
		"none at all, status ESME_RINVPASWD": {Config{MaxBinds: -1, BindStatus: pdu.ESME_RINVPASWD}, pdu.ESME_RINVPASWD},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, tt.cfg, func(t *testing.T, s *SMSC) {
				if tt.cfg.MaxBinds > 0 {
					bound(t, s, pdu.BindTransceiver)
				}
				c := connect(t, s)
				c.bind(pdu.BindTransceiver, "esme", "secret", 1)
				if got := c.want(pdu.BindTransceiverResp, 1); got.Status != tt.want || got.Length != pdu.HeaderLength {
					t.Errorf("answered %s, %d octets; want %s", got.Status, got.Length, tt.want)
				}
				c.closed()
				s.Change(func(cfg *Config) { *cfg = Config{} })
				bound(t, s, pdu.BindTransceiver)
			})
		})
	}
}

// TestKeepLess keeps fewer messages from now on.
func TestKeepLess(t *testing.T) {
	bubble(t, Config{Keep: 4}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		for seq, octets := range []string{"a", "b", "c", "d", "e"} {
			if octets == "e" {
				s.Change(func(cfg *Config) { cfg.Keep = 2 })
			}
			c.submit(uint32(seq+2), text("919800000001", octets))
			c.accepted(uint32(seq + 2))
		}
		if got := s.Books().Messages; len(got) != 2 || got[1].Text != "e" {
			t.Errorf("%d messages are kept, want d and e", len(got))
		}
	})
}
