package smsctest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"harkara/smpp/pdu"
)

// FuzzClient takes any octets from a client, as they come off a socket: nothing panics, every PDU that goes back is
// whole, each request has at most one answer, and the counters add up.
func FuzzClient(f *testing.F) {
	bound, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &pdu.Bind{SystemID: "esme", InterfaceVersion: 0x34})
	if err != nil {
		f.Fatal(err)
	}
	with := func(m pdu.SM) []byte { return append(bytes.Clone(bound), submitSM(f, 2, m)...) }
	f.Add([]byte{})
	f.Add(bound)
	f.Add(with(text("919800000001", "made up")))
	f.Add(with(udh("919800000001", "\x05\x00\x03\x07\x02\x01a")))
	f.Add(with(udh("919800000001", "")))
	f.Add(with(sar("919800000001", "x", 7, 2, 1)))
	f.Add(append(with(text("919800000001", "made up")), pdu.AppendResp(nil, pdu.DeliverSMResp, 0x64, 1, "")...))
	f.Add(append(with(text("919800000001", "made up")), submitSM(f, 2, text("919800000001", "made up"))...))
	query := pdu.Inquiry{MessageID: "946684800000000001", Source: "ACMEBK", Dest: "919800000001"}
	for _, id := range []pdu.CommandID{pdu.QuerySM, pdu.CancelSM} {
		octets, err := pdu.AppendInquiry(with(text("919800000001", "made up")), id, 3, &query)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(octets)
	}
	f.Add(pdu.AppendHeader(nil, pdu.EnquireLink, 0, 0))
	f.Add(pdu.AppendHeader(bytes.Clone(bound), pdu.Unbind, 0, 0xFFFFFFFF))
	f.Add([]byte("\x00\x00\x00\x02\x00\x00"))
	f.Add([]byte("\x00\x01\x00\x01\x00\x00\x00\x04"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		s := &SMSC{binds: map[*bind]struct{}{}, books: ledger{seen: map[digest]seen{}}}
		s.configure(Config{}.withDefaults())
		c := &bind{wake: make(chan struct{}, 1), room: make(chan struct{}, 1), inFlight: map[uint32]struct{}{},
			unacked: map[uint32]*delivery{}}
		s.binds[c] = struct{}{}
		requests := 0
		for r := pdu.NewReader(bytes.NewReader(octets)); !c.leaving; {
			frame, err := r.Next()
			if err != nil {
				break
			}
			if !frame.Header().ID.IsResponse() {
				requests++
			}
			s.handle(c, frame, 0)
			s.pump(0)
		}
		checkOutput(t, c.out, requests, s.Counters())
		for i := range s.Books().Messages {
			if m := &s.Books().Messages[i]; len(m.Segments) == 0 || len(m.Segments) > m.Total {
				t.Errorf("a message of %d has %d segments", m.Total, len(m.Segments))
			}
		}
	})
}

func checkOutput(t *testing.T, out []byte, requests int, c Counters) {
	t.Helper()
	answers, receipts := 0, uint64(0)
	for r := pdu.NewReader(bytes.NewReader(out)); ; {
		frame, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("what goes back is not whole PDUs: %v", err)
		}
		if frame.Header().ID.IsResponse() {
			answers++
			continue
		}
		receipts++
		var m pdu.SM
		if err := pdu.ParseSM(frame, &m); err != nil {
			t.Fatalf("a receipt does not parse: %v", err)
		}
	}
	if answers != requests {
		t.Errorf("%d answers to %d requests", answers, requests)
	}
	if receipts != c.ReceiptsSent || c.ReceiptsAcked > c.Receipts || c.Accepted > c.Submits {
		t.Errorf("%d receipts; counters %s", receipts, toJSON(t, c))
	}
}
