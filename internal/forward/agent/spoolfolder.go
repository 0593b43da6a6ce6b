package agent

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
)

// offline starts the destinations as they were last configured: the server cannot be asked, and what is in the spool needs it
// not.
func (a *Agent) offline(ctx, work context.Context, f *fleet) {
	c := a.o.Spool.Config()
	if c == nil || c.Agent.Paused {
		return
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, "the server cannot be asked: what is in the spool is delivered meanwhile, as the destinations were last configured", slog.String(logkey.Agent, c.Agent.Name))
	f.apply(work, c.Destinations)
}

// adopt remembers a configuration in the spool.
func (a *Agent) adopt(c *wire.Config) error {
	if a.o.Spool == nil {
		return nil
	}
	return a.o.Spool.Keep(c)
}

// rests tells of what waits in the spool for destinations that are no more.
func (a *Agent) rests(ctx context.Context) {
	if a.o.Spool == nil {
		return
	}
	c := a.o.Spool.Config()
	if c == nil {
		return
	}
	rests, err := a.o.Spool.Rests(c.Destinations)
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, logRests, slog.Any(logkey.Err, err))
		return
	}
	if len(rests) == 0 {
		a.notices.clear("", wire.SpoolLeft)
		return
	}
	var texts []string
	for _, r := range rests {
		if r.Err != nil {
			texts = append(texts, fmt.Sprintf("%s: %v", r.Folder, r.Err))
		} else {
			texts = append(texts, fmt.Sprintf("%s, %d bytes, for %q in %s", wire.Count(r.Waiting.Records, "record"), r.Waiting.Bytes, r.Destination, r.Folder))
		}
	}
	a.notices.add("", wire.SpoolLeft, strings.Join(texts, "; "))
}

// leaves says what waits in the spool of an agent that was deleted: it is nobody's any more.
func (a *Agent) leaves(ctx context.Context) {
	if a.o.Spool == nil {
		return
	}
	rests, err := a.o.Spool.Rests(nil)
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, logNoLook, slog.Any(logkey.Err, err))
	}
	for _, r := range rests {
		a.log.LogAttrs(ctx, slog.LevelWarn, logLeft, slog.String(logkey.Destination, r.Destination),
			slog.String(logkey.Path, r.Folder), slog.Int64(logkey.Events, r.Waiting.Records))
	}
}
