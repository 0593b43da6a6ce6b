package duckdb

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"time"

	"kiroku/internal/engine"
)

// DuckDB's memory limit counts tables, sorts and texts, but not what some aggregates keep in containers of their own:
// mode, median or histogram over rows that a statement makes up grow until the machine has no more. So the memory of the
// process is looked at while a query runs.
const (
	lookEvery = 50 * time.Millisecond
	// besides is what intake, publishing and other queries may have taken since a query began.
	besides = 1 << 30
)

// watchMemory waits until the query is to be interrupted, true, or has ended, false. It calls tooMuch when the process has
// grown by more than queries could account for.
func watchMemory(ctx context.Context, stop <-chan struct{}, limit int64, tooMuch context.CancelCauseFunc) bool {
	most := resident() + 2*limit + besides
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return false
		case <-ctx.Done():
			return true
		case <-t.C:
			if resident() > most {
				tooMuch(engine.ErrMemory)
			}
		}
	}
}

// resident is how many bytes of memory the process has for itself; 0 where the system does not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := bytes.Fields(b) // size, resident, shared, …
	if len(f) < 3 {
		return 0
	}
	all, err1 := strconv.ParseInt(string(f[1]), 10, 64)
	shared, err2 := strconv.ParseInt(string(f[2]), 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return (all - shared) * int64(os.Getpagesize())
}
