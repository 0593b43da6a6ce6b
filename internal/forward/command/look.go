package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/wire"
)

// look prints records as they would be sent, and moves nothing. PeekNext ends at the last record that there is.
func (f *serverFlags) look(ctx context.Context, env *Env, from wire.Peek, destination string) error {
	client, _, err := f.client(env)
	if err != nil {
		return ended(err, true)
	}
	config, err := client.Hello(ctx, wire.Hello{Version: env.Version, OS: runtime.GOOS + "/" + runtime.GOARCH, Now: time.Now().UTC(), Check: true})
	if err != nil {
		return ended(err, true)
	}
	var names []string
	for _, d := range config.Destinations {
		names = append(names, d.Name)
	}
	switch {
	case destination == "" && len(names) == 1:
		destination = names[0]
	case len(names) == 0:
		return ended(fault.New(fault.Invalid, errors.New("the agent has no destination"), "Add one: kiroku agents edit ID."), true)
	case destination == "" && from == wire.PeekNew:
		return ended(fault.New(fault.Invalid, fmt.Errorf("the agent has %d destinations", len(names)), "Name one of them with --destination: "+strings.Join(names, ", ")+"."), true)
	case destination != "" && !slices.Contains(names, destination):
		return ended(fault.New(fault.Invalid, fmt.Errorf("the agent has no destination %q", destination), "Use one of them: "+strings.Join(names, ", ")+"."), true)
	}
	if destination != "" {
		names = []string{destination}
	}
	for _, name := range names {
		err := f.watch(ctx, env, client, name, from)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // interrupted, which is how a look ends
		}
		if err != nil {
			return ended(err, true)
		}
	}
	return nil
}

// watch prints the records of one destination.
func (f *serverFlags) watch(ctx context.Context, env *Env, client *agent.Client, destination string, from wire.Peek) error {
	pull := wire.Pull{Destination: destination, After: wire.Positions{}, Peek: from, Host: agent.HostName(f.host)}
	if from == wire.PeekNew {
		pull.WaitMS = int(wire.MaxWait / time.Millisecond)
	}
	var b bytes.Buffer
	shown := 0 // records, with those that cannot be sent
	for tries := 0; ; {
		h, records, err := client.Pull(ctx, pull)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if from != wire.PeekNew || agent.IsRefused(err) && !agent.IsRefused(err, wire.ReasonBusy) {
				return err
			}
			wait := agent.Backoff(tries)
			tries++
			fmt.Fprintf(env.Err, "kiroku: %v; trying again in %s\n", err, wait.Round(time.Second))
			select {
			case <-time.After(wait):
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		tries = 0
		before, known := pull.After[h.Store]
		if h.Store != "" {
			pull.After[h.Store] = h.Next
		}
		b.Reset()
		for _, r := range records {
			b.Write(r.Line)
			b.WriteByte('\n')
		}
		if _, err := env.Out.Write(b.Bytes()); err != nil {
			return fmt.Errorf("print records: %w", err)
		}
		shown += len(records) + h.Dead
		if h.Dead > 0 {
			fmt.Fprintf(env.Err, "kiroku: destination %q: %s cannot be sent and would go to the dead letters; why the last one cannot: %s\nnext: %s\n", destination, wire.Count(int64(h.Dead), "record"), clean(h.DeadWhy), agent.UnfitRemedy)
		}
		moved := h.Store != "" && (!known || before != h.Next)
		if from == wire.PeekNext && len(records) == 0 && !h.More && !moved {
			if shown == 0 {
				fmt.Fprintf(env.Err, "kiroku: destination %q: nothing is waiting to be sent\n", destination)
			}
			return nil
		}
	}
}
