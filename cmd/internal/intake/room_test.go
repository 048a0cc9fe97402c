package intake

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"harkara/router"
	"harkara/smpp/sms"
)

func TestSeen(t *testing.T) {
	s := newSeen(2)
	for _, step := range []struct {
		tenant sms.TenantID
		id     sms.RequestID
		seq    uint64
		want   sighting
	}{
		{"a", "1", 1, fresh},
		{"a", "1", 1, again},
		{"a", "1", 2, copied},
		{"b", "1", 3, fresh}, // another tenant's same id
		{"a", "2", 4, fresh}, // fills: the generation turns
		{"a", "1", 5, copied},
		{"a", "3", 6, fresh},
		{"a", "4", 7, fresh}, // turns again: "1" is forgotten
		{"a", "1", 8, fresh},
	} {
		if got := s.note(step.tenant, step.id, step.seq); got != step.want {
			t.Errorf("%s/%s seq %d: %v, want %v", step.tenant, step.id, step.seq, got, step.want)
		}
	}
}

// TestRoomIsSharedByWeight: with everybody hungry, room goes out by weight, whoever asks for more at a time.
func TestRoomIsSharedByWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tenants := []router.Tenant{{ID: "big", Weight: 1}, {ID: "small", Weight: 1}, {ID: "heavy", Weight: 2}}
		r, err := newRoom(64, tenants)
		if err != nil {
			t.Fatal(err)
		}
		got := map[sms.TenantID]int{}
		type grant struct {
			tenant sms.TenantID
			n      int
		}
		grants := make(chan grant, 64) // no more than there is room
		for tenant, want := range map[sms.TenantID]int{"big": 64, "small": 8, "heavy": 64} {
			go func() {
				for {
					n, err := r.take(ctx, tenant, want)
					if err != nil {
						return
					}
					grants <- grant{tenant, n}
				}
			}()
		}
		const rounds = 6400
		total := 0
		for range rounds {
			synctest.Wait() // all who are hungry have asked
			g := <-grants
			got[g.tenant] += g.n
			total += g.n
			r.give(g.n)
		}
		cancel()
		synctest.Wait()
		for tenant, weight := range map[sms.TenantID]int{"big": 1, "small": 1, "heavy": 2} {
			if want := total * weight / 4; got[tenant] < want-2*quantum || got[tenant] > want+2*quantum {
				t.Errorf("%s got %d of %d, want about %d", tenant, got[tenant], total, want)
			}
		}
	})
}

func TestTakeGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := newRoom(1, []router.Tenant{{ID: "a", Weight: 1}, {ID: "b", Weight: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := r.take(t.Context(), "a", 5); n != 1 || err != nil {
			t.Fatalf("took %d, %v", n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.take(ctx, "b", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v without room", err)
		}
		r.give(1)
		if n, err := r.take(t.Context(), "a", 1); n != 1 || err != nil || r.left() != 0 {
			t.Errorf("took %d, %v, left %d: room of one that gave up is lost", n, err, r.left())
		}
	})
}
