// Package smsctest is an SMSC to test against: one account, several binds, receipts in the dialects of real SMSCs,
// query_sm and cancel_sm, a TPS limit, a DLT scrubber that fails given templates, faults by rate, and books of what came.
// It speaks SMPP 3.4 over any net.Conn, and runs inside testing/synctest bubbles over net.Pipe.
//
// The way of one submit_sm:
//
//	submit_sm ──▶ legal? ──▶ TPS ──▶ refuse? ──▶ queue full? ──▶ accepted: into the books, gets its id
//	                                               │
//	            submit_sm_resp ◀── after Latency ──┤ (or late, or never, or the connection is dropped)
//	            deliver_sm     ◀── ReceiptDelay later, on any receiving bind of the account
//	            deliver_sm_resp ──▶ acked; an error, silence or a lost bind: sent again, until it is acked
//
// An accepted message is accepted for good: no_answer, late_answer and drop_before_answer hide the answer only, the
// handset gets the message and a receipt is made. So the books are the truth that a gateway's own are held against.
// When a receipt is due its message has a final state, whether the receipt is made, sent, or lost to no_receipt:
// query_sm tells it. Until then a message is ENROUTE, and cancel_sm takes it back.
//
// Which faults a submit_sm meets depends on Config.Seed, on its octets (source, destination, payload) and on how often
// these came before, not on the order in which binds are served: the same load meets the same faults again.
//
// One lock guards everything; each connection has a reader and a writer, and one goroutine keeps the agenda of what is
// due later. Times are kept to the millisecond, rounded up, so that a thousand answers that are due together cost one
// timer and one write. A reader handles all that has come under one taking of the lock, without a copy. Under
// Config.CountOnly with Config.NoReceipts a submit_sm costs a quarter of a microsecond and no allocation.
package smsctest
