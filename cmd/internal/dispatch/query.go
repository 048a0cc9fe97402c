package dispatch

import (
	"context"

	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// stateUnknown is message_state UNKNOWN (SMPP 3.4 §5.2.28).
const stateUnknown = 7

// Asked keeps what an SMSC answered to a query_sm, as a receipt, and returns when it is durable. An answer that settles
// nothing is not kept: nor is UNKNOWN, by which an SMSC may mean that it has forgotten the message. message names the
// segment that was asked about, in canonical form.
func (d *Dispatcher) Asked(id sms.SMSCID, message sms.MessageID, a pdu.QueryAnswer) (settled bool, err error) {
	r := receipt.OfQuery(&a)
	if !r.Final || a.State == stateUnknown {
		return false, nil
	}
	smsc := d.cfg.SMSCs[id]
	report := smsc.report(&r)
	report.MessageID, report.RawID, report.Raw = message, "", ledger.ByQuery
	if a.MessageID != string(message) {
		report.RawID = a.MessageID
	}
	_, err = d.cfg.Ledger.Append(context.Background(), ledger.Event{Kind: ledger.Receipt, At: d.cfg.Now(), Report: report})
	if err == nil && d.cfg.Trace.Receipt != nil {
		d.cfg.Trace.Receipt(id, report.State)
	}
	return true, err
}
