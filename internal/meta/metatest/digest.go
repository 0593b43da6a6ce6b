package metatest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/meta"
)

func digests(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	a := meta.DigestChain{Bucket: "aws/x", Chain: `{"trail":"a"}`, Input: "one", From: epoch, To: epoch.Add(time.Hour), Checked: epoch, DigestsValid: 1}
	b := meta.DigestChain{Bucket: "aws/y", Chain: `{"trail":"a"}`, Input: "two", Checked: epoch.Add(time.Hour)}
	put := func(c *meta.DigestChain) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) (err error) { c.ID, err = meta.PutDigestChain(ctx, tx, *c); return err })
	}
	put(&a)
	put(&b)
	was := a.ID
	a.Input, a.To, a.Checked, a.DigestsValid, a.LogsWrong = "three", epoch.Add(2*time.Hour), epoch.Add(3*time.Hour), 2, 3
	if put(&a); a.ID != was || a.ID == b.ID {
		t.Errorf("chain %d is %d when it is stored again; the other is %d", was, a.ID, b.ID)
	}
	all, err := meta.ListDigestChains(ctx, db.Read(), "")
	if diff := cmp.Diff([]meta.DigestChain{a, b}, all); diff != "" || err != nil {
		t.Errorf("ListDigestChains: %v, -want +got:\n%s", err, diff)
	}
	if one, err := meta.ListDigestChains(ctx, db.Read(), "aws/y"); len(one) != 1 || one[0] != b || err != nil {
		t.Errorf("chains of one bucket: %+v, %v", one, err)
	}

	periods := []meta.DigestPeriod{{Chain: a.ID, From: epoch, To: epoch.Add(time.Hour), Verdict: "valid", Starts: true}, {Chain: a.ID, From: epoch.Add(time.Hour), To: epoch.Add(2 * time.Hour), Verdict: "gap"}}
	for range 2 {
		write(t, db, func(tx *sql.Tx) error { return meta.SetDigestPeriods(ctx, tx, a.ID, periods) })
	}
	for _, chain := range []int64{0, a.ID} {
		if got, err := meta.ListDigestPeriods(ctx, db.Read(), chain); err != nil || cmp.Diff(periods, got) != "" {
			t.Errorf("periods of %d: %+v, %v", chain, got, err)
		}
	}

	f := meta.DigestFinding{Chain: a.ID, Status: "not_found", Place: "key", From: epoch, To: epoch.Add(time.Hour), Detail: "d", Found: epoch, Seen: epoch}
	find := func(f meta.DigestFinding) (isNew bool) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) (err error) { isNew, err = meta.PutDigestFinding(ctx, tx, f); return err })
		return isNew
	}
	again := f
	again.Found, again.Seen = epoch.Add(time.Hour), epoch.Add(time.Hour)
	other := f
	other.Place = "another"
	if !find(f) || find(again) || !find(other) {
		t.Error("a finding is new once, and each for itself")
	}
	f.ID, f.Seen, other.ID = 1, again.Seen, 2
	if got, err := meta.ListDigestFindings(ctx, db.Read(), 0, 10); err != nil || cmp.Diff([]meta.DigestFinding{f, other}, got) != "" {
		t.Errorf("findings: %+v, %v", got, err)
	}
	if got, err := meta.LatestDigestFindings(ctx, db.Read(), 1); err != nil || cmp.Diff([]meta.DigestFinding{other}, got) != "" {
		t.Errorf("latest: %+v, %v", got, err)
	}
	if n, err := meta.CountDigestFindings(ctx, db.Read()); n[a.ID] != 2 || len(n) != 1 || err != nil {
		t.Errorf("counted %v, %v", n, err)
	}

	// What is old goes; the number of a finding does not come again.
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetDigests(ctx, tx, epoch.Add(2*time.Hour)) })
	if got, err := meta.ListDigestFindings(ctx, db.Read(), 0, 10); len(got) != 0 || err != nil {
		t.Errorf("findings stay: %+v, %v", got, err)
	}
	if got, err := meta.ListDigestPeriods(ctx, db.Read(), 0); len(got) != 1 || err != nil {
		t.Errorf("periods that stay: %+v, %v", got, err)
	}
	if got, err := meta.ListDigestChains(ctx, db.Read(), ""); len(got) != 1 || err != nil {
		t.Errorf("chains that stay: %+v, %v", got, err)
	}
	find(f)
	if got, err := meta.ListDigestFindings(ctx, db.Read(), 0, 10); len(got) != 1 || got[0].ID != 3 || err != nil {
		t.Errorf("the next finding: %+v, %v", got, err)
	}
}
