package dispatch

import (
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// last is the event that ended the message.
func (b *bench) last() ledger.Event { return b.ledger.events[len(b.ledger.events)-1] }

func (b *bench) send(t *testing.T, change func(*sms.Request)) {
	t.Helper()
	if err := b.Send(t.Context(), otp(change), Past{}); err != nil {
		t.Fatal(err)
	}
}

// hold puts template at SMSCs into quarantine.
func hold(smscs ...sms.SMSCID) func(*Config) {
	return func(c *Config) {
		snap := *c.Register()
		snap.Quarantine = map[storage.Pair]time.Time{}
		for _, id := range smscs {
			snap.Quarantine[storage.Pair{Template: template, SMSC: id}] = time.Date(2026, 11, 22, 4, 30, 0, 0, time.UTC)
		}
		c.Register = func() *Snapshot { return &snap }
	}
}

func TestQuarantine(t *testing.T) {
	t.Run("another SMSC takes it", func(t *testing.T) {
		b := newBench(t, hold("a"))
		b.send(t, nil)
		b.expect(t, "planned 1 b 1", "submitted 1 b 1:accepted final")
	})
	t.Run("no other is left", func(t *testing.T) {
		b := newBench(t, hold("a", "b"))
		b.send(t, nil)
		b.expect(t, "rejected quarantined final")
		f := b.last().Failure
		if f.Stage != sms.StageDLT || !strings.Contains(f.Detail, "a: quarantined") || !strings.Contains(f.Detail, "10:00 IST") {
			t.Errorf("failure %+v", f)
		}
	})
	t.Run("other templates go on", func(t *testing.T) {
		b := newBench(t, hold("a", "b"))
		b.send(t, func(r *sms.Request) { r.Template = lined })
		b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final")
	})
}

func TestChainIsWanted(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.SMSCs["a"].Profile.Chain, c.SMSCs["b"].Profile.Chain = dlt.ChainHash, dlt.ChainHash
	})
	b.send(t, nil) // only b has a chain
	b.expect(t, "planned 1 b 1", "submitted 1 b 1:accepted final")
	tlvs := b.b.got[0].SMs[0].TLVs
	want := dlt.ChainValue(dlt.ChainHash, []string{string(entity), "1102172974420830004"})
	if len(tlvs) != 3 || string(tlvs[2].Value) != want {
		t.Errorf("TLVs %v, want the hash %s in the third", tlvs, want)
	}
	alone := newBench(t, func(c *Config) {
		c.SMSCs["a"].Profile.Chain = dlt.ChainHash
		c.SMSCs["b"].Rules = &dlt.Rules{Untyped: 1} // which is too short for the code
	})
	alone.send(t, nil)
	alone.expect(t, "rejected chain_missing final")
}

// Each SMSC's scrubber has its own rules: what one refuses another takes, in the form that it wants.
func TestRulesOfEachSMSC(t *testing.T) {
	rules := func(change func(*dlt.Rules)) *dlt.Rules {
		r := dlt.RulesOf("")
		change(&r)
		return &r
	}
	t.Run("too long for the first", func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.SMSCs["a"].Rules = rules(func(r *dlt.Rules) { r.Untyped = 5 }) })
		b.send(t, nil)
		b.expect(t, "planned 1 b 1", "submitted 1 b 1:accepted final")
	})
	t.Run("too long for all", func(t *testing.T) {
		b := newBench(t, nil)
		b.send(t, func(r *sms.Request) { r.Vars = []sms.Secret{sms.Secret(strings.Repeat("9", 31))} })
		b.expect(t, "rejected variable_too_long final")
	})
	t.Run("line breaks", func(t *testing.T) {
		b := newBench(t, func(c *Config) {
			c.SMSCs["a"].Rules = rules(func(r *dlt.Rules) { r.Newline = dlt.LF })
			c.SMSCs["b"].Rules = rules(func(r *dlt.Rules) { r.Newline = dlt.CRLF })
		})
		b.a.verdicts = verdicts{{session.Elsewhere}}
		b.send(t, func(r *sms.Request) { r.Template = lined })
		a, other := string(b.a.got[0].SMs[0].ShortMessage), string(b.b.got[0].SMs[0].ShortMessage)
		if a != "483921 is your OTP\n-ACMEBK" || other != "483921 is your OTP\r\n-ACMEBK" {
			t.Errorf("a got %q, b %q", a, other)
		}
	})
}

func TestFinishedText(t *testing.T) {
	b := newBench(t, nil)
	b.send(t, func(r *sms.Request) { r.Template, r.Vars, r.Finished = lined, nil, "483921 is your OTP\n-ACMEBK" })
	b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final")
	if got := string(b.a.got[0].SMs[0].ShortMessage); got != "483921 is your OTP\r\n-ACMEBK" {
		t.Errorf("sent %q, want it as registered", got)
	}
	for text, loose := range map[sms.Secret]bool{"483921 is your OTP -ACMEBK.": true, "483921 is Your OTP\n-ACMEBK": false} {
		b := newBench(t, nil)
		b.send(t, func(r *sms.Request) { r.Template, r.Vars, r.Finished = lined, nil, text })
		b.expect(t, "rejected text_mismatch final")
		if f := b.last().Failure; strings.Contains(f.Detail, "ignores spaces") != loose || strings.Contains(f.Detail, "483921") {
			t.Errorf("%s", f.Detail)
		}
	}
}

func TestFactsNameTheRegister(t *testing.T) {
	b := newBench(t, nil)
	b.send(t, nil)
	if got := b.ledger.events[0].Facts.Register; got != 7 {
		t.Errorf("register version %d, want 7", got)
	}
}
