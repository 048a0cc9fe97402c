package state

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	c := cache{entries: map[string]entry{}}
	c.put("a", entry{value: value{data: []byte("1"), revision: 1}, until: noon})
	c.put("b", entry{value: value{data: []byte("2"), revision: 2}})
	c.put("b", entry{value: value{data: []byte("3"), revision: 3}})
	if v, ok := c.get("a", noon.Add(-1), 0); !ok || v.revision != 1 {
		t.Errorf("a is %v, %v", v, ok)
	}
	if _, ok := c.get("a", noon, 0); ok {
		t.Error("a outlived its time")
	}
	if v, ok := c.get("b", noon, 0); !ok || v.revision != 3 || string(v.data) != "3" {
		t.Errorf("b is %v, %v", v, ok)
	}
	if _, ok := c.get("b", noon, 1); ok {
		t.Error("b outlived its connection")
	}
	c.put("b", entry{value: value{data: []byte("3")}})
	c.forget("b")
	if len(c.entries) != 0 || c.size != 0 {
		t.Errorf("%d entries of %d bytes are left", len(c.entries), c.size)
	}
}

// TestCacheIsBounded: what is put last is there, and all together are no more than there may be.
func TestCacheIsBounded(t *testing.T) {
	c := cache{entries: map[string]entry{}}
	data := make([]byte, 1<<20)
	for i := range 200 {
		key := fmt.Sprint(i)
		c.put(key, entry{value: value{data: data}})
		size := 0
		for key, e := range c.entries {
			size += e.size(key)
		}
		if size != c.size || size > cacheMax {
			t.Fatalf("%d bytes are there, %d counted, %d allowed", size, c.size, cacheMax)
		}
	}
	if len(c.entries) < cacheMax/len(data)-1 {
		t.Errorf("only %d are left", len(c.entries))
	}
}

// TestLock: whoever waits for a lock goes when its context ends, and the lock goes with its last user.
func TestLock(t *testing.T) {
	l := locks{held: map[string]*keyLock{}}
	unlock, err := l.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.lock(ended, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	other, err := l.lock(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	other()
	unlock()
	if len(l.held) != 0 {
		t.Errorf("%d locks are left behind", len(l.held))
	}
}

func TestSeconds(t *testing.T) {
	for ttl, want := range map[time.Duration]string{
		1: "1s", time.Second: "1s", time.Second + 1: "2s", time.Hour: "3600s", -time.Hour: "1s"} {
		if got := seconds(ttl); got != want {
			t.Errorf("%s: %s, want %s", ttl, got, want)
		}
	}
}
