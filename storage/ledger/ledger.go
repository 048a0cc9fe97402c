package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Stream is the name of the ledger's stream, Subject that of its one partition.
const (
	Stream  = "SMS_LEDGER"
	Subject = "ledger.0"
)

// What one frame may hold.
const (
	MaxFrameEvents = 4096
	MaxFrameBytes  = 512 << 10
)

// The ends of an append that did not succeed; see the package comment.
var (
	// ErrUnavailable says that the events are not in the ledger and never will be.
	ErrUnavailable = errors.New("the ledger cannot take the events: check NATS; nothing was appended")
	// ErrInDoubt says that the events may be in the ledger, or may still get there.
	ErrInDoubt = errors.New("the ledger did not acknowledge the events: they may be in it, or get there later")
	// ErrClosed is ErrUnavailable for a ledger that was closed.
	ErrClosed = fmt.Errorf("the ledger is closed: %w", ErrUnavailable)
	// ErrTooLarge is ErrUnavailable for events that no frame holds.
	ErrTooLarge = fmt.Errorf("the events of one append exceed a frame (%d events, %d bytes): %w",
		MaxFrameEvents, MaxFrameBytes, ErrUnavailable)
)

// Position is the sequence of a frame in the ledger's stream; 0 is before the first.
type Position uint64

// Config is what a ledger can be told.
type Config struct {
	Replicas int           // of the stream; 0 means 1
	Give     time.Duration // how long appends wait before they get an error; 0 means 5 s
	Trace    Trace
}

// Trace has hooks for metrics; each may be nil. They are called from the ledger's own goroutine and must not block.
type Trace struct {
	Appended func(events, bytes int, took time.Duration) // a frame was acknowledged; took counts from its first try
	Retried  func(err error)                             // a try failed and will be repeated
}

// Ledger appends events to the stream and reads them back. It is safe for concurrent use.
type Ledger struct {
	js     jetstream.JetStream
	config Config
	prefix string // of message ids: unlike that of any other ledger
	end    atomic.Uint64

	mu        sync.Mutex
	gathering *frame
	spare     []byte // the lines of a published frame, to gather the next but one in
	closed    bool

	wake    chan struct{} // holds one token while the gathering frame may hold events
	closing chan struct{} // closed by Close: no more appends
	stopped chan struct{} // closed when the publisher has ended
	ctx     context.Context
	cancel  context.CancelFunc
}

// Open makes or updates the stream (files, kept without limit, messages cannot be deleted) and starts the publisher.
// ctx bounds Open alone; Close ends the ledger.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Ledger, error) {
	if cfg.Replicas == 0 {
		cfg.Replicas = 1
	}
	if cfg.Give == 0 {
		cfg.Give = 5 * time.Second
	}
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        Stream,
		Description: "everything that happened to every message, in frames of JSON lines",
		Subjects:    []string{"ledger.*"},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Replicas:    cfg.Replicas,
		DenyDelete:  true,
		Duplicates:  duplicateWindow,
	})
	if err != nil {
		return nil, fmt.Errorf("open the ledger stream %s: %w", Stream, err)
	}
	l := &Ledger{
		js: js, config: cfg, prefix: rand.Text()[:12], gathering: newFrame(),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	l.end.Store(stream.CachedInfo().State.LastSeq)
	l.ctx, l.cancel = context.WithCancel(context.Background())
	go l.publishFrames()
	return l, nil
}

var lineBuffers = sync.Pool{New: func() any { return new([]byte) }}

// Append writes the events, together and in their order, and returns the position of their frame once it is
// acknowledged. It waits for room where a full frame gathers. Errors: see ErrUnavailable and ErrInDoubt; an ended
// ctx gives the one or the other, wrapping ctx.Err().
func (l *Ledger) Append(ctx context.Context, events ...Event) (Position, error) {
	if len(events) == 0 {
		return l.End(), nil
	}
	buffer := lineBuffers.Get().(*[]byte)
	defer lineBuffers.Put(buffer)
	lines := (*buffer)[:0]
	for i := range events {
		lines = append(AppendEvent(lines, &events[i]), '\n')
	}
	*buffer = lines
	f, err := l.join(ctx, lines, len(events))
	if err != nil {
		return 0, err
	}
	select {
	case <-f.done:
		return f.position, f.err
	case <-ctx.Done():
		return 0, fmt.Errorf("%w (%w)", ErrInDoubt, ctx.Err())
	}
}

// End returns the highest position that this ledger knows of: what it has appended, and what was there when it opened.
func (l *Ledger) End() Position { return Position(l.end.Load()) }

// Last asks the server for the position of the last frame, whoever appended it.
func (l *Ledger) Last(ctx context.Context) (Position, error) {
	stream, err := l.js.Stream(ctx, Stream)
	if err != nil {
		return 0, fmt.Errorf("find the end of the ledger: %w", err)
	}
	return Position(stream.CachedInfo().State.LastSeq), nil
}

// Close refuses further appends, publishes what has gathered (giving up after Config.Give) and waits for the
// publisher to end.
func (l *Ledger) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.mu.Unlock()
	<-l.stopped
	l.cancel()
}
