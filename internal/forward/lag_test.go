package forward

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// Lag and delivery, as people see them.
func TestLag(t *testing.T) {
	for _, long := range []time.Duration{5 * time.Minute, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			after := wire.DefaultThresholds()
			after.Backlog = long
			w := newWorldAfter(t, after, "a")
			defer w.close()
			a := w.create("soc", Spec{Types: []wire.Type{wire.Activities}}, Start{})
			a.hello()
			w.lake.add("a", 1, time.Now())
			time.Sleep(time.Minute)
			w.lake.add("a", 2, time.Now(), func(s *stored) { s.alert = true })
			want := func(what string, d wire.Delivery, records, seconds int64) {
				t.Helper()
				if st := a.status(); st.Delivery != d || st.LagRecords != records || st.LagSeconds != seconds {
					t.Errorf("%s: %s, %d records, %v s; want %s, %d, %v s", what, st.Delivery, st.LagRecords, st.LagSeconds, d, records, seconds)
				}
			}
			want("a minute", wire.DeliveryOK, 3, 60)
			time.Sleep(long - time.Minute)
			want(long.String(), wire.DeliveryOK, 3, int64(long/time.Second))
			time.Sleep(time.Second)
			want("more", wire.DeliveryBacklog, 3, int64(long/time.Second)+1)
			b := a.pull(wire.Pull{})
			a.ack(&b)
			want("what is left does not match", wire.DeliveryOK, 0, 0)
		})
	}
}

// Before its first run, an agent is told to have what lies between the first and the last event that match, and nothing is lost
// by having looked.
func TestLagBeforeTheFirstRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		defer w.close()
		match := func(s *stored) { s.message = "wanted" }
		w.lake.add("a", 10, time.Now().Add(-time.Hour))
		w.lake.add("a", 1, time.Now(), match)
		time.Sleep(time.Minute)
		w.lake.add("a", 4, time.Now())
		w.lake.add("a", 1, time.Now(), match)
		w.lake.add("a", 4, time.Now())
		created := time.Now()
		want := func(what string, a *siem, records, seconds int64) {
			t.Helper()
			if st := a.status(); st.LagRecords != records || st.LagSeconds != seconds {
				t.Errorf("%s: %d events to look at, the next of %d s ago; want %d, %d", what, st.LagRecords, st.LagSeconds, records, seconds)
			}
		}
		some, all := w.create("some", Spec{Filter: "wanted"}, Start{}), w.create("all", Spec{}, Start{})
		late := w.create("late", Spec{Filter: "wanted"}, Start{Since: created.Add(-time.Second)})
		alerts := w.create("alerts", Spec{Types: []wire.Type{wire.Alerts}}, Start{})
		want("from the first to the last that match", some, 6, 60)
		want("everything matches", all, 20, 60)
		want("the start is behind the first", late, 1, 0)
		want("nothing matches", alerts, 0, 0)
		filter := "nothing"
		if err := w.Edit(t.Context(), some.id, Change{Filter: &filter}); err != nil {
			t.Fatal(err)
		}
		want("changed to what does not match", some, 0, 0)
		filter = "wanted"
		if err := w.Edit(t.Context(), some.id, Change{Filter: &filter}); err != nil {
			t.Fatal(err)
		}
		want("changed back", some, 6, 60)
		w.lake.add("a", 1, time.Now(), match)
		time.Sleep(endsEvery)
		want("a new one", some, 11, 120)
		some.hello()
		b := some.pull(wire.Pull{})
		if got := b.uids(); !slices.Equal(got, []string{"a-11", "a-16", "a-21"}) {
			t.Errorf("pulled %v", got)
		}

		gap := w.create("gap", Spec{Filter: "wanted"}, Start{})
		w.lake.drop("a", 3) // which it is to hear of
		want("some are gone", gap, 21, 120)
		gap.hello()
		gap.pull(wire.Pull{})
		if !slices.Contains(gap.codes(), wire.RetentionGap) {
			t.Errorf("of the gap it hears %v", gap.codes())
		}
	})
}
