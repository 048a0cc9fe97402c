package dispatch

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// TestLeaseLost: whoever may share a request with another gateway sends nothing more, and ends nothing; what it knows
// it tells.
func TestLeaseLost(t *testing.T) {
	for _, tt := range []struct {
		name  string
		a     verdicts
		held  time.Duration // from the start; the SMSC answers after a second
		down  bool          // neither SMSC is live
		alive time.Duration // the request's time to live
		story []string
	}{
		{name: "before the start", held: 0, alive: time.Minute},
		{name: "before the start, dead since", held: 0, alive: 0},
		{name: "while no SMSC was live", held: time.Second, down: true, alive: time.Minute},
		{name: "while no SMSC was live until it lapsed", held: time.Second, down: true, alive: time.Second},
		{name: "and never written", a: verdicts{{session.Unsent}}, held: time.Second, alive: time.Minute,
			story: []string{"planned 1 a 1", "refused 1 a 1:unsent unsent"}},
		{name: "and throttled", a: verdicts{{session.Throttled}}, held: time.Second, alive: time.Minute,
			story: []string{"planned 1 a 1", "refused 1 a 1:throttled throttled"}},
		{name: "and never answered: no copy", a: verdicts{{session.InDoubt}}, held: time.Second, alive: time.Minute,
			story: []string{"planned 1 a 1", "in_doubt 1 a 1:in_doubt no_answer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				if tt.a != nil {
					b.a.verdicts = tt.a
				}
				b.a.down.Store(tt.down)
				b.b.down.Store(tt.down)
				b.a.then = func() { time.Sleep(time.Second) }
				req := otp(func(r *sms.Request) {
					r.Lease, r.Deadline = sms.NewLease(r.Requested.Add(tt.held)), r.Requested.Add(tt.alive)
				})
				if err := b.Send(t.Context(), req, Past{}); !errors.Is(err, ErrLetGo) {
					t.Errorf("got %v, want ErrLetGo", err)
				}
				b.expect(t, tt.story...)
				for _, sub := range b.a.got {
					if sub.Lease != req.Lease {
						t.Error("submitted without its lease")
					}
				}
			})
		})
	}
}

// TestLeaseLostWithItsAnswer: what an SMSC has taken is told, whoever has the request.
func TestLeaseLostWithItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		req := otp(func(r *sms.Request) { r.Lease = sms.NewLease(r.Requested.Add(time.Second)) })
		b.a.then = func() { time.Sleep(time.Minute) }
		if err := b.Send(t.Context(), req, Past{}); err != nil {
			t.Error(err)
		}
		b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final")
	})
}
