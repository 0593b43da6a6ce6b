package metatest

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

func dataStore(id, name string) meta.EventDataStore {
	return meta.EventDataStore{ID: id, Account: "111122223333", Region: "us-east-1", Name: name, Store: "s_" + id, Status: "ENABLED", Category: "ActivityAuditLog",
		Selectors: "[]", Days: 90, Billing: "b", Protected: true, Created: epoch, Updated: epoch}
}

func eventDataStores(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	a, b := dataStore("a", "two"), dataStore("b", "one")
	for _, s := range []meta.EventDataStore{a, b} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, s) })
	}
	other := dataStore("c", "one")
	other.Region = "eu-west-1"
	write(t, db, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, other) })
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, dataStore("d", "one")) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the same name again: %v", err)
	}
	got, err := meta.ListEventDataStores(ctx, db.Read(), "111122223333", "us-east-1")
	if diff := cmp.Diff([]meta.EventDataStore{b, a}, got); diff != "" || err != nil {
		t.Errorf("of a region: %v, -want +got:\n%s", err, diff)
	}
	if got, err := meta.ListEventDataStores(ctx, db.Read(), "", ""); len(got) != 3 || err != nil {
		t.Errorf("all: %d, %v", len(got), err)
	}
	a.Name, a.Status, a.Category, a.Selectors, a.MultiRegion, a.Org, a.Days = "three", "STOPPED_INGESTION", "Management", "[1]", true, true, 8
	a.Billing, a.Protected, a.KMSKey, a.Updated, a.Deleted = "c", false, "k", epoch.Add(1e9), epoch.Add(2e9)
	write(t, db, func(tx *sql.Tx) error { return meta.UpdateEventDataStore(ctx, tx, a) })
	if got, err := meta.GetEventDataStore(ctx, db.Read(), "a"); err != nil || !cmp.Equal(a, got) {
		t.Errorf("after the update: %v, -want +got:\n%s", err, cmp.Diff(a, got))
	}
	a.Name = "one"
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateEventDataStore(ctx, tx, a) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the name of another: %v", err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteEventDataStore(ctx, tx, "a") })
	for _, f := range []func(*sql.Tx) error{
		func(tx *sql.Tx) error { _, err := meta.GetEventDataStore(ctx, tx, "a"); return err },
		func(tx *sql.Tx) error { return meta.UpdateEventDataStore(ctx, tx, dataStore("a", "five")) },
		func(tx *sql.Tx) error { return meta.DeleteEventDataStore(ctx, tx, "a") },
	} {
		if err := db.Write(ctx, f); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a store that is gone: %v", err)
		}
	}
}

func channel(id string, destinations ...string) meta.Channel {
	return meta.Channel{ID: id, Account: "111122223333", Region: "us-east-1", Name: "n" + id, Source: "Custom", Created: epoch, Destinations: destinations}
}

func channels(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	for _, id := range []string{"a", "b"} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, dataStore(id, "store "+id)) })
	}
	one, two := channel("1", "b", "a"), channel("2", "b")
	two.Deduplicate = true
	for _, c := range []meta.Channel{one, two} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertChannel(ctx, tx, c) })
	}
	same := channel("3", "a")
	same.Name = "n1"
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertChannel(ctx, tx, same) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the same name again: %v", err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.InsertChannel(ctx, tx, channel("4", "none")) }); err == nil {
		t.Error("a channel to a store that does not exist was stored")
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteEventDataStore(ctx, tx, "a") }); err == nil {
		t.Error("a store that a channel points at was deleted")
	}
	got, err := meta.ListChannels(ctx, db.Read(), "", "us-east-1")
	if diff := cmp.Diff([]meta.Channel{one, two}, got); diff != "" || err != nil {
		t.Errorf("ListChannels: %v, -want +got:\n%s", err, diff)
	}
	if ids, err := meta.ChannelsTo(ctx, db.Read(), "b"); err != nil || !cmp.Equal(ids, []string{"1", "2"}) {
		t.Errorf("ChannelsTo = %v, %v", ids, err)
	}
	one.Name, one.Destinations, one.Deduplicate = "new", []string{"a"}, true
	one.Ingestion = meta.Ingestion{Success: epoch.Add(1e9), SuccessID: "s", Attempt: epoch.Add(2e9), AttemptID: "t", ErrorCode: "InvalidData"}
	write(t, db, func(tx *sql.Tx) error { return meta.UpdateChannel(ctx, tx, one) })
	write(t, db, func(tx *sql.Tx) error { return meta.SetIngestion(ctx, tx, "1", one.Ingestion) })
	if got, err := meta.GetChannel(ctx, db.Read(), "1"); err != nil || !cmp.Equal(one, got) {
		t.Errorf("after the update: %v, -want +got:\n%s", err, cmp.Diff(one, got))
	}
	two.Name = "new"
	if err := db.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateChannel(ctx, tx, two) }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the name of another: %v", err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteChannel(ctx, tx, "1") })
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteEventDataStore(ctx, tx, "a") })
	for _, f := range []func(*sql.Tx) error{
		func(tx *sql.Tx) error { _, err := meta.GetChannel(ctx, tx, "1"); return err },
		func(tx *sql.Tx) error { return meta.UpdateChannel(ctx, tx, one) },
		func(tx *sql.Tx) error { return meta.DeleteChannel(ctx, tx, "1") },
	} {
		if err := db.Write(ctx, f); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a channel that is gone: %v", err)
		}
	}
}

func resources(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	for _, tag := range []meta.Tag{{Name: "z", Value: "1"}, {Name: "a", Value: ""}, {Name: "z", Value: "2"}} {
		write(t, db, func(tx *sql.Tx) error { return meta.SetTag(ctx, tx, "arn:1", tag) })
	}
	write(t, db, func(tx *sql.Tx) error { return meta.SetTag(ctx, tx, "arn:2", meta.Tag{Name: "b"}) })
	if got, err := meta.ListTags(ctx, db.Read(), "arn:1"); err != nil || !cmp.Equal(got, []meta.Tag{{Name: "z", Value: "2"}, {Name: "a"}}) {
		t.Errorf("ListTags = %v, %v", got, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteTag(ctx, tx, "arn:1", "z") })
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteTag(ctx, tx, "arn:1", "none") })
	for _, p := range []string{"{}", "{1}"} {
		write(t, db, func(tx *sql.Tx) error { return meta.SetPolicy(ctx, tx, "arn:1", p, epoch) })
	}
	if p, err := meta.GetPolicy(ctx, db.Read(), "arn:1"); p != "{1}" || err != nil {
		t.Errorf("GetPolicy = %q, %v", p, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteResource(ctx, tx, "arn:1") })
	if got, err := meta.ListTags(ctx, db.Read(), "arn:1"); err != nil || len(got) != 0 {
		t.Errorf("tags of a deleted resource: %v, %v", got, err)
	}
	if got, err := meta.ListTags(ctx, db.Read(), "arn:2"); err != nil || len(got) != 1 {
		t.Errorf("tags of another resource: %v, %v", got, err)
	}
	for _, f := range []func(*sql.Tx) error{
		func(tx *sql.Tx) error { _, err := meta.GetPolicy(ctx, tx, "arn:1"); return err },
		func(tx *sql.Tx) error { return meta.DeletePolicy(ctx, tx, "arn:1") },
	} {
		if err := db.Write(ctx, f); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a policy that is gone: %v", err)
		}
	}
	write(t, db, func(tx *sql.Tx) error { return meta.SetPolicy(ctx, tx, "arn:1", "{}", epoch) })
	write(t, db, func(tx *sql.Tx) error { return meta.DeletePolicy(ctx, tx, "arn:1") })
}

func rejected(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	write(t, db, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, dataStore("a", "store")) })
	for _, c := range []string{"1", "2"} {
		write(t, db, func(tx *sql.Tx) error { return meta.InsertChannel(ctx, tx, channel(c, "a")) })
	}
	event := func(n int, channel string) meta.Rejected {
		return meta.Rejected{ID: fmt.Sprintf("%s-%02d", channel, n), Channel: channel, Received: epoch.Add(time.Duration(n) * time.Second), Principal: "p", RequestID: "r",
			Code: "InvalidData", Message: "m", EventData: "{", Tries: 1}
	}
	for n := range 5 {
		for _, c := range []string{"1", "2"} {
			write(t, db, func(tx *sql.Tx) error { return meta.InsertRejected(ctx, tx, event(n, c)) })
		}
	}
	got, err := meta.ListRejected(ctx, db.Read(), "1", "1-00", 2)
	if diff := cmp.Diff([]meta.Rejected{event(1, "1"), event(2, "1")}, got); diff != "" || err != nil {
		t.Errorf("ListRejected: %v, -want +got:\n%s", err, diff)
	}
	again := event(1, "1")
	again.Code, again.Message, again.EventData, again.Tries = "FieldTooLong", "n", "{}", 2
	write(t, db, func(tx *sql.Tx) error { return meta.UpdateRejected(ctx, tx, again) })
	if got, err := meta.GetRejected(ctx, db.Read(), "1-01"); err != nil || !cmp.Equal(again, got) {
		t.Errorf("GetRejected: %v, -want +got:\n%s", err, cmp.Diff(again, got))
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteRejected(ctx, tx, "1-04") })
	write(t, db, func(tx *sql.Tx) error {
		for _, c := range []struct {
			keep        int
			bytes, gone int64
		}{{4, 100, 0}, {3, 100, 1}, {3, 4, 0}} { // of three events one has two bytes, the others one
			if n, err := meta.TrimRejected(ctx, tx, "1", c.keep, c.bytes); err != nil || n != c.gone {
				t.Errorf("TrimRejected to %d and %d bytes: %d are gone, %v", c.keep, c.bytes, n, err)
			}
		}
		return nil
	})
	if n, err := meta.CountRejected(ctx, db.Read(), "1"); n != 3 || err != nil {
		t.Errorf("CountRejected = %d, %v", n, err)
	}
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteChannel(ctx, tx, "1") })
	for _, f := range []func(*sql.Tx) error{
		func(tx *sql.Tx) error { _, err := meta.GetRejected(ctx, tx, "1-01"); return err },
		func(tx *sql.Tx) error { return meta.UpdateRejected(ctx, tx, again) },
		func(tx *sql.Tx) error { return meta.DeleteRejected(ctx, tx, "1-01") },
	} {
		if err := db.Write(ctx, f); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a rejected event of a deleted channel: %v", err)
		}
	}
}

func auditUIDs(t *testing.T, db *meta.DB) {
	ctx := t.Context()
	write(t, db, func(tx *sql.Tx) error { return meta.InsertEventDataStore(ctx, tx, dataStore("a", "store")) })
	write(t, db, func(tx *sql.Tx) error { return meta.InsertChannel(ctx, tx, channel("1", "a")) })
	store := func(at time.Time, uids ...event.AuditUID) {
		t.Helper()
		write(t, db, func(tx *sql.Tx) error { return meta.StoreAuditUIDs(ctx, tx, uids, at) })
	}
	find := func(channel, hash, want string) {
		t.Helper()
		if id, known, err := meta.FindAuditUID(ctx, db.Read(), channel, hash); id != want || known != (want != "") || err != nil {
			t.Errorf("FindAuditUID(%s, %s) = %q, %v, %v; want %q", channel, hash, id, known, err, want)
		}
	}
	store(epoch, event.AuditUID{Channel: "1", Hash: "x", EventID: "first"}, event.AuditUID{Channel: "gone", Hash: "x", EventID: "none"})
	store(epoch.Add(time.Hour), event.AuditUID{Channel: "1", Hash: "x", EventID: "second"}, event.AuditUID{Channel: "1", Hash: "y", EventID: "third"})
	find("1", "x", "first")
	find("1", "y", "third")
	find("gone", "x", "")
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteAuditUIDs(ctx, tx, epoch.Add(time.Minute)) })
	find("1", "x", "")
	find("1", "y", "third")
	write(t, db, func(tx *sql.Tx) error { return meta.DeleteChannel(ctx, tx, "1") })
	find("1", "y", "")
}
