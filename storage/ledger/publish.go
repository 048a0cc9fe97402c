package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	headerFrame  = "Harkara-Frame"
	headerEvents = "Harkara-Events"
	frameVersion = "1"

	// duplicateWindow is how long the server remembers message ids. It is short because every frame costs it memory;
	// a frame that is tried for longer is looked for in the stream before it is sent again.
	duplicateWindow = 2 * time.Minute
	tryTimeout      = 2 * time.Second
	firstPause      = 10 * time.Millisecond
	// linger is how long a frame gathers beyond the publish before it, while events come faster than frames go out: a
	// frame costs the server the same for one event as for a hundred.
	linger       = 300 * time.Microsecond
	longestPause = time.Second
)

// publishFrames is the publisher: one frame after another until the ledger is closed and nothing more has gathered.
func (l *Ledger) publishFrames() {
	defer close(l.stopped)
	busy := false
	for n := 1; ; n++ {
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
			l.publish(f, l.prefix+"-"+strconv.Itoa(n))
		}
	}
}

// publish sends one frame until it is acknowledged. After Config.Give those who wait for it are told what is known,
// and the frame goes on being sent only where an earlier try may have reached the server: then the events behind it
// must not overtake it.
func (l *Ledger) publish(f *frame, id string) {
	message := nats.NewMsg(Subject)
	message.Header.Set(headerFrame, frameVersion)
	message.Header.Set(headerEvents, strconv.Itoa(f.events))
	message.Header.Set(jetstream.MsgIDHeader, id)
	message.Data = f.lines
	var (
		began    = time.Now()
		after    = l.End()
		maybe    bool // an earlier try may have been stored
		answered bool // those who wait have been told that it is in doubt
	)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		position, err := l.try(message, id, after, maybe && time.Since(began) > duplicateWindow/2)
		if err == nil {
			l.end.Store(uint64(max(position, l.End())))
			if !answered {
				f.finish(position, nil)
			}
			l.recycle(f)
			if l.config.Trace.Appended != nil {
				l.config.Trace.Appended(f.events, len(message.Data), time.Since(began))
			}
			return
		}
		maybe = maybe || !refused(err)
		if l.config.Trace.Retried != nil {
			l.config.Trace.Retried(err)
		}
		if time.Since(f.since) > l.config.Give {
			if !maybe {
				f.finish(0, fmt.Errorf("%w (%w)", ErrUnavailable, err))
				return
			}
			if !answered {
				f.finish(0, fmt.Errorf("%w (%w)", ErrInDoubt, err))
				answered = true
			}
		}
		l.giveUpGathering(err)
		time.Sleep(pause)
		if answered && l.isClosed() {
			return
		}
	}
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

// try publishes the frame once. With look it first searches the frames after `after` for the message id, because the
// server may have forgotten it.
func (l *Ledger) try(message *nats.Msg, id string, after Position, look bool) (Position, error) {
	ctx, cancel := context.WithTimeout(l.ctx, tryTimeout)
	defer cancel()
	if look {
		position, err := l.find(ctx, id, after)
		if err != nil || position > 0 {
			return position, err
		}
	}
	ack, err := l.js.PublishMsg(ctx, message, jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, err
	}
	return Position(ack.Sequence), nil
}

// find returns the position of the frame with the message id after a position; 0 when there is none.
func (l *Ledger) find(ctx context.Context, id string, after Position) (Position, error) {
	stream, err := l.js.Stream(ctx, Stream)
	if err != nil {
		return 0, err
	}
	for seq := uint64(after) + 1; seq <= stream.CachedInfo().State.LastSeq; seq++ {
		m, err := stream.GetMsg(ctx, seq)
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return 0, err
		}
		if err == nil && m.Header.Get(jetstream.MsgIDHeader) == id {
			return Position(seq), nil
		}
	}
	return 0, nil
}

// refused says that an error proves that the try was not stored: the server said so, or nothing was sent. A connection
// that was closed proves nothing: it may have been closed while the answer was on its way.
func refused(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrReconnectBufExceeded)
}
