package deliver

import (
	"context"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// TestQueue drives a queue as sessions do, with failures at random, and checks what the package promises: records are
// confirmed once and in order, and none that was not taken after the last failure or confirmed before it.
func TestQueue(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		q := newQueue(1<<20, 4096)
		if n := r.IntN(20); n > 0 {
			q.seed(lines(-n, n, 100))
		}
		total, confirmed, next := 2000, int64(0), 0
		base := q.frontier
		replayed := map[int64]int{}
		sent, first := base, base // index behind the last taken; the highest ever taken
		for confirmed < int64(total) {
			switch r.IntN(12) {
			case 0, 1, 2:
				n := min(r.IntN(100), total-next)
				if err := q.add(t.Context(), lines(next, n, 100)); err != nil {
					t.Fatal(err)
				}
				next += n
			case 3:
				q.rewind()
				sent = q.pos
			case 4:
				q.rewind()
				before := q.commit
				back := q.replay(2000)
				if q.commit != before-back || back > 20 {
					t.Fatalf("seed %d: went back %d records, more than the window holds", seed, back)
				}
				for i := before - back; i < before; i++ {
					if replayed[i]++; replayed[i] > 1 {
						t.Fatalf("seed %d: record %d is replayed a second time", seed, i)
					}
				}
				sent = q.pos
			case 5, 6, 7:
				upTo := q.commit + r.Int64N(sent-min(q.commit, sent)+1)
				confirmed += int64(q.confirm(upTo))
				if q.frontier < upTo || q.frontier-base != confirmed {
					t.Fatalf("seed %d: %d confirmed, frontier %d", seed, confirmed, q.frontier-base)
				}
			default:
				recs, upTo := q.take(nil, 1+r.IntN(50), 5000)
				for i, rec := range recs {
					if index := upTo - int64(len(recs)) + int64(i); rec.Seq != index-base {
						t.Fatalf("seed %d: record %d stands at %d", seed, rec.Seq, index-base)
					}
				}
				if upTo-int64(len(recs)) > first {
					t.Fatalf("seed %d: first deliveries have a hole between %d and %d", seed, first, upTo-int64(len(recs)))
				}
				sent, first = upTo, max(first, upTo)
			}
		}
		if q.held != 0 || len(q.entries) > 100 {
			t.Errorf("seed %d: at the end %d bytes are held, and %d records kept", seed, q.held, len(q.entries))
		}
	}
}

// A receiver that is restarted again and again still gets on.
func TestReplayEnds(t *testing.T) {
	q := newQueue(1<<20, 1<<20)
	if err := q.add(t.Context(), lines(0, 1000, 100)); err != nil {
		t.Fatal(err)
	}
	restarts := 0
	for q.frontier < 1000 {
		_, upTo := q.take(nil, 10, 1<<20)
		q.confirm(upTo)
		q.rewind()
		q.replay(1 << 20)
		if restarts++; restarts > 250 {
			t.Fatalf("after %d restarts only %d records are confirmed", restarts, q.frontier)
		}
	}
}

func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10_000, 0)
		done := make(chan error, 1)
		go func() { done <- q.add(context.Background(), lines(0, 100, 1000)) }()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("100 kB go into a queue of 10 kB")
		default:
		}
		if q.held > 10_000 {
			t.Errorf("%d bytes are held", q.held)
		}
		for range 100 {
			_, upTo := q.take(nil, 1, 1<<20)
			q.confirm(upTo)
			synctest.Wait()
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		// One record may be longer than the queue.
		if err := q.add(context.Background(), lines(0, 1, 50_000)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := q.add(ctx, lines(0, 1, 10)); err == nil {
			t.Error("a full queue takes more")
		}
	})
}

func TestLimiter(t *testing.T) {
	for _, test := range []struct {
		rate wire.Rate
		want time.Duration // for 1000 records of 100 bytes
	}{
		{wire.Rate{}, 0},
		{wire.Rate{Records: 100}, 9 * time.Second}, // the first second's are there at the beginning
		{wire.Rate{Bytes: 10_000}, 9 * time.Second},
		{wire.Rate{Records: 100, Bytes: 5000}, 19 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(test.rate)
			begun := time.Now()
			for n := 0; n < 1000; {
				m := min(l.portion(50), 1000-n)
				if err := l.wait(t.Context(), m, 100*m); err != nil {
					t.Fatal(err)
				}
				n += m
			}
			if took := time.Since(begun); took < test.want-time.Second || took > test.want+time.Second {
				t.Errorf("%+v: took %v, want %v", test.rate, took, test.want)
			}
			if ms := l.waited(); test.want > 0 && (ms < 8000 || ms > 21_000) {
				t.Errorf("%+v: waited %d ms", test.rate, ms)
			}
		})
	}
}

// The waits double from 1 s to 60 s, with 20 % to either side, and begin anew after a success.
func TestWaits(t *testing.T) {
	d := &Deliverer{}
	for i, want := range []float64{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		got := d.wait(false, 0).Seconds()
		if got < 0.79*want || got > 1.21*want {
			t.Errorf("wait %d: %v s, want about %v", i, got, want)
		}
	}
	d.fails = 0
	if got := d.wait(false, 0); got > 1300*time.Millisecond {
		t.Errorf("after a success the first wait is %v", got)
	}
	if got := d.wait(true, time.Minute); got != 0 {
		t.Errorf("after a session of a minute that confirmed something the wait is %v", got)
	}
}

// TestRetry has nobody listening: attempts come at the waits, and at once after Wake.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialed := make(chan time.Time, 100)
		d, err := New(Options{
			Destination: wire.Destination{To: "tcp://192.0.2.1:514"},
			Dead:        func(wire.Record, string) error { return nil },
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dialed <- time.Now()
				return nil, errForeign
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		if err := d.Send(ctx, lines(0, 1, 10)); err != nil {
			t.Fatal(err)
		}
		last := <-dialed
		for range 8 {
			at := <-dialed
			if gap := at.Sub(last); gap < 700*time.Millisecond || gap > 73*time.Second {
				t.Errorf("an attempt comes after %v", gap)
			}
			last = at
		}
		synctest.Wait()
		d.Wake()
		if gap := (<-dialed).Sub(last); gap != 0 {
			t.Errorf("after Wake the attempt comes after %v", gap)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
