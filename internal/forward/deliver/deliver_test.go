package deliver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// lines makes records with ascending ids, of about size bytes.
func lines(from, n, size int) []wire.Record {
	recs := make([]wire.Record, n)
	for i := range recs {
		id := fmt.Sprintf("id=%08d ", from+i)
		recs[i] = wire.Record{Seq: int64(from + i), UID: id, Line: []byte(id + strings.Repeat("x", max(0, size-len(id))))}
	}
	return recs
}

// sink is a plain receiver that counts lines.
type sink struct {
	l     net.Listener
	mu    sync.Mutex
	lines []string
	conns atomic.Int64
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

func newSink(t testing.TB) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{l: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			wg.Go(func() {
				defer c.Close()
				in := bufio.NewScanner(c)
				for in.Scan() {
					s.mu.Lock()
					s.lines = append(s.lines, in.Text())
					s.mu.Unlock()
				}
			})
		}
	})
	t.Cleanup(func() { l.Close() })
	return s
}

// start runs a Deliverer until the test ends.
func start(t testing.TB, o Options) (*Deliverer, *atomic.Int64) {
	t.Helper()
	var confirmed atomic.Int64
	inner := o.Confirmed
	o.Confirmed = func(n int) {
		confirmed.Add(int64(n))
		if inner != nil {
			inner(n)
		}
	}
	if o.Dead == nil {
		o.Dead = func(rec wire.Record, reason string) error {
			t.Errorf("record %s is dead: %s", rec.UID, reason)
			return nil
		}
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	return d, &confirmed
}

func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestTCP(t *testing.T) {
	t.Parallel()
	for _, confirm := range []wire.Confirm{wire.ConfirmNone, wire.ConfirmHalfClose, wire.ConfirmWindow} {
		t.Run(string(confirm), func(t *testing.T) {
			s := newSink(t)
			d, confirmed := start(t, Options{Destination: wire.Destination{To: "tcp://" + s.l.Addr().String(), Confirm: confirm}})
			if err := d.Send(limited(t), lines(0, 3000, 600)); err != nil {
				t.Fatal(err)
			}
			if err := d.Flush(limited(t)); err != nil {
				t.Fatal(err)
			}
			if n := confirmed.Load(); n != 3000 {
				t.Errorf("%d records confirmed, want 3000", n)
			}
		})
	}
}

// A caller that bounds what arrives twice after its own end is sent no more than two batches beyond what it acknowledged.
func TestBounded(t *testing.T) {
	t.Parallel()
	for _, confirm := range []wire.Confirm{wire.ConfirmHalfClose, wire.ConfirmNone} {
		t.Run(string(confirm), func(t *testing.T) {
			t.Parallel()
			s := newSink(t)
			d, confirmed := start(t, Options{Destination: wire.Destination{To: "tcp://" + s.l.Addr().String(), Confirm: confirm}, Bounded: true})
			d.Seed(lines(0, 10, 600))
			const n = 5000
			if err := d.Send(limited(t), lines(10, n, 600)); err != nil {
				t.Fatal(err)
			}
			for told := int64(0); told < n; told += batchRecords {
				want := min(n, told+aheadRecords)
				eventually(t, "not all that may be sent is confirmed", func() bool { return confirmed.Load() == want && s.count() == int(want) })
				if more, _, _ := d.q.state(); more {
					t.Errorf("more than %d records would be sent when %d are acknowledged", want, told)
				}
				d.Acknowledged(batchRecords)
			}
		})
	}
}

// When Flush returns, Confirmed has been told of everything, however long it takes.
func TestFlushWaitsForConfirmed(t *testing.T) {
	s := newSink(t)
	var told atomic.Int64
	d, _ := start(t, Options{Destination: wire.Destination{To: "tcp://" + s.l.Addr().String()}, Confirmed: func(n int) {
		time.Sleep(20 * time.Millisecond)
		told.Add(int64(n))
	}})
	if err := d.Send(limited(t), lines(0, 10, 100)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatal(err)
	}
	if n := told.Load(); n != 10 {
		t.Errorf("Flush returns when Confirmed was told of %d records, want 10", n)
	}
}
