package state

import (
	"sync"
	"time"
)

// cacheMax bounds what a cache holds, in bytes of keys and values. A subject with one challenge has about 700 of them.
const cacheMax = 64 << 20

// cache remembers what was last seen under keys, so that a change costs one round trip. What it tells may be old: a write
// that builds on it fails then, as it expects its revision.
type cache struct {
	mu      sync.Mutex
	entries map[string]entry
	size    int
	server  uint64 // how often the connection had been made anew when the entries were read
}

type entry struct {
	value
	until time.Time // zero: it has no end
}

func (e *entry) size(key string) int { return len(key) + len(e.data) + 100 }

// get returns what is remembered of a key at a time. A server that was connected to anew may have lost its last writes,
// and given their revisions to others: then nothing is remembered.
func (c *cache) get(key string, now time.Time, server uint64) (value, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if server != c.server {
		clear(c.entries)
		c.size, c.server = 0, server
	}
	e, ok := c.entries[key]
	if ok && !e.until.IsZero() && !e.until.After(now) {
		c.drop(key)
		return value{}, false
	}
	return e.value, ok
}

// put remembers a key, in place of any others where there is no room. Which ones must go is left to the map's order: one
// that is missed costs a read.
func (c *cache) put(key string, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	c.entries[key] = e
	c.size += e.size(key)
	for other := range c.entries {
		if c.size <= cacheMax {
			return
		}
		c.drop(other)
	}
}

func (c *cache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
}

func (c *cache) drop(key string) {
	if e, ok := c.entries[key]; ok {
		c.size -= e.size(key)
		delete(c.entries, key)
	}
}
