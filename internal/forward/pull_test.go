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
		a.ack(&b)
		b, took, err = wait(func() {
			w.lake.add("b", 1, time.Now(), func(s *stored) { s.message = "a needle" })
		})
		if err == nil && len(b.records) == 0 { // it asks again at once
			b = a.pull(wire.Pull{})
		}
		if err != nil || !slices.Equal(b.uids(), []string{"b-1"}) || took != time.Second {
			t.Errorf("a store that is new: %+v, %v after %v", b, err, took)
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
