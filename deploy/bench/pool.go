package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// pool is Harkara's bind.Pool with one bind.
type pool struct {
	pool     *bind.Pool
	register byte // registered_delivery
	shown    atomic.Int64
	sm       pdu.SM // scratch of Receive
	ctx      context.Context
	stop     context.CancelFunc
	ended    chan error
}

func openPool(addr string, o options, receipts bool) (client, error) {
	p := &pool{ended: make(chan error, 1)}
	if receipts {
		p.register = 1
	}
	up := make(chan struct{})
	var once sync.Once
	p.pool = bind.NewPool(bind.Config{
		SMSC: "smscsim", Addr: addr, Binds: 1, Window: o.window, Lane: 2 * o.window, ReceiptsMax: 1024,
		Bind: pdu.Bind{SystemID: "made-up", InterfaceVersion: pdu.InterfaceVersion34},
		Timeouts: bind.Timeouts{Dial: timeout, Bind: timeout, Response: timeout, EnquireLink: 30 * time.Second,
			Write: timeout},
	}, bind.Deps{Handler: p, Trace: bind.Trace{Link: func(sms.SMSCID, int, error) { once.Do(func() { close(up) }) }}})
	p.ctx, p.stop = context.WithCancel(context.Background())
	go func() { p.ended <- p.pool.Run(p.ctx) }()
	select {
	case <-up:
	case <-time.After(timeout):
	}
	if !p.pool.Live() {
		p.close()
		return nil, fmt.Errorf("the bind at %s did not come up: %+v", addr, p.pool.Snapshot())
	}
	return p, nil
}

func (p *pool) caller() func() error {
	sub := &bind.Submission{Class: sms.OTP, Segments: []int{1}, SMs: []pdu.SM{{
		Source: header, SourceTON: 5, Dest: to, DestTON: 1, DestNPI: 1, ShortMessage: []byte(text),
		RegisteredDelivery: p.register, TLVs: []pdu.TLV{
			{Tag: 0x1400, Value: []byte(entityID)}, {Tag: 0x1401, Value: []byte(templateID)},
		},
	}}}
	return func() error {
		sub.Deadline = time.Now().Add(validity)
		o := p.pool.Submit(p.ctx, sub)
		if a := o.Answers[0]; a.Verdict != session.Accepted {
			return errors.Join(fmt.Errorf("%s: %s", a.Verdict, a.Status), o.Err)
		}
		return nil
	}
}

// Receive implements bind.Handler: the gateway's own parsing, without its ledger.
func (p *pool) Receive(_ sms.SMSCID, f pdu.Frame, r bind.Reply) {
	if pdu.ParseText(f, &p.sm) != nil {
		r.Answer(pdu.ESME_RSYSERR)
		return
	}
	if report, ok := receipt.Parse(&p.sm, receipt.Lenient); ok && report.Final {
		p.shown.Add(1)
	}
	r.Answer(pdu.ESME_ROK)
}

// Late implements bind.Handler; such a submit was counted as failed.
func (p *pool) Late(*bind.Submission, bind.Answer) {}

func (p *pool) receipts() int64 { return p.shown.Load() }

func (p *pool) close() {
	p.stop()
	<-p.ended // its error is that of an SMSC that refuses the bind, and was told
}
