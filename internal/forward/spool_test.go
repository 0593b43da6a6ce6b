package forward

import (
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// What an agent has in its spool is acknowledged and not delivered, and is said so, also after a restart of the server and
// while the agent is not heard of.
func TestSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "default")
		defer func() { w.close() }()
		w.lake.add("default", 10, time.Now())
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		b := a.pull(wire.Pull{Destination: "siem"})
		n := int64(len(b.uids()))
		ack := func(in *wire.Ack) {
			t.Helper()
			in.Destination = "siem"
			if _, err := w.Ack(t.Context(), a.token, a.session, in); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(when string, spooled, confirmed, lag int64, d wire.Delivery) {
			t.Helper()
			st := a.status()
			ds := &st.Destinations[0]
			if ds.SpooledRecords != spooled || st.SpooledRecords != spooled || ds.SpooledBytes != 100*spooled || ds.Confirmed != confirmed || st.LagSeconds != lag || st.Delivery != d || st.LagRecords != 0 {
				t.Errorf("%s: %+v", when, st)
			}
		}
		ack(&wire.Ack{Positions: wire.Positions{b.Store: b.Next}, Spool: &wire.Spool{Records: n, Bytes: 100 * n, OldestMS: 1000}})
		expect("acknowledged", n, 0, 1, wire.DeliveryOK)
		if !a.status().Destinations[0].LastAck.IsZero() {
			t.Error("nothing is confirmed, and it says when it last was")
		}
		time.Sleep(wire.DefaultThresholds().Backlog)
		expect("five minutes later", n, 0, 301, wire.DeliveryBacklog)
		w.restart()
		expect("after a restart", n, 0, 301, wire.DeliveryBacklog)
		a.hello()
		expect("in a new session", n, 0, 301, wire.DeliveryBacklog)
		ack(&wire.Ack{Records: n - 1, Spool: &wire.Spool{Records: 1, Bytes: 100, OldestMS: 2000}})
		expect("confirmed but one", 1, n-1, 2, wire.DeliveryOK)
		if _, err := w.Heartbeat(t.Context(), a.token, a.session, &wire.Heartbeat{Destinations: map[string]wire.Metrics{"siem": {}}}); err != nil {
			t.Fatal(err)
		}
		expect("after the heartbeat of an agent without a spool", 1, n-1, 2, wire.DeliveryOK)
		if _, err := w.Heartbeat(t.Context(), a.token, a.session, &wire.Heartbeat{Destinations: map[string]wire.Metrics{"siem": {Spool: &wire.Spool{}}}}); err != nil {
			t.Fatal(err)
		}
		expect("after the heartbeat of one with a spool", 0, n-1, 0, wire.DeliveryOK)
	})
}

// What a process told of its spool holds until the next one begins, which tells it again.
func TestSpoolNotifications(t *testing.T) {
	w := newWorld(t, "default")
	defer w.close()
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	for code, destination := range map[wire.Code]string{wire.SpoolFull: "siem", wire.SpoolDamaged: "siem", wire.SpoolLeft: ""} {
		if err := w.Notify(t.Context(), a.token, a.session, &wire.Notify{Destination: destination, Code: code, Text: "text"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.codes()); n != 3 {
		t.Errorf("%d are open, want 3", n)
	}
	a.again()
	if n := len(a.codes()); n != 3 {
		t.Errorf("the same session asks for its configuration, and %d are open, want 3", n)
	}
	a.hello()
	if codes := a.codes(); len(codes) > 0 {
		t.Errorf("a process begins, and open are %v", codes)
	}
}
