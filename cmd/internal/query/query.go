// Package query asks SMSCs for receipts that did not come: query_sm for each accepted segment that is silent for long.
package query

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/storage"
)

// SMSC is one SMSC that may be asked.
type SMSC struct {
	ID                   sms.SMSCID
	After                time.Duration // of silence since the answer to the submit_sm
	TPS                  int           // query_sm a second, at most
	SourceTON, SourceNPI byte          // as in its submit_sm
	Query                func(context.Context, pdu.Inquiry) (pdu.QueryAnswer, error)
}

// Config joins the questions to those who know.
type Config struct {
	SMSC SMSC
	// Silent lists accepted segments without a final receipt, answered between the two times, oldest first.
	Silent func(ctx context.Context, smsc sms.SMSCID, from, to time.Time, limit int) ([]storage.SilentSegment, error)
	// Told makes an SMSC's answer durable, as a receipt.
	Told func(smsc sms.SMSCID, message sms.MessageID, a pdu.QueryAnswer) (settled bool, err error)
	// Asked is told of each query_sm: whether it settled the segment. nil: nobody.
	Asked func(smsc sms.SMSCID, settled bool)
	Log   *slog.Logger
}

// A segment is asked for once at each age: After, four times and sixteen times that.
const (
	ages  = 3
	older = 4
)

// lookBack is how far into the past the first round goes: what came due while the gateway was down.
const lookBack = time.Hour

// grace is how far the projection may be behind what is asked about.
const grace = 2 * time.Minute

// batch is how many segments are read at a time.
const batch = 200

// Asker asks one SMSC. Make it with New, run it with Run.
type Asker struct {
	cfg   Config
	ages  [ages]age
	tried bool // the last round failed, and that was logged
}

// age is one of the ages at which a segment is asked for: everything silent that was answered before upTo was.
type age struct {
	after time.Duration
	upTo  time.Time
	asked map[storage.SilentSegment]struct{} // of those answered from upTo on
}

// New returns an Asker that begins now.
func New(cfg Config, now time.Time) *Asker {
	a := &Asker{cfg: cfg}
	after := cfg.SMSC.After
	for i := range a.ages {
		a.ages[i] = age{after: after, upTo: now.Add(-after - lookBack), asked: map[storage.SilentSegment]struct{}{}}
		after *= older
	}
	return a
}

// Run asks until ctx ends.
func (a *Asker) Run(ctx context.Context) error {
	between := max(time.Second, min(10*time.Second, a.cfg.SMSC.After/4))
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := a.round(ctx, time.Now())
		if err != nil && !a.tried && ctx.Err() == nil {
			a.cfg.Log.Warn("missing receipts can't be asked for; tried again", "smsc", a.cfg.SMSC.ID, "error", err)
		}
		a.tried = err != nil
	}
}

// round asks for everything that has come of age. It stops at the first fault that is not the segment's own.
func (a *Asker) round(ctx context.Context, now time.Time) error {
	for i := range a.ages {
		for more := true; more; {
			var err error
			if more, err = a.next(ctx, &a.ages[i], now); err != nil {
				return err
			}
		}
	}
	return nil
}

// next asks for one batch of an age, and says whether there may be more.
func (a *Asker) next(ctx context.Context, g *age, now time.Time) (more bool, err error) {
	due := now.Add(-g.after)
	list, err := a.cfg.Silent(ctx, a.cfg.SMSC.ID, g.upTo, due, batch)
	if err != nil {
		return false, err
	}
	fresh := 0
	for _, s := range list {
		if _, again := g.asked[s]; again {
			continue
		}
		if err := a.ask(ctx, s); err != nil {
			return false, err
		}
		g.asked[s] = struct{}{}
		fresh++
	}
	switch {
	case len(list) < batch: // all of them were asked about; the projection may still be behind
		g.advance(due.Add(-grace))
	case fresh > 0:
		g.advance(list[len(list)-1].AnsweredAt)
	default: // more than a batch at one time: those beyond it are left to the next age
		g.advance(list[len(list)-1].AnsweredAt.Add(time.Microsecond))
	}
	return len(list) == batch, nil
}

// advance moves on to a time, and forgets who was asked about before it.
func (g *age) advance(upTo time.Time) {
	if !upTo.After(g.upTo) {
		return
	}
	g.upTo = upTo
	for s := range g.asked {
		if s.AnsweredAt.Before(upTo) {
			delete(g.asked, s)
		}
	}
}

// ask sends one query_sm and passes its answer on. That the SMSC does not know the message, or does not answer, is no
// fault of the round.
func (a *Asker) ask(ctx context.Context, s storage.SilentSegment) error {
	smsc := &a.cfg.SMSC
	pause := time.NewTimer(time.Second / time.Duration(smsc.TPS))
	defer pause.Stop()
	answer, err := smsc.Query(ctx, pdu.Inquiry{MessageID: string(s.MessageID), SourceTON: smsc.SourceTON,
		SourceNPI: smsc.SourceNPI, Source: string(s.Header)})
	switch {
	case unasked(err) || ctx.Err() != nil:
		return err
	case err == nil:
		settled, err := a.cfg.Told(smsc.ID, s.Canonical, answer)
		if err != nil {
			return err
		}
		a.count(settled)
	default:
		a.count(false)
		a.cfg.Log.Debug("query_sm came to nothing", "smsc", smsc.ID, "message", s.Key, "segment", s.Segment, "error", err)
	}
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *Asker) count(settled bool) {
	if a.cfg.Asked != nil {
		a.cfg.Asked(a.cfg.SMSC.ID, settled)
	}
}

// unasked says that a question was not sent, or came too fast.
func unasked(err error) bool {
	for _, why := range []error{bind.ErrNotLive, bind.ErrPaused, bind.ErrStopping, bind.ErrAsksFull} {
		if errors.Is(err, why) {
			return true
		}
	}
	var refused *bind.StatusError
	return errors.As(err, &refused) && (refused.Status == pdu.ESME_RTHROTTLED || refused.Status == pdu.ESME_RMSGQFUL)
}
