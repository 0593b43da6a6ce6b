package agent

import (
	"sync"
	"time"

	"kiroku/internal/forward/wire"
)

// marks remembers which records were given to a destination and not confirmed yet, and turns their number into positions.
type marks struct {
	mu    sync.Mutex
	spans []span   // oldest first; only the first may be confirmed in part
	due   wire.Ack // what the server has to be told
	sent  int      // records of due that were sent, also those that are dead
	dirty chan struct{}
	many  chan struct{} // due has wire.AckRecords or more
}

// span is a batch on its way.
type span struct {
	store   string
	next    int64 // position when all is confirmed
	records []mark
}

// mark is a record on its way, without its line.
type mark struct {
	seq  int64
	what fate
	wire.Receipt
}

// fate is what becomes of a record.
type fate uint8

const (
	toSend fate = iota
	left        // out: the destination had it
	dead
)

func newMarks(destination string) *marks {
	return &marks{due: wire.Ack{Destination: destination}, dirty: make(chan struct{}, 1), many: make(chan struct{}, 1)}
}

// add is called before the records are sent. had says which of them are left out; nil: none. It returns those to send.
func (m *marks) add(h wire.BatchHeader, records []wire.Record, had func(uid string) bool) []wire.Record {
	s := span{store: h.Store, next: h.Next, records: make([]mark, len(records))}
	send := records[:0]
	for i, r := range records {
		s.records[i] = mark{seq: r.Seq, Receipt: wire.Receipt{UID: r.UID, Time: micros(r.Time)}}
		if had != nil && had(r.UID) {
			s.records[i].what = left
			continue
		}
		send = append(send, r)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spans = append(m.spans, s)
	m.advance(0)
	return send
}

// confirmed says that the next n records that were sent have arrived, or are in the dead letters.
func (m *marks) confirmed(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.advance(n) > 0 {
		panic("BUG: a destination confirmed more records than it was given")
	}
}

// bury marks a record as one that counts as confirmed without having arrived, and returns its store. It does not find a
// record that was sent again after it had been confirmed.
func (m *marks) bury(r *wire.Record) (store string, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.spans {
		for i := range s.records {
			if k := &s.records[i]; k.seq == r.Seq && k.UID == r.UID && k.what == toSend {
				k.what = dead
				return s.store, true
			}
		}
	}
	return "", false
}

// advance moves over n records that were sent and over those that needed no sending. It returns how many are too many.
func (m *marks) advance(n int) int {
	moved := false
	for len(m.spans) > 0 {
		s := &m.spans[0]
		for len(s.records) > 0 && (n > 0 || s.records[0].what == left) {
			if s.records[0].what != left {
				n--
			}
			m.count(&s.records[0])
			m.reach(s.store, s.records[0].seq)
			s.records, moved = s.records[1:], true
		}
		if len(s.records) > 0 {
			break
		}
		m.reach(s.store, s.next)
		moved = true
		m.spans[0] = span{}
		m.spans = m.spans[1:]
	}
	if moved {
		signal(m.dirty)
	}
	if m.due.Records >= wire.AckRecords {
		signal(m.many)
	}
	return n
}

// signal fills a channel of one place.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (m *marks) reach(store string, seq int64) {
	if store == "" {
		return
	}
	if m.due.Positions == nil {
		m.due.Positions = wire.Positions{}
	}
	m.due.Positions[store] = max(m.due.Positions[store], seq)
}

func (m *marks) count(k *mark) {
	if k.what != left {
		m.sent++
	}
	switch k.what {
	case left:
		m.due.Skipped++
	case toSend:
		m.due.Records++
		if m.due.Records == 1 {
			m.due.First = k.Receipt
		}
		m.due.Last = k.Receipt
	}
}

// take hands out what the server has to be told, and how many records it is about that were sent; nil: nothing.
func (m *marks) take() (a *wire.Ack, sent int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.due.Positions) == 0 {
		return nil, 0
	}
	select {
	case <-m.many:
	default:
	}
	due, sent := m.due, m.sent
	m.due, m.sent = wire.Ack{Destination: due.Destination}, 0
	return &due, sent
}

// empty says that nothing is on its way.
func (m *marks) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.spans) == 0
}

func micros(t int64) time.Time { return time.UnixMicro(t).UTC() }
