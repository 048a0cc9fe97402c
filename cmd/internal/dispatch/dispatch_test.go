package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
	"harkara/templates"
)

// book is a ledger that keeps what it is given, or refuses it.
type book struct {
	mu     sync.Mutex
	events []ledger.Event
	err    error
}

func (b *book) Append(_ context.Context, events ...ledger.Event) (ledger.Position, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	b.events = append(b.events, events...)
	return ledger.Position(len(b.events)), nil
}

// intent is the last event that is no receipt: receipts come when they like.
func (b *book) intent() (last ledger.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ev := range b.events {
		if ev.Kind != ledger.Receipt {
			last = ev
		}
	}
	return last
}

func (b *book) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// story tells the events in short: kind, attempt, SMSC, verdicts, flags.
func (b *book) story() []string {
	var lines []string
	for _, e := range b.events {
		line := string(e.Kind)
		if e.Attempt > 0 {
			line += fmt.Sprintf(" %d", e.Attempt)
		}
		if e.SMSC != "" {
			line += " " + string(e.SMSC)
		}
		for _, a := range e.Answers {
			line += strings.TrimRight(fmt.Sprintf(" %d:%s", a.Segment, a.Verdict), ":")
		}
		if e.PossibleDuplicate {
			line += " duplicate"
		}
		if e.Failure != nil {
			line += " " + e.Failure.Reason
		}
		if e.Final {
			line += " final"
		}
		lines = append(lines, line)
	}
	return lines
}

// scripted is a pool that answers each submission by the next of its verdicts, the last one for ever; one verdict for
// each segment, or one for all.
type scripted struct {
	verdicts [][]session.Verdict
	down     atomic.Bool
	ledger   *book
	t        *testing.T
	got      []*bind.Submission
	then     func() // called when a submission has its answers

	cancelled chan pdu.Inquiry
}

func (p *scripted) Cancel(_ context.Context, q pdu.Inquiry) (pdu.Status, error) {
	p.cancelled <- q
	return pdu.ESME_ROK, nil
}

func (p *scripted) Live() bool         { return !p.down.Load() }
func (p *scripted) Room(sms.Class) int { return 1 }

func (p *scripted) Submit(_ context.Context, sub *bind.Submission) bind.Outcome {
	last := p.ledger.intent()
	if last.Kind != ledger.Planned || last.Attempt != sub.Attempt {
		p.t.Errorf("submitted attempt %d with %v as the last event: the intent must be durable first", sub.Attempt, last.Kind)
	}
	p.got = append(p.got, sub)
	verdicts := p.verdicts[0]
	if len(p.verdicts) > 1 {
		p.verdicts = p.verdicts[1:]
	}
	var out bind.Outcome
	for i, segment := range sub.Segments {
		v := verdicts[min(i, len(verdicts)-1)]
		a := bind.Answer{Segment: segment, Verdict: v, At: time.Now()}
		if v == session.Accepted {
			a.MessageID = fmt.Sprintf("%X", 10*sub.Attempt+segment)
		}
		out.Answers = append(out.Answers, a)
	}
	if p.then != nil {
		p.then()
	}
	return out
}

// clear keeps nothing secret: what comes out is compared by eye.
type clear struct{}

func (clear) Digest(tenant sms.TenantID, at time.Time, _ sms.MSISDN) []byte {
	return fmt.Appendf(nil, "digest %s %s", tenant, at)
}

func (clear) Seal(tenant sms.TenantID, at time.Time, _ sms.MSISDN) []byte {
	return fmt.Appendf(nil, "sealed %s %s", tenant, at)
}

func (clear) TextDigest(tenant sms.TenantID, at time.Time, _ sms.Secret) []byte {
	return fmt.Appendf(nil, "text %s %s", tenant, at)
}

func (clear) Mark(sms.MSISDN) uint8 { return 7 }

const (
	entity   = dlt.EntityID("1101172974420810001")
	template = dlt.TemplateID("1107161234567890123")
	long     = dlt.TemplateID("1107161234567890999")
	lined    = dlt.TemplateID("1107161234567890888") // its text has a line break
)

// bench joins a dispatcher to scripted pools; both SMSCs take everything, "a" first.
type bench struct {
	*Dispatcher
	ledger *book
	a, b   *scripted
}

func newBench(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	active := dlt.Standing{Status: dlt.Active}
	links := func(id dlt.TemplateID) []dlt.Link {
		return []dlt.Link{{Template: id, Header: "ACMEBK", Standing: active}}
	}
	reg := dlt.NewRegister(7, dlt.Contents{
		Entities: []dlt.Entity{{ID: entity, Standing: active}},
		Headers: []dlt.HeaderRecord{{Header: "ACMEBK", Entity: entity, Standing: active},
			{Header: "OTHERS", Entity: entity, Standing: active}},
		Templates: []dlt.Template{
			{ID: template, Entity: entity, Content: "{#var#} is your OTP -ACMEBK", Category: dlt.ServiceImplicit,
				Links: links(template), Standing: active},
			{ID: long, Entity: entity, Content: strings.Repeat("long text ", 30) + "{#var#}", Category: dlt.ServiceImplicit,
				Links: links(long), Standing: active},
			{ID: lined, Entity: entity, Content: "{#num#} is your OTP\r\n-ACMEBK", Category: dlt.ServiceImplicit,
				Links: links(lined), Standing: active},
		},
		Chains: []dlt.ChainRecord{{Entity: entity, SMSC: "b", IDs: []string{string(entity), "1102172974420830004"}, Standing: active}},
	})
	catalog, findings := templates.NewCatalog(reg)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	table, err := router.NewTable(
		[]router.Route{{Match: router.Match{Tenants: []sms.TenantID{"acme"}}, Targets: []router.Target{{SMSC: "a", Weight: 1}},
			Failover: []sms.SMSCID{"b"}}},
		[]router.SMSC{{ID: "a", Categories: []dlt.Category{dlt.ServiceImplicit}}, {ID: "b", Categories: []dlt.Category{dlt.ServiceImplicit}}})
	if err != nil {
		t.Fatal(err)
	}
	book := &book{}
	a := &scripted{verdicts: [][]session.Verdict{{session.Accepted}}, ledger: book, t: t}
	b := &scripted{verdicts: [][]session.Verdict{{session.Accepted}}, ledger: book, t: t}
	generic, err := dlt.ErrorDictionary("generic")
	if err != nil {
		t.Fatal(err)
	}
	profile := Profile{SourceTON: 5, DestTON: 1, DestNPI: 1, EntityTag: 0x1400, TemplateTag: 0x1401, ChainTag: 0x1402,
		Coding: &sms.Coding{}}
	rules := dlt.RulesOf("")
	cfg := Config{
		Register: func() *Snapshot { return &Snapshot{Register: reg, Catalog: catalog} }, Table: table,
		Tenants: map[sms.TenantID]Tenant{"acme": {Headers: []dlt.Header{"ACMEBK"}, Daily: router.NewDaily(0)},
			"stray": {Headers: []dlt.Header{"ACMEBK"}, Daily: router.NewDaily(0)}},
		SMSCs: map[sms.SMSCID]*SMSC{"a": {ID: "a", Pool: a, Profile: profile, Rules: &rules, Errors: generic, Busy: pdu.ESME_RX_T_APPN},
			"b": {ID: "b", Pool: b, Profile: profile, Rules: &rules, Errors: generic, Busy: pdu.ESME_RX_T_APPN}},
		InDoubt: [3]Policy{sms.OTP: ResendOnce}, Ledger: book, Vault: clear{}, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	return &bench{Dispatcher: New(cfg), ledger: book, a: a, b: b}
}

func otp(change func(*sms.Request)) *sms.Request {
	now := time.Now()
	r := &sms.Request{Key: uuid.MustParse("01900000-0000-7000-8000-00000000abcd"), Tenant: "acme", ID: "r1", Class: sms.OTP,
		To: "919812345678", Template: template, Vars: []sms.Secret{"483921"}, Requested: now, Deadline: now.Add(time.Minute)}
	if change != nil {
		change(r)
	}
	return r
}

func (b *bench) expect(t *testing.T, story ...string) {
	t.Helper()
	if got := b.ledger.story(); !slices.Equal(got, story) {
		t.Errorf("ledger says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(story, "\n  "))
	}
}

type verdicts = [][]session.Verdict

func TestSend(t *testing.T) {
	tests := []struct {
		name    string
		a, b    verdicts
		request func(*sms.Request)
		past    Past
		story   []string
	}{
		{name: "accepted", story: []string{"planned 1 a 1", "submitted 1 a 1:accepted final"}},
		{name: "refused for good", a: verdicts{{session.Refused}},
			story: []string{"planned 1 a 1", "refused 1 a 1:refused refused final"}},
		{name: "sent elsewhere", a: verdicts{{session.Elsewhere}},
			story: []string{"planned 1 a 1", "refused 1 a 1:elsewhere elsewhere", "planned 2 b 1", "submitted 2 b 1:accepted final"}},
		{name: "elsewhere from all", a: verdicts{{session.Elsewhere}}, b: verdicts{{session.Elsewhere}},
			story: []string{"planned 1 a 1", "refused 1 a 1:elsewhere elsewhere", "planned 2 b 1", "refused 2 b 1:elsewhere elsewhere",
				"planned 3 a 1", "refused 3 a 1:elsewhere elsewhere", "planned 4 b 1", "refused 4 b 1:elsewhere elsewhere",
				"planned 5 a 1", "refused 5 a 1:elsewhere elsewhere", "planned 6 b 1", "refused 6 b 1:elsewhere elsewhere",
				"planned 7 a 1", "refused 7 a 1:elsewhere elsewhere", "planned 8 b 1", "refused 8 b 1:elsewhere elsewhere",
				"planned 9 a 1", "refused 9 a 1:elsewhere elsewhere", "planned 10 b 1", "refused 10 b 1:elsewhere elsewhere",
				"refused 10 no_smsc_left final"}},
		{name: "trouble that passes", a: verdicts{{session.Elsewhere}}, b: verdicts{{session.Elsewhere}, {session.Accepted}},
			story: []string{"planned 1 a 1", "refused 1 a 1:elsewhere elsewhere", "planned 2 b 1", "refused 2 b 1:elsewhere elsewhere",
				"planned 3 a 1", "refused 3 a 1:elsewhere elsewhere", "planned 4 b 1", "submitted 4 b 1:accepted final"}},
		{name: "a part was taken, the rest sent elsewhere", a: verdicts{{session.Accepted, session.Elsewhere, session.Accepted}},
			request: func(r *sms.Request) { r.Template = long },
			story: []string{"planned 1 a 1 2 3", "refused 1 a 1:accepted 2:elsewhere 3:accepted elsewhere", "planned 2 b 1 2 3 duplicate",
				"submitted 2 b 1:accepted 2:accepted 3:accepted duplicate final"}},
		{name: "a part was taken, the rest sent elsewhere, and no copy is allowed",
			a:       verdicts{{session.Accepted, session.Elsewhere, session.Accepted}},
			request: func(r *sms.Request) { r.Template, r.Class = long, sms.Txn },
			story:   []string{"planned 1 a 1 2 3", "refused 1 a 1:accepted 2:elsewhere 3:accepted elsewhere final"}},
		{name: "brought again after its deadline", past: Past{Attempts: 1, Doubt: true},
			request: func(r *sms.Request) { r.Deadline = r.Requested }, story: []string{"in_doubt 1 interrupted final"}},
		{name: "brought again, forbidden by now", past: Past{Attempts: 1, Doubt: true},
			request: func(r *sms.Request) { r.Template = "1107160000000000000" }, story: []string{"in_doubt 1 interrupted final"}},
		{name: "throttled, then the other", a: verdicts{{session.Throttled}},
			story: []string{"planned 1 a 1", "refused 1 a 1:throttled throttled", "planned 2 b 1", "submitted 2 b 1:accepted final"}},
		{name: "never written", a: verdicts{{session.Unsent}},
			story: []string{"planned 1 a 1", "refused 1 a 1:unsent unsent", "planned 2 b 1", "submitted 2 b 1:accepted final"}},
		{name: "in doubt, sent once more by the other", a: verdicts{{session.InDoubt}},
			story: []string{"planned 1 a 1", "in_doubt 1 a 1:in_doubt no_answer", "planned 2 b 1 duplicate", "submitted 2 b 1:accepted duplicate final"}},
		{name: "in doubt twice", a: verdicts{{session.InDoubt}}, b: verdicts{{session.InDoubt}},
			story: []string{"planned 1 a 1", "in_doubt 1 a 1:in_doubt no_answer", "planned 2 b 1 duplicate",
				"in_doubt 2 b 1:in_doubt duplicate no_answer final"}},
		{name: "in doubt, then refused: the first may have arrived", a: verdicts{{session.InDoubt}}, b: verdicts{{session.Refused}},
			story: []string{"planned 1 a 1", "in_doubt 1 a 1:in_doubt no_answer", "planned 2 b 1 duplicate",
				"in_doubt 2 b 1:refused duplicate no_answer final"}},
		{name: "a transactional alert in doubt is held", a: verdicts{{session.InDoubt}},
			request: func(r *sms.Request) { r.Class = sms.Txn },
			story:   []string{"planned 1 a 1", "in_doubt 1 a 1:in_doubt no_answer final"}},
		{name: "deadline passed before", request: func(r *sms.Request) { r.Deadline = r.Requested },
			story: []string{"lapsed deadline_passed final"}},
		{name: "deadline passed at the wire", a: verdicts{{session.Lapsed}},
			story: []string{"planned 1 a 1", "lapsed 1 a 1:lapsed deadline_passed final"}},
		{name: "several segments", request: func(r *sms.Request) { r.Template = long },
			story: []string{"planned 1 a 1 2 3", "submitted 1 a 1:accepted 2:accepted 3:accepted final"}},
		{name: "the rest of a message stays with its SMSC", a: verdicts{{session.Accepted, session.Throttled, session.Throttled}, {session.Accepted}},
			request: func(r *sms.Request) { r.Template = long },
			story: []string{"planned 1 a 1 2 3", "refused 1 a 1:accepted 2:throttled 3:throttled throttled", "planned 2 a 2 3",
				"submitted 2 a 2:accepted 3:accepted final"}},
		{name: "a part in doubt: all again", a: verdicts{{session.Accepted, session.InDoubt, session.Accepted}},
			request: func(r *sms.Request) { r.Template = long },
			story: []string{"planned 1 a 1 2 3", "in_doubt 1 a 1:accepted 2:in_doubt 3:accepted no_answer", "planned 2 b 1 2 3 duplicate",
				"submitted 2 b 1:accepted 2:accepted 3:accepted duplicate final"}},
		{name: "brought again, nothing known of it", past: Past{Attempts: 1, Doubt: true},
			story: []string{"planned 2 a 1 duplicate", "submitted 2 a 1:accepted duplicate final"}},
		{name: "brought again, resent already", past: Past{Attempts: 2, Doubt: true, Resent: true},
			story: []string{"in_doubt 2 interrupted final"}},
		{name: "brought again, held", past: Past{Attempts: 1, Doubt: true}, request: func(r *sms.Request) { r.Class = sms.Bulk },
			story: []string{"in_doubt 1 interrupted final"}},
		{name: "brought again, attempt known to have failed", past: Past{Attempts: 3},
			story: []string{"planned 4 a 1", "submitted 4 a 1:accepted final"}},
		{name: "unknown template", request: func(r *sms.Request) { r.Template = "1107160000000000000" },
			story: []string{"rejected unknown_template final"}},
		{name: "header of another", request: func(r *sms.Request) { r.Header = "OTHERS" },
			story: []string{"rejected header_not_allowed final"}},
		{name: "too few variables", request: func(r *sms.Request) { r.Vars = nil },
			story: []string{"rejected wrong_variable_count final"}},
		{name: "variable too long", request: func(r *sms.Request) { r.Vars = []sms.Secret{sms.Secret(strings.Repeat("9", 31))} },
			story: []string{"rejected variable_too_long final"}},
		{name: "no route", request: func(r *sms.Request) { r.Tenant = "stray" }, story: []string{"rejected no_route final"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				if tt.a != nil {
					b.a.verdicts = tt.a
				}
				if tt.b != nil {
					b.b.verdicts = tt.b
				}
				if err := b.Send(t.Context(), otp(tt.request), tt.past); err != nil {
					t.Fatal(err)
				}
				b.expect(t, tt.story...)
				if facts := b.ledger.events[0].Facts; facts == nil || facts.ID != "r1" {
					t.Errorf("the first event has facts %+v", facts)
				}
			})
		})
	}
}

func TestThrottledUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.a.verdicts = verdicts{{session.Throttled}}
		b.b.down.Store(true)
		began := time.Now()
		if err := b.Send(t.Context(), otp(nil), Past{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("ended after %s, want its minute", took)
		}
		story := b.ledger.story()
		if last := story[len(story)-1]; !strings.HasPrefix(last, "lapsed ") {
			t.Errorf("ended as %q, want lapsed", last)
		}
		// At most 2 s between tries: at least 30 in a minute; and never a hot loop.
		if n := len(b.a.got); n < 30 || n > 70 {
			t.Errorf("%d tries in a minute", n)
		}
	})
}

func TestWaitsForABind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.a.down.Store(true)
		b.b.down.Store(true)
		time.AfterFunc(10*time.Second-time.Millisecond, func() { b.b.down.Store(false) })
		began := time.Now()
		if err := b.Send(t.Context(), otp(nil), Past{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("sent after %s, want as soon as a bind is up", took)
		}
		b.expect(t, "planned 1 b 1", "submitted 1 b 1:accepted final")
	})
}

func TestStopWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.a.down.Store(true)
		b.b.down.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Send(ctx, otp(nil), Past{}); !errors.Is(err, ErrStopping) {
			t.Errorf("got %v, want ErrStopping", err)
		}
		b.expect(t)
	})
}

func TestLedgerDown(t *testing.T) {
	b := newBench(t, nil)
	b.ledger.err = ledger.ErrUnavailable
	if err := b.Send(t.Context(), otp(nil), Past{}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if len(b.a.got)+len(b.b.got) > 0 {
		t.Error("submitted without a durable intent")
	}
}

// TestOutcomeOutlastsTheLedgersAbsence: what an SMSC said is told when the ledger is back, however long that takes.
func TestOutcomeOutlastsTheLedgersAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.a.then = func() { b.ledger.fail(ledger.ErrUnavailable) }
		time.AfterFunc(time.Minute, func() { b.ledger.fail(nil) })
		if err := b.Send(t.Context(), otp(nil), Past{}); err != nil {
			t.Fatal(err)
		}
		b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final")
	})
}

func TestDailyLimit(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Tenants["acme"] = Tenant{Headers: []dlt.Header{"ACMEBK"}, Daily: router.NewDaily(1)}
	})
	for range 2 {
		if err := b.Send(t.Context(), otp(nil), Past{}); err != nil {
			t.Fatal(err)
		}
	}
	b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final", "rejected tenant_limit final")
}

func TestSubmissionOnTheWire(t *testing.T) {
	b := newBench(t, func(c *Config) { c.SMSCs["b"].Profile.Chain = dlt.ChainTMID })
	b.a.down.Store(true)
	if err := b.Send(t.Context(), otp(func(r *sms.Request) { r.Template = long }), Past{}); err != nil {
		t.Fatal(err)
	}
	sub := b.b.got[0]
	for i, m := range sub.SMs {
		if m.Source != "ACMEBK" || m.Dest != "919812345678" || m.SourceTON != 5 || m.DestTON != 1 || m.DestNPI != 1 ||
			m.RegisteredDelivery != 1 || m.DataCoding != 0 || m.ESMClass != 0x40 {
			t.Errorf("segment %d: %+v", i+1, m)
		}
		if want := []byte{6, 8, 4, 0xab, 0xcd, 3, byte(i + 1)}; !slices.Equal(m.ShortMessage[:7], want) {
			t.Errorf("segment %d has UDH % x, want % x", i+1, m.ShortMessage[:7], want)
		}
		var tlvs []string
		for _, tlv := range m.TLVs {
			tlvs = append(tlvs, fmt.Sprintf("%04x=%s", uint16(tlv.Tag), tlv.Value))
		}
		if want := []string{"1400=" + string(entity), "1401=" + string(long), "1402=1102172974420830004"}; !slices.Equal(tlvs, want) {
			t.Errorf("segment %d has TLVs %v, want %v", i+1, tlvs, want)
		}
	}
}

func receiptPDU(t *testing.T, text string) pdu.Frame {
	t.Helper()
	f, err := pdu.AppendSM(nil, pdu.DeliverSM, 7, &pdu.SM{ESMClass: 4, Source: "919812345678", Dest: "ACMEBK", ShortMessage: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return pdu.Frame(f)
}

// answerer is told what a handler answers.
type answerer func(pdu.Status)

func (a answerer) Answer(_ pdu.Header, s pdu.Status) { a(s) }

func TestReceiptIsDurableBeforeItIsAnswered(t *testing.T) {
	tests := []struct {
		name   string
		pdu    func(*testing.T) pdu.Frame
		err    error
		want   pdu.Status
		report string
	}{
		{"delivered", func(t *testing.T) pdu.Frame { return receiptPDU(t, "id:0A1 stat:DELIVRD err:000") }, nil, pdu.ESME_ROK, "161 delivered 000 "},
		{"failed", func(t *testing.T) pdu.Frame { return receiptPDU(t, "id:0A1 stat:UNDELIV err:633") }, nil, pdu.ESME_ROK, "161 undelivered 633 template_not_matched"},
		{"ledger down", func(t *testing.T) pdu.Frame { return receiptPDU(t, "id:0A1 stat:DELIVRD err:000") }, ledger.ErrUnavailable, pdu.ESME_RX_T_APPN, ""},
		{"not a receipt", func(t *testing.T) pdu.Frame {
			f, err := pdu.AppendSM(nil, pdu.DeliverSM, 7, &pdu.SM{Source: "919812345678", Dest: "56161", ShortMessage: []byte("hello")})
			if err != nil {
				t.Fatal(err)
			}
			return pdu.Frame(f)
		}, nil, pdu.ESME_RX_R_APPN, ""},
		{"broken body", func(t *testing.T) pdu.Frame { return pdu.Frame(receiptPDU(t, "id:1 stat:DELIVRD")[:20]) }, nil, pdu.ESME_RX_R_APPN, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(c *Config) { c.SMSCs["a"].Receipts = 2 /* receipt.Hex */ })
			b.ledger.err = tt.err
			answered := make(chan pdu.Status, 1)
			b.Handler("a").Receive("a", tt.pdu(t), bind.Reply{To: answerer(func(s pdu.Status) {
				b.ledger.mu.Lock()
				defer b.ledger.mu.Unlock()
				if s == pdu.ESME_ROK && len(b.ledger.events) == 0 {
					t.Error("answered OK before it was durable")
				}
				answered <- s
			})})
			if got := <-answered; got != tt.want {
				t.Errorf("answered %v, want %v", got, tt.want)
			}
			b.Wait()
			got := ""
			for _, e := range b.ledger.events {
				got = fmt.Sprintf("%s %s %s %s", e.Report.MessageID, e.Report.State, e.Report.Err, e.Report.Reason)
			}
			if got != tt.report {
				t.Errorf("reported %q, want %q", got, tt.report)
			}
		})
	}
}

func TestLateAnswer(t *testing.T) {
	b := newBench(t, func(c *Config) { c.SMSCs["a"].SubmitID = 2 /* receipt.Hex */ })
	sub := &bind.Submission{Key: otp(nil).Key, Attempt: 3}
	b.Handler("a").Late(sub, bind.Answer{Segment: 1, Verdict: session.Accepted, MessageID: "0A1"})
	b.Handler("a").Late(sub, bind.Answer{Segment: 2, Verdict: session.Refused, Status: pdu.ESME_RINVDSTADR})
	b.Wait()
	got := b.ledger.story()
	slices.Sort(got)
	if want := []string{"refused 3 a 2:refused refused", "submitted 3 a 1:accepted"}; !slices.Equal(got, want) {
		t.Errorf("ledger says %q, want %q", got, want)
	}
}
