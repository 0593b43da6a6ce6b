package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/meta"
)

// Chain is a chain of digests, and what was found out about it.
type Chain struct {
	digest.Chain
	Input         string // that verified it last
	Bucket        string
	From, To      time.Time // what the digests that were found cover
	Verified      time.Time // last time
	State         string    // verdict of the newest period; empty: none is kept
	Digests, Logs digest.Counts
	Findings      int      // that are kept
	Periods       []Period // oldest first
}

// Period is a stretch of time with one verdict.
type Period struct {
	From, To time.Time
	Verdict  digest.Verdict
	Starts   bool   // a chain begins at From
	Next     string // what to do
}

// Results returns all chains, and the newest findings as they were told in alerts, newest first, at most limit.
func (w *Watch) Results(ctx context.Context, limit int) ([]Chain, []Alert, error) {
	q := w.opt.DB.Read()
	rows, err := meta.ListDigestChains(ctx, q, "")
	if err != nil {
		return nil, nil, err
	}
	counts, err := meta.CountDigestFindings(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	periods, err := meta.ListDigestPeriods(ctx, q, 0)
	if err != nil {
		return nil, nil, err
	}
	of := map[int64][]Period{}
	for _, p := range periods {
		v := digest.Verdict(p.Verdict)
		of[p.Chain] = append(of[p.Chain], Period{From: p.From, To: p.To, Verdict: v, Starts: p.Starts, Next: v.Next()})
	}
	chains, byID := []Chain{}, map[int64]meta.DigestChain{}
	for _, row := range rows {
		byID[row.ID] = row
		c := Chain{Input: row.Input, Bucket: row.Bucket[strings.LastIndexByte(row.Bucket, '/')+1:], From: row.From, To: row.To, Verified: row.Checked,
			Digests: digest.Counts{Valid: int(row.DigestsValid), Invalid: int(row.DigestsWrong)}, Logs: digest.Counts{Valid: int(row.LogsValid), Invalid: int(row.LogsWrong)},
			Findings: counts[row.ID], Periods: of[row.ID]}
		if err := json.Unmarshal([]byte(row.Chain), &c.Chain); err != nil {
			return nil, nil, fmt.Errorf("read digest chain %d: %w", row.ID, err)
		}
		if n := len(c.Periods); n > 0 {
			c.State = string(c.Periods[n-1].Verdict)
		}
		chains = append(chains, c)
	}
	findings, err := meta.LatestDigestFindings(ctx, q, limit)
	if err != nil {
		return nil, nil, err
	}
	alerts := []Alert{}
	for _, f := range findings {
		a, err := alertOf(f, byID[f.Chain])
		if err != nil {
			return nil, nil, err
		}
		alerts = append(alerts, a)
	}
	return chains, alerts, nil
}
