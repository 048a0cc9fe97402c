package state

import (
	"context"
	"sync"
)

// locks are one lock for each key that somebody in this process is at: they wait here for each other, in the order in
// which they came, rather than at the server by losing swaps.
type locks struct {
	mu   sync.Mutex
	held map[string]*keyLock
}

// keyLock is held by whoever has put the one element into its channel.
type keyLock struct {
	holder chan struct{}
	users  int // who hold it or wait for it
}

// lock waits for a key's lock, until ctx ends, and returns what gives it back.
func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	k := l.held[key]
	if k == nil {
		k = &keyLock{holder: make(chan struct{}, 1)}
		l.held[key] = k
	}
	k.users++
	l.mu.Unlock()
	select {
	case k.holder <- struct{}{}:
		return func() { <-k.holder; l.leave(key, k) }, nil
	case <-ctx.Done():
		l.leave(key, k)
		return nil, ctx.Err()
	}
}

func (l *locks) leave(key string, k *keyLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(l.held, key)
	}
}
