package router

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

// turns makes the turns of tenants t0, t1, … of these weights.
func turns(t interface{ Fatal(...any) }, weights ...int) *Turns {
	var tenants []Tenant
	for i, w := range weights {
		tenants = append(tenants, Tenant{ID: name(i), Weight: w})
	}
	tr, err := NewTurns(tenants)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func name(i int) sms.TenantID { return sms.TenantID(fmt.Sprintf("t%d", i)) }

func TestTurnsInOrder(t *testing.T) {
	tr := turns(t, 1, 2)
	got := ""
	for range 3 * 3 {
		tr.Want("t0")
		tr.Want("t1")
		tr.Want("t1") // said twice, counted once
		tr.Want("stranger")
		tenant, ok := tr.Next()
		if !ok {
			t.Fatal("nobody's turn")
		}
		got += string(tenant) + " "
	}
	if want := "t0 t1 t1 t0 t1 t1 t0 t1 t1 "; got != want {
		t.Errorf("turns %s, want %s", got, want)
	}
}

func TestTurnsOfNobody(t *testing.T) {
	tr := turns(t, 1)
	if tenant, ok := tr.Next(); ok {
		t.Errorf("turn of %q, want nobody's", tenant)
	}
	tr.Want("t0")
	if tenant, ok := tr.Next(); !ok || tenant != "t0" {
		t.Errorf("turn of %q, %v; want t0's", tenant, ok)
	}
	if tenant, ok := tr.Next(); ok {
		t.Errorf("turn of %q, want nobody's: it has not wanted again", tenant)
	}
}

func TestNewTurnsRefuses(t *testing.T) {
	for _, tenants := range [][]Tenant{{{ID: "a"}}, {{ID: "a", Weight: -1}}, {{ID: "a", Weight: 1001}}, {{ID: "a", Weight: 1}, {ID: "a", Weight: 1}}} {
		if tr, err := NewTurns(tenants); err == nil || tr != nil {
			t.Errorf("%+v: %v, %v; want an error", tenants, tr, err)
		}
	}
}

// While the same tenants wait, what each took never strays from its weight's share by more than one turn of its own and one
// of another's, however many messages a turn brings.
func TestTurnsFollowWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 6).Draw(t, "weights")
		most := rapid.IntRange(1, 50).Draw(t, "messages in a turn")
		tr := turns(t, weights...)
		took, sum, total := make([]int, len(weights)), 0, 0
		for _, w := range weights {
			sum += w
		}
		index := map[sms.TenantID]int{}
		for i := range weights {
			index[name(i)] = i
			tr.Want(name(i))
		}
		for range 2000 {
			tenant, ok := tr.Next()
			if !ok {
				t.Fatal("nobody's turn")
			}
			n := rapid.IntRange(1, most).Draw(t, "messages")
			tr.Charge(tenant, n-1)
			tr.Want(tenant)
			took[index[tenant]] += n
			total += n
			for i, w := range weights {
				// In units of weight 1: each tenant's pass is within one turn of every other's.
				share := float64(total) * float64(w) / float64(sum)
				bound := float64(most)*(1+float64(w)) + 1
				if d := float64(took[i]) - share; d > bound || d < -bound {
					t.Fatalf("t%d (weight %d of %d) took %d of %d, its share is %.1f", i, w, sum, took[i], total, share)
				}
			}
		}
	})
}

// One that comes back after any time of wanting nothing gets its share from then on, and no more.
func TestTurnsSaveNoCredit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := turns(t, 1, 1)
		for range rapid.IntRange(0, 5000).Draw(t, "turns alone") {
			tr.Want("t0")
			tr.Next()
		}
		run, last := 0, sms.TenantID("")
		for range 50 {
			tr.Want("t0")
			tr.Want("t1")
			tenant, _ := tr.Next()
			if tenant == last {
				run++
			} else {
				run, last = 1, tenant
			}
			if run > 2 {
				t.Fatalf("%s had %d turns in a row while the other waited", tenant, run)
			}
		}
	})
}

// What a turn took beyond one is charged even when it is told late, after the tenant wants again.
func TestTurnsChargeLate(t *testing.T) {
	tr := turns(t, 1, 1, 1)
	for i := range 3 {
		tr.Want(name(i))
	}
	tr.Charge("t0", 5)
	tr.Charge("t1", 1)
	tr.Charge("t1", -3)       // nothing
	tr.Charge("stranger", 10) // nothing
	for _, want := range []sms.TenantID{"t2", "t1", "t0"} {
		if got, ok := tr.Next(); !ok || got != want {
			t.Errorf("turn of %q, want %s", got, want)
		}
	}
}

func BenchmarkTurns(b *testing.B) {
	weights := make([]int, 100)
	for i := range weights {
		weights[i] = 1 + i%5
	}
	tr := turns(b, weights...)
	for i := range weights {
		tr.Want(name(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		tenant, _ := tr.Next()
		tr.Want(tenant)
	}
}
