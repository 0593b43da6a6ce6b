package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// truth is what the load generator says about its events.
type truth struct {
	ByID      map[string]int `json:"by_message_id"`
	TopUsers  []top          `json:"top10_users"`
	HourlyID  string         `json:"hourly_message_id"`
	Needles   []needle       `json:"needles"`
	Phrase    string         `json:"phrase"`
	Phrases   int            `json:"phrase_count"`
	User      string         `json:"mid_user"`
	UserCount int            `json:"mid_user_count"`
}

type top struct{ Count int }

type needle struct{ Token string }

// query is one question and its right answer.
type query struct {
	name  string
	path  string
	body  map[string]any
	count func(response) int
	want  int
}

// response is what the four routes answer, put together.
type response struct {
	Count   int               `json:"count"`
	Total   int               `json:"total"`
	Rows    []json.RawMessage `json:"rows"`
	Buckets []top             `json:"buckets"`
	Facets  []struct{ Values []top }
}

// result is how long one question took.
type result struct {
	name      string
	cold      time.Duration // the first time after a start with an empty page cache
	first     time.Duration // the first time after a start, files in the page cache
	hot       time.Duration // the median of the next times
	got, want int
}

func queries(t truth, events int) []query {
	counted := func(r response) int { return r.Count }
	rows := func(r response) int { return len(r.Rows) }
	sum := func(all []top) (n int) {
		for _, one := range all {
			n += one.Count
		}
		return n
	}
	word, user := t.Needles[len(t.Needles)/2].Token, "actor_user_name:"+t.User
	return []query{
		{"count_all", "count", map[string]any{}, counted, events},
		{"top10_users", "facets", map[string]any{"fields": []string{"actor_user_name"}, "top": 10}, func(r response) int { return sum(r.Facets[0].Values) }, sum(t.TopUsers)},
		{"hourly_one_type", "histogram", map[string]any{"search": "event_code:" + t.HourlyID, "interval": "1h"}, func(r response) int { return sum(r.Buckets) }, t.ByID[t.HourlyID]},
		{"needle_word", "search", map[string]any{"search": word, "limit": 100}, rows, 1},
		{"needle_substring", "search", map[string]any{"search": "*" + word[2:8] + "*", "limit": 100}, rows, 1},
		{"user_last100", "search", map[string]any{"search": user, "limit": 100}, rows, min(100, t.UserCount)},
		{"user_count", "count", map[string]any{"search": user}, counted, t.UserCount},
		{"phrase_count", "count", map[string]any{"search": `"` + t.Phrase + `"`}, counted, t.Phrases},
		{"newest_page", "search", map[string]any{"limit": 200}, rows, min(200, events)},
	}
}

// ask starts the binary on what the harness left and asks every query: cold, then after another start, then again and again.
func (b *bench) ask(ctx context.Context) (results []result, err error) {
	data := filepath.Join(b.work, "data-kiroku-syslog", "d")
	defer func() { err = errors.Join(err, os.RemoveAll(filepath.Dir(data))) }()
	files, err := filepath.Glob(filepath.Join(b.work, fmt.Sprintf("ev-rfc3164-%d-*.truth.json", b.events)))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("find what the load generator says about its events in %q: there is no truth.json", b.work)
	}
	var t truth
	text, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	// Without the right to do so, "cold" means only a process just started.
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0); err != nil {
		fmt.Fprintf(b.errw, "the page cache stays: %v\n", err)
	}
	asked := queries(t, b.events)
	results = make([]result, len(asked))
	err = b.round(ctx, data, func(c served) error {
		for i, q := range asked {
			results[i] = result{name: q.name, want: q.want}
			if results[i].got, results[i].cold, err = c.ask(ctx, q); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = b.round(ctx, data, func(c served) error {
		for i, q := range asked {
			r := &results[i]
			if _, r.first, err = c.ask(ctx, q); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			var hot []time.Duration
			for range b.hot {
				got, took, err := c.ask(ctx, q)
				if err != nil {
					return fmt.Errorf("%s: %w", q.name, err)
				}
				r.got, hot = got, append(hot, took)
			}
			slices.Sort(hot)
			r.hot = hot[len(hot)/2]
		}
		return nil
	})
	return results, err
}

// round runs f with the binary, started for it.
func (b *bench) round(ctx context.Context, data string, f func(served) error) error {
	c, stop, err := b.start(ctx, data)
	if err != nil {
		return err
	}
	return errors.Join(f(c), stop())
}

// start runs the binary on free ports.
func (b *bench) start(ctx context.Context, data string) (s served, stop func() error, err error) {
	s, cmd, err := b.startAt(ctx, data, "127.0.0.1:0", "127.0.0.1:0")
	return s, func() error { return errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()) }, err
}

// startAt runs the binary on some addresses.
func (b *bench) startAt(ctx context.Context, data, web, syslog string) (s served, cmd *exec.Cmd, err error) {
	cmd = exec.CommandContext(ctx, filepath.Join(b.bin, "kiroku"), "serve", "--data", data, "--http", web, "--syslog", syslog)
	out, err := cmd.StderrPipe()
	if err != nil {
		return s, nil, err
	}
	if err := cmd.Start(); err != nil {
		return s, nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := regexp.MustCompile(`^ready http=(\S+) syslog=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
			token, err := os.ReadFile(filepath.Join(data, "admin.token"))
			return served{caller{"http://" + m[1], strings.TrimSpace(string(token))}, m[2], cmd.Process.Pid}, cmd, err
		}
		fmt.Fprintln(b.errw, lines.Text())
	}
	return s, nil, fmt.Errorf("kiroku serve ended before it was ready: %w", cmd.Wait())
}

// served is a running binary.
type served struct {
	caller
	syslog string
	pid    int
}

type caller struct{ url, token string }

func (c caller) ask(ctx context.Context, q query) (got int, took time.Duration, err error) {
	body, err := json.Marshal(q.body)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/api/v1/"+q.path, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	took = time.Since(began)
	if err != nil {
		return 0, 0, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("%s: %s", res.Status, text)
	}
	var r response
	if err := json.Unmarshal(text, &r); err != nil {
		return 0, 0, err
	}
	return q.count(r), took, nil
}
