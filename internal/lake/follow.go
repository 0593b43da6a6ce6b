package lake

import "sync"

// changed tells everybody who waits that stores have new events.
type changed struct {
	mu sync.Mutex
	c  chan struct{} // nil: nobody waits
}

func (c *changed) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.c == nil {
		c.c = make(chan struct{})
	}
	return c.c
}

func (c *changed) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.c != nil {
		close(c.c)
		c.c = nil
	}
}

// Changed returns a channel that is closed as soon as any store has new events, or is deleted. Who asks for it before it
// looks misses nothing.
func (l *Lake) Changed() <-chan struct{} { return l.changed.wait() }

// After returns the segments of a store that may hold events with a sequence number above after, by their first, and the
// last number that the store had given at that moment: every event up to it is there, or will never be.
func (l *Lake) After(name string, after int64) (v *View, last int64, err error) {
	stores, err := l.pick([]string{name})
	if err != nil {
		return nil, 0, err
	}
	st := stores[0]
	v = &View{}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, s := range st.segs {
		if s.LastSeq > after {
			s.hold()
			v.Segments = append(v.Segments, s)
		}
	}
	return v, st.last, nil
}

// Head is the least sequence number that a store still has and the last one that it has given; first is last+1 when it has
// no event.
func (l *Lake) Head(name string) (first, last int64, err error) {
	l.mu.RLock()
	st := l.stores[name]
	l.mu.RUnlock()
	if st == nil {
		return 0, 0, noStore(name)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.segs) == 0 {
		return st.last + 1, st.last, nil
	}
	return st.segs[0].FirstSeq, st.last, nil
}
