package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"harkara/storage/ledger"
)

// gather waits for a frame and takes those that come within MaxAge, up to about MaxEvents; one frame where care is needed.
func (p *Projector) gather(ctx context.Context, w *work) ([]ledger.Frame, error) {
	first, err := w.reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	frames, events := []ledger.Frame{first}, first.Events
	if p.care.level == 2 && first.Position <= p.care.until {
		return frames, nil
	}
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

// project takes frames into PostgreSQL, in one transaction or, where care is needed, event by event.
func (p *Projector) project(ctx context.Context, w *work, frames []ledger.Frame) error {
	if p.care.level > 0 && w.at.position >= p.care.until {
		p.care = care{}
	}
	items := w.decode(frames)
	last := frames[len(frames)-1]
	end := progress{position: last.Position}
	if p.care.level < 2 {
		return p.step(ctx, w, items, end, last.At)
	}
	for i := range items {
		to := progress{items[i].fact.position() - 1, items[i].fact.index() + 1}
		err := p.step(ctx, w, items[i:i+1], to, last.At)
		if dataFault(err) {
			return p.parkRefused(ctx, w, items[i], to, err)
		}
		if err != nil {
			return err
		}
	}
	return p.step(ctx, w, nil, end, last.At)
}

// decode reads the events of frames, from where the projection stands.
func (w *work) decode(frames []ledger.Frame) []item {
	var items []item
	for _, f := range frames {
		w.decoder.DecodeFrame(f.Payload, func(index int, e *ledger.Event, line []byte, err error) {
			if f.Position == w.at.position+1 && index < w.at.done {
				return
			}
			it := item{factOf(f.Position, min(index, maxIndex)), e, line, err}
			if index > maxIndex {
				it.err = fmt.Errorf("a frame of more than %d events", maxIndex)
			}
			items = append(items, it)
		})
	}
	return items
}

// step takes events through recall, fold, publish and commit.
func (p *Projector) step(ctx context.Context, w *work, items []item, to progress, appended time.Time) error {
	began := time.Now()
	if err := p.before("recall"); err != nil {
		return err
	}
	recalled, err := recall(ctx, w.conn, w.memory, items, p.care.level > 0)
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
	if b.stats.Statuses, err = w.statuses.publish(ctx, b.statuses); err != nil {
		return err
	}
	if err := p.before("commit"); err != nil {
		return err
	}
	p.tables.gather(b)
	if err := p.tables.commit(ctx, w.conn, w.at, to); err != nil {
		return err
	}
	for _, parked := range b.parked {
		p.config.Log.Error("an event could not be projected; it is in harkara.parked", "position", parked.fact.position(),
			"index", parked.fact.index(), "reason", parked.reason)
	}
	b.done()
	p.matches.add(b)
	w.memory.trim(appended)
	b.stats.Remembers, b.stats.Waiting = len(w.memory.messages), w.memory.early.count
	w.at = to
	p.position.Store(uint64(to.position))
	if p.config.Trace.Projected != nil {
		p.config.Trace.Projected(to.position, b.stats, time.Since(began), time.Since(appended))
	}
	return nil
}

func (p *Projector) before(step string) error {
	if p.config.Trace.Step == nil {
		return nil
	}
	return p.config.Trace.Step(step)
}

// parkRefused sets an event aside that the database will not take, and ends the session: memory has what the event did.
func (p *Projector) parkRefused(ctx context.Context, w *work, it item, to progress, cause error) error {
	b := &batch{memory: w.memory}
	b.park(it, cause.Error())
	p.tables.gather(b)
	if err := p.tables.commit(ctx, w.conn, w.at, to); err != nil {
		return fmt.Errorf("park an event: %w", err)
	}
	p.config.Log.Error("an event could not be projected; it is in harkara.parked", "position", it.fact.position(), "index", it.fact.index(), "reason", cause)
	return fmt.Errorf("parked position %d index %d: %w", it.fact.position(), it.fact.index(), cause)
}

// worry decides how carefully the next session goes, after an error with frames up to a position.
func (p *Projector) worry(err error, until ledger.Position) error {
	if dataFault(err) {
		p.care = care{min(p.care.level+1, 2), max(p.care.until, until)}
	}
	return err
}

// dataFault says whether the database refused the data (SQLSTATE classes 22, 23 and 54) rather than failed.
func dataFault(err error) bool {
	var refused *pq.Error
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code.Class() {
	case "22", "23", "54":
		return true
	}
	return false
}
