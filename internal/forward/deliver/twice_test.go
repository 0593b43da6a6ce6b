package deliver

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// twice is how many records of a length may arrive twice for one fault of the receiver: what was sent and not confirmed, and with
// half-close the window behind it.
func twice(confirm wire.Confirm, length int) int {
	switch confirm {
	case wire.ConfirmRELP:
		return relpWindow
	case wire.ConfirmHalfClose:
		return batchRecords + replayHalfClose/length + 1
	case wire.ConfirmWindow:
		return (queueBytes + 2*replayWindow) / length
	}
	return batchRecords
}

// One fault of a receiver makes no more arrive twice than docs/guide/send-to-your-siem.md says, also of short records; and what is
// confirmed by an answer stays within a batch, which is what an agent may have on its way.
func TestTwice(t *testing.T) {
	t.Parallel()
	const n = 6000
	for _, w := range ways() {
		for _, length := range []int{200, 600, 2000} {
			t.Run(fmt.Sprintf("%s/%d", w.name, length), func(t *testing.T) {
				t.Parallel()
				f := newFaultReceiver(t)
				f.start(w.args(f)...)
				var d *Deliverer
				d, _ = start(t, Options{Destination: w.dest(f), Problem: func(wire.Code, string) { time.AfterFunc(20*time.Millisecond, func() { d.Wake() }) }})
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				sent := make(chan error, 1)
				go func() { sent <- d.Send(ctx, lines(0, n, length)) }()
				f.waitFor(n / 2)
				f.kill()
				f.start(w.args(f)...)
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
				if err := d.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				confirm := d.dest.Confirm
				o, bound := f.outcome(n), twice(confirm, length)
				t.Logf("lost %d, twice %d, of at most %d", o.lost, o.duplicates, bound)
				if o.lost != 0 || o.disordered != 0 || o.duplicates > bound {
					t.Errorf("lost %d, out of order %d, twice %d, of at most %d", o.lost, o.disordered, o.duplicates, bound)
				}
				if (confirm == wire.ConfirmRELP || confirm == wire.ConfirmHTTP) && bound > aheadRecords {
					t.Errorf("%d is more than a batch", bound)
				}
			})
		}
	}
}

// A process that is killed makes no more than a batch arrive twice: so much is sent beyond what will not be sent again, and nothing
// more, however much is confirmed and however short the records are.
func TestBatch(t *testing.T) {
	t.Parallel()
	for _, w := range ways() {
		if w.name == "window" {
			continue // which has to have more on its way
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			f := newFaultReceiver(t)
			f.start(w.args(f)...)
			var confirmed atomic.Int64
			d, _ := start(t, Options{Destination: w.dest(f), Bounded: true, Confirmed: func(n int) { confirmed.Add(int64(n)) }})
			if err := d.Send(limited(t), lines(0, 5000, 200)); err != nil {
				t.Fatal(err)
			}
			for want := aheadRecords; want <= 3*aheadRecords; want += aheadRecords {
				f.waitFor(want)
				for confirmed.Load() < int64(want) {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(50 * time.Millisecond)
				if got := f.received(); got != want {
					t.Fatalf("%d records were sent, and the first %d are acknowledged", got, want-aheadRecords)
				}
				d.Acknowledged(aheadRecords)
			}
		})
	}
}
