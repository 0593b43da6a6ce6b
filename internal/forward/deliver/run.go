package deliver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"syscall"
	"time"

	"kiroku/internal/logkey"
)

// Waits between two attempts.
const (
	firstWait = time.Second
	maxWait   = time.Minute
	shortWait = 100 * time.Millisecond // after a session in which something was achieved
)

// Run delivers until ctx ends. It never gives up.
func (d *Deliverer) Run(ctx context.Context) error {
	session := d.session()
	for ctx.Err() == nil {
		begun, acks := time.Now(), d.acks.Load()
		batch := d.batch
		err := d.revive(ctx)
		if err == nil {
			err = session(ctx)
		}
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			continue // the session ended itself, with nothing outstanding
		}
		if d.acks.Load() > acks {
			d.stalls = 0
		}
		most := d.failed(ctx, err)
		// A receiver that takes something before it fails is tried again soon.
		achieved := d.acks.Load() > acks || d.batch < batch
		if achieved {
			d.fails = 0
		}
		wait := min(most, d.wait(achieved, time.Since(begun)))
		if later := (*answerError)(nil); errors.As(err, &later) {
			wait = max(wait, min(later.after, maxRetryAfter))
		}
		if wait > 0 {
			d.rest(ctx, wait)
		}
	}
	return nil //nolint:nilerr // ctx has ended: whatever failed then does not matter
}

// session returns the function that connects, sends and confirms until something fails.
func (d *Deliverer) session() func(context.Context) error {
	switch d.targets[0].transport {
	case overUDP:
		return d.datagrams
	case overRELP:
		return d.relp
	case overHTTP:
		return d.requests
	case overFile, overStdout:
		return d.file
	}
	switch d.dest.Confirm {
	case "halfclose":
		return d.halfClose
	case "window":
		return d.windowed
	}
	return d.unconfirmed
}

// failed tells of an error, and makes what may be lost be sent again. It returns how long to wait at most before that.
func (d *Deliverer) failed(ctx context.Context, err error) (most time.Duration) {
	d.errs.Add(1)
	told := d.distrust(err)
	text, code := Explain(told, "")
	if before := d.blocked.Swap(&text); before == nil { // once until something is confirmed again
		d.o.Log.LogAttrs(ctx, slog.LevelWarn, "delivery failed", slog.String(logkey.Address, d.targets[0].String()), slog.Any(logkey.Err, told))
	}
	d.o.Problem(code, text)
	d.stalls = nextStalls(d.stalls, err)
	most = d.suspect(ctx, err)
	d.q.rewind()
	if isRestart(err) {
		d.goBack()
	}
	return most
}

func nextStalls(n int, err error) int {
	if errors.Is(err, errStalled) {
		return n + 1
	}
	return n
}

// goBack sends again what a receiver that was restarted may have taken and not stored.
func (d *Deliverer) goBack() {
	window := 0
	switch d.dest.Confirm {
	case "halfclose":
		window = replayHalfClose
	case "window":
		window = replayWindow
	}
	if window == 0 {
		return
	}
	if n := d.q.replay(window); n > 0 {
		d.replays.Add(1)
		d.redo += n
	}
}

// backAt tells, as soon as there is a connection again, what is sent again.
func (d *Deliverer) backAt(ctx context.Context, t target) {
	if d.redo > 0 {
		d.o.Log.LogAttrs(ctx, slog.LevelInfo, "connected again; the receiver may have been restarted, and what it may have lost is sent again",
			slog.String(logkey.Address, t.String()), slog.Int64(logkey.Events, d.redo))
		d.redo = 0
	}
}

// errIdleClosed says that the receiver closed a connection on which nothing had happened for a while, having read
// everything: that is no sign of a restart.
var errIdleClosed = errors.New("the receiver closes connections that are idle")

// isRestart says whether an error is a sign that the receiver was restarted.
func isRestart(err error) bool {
	if errors.Is(err, errIdleClosed) || errors.Is(err, errStalled) {
		return false
	}
	var proxy *ProxyError
	if errors.As(err, &proxy) && proxy.Status == http.StatusBadGateway {
		return true // refused behind the proxy
	}
	return isEnd(err) || Is(err, syscall.ECONNREFUSED)
}

// isEnd says whether an error is the end of a connection that was there.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errNotCaught) || Is(err, syscall.ECONNRESET, syscall.EPIPE)
}

// wait returns how long to wait before the next attempt.
func (d *Deliverer) wait(achieved bool, lasted time.Duration) time.Duration {
	if achieved {
		if lasted >= firstWait {
			return 0
		}
		return shortWait
	}
	wait := min(firstWait<<min(d.fails, 6), maxWait)
	d.fails++
	return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // only to spread attempts
}

// rest waits, or until Wake.
func (d *Deliverer) rest(ctx context.Context, wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-d.wake:
		d.fails = 0
	}
}
