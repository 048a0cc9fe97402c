package smsctest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/sms"
)

// TestDialects holds what each dialect sends, with two minutes to the receipt, against the wire and against what the
// gateway reads from it. ID stands for the id in the form of the receipt.
func TestDialects(t *testing.T) {
	const came, due = "0001010000", "0001010002"
	plain := func(dlvrd, outcome string) string {
		return "id:ID sub:001 dlvrd:" + dlvrd + " submit date:" + came + " done date:" + due + " " + outcome + " text:*******"
	}
	tests := []struct {
		dialect Dialect
		failed  bool
		command pdu.CommandID
		text    string
		tlvs    string
		stat    string // as the gateway reads it
		err     string
	}{
		{AppendixB, false, pdu.DeliverSM, plain("001", "stat:DELIVRD err:000"), "message_state=02", "DELIVRD", "000"},
		{AppendixB, true, pdu.DeliverSM, plain("000", "stat:UNDELIV err:021"), "message_state=05", "UNDELIV", "021"},
		{LowerCase, false, pdu.DeliverSM, "stat:delivrd err:000 id:ID done date:" + due + "00 submit date:" + came +
			"00 dlvrd:001 sub:001 text:*******", "message_state=02", "delivrd", "000"},
		{LowerCase, true, pdu.DeliverSM, "stat:undeliv err:021 id:ID done date:" + due + "00 submit date:" + came +
			"00 dlvrd:000 sub:001 text:*******", "message_state=05", "undeliv", "021"},
		{Worded, false, pdu.DeliverSM, strings.Replace(plain("001", "stat:DELIVERED err:NONE"), "text", "Text", 1),
			"message_state=02", "DELIVERED", "NONE"},
		{Worded, true, pdu.DeliverSM, strings.Replace(plain("000", "stat:FAILED err:TIMED_OUT"), "text", "Text", 1),
			"message_state=05", "FAILED", "TIMED_OUT"},
		{TLVOnly, false, pdu.DeliverSM, "", "message_state=02", "DELIVRD", ""},
		{TLVOnly, true, pdu.DeliverSM, "", "message_state=05 network_error_code=030015", "UNDELIV", "021"},
		{ByDataSM, false, pdu.DataSM, plain("001", "stat:DELIVRD err:000"), "message_state=02", "DELIVRD", "000"},
		{ByDataSM, true, pdu.DataSM, plain("000", "stat:UNDELIV err:021"), "message_state=05", "UNDELIV", "021"},
		{PaddedID, false, pdu.DeliverSM, plain("001", "stat:DELIVRD err:000"), "message_state=02", "DELIVRD", "000"},
		{PaddedID, true, pdu.DeliverSM, plain("000", "stat:UNDELIV err:021"), "message_state=05", "UNDELIV", "021"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.dialect, " failed ", tt.failed), func(t *testing.T) {
			cfg := Config{Dialect: tt.dialect, ReceiptDelay: 2 * time.Minute}
			if tt.failed {
				cfg.Undelivered = 1
			}
			bubble(t, cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, text("919800000001", "made up"))
				answer, _ := c.accepted(2)
				got := c.told(tt.command)
				wantID := idOf(tt.dialect, answer)
				if got.class != esmClassReceipt || got.text != strings.Replace(tt.text, "ID", wantID, 1) || got.tlvs != tt.tlvs {
					t.Errorf("esm_class %#x, text %q, TLVs %q", got.class, got.text, got.tlvs)
				}
				r, state := got.receipt, sms.Delivered
				if tt.failed {
					state = sms.Undelivered
				}
				if string(r.ID) != wantID || r.State != state || !r.Final || r.Stat != tt.stat || r.Err != tt.err {
					t.Errorf("read as %+v", r)
				}
				c.acks(got, pdu.ESME_ROK)
				counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1,
					MaxPerSecond: 1, Receipts: 1, ReceiptsSent: 1, ReceiptsAcked: 1})
				if ids := s.Books().Messages[0].Segments[0].IDs; !slices.Equal(ids, []string{wantID}) {
					t.Errorf("the books have ids %v, the receipt %s", ids, wantID)
				}
			})
		})
	}
}

// idOf gives the id in a receipt by that of the answer.
func idOf(d Dialect, answer string) string {
	if d == PaddedID {
		return fmt.Sprintf("%010s", receipt.Canonical(answer, receipt.Hex))
	}
	return answer
}

// told is a receipt with what is in it.
type told struct {
	arrival
	class      byte
	text, tlvs string // tlvs without receipted_message_id
	receipt    receipt.Receipt
}

// told waits for a receipt of the given command and reads it as the gateway would.
func (c *esme) told(command pdu.CommandID) told {
	c.t.Helper()
	a := c.next()
	if a.ID != command {
		c.t.Fatalf("got %s seq %d, want %s", a.ID, a.Seq, command)
	}
	var m pdu.SM
	if err := pdu.ParseSM(a.frame, &m); err != nil {
		c.t.Fatal(err)
	}
	r, ok := receipt.Parse(&m, receipt.Strict)
	if !ok {
		c.t.Fatalf("the gateway does not take it for a receipt: %q", a.frame)
	}
	var tlvs []string
	for _, v := range m.TLVs {
		if v.Tag != pdu.TagReceiptedMessageID && v.Tag != pdu.TagMessagePayload {
			tlvs = append(tlvs, fmt.Sprintf("%s=%x", v.Tag, v.Value))
		}
	}
	return told{a, m.ESMClass, string(m.Payload()), strings.Join(tlvs, " "), r}
}

// acks answers a receipt by its own command.
func (c *esme) acks(r told, status pdu.Status) {
	c.t.Helper()
	c.send(pdu.AppendResp(nil, r.ID.Response(), status, r.Seq, ""))
}

// TestIntermediate reads the ENROUTE receipt after the answer and then the final one; both are acked.
func TestIntermediate(t *testing.T) {
	cfg := Config{Dialect: WithIntermediate, Latency: time.Second, ReceiptDelay: 2 * time.Minute, Undelivered: 1}
	bubble(t, cfg, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		id, _ := c.accepted(2)
		for _, want := range []struct {
			class byte
			at    time.Duration
			stat  string
			state sms.State
			final bool
			text  string
		}{
			{esmClassIntermediate, time.Second, "ENROUTE", sms.Submitted, false,
				" sub:001 dlvrd:000 submit date:0001010000 done date:0001010000 stat:ENROUTE err:000 text:*******"},
			{esmClassReceipt, 2*time.Minute + time.Second, "UNDELIV", sms.Undelivered, true,
				" sub:001 dlvrd:000 submit date:0001010000 done date:0001010002 stat:UNDELIV err:021 text:*******"},
		} {
			got := c.told(pdu.DeliverSM)
			r := got.receipt
			if got.class != want.class || got.at != want.at || got.text != "id:"+id+want.text || string(r.ID) != id ||
				r.Stat != want.stat || r.State != want.state || r.Final != want.final {
				t.Errorf("esm_class %#x at %s, text %q, read as %+v", got.class, got.at, got.text, r)
			}
			c.acks(got, pdu.ESME_ROK)
		}
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1,
			MaxPerSecond: 1, Receipts: 2, ReceiptsSent: 2, ReceiptsAcked: 2})
	})
}

// TestDataSMIsSentAgain: a data_sm that is refused, or answered as if it were a deliver_sm, comes again.
func TestDataSMIsSentAgain(t *testing.T) {
	bubble(t, Config{Dialect: ByDataSM}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		c.accepted(2)
		c.acks(c.told(pdu.DataSM), pdu.ESME_RX_T_APPN)
		c.ack(c.told(pdu.DataSM).Seq, pdu.ESME_ROK)
		c.acks(c.told(pdu.DataSM), pdu.ESME_ROK)
		elapse(time.Hour)
		c.quiet()
		if got := s.Counters(); got.ReceiptsSent != 3 || got.ReceiptsRefused != 2 || got.ReceiptsAcked != 1 {
			t.Errorf("counters %s", toJSON(t, got))
		}
	})
}

func TestEchoUserRef(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		tlvs []pdu.TLV
		want string
	}{
		{"on", Config{EchoUserRef: true}, []pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{0x12, 0x34}}},
			"message_state=02 user_message_reference=1234"},
		{"on, no text", Config{EchoUserRef: true, Dialect: TLVOnly},
			[]pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{0, 1}}},
			"message_state=02 user_message_reference=0001"},
		{"off, no text, text only", Config{Dialect: TLVOnly, TextOnly: true}, nil, "message_state=02"},
		{"on, text only", Config{EchoUserRef: true, TextOnly: true},
			[]pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{0, 0}}}, "user_message_reference=0000"},
		{"on, the message has none", Config{EchoUserRef: true}, nil, "message_state=02"},
		{"on, the message has one of three octets", Config{EchoUserRef: true},
			[]pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{1, 2, 3}}}, "message_state=02"},
		{"off", Config{}, []pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{0x12, 0x34}}}, "message_state=02"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, tt.cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, change(text("919800000001", "made up"), func(m *pdu.SM) { m.TLVs = tt.tlvs }))
				id, _ := c.accepted(2)
				if got := c.told(pdu.DeliverSM); got.tlvs != tt.want || string(got.receipt.ID) != id {
					t.Errorf("TLVs %q of %s, want %q of %s", got.tlvs, got.receipt.ID, tt.want, id)
				}
			})
		})
	}
}

// TestPaddedIDs reads ids that differ in their two forms, and asks for one of them.
func TestPaddedIDs(t *testing.T) {
	bubble(t, Config{Dialect: PaddedID}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		for n := uint32(1); n <= 27; n++ {
			c.submit(n, text("919800000001", "made up"))
			id, _ := c.accepted(n)
			got := c.told(pdu.DeliverSM)
			if id != fmt.Sprintf("%X", n) || string(got.receipt.ID) != fmt.Sprintf("%010d", n) {
				t.Errorf("answer %s and receipt %s of message %d", id, got.receipt.ID, n)
			}
			c.acks(got, pdu.ESME_ROK)
		}
		if got := c.state(30, "1A"); got != `2 "000101000000000+" 0` {
			t.Errorf("state of message 26: %s", got)
		}
		if got := c.state(31, "27"); got != "ESME_RQUERYFAIL" {
			t.Errorf("state of message 39 of 27: %s", got)
		}
	})
}

// TestIDsKeepTheirForm changes the dialect between the answer and the receipt.
func TestIDsKeepTheirForm(t *testing.T) {
	bubble(t, Config{Dialect: PaddedID, ReceiptDelay: time.Minute}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		id, _ := c.accepted(2)
		s.Change(func(c *Config) { c.Dialect = Worded })
		got := c.told(pdu.DeliverSM)
		if want := idOf(PaddedID, id); string(got.receipt.ID) != want || got.receipt.Stat != "DELIVERED" {
			t.Errorf("receipt %+v, want id %s", got.receipt, want)
		}
	})
}

func TestDialectNames(t *testing.T) {
	for _, d := range DialectList {
		got, err := ParseDialect(d.String())
		if err != nil || got != d || d.Help() == "" {
			t.Errorf("%s is read as %s, error %v, help %q", d, got, err, d.Help())
		}
	}
	_, err := ParseDialect("martian")
	const want = `no dialect "martian": use one of [appendix_b lower worded tlv_only data_sm intermediate padded]`
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
	if got := Dialect(99).String(); got != "dialect(99)" {
		t.Errorf("String of an unknown dialect is %q", got)
	}
}
