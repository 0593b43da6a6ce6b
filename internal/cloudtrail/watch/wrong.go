package watch

import (
	"context"
	"fmt"
	"slices"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/meta"
)

// maxNamed is among how many of the newest findings what is wrong now is looked for.
const maxNamed = 1000

// wrong says what is wrong with the files of an input: of periods that are invalid or missing as they were found last, the newest
// finding and how many more there are. A chain that was stopped or begun anew is told in alerts, and is not wrong.
func (w *Watch) wrong(ctx context.Context, input string) (string, error) {
	q := w.opt.DB.Read()
	rows, err := meta.ListDigestChains(ctx, q, "")
	if err != nil {
		return "", err
	}
	chains := map[int64]meta.DigestChain{}
	for _, row := range rows {
		if row.Input == input {
			chains[row.ID] = row
		}
	}
	periods, err := meta.ListDigestPeriods(ctx, q, 0)
	if err != nil {
		return "", err
	}
	bad := slices.DeleteFunc(periods, func(p meta.DigestPeriod) bool {
		return chains[p.Chain].ID == 0 || p.Verdict != string(digest.Failed) && p.Verdict != string(digest.Missing)
	})
	if len(bad) == 0 {
		return "", nil
	}
	findings, err := meta.LatestDigestFindings(ctx, q, maxNamed)
	if err != nil {
		return "", err
	}
	var now []meta.DigestFinding
	for _, f := range findings {
		if slices.ContainsFunc(bad, func(p meta.DigestPeriod) bool {
			return p.Chain == f.Chain && f.From.Before(p.To) && f.To.After(p.From)
		}) {
			now = append(now, f)
		}
	}
	if len(now) == 0 {
		p := bad[len(bad)-1]
		return fmt.Sprintf("the hours from %s to %s are %s", stampOf(p.From), stampOf(p.To), p.Verdict), nil
	}
	a, err := alertOf(now[0], chains[now[0].Chain])
	if err != nil {
		return "", err
	}
	if len(now) > 1 {
		return fmt.Sprintf("%s, and %d more", a.Message, len(now)-1), nil
	}
	return a.Message, nil
}
