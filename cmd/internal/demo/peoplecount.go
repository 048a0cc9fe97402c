package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"harkara/cmd/internal/otp"
)

// OTPOutcome is what people's challenges came to: by the events that tenants get, which have to say the same as the
// people, and by the database. Times are the people's.
type OTPOutcome struct {
	Requested  int     `json:"requested"`
	Sent       int     `json:"sent"`      // texts; a resend is one more
	Delivered  int     `json:"delivered"` // likewise
	Resent     int     `json:"resent"`
	Verified   int     `json:"verified"`
	Conversion float64 `json:"conversion_pct"` // of what was requested
	Failed     int     `json:"failed"`         // wrong codes
	Locked     int     `json:"locked"`
	Expired    int     `json:"expired"`
	Cancelled  int     `json:"cancelled"`
	Blocked    int     `json:"blocked"` // resends that came too soon
	Open       int     `json:"open"`    // nobody typed their code; they expire by themselves
	InPostgres int     `json:"in_postgres"`
	WallS      float64 `json:"wall_s"`
	Latency    struct {
		ToSubmit Latency `json:"request_to_submit"`
		Verify   Latency `json:"verify"`
	} `json:"latency_ms"`
}

// happenings are the events of challenges, as tenants get them.
type happenings struct {
	mu sync.Mutex
	of map[otp.ChallengeID]map[string]int // by challenge and event
}

// follow subscribes to the events of all tenants.
func (c *callers) follow() (*happenings, error) {
	h := &happenings{of: map[otp.ChallengeID]map[string]int{}}
	for id, conn := range c.conns {
		sub, err := conn.Subscribe("sms."+id+".otp.event.*", h.take)
		if err == nil {
			err = errors.Join(sub.SetPendingLimits(-1, -1), conn.Flush())
		}
		if err != nil {
			return nil, fmt.Errorf("follow the events of %s: %w", id, err)
		}
	}
	return h, nil
}

func (h *happenings) take(m *nats.Msg) {
	var e struct {
		Event     string          `json:"event"`
		Challenge otp.ChallengeID `json:"challenge"`
	}
	if json.Unmarshal(m.Data, &e) != nil {
		return // settle misses it
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[e.Challenge] == nil {
		h.of[e.Challenge] = map[string]int{}
	}
	h.of[e.Challenge][e.Event]++
}

// settle waits until the events say exactly what the people say: so no code is verified twice.
func (h *happenings) settle(ctx context.Context, crowd []*person) error {
	over := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		different := h.different(crowd)
		if different == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-over:
			return different
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// different tells of the first person of whom the events do not say what has to come.
func (h *happenings) different(crowd []*person) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range crowd {
		if got := h.of[p.challenge]; !maps.Equal(got, p.events) {
			return fmt.Errorf("a %s person of %s, challenge %s: the events are %v, want %v", p.name, p.tenant, p.challenge,
				got, p.events)
		}
	}
	return nil
}

// outcomeOf adds up.
func outcomeOf(crowd []*person, h *happenings) *OTPOutcome {
	out := &OTPOutcome{}
	var toSubmit, verifies []time.Duration
	for _, p := range crowd {
		toSubmit, verifies = append(toSubmit, p.toSubmit), append(verifies, p.verifies...)
		if p.ends == otp.Live {
			out.Open++
		}
	}
	out.Latency.ToSubmit, out.Latency.Verify = latencyOf(toSubmit), latencyOf(verifies)
	fields := map[string]*int{"requested": &out.Requested, "sent": &out.Sent, "delivered": &out.Delivered,
		"resent": &out.Resent, "verified": &out.Verified, "failed": &out.Failed, "locked": &out.Locked,
		"expired": &out.Expired, "cancelled": &out.Cancelled, "blocked": &out.Blocked}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, events := range h.of {
		for event, n := range events {
			if field := fields[event]; field != nil {
				*field += n
			}
		}
	}
	if out.Requested > 0 {
		out.Conversion = float64(out.Verified*1000/out.Requested) / 10
	}
	return out
}
