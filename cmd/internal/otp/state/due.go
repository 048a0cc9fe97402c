package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/otp"
	"harkara/storage/ledger"
)

const (
	dueConsumer = "due"
	dueAckWait  = 10 * time.Second // after which a timer that a dead process had comes to another one
	duePause    = time.Second      // before one that failed comes again; doubled with each time
	duePauseMax = time.Minute
	dueFetch    = 5 * time.Second
	finishTime  = 5 * time.Second // for what is under way at the end
)

// Timers calls due for each timer whose time has come, on one of the processes that run it, until ctx ends; one for which
// due fails comes again. At most parallel are under way. The context of due goes on a little after ctx, so that it can finish.
// An error says that the server refuses the consumer; one that can't be reached is asked again.
//
// A timer may come twice, and one that was just replaced may come as well. Where that happens the newer one may be lost:
// when a timer's time comes, the server clears its subject, and with it what was set in that instant (nats-server 2.15).
// So due sets the timer anew for whatever its challenge still waits for.
func (s *Store) Timers(ctx context.Context, parallel int, due func(context.Context, otp.ChallengeID) error) error {
	working, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	r := &runner{log: s.cfg.Log, due: due, busy: make(chan struct{}, parallel)}
	err := s.pullTimers(ctx, working, r)
	late := time.AfterFunc(finishTime, giveUp)
	defer late.Stop()
	r.work.Wait()
	return err
}

// pullTimers pulls until ctx ends, or the server refuses the consumer.
func (s *Store) pullTimers(ctx, working context.Context, r *runner) error {
	for ctx.Err() == nil {
		consumer, err := s.dueConsumer(ctx)
		if refused := (*jetstream.APIError)(nil); errors.As(err, &refused) && refused.Code == http.StatusBadRequest {
			return fmt.Errorf("pull timers: %w", err)
		}
		for err == nil && ctx.Err() == nil {
			err = r.fetch(ctx, working, consumer)
		}
		if ctx.Err() == nil {
			s.cfg.Log.Warn("timers can't be pulled; trying again", "error", err)
			sleep(ctx, duePause)
		}
	}
	return nil
}

// dueConsumer makes the consumer that all processes share. Any number may be under way or put off: those that fail must
// not hold up the others.
func (s *Store) dueConsumer(ctx context.Context) (jetstream.Consumer, error) {
	want := jetstream.ConsumerConfig{Durable: dueConsumer, FilterSubject: dueSubject + "*",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: dueAckWait, MaxAckPending: -1, MaxDeliver: -1}
	have, err := s.cfg.JS.Consumer(ctx, TimerStream, want.Durable)
	if err == nil && ledger.Fits(have.CachedInfo().Config, want) {
		return have, nil
	}
	if _, err := s.cfg.JS.CreateOrUpdateConsumer(ctx, TimerStream, want); err != nil {
		return nil, err
	}
	return s.cfg.JS.UpdateConsumer(ctx, TimerStream, want) // as ledger.OpenStream does with streams, and for its reasons
}

// runner calls due for timers, each on a goroutine of its own.
type runner struct {
	log  *slog.Logger
	due  func(context.Context, otp.ChallengeID) error
	busy chan struct{} // one token for each timer that is under way or asked for
	work sync.WaitGroup
}

// fetch asks for as many timers as there is room for, waiting for room for one, and starts each as it comes.
func (r *runner) fetch(ctx, working context.Context, c jetstream.Consumer) error {
	room := r.reserve(ctx)
	if room == 0 {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, dueFetch)
	defer cancel()
	batch, err := c.Fetch(room, jetstream.FetchContext(asking), jetstream.FetchHeartbeat(time.Second))
	if err == nil {
		for msg := range batch.Messages() {
			room--
			r.work.Go(func() {
				defer func() { <-r.busy }()
				r.handle(ctx, working, msg)
			})
		}
		err = batch.Error()
	}
	for range room {
		<-r.busy
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // nothing more was due
	}
	return err
}

// reserve takes all the room there is, at least for one; 0 where ctx ends first.
func (r *runner) reserve(ctx context.Context) (n int) {
	select {
	case r.busy <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n = 1; ; n++ {
		select {
		case r.busy <- struct{}{}:
		default:
			return n
		}
	}
}

// handle sees one timer through: it is acknowledged when due has done its work.
func (r *runner) handle(ctx, working context.Context, msg jetstream.Msg) {
	id := otp.ChallengeID(strings.TrimPrefix(msg.Subject(), dueSubject))
	done := make(chan error, 1)
	go func() { done <- r.due(working, id) }()
	alive := time.NewTicker(dueAckWait / 3)
	defer alive.Stop()
	for {
		select {
		case <-alive.C:
			r.told(msg.InProgress())
		case err := <-done:
			r.settle(ctx, msg, err)
			return
		}
	}
}

// settle acknowledges a timer, or gives it back: for now where the process ends, else for a time that grows.
func (r *runner) settle(ctx context.Context, msg jetstream.Msg, err error) {
	switch {
	case err == nil:
		r.told(msg.Ack())
		return
	case ctx.Err() != nil:
		r.told(msg.Nak())
		return
	}
	delay := duePauseMax
	if meta, err := msg.Metadata(); err == nil {
		delay = min(delay, duePause<<min(meta.NumDelivered-1, 10))
	}
	r.log.Warn("what was due for a challenge failed; it comes again", "in", delay, "error", err)
	r.told(msg.NakWithDelay(delay))
}

// told notes an acknowledgement that could not be sent: JetStream will bring the timer again.
func (r *runner) told(err error) {
	if err != nil {
		r.log.Warn("a timer's acknowledgement could not be sent", "error", err)
	}
}

// sleep returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
