package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Frame is one frame as it is stored: its position, when the server took it, how many events it says it holds, and
// its payload of JSON lines (see Decoder).
type Frame struct {
	Position Position
	At       time.Time
	Events   int
	Payload  []byte
	Version  string // of the payload; "1"
}

// Reader yields the frames of the ledger in order. It is not safe for concurrent use.
type Reader struct {
	messages jetstream.MessagesContext
}

// readAhead is how many bytes of frames may wait in memory for the reader.
const readAhead = 8 << 20

// Read begins to read behind a position (0: from the first frame). The reader survives a restart of the server. Stop
// it when done.
func (l *Ledger) Read(ctx context.Context, after Position) (*Reader, error) {
	consumer, err := l.js.OrderedConsumer(ctx, Stream, jetstream.OrderedConsumerConfig{
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
	return &Reader{messages: messages}, nil
}

// Next waits for the next frame until ctx ends; the error then wraps ctx.Err().
func (r *Reader) Next(ctx context.Context) (Frame, error) {
	message, err := r.messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		return Frame{}, fmt.Errorf("read the ledger: %w", err)
	}
	meta, err := message.Metadata()
	if err != nil {
		return Frame{}, fmt.Errorf("read the ledger: %w", err)
	}
	events, _ := strconv.Atoi(message.Headers().Get(headerEvents)) // 0 where it does not say: the lines are counted
	return Frame{
		Position: Position(meta.Sequence.Stream),
		At:       meta.Timestamp,
		Events:   events,
		Payload:  message.Data(),
		Version:  message.Headers().Get(headerFrame),
	}, nil
}

// Stop ends the reading.
func (r *Reader) Stop() { r.messages.Stop() }
