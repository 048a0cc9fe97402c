package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/fiorix/go-smpp/smpp"
	gopdu "github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"

	"harkara/smpp/receipt"
)

// transceiver is go-smpp's client as a careful user runs it: no more callers than the window, a response timeout above
// its one second, no rate limiter, a full window waited out.
type transceiver struct {
	smpp.Transceiver
	register pdufield.DeliverySetting
	shown    atomic.Int64
}

func openTransceiver(addr string, o options, receipts bool) (client, error) {
	t := &transceiver{register: pdufield.NoDeliveryReceipt}
	if receipts {
		t.register = pdufield.FinalDeliveryReceipt
	}
	t.Transceiver = smpp.Transceiver{
		Addr: addr, User: "made-up", EnquireLink: 30 * time.Second, RespTimeout: timeout, WindowSize: uint(o.window),
		Handler: t.handle,
	}
	select {
	case status := <-t.Bind():
		if status.Status() != smpp.Connected {
			return nil, fmt.Errorf("the bind at %s did not come up: %w", addr, status.Error())
		}
	case <-time.After(timeout):
		return nil, fmt.Errorf("the bind at %s did not come up in %s", addr, timeout)
	}
	return t, nil
}

func (t *transceiver) caller() func() error {
	sm := &smpp.ShortMessage{
		Src: header, SourceAddrTON: 5, Dst: to, DestAddrTON: 1, DestAddrNPI: 1, Text: pdutext.Raw(text),
		Validity: validity, Register: t.register,
		TLVFields: pdutlv.Fields{0x1400: pdutlv.String(entityID), 0x1401: pdutlv.String(templateID)},
	}
	return func() error {
		for {
			_, err := t.Submit(sm)
			if !errors.Is(err, smpp.ErrMaxWindowSize) {
				return err
			}
			runtime.Gosched()
		}
	}
}

// handle reads a receipt by our parser, as go-smpp has none; its client answers by itself.
func (t *transceiver) handle(p gopdu.Body) {
	if p.Header().ID != gopdu.DeliverSMID {
		return
	}
	if r, ok := receipt.ParseText(p.Fields()[pdufield.ShortMessage].String()); ok && r.Final {
		t.shown.Add(1)
	}
}

func (t *transceiver) receipts() int64 { return t.shown.Load() }

func (t *transceiver) close() { _ = t.Close() } // it never fails once bound
