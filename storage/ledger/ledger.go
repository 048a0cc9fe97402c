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

// Stream is the name of the ledger's stream, Subject that of frames of version 1.
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
	// ErrNoLedger says that there is no ledger to read, or to go on with.
	ErrNoLedger = errors.New("there is no ledger here: check nats.url or the data folder; a gateway makes one when it starts")
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
	Node     string        // whose chain of frames this ledger writes: letters, digits, - and _; empty means node-1
	Replicas int           // of the stream; 0 means 1
	Keep     time.Duration // how long the stream keeps frames; 0: for ever
	Give     time.Duration // how long appends wait before they get an error; 0 means 5 s
	Trace    Trace
}

// Trace has hooks for metrics; each may be nil. They are called from the ledger's own goroutine (Alarm from Open as
// well) and must not block.
type Trace struct {
	Appended func(events, bytes int, took time.Duration) // a frame was acknowledged; took counts from its first try
	Retried  func(err error)                             // a try failed and will be repeated
	// Alarm is told of what nobody may do to a ledger: frames written under this node's name by others, frames lost, a
	// stream that let frames be deleted. The ledger goes on; people should look. It is told once of the same.
	Alarm func(err error)
	Kept  func(was, now time.Duration) // Open has changed for how long the stream keeps frames; 0: for ever
}

// Ledger appends events to the stream and reads them back. It is safe for concurrent use.
type Ledger struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	config  Config
	chainID chainID
	lineage string
	// The shortest time for which frames were ever kept; 0: always for ever.
	shortest time.Duration
	prefix   string   // of message ids: unlike that of any other ledger
	until    Position // the last frame that Until lets be seen; 0: all
	end      atomic.Uint64
	waiting  atomic.Int64

	turn   sync.Mutex // held by who publishes: the publisher, or Skip
	sealed int        // envelopes so far; under turn

	mu        sync.Mutex
	chain     link // where the chain ends; written under turn and mu
	gathering *frame
	spare     []byte // the lines of a published frame, to gather the next but one in
	closed    bool
	alarmed   string // what the last alarm said

	wake    chan struct{} // holds one token while the gathering frame may hold events
	closing chan struct{} // closed by Close: no more appends
	stopped chan struct{} // closed when the publisher has ended
	ctx     context.Context
	cancel  context.CancelFunc
}

// Open makes or updates the stream, takes up the chain of the node where it ends, and starts the publisher. ctx bounds
// Open alone; Close ends the ledger.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Ledger, error) {
	return open(ctx, js, cfg, (*Ledger).openStream)
}

// Join is Open for a ledger that is there, whose stream's settings it leaves as they are: Replicas and Keep are not used.
// Without one it is ErrNoLedger.
func Join(ctx context.Context, js jetstream.JetStream, cfg Config) (*Ledger, error) {
	return open(ctx, js, cfg, (*Ledger).findStream)
}

// OpenToRead finds a ledger and changes nothing: it takes no appends. Without one it is ErrNoLedger.
func OpenToRead(ctx context.Context, js jetstream.JetStream) (*Ledger, error) {
	l := &Ledger{js: js, closed: true, stopped: make(chan struct{}), cancel: func() {}}
	close(l.stopped)
	if err := l.findStream(ctx); err != nil {
		return nil, err
	}
	l.end.Store(l.stream.CachedInfo().State.LastSeq)
	return l, nil
}

func open(ctx context.Context, js jetstream.JetStream, cfg Config, find func(*Ledger, context.Context) error) (*Ledger, error) {
	if cfg.Node == "" {
		cfg.Node = "node-1"
	}
	if !nodePattern.MatchString(cfg.Node) {
		return nil, fmt.Errorf("the ledger's node %q: want up to 100 letters, digits, - and _", cfg.Node)
	}
	if cfg.Replicas == 0 {
		cfg.Replicas = 1
	}
	if cfg.Give == 0 {
		cfg.Give = 5 * time.Second
	}
	l := &Ledger{
		js: js, config: cfg, chainID: chainID{0, cfg.Node}, prefix: rand.Text()[:12], gathering: newFrame(),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := find(l, ctx); err != nil {
		return nil, err
	}
	var err error
	if l.chain, err = l.takeUp(ctx); err != nil {
		return nil, err
	}
	l.end.Store(l.stream.CachedInfo().State.LastSeq)
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
	l.waiting.Add(int64(len(events)))
	defer l.waiting.Add(-int64(len(events)))
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

// Waiting returns how many events wait for their acknowledgement: those in flight, those that gather, and those whose
// appenders wait for room.
func (l *Ledger) Waiting() int { return int(l.waiting.Load()) }

// Lineage tells this ledger from every other: it was made at random with the stream, and backups keep it.
func (l *Ledger) Lineage() string { return l.lineage }

// CutsItself says whether the stream lets go of old frames, or did at some time.
func (l *Ledger) CutsItself() bool { return l.shortest > 0 }

// Alarm tells Trace.Alarm of what must not happen to a ledger, once where the same comes again.
func (l *Ledger) Alarm(err error) {
	l.mu.Lock()
	again := l.alarmed == err.Error()
	l.alarmed = err.Error()
	l.mu.Unlock()
	if !again && l.config.Trace.Alarm != nil {
		l.config.Trace.Alarm(err)
	}
}

// Until returns the ledger as it stood at a position: it ends there, or with the last frame before it that is still
// there, its readers wait for ever behind it, and it takes no appends.
func (l *Ledger) Until(ctx context.Context, p Position) (*Ledger, error) {
	first, _, err := l.Oldest(ctx)
	if err != nil {
		return nil, err
	}
	for ; p >= first; p-- {
		_, err := l.stream.GetMsg(ctx, uint64(p))
		if err == nil {
			break
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, fmt.Errorf("find the frame at position %d of the ledger: %w", p, err)
		}
	}
	if p < first {
		return nil, fmt.Errorf("the ledger has no frame before position %d", first)
	}
	still := &Ledger{js: l.js, stream: l.stream, config: l.config, chainID: l.chainID, lineage: l.lineage, shortest: l.shortest,
		until: p, closed: true, stopped: make(chan struct{}), cancel: func() {}}
	still.end.Store(uint64(p))
	close(still.stopped)
	return still, nil
}

// Oldest returns the position of the oldest frame that is kept, and when it was appended; the position behind the last
// where none is.
func (l *Ledger) Oldest(ctx context.Context) (Position, time.Time, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("find the beginning of the ledger: %w", err)
	}
	return Position(max(info.State.FirstSeq, 1)), info.State.FirstTime, nil
}

// Last asks the server for the position of the last frame, whoever appended it.
func (l *Ledger) Last(ctx context.Context) (Position, error) {
	if l.until > 0 {
		return l.until, nil
	}
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
