package receipt

import (
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// OfQuery makes a receipt of the answer to a query_sm, the id in the form of the answers to submit_sm.
func OfQuery(a *pdu.QueryAnswer) Receipt {
	r := Receipt{ID: sms.MessageID(a.MessageID), DoneDate: a.FinalDate, Stat: stateWord(a.State)}
	if a.ErrorCode != 0 {
		r.Err = threeDigits(uint16(a.ErrorCode))
	}
	r.Done = parseDate(r.DoneDate)
	r.State, r.Final = decide("", a.State, r.Err)
	return r
}
