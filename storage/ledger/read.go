package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Frame is one frame as it is stored: its position, when the server took it, how many events it says it holds, and
// its payload of JSON lines (see Decoder). Of version 1 it has no more than those.
type Frame struct {
	Position  Position
	At        time.Time
	Events    int
	Payload   []byte
	Version   string
	Partition int
	Node      string
	Number    uint64
	Previous  Digest
	Digest    Digest // as it says; Verify checks it

	flaw string // why it is no frame; empty: it is one
	last bool   // the stream had none behind it
}

// frameOf reads a frame from a message.
func frameOf(subject string, header nats.Header, payload []byte) Frame {
	f := Frame{Payload: payload, Version: header.Get(headerFrame)}
	var err error
	if f.Events, err = strconv.Atoi(header.Get(headerEvents)); err != nil || f.Events < 0 {
		f.Events, f.flaw = 0, "without "+headerEvents // the lines are counted
	}
	id, known := parseSubject(subject)
	switch {
	case f.Version == firstVersion && subject == Subject:
		return f
	case f.Version != frameVersion:
		f.flaw = fmt.Sprintf("%s %q on subject %s", headerFrame, f.Version, subject)
		return f
	case !known:
		f.flaw = "subject " + subject
		return f
	}
	f.Partition, f.Node = id.partition, id.node
	var previous, digest bool
	f.Previous, previous = parseDigest(header.Get(headerPrevious))
	f.Digest, digest = parseDigest(header.Get(headerDigest))
	f.Number, err = strconv.ParseUint(header.Get(headerNumber), 10, 63)
	if err != nil || f.Number == 0 || !previous || !digest {
		f.flaw = "without " + headerNumber + ", " + headerPrevious + " or " + headerDigest
	}
	return f
}

// digest is what its digest should be.
func (f *Frame) digest() Digest {
	return chainID{f.Partition, f.Node}.digest(f.Number, f.Previous, f.Events, f.Payload)
}

// Reader yields the frames of the ledger in order. It is not safe for concurrent use.
type Reader struct {
	messages jetstream.MessagesContext
	until    Position // it yields none behind; 0: all
	at       Position
}

// readAhead is how many bytes of frames may wait in memory for the reader.
const readAhead = 8 << 20

// Read begins to read behind a position (0: from the first frame). The reader survives a restart of the server. Stop
// it when done.
func (l *Ledger) Read(ctx context.Context, after Position) (*Reader, error) {
	return read(ctx, l.js, after, l.until)
}

func read(ctx context.Context, js jetstream.JetStream, after, until Position) (*Reader, error) {
	consumer, err := js.OrderedConsumer(ctx, Stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   uint64(after) + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger after position %d: %w", after, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(500, readAhead))
	if err != nil {
		return nil, fmt.Errorf("read the ledger after position %d: %w", after, err)
	}
	return &Reader{messages: messages, until: until, at: after}, nil
}

// Next waits for the next frame until ctx ends; the error then wraps ctx.Err().
func (r *Reader) Next(ctx context.Context) (Frame, error) {
	if r.until > 0 && r.at >= r.until {
		<-ctx.Done()
		return Frame{}, fmt.Errorf("read the ledger: %w", ctx.Err())
	}
	message, err := r.messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		return Frame{}, fmt.Errorf("read the ledger: %w", err)
	}
	meta, err := message.Metadata()
	if err != nil {
		return Frame{}, fmt.Errorf("read the ledger: %w", err)
	}
	f := frameOf(message.Subject(), message.Headers(), message.Data())
	f.Position, f.At, f.last = Position(meta.Sequence.Stream), meta.Timestamp, meta.NumPending == 0
	r.at = f.Position
	return f, nil
}

// Stop ends the reading.
func (r *Reader) Stop() { r.messages.Stop() }
