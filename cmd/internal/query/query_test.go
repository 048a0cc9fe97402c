package query

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/storage"
)

// smsc is an SMSC that is asked, and the projection that knows what is silent.
type smsc struct {
	silent []storage.SilentSegment // oldest first
	asked  []string
	widest time.Duration // that was looked at
	told   []string
	err    error // of the next query
	state  byte

	mu sync.Mutex
}

// count is how often it was asked so far.
func (s *smsc) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *smsc) list(_ context.Context, _ sms.SMSCID, from, to time.Time, limit int) ([]storage.SilentSegment, error) {
	var list []storage.SilentSegment
	s.widest = to.Sub(from)
	for _, one := range s.silent {
		if !one.AnsweredAt.Before(from) && one.AnsweredAt.Before(to) && len(list) < limit {
			list = append(list, one)
		}
	}
	return list, nil
}

func (s *smsc) query(_ context.Context, q pdu.Inquiry) (pdu.QueryAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.err; err != nil {
		s.err = nil
		return pdu.QueryAnswer{}, err
	}
	s.asked = append(s.asked, q.MessageID+" of "+q.Source)
	return pdu.QueryAnswer{MessageID: q.MessageID, State: s.state}, nil
}

func (s *smsc) tell(_ sms.SMSCID, message sms.MessageID, a pdu.QueryAnswer) (bool, error) {
	s.told = append(s.told, fmt.Sprint(message, " ", a.State))
	s.silent = slices.DeleteFunc(s.silent, func(one storage.SilentSegment) bool {
		return a.State == 2 && one.Canonical == message
	})
	return a.State == 2, nil
}

func (s *smsc) accept(at time.Time, ids ...string) {
	for _, id := range ids {
		s.silent = append(s.silent, storage.SilentSegment{Key: uuid.New(), Attempt: 1, Segment: 1, MessageID: sms.MessageID(id),
			Canonical: sms.MessageID("canonical " + id), Header: "ACMEBK", AnsweredAt: at})
	}
}

// run lets an Asker with After = 1 min work for a time, in a bubble.
func (s *smsc) run(t *testing.T, tps int, times ...func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a := New(Config{SMSC: SMSC{ID: "a", After: time.Minute, TPS: tps, Query: s.query}, Silent: s.list, Told: s.tell,
		Log: slog.New(slog.DiscardHandler)}, time.Now())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	for _, step := range times {
		step()
		synctest.Wait()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAsksOnceAtEachAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &smsc{state: 1} // ENROUTE: nothing is settled
		s.accept(time.Now(), "one", "two")
		var counts []int
		after := func(d time.Duration) func() {
			return func() { time.Sleep(d); synctest.Wait(); counts = append(counts, s.count()) }
		}
		s.run(t, 10, after(59*time.Second), after(12*time.Second), after(2*time.Minute), after(2*time.Minute), after(15*time.Minute),
			after(time.Hour))
		if want := []int{0, 2, 2, 4, 6, 6}; !slices.Equal(counts, want) {
			t.Errorf("asked %v times, want %v: %v", counts, want, s.asked)
		}
		if s.asked[0] != "one of ACMEBK" || len(s.told) != 6 {
			t.Errorf("asked %v, told %v", s.asked, s.told)
		}
	})
}

func TestAnsweredSegmentsAreNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &smsc{state: 2}
		s.accept(time.Now(), "one")
		s.run(t, 10, func() { time.Sleep(20 * time.Minute) })
		if !slices.Equal(s.asked, []string{"one of ACMEBK"}) {
			t.Errorf("asked %v", s.asked)
		}
	})
}

func TestWhatCameDueWhileTheGatewayWasDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &smsc{state: 2}
		s.accept(time.Now().Add(-2*time.Hour), "long ago")
		s.accept(time.Now().Add(-30*time.Minute), "down")
		s.run(t, 10, func() { time.Sleep(15 * time.Second) })
		if !slices.Equal(s.asked, []string{"down of ACMEBK"}) {
			t.Errorf("asked %v", s.asked)
		}
	})
}

// A bind that is down stops the round, and the segment is asked for in the next; an SMSC that does not know the message
// is asked for the next one.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want []string
	}{
		{bind.ErrNotLive, []string{"one of ACMEBK", "two of ACMEBK"}},
		{bind.ErrPaused, []string{"one of ACMEBK", "two of ACMEBK"}},
		{&bind.StatusError{Command: pdu.QuerySM, Status: pdu.ESME_RTHROTTLED}, []string{"one of ACMEBK", "two of ACMEBK"}},
		{&bind.StatusError{Command: pdu.QuerySM, Status: pdu.ESME_RQUERYFAIL}, []string{"two of ACMEBK"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &smsc{state: 2, err: tt.err}
			s.accept(time.Now(), "one", "two")
			s.run(t, 10, func() { time.Sleep(100 * time.Second) })
			if !slices.Equal(s.asked, tt.want) {
				t.Errorf("%v: asked %v, want %v", tt.err, s.asked, tt.want)
			}
		})
	}
}

// More than a batch answered at one time neither stops the round nor is asked for twice.
func TestManyAtOneTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &smsc{state: 1}
		at := time.Now()
		for i := range batch + 50 {
			s.accept(at, fmt.Sprint(i))
		}
		s.accept(at.Add(time.Second), "later")
		s.run(t, 1000, func() { time.Sleep(2 * time.Minute) })
		unique := slices.Compact(slices.Sorted(slices.Values(s.asked)))
		if len(unique) != len(s.asked) || !slices.Contains(s.asked, "later of ACMEBK") || len(s.asked) != batch+1 {
			t.Errorf("%d asked, %d different", len(s.asked), len(unique))
		}
	})
}

// TestLooksAtLittle: what has been looked at is not looked at again for ever, also when nothing is silent.
func TestLooksAtLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &smsc{}
		s.run(t, 5, func() { time.Sleep(24 * time.Hour) })
		if s.widest > grace+time.Minute {
			t.Errorf("after a day it looks at %v", s.widest)
		}
	})
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &smsc{state: 1}
		for i := range 100 {
			s.accept(time.Now(), fmt.Sprint(i))
		}
		s.run(t, 5, func() { time.Sleep(time.Minute + 20*time.Second) })
		if n := len(s.asked); n > 5*20+1 || n < 40 {
			t.Errorf("%d in at most 20 s at 5 a second", n)
		}
	})
}
