package demo

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/smsctest"
)

// inserted is where the numbers of PDUs begin that a test puts in; the simulator's own never come so far.
const inserted = 0x70000000

// hostileAnswers (row 9): answers come in another order than their submits, twice, and to nothing at all; other
// responses have the number of a submit in flight. Each message gets its own answer; what fits nothing is counted.
func hostileAnswers(t *testing.T, p *peer) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(uint64(p.row), 0))
	strange := 0
	p.proxy.Follow(on(smsctest.FromSMSC, pdu.SubmitSMResp, func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		mu.Lock()
		defer mu.Unlock()
		seq := f.Header().Seq
		for _, octets := range [][]byte{
			pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_ROK, inserted+seq, "made-up"), // never sent
			pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_RSYSERR, 0, ""),
			pdu.AppendResp(nil, pdu.DataSMResp, pdu.ESME_ROK, seq, "made-up"), // sent, as something else
			pdu.AppendHeader(nil, pdu.EnquireLinkResp, pdu.ESME_ROK, seq),
			pdu.AppendHeader(nil, pdu.UnbindResp, pdu.ESME_ROK, seq),
		} {
			if random.IntN(3) == 0 {
				strange++
				l.Send(w, octets)
			}
		}
		wait := time.Duration(random.IntN(40)) * time.Millisecond
		l.SendAfter(wait, w, f)
		if random.IntN(5) == 0 {
			strange++
			l.SendAfter(wait+time.Millisecond, w, f)
		}
	}))
	l := p.load(300, 300, "txn")
	p.run(t, l)
	p.wantOnce(t, l)
	p.verify(t, l)
	mu.Lock()
	want := strange
	mu.Unlock()
	eventually(t, fmt.Sprintf("%d PDUs are counted as fitting nothing", want),
		func() bool { return p.counted(t, unknown) == want })
	p.wantUncut(t)
}

// wantUncut says that no connection was lost so far.
func (p *peer) wantUncut(t *testing.T) {
	t.Helper()
	if n := p.proxy.Made(); n != p.Binds {
		t.Errorf("%d connections were made for %d binds", n, p.Binds)
	}
}

// hostileNumbers (row 10): the SMSC numbers each deliver_sm like a submit_sm that waits for its answer. A request is no
// answer: both are dealt with.
func hostileNumbers(t *testing.T, p *peer) {
	l := p.load(400, 400, "txn")
	p.run(t, l)
	p.wantOnce(t, l)
	p.verify(t, l)
	if n := p.smsc.Counters().Faults[smsctest.ReceiptSeqClash.String()]; int(n) < l.Messages/2 {
		t.Errorf("only %d of %d receipts took the number of a submit", n, l.Messages)
	}
	if n := p.counted(t, unknown); n != 0 {
		t.Errorf("%d PDUs fitted nothing", n)
	}
	p.wantUncut(t)
}

// hostileCommands (row 11): receipts come as data_sm, and between them whatever else an SMSC may say. Each request is
// answered as the standard asks, alert_notification not at all, and the binds stand.
func hostileCommands(t *testing.T, p *peer) {
	data, err := pdu.AppendSM(nil, pdu.DataSM, 0, &pdu.SM{Source: "919800000001", Dest: "ACMEBK",
		TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte("a made-up text from a handset")}}})
	if err != nil {
		t.Fatal(err)
	}
	list := []struct {
		octets []byte
		want   string // the answer
	}{
		{data, "data_sm_resp ESME_RX_R_APPN"}, // there is nobody to give it to
		{bodied(pdu.AlertNotification, "\x01\x01919800000001\x00\x05\x00ACMEBK\x00"), "none"},
		{bodied(pdu.Outbind, "made-up\x00made-up\x00"), "generic_nack ESME_RINVBNDSTS"},
		{bodied(pdu.BindReceiver, "made-up\x00made-up\x00\x00\x34\x00\x00\x00"), "generic_nack ESME_RINVBNDSTS"},
		{bodied(pdu.SubmitSM, "\x00"), "generic_nack ESME_RINVCMDID"},
		{bodied(0x99, ""), "generic_nack ESME_RINVCMDID"},
		{bodied(0x00010201, "a vendor's own"), "generic_nack ESME_RINVCMDID"},
		{bodied(0x80010201, "a vendor's own"), "none"},
		{bodied(pdu.GenericNack, ""), "none"},
		{bodied(pdu.EnquireLink, ""), "enquire_link_resp ESME_ROK"},
	}
	var mu sync.Mutex
	next, answers := 0, map[uint32]string{}
	p.proxy.Follow(func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		mu.Lock()
		defer mu.Unlock()
		h := f.Header()
		switch {
		case w == smsctest.ToSMSC && h.Seq >= inserted:
			answers[h.Seq] += h.ID.String() + " " + h.Status.String()
		case h.ID == pdu.DataSMResp:
			l.Send(w, pdu.AppendResp(nil, pdu.DeliverSMResp, h.Status, h.Seq, ""))
		case h.ID == pdu.DeliverSM:
			l.Send(w, asData(t, f))
		case h.ID == pdu.SubmitSMResp:
			l.Send(w, numbered(list[next%len(list)].octets, inserted+uint32(next)))
			next++
			l.Send(w, f)
		default:
			l.Send(w, f)
		}
	})
	l := p.load(300, 300, "txn")
	p.run(t, l)
	p.wantOnce(t, l)
	p.verify(t, l)
	eventually(t, "what has an answer is answered", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(answers) == next*7/10
	})
	mu.Lock()
	defer mu.Unlock()
	for i := range next {
		want := list[i%len(list)].want
		if got := orElse(answers[inserted+uint32(i)], "none"); got != want {
			t.Errorf("%s is answered %s, want %s", pdu.Frame(list[i%len(list)].octets).Header().ID, got, want)
		}
	}
	p.wantUncut(t)
}

// bodied makes a PDU of a command and what follows its header.
func bodied(id pdu.CommandID, body string) []byte {
	f := append(pdu.AppendHeader(nil, id, pdu.ESME_ROK, 0), body...)
	binary.BigEndian.PutUint32(f, uint32(len(f)))
	return f
}

// numbered gives a copy of a PDU another sequence number.
func numbered(octets []byte, seq uint32) []byte {
	return append(binary.BigEndian.AppendUint32(append([]byte(nil), octets[:12]...), seq), octets[16:]...)
}

// asData makes a data_sm of a deliver_sm.
func asData(t *testing.T, f pdu.Frame) []byte {
	var m pdu.SM
	err := pdu.ParseSM(f, &m)
	m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagMessagePayload, Value: m.ShortMessage})
	m.ShortMessage = nil
	data, appendErr := pdu.AppendSM(nil, pdu.DataSM, f.Header().Seq, &m)
	if err != nil || appendErr != nil {
		t.Errorf("%v, %v", err, appendErr)
	}
	return data
}

// malformed are deliver_sm whose body can't be what it says, in a frame that is whole.
func malformed(t *testing.T) map[string][]byte {
	m := pdu.SM{Source: "919800000001", Dest: "ACMEBK", ESMClass: 0x04,
		ShortMessage: []byte("id:1 sub:001 dlvrd:001 submit date:2611221000 done date:2611221000 stat:DELIVRD err:000")}
	whole, err := pdu.AppendSM(nil, pdu.DeliverSM, 0, &m)
	if err != nil {
		t.Fatal(err)
	}
	body := string(whole[pdu.HeaderLength:])
	const addresses = "\x00\x01\x01919800000001\x00\x05\x00ACMEBK\x00"
	return map[string][]byte{
		"no body":                      bodied(pdu.DeliverSM, ""),
		"no NUL":                       bodied(pdu.DeliverSM, strings.Repeat("A", 60)),
		"cut":                          bodied(pdu.DeliverSM, body[:len(body)-5]),
		"TLV beyond the end":           bodied(pdu.DeliverSM, body+"\x00\x1e\xff\xff1"),
		"half a TLV":                   bodied(pdu.DeliverSM, body+"\x00\x1e\x00"),
		"UDHI and no text":             bodied(pdu.DeliverSM, addresses+"\x40"+string(make([]byte, 9))),
		"header longer than the text":  bodied(pdu.DeliverSM, addresses+"\x40"+string(make([]byte, 8))+"\x02\xff\x00"),
		"as long as a PDU may be":      bodied(pdu.DeliverSM, string(make([]byte, pdu.MaxLength-pdu.HeaderLength))),
		"data_sm, cut":                 bodied(pdu.DataSM, "\x00\x01\x01919800000001\x00\x05"),
		"data_sm, TLV beyond its end":  bodied(pdu.DataSM, addresses+"\x04\x00\x00\x04\x24\x7f\xffid:1"),
		"not a receipt, nothing in it": bodied(pdu.DeliverSM, string(make([]byte, 17))),
	}
}
