package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// duplicateWindow is how long the server remembers message ids. It is short because every frame costs it memory; a
	// frame that is tried for longer is refused by its expected sequence, and looked for.
	duplicateWindow = 2 * time.Minute
	firstPause      = 10 * time.Millisecond
	longestPause    = time.Second
	// linger is how long a frame gathers beyond the publish before it, while events come faster than frames go out: a
	// frame costs the server the same for one event as for a hundred.
	linger = 300 * time.Microsecond
)

// tryTimeout is how long one try may take; tests have less time.
var tryTimeout = 2 * time.Second

// publishFrames is the publisher: one frame after another until the ledger is closed and nothing more has gathered.
func (l *Ledger) publishFrames() {
	defer close(l.stopped)
	look := time.NewTicker(l.config.Give / 10) // at those who have waited too long
	defer look.Stop()
	busy := false
	for {
		select {
		case <-l.wake:
		case <-l.closing:
			select {
			case <-l.wake:
			default:
				return
			}
		}
		if busy {
			time.Sleep(linger)
		}
		if f := l.take(); f != nil {
			busy = f.events > 1
			l.turn.Lock()
			l.publish(f, look.C)
			l.turn.Unlock()
		}
	}
}

// publish sends one frame until it is acknowledged. After Config.Give those who wait for it are told what is known,
// and the frame goes on being sent only where an earlier try may have reached the server: then the events behind it
// must not overtake it.
func (l *Ledger) publish(f *frame, look <-chan time.Time) {
	p := publication{Ledger: l, frame: f, envelope: l.seal(f.events, f.lines)}
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		position, err := p.try(look)
		if err == nil {
			l.appended(p.envelope, position)
			p.end(position, nil)
			if l.config.Trace.Appended != nil {
				l.config.Trace.Appended(f.events, len(f.lines), time.Since(began))
			}
			l.recycle(f)
			return
		}
		if l.config.Trace.Retried != nil {
			l.config.Trace.Retried(err)
		}
		if errors.Is(err, errMoved) { // so no try was stored
			p.maybe = false
			if err = p.resume(); err == nil {
				p.envelope = l.seal(f.events, f.lines)
			}
		}
		if p.late(err) {
			return
		}
		if err != nil {
			time.Sleep(pause)
		}
	}
}

// publication is a frame that is being published.
type publication struct {
	*Ledger
	frame    *frame
	envelope *envelope
	maybe    bool // a try may have been stored
	answered bool // those who wait have been told
}

// end tells those who wait for the frame, once.
func (p *publication) end(position Position, err error) {
	if !p.answered {
		p.answered = true
		p.frame.finish(position, err)
	}
}

// late looks, after the error of a try, whether those who wait have waited long enough, and says whether the frame is
// given up.
func (p *publication) late(err error) bool {
	p.giveUpGathering(err)
	if time.Since(p.frame.since) <= p.config.Give {
		return false
	}
	if !p.maybe {
		p.end(0, fmt.Errorf("%w (%w)", ErrUnavailable, err))
		return true
	}
	p.end(0, fmt.Errorf("%w (%w)", ErrInDoubt, err))
	return p.isClosed()
}

var (
	errNoAnswer = errors.New("NATS does not answer")
	errGivenUp  = errors.New("the ledger was closed")
)

// try publishes the frame once. A connection that stalls holds the try beyond its time; from then on those who wait
// are told all the same.
func (p *publication) try(look <-chan time.Time) (Position, error) {
	type outcome struct {
		position Position
		err      error
	}
	ended, began := make(chan outcome, 1), time.Now()
	go func() {
		ctx, cancel := context.WithTimeout(p.ctx, tryTimeout)
		defer cancel()
		position, err := p.send(ctx, p.envelope)
		ended <- outcome{position, err}
	}()
	for {
		select {
		case o := <-ended:
			p.maybe = p.maybe || o.err != nil && !refused(o.err)
			return o.position, o.err
		case <-look:
			if time.Since(began) < tryTimeout+longestPause {
				continue
			}
			before := p.maybe
			p.maybe = true // this try may be stored
			if p.late(errNoAnswer) {
				return 0, errGivenUp
			}
			p.maybe = before
		}
	}
}

// resume is Ledger.resume within the time of a try.
func (p *publication) resume() error {
	ctx, cancel := context.WithTimeout(p.ctx, tryTimeout)
	defer cancel()
	return p.Ledger.resume(ctx)
}

// giveUpGathering refuses the frame that gathers behind one that cannot be published, once it is too old: it was
// never sent, so its end is certain.
func (l *Ledger) giveUpGathering(err error) {
	l.mu.Lock()
	old := l.gathering.events > 0 && time.Since(l.gathering.since) > l.config.Give
	l.mu.Unlock()
	if !old {
		return
	}
	<-l.wake // the frame's own token
	l.take().finish(0, fmt.Errorf("%w (%w)", ErrUnavailable, err))
}

// appended notes that the envelope is in the stream.
func (l *Ledger) appended(e *envelope, position Position) {
	e.next.position = position
	l.setChain(e.next)
	l.end.Store(uint64(max(position, l.End())))
}

// send publishes an envelope once. Where the server says that the chain ends elsewhere, an earlier try may be why: the
// first frame behind the expected one is then ours. Any other is errMoved, and the envelope is not stored.
func (l *Ledger) send(ctx context.Context, e *envelope) (Position, error) {
	ack, err := l.js.PublishMsg(ctx, e.message, jetstream.WithRetryAttempts(0))
	if err == nil {
		return Position(ack.Sequence), nil
	}
	if !misplaced(err) {
		return 0, err
	}
	behind, lookErr := l.stream.GetMsg(ctx, uint64(e.after.position)+1, jetstream.WithGetMsgSubject(e.message.Subject))
	switch {
	case lookErr == nil && behind.Header.Get(jetstream.MsgIDHeader) == e.id:
		return Position(behind.Sequence), nil
	case lookErr == nil:
		return 0, errMoved
	case !errors.Is(lookErr, jetstream.ErrMsgNotFound):
		return 0, lookErr
	}
	last, lookErr := l.stream.GetLastMsgForSubject(ctx, e.message.Subject)
	switch {
	case errors.Is(lookErr, jetstream.ErrMsgNotFound) || lookErr == nil && Position(last.Sequence) != e.after.position:
		return 0, errMoved
	case lookErr != nil:
		return 0, lookErr
	}
	return 0, fmt.Errorf("%w: %w", errNoAnswer, err) // a cluster says so while an earlier try is on its way
}

// misplaced says that the server expected another sequence.
func misplaced(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == wrongLastSequence)
}

// wrongLastSequence is the server's code for the same without the sequence (JSStreamWrongLastSequenceConstantErr).
const wrongLastSequence jetstream.ErrorCode = 10164

// refused says that an error proves that the try was not stored: the server said so, or nothing was sent. A connection
// that was closed proves nothing: it may have been closed while the answer was on its way.
func refused(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrReconnectBufExceeded)
}
