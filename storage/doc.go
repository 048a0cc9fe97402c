// Package storage is what Harkara remembers: the projection of the ledger into PostgreSQL, the statuses that tenants
// read, the register of templates, and the reports.
//
//	ledger ──▶ Projector ──▶ SMS_STATUS            one status per change of a message's state
//	                  └────▶ PostgreSQL            message, transition, attempt, answer, receipt, otp_event
//
// The projector is the only writer of facts. It reads frames in order and keeps the messages it works on in memory, a
// cache of what PostgreSQL knows. A batch of frames becomes statuses first and then one transaction, which also holds
// the position: so nothing is projected twice, and a restored backup heals by replay. Statuses carry the position of
// the event they come from and are published with the stream's expected last sequence, so a replay skips what
// was published, and a second projector cannot publish at all.
//
// A receipt finds its segment by the SMSC's message id or, where the answer with that never came, by the
// user_message_reference that the SMSC repeats (doubt.go). It may come before its segment is known: it waits then.
//
// Events of challenges (otpevent.go) go the same two ways. Those of a send (sent, delivered, undelivered) nobody writes into
// the ledger: they are made of its message's statuses, and stand behind these in SMS_STATUS.
//
// The register (register*.go) is rows that are never changed: each change is a version of its own, with the import that
// made it. A copy of the newest is kept in NATS (snapshot*.go), so that a gateway starts without PostgreSQL. Learn
// (feedback*.go) reads what receipts say of templates, headers, entities and chains, and holds pairs of template and SMSC
// back (quarantine*.go).
//
// The rules by which a message changes its state are in message.go and know neither network nor clock.
package storage
