// Package window keeps the outstanding requests of one SMPP session: which sequence numbers are in flight, since when,
// and until when an answer is worth waiting for. It is pure: no locks, no clock, no I/O. Its owner is one goroutine.
//
// The life of an entry:
//
//  1. Offer takes a slot and a sequence number, before anything is written, so that an answer can never overtake it.
//  2. Written marks that all its octets were given to the network. From here on the SMSC may have it.
//  3. Answer ends it (Matched); or
//  4. Expire reports it once when its deadline has passed, and holds it as late: it keeps its slot, since the SMSC still
//     counts it. An answer in that time is Late and still gives the entry.
//  5. A late entry that is not answered within one more timeout frees its slot, and is remembered without one, a few
//     thousand of them at most: an answer that comes minutes later is Late, too.
//  6. Abandon ends everything at the close of the session, and tells written from unwritten: the first are in doubt,
//     the second were never sent.
//
// Every operation is O(1) amortised and, but for what is overdue, allocates nothing: slots are a ring indexed by the low bits of the sequence
// number, twice as long as the window, and a number whose slot is still held is skipped.
package window
