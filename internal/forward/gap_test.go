package forward

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// What retention had removed before an agent was created is no gap for it, wherever it lies among what there is; what is removed
// afterwards and was wanted is one, also when the agent goes over it before the server looks.
func TestGapBeforeAgent(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name     string
		start    Start
		restarts bool
		told     []int64
	}{
		{"all", Start{}, false, []int64{3}},
		{"all, and the server is started again", Start{}, true, []int64{3}},
		{"since", Start{Since: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-2 * day)}, false, []int64{2, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "a")
				defer func() { w.close() }()
				stop := w.run()
				now := time.Now()
				for _, days := range []time.Duration{3, 2, 3, 1, 3, 0, 1, 0} { // days ago, in the order of arrival
					w.lake.add("a", 1, now.Add(-days*day))
				}
				w.lake.dropBefore("a", now.Add(-2*day))
				a := w.create("soc", Spec{}, tt.start)
				look := func() {
					time.Sleep(reviewEvery + tick)
					synctest.Wait()
				}
				look()
				if got := a.codes(); len(got) > 0 {
					t.Errorf("told before anything is gone: %v", got)
				}
				if tt.restarts {
					stop()
					w.restart()
					stop = w.run()
					look()
				}
				a.hello()
				first := a.pull(wire.Pull{Max: 1})
				a.ack(&first)
				if got := a.codes(); first.records[0].UID != "a-2" || len(got) > 0 {
					t.Errorf("sent %v, told %v", first.uids(), got)
				}
				w.lake.add("a", 1, now.Add(-3*day)) // late, and wanted: it came after the agent
				w.lake.dropBefore("a", now)
				b := a.pull(wire.Pull{})
				if got := b.uids(); !slices.Equal(got, []string{"a-6", "a-8"}) {
					t.Errorf("sent %v", got)
				}
				a.ack(&b)
				look()
				var told []int64
				for _, al := range w.lake.alerted(t) {
					told = append(told, al.Count)
				}
				if got := a.codes(); !slices.Equal(told, tt.told) || !slices.Equal(got, []wire.Code{wire.RetentionGap}) {
					t.Errorf("alerts of %v events, notifications %v", told, got)
				}
				stop()
			})
		})
	}
}

// What retention has removed is told exactly, once, with the command that recovers it.
func TestGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		defer func() { w.close() }()
		stop := w.run()
		w.lake.add("a", 10, time.Now())
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		b := a.pull(wire.Pull{Max: 2})
		a.ack(&b)
		w.lake.drop("a", 7)
		for range 2 {
			a.hello() // it was not acknowledged: the same gap is found again
			if b := a.pull(wire.Pull{}); !slices.Equal(b.uids(), []string{"a-8", "a-9", "a-10"}) {
				t.Errorf("sent %v", b.uids())
			}
		}
		st := a.status()
		if len(st.Notifications) != 1 || st.Notifications[0].Count != 1 || st.Notifications[0].Code != wire.RetentionGap ||
			!strings.Contains(st.Notifications[0].Text, "5 events of store a with sequence numbers from 3 to 7") || !strings.Contains(st.Notifications[0].Text, "kiroku agents recover --like "+a.id) {
			t.Errorf("notifications %+v", st.Notifications)
		}
		synctest.Wait()
		alerts := w.lake.alerted(t)
		if len(alerts) != 1 || alerts[0].Alert != AlertGap || alerts[0].Count != 5 || alerts[0].Kind != "retention" || !strings.Contains(alerts[0].Command, "--from 2000-01-01T00:00:00Z --to 2000-01-01T00:00:00.000001Z") {
			t.Errorf("alerts %+v", alerts)
		}
		stop()
		w.restart()
		defer w.run()()
		a.hello()
		a.pull(wire.Pull{})
		synctest.Wait()
		if got := w.lake.alerted(t); len(got) != 1 {
			t.Errorf("%d alerts after a restart", len(got))
		}
	})
}

// What retention removes while an agent is away is told by the server at once: one notification, which grows with the gap, and
// one alert, with another when the agent goes over a gap that has grown. Stores, destinations and agents that have nothing to
// lose are left alone.
func TestGapOfAgentThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b")
		defer func() { w.close() }()
		stop := w.run()
		w.lake.add("a", 20, time.Now())
		w.lake.add("b", 5, time.Now())
		a := w.create("soc", Spec{Destinations: []wire.Destination{relp("siem"), relp("done")}}, Start{})
		paused := w.create("paused", Spec{Stores: []string{"a"}}, Start{})
		later := w.create("later", Spec{Stores: []string{"a"}}, Start{Since: time.Now().Add(time.Hour)})
		if err := w.Pause(t.Context(), paused.id); err != nil {
			t.Fatal(err)
		}
		a.hello()
		b := a.pull(wire.Pull{Max: 2})
		a.ack(&b)
		for _, store := range []string{"a", "b"} {
			b := a.pull(wire.Pull{Destination: "done"})
			if err := a.tryAck("done", wire.Positions{b.Store: b.Next}, 1); err != nil || b.Store != store {
				t.Fatalf("pulled from %s: %v", b.Store, err)
			}
		}
		want := func(s *siem, what string, count int64, texts ...string) {
			t.Helper()
			time.Sleep(reviewEvery + tick)
			synctest.Wait()
			for _, n := range s.status().Notifications {
				if n.Code != wire.RetentionGap {
					continue
				}
				if n.Count != count || n.Destination != "siem" {
					t.Errorf("%s: told %d times, of %s", what, n.Count, n.Destination)
				}
				for _, text := range texts {
					if !strings.Contains(n.Text, text) {
						t.Errorf("%s: %s does not say %q", what, n.Text, text)
					}
				}
				return
			}
			if count > 0 {
				t.Errorf("%s: nothing is told: %v", what, s.codes())
			}
		}
		alerts := func(what string, s *siem, counts ...int64) {
			t.Helper()
			var got []int64
			for _, al := range w.lake.alerted(t) {
				if al.Agent == s.id && al.Alert == AlertGap {
					got = append(got, al.Count)
				}
			}
			if !slices.Equal(got, counts) {
				t.Errorf("%s: alerts of %v events, want %v", what, got, counts)
			}
		}
		want(a, "nothing is gone", 0)
		w.lake.drop("a", 2)
		want(a, "only what was delivered is gone", 0)
		w.lake.drop("a", 7)
		want(a, "the first pass", 1, "5 events of store a with sequence numbers from 3 to 7", "kiroku agents recover --like "+a.id)
		want(a, "nothing is new", 1)
		alerts("the first pass", a, 5)
		want(paused, "one that is paused", 2, "7 events of store a with sequence numbers from 1 to 7")
		w.lake.drop("a", 9)
		want(a, "the second pass", 2, "7 events of store a with sequence numbers from 3 to 9")
		w.lake.drop("b", 4)
		want(a, "another store", 3, "7 events of store a with sequence numbers from 3 to 9", "4 events of store b with sequence numbers from 1 to 4")
		alerts("two passes and another store", a, 5, 4)
		time.Sleep(3 * factsKept)
		want(a, "days later", 3)
		if got := later.codes(); slices.Contains(got, wire.RetentionGap) {
			t.Errorf("the agent that wants only what is newer is told %v", got)
		}

		w.lake.drop("a", 10) // and the agent is quicker than the next look
		a.hello()
		for range 2 {
			b := a.pull(wire.Pull{})
			a.ack(&b)
		}
		want(a, "it is gone over", 4, "8 events of store a with sequence numbers from 3 to 10", "4 events of store b")
		alerts("it is gone over", a, 5, 4, 8)
		stop()
		w.restart()
		stop = w.run()
		want(a, "after a restart", 4)
		want(paused, "after a restart", 4)
		alerts("after a restart", a, 5, 4, 8)
		time.Sleep(factsKept)
		want(a, "a day later", 0)
		stop()
	})
}
