package metatest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func siemAgent(id, name string) meta.SIEMAgent {
	return meta.SIEMAgent{ID: id, Name: name, Kind: "main", Status: meta.SIEMActive, Creator: "admin", Created: epoch, Updated: epoch, Spec: `{}`}
}

// putSIEMAgents adds agents with an ID of one letter.
func putSIEMAgents(t *testing.T, db *meta.DB, ids ...string) {
	t.Helper()
	write(t, db, func(tx *sql.Tx) error {
		for _, id := range ids {
			a := siemAgent(id, "agent "+id)
			if err := meta.InsertSIEMAgent(t.Context(), tx, &a); err != nil {
				return err
			}
		}
		return nil
	})
}

func siemAgents(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	a, b := siemAgent("a", "soc"), siemAgent("b", "other")
	b.Created = epoch.Add(time.Hour)
	write(t, db, func(tx *sql.Tx) error { return meta.InsertSIEMAgent(ctx, tx, &b) })
	write(t, db, func(tx *sql.Tx) error { return meta.InsertSIEMAgent(ctx, tx, &a) })
	taken := siemAgent("c", "soc")
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertSIEMAgent(ctx, tx, &taken) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a name that is taken: %v", err)
	}
	b.Name = "soc"
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateSIEMAgent(ctx, tx, &b) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a new name that is taken: %v", err)
	}
	a.Session, a.Host, a.Version, a.Contact = "s", "h", "1", epoch.Add(time.Minute)
	write(t, db, func(tx *sql.Tx) error { return meta.SetSIEMSession(ctx, tx, "a", "s", "h", "1", a.Contact) })
	a.Contact = epoch.Add(2 * time.Minute)
	write(t, db, func(tx *sql.Tx) error { return meta.SetSIEMContact(ctx, tx, "a", a.Contact) })
	a.Status, a.Updated, a.Ended, a.Spec, a.Summary = meta.SIEMDeleted, epoch.Add(time.Hour), epoch.Add(time.Hour), `{"x":1}`, `{"y":1}`
	write(t, db, func(tx *sql.Tx) error { return meta.UpdateSIEMAgent(ctx, tx, &a) })
	write(t, db, func(tx *sql.Tx) error { return meta.UpdateSIEMAgent(ctx, tx, &b) }) // the name of a deleted one is free
	all, err := meta.ListSIEMAgents(ctx, db.Read())
	if diff := cmp.Diff([]meta.SIEMAgent{a, b}, all); diff != "" || err != nil {
		t.Errorf("agents: %v, -want +got:\n%s", err, diff)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetSIEMAgents(ctx, tx, a.Ended) })
	if all, err := meta.ListSIEMAgents(ctx, db.Read()); len(all) != 2 || err != nil {
		t.Errorf("one that was deleted just then is forgotten: %v", err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetSIEMAgents(ctx, tx, a.Ended.Add(time.Second)) })
	if all, err := meta.ListSIEMAgents(ctx, db.Read()); len(all) != 1 || all[0].ID != "b" || err != nil {
		t.Errorf("left: %+v, %v", all, err)
	}
	err = db.Write(ctx, func(tx *sql.Tx) error { return meta.SetSIEMSession(ctx, tx, "a", "", "", "", epoch) })
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("a session of none: %v", err)
	}
}

func siemPositions(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	putSIEMAgents(t, db, "a", "b")
	put := func(agent, destination, store string, seq, until int64) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) error {
			return meta.PutSIEMPosition(ctx, tx, &meta.SIEMPosition{Agent: agent, Destination: destination, Store: store, Seq: seq, Until: until})
		})
	}
	put("a", "x", "default", 5, 9)
	put("a", "x", "default", 7, 0) // until stays
	put("a", "x", "default", 6, 0) // never back
	put("a", "y", "default", 1, 0)
	put("b", "x", "default", 2, 0)
	want := []meta.SIEMPosition{{Agent: "a", Destination: "x", Store: "default", Seq: 7, Until: 9}, {Agent: "a", Destination: "y", Store: "default", Seq: 1}, {Agent: "b", Destination: "x", Store: "default", Seq: 2}}
	got, err := meta.ListSIEMPositions(ctx, db.Read())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("positions: %v, -want +got:\n%s", err, diff)
	}
	d := meta.SIEMDelivery{Agent: "a", Destination: "x", Confirmed: 1, FirstUID: "1", FirstTime: epoch}
	again := meta.SIEMDelivery{Agent: "a", Destination: "x", Confirmed: 9, Skipped: 1, Dead: 2, Oversize: 3, FirstUID: "1", FirstTime: epoch, LastUID: "9", LastTime: epoch.Add(1e6), Acked: epoch,
		SpoolRecords: 4, SpoolBytes: 5, SpoolSince: epoch}
	for _, d := range []meta.SIEMDelivery{d, again, {Agent: "a", Destination: "y"}} {
		write(t, db, func(tx *sql.Tx) error { return meta.PutSIEMDelivery(ctx, tx, &d) })
	}
	given, err := meta.ListSIEMDeliveries(ctx, db.Read())
	if diff := cmp.Diff([]meta.SIEMDelivery{again, {Agent: "a", Destination: "y"}}, given); diff != "" || err != nil {
		t.Errorf("deliveries: %v, -want +got:\n%s", err, diff)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DropSIEMDestination(ctx, tx, "a", "x") })
	got, err = meta.ListSIEMPositions(ctx, db.Read())
	if diff := cmp.Diff(want[1:], got); diff != "" || err != nil {
		t.Errorf("positions that stay: %v, -want +got:\n%s", err, diff)
	}
	if given, err := meta.ListSIEMDeliveries(ctx, db.Read()); len(given) != 1 || err != nil {
		t.Errorf("deliveries that stay: %+v, %v", given, err)
	}

	tk := meta.SIEMToken{Hash: "h1", Agent: "a", Created: epoch}
	other := meta.SIEMToken{Hash: "h2", Agent: "b", Created: epoch.Add(time.Second)}
	for _, x := range []*meta.SIEMToken{&other, &tk} {
		write(t, db, func(tx *sql.Tx) error { return meta.PutSIEMToken(ctx, tx, x) })
	}
	tk.Expires, tk.Revoked, tk.Used = epoch.Add(1e9), epoch.Add(2e9), epoch.Add(3e9)
	write(t, db, func(tx *sql.Tx) error { return meta.PutSIEMToken(ctx, tx, &tk) })
	tokens, err := meta.ListSIEMTokens(ctx, db.Read())
	if diff := cmp.Diff([]meta.SIEMToken{tk, other}, tokens); diff != "" || err != nil {
		t.Errorf("tokens: %v, -want +got:\n%s", err, diff)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetSIEMTokens(ctx, tx, tk.Expires) })
	if tokens, err = meta.ListSIEMTokens(ctx, db.Read()); len(tokens) != 2 || err != nil {
		t.Errorf("one that became void just then is forgotten: %v", err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetSIEMTokens(ctx, tx, tk.Expires.Add(1e6)) })
	if tokens, err = meta.ListSIEMTokens(ctx, db.Read()); len(tokens) != 1 || tokens[0] != other || err != nil {
		t.Errorf("tokens that stay: %+v, %v", tokens, err)
	}
}

func siemNotifications(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	putSIEMAgents(t, db, "a", "b")
	put := func(n *meta.SIEMNotification) error {
		return db.Write(ctx, func(tx *sql.Tx) (err error) { n.ID, err = meta.PutSIEMNotification(ctx, tx, n); return err })
	}
	n := meta.SIEMNotification{Agent: "a", Destination: "x", Code: "c", Text: "one", Count: 1, First: epoch, Last: epoch}
	m := meta.SIEMNotification{Agent: "b", Code: "c", Text: "one", Count: 1, First: epoch, Last: epoch}
	for _, x := range []*meta.SIEMNotification{&n, &m} {
		if err := put(x); err != nil || x.ID == 0 {
			t.Fatal(err)
		}
	}
	twice := n
	twice.ID = 0
	if put(&twice) == nil {
		t.Error("two are open for one agent, destination and code")
	}
	n.Text, n.Count, n.Last, n.Cleared = "two", 2, epoch.Add(1e9), epoch.Add(2e9)
	if err := put(&n); err != nil {
		t.Fatal(err)
	}
	for range 3 { // after it is cleared the next can open
		twice.ID = 0
		if err := put(&twice); err != nil {
			t.Fatal(err)
		}
		twice.Cleared = epoch
		if err := put(&twice); err != nil {
			t.Fatal(err)
		}
		twice.Cleared = time.Time{}
	}
	open, err := meta.ListOpenSIEMNotifications(ctx, db.Read())
	if diff := cmp.Diff([]meta.SIEMNotification{m}, open); diff != "" || err != nil {
		t.Errorf("open: %v, -want +got:\n%s", err, diff)
	}
	if all, err := meta.ListSIEMNotifications(ctx, db.Read(), "a", 10); len(all) != 4 || all[3] != n || err != nil {
		t.Errorf("all: %+v, %v", all, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.TrimSIEMNotifications(ctx, tx, "a", 2) })
	if all, err := meta.ListSIEMNotifications(ctx, db.Read(), "a", 10); len(all) != 2 || all[0].ID <= all[1].ID || all[1].ID <= n.ID || err != nil {
		t.Errorf("the newest two: %+v, %v", all, err)
	}
	if all, err := meta.ListSIEMNotifications(ctx, db.Read(), "b", 10); len(all) != 1 || err != nil {
		t.Errorf("of the other: %+v, %v", all, err)
	}
	missing := meta.SIEMNotification{ID: 999}
	if err := put(&missing); fault.KindOf(err) != fault.NotFound {
		t.Errorf("one that is not there: %v", err)
	}

	alert := meta.SIEMAlert{Incident: "i", Record: "{}", Created: epoch}
	for _, incident := range []string{"i", "i", "j"} {
		alert.Incident = incident
		write(t, db, func(tx *sql.Tx) error { return meta.AddSIEMAlert(ctx, tx, &alert) })
	}
	alerts, err := meta.ListSIEMAlerts(ctx, db.Read(), 0, 10)
	if len(alerts) != 2 || alerts[0].Incident != "i" || alerts[1].Incident != "j" || err != nil {
		t.Fatalf("alerts: %+v, %v", alerts, err)
	}
	if next, err := meta.ListSIEMAlerts(ctx, db.Read(), alerts[0].ID, 1); len(next) != 1 || next[0] != alerts[1] || err != nil {
		t.Errorf("the next: %+v, %v", next, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetSIEMAlerts(ctx, tx, alerts[0].ID, epoch.Add(time.Second)) })
	write(t, db, func(tx *sql.Tx) error { return meta.ForgetSIEMAlerts(ctx, tx, alerts[1].ID, epoch) })
	if left, err := meta.ListSIEMAlerts(ctx, db.Read(), 0, 10); len(left) != 1 || left[0].ID != alerts[1].ID || err != nil {
		t.Errorf("left: %+v, %v", left, err)
	}
}

func siemDeadLetters(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	putSIEMAgents(t, db, "a", "b")
	put := func(agent string, seq int64, reason string) (isNew bool) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) (err error) {
			isNew, err = meta.PutSIEMDeadLetter(ctx, tx, &meta.SIEMDeadLetter{Agent: agent, Destination: "x", Store: "default", Seq: seq, UID: "u", Reason: reason, Time: epoch})
			return err
		})
		return isNew
	}
	if !put("a", 1, "one") || put("a", 1, "two") || !put("a", 2, "one") || !put("a", 3, "one") || !put("b", 1, "one") {
		t.Error("a dead letter is new once, and each for itself")
	}
	all, err := meta.ListSIEMDeadLetters(ctx, db.Read(), "a", 0, 10)
	if len(all) != 3 || all[0].Reason != "two" || all[0].Replay != 0 || err != nil {
		t.Fatalf("all: %+v, %v", all, err)
	}
	if next, err := meta.ListSIEMDeadLetters(ctx, db.Read(), "a", all[0].ID, 1); len(next) != 1 || next[0] != all[1] || err != nil {
		t.Errorf("the next: %+v, %v", next, err)
	}
	replay := func(above int64, ids ...int64) (n int64) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) (err error) {
			n, err = meta.ReplaySIEMDeadLetters(ctx, tx, "a", ids, above)
			return err
		})
		return n
	}
	if n := replay(10, all[1].ID); n != 1 {
		t.Errorf("%d are sent again", n)
	}
	if n := replay(11); n != 2 {
		t.Errorf("the rest: %d", n)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error {
		_, err := meta.ReplaySIEMDeadLetters(ctx, tx, "b", []int64{all[0].ID}, 0)
		return err
	}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("one of another agent: %v", err)
	}
	again, err := meta.ListSIEMReplays(ctx, db.Read(), "a", "x", 0, 10)
	var order []int64
	for _, d := range again {
		order = append(order, d.Seq, d.Replay)
	}
	if diff := cmp.Diff([]int64{2, 11, 1, 12, 3, 13}, order); diff != "" || err != nil {
		t.Errorf("replays: %v, -want +got:\n%s", err, diff)
	}
	if again, err := meta.ListSIEMReplays(ctx, db.Read(), "a", "x", 11, 1); len(again) != 1 || again[0].Replay != 12 || err != nil {
		t.Errorf("the next: %+v, %v", again, err)
	}
	if put("a", 1, "three") { // refused again: it is not sent a third time by itself
		t.Error("it is new")
	}
	write(t, db, func(tx *sql.Tx) error { return meta.EndSIEMReplays(ctx, tx, "a", "x", 13) })
	left, err := meta.ListSIEMDeadLetters(ctx, db.Read(), "a", 0, 10)
	if len(left) != 1 || left[0].Seq != 1 || left[0].Reason != "three" || left[0].Replay != 0 || err != nil {
		t.Errorf("left: %+v, %v", left, err)
	}
	if n, err := meta.CountSIEMDeadLetters(ctx, db.Read(), "a"); n != 1 || err != nil {
		t.Errorf("%d left, %v", n, err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteSIEMDeadLetter(ctx, tx, "b", left[0].ID) }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("deleting one of another agent: %v", err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteSIEMDeadLetter(ctx, tx, "a", left[0].ID) })
}
