package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// line is one result of the harness; what it does not have is 0.
type line struct {
	What    string  `json:"what"`
	Peer    string  `json:"peer"`
	Round   *int    `json:"round"` // of the peers that take turns
	Query   string  `json:"query"`
	Rate    float64 `json:"events_per_s"`
	CPU     float64 `json:"cpu_settled_s"`
	Memory  float64 `json:"peak_rss_mib"`
	Disk    float64 `json:"disk_bytes"`
	Visible int     `json:"visible"`
	Hot     float64 `json:"hot_ms"`
}

// best is the faster of VictoriaLogs and ClickHouse in the comparison of November 2026, milliseconds over 2 million events,
// where grep counted all lines in grepThen.
var best = map[string]float64{
	"count_all": 1.1, "top10_users": 64, "hourly_one_type": 35, "needle_word": 4, "needle_substring": 186,
	"user_last100": 314, "user_count": 44, "phrase_count": 200,
}

// best10M is the same over 10 million events.
var best10M = map[string]float64{
	"count_all": 1.7, "top10_users": 285, "hourly_one_type": 115, "needle_word": 8.9, "needle_substring": 680,
	"user_last100": 556, "user_count": 178, "phrase_count": 740,
}

// half are the queries that must take at most half as long as the best.
var half = []string{"user_last100", "needle_word", "top10_users"}

const (
	grepThen = 312.0 // ms for 2 million lines
	pageGoal = 30.0  // ms for the newest page at any size
)

// report prints the tables.
func (b *bench) report(answers []result) error {
	text, err := os.ReadFile(b.results)
	if err != nil {
		return err
	}
	ingests, grep := map[string][]line{}, 0.0
	for row := range strings.Lines(string(text)) {
		var l line
		if err := json.Unmarshal([]byte(row), &l); err != nil {
			return fmt.Errorf("read %s: %w", b.results, err)
		}
		switch {
		case l.What == "ingest" && l.Visible < b.events:
			return fmt.Errorf("%s has %d of %d events: no figure of it counts", l.Peer, l.Visible, b.events)
		case l.What == "ingest" && l.Round == nil && len(ingests[l.Peer]) > 0:
			// Loaded for the queries, some minutes after its turn beside the others: nothing to compare it with.
		case l.What == "ingest":
			ingests[l.Peer] = append(ingests[l.Peer], l)
		case l.Peer == "rsyslog-raw" && l.Query == "count_all":
			grep = l.Hot
		}
	}
	b.ingestTable(ingests)
	b.queryTable(answers, grep)
	for _, a := range answers {
		if a.got != a.want {
			return fmt.Errorf("%s answered %d, right is %d", a.name, a.got, a.want)
		}
	}
	return nil
}

func (b *bench) ingestTable(ingests map[string][]line) {
	n := float64(b.events)
	rate := func(l line) float64 { return l.Rate }
	base := median(ingests["rsyslog-json"], rate)
	fmt.Fprintf(b.out, "\n%d events by syslog TCP, medians of one run\n\n| peer | events/s | times rsyslog-json | CPU µs/event | peak MiB | disk bytes/event |\n|---|---|---|---|---|---|---|\n", b.events)
	for _, peer := range slices.Sorted(maps.Keys(ingests)) {
		g := ingests[peer]
		fmt.Fprintf(b.out, "| %s | %.0f | %.2f | %.1f | %.0f | %.0f |\n", peer, median(g, rate), median(g, rate)/base,
			median(g, func(l line) float64 { return l.CPU })/n*1e6, median(g, func(l line) float64 { return l.Memory }), median(g, func(l line) float64 { return l.Disk })/n)
	}
}

func (b *bench) queryTable(answers []result, grep float64) {
	goals, then := best, grepThen
	if b.events > 5_000_000 {
		goals, then = best10M, grepThen*5
	}
	fmt.Fprintf(b.out, "\nQueries over %d events; grep counts all lines in %.0f ms (%.0f when the goals were measured)\n\n| query | ms | first | first, cold | goal | times goal | right |\n|---|---|---|---|---|---|---|\n", b.events, grep, then)
	for _, a := range answers {
		goal := goals[a.name] * grep / then
		if slices.Contains(half, a.name) {
			goal /= 2
		}
		if a.name == "newest_page" {
			goal = pageGoal
		}
		fmt.Fprintf(b.out, "| %s | %.1f | %.1f | %.1f | %.1f | %.2f | %v |\n", a.name, ms(a.hot), ms(a.first), ms(a.cold), goal, ms(a.hot)/goal, a.got == a.want)
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(lines []line, value func(line) float64) float64 {
	if len(lines) == 0 {
		return 0
	}
	var all []float64
	for _, l := range lines {
		all = append(all, value(l))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
