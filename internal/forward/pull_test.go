package forward

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

func TestPullAndAck(t *testing.T) {
	w := newWorld(t, "a", "b")
	defer func() { w.close() }()
	w.lake.add("a", 3, time.Now())
	w.lake.add("b", 2, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	check := func(got pulled, store string, next int64, more bool, uids ...string) {
		t.Helper()
		if got.Store != store || got.Next != next || got.More != more || !slices.Equal(got.uids(), uids) {
			t.Errorf("got %s to %d, more %v: %v; want %s to %d, more %v: %v", got.Store, got.Next, got.More, got.uids(), store, next, more, uids)
		}
	}
	first := a.pull(wire.Pull{Max: 2})
	check(first, "a", 2, true, "a-1", "a-2")
	check(a.pull(wire.Pull{}), "b", 2, true, "b-1", "b-2") // stores take turns
	last := a.pull(wire.Pull{})
	check(last, "a", 3, false, "a-3")
	check(a.pull(wire.Pull{}), "", 0, false)
	if !strings.HasPrefix(string(last.records[0].Line), "<109>") || last.records[0].Seq != 3 {
		t.Errorf("line %q of %d", last.records[0].Line, last.records[0].Seq)
	}

	// What was not acknowledged comes again, after a crash, too; what was does not.
	a.ack(&first)
	w.restart()
	a.hello()
	check(a.pull(wire.Pull{}), "a", 3, true, "a-3")
	check(a.pull(wire.Pull{}), "b", 2, false, "b-1", "b-2")

	// Positions never go back, and never beyond what was pulled.
	for _, c := range []struct {
		pos  wire.Positions
		want wire.Reason
	}{
		{wire.Positions{"a": 3}, ""},
		{wire.Positions{"a": 1, "b": 1}, ""},
		{wire.Positions{"a": 4}, wire.ReasonInvalid},
		{wire.Positions{"b": 1 << 62}, wire.ReasonInvalid},
		{wire.Positions{"b": -1}, wire.ReasonInvalid},
		{wire.Positions{"none": 0}, wire.ReasonInvalid},
	} {
		if err := a.tryAck("siem", c.pos, 1); reason(err) != c.want {
			t.Errorf("%v: %v, want %q", c.pos, err, c.want)
		}
	}
	if got := a.status().Cursor; got["a"] != 3 || got["b"] != 1 {
		t.Errorf("cursor %v", got)
	}
	if _, err := a.tryPull(wire.Pull{After: wire.Positions{"a": 4}}); reason(err) != wire.ReasonInvalid {
		t.Errorf("a pull from beyond what was pulled: %v", err)
	}
}

// A session goes on over a restart of the server, with what it had in flight.
func TestSessionOverRestart(t *testing.T) {
	w := newWorld(t, "a")
	defer func() { w.close() }()
	w.lake.add("a", 3, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	b := a.pull(wire.Pull{})
	w.restart()
	a.ack(&b)
	if got := a.status().Cursor["a"]; got != 3 {
		t.Errorf("cursor %d", got)
	}
	w.lake.add("a", 1, time.Now())
	if got := a.pull(wire.Pull{}); !slices.Equal(got.uids(), []string{"a-4"}) {
		t.Errorf("then %v", got.uids())
	}
}

// A Pull waits for what comes, for another configuration, for another session, and not longer than it is told.
func TestPullWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "a")
		defer w.close()
		a := w.create("soc", Spec{Filter: "needle"}, Start{})
		a.hello()
		wait := func(do func()) (pulled, time.Duration, error) {
			t.Helper()
			type result struct {
				pulled
				error
			}
			began := time.Now()
			done := make(chan result)
			go func() {
				b, err := a.tryPull(wire.Pull{WaitMS: 20_000})
				done <- result{b, err}
			}()
			time.Sleep(time.Second)
			do()
			r := <-done
			return r.pulled, time.Since(began).Round(100 * time.Millisecond), r.error
		}
		if b, took, err := wait(func() {}); err != nil || len(b.records) != 0 || took != 20*time.Second {
			t.Errorf("nothing: %+v, %v after %v", b, err, took)
		}
		b, took, err := wait(func() { w.lake.add("a", 2, time.Now()) })
		if err != nil || b.Store != "a" || b.Next != 2 || len(b.records) != 0 || took != 20*time.Second {
			t.Errorf("what does not pass the filter: %+v, %v after %v", b, err, took)
		}
		a.ack(&b)
		b, took, err = wait(func() { w.lake.add("a", 1, time.Now(), func(s *stored) { s.message = "a needle" }) })
		if err != nil || !slices.Equal(b.uids(), []string{"a-3"}) || took != time.Second {
			t.Errorf("what passes: %+v, %v after %v", b, err, took)
		}
		old := a.status()
		b, took, err = wait(func() {
			text := "other"
			if err := w.Edit(ctx, a.id, Change{Filter: &text}); err != nil {
				t.Error(err)
			}
		})
		if err != nil || len(b.records) != 0 || b.ETag == "" || took != time.Second {
			t.Errorf("another configuration: %+v, %v after %v", b, err, took)
		}
		if b := a.pull(wire.Pull{WaitMS: 20_000}); b.ETag == "" || time.Since(old.Created) > 70*time.Second {
			t.Errorf("before Hello: %+v", b)
		}
		a.again()
		_, took, err = wait(func() {
			if _, err := w.Hello(ctx, a.token, "", &wire.Hello{}); err != nil {
				t.Error(err)
			}
		})
		if reason(err) != wire.ReasonReplaced || took != time.Second {
			t.Errorf("another session: %v after %v", err, took)
		}
		if got := a.codes(); !slices.Equal(got, []wire.Code{wire.SessionReplaced}) {
			t.Errorf("another session: notifications %v", got)
		}
		all, err := w.Notifications(ctx, a.id, true, 10)
		if err != nil || len(all) != 1 || all[0].ID == 0 || all[0].Code != wire.SessionReplaced {
			t.Errorf("another session: history %+v, %v", all, err)
		}
	})
}

// One Pull of a destination at a time; those of others are not held up.
func TestPullTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		defer w.close()
		a := w.create("soc", Spec{Destinations: []wire.Destination{relp("one"), relp("two")}}, Start{})
		a.hello()
		done := make(chan error)
		go func() { _, err := a.tryPull(wire.Pull{Destination: "one", WaitMS: 5000}); done <- err }()
		synctest.Wait()
		if _, err := a.tryPull(wire.Pull{Destination: "one"}); reason(err) != wire.ReasonBusy {
			t.Errorf("a second Pull: %v", err)
		}
		if _, err := a.tryPull(wire.Pull{Destination: "two"}); err != nil {
			t.Errorf("a Pull of another destination: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestStart(t *testing.T) {
	now := time.Now()
	old, recent := now.Add(-72*time.Hour), now.Add(-time.Hour)
	for _, c := range []struct {
		name  string
		start Start
		want  []string
	}{
		{"now", Start{Now: true}, []string{"a-5", "a-6"}},
		{"since", Start{Since: now.Add(-48 * time.Hour)}, []string{"a-2", "a-4", "a-5", "a-6"}},
		{"all", Start{}, []string{"a-1", "a-2", "a-3", "a-4", "a-5", "a-6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "a")
			defer func() { w.close() }()
			for _, at := range []time.Time{old, recent, old, recent} {
				w.lake.add("a", 1, at)
			}
			a := w.create("soc", Spec{}, c.start)
			w.lake.add("a", 1, old) // what comes late is sent whenever it happened
			w.lake.add("a", 1, recent)
			w.restart()
			a.hello()
			var got []string
			for range 6 {
				b := a.pull(wire.Pull{Max: 1})
				got = append(got, b.uids()...)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("sent %v, want %v", got, c.want)
			}
			if gap := a.codes(); len(gap) > 0 {
				t.Errorf("notifications %v", gap)
			}
		})
	}
}

func TestTypesAndFilter(t *testing.T) {
	w := newWorld(t, "a", "b")
	defer w.close()
	w.lake.add("a", 1, time.Now())
	w.lake.add("a", 1, time.Now(), func(s *stored) { s.alert = true })
	w.lake.add("b", 1, time.Now())
	for _, c := range []struct {
		sp   Spec
		want []string
	}{
		{Spec{}, []string{"a-1", "a-2", "b-1"}},
		{Spec{Types: []wire.Type{wire.Alerts}}, []string{"a-2"}},
		{Spec{Types: []wire.Type{wire.Activities}}, []string{"a-1", "b-1"}},
		{Spec{Filter: `message:"b 1"`}, []string{"b-1"}},
		{Spec{Stores: []string{"b"}}, []string{"b-1"}},
	} {
		a := w.create(fmt.Sprintf("%+v", c.want)+c.sp.Filter+fmt.Sprint(c.sp.Types, c.sp.Stores), c.sp, Start{})
		a.hello()
		var got []string
		for range 3 {
			b := a.pull(wire.Pull{})
			got = append(got, b.uids()...)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.sp, got, c.want)
		}
	}
}

// Looks need no session, move nothing and are no contact.
func TestLooks(t *testing.T) {
	w := newWorld(t, "a", "b")
	defer w.close()
	now := time.Now()
	w.lake.add("a", 3, now)
	w.lake.add("b", 1, now.Add(-time.Hour))
	a := w.create("soc", Spec{}, Start{})
	if b := a.pull(wire.Pull{Check: true}); !slices.Equal(b.uids(), []string{"a-3"}) {
		t.Errorf("check: %v", b.uids())
	}
	for _, c := range []struct {
		name string
		p    wire.Pull
		want []string
		next int64
	}{
		{"next", wire.Pull{Peek: wire.PeekNext}, []string{"a-1", "a-2", "a-3"}, 3},
		{"from", wire.Pull{Peek: wire.PeekNext, After: wire.Positions{"a": 2}}, []string{"a-3"}, 3},
		{"new", wire.Pull{Peek: wire.PeekNew}, nil, 3},
		{"new, the other store", wire.Pull{Peek: wire.PeekNew, After: wire.Positions{"a": 3}}, nil, 1},
	} {
		if b := a.pull(c.p); !slices.Equal(b.uids(), c.want) || b.Next != c.next {
			t.Errorf("%s: %v to %d", c.name, b.uids(), b.Next)
		}
	}
	if c, err := w.Hello(context.Background(), a.token, "", &wire.Hello{Check: true}); err != nil || c.Session != "" {
		t.Errorf("a check: session %q, %v", c.Session, err)
	}
	if st := a.status(); st.State != wire.Created || st.Cursor["a"] != 0 {
		t.Errorf("%s, %v", st.State, st.Cursor)
	}
}

func TestReplay(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	w.lake.add("a", 100, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	b := a.pull(wire.Pull{Max: 50})
	a.ack(&b)
	size := len(b.records[0].Line)
	got := a.pull(wire.Pull{After: wire.Positions{}, Replay: 10 * size, Max: 60})
	if got.Acked != 50 || got.records[0].Seq > 41 || got.records[0].Seq < 1 {
		t.Errorf("begins with %d, where %d are acknowledged", got.records[0].Seq, got.Acked)
	}
	for i, r := range got.records {
		if r.Seq != got.records[0].Seq+int64(i) {
			t.Fatalf("record %d is %d", i, r.Seq)
		}
	}
	if got := a.pull(wire.Pull{After: wire.Positions{}, Replay: 1 << 30}); got.records[0].Seq != 1 {
		t.Errorf("all of it: begins with %d", got.records[0].Seq)
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

// A look shows the header with the host that it names, also before the first run; a Pull in a session does not take one.
func TestHostOfLook(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	w.lake.add("a", 1, time.Now())
	a := w.create("soc", Spec{}, Start{})
	for _, req := range []wire.Pull{{Check: true, Host: "looker"}, {Peek: wire.PeekNext, Host: "looker"}} {
		if b := a.pull(req); len(b.records) != 1 || !strings.Contains(string(b.records[0].Line), " looker ") {
			t.Errorf("%+v: %+v", req, b.records)
		}
	}
	a.hello()
	if b := a.pull(wire.Pull{Host: "looker"}); len(b.records) != 1 || !strings.Contains(string(b.records[0].Line), " host ") {
		t.Errorf("a pull in a session: %+v", b.records)
	}
}
