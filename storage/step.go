package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"harkara/storage/ledger"
)

// taken is frames off the ledger with their events, from where the projection stands.
type taken struct {
	frames []ledger.Frame
	items  []item
}

// gather waits for a frame and takes those that come within MaxAge, up to about MaxEvents.
func (p *Projector) gather(ctx context.Context, w *work) ([]ledger.Frame, error) {
	first, err := w.reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	frames, events := []ledger.Frame{first}, first.Events
	young, cancel := context.WithTimeout(ctx, p.config.MaxAge)
	defer cancel()
	for events < p.config.MaxEvents {
		next, err := w.reader.Next(young)
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				break
			}
			return nil, err
		}
		frames, events = append(frames, next), events+next.Events
	}
	return frames, nil
}

// decode reads the events of frames, from where the session began.
func (w *work) decode(frames []ledger.Frame) taken {
	events := 0
	for i := range frames {
		events += frames[i].Events
	}
	items := make([]item, 0, events)
	for _, f := range frames {
		w.decoder.DecodeFrame(f.Payload, func(index int, e *ledger.Event, line []byte, err error) {
			if f.Position == w.begin.position+1 && index < w.begin.done {
				return
			}
			it := item{factOf(f.Position, min(index, maxIndex)), e, line, err}
			if index > maxIndex {
				it.err = fmt.Errorf("a frame of more than %d events", maxIndex)
			}
			items = append(items, it)
		})
	}
	return taken{frames, items}
}

// project takes events into PostgreSQL: in one transaction, but for a bad event among them and for a shredding, which
// ends its batch, since memory knows no more what the rows say.
func (p *Projector) project(ctx context.Context, w *work, t taken) error {
	for items := t.items; ; {
		n := p.halving.most(len(items))
		for i := range items[:n] {
			if items[i].shreds() {
				n = i + 1
				break
			}
		}
		to := t.progress(items[:n], n == len(items))
		if err := p.step(ctx, w, items[:n], to); err != nil {
			switch {
			case !dataFault(err):
				return err
			case p.halving.refused(n):
				if failed := p.parkRefused(ctx, w, items[0], to, err); failed != nil {
					return failed
				}
				p.halving.took(1, p.config.MaxEvents)
			}
			return fmt.Errorf("%w: %w", errRefused, err) // memory has what the events did
		}
		p.halving.took(n, p.config.MaxEvents)
		if items = items[n:]; len(items) == 0 {
			return nil
		}
	}
}

// progress is where the projection stands behind some of the events.
func (t *taken) progress(items []item, all bool) progress {
	if all {
		last := &t.frames[len(t.frames)-1]
		return progress{position: last.Position, at: last.At}
	}
	last := items[len(items)-1].fact
	to := progress{position: last.position() - 1, done: last.index() + 1}
	for i := range t.frames {
		if f := &t.frames[i]; f.Position <= last.position() {
			to.at = f.At
		}
	}
	return to
}

// step takes events through recall, fold, publish and commit. Statuses go out while rows are written; the transaction
// ends when both are done.
func (p *Projector) step(ctx context.Context, w *work, items []item, to progress) error {
	began := time.Now()
	if err := p.before("recall"); err != nil {
		return err
	}
	recalled, err := recall(ctx, w.conn, w.memory, items, p.halving.strict())
	if err != nil {
		return err
	}
	b := &batch{memory: w.memory, coming: comingAnswers(items)}
	for _, it := range items {
		b.fold(it)
	}
	b.stats.Recalled = recalled
	if err := p.before("publish"); err != nil {
		return err
	}
	publishing := w.publish(ctx, b)
	p.tables.gather(b)
	tx, err := p.tables.write(ctx, w.conn)
	if published := <-publishing; err == nil && published != nil {
		err = errors.Join(published, tx.Rollback())
	}
	if err != nil {
		return err
	}
	if err := p.end(ctx, tx, w.at, to); err != nil {
		return err
	}
	b.done()
	if b.shred != nil {
		w.memory.forget()
	}
	p.matches.add(b)
	w.memory.trim(to.at)
	p.took(w, b, to, began)
	return nil
}

// end ends a batch's transaction, whose rows are written.
func (p *Projector) end(ctx context.Context, tx *sql.Tx, from, to progress) error {
	defer tx.Rollback() // an error after Commit is expected, one before ends the session anyway
	if err := p.before("commit"); err != nil {
		return err
	}
	if err := advance(ctx, tx, from, to); err != nil {
		return err
	}
	if err := p.before("end"); err != nil {
		return err
	}
	return p.tables.commit(tx)
}

// publish begins to publish a batch's statuses; the channel gets the end of it. Until then they are the publisher's.
func (w *work) publish(ctx context.Context, b *batch) <-chan error {
	ended := make(chan error, 1)
	if w.statuses == nil {
		close(ended)
		return ended
	}
	go func() {
		var err error
		b.stats.Statuses, err = w.statuses.publish(ctx, b.statuses)
		ended <- err
	}()
	return ended
}

// took notes that a batch was committed, and tells of it.
func (p *Projector) took(w *work, b *batch, to progress, began time.Time) {
	for _, parked := range b.parked {
		p.config.Log.Error("an event could not be projected; it is in harkara.parked", "position", parked.fact.position(),
			"index", parked.fact.index(), "reason", parked.reason)
	}
	b.stats.Remembers, b.stats.Waiting = len(w.memory.messages), w.memory.early.count
	w.at = to
	p.position.Store(uint64(to.position))
	if p.config.Trace.Projected != nil {
		p.config.Trace.Projected(to.position, b.stats, time.Since(began), time.Since(to.at))
	}
}

func (p *Projector) before(step string) error {
	if p.config.Trace.Step == nil {
		return nil
	}
	return p.config.Trace.Step(step)
}
