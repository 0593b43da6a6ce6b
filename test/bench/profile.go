package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// profiled is as long as it takes to send two million events, nearly.
const profiled = "7"

// profile writes what the processor does while events are taken in: the compiler reads it, see cmd/kiroku/default.pgo.
func (b *bench) profile(ctx context.Context, to string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.harness(ctx, "ingest", "-peers", "kiroku-syslog", "-runs", "1") })
	g.Go(func() error {
		for ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
			if text, err := b.takeProfile(ctx); err == nil {
				return os.WriteFile(to, text, 0o644)
			} else if !errors.Is(err, errNotYet) {
				return err
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}

var errNotYet = errors.New("nothing has come yet")

func (b *bench) takeProfile(ctx context.Context) ([]byte, error) {
	tokens, err := filepath.Glob(filepath.Join(b.work, "*", "d", "admin.token"))
	if err != nil || len(tokens) == 0 {
		return nil, errNotYet
	}
	token, err := os.ReadFile(tokens[0])
	if err != nil {
		return nil, err
	}
	c := caller{"http://127.0.0.1:8489", strings.TrimSpace(string(token))}
	if n, _, err := c.ask(ctx, query{path: "count", body: map[string]any{}, count: func(r response) int { return r.Count }}); err != nil || n == 0 {
		return nil, errNotYet
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/api/v1/profile?seconds="+profiled, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("take profile: %s: %s", resp.Status, text)
	}
	return text, err
}
