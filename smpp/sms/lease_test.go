package sms

import (
	"testing"
	"time"
)

func TestLease(t *testing.T) {
	now := time.Now()
	asleep := now.Round(0).Add(time.Hour) // the wall's clock went on, the other did not
	for _, tt := range []struct {
		name  string
		lease *Lease
		now   time.Time
		held  bool
	}{
		{"none", nil, now, true},
		{"before its end", NewLease(now.Add(1)), now, true},
		{"at its end", NewLease(now), now, false},
		{"after it", NewLease(now), now.Add(1), false},
		{"after the machine slept", NewLease(now.Add(time.Minute)), asleep, false},
		{"the wall's clock was put back", NewLease(now.Add(time.Minute)), now.Add(time.Hour), false},
	} {
		if held := tt.lease.Held(tt.now); held != tt.held {
			t.Errorf("%s: held %v, want %v", tt.name, held, tt.held)
		}
	}
	l := NewLease(now.Add(time.Minute))
	if l.End(); l.Held(now) {
		t.Error("held after its end")
	}
	if l.Renew(now.Add(time.Second)); !l.Held(now) {
		t.Error("not held after it was renewed")
	}
}
