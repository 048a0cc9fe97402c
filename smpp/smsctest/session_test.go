package smsctest

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

func TestBindAccounts(t *testing.T) {
	account := Config{SystemID: "esme", Password: "secret"}
	tests := []struct {
		name               string
		cfg                Config
		systemID, password string
		want               pdu.Status
	}{
		{"the account", account, "esme", "secret", pdu.ESME_ROK},
		{"another system_id", account, "other", "secret", pdu.ESME_RINVSYSID},
		{"a wrong password", account, "esme", "guess", pdu.ESME_RINVPASWD},
		{"no password", account, "esme", "", pdu.ESME_RINVPASWD},
		{"anyone", Config{}, "whoever", "x", pdu.ESME_ROK},
	}
	for _, tt := range tests {
		for _, id := range []pdu.CommandID{pdu.BindTransmitter, pdu.BindReceiver, pdu.BindTransceiver} {
			t.Run(tt.name+" "+id.String(), func(t *testing.T) {
				bubble(t, tt.cfg, func(t *testing.T, s *SMSC) {
					c := connect(t, s)
					c.bind(id, tt.systemID, tt.password, 7)
					if got := c.want(id.Response(), 7); got.Status != tt.want {
						t.Fatalf("answered %s, want %s", got.Status, tt.want)
					}
					if tt.want != pdu.ESME_ROK {
						c.closed()
						counters(t, s, Counters{Connections: 1, BindsRefused: 1})
						return
					}
					counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1})
				})
			})
		}
	}
}

func TestMaxBinds(t *testing.T) {
	bubble(t, Config{MaxBinds: 2}, func(t *testing.T, s *SMSC) {
		first := bound(t, s, pdu.BindTransceiver)
		bound(t, s, pdu.BindReceiver)
		third := connect(t, s)
		third.bind(pdu.BindTransceiver, "esme", "secret", 1)
		if got := third.want(pdu.BindTransceiverResp, 1); got.Status != pdu.ESME_RALYBND {
			t.Fatalf("the third bind is answered %s", got.Status)
		}
		third.closed()
		first.header(pdu.Unbind, 0, 2)
		first.want(pdu.UnbindResp, 2)
		first.closed()
		bound(t, s, pdu.BindTransceiver)
		counters(t, s, Counters{Connections: 4, Binds: 3, BindsRefused: 1, Bound: 2})
	})
}

// TestIllegal sends what SMPP 3.4 forbids, and reads what it says should come back; the bind survives.
func TestIllegal(t *testing.T) {
	tests := []struct {
		name   string
		send   []byte
		id     pdu.CommandID
		status pdu.Status
		seq    uint32
		count  func(*Counters)
	}{
		{"a second bind", pdu.AppendHeader(nil, pdu.BindReceiver, 0, 5), pdu.BindReceiverResp, pdu.ESME_RALYBND, 5,
			func(c *Counters) { c.BindsRefused = 1 }},
		{"sequence number 0", submitSM(t, 0, text("919800000001", "hi")), pdu.GenericNack, pdu.ESME_RUNKNOWNERR, 0,
			func(c *Counters) { c.IllegalSeqs = 1 }},
		{"sequence number above 0x7FFFFFFF", submitSM(t, 1<<31, text("919800000001", "hi")), pdu.GenericNack,
			pdu.ESME_RUNKNOWNERR, 1 << 31, func(c *Counters) { c.IllegalSeqs = 1 }},
		{"replace_sm", pdu.AppendHeader(nil, pdu.ReplaceSM, 0, 9), pdu.GenericNack, pdu.ESME_RINVCMDID, 9,
			func(c *Counters) { c.UnknownPDUs = 1 }},
		{"an unknown command", pdu.AppendHeader(nil, 0x99, 0, 9), pdu.GenericNack, pdu.ESME_RINVCMDID, 9,
			func(c *Counters) { c.UnknownPDUs = 1 }},
		{"a submit_sm without a body", pdu.AppendHeader(nil, pdu.SubmitSM, 0, 9), pdu.SubmitSMResp,
			pdu.ESME_RINVCMDLEN, 9, func(c *Counters) { c.Submits, c.MaxPerSecond, c.MaxWindow, c.Malformed = 1, 1, 1, 1 }},
		{"a user data header that is longer than the text", submitSM(t, 9, udh("919800000001", "\x05\x00\x03\x01")),
			pdu.SubmitSMResp, pdu.ESME_RINVMSGLEN, 9,
			func(c *Counters) { c.Submits, c.MaxPerSecond, c.MaxWindow, c.Malformed = 1, 1, 1, 1 }},
		{"segment 3 of 2", submitSM(t, 9, udh("919800000001", "\x05\x00\x03\x01\x02\x03hi")),
			pdu.SubmitSMResp, pdu.ESME_RINVMSGLEN, 9,
			func(c *Counters) { c.Submits, c.MaxPerSecond, c.MaxWindow, c.Malformed = 1, 1, 1, 1 }},
		{"no destination", submitSM(t, 9, text("", "hi")), pdu.SubmitSMResp, pdu.ESME_RINVDSTADR, 9,
			func(c *Counters) { c.Submits, c.MaxPerSecond, c.MaxWindow, c.Malformed = 1, 1, 1, 1 }},
		{"a source of 21 octets", longSource(t, 9), pdu.SubmitSMResp, pdu.ESME_RINVSRCADR, 9,
			func(c *Counters) { c.Submits, c.MaxPerSecond, c.MaxWindow, c.Malformed = 1, 1, 1, 1 }},
		{"a response to nothing", pdu.AppendResp(nil, pdu.DeliverSMResp, 0, 9, ""), 0, 0, 0,
			func(c *Counters) { c.StrayAnswers = 1 }},
		{"an enquire_link_resp to nothing", pdu.AppendHeader(nil, pdu.EnquireLinkResp, 0, 9), 0, 0, 0,
			func(c *Counters) { c.StrayAnswers = 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, Config{}, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.send(tt.send)
				if tt.id != 0 {
					if got := c.want(tt.id, tt.seq); got.Status != tt.status {
						t.Errorf("answered %s, want %s", got.Status, tt.status)
					}
				}
				c.header(pdu.EnquireLink, 0, 10)
				c.want(pdu.EnquireLinkResp, 10)
				c.quiet()
				want := Counters{Connections: 1, Binds: 1, Bound: 1}
				tt.count(&want)
				counters(t, s, want)
			})
		})
	}
}

func TestSubmitOutOfState(t *testing.T) {
	for _, tt := range []struct {
		name string
		open func(*testing.T, *SMSC) *esme
		want Counters
	}{
		{"before the bind", connect, Counters{Connections: 1}},
		{"on a receiver", func(t *testing.T, s *SMSC) *esme { return bound(t, s, pdu.BindReceiver) },
			Counters{Connections: 1, Binds: 1, Bound: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, Config{}, func(t *testing.T, s *SMSC) {
				c := tt.open(t, s)
				c.submit(2, text("919800000001", "hi"))
				if got := c.want(pdu.SubmitSMResp, 2); got.Status != pdu.ESME_RINVBNDSTS {
					t.Errorf("answered %s", got.Status)
				}
				c.quiet()
				tt.want.Submits, tt.want.OutOfState, tt.want.MaxWindow, tt.want.MaxPerSecond = 1, 1, 1, 1
				counters(t, s, tt.want)
			})
		})
	}
}

func TestSequenceNumberInFlight(t *testing.T) {
	bubble(t, Config{Latency: time.Second}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "one"))
		c.submit(2, text("919800000001", "two"))
		if got := c.want(pdu.GenericNack, 2); got.Status != pdu.ESME_RUNKNOWNERR {
			t.Errorf("answered %s", got.Status)
		}
		c.accepted(2)
		c.submit(2, text("919800000001", "three")) // its number is free again
		c.receipt()
		c.accepted(2)
		if got := s.Counters(); got.IllegalSeqs != 1 || got.Accepted != 2 || got.Submits != 2 {
			t.Errorf("counters %s", toJSON(t, got))
		}
	})
}

func TestBrokenFraming(t *testing.T) {
	for _, tt := range []struct{ name, octets string }{
		{"length 0", "\x00\x00\x00\x00"},
		{"length 15", "\x00\x00\x00\x0f"},
		{"length 65537", "\x00\x01\x00\x01"},
		{"length 2^31", "\x80\x00\x00\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, Config{}, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.send([]byte(tt.octets))
				if got := c.want(pdu.GenericNack, 0); got.Status != pdu.ESME_RINVCMDLEN {
					t.Errorf("answered %s", got.Status)
				}
				c.closed()
				counters(t, s, Counters{Connections: 1, Binds: 1, Malformed: 1})
			})
		})
	}
}

func TestUnbindTakesNothingMore(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.send(append(pdu.AppendHeader(nil, pdu.Unbind, 0, 2), submitSM(t, 3, text("919800000001", "hi"))...))
		c.want(pdu.UnbindResp, 2)
		c.closed()
		counters(t, s, Counters{Connections: 1, Binds: 1})
	})
}

// udh is a submit_sm whose payload begins with a user data header.
func udh(to, octets string) pdu.SM {
	m := text(to, octets)
	m.ESMClass = pdu.ESMClassUDHI
	return m
}

// longSource is a submit_sm whose source_addr is one octet longer than the standard's 20, which AppendSM would not write.
func longSource(t *testing.T, seq uint32) []byte {
	m := text("919800000001", "hi")
	m.Source = "12345678901234567890"
	octets := slices.Insert(submitSM(t, seq, m), pdu.HeaderLength+3, '0')
	binary.BigEndian.PutUint32(octets, uint32(len(octets)))
	return octets
}
