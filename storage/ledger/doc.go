// Package ledger is the book of facts: everything that happens to a message is an event, appended in order to the
// JetStream stream SMS_LEDGER. Events that gather while one publish is in flight go out together as the next frame
// (group commit); an append returns when its frame is acknowledged.
//
// # Frames, version 2
//
// A frame is one JetStream message on the subject ledger.<partition>.<node>: node is the gateway that wrote it, partition
// is 0 for now. Its payload is JSON lines, one event a line, so that `nats stream view SMS_LEDGER` reads it; its headers are
//
//	Harkara-Frame: 2        version of the frame
//	Harkara-Events: 42      number of lines
//	Harkara-Number: 17      which frame of its node in its partition it is, from 1
//	Harkara-Previous: …     the digest of the frame before it in that chain; 64 zeros for the first
//	Harkara-Digest: …       its own, hexadecimal SHA-256 in small letters
//	Nats-Msg-Id: Jx3v…-17   the same on every try, so that a lost acknowledgement does not append twice
//
// The digest is over six lines, each ended by a line feed, and then the payload as it is: the version, the partition, the
// node, the number, the previous digest, the number of events. So frame 17 of gateway node-1, here at position 20, is
// checked by hand so:
//
//	nats req --raw '$JS.API.STREAM.MSG.GET.SMS_LEDGER' '{"seq":20}' | jq -r .message.data | base64 -d > payload
//	{ printf '%s\n' 2 0 node-1 17 <Harkara-Previous> 42; cat payload; } | sha256sum
//
// A frame holds at most MaxFrameEvents events and MaxFrameBytes bytes; one without events only fills a position (Skip).
// Its position is its sequence in the stream. Frames of version 1 are on the subject ledger.0, without the last three
// Harkara headers; they are read as ever, and chains begin behind them.
//
// The stream refuses to delete and to purge; frames older than Config.Keep leave it at its beginning. Its metadata hold
// its lineage: made at random with the stream and kept by backups, unlike that of any other ledger.
//
// # What the chains prove
//
// Verify finds a frame that was changed, taken out, put in or moved within its chain, and what a signed Checkpoint says
// that is not so: a chain written anew from some point on, or a tail cut off. Frames behind the newest checkpoint are
// chained and no more; where their node should have signed for them by now, that is a fault too. The order of frames of different nodes is proven where checkpoints name their positions, not
// between those.
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
//
// At most one frame is in flight and one gathers; further appends wait for room, so memory is bounded by who appends.
//
// Each publish names the position of the frame before it (Nats-Expected-Last-Subject-Sequence), and the server takes no
// other: two processes under one node's name cannot fork its chain. Whoever finds a frame that it did not write says so
// (Trace.Alarm) and goes on behind it.
package ledger
