package router

import (
	"container/heap"
	"fmt"

	"harkara/smpp/sms"
)

// Turns shares out room among tenants that wait for it, by weight: stride scheduling. Over any long time in which the
// same tenants wait, each is served in proportion to its weight, and never waits for more than the others' shares of
// one turn of its own. A tenant that wants nothing saves up no credit. One goroutine owns it.
type Turns struct {
	tenants map[sms.TenantID]*turn
	waiting turnHeap
	now     uint64 // the pass of the last turn: where one that comes back from idling begins
}

// turn is one tenant's place. The one with the lowest pass is next; a turn moves it on by its stride.
type turn struct {
	tenant sms.TenantID
	index  int // in the tenants' order, to break ties the same way each time
	stride uint64
	pass   uint64
	waits  bool
}

// oneTurn is the stride of weight 1: large enough that a stride of weight MaxWeight is exact to 0.1 %, small enough
// that a pass of 64 bits lasts for 50 years of 10,000 turns a second.
const oneTurn = 1 << 20

// NewTurns makes the turns of these tenants; none waits. A weight is 1 to 1,000.
func NewTurns(tenants []Tenant) (*Turns, error) {
	t := &Turns{tenants: make(map[sms.TenantID]*turn, len(tenants))}
	for i, tenant := range tenants {
		if tenant.Weight < 1 || tenant.Weight > MaxWeight {
			return nil, fmt.Errorf("tenant %s has weight %d: write 1 to %d", tenant.ID, tenant.Weight, MaxWeight)
		}
		if _, twice := t.tenants[tenant.ID]; twice {
			return nil, fmt.Errorf("tenant %s is there twice: give each its own id", tenant.ID)
		}
		t.tenants[tenant.ID] = &turn{tenant: tenant.ID, index: i, stride: oneTurn / uint64(tenant.Weight)}
	}
	return t, nil
}

// Want says that the tenant waits for a turn. Said twice before its turn it counts once; of a tenant that is not known
// it counts for nothing.
func (t *Turns) Want(tenant sms.TenantID) {
	w, ok := t.tenants[tenant]
	if !ok || w.waits {
		return
	}
	w.waits = true
	w.pass = max(w.pass, t.now)
	heap.Push(&t.waiting, w)
}

// Next returns whose turn it is, and charges one turn for it; false where nobody waits. The tenant waits no longer: if
// it has more, it must Want again.
func (t *Turns) Next() (sms.TenantID, bool) {
	if len(t.waiting) == 0 {
		return "", false
	}
	w := heap.Pop(&t.waiting).(*turn)
	w.waits = false
	t.now = w.pass
	w.pass += w.stride
	return w.tenant, true
}

// Charge says that the tenant took n more than the one that its turn stands for: a turn is one message, and a tenant
// that pulled 100 in it is charged 99 more. It is called before the tenant's next Want.
func (t *Turns) Charge(tenant sms.TenantID, n int) {
	if w, ok := t.tenants[tenant]; ok && n > 0 {
		w.pass += w.stride * uint64(n)
		if w.waits {
			heap.Init(&t.waiting) // it was called late: its place is another now
		}
	}
}

// turnHeap is the waiting tenants, for container/heap.
type turnHeap []*turn

func (h turnHeap) Len() int { return len(h) }
func (h turnHeap) Less(i, j int) bool {
	return h[i].pass < h[j].pass || h[i].pass == h[j].pass && h[i].index < h[j].index
}
func (h turnHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *turnHeap) Push(x any)   { *h = append(*h, x.(*turn)) }
func (h *turnHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	*h = (*h)[:last]
	return w
}
