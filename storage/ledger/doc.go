// Package ledger is the book of facts: everything that happens to a message is an event, appended in order to the
// JetStream stream SMS_LEDGER. Events that gather while one publish is in flight go out together as the next frame
// (group commit); an append returns when its frame is acknowledged.
//
// A frame is one JetStream message on the subject ledger.0. Its payload is JSON lines, one event a line, so that
// `nats stream view SMS_LEDGER` reads it; its headers are
//
//	Harkara-Frame: 1        version of the payload
//	Harkara-Events: 42      number of lines
//	Nats-Msg-Id: Jx3v…-17   the same on every try, so that a lost acknowledgement does not append twice
//
// A frame holds at most MaxFrameEvents events and MaxFrameBytes bytes. Its position is its sequence in the stream.
//
// # When the ledger cannot take an append
//
// A frame is published again until it is acknowledged. What an append returns says how sure it is:
//
//	nil              the events are in the ledger
//	ErrUnavailable   the events are not in the ledger and never will be
//	ErrInDoubt       the events may be in the ledger, or may still get there
//
// Whoever gets ErrInDoubt must act as if both were true: not do what the event announces, and ask storage later.
package ledger
