// Package bind keeps the connections to one SMSC: a Pool of binds that share bounded lanes, one per class, and one pace.
//
// The way of a submission:
//
//  1. Submit offers it to the lane of its class. A full lane, no live bind, or an SMSC whose queue is full, is the answer
//     at once.
//  2. A bind whose window, or what of it the speed of the answers lets it use, has room and whom the pace allows takes from the lanes, the most urgent class first. From then
//     on all its segments go over this bind, in order. Its deadline is checked just before each write; what is left of it
//     is the validity_period.
//  3. The session (package session) registers each segment in its window, then the loop writes everything that is ready
//     in one go.
//  4. Each segment gets one answer: from the SMSC; or in doubt, when it was written and no answer came in time or the
//     connection was lost; or unsent, when it never got out whole; or lapsed. Submit returns with all of them.
//     An answer that comes after in doubt was reported goes to Handler.Late.
//
// The other way: a deliver_sm or data_sm goes to Handler.Receive with the means to answer it, which the handler uses
// once the receipt is durable. More than ReceiptsMax unanswered on a connection, and the SMSC is asked to send it again.
//
// Beside them go questions, query_sm and cancel_sm, when submits leave room for them: see Query and Cancel.
//
// What the SMSC refuses as too fast or as its queue is full teaches the pace (package pace), which all binds share. While
// the queue is full, what waits is handed back Unsent with ErrPaused, so that other SMSCs can take it, and one submission
// at a time is let in as a probe; Live stays true, as there is nothing to connect.
//
// Each connection has two goroutines. One reads, and hands over batches of whole PDUs. The other, the loop, owns the
// session, the window and all writes; it waits for nothing but its one select, so that neither a full window nor the
// pace keeps it from reading answers. A write that misses its deadline ends the connection.
//
// Each bind remembers its last PDUs, both ways, over reconnects: see Trace and Deps.Died. What it gives away is masked.
//
// A connection that is lost is made again after a pause that grows exponentially, with full jitter, and
// starts anew once a bind took a message or brought a receipt. Refused credentials are not tried again: that locks
// accounts.
package bind
