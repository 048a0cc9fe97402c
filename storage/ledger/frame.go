package ledger

import (
	"context"
	"fmt"
	"time"
)

// frame is the events of one publish and the place where those who appended them wait.
type frame struct {
	lines    []byte
	events   int
	since    time.Time     // when its first event came
	taken    chan struct{} // closed when it stops gathering
	done     chan struct{} // closed when position and err are set
	position Position
	err      error
}

func newFrame() *frame {
	return &frame{taken: make(chan struct{}), done: make(chan struct{})}
}

func (f *frame) finish(p Position, err error) {
	f.position, f.err = p, err
	close(f.done)
}

// join adds the lines to the gathering frame, waiting until one has room.
func (l *Ledger) join(ctx context.Context, lines []byte, events int) (*frame, error) {
	if events > MaxFrameEvents || len(lines) > MaxFrameBytes {
		return nil, ErrTooLarge
	}
	for {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return nil, ErrClosed
		}
		f := l.gathering
		if f.events+events <= MaxFrameEvents && len(f.lines)+len(lines) <= MaxFrameBytes {
			if f.events == 0 {
				f.since = time.Now()
				l.wake <- struct{}{}
			}
			f.lines = append(f.lines, lines...)
			f.events += events
			l.mu.Unlock()
			return f, nil
		}
		l.mu.Unlock()
		select {
		case <-f.taken:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (%w)", ErrUnavailable, ctx.Err())
		}
	}
}

// take ends the gathering of a frame and returns it; nil when it is empty.
func (l *Ledger) take() *frame {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.gathering
	if f.events == 0 {
		return nil
	}
	l.gathering = newFrame()
	l.gathering.lines, l.spare = l.spare[:0], nil
	close(f.taken)
	return f
}

// recycle keeps the memory of a published frame for a later one; its waiters do not look at its lines.
func (l *Ledger) recycle(f *frame) {
	l.mu.Lock()
	l.spare, f.lines = f.lines, nil
	l.mu.Unlock()
}

func (l *Ledger) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
