package forward

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// Whatever happens in whatever order, every record that passes the filter is delivered, first deliveries are in the order of their
// sequence numbers, and the position is never ahead of what was confirmed.
func TestNothingLeftOut(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { leftOut(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func leftOut(t *testing.T, r *rand.Rand) {
	w := newWorld(t, "a", "b")
	defer func() { w.close() }()
	w.lake.step = 7
	w.save.pause = 0
	a := w.create("soc", Spec{Types: []wire.Type{wire.Activities}}, Start{})
	a.hello()
	want, first := map[string][]string{}, map[string][]string{}
	seen := map[string]bool{}
	confirmed := wire.Positions{}
	var flight []pulled
	add := func() {
		store := []string{"a", "b"}[r.IntN(2)]
		for range r.IntN(12) {
			alert := r.IntN(3) == 0
			w.lake.add(store, 1, time.Now(), func(s *stored) { s.alert = alert })
			if _, last, _ := w.lake.Head(store); !alert {
				want[store] = append(want[store], fmt.Sprintf("%s-%d", store, last))
			}
		}
	}
	pull := func() {
		b := a.pull(wire.Pull{Max: 1 + r.IntN(5)})
		for _, uid := range b.uids() {
			if !seen[uid] {
				seen[uid] = true
				first[b.Store] = append(first[b.Store], uid)
			}
		}
		flight = append(flight, b)
	}
	ack := func() {
		if len(flight) == 0 {
			return
		}
		if b := flight[0]; b.Store != "" {
			a.ack(&b)
			confirmed[b.Store] = max(confirmed[b.Store], b.Next)
		}
		flight = flight[1:]
	}
	for range 200 {
		switch r.IntN(10) {
		case 0, 1, 2:
			add()
		case 3, 4, 5:
			pull()
		case 6, 7:
			ack()
		case 8: // the agent crashes
			flight = nil
			a.hello()
		case 9: // the server does; the agent may not notice
			if r.IntN(4) == 0 {
				w.restart()
				w.save.pause = 0
			}
		}
		for store, seq := range a.status().Cursor {
			if seq > confirmed[store] {
				t.Fatalf("the position in %s is %d, and %d is confirmed", store, seq, confirmed[store])
			}
		}
	}
	for n := 0; n < 2; n++ {
		pull()
		if len(flight[len(flight)-1].records) > 0 {
			n = -1
		}
		for len(flight) > 0 {
			ack()
		}
	}
	for store := range want {
		if !slices.Equal(want[store], first[store]) {
			t.Errorf("%s: delivered %v, want %v", store, first[store], want[store])
		}
	}
}

// The server remembers what it was told of a spool, over restarts, and tells the next process: a heartbeat of a spool that was
// replaced does not make it forget, an acknowledgment does.
func TestSpoolsAreTold(t *testing.T) {
	w := newWorld(t, "a")
	defer func() { w.close() }()
	w.lake.add("a", 10, time.Now())
	a := w.create("soc", Spec{}, Start{})
	if c := a.hello(); c.Spools != nil {
		t.Errorf("at first: %v", c.Spools)
	}
	a.pull(wire.Pull{})
	ack := func(s wire.Spool) {
		t.Helper()
		if _, err := w.Ack(t.Context(), a.token, a.session, &wire.Ack{Destination: "siem", Positions: wire.Positions{"a": 10}, Spool: &s}); err != nil {
			t.Fatal(err)
		}
	}
	ack(wire.Spool{Records: 7, Bytes: 700, Next: 10})
	w.restart()
	want := func(what string, s wire.Spool) {
		t.Helper()
		if got := a.hello().Spools["siem"]; got != s {
			t.Errorf("%s: %+v, want %+v", what, got, s)
		}
	}
	want("after a restart", wire.Spool{Records: 7, Bytes: 700, Next: 10})
	beat := func(s wire.Spool) {
		t.Helper()
		if _, err := w.Heartbeat(t.Context(), a.token, a.session, &wire.Heartbeat{Now: time.Now(), Destinations: map[string]wire.Metrics{"siem": {Spool: &s}}}); err != nil {
			t.Fatal(err)
		}
	}
	beat(wire.Spool{})
	want("after a heartbeat of another spool", wire.Spool{Records: 7, Bytes: 700, Next: 10})
	beat(wire.Spool{Records: 3, Bytes: 300, Next: 10})
	want("after a heartbeat of the same", wire.Spool{Records: 3, Bytes: 300, Next: 10})
	ack(wire.Spool{})
	if c := a.hello(); c.Spools != nil {
		t.Errorf("after an acknowledgment: %v", c.Spools)
	}
}

// A dead letter is counted once, though its agent tells of it, too; and what is confirmed again is not blocked any more, before
// the next heartbeat says so.
func TestDeadLetterIsCountedOnce(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	w.lake.add("a", 3, time.Now())
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	b := a.pull(wire.Pull{})
	if _, err := w.Heartbeat(t.Context(), a.token, a.session, &wire.Heartbeat{Now: time.Now(), Destinations: map[string]wire.Metrics{"siem": {Blocked: true, Error: "refused"}}}); err != nil {
		t.Fatal(err)
	}
	if st := a.status(); st.Delivery != wire.DeliveryBlocked {
		t.Errorf("before: %s", st.Delivery)
	}
	if err := w.Dead(t.Context(), a.token, a.session, &wire.Dead{Destination: "siem", Store: "a", Seq: 1, UID: "a-1", Reason: "refused"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Notify(t.Context(), a.token, a.session, &wire.Notify{Destination: "siem", Code: wire.RecordDeadLetter, Text: "record a-1: refused", Count: 1}); err != nil {
		t.Fatal(err)
	}
	a.ack(&b)
	st := a.status()
	if len(st.Notifications) != 1 || st.Notifications[0].Code != wire.RecordDeadLetter || st.Notifications[0].Count != 1 || st.DeadLetters != 1 {
		t.Errorf("notifications %+v, %d dead letters", st.Notifications, st.DeadLetters)
	}
	if st.Delivery != wire.DeliveryOK {
		t.Errorf("after it is confirmed: %s", st.Delivery)
	}
}
