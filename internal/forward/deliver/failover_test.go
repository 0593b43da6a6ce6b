package deliver

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

func TestFailover(t *testing.T) {
	s := newSink(t)
	d, confirmed := start(t, Options{Destination: wire.Destination{To: "tcp://127.0.0.1:1", Failover: []string{"tcp://" + s.l.Addr().String()}}})
	if err := d.Send(limited(t), lines(0, 1200, 100)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatal(err)
	}
	if confirmed.Load() != 1200 || s.count() != 1200 {
		t.Errorf("%d confirmed, %d arrived", confirmed.Load(), s.count())
	}
}

// From a failover we go back when the first target is there again.
func TestFailoverEnds(t *testing.T) {
	first, second := newSink(t), newSink(t)
	var back atomic.Bool
	d, _ := start(t, Options{
		away:        time.Millisecond,
		Destination: wire.Destination{To: "tcp://192.0.2.1:514", Failover: []string{"tcp://192.0.2.2:514"}},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == "192.0.2.2:514" {
				return direct(ctx, network, second.l.Addr().String())
			}
			if !back.Load() {
				return nil, &net.OpError{Op: "dial", Err: errForeign}
			}
			return direct(ctx, network, first.l.Addr().String())
		},
	})
	send := func(from int) {
		t.Helper()
		if err := d.Send(limited(t), lines(from, 600, 100)); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(limited(t)); err != nil {
			t.Fatal(err)
		}
	}
	send(0)
	back.Store(true)
	time.Sleep(10 * time.Millisecond) // longer than away
	send(600)
	send(1200)
	if second.count() < 600 || first.count() == 0 || first.count()+second.count() != 1800 {
		t.Errorf("%d lines at the first, %d at the failover", first.count(), second.count())
	}
}
