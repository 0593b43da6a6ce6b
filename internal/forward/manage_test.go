package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
	"kiroku/internal/search"
)

func TestCreateRefuses(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	w.create("taken", Spec{}, Start{})
	to := []wire.Destination{relp("siem")}
	raw := relp("siem")
	raw.Format, raw.Raw, raw.Header = wire.JSON, true, wire.Header{}
	for _, c := range []struct {
		name string
		sp   Spec
		kind fault.Kind
		text string
	}{
		{"taken", Spec{Destinations: to}, fault.Conflict, "taken"},
		{"", Spec{Destinations: to}, fault.Invalid, "name"},
		{"a\nb", Spec{Destinations: to}, fault.Invalid, "name"},
		{"x", Spec{}, fault.Invalid, "destination"},
		{"x", Spec{Destinations: append(to, to...)}, fault.Invalid, "two destinations"},
		{"x", Spec{Destinations: []wire.Destination{{To: "tcp://siem.example.com", Format: wire.CEF}}}, fault.Invalid, "port"},
		{"x", Spec{Destinations: []wire.Destination{{To: "tcp://siem.example.com:514", Format: "gelf"}}}, fault.Invalid, "format"},
		{"x", Spec{Destinations: to, Types: []wire.Type{"logs"}}, fault.Invalid, "data type"},
		{"x", Spec{Destinations: to, Stores: []string{"none"}}, fault.Invalid, "none"},
		{"x", Spec{Destinations: to, Filter: "raw_data:x", Denied: []string{"raw_data"}}, fault.Denied, "raw_data"},
		{"x", Spec{Destinations: []wire.Destination{raw}, Denied: []string{"raw_data"}}, fault.Denied, "raw"},
	} {
		_, err := w.Create(context.Background(), "admin", c.name, c.sp, Start{})
		if fault.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.text) {
			t.Errorf("%q %+v: %v (kind %d), want %q (kind %d)", c.name, c.sp, err, fault.KindOf(err), c.text, c.kind)
		}
	}
	_, err := w.Create(context.Background(), "admin", "x", Spec{Destinations: to, Filter: `user:"alice`}, Start{})
	var syntax *search.SyntaxError
	if !errors.As(err, &syntax) || syntax.From != 5 {
		t.Errorf("a mistake in the filter: %+v, %v", syntax, err)
	}
	if n := len(w.List(context.Background())); n != 1 {
		t.Errorf("%d agents", n)
	}
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "a")
		defer func() { w.close() }()
		a := w.create("soc", Spec{}, Start{})
		if !tokenForm.MatchString(a.token) {
			t.Errorf("token %q has not the form of the original's", a.token)
		}
		try := func(token string) wire.Reason {
			_, err := w.Hello(ctx, token, "", &wire.Hello{})
			return reason(err)
		}
		want := func(what, token string, r wire.Reason) {
			t.Helper()
			if got := try(token); got != r {
				t.Errorf("%s: %q, want %q", what, got, r)
			}
		}
		want("none", "", wire.ReasonMalformed)
		want("an API token", "kiro_abc_def", wire.ReasonMalformed)
		want("another", strings.Repeat("a", 64), wire.ReasonUnknown)
		want("its own", a.token, "")
		second, err := w.Rotate(ctx, a.id, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		want("the old one within the overlap", a.token, "")
		want("the new one", second, "")
		third, err := w.Rotate(ctx, a.id, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - time.Second)
		want("the old one, a second before", a.token, "")
		time.Sleep(time.Second)
		want("the old one, after", a.token, wire.ReasonExpired)
		w.restart()
		want("the old one, after a restart", a.token, wire.ReasonExpired)
		want("the second", second, "")
		if err := w.Revoke(ctx, a.id); err != nil {
			t.Fatal(err)
		}
		want("revoked", third, wire.ReasonRevoked)
		last, err := w.Rotate(ctx, a.id, Overlap)
		if err != nil {
			t.Fatal(err)
		}
		want("made after", last, "")
		want("revoked stays", second, wire.ReasonRevoked)
		if err := w.Delete(ctx, a.id); err != nil {
			t.Fatal(err)
		}
		want("deleted", last, wire.ReasonDeleted)
		w.restart()
		want("deleted, after a restart", last, wire.ReasonDeleted)
		if _, err := w.Get(ctx, a.id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a deleted agent is shown: %v", err)
		}
		w.create("soc", Spec{}, Start{}) // its name is free
		rows, err := meta.ListSIEMTokens(ctx, w.db.Read())
		if err != nil || len(rows) != 5 {
			t.Fatal(rows, err)
		}
		for _, r := range rows {
			if len(r.Hash) != 64 || strings.Contains(a.token+second+third+last, r.Hash) {
				t.Errorf("a token is stored as %q", r.Hash)
			}
		}
	})
}

func TestEdit(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, "a")
	defer func() { w.close() }()
	w.lake.add("a", 4, time.Now())
	a := w.create("soc", Spec{Destinations: []wire.Destination{relp("one"), relp("two")}}, Start{})
	a.hello()
	b := a.pull(wire.Pull{Destination: "one", Max: 2})
	if err := a.tryAck("one", wire.Positions{"a": b.Next}, 2); err != nil {
		t.Fatal(err)
	}
	filter := `message:"a 4"`
	if err := w.Edit(ctx, a.id, Change{Filter: &filter, Destinations: []wire.Destination{relp("one"), relp("three")}}); err != nil {
		t.Fatal(err)
	}
	if b := a.pull(wire.Pull{Destination: "one"}); len(b.records) > 0 {
		t.Errorf("before Hello: %v", b.uids())
	}
	a.again()
	for name, want := range map[string][]string{"one": {"a-4"}, "three": {"a-4"}} {
		if b := a.pull(wire.Pull{Destination: name}); !slices.Equal(b.uids(), want) {
			t.Errorf("%s: %v", name, b.uids())
		}
	}
	if _, err := a.tryPull(wire.Pull{Destination: "two"}); reason(err) != wire.ReasonInvalid {
		t.Errorf("a destination that was taken away: %v", err)
	}
	w.restart()
	st := a.status()
	if len(st.Destinations) != 2 || st.Destinations[0].Cursor["a"] != 2 || st.Destinations[0].Confirmed != 2 || st.Destinations[1].Cursor["a"] != 0 {
		t.Errorf("%+v", st.Destinations)
	}
	if bad := "("; w.Edit(ctx, a.id, Change{Filter: &bad}) == nil {
		t.Error("a filter with a mistake is taken")
	}
	// What did not match may match now, and is not left out for that.
	a.hello()
	a.pull(wire.Pull{Destination: "one"})
	all := ""
	if err := w.Edit(ctx, a.id, Change{Filter: &all}); err != nil {
		t.Fatal(err)
	}
	a.hello()
	if b := a.pull(wire.Pull{Destination: "one"}); !slices.Equal(b.uids(), []string{"a-3", "a-4"}) {
		t.Errorf("without filter: %v", b.uids())
	}
}

// A store that the agent did not read begins at the start time, too; where it stands elsewhere does not change.
func TestEditStores(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, "a", "b")
	defer func() { w.close() }()
	w.lake.add("a", 3, time.Now())
	w.lake.add("b", 3, time.Now())
	a := w.create("soc", Spec{Stores: []string{"a"}}, Start{})
	a.hello()
	b := a.pull(wire.Pull{Max: 1})
	a.ack(&b)
	if err := w.Edit(ctx, a.id, Change{Stores: &[]string{"a", "b"}, Start: &Start{Now: true}}); err != nil {
		t.Fatal(err)
	}
	w.lake.add("b", 1, time.Now())
	w.restart()
	a.hello()
	var got []string
	for range 2 {
		b := a.pull(wire.Pull{})
		got = append(got, b.uids()...)
	}
	if want := []string{"a-2", "a-3", "b-4"}; !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "a")
		defer w.close()
		w.lake.add("a", 1, time.Now())
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		if err := w.Pause(ctx, a.id); err != nil {
			t.Fatal(err)
		}
		a.again()
		if b := a.pull(wire.Pull{WaitMS: 1000}); len(b.records) > 0 {
			t.Errorf("while it is paused: %v", b.uids())
		}
		if ans, err := w.Heartbeat(ctx, a.token, a.session, &wire.Heartbeat{}); err != nil || !ans.Paused {
			t.Errorf("%+v, %v", ans, err)
		}
		if err := w.Resume(ctx, a.id); err != nil {
			t.Fatal(err)
		}
		a.again()
		if b := a.pull(wire.Pull{}); len(b.records) != 1 {
			t.Errorf("then: %v", b.uids())
		}
	})
}

// Every mistake is one, and something is said to do about it.
func TestMistakes(t *testing.T) {
	for i, err := range Mistakes() {
		if err == nil || fault.KindOf(err) == fault.Other || fault.NextOf(err) == "" {
			t.Errorf("%d: %v, next %q", i, err, fault.NextOf(err))
		}
	}
}
