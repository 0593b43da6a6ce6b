package deliver

import (
	"context"
	"sync/atomic"
	"time"

	"kiroku/internal/forward/wire"
)

// limiter is a token bucket for records and one for bytes; both hold what flows in a second.
type limiter struct {
	rate    wire.Rate
	records float64
	bytes   float64
	last    time.Time
	slept   atomic.Int64 // nanoseconds
}

func newLimiter(r wire.Rate) *limiter {
	return &limiter{rate: r, records: float64(r.Records), bytes: float64(r.Bytes)}
}

// portion returns how many records one write may carry, so that a limit is kept in small steps.
func (l *limiter) portion(n int) int {
	if l.rate.Records > 0 {
		n = min(n, max(1, l.rate.Records/10))
	}
	return n
}

// wait waits until records of so many bytes may be sent. A bucket may go below zero: one record may be larger than it.
func (l *limiter) wait(ctx context.Context, records, bytes int) error {
	if l.rate.Records <= 0 && l.rate.Bytes <= 0 {
		return nil
	}
	l.fill(time.Now())
	var d time.Duration
	if l.rate.Records > 0 && l.records < 0 {
		d = time.Duration(-l.records / float64(l.rate.Records) * float64(time.Second))
	}
	if l.rate.Bytes > 0 && l.bytes < 0 {
		d = max(d, time.Duration(-l.bytes/float64(l.rate.Bytes)*float64(time.Second)))
	}
	l.records -= float64(records)
	l.bytes -= float64(bytes)
	if d <= 0 {
		return nil
	}
	l.slept.Add(int64(d))
	return sleep(ctx, d)
}

func (l *limiter) fill(now time.Time) {
	if !l.last.IsZero() {
		s := now.Sub(l.last).Seconds()
		l.records = min(float64(l.rate.Records), l.records+s*float64(l.rate.Records))
		l.bytes = min(float64(l.rate.Bytes), l.bytes+s*float64(l.rate.Bytes))
	}
	l.last = now
}

// waited returns the milliseconds that were waited.
func (l *limiter) waited() int64 { return l.slept.Load() / int64(time.Millisecond) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
