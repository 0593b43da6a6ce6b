package syslog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// warnEvery is how often a warning of one kind is written at most.
const warnEvery = 10 * time.Second

const keySuppressed = "suppressed" // warnings of the kind that were not written since the last one

// warner writes a warning of a kind at most every warnEvery, however many senders cause it.
type warner struct {
	log  *slog.Logger
	mu   sync.Mutex
	last map[string]time.Time
	held map[string]int
}

func newWarner(log *slog.Logger) *warner {
	return &warner{log: log, last: map[string]time.Time{}, held: map[string]int{}}
}

// warn writes text, which is also the kind.
func (w *warner) warn(ctx context.Context, text string, attrs ...slog.Attr) {
	now := time.Now()
	w.mu.Lock()
	if now.Sub(w.last[text]) < warnEvery {
		w.held[text]++
		w.mu.Unlock()
		return
	}
	held := w.held[text]
	w.last[text], w.held[text] = now, 0
	w.mu.Unlock()
	if held > 0 {
		attrs = append(attrs, slog.Int(keySuppressed, held))
	}
	w.log.LogAttrs(ctx, slog.LevelWarn, text, attrs...) //nolint:sloglint // callers pass constants
}
