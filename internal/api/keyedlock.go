package api

import (
	"context"
	"sync"
)

// keyedLock lets one at a time do something with the same key.
type keyedLock struct {
	mu   sync.Mutex
	keys map[string]*keyLock
}

type keyLock struct {
	turn  chan struct{} // holds a value while somebody has the lock
	users int           // who has the lock or waits for it
}

func newKeyedLock() *keyedLock { return &keyedLock{keys: map[string]*keyLock{}} }

// lock waits for the key's turn or for the end of ctx.
func (l *keyedLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	k := l.keys[key]
	if k == nil {
		k = &keyLock{turn: make(chan struct{}, 1)}
		l.keys[key] = k
	}
	k.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.keys, key)
		}
	}
	select {
	case k.turn <- struct{}{}:
		return func() { <-k.turn; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
