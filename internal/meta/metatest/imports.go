package metatest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func imports(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	a := meta.Import{ID: "a", Account: "111122223333", Region: "us-east-1", EventDataStore: "s", Location: "s3://b", BucketRegion: "eu-west-1", Role: "r", Start: epoch,
		End: epoch.Add(time.Hour), Status: "INITIALIZING", Created: epoch, Updated: epoch}
	b := a
	b.ID, b.Created, b.Start, b.End = "b", epoch.Add(time.Second), time.Time{}, time.Time{}
	for _, i := range []meta.Import{a, b} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertImport(ctx, tx, i) })
	}
	got, err := meta.ListImports(ctx, db.Read(), "111122223333", "us-east-1")
	if diff := cmp.Diff([]meta.Import{b, a}, got); diff != "" || err != nil {
		t.Errorf("newest first: %v, -want +got:\n%s", err, diff)
	}
	if got, err := meta.ListImports(ctx, db.Read(), "", "eu-west-1"); len(got) != 0 || err != nil {
		t.Errorf("of another region: %v, %v", got, err)
	}
	a.Position, a.Counts, a.Updated = "k", meta.ImportCounts{PrefixesFound: 1, PrefixesCompleted: 2, Files: 3, Events: 4}, epoch.Add(time.Minute)
	write(t, db, func(tx *sql.Tx) error { return meta.SetImportProgress(ctx, tx, a.ID, a.Position, a.Counts, a.Updated) })
	for want, from := range map[bool]string{false: "FAILED", true: "INITIALIZING"} {
		write(t, db, func(tx *sql.Tx) error {
			had, err := meta.SetImportStatus(ctx, tx, a.ID, "STOPPED", a.Updated, "IN_PROGRESS", from)
			if had != want {
				t.Errorf("from %s: %v", from, had)
			}
			return err
		})
		write(t, db, func(tx *sql.Tx) error {
			_, err := meta.SetImportStatus(ctx, tx, a.ID, "INITIALIZING", a.Updated, "STOPPED")
			return err
		})
	}
	if got, err := meta.GetImport(ctx, db.Read(), "a"); err != nil || !cmp.Equal(a, got) {
		t.Errorf("after progress: %v, -want +got:\n%s", err, cmp.Diff(a, got))
	}
	if _, err := meta.GetImport(ctx, db.Read(), "none"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an import that is not there: %v", err)
	}
	x := meta.ImportFailure{Import: "a", Location: "s3://b/x", Status: "FAILED", ErrorType: "t", Message: "m", Updated: epoch}
	y := meta.ImportFailure{Import: "a", Location: "s3://b/a", Status: "SUCCEEDED", Updated: epoch}
	for _, f := range []meta.ImportFailure{x, y, x} {
		write(t, db, func(tx *sql.Tx) error { return meta.SetImportFailure(ctx, tx, f) })
	}
	if n, err := meta.CountImportFailures(ctx, db.Read(), "a", "FAILED"); n != 1 || err != nil {
		t.Errorf("%d failed, %v", n, err)
	}
	x.Status, x.Updated = "RETRY", epoch.Add(time.Minute)
	write(t, db, func(tx *sql.Tx) error { return meta.RetryImportFailures(ctx, tx, "a", x.Updated) })
	for status, want := range map[string][]meta.ImportFailure{"": {y, x}, "RETRY": {x}, "FAILED": nil} {
		if got, err := meta.ListImportFailures(ctx, db.Read(), "a", status); err != nil || !cmp.Equal(want, got) {
			t.Errorf("failures %q: %v, -want +got:\n%s", status, err, cmp.Diff(want, got))
		}
	}
}

// forgetting: what is kept of the files of an import goes with them.
func forgetting(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	var f meta.BucketFolder
	write(t, db, func(tx *sql.Tx) (err error) {
		f, err = meta.AddFolder(ctx, tx, "import", "forgotten")
		return err
	})
	before, err := meta.CountObjects(ctx, db.Read())
	if err != nil {
		t.Fatal(err)
	}
	ids := []event.ObjectID{{1}, {2}}
	for _, id := range ids {
		write(t, db, func(tx *sql.Tx) error {
			return meta.StoreObjectPart(ctx, tx, &event.ObjectPart{Folder: f.ID, ID: id, To: 5})
		})
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteObject(ctx, tx, f.ID, 0, ids[0]) })
	if n, err := meta.CountObjects(ctx, db.Read()); n != before+1 || err != nil {
		t.Errorf("%d objects after one is forgotten, %v", n-before, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteFolder(ctx, tx, f.ID) })
	if n, err := meta.CountObjects(ctx, db.Read()); n != before || err != nil {
		t.Errorf("%d objects after all are forgotten, %v", n-before, err)
	}
}

func dashboards(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	d := meta.Dashboard{Account: "111122223333", Region: "us-east-1", Name: "calls", Status: "CREATED", Widgets: "[]", Schedule: "{}", Protected: true,
		Created: epoch, Updated: epoch, Next: epoch.Add(time.Hour)}
	other := d
	other.Region, other.Next = "eu-west-1", time.Time{}
	for _, x := range []meta.Dashboard{d, other} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertDashboard(ctx, tx, x) })
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertDashboard(ctx, tx, d) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the same name again: %v", err)
	}
	d.Status, d.Widgets, d.Schedule, d.Protected, d.Updated = "UPDATED", "[1]", "", false, epoch.Add(time.Second)
	write(t, db, func(tx *sql.Tx) error { return meta.UpdateDashboard(ctx, tx, d) })
	stale := d
	stale.Next = epoch
	write(t, db, func(tx *sql.Tx) error { return meta.SetDashboardNext(ctx, tx, stale, epoch.Add(9*time.Hour)) })
	d.Refresh, d.Failure = "1", "f"
	q := meta.DashboardQuery{Dashboard: "calls", Refresh: "1", Alias: "w", Query: "q1", Created: epoch}
	write(t, db, func(tx *sql.Tx) error { return meta.SetDashboardRefresh(ctx, tx, d, []meta.DashboardQuery{q}, epoch) })
	if got, err := meta.GetDashboard(ctx, db.Read(), d.Account, d.Region, d.Name); err != nil || !cmp.Equal(d, got) {
		t.Errorf("after changes: %v, -want +got:\n%s", err, cmp.Diff(d, got))
	}
	later := meta.DashboardQuery{Dashboard: "calls", Refresh: "2", Alias: "w", Query: "q2", Created: epoch.Add(time.Hour)}
	write(t, db, func(tx *sql.Tx) error {
		return meta.SetDashboardRefresh(ctx, tx, d, []meta.DashboardQuery{later}, epoch)
	})
	list := func(alias, refresh string, want ...meta.DashboardQuery) {
		t.Helper()
		if got, err := meta.ListDashboardQueries(ctx, db.Read(), d.Account, d.Region, alias, refresh); err != nil || !cmp.Equal(want, got) {
			t.Errorf("queries of %q %q: %v, -want +got:\n%s", alias, refresh, err, cmp.Diff(want, got))
		}
	}
	list("w", "", later, q)
	list("w", "1", q)
	list("", "2", later)
	list("x", "")
	write(t, db, func(tx *sql.Tx) error { return meta.SetDashboardRefresh(ctx, tx, d, nil, epoch.Add(time.Minute)) })
	list("w", "", later)
	if got, err := meta.ListDashboards(ctx, db.Read(), "", ""); err != nil || len(got) != 2 {
		t.Errorf("all: %v, %v", got, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteDashboard(ctx, tx, d.Account, d.Region, d.Name) })
	list("", "")
	if _, err := meta.GetDashboard(ctx, db.Read(), d.Account, d.Region, d.Name); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a dashboard that is gone: %v", err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateDashboard(ctx, tx, d) }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a change of a dashboard that is gone: %v", err)
	}
}

func priorities(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	for _, p := range []meta.Priority{{Source: "s", Service: "b", Priority: "low"}, {Source: "s", Service: "a", Priority: "low"}, {Source: "s", Service: "b", Priority: "normal"}, {Source: "r", Service: "z", Priority: "low"}} {
		write(t, db, func(tx *sql.Tx) error { return meta.SetPriority(ctx, tx, p) })
	}
	for range 2 {
		write(t, db, func(tx *sql.Tx) error { return meta.DeletePriority(ctx, tx, "s", "a") })
	}
	got, err := meta.ListPriorities(ctx, db.Read())
	if diff := cmp.Diff([]meta.Priority{{Source: "r", Service: "z", Priority: "low"}, {Source: "s", Service: "b", Priority: "normal"}}, got); diff != "" || err != nil {
		t.Errorf("priorities: %v, -want +got:\n%s", err, diff)
	}
}
