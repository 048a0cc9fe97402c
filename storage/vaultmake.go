package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"harkara/smpp/sms"
)

// lookEvery is how often a vault in use looks whether another process has changed the ring, and how long it waits before it
// tries again to make a key that could not be made.
const lookEvery = 2 * time.Second

// key returns the key that seals for a tenant at a time, and makes it where there is none; nil where that fails.
func (v *Vault) key(tenant sms.TenantID, at time.Time) *dataKey {
	v.look()
	s := scope{tenant, monthOf(at)}
	if k := v.state.Load().current[s]; k != nil {
		return k
	}
	return v.make(s)
}

// look takes in what other processes have changed, every now and then. Where that fails the old keys go on being used,
// and Sync says why.
func (v *Vault) look() {
	if !v.stale.Load() || !v.stale.CompareAndSwap(true, false) {
		return
	}
	if v.changed() {
		v.refresh()
	}
	time.AfterFunc(lookEvery, func() { v.stale.Store(true) }) // cheaper than a clock read with each use
}

// refresh takes the ring in as it is on the disk, and tries again to make a key that could not be made.
func (v *Vault) refresh() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.grown(v.wanted)
}

// Trouble says why the ring could not be read, or a key not be made, at the last try; nil: nothing is wrong. Without a key
// messages go out, and their numbers and texts are not kept. Sync tries again.
func (v *Vault) Trouble() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.trouble
}

// changed says whether the ring's file is another than the one that was read.
func (v *Vault) changed() bool {
	have := v.state.Load().file
	info, err := os.Stat(v.folder.file(ringFile))
	return err != nil || !os.SameFile(info, have) || info.Size() != have.Size() || !info.ModTime().Equal(have.ModTime())
}

// make makes a tenant's key of a month, and with it those of all tenants that had one in the month before: when a month
// begins, who asks first waits for the disk, and the others find their keys.
func (v *Vault) make(s scope) *dataKey {
	v.mu.Lock()
	defer v.mu.Unlock()
	if k := v.state.Load().current[s]; k != nil {
		return k
	}
	if time.Since(v.failed) < lookEvery {
		return nil
	}
	v.grown(s)
	return v.state.Load().current[s]
}

// grown takes the ring in as it is on the disk and makes the key of a scope that is not empty where there is none. v.mu is held.
func (v *Vault) grown(s scope) {
	v.trouble = v.change(func(r *ring) (write, scrub bool) { return s != scope{} && v.grow(r, s), false })
	if v.trouble != nil {
		v.failed, v.wanted = time.Now(), s
	} else {
		v.wanted = scope{}
	}
}

// grow adds the missing keys of a month to a ring, and says whether there were any.
func (v *Vault) grow(r *ring, s scope) bool {
	have, want := map[scope]bool{}, []scope{s}
	for i := range r.Keys {
		k := &r.Keys[i]
		if of, _ := parseMonth(k.Month); r.seals(k) {
			have[scope{k.Tenant, of}] = true
			if of == s.month-1 && k.Tenant != s.tenant {
				want = append(want, scope{k.Tenant, s.month})
			}
		}
	}
	added := false
	for _, w := range want {
		if !have[w] {
			r.append(v.state.Load().master, w.tenant, w.month, time.Now().UTC())
			added = true
		}
	}
	return added
}

// change changes the ring as it is on the disk by now, and takes it in. What do says decides whether anything is
// written, and whether what was there is overwritten. v.mu is held.
func (v *Vault) change(do func(*ring) (write, scrub bool)) error {
	unlock, err := v.folder.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if v.changed() {
		if err := v.load(); err != nil {
			return err
		}
	}
	s := v.state.Load()
	r := s.ring.clone()
	write, scrub := do(r)
	if !write {
		return nil
	}
	if err := v.folder.writeRing(r, scrub); err != nil {
		// It may be on the disk nevertheless: what is there by now counts.
		return errors.Join(err, v.load())
	}
	info, err := os.Stat(v.folder.file(ringFile))
	if err != nil {
		return fmt.Errorf("read the keys: %w", err)
	}
	return v.take(r, info, s.master, s.previous)
}

// take makes a ring the one that is used. v.mu or, at the opening, nothing is held.
func (v *Vault) take(r *ring, info fs.FileInfo, m, previous *master) error {
	s, err := newState(r, m, previous, v.foreign)
	if err != nil {
		return err
	}
	s.file = info
	v.state.Store(s)
	return nil
}
