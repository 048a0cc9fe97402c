package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// codings gives the two SMSCs of the bench codings of their own.
func codings(a, b sms.Coding) func(*Config) {
	return func(c *Config) { c.SMSCs["a"].Profile.Coding, c.SMSCs["b"].Profile.Coding = &a, &b }
}

func longRequest(r *sms.Request) { r.Template = long }

// TestCodings: how a text goes is the SMSC's setting; the register's ids go on every PDU, before all other TLVs.
func TestCodings(t *testing.T) {
	for _, tt := range []struct {
		name     string
		coding   sms.Coding
		esmClass byte
		class    byte     // expected
		tlvs     []string // of the first PDU, behind the register's
		segments int
		paid     int
	}{
		{"16-bit header", sms.Coding{}, 0, 0x40, nil, 3, 3},
		{"16-bit header, store and forward", sms.Coding{}, 3, 0x43, nil, 3, 3},
		{"8-bit header, 153 characters each", sms.Coding{Long: sms.UDH8}, 0, 0x40, nil, 2, 2},
		{"SAR", sms.Coding{Long: sms.SAR}, 3, 0x03, []string{"020c=abcd", "020e=03", "020f=01"}, 3, 3},
		{"SAR, in Hindi tables", sms.Coding{Long: sms.SAR, Languages: []sms.Language{sms.Hindi}}, 0, 0x40,
			[]string{"020c=abcd", "020e=03", "020f=01"}, 3, 3},
		{"payload, in Hindi tables", sms.Coding{Long: sms.Payload, Languages: []sms.Language{sms.Hindi}}, 0, 0x40, []string{"0424"}, 1, 3},
		{"payload", sms.Coding{Long: sms.Payload}, 0, 0x00, []string{"0424"}, 1, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, codings(tt.coding, sms.Coding{}))
			b.cfg.SMSCs["a"].Profile.ESMClass = tt.esmClass
			request := otp(longRequest)
			if tt.coding.Languages != nil {
				request.Vars = []sms.Secret{"ओटीपी"}
			}
			if err := b.Send(t.Context(), request, Past{}); err != nil {
				t.Fatal(err)
			}
			sms := b.a.got[0].SMs
			if len(sms) != tt.segments || sms[0].ESMClass != tt.class {
				t.Fatalf("%d PDUs with esm_class 0x%02x, want %d with 0x%02x", len(sms), sms[0].ESMClass, tt.segments, tt.class)
			}
			var tlvs []string
			for _, tlv := range sms[0].TLVs[2:] {
				text := fmt.Sprintf("%04x", uint16(tlv.Tag))
				if tlv.Tag != pdu.TagMessagePayload {
					text += fmt.Sprintf("=%x", tlv.Value)
				}
				tlvs = append(tlvs, text)
			}
			if sms[0].TLVs[0].Tag != 0x1400 || sms[0].TLVs[1].Tag != 0x1401 || !slices.Equal(tlvs, tt.tlvs) {
				t.Errorf("TLVs %v, want %v", tlvs, tt.tlvs)
			}
			if payload, ok := sms[0].TLV(pdu.TagMessagePayload); ok && (len(sms[0].ShortMessage) > 0 || len(payload) < 300) {
				t.Errorf("%d octets in message_payload, %d in short_message", len(payload), len(sms[0].ShortMessage))
			}
			if f := b.ledger.events[0].Facts; f.Segments != tt.paid || f.Encoding != "gsm7" {
				t.Errorf("facts %+v: what is paid is short messages, however they go", f)
			}
			if b.ledger.events[0].Parts != 0 {
				t.Error("an attempt at the whole message says how many parts it has")
			}
		})
	}
}

// TestEachSMSCCutsItsOwnWay: what the first SMSC turns away whole goes to the second in the second's coding; what it took
// in part stays with it, and says how many parts there are.
func TestEachSMSCCutsItsOwnWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, codings(sms.Coding{}, sms.Coding{Long: sms.Payload}))
		b.a.verdicts = verdicts{{session.Throttled}}
		if err := b.Send(t.Context(), otp(longRequest), Past{}); err != nil {
			t.Fatal(err)
		}
		b.expect(t, "planned 1 a 1 2 3", "refused 1 a 1:throttled 2:throttled 3:throttled throttled", "planned 2 b 1",
			"submitted 2 b 1:accepted final")
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, codings(sms.Coding{}, sms.Coding{Long: sms.Payload}))
		b.a.verdicts = verdicts{{session.Accepted, session.Throttled, session.Accepted}, {session.Accepted}}
		if err := b.Send(t.Context(), otp(longRequest), Past{}); err != nil {
			t.Fatal(err)
		}
		b.expect(t, "planned 1 a 1 2 3", "refused 1 a 1:accepted 2:throttled 3:accepted throttled", "planned 2 a 2",
			"submitted 2 a 2:accepted final")
		if got := b.ledger.events[2].Parts; got != 3 {
			t.Errorf("an attempt at one of three segments says %d parts", got)
		}
	})
}

// TestATextThatDoesNotFit is not sent with replacements: it goes where it fits, or is an error before the wire.
func TestATextThatDoesNotFit(t *testing.T) {
	gsm7 := sms.Coding{Alphabets: []sms.Encoding{sms.GSM7}}
	rupee := func(r *sms.Request) { r.Vars = []sms.Secret{"₹ 499"} }
	b := newBench(t, codings(gsm7, sms.Coding{}))
	if err := b.Send(t.Context(), otp(rupee), Past{}); err != nil {
		t.Fatal(err)
	}
	b.expect(t, "planned 1 b 1", "submitted 1 b 1:accepted final")

	b = newBench(t, codings(gsm7, gsm7))
	if err := b.Send(t.Context(), otp(rupee), Past{}); err != nil {
		t.Fatal(err)
	}
	b.expect(t, "rejected no_route final")
	f := b.ledger.events[0].Failure
	if f.Stage != sms.StageRoute || !strings.Contains(f.Detail, "U+20B9") || strings.Contains(f.Detail, "499") {
		t.Errorf("failure %+v", f)
	}
	if facts := b.ledger.events[0].Facts; facts.Segments != 1 || facts.Encoding != "ucs2" {
		t.Errorf("facts %+v", facts)
	}
}

// TestUserReference: every segment of every attempt has one of its own, and a receipt's is kept with the handset's mark.
func TestUserReference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.SMSCs["a"].Profile.UserRef, c.SMSCs["b"].Profile.UserRef = true, true })
		b.a.verdicts = verdicts{{session.InDoubt}}
		req := otp(longRequest)
		if err := b.Send(t.Context(), req, Past{}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for n, pool := range []*scripted{b.a, b.b} {
			for i, m := range pool.got[0].SMs {
				ref, _ := m.TLV(pdu.TagUserMessageReference)
				if want := sms.UserReference(req.Key, n+1, i+1); len(ref) != 2 || ref[0] != byte(want>>8) || ref[1] != byte(want) {
					t.Errorf("attempt %d segment %d: reference %x, want %04x", n+1, i+1, ref, want)
				}
				seen[string(ref)] = true
			}
		}
		if len(seen) != 6 {
			t.Errorf("%d different references of 6 segments", len(seen))
		}
	})
	b := newBench(t, func(c *Config) { c.SMSCs["a"].Profile.UserRef = true })
	f, err := pdu.AppendSM(nil, pdu.DeliverSM, 7, &pdu.SM{ESMClass: 4, Source: "919812345678", Dest: "ACMEBK",
		ShortMessage: []byte("id:1 stat:DELIVRD"), TLVs: []pdu.TLV{{Tag: pdu.TagUserMessageReference, Value: []byte{0x12, 0x34}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []sms.SMSCID{"a", "b"} { // b is not configured for it: what it sends there is its own affair
		answered := make(chan pdu.Status, 1)
		b.Handler(id).Receive(id, f, bind.Reply{To: answerer(func(s pdu.Status) { answered <- s })})
		<-answered
	}
	b.Wait()
	if a, other := b.ledger.events[0].Report, b.ledger.events[1].Report; a.UserRef != 0x1234 || a.From != 7 || other.UserRef != 0 || other.From != 0 {
		t.Errorf("reports %+v and %+v", a, other)
	}
}

// TestSupersede: a newer OTP for the same number and template has the older one dropped, where the SMSC takes that and
// the older may still be on its way.
func TestSupersede(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cancel bool
		change func(*sms.Request) // of the second request
		later  time.Duration      // until the second request, in the bubble's time
		ended  bool               // the first has its receipt by then
		want   int
	}{
		{"newer code", true, nil, 0, false, 1},
		{"not configured", false, nil, 0, false, 0},
		{"another number", true, func(r *sms.Request) { r.To = "919812345679" }, 0, false, 0},
		{"no OTP", true, func(r *sms.Request) { r.Class = sms.Txn }, 0, false, 0},
		{"the older is dead", true, nil, 2 * time.Minute, false, 0},
		{"the newer was asked for first", true, func(r *sms.Request) { r.Requested = r.Requested.Add(-time.Second) }, 0, false, 1},
		{"the older has its receipt", true, nil, 0, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(c *Config) { c.SMSCs["a"].Cancel = tt.cancel })
				b.a.cancelled = make(chan pdu.Inquiry, 8)
				if err := b.Send(t.Context(), otp(nil), Past{}); err != nil {
					t.Fatal(err)
				}
				if tt.ended {
					b.Handler("a").Receive("a", receiptPDU(t, "id:B stat:DELIVRD err:000"), bind.Reply{To: answerer(func(pdu.Status) {})})
				}
				time.Sleep(tt.later)
				if err := b.Send(t.Context(), otp(func(r *sms.Request) {
					r.Key = uuid.MustParse("01900000-0000-7000-8000-00000000abce")
					if tt.change != nil {
						tt.change(r)
					}
				}), Past{}); err != nil {
					t.Fatal(err)
				}
				b.Wait()
				if got := len(b.a.cancelled); got != tt.want {
					t.Fatalf("%d segments cancelled, want %d", got, tt.want)
				}
				if tt.want == 0 {
					return
				}
				// Both have the id B: the scripted SMSC numbers by attempt.
				if q := <-b.a.cancelled; q.MessageID != "B" || q.Source != "ACMEBK" || q.Dest != "919812345678" || q.SourceTON != 5 {
					t.Errorf("cancel_sm %+v", q)
				}
			})
		})
	}
}

// TestAsked: what query_sm settles is kept as a receipt of the segment that was asked about; what settles nothing is not.
func TestAsked(t *testing.T) {
	b := newBench(t, func(c *Config) { c.SMSCs["a"].SubmitID, c.SMSCs["a"].Receipts = 2 /* receipt.Hex */, 1 /* receipt.Dec */ })
	for _, a := range []pdu.QueryAnswer{{MessageID: "0A1", State: 1}, {MessageID: "0A1", State: 7}, {MessageID: "0A1", State: 5, ErrorCode: 6}} {
		if settled, err := b.Asked("a", "161", a); err != nil || settled != (a.State == 5) {
			t.Fatal(err)
		}
	}
	if len(b.ledger.events) != 1 {
		t.Fatalf("%d events, want one", len(b.ledger.events))
	}
	ev := b.ledger.events[0]
	if r := ev.Report; ev.Kind != ledger.Receipt || r.MessageID != "161" || r.RawID != "0A1" || r.State != sms.Undelivered || r.Reason != "absent_subscriber" {
		t.Errorf("%+v", r)
	}
}
