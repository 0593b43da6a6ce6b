package main

import (
	"encoding/json"
	"fmt"
	"time"

	"kiroku/internal/cloudtrail/digest"
)

// verifyEnd is what follows the files in the JSON document.
type verifyEnd struct {
	Periods []verifiedPeriod `json:"periods"`
	Chains  []verifiedChain  `json:"chains"`
	Summary verifySummary    `json:"summary"`
	Path    string           `json:"path"`
	Error   string           `json:"error,omitempty"` // why the verification ended early
	OK      bool             `json:"ok"`
}

type verifiedPeriod struct {
	digest.Chain
	From    *time.Time     `json:"from"` // null: not known
	To      time.Time      `json:"to"`
	Verdict digest.Verdict `json:"verdict"`
	Starts  bool           `json:"chain_starts,omitempty"`
	Digests int            `json:"digests"`
	Logs    int            `json:"logs"`
	Invalid int            `json:"invalid"`
	Next    string         `json:"next,omitempty"`
}

type verifiedChain struct {
	digest.Chain
	verifyTotals
}

type verifySummary struct {
	Chains   int `json:"chains"`
	Unlisted int `json:"unlisted"` // log files that are in no digest
	verifyTotals
	Backfill *verifyTotals `json:"backfill,omitempty"`
}

type verifyTotals struct {
	From       *time.Time    `json:"found_from,omitempty"`
	To         *time.Time    `json:"found_to,omitempty"`
	Digests    digest.Counts `json:"digests"`
	Logs       digest.Counts `json:"logs"`
	Unverified int           `json:"unverified"`
	EmptyHours int           `json:"empty_hours"`
	Restarts   int           `json:"restarts"`
	Gaps       int           `json:"gaps"`
	Ended      int           `json:"ended_early"`
	Missing    int           `json:"missing_periods"`
	Bytes      int64         `json:"bytes"`
}

func totalsOf(t digest.Totals, from, to time.Time) verifyTotals {
	return verifyTotals{From: known(from), To: known(to), Digests: t.Digests, Logs: t.Logs, Unverified: t.Unverified, EmptyHours: t.EmptyHours,
		Restarts: t.Restarts, Gaps: t.Gaps, Ended: t.Ended, Missing: t.Missing, Bytes: t.Bytes}
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// endJSON closes the list of files and writes the rest of the document.
func (r *verifyReport) endJSON(path string, sum digest.Summary, ok bool, err error) error {
	end := verifyEnd{Path: path, OK: ok, Periods: []verifiedPeriod{}, Chains: []verifiedChain{},
		Summary: verifySummary{Chains: sum.Chains, Unlisted: sum.Unlisted, verifyTotals: totalsOf(sum.Totals, sum.From, sum.To)}}
	if err != nil {
		end.Error = err.Error()
	}
	if sum.Backfill != (digest.Totals{}) {
		backfill := totalsOf(sum.Backfill, time.Time{}, time.Time{})
		end.Summary.Backfill = &backfill
	}
	for _, p := range r.periods {
		end.Periods = append(end.Periods, verifiedPeriod{Chain: p.Chain, From: known(p.From), To: p.To, Verdict: p.Verdict, Starts: p.Starts,
			Digests: p.Digests, Logs: p.Logs, Invalid: p.Invalid, Next: p.Verdict.Next()})
	}
	for _, c := range r.chains {
		end.Chains = append(end.Chains, verifiedChain{c.Chain, totalsOf(c.Totals, c.From, c.To)})
	}
	raw, merr := json.MarshalIndent(end, "", "  ")
	if merr != nil {
		return merr
	}
	head := "\n  ],"
	if r.files == 0 {
		head = "{\n  \"files\": [],"
	}
	_, werr := fmt.Fprintf(r.out, "%s%s\n", head, raw[1:])
	return werr
}
