package forward

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/forward/wire"
)

func readAlert(t testing.TB, raw []byte) (a Alert) {
	t.Helper()
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// States, notifications and alerts change on the second.
func TestStates(t *testing.T) {
	type step struct {
		after  time.Duration
		state  wire.State
		text   string // "" for none: behind "The SIEM agent has been disconnected for more than "
		count  int64
		alerts int
	}
	const h, m, s = time.Hour, time.Minute, time.Second
	for _, c := range []struct {
		name  string
		after wire.Thresholds
		gone  string // what the alert says
		steps []step
	}{
		{"defaults", wire.DefaultThresholds(), "12 hours", []step{
			{0, wire.Connected, "", 0, 0},
			{2 * h, wire.Connected, "", 0, 0},
			{2*h + s, wire.ConnectionLost, "2 hours", 1, 0},
			{3 * h, wire.ConnectionLost, "2 hours", 1, 0},
			{3*h + s, wire.ConnectionLost, "3 hours", 2, 0},
			{12 * h, wire.ConnectionLost, "11 hours", 10, 0},
			{12*h + s, wire.Disconnected, "12 hours", 11, 1},
			{30*h + s, wire.Disconnected, "30 hours", 29, 1},
		}},
		{"sooner", wire.Thresholds{ConnectionError: 30 * m, Disconnected: 90 * m}, "90 minutes", []step{
			{30 * m, wire.Connected, "", 0, 0},
			{30*m + s, wire.ConnectionLost, "30 minutes", 1, 0},
			{h, wire.ConnectionLost, "30 minutes", 1, 0},
			{h + s, wire.ConnectionLost, "1 hour", 2, 0},
			{90 * m, wire.ConnectionLost, "1 hour", 2, 0},
			{90*m + s, wire.Disconnected, "1 hour", 2, 1},
			{2*h + s, wire.Disconnected, "2 hours", 3, 1},
		}},
		{"later", wire.Thresholds{ConnectionError: 24 * h, Disconnected: 48*h + 10*s}, "172810 seconds", []step{
			{24 * h, wire.Connected, "", 0, 0},
			{24*h + s, wire.ConnectionLost, "24 hours", 1, 0},
			{48*h + 10*s, wire.ConnectionLost, "48 hours", 25, 0},
			{48*h + 11*s, wire.Disconnected, "48 hours", 25, 1},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorldAfter(t, c.after, "default")
				defer w.close()
				defer w.run()()
				a := w.create("soc", Spec{}, Start{})
				time.Sleep(48 * h)
				if st := a.status(); st.State != wire.Created || len(st.Notifications) > 0 {
					t.Errorf("an agent that was never heard of: %s, %v", st.State, st.Notifications)
				}
				a.hello()
				began := time.Now()
				for _, c := range c.steps {
					time.Sleep(time.Until(began.Add(c.after)))
					synctest.Wait()
					st := a.status()
					text, count := "", int64(0)
					for _, n := range st.Notifications {
						text, count = strings.TrimPrefix(n.Text, "The SIEM agent has been disconnected for more than "), n.Count
						if n.Code != wire.AgentError || n.First != began.Add(w.opt.After.ConnectionError+tick).UTC() || n.Remedy == "" {
							t.Errorf("after %v: %+v", c.after, n)
						}
					}
					if st.State != c.state || text != c.text || count != c.count {
						t.Errorf("after %v: %s, %q %d times; want %s, %q %d times", c.after, st.State, text, count, c.state, c.text, c.count)
					}
					if got := w.lake.alerted(t); len(got) != c.alerts || c.alerts > 0 && (got[0].Alert != AlertDisconnected || got[0].From != began.UTC()) {
						t.Errorf("after %v: alerts %+v", c.after, got)
					}
				}
				if got := w.lake.alerted(t); !strings.Contains(got[0].Message, " for more than "+c.gone+", since ") {
					t.Errorf("the alert says %q, want %s", got[0].Message, c.gone)
				}
				a.hello()
				if st := a.status(); st.State != wire.Connected || len(st.Notifications) > 0 {
					t.Errorf("one contact later: %s, %v", st.State, st.Notifications)
				}
				if old, err := w.Notifications(context.Background(), a.id, true, 10); err != nil || len(old) != 1 || old[0].Cleared.IsZero() {
					t.Errorf("history: %+v, %v", old, err)
				}
				// The next silence is another incident.
				time.Sleep(c.after.Disconnected + h)
				synctest.Wait()
				if got := w.lake.alerted(t); len(got) != 2 {
					t.Errorf("%d alerts after the second silence", len(got))
				}
			})
		})
	}
}

// The last contact is known after a crash, to half a minute; nothing that was told is told again.
func TestStatesAfterCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "default")
		defer func() { w.close() }()
		stop := w.run()
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		time.Sleep(time.Hour)
		a.again()
		heard := time.Now()
		time.Sleep(31 * time.Second)
		synctest.Wait()
		stop()
		w.restart()
		if got := a.status().LastContact; !got.Equal(heard.Truncate(time.Microsecond)) {
			t.Errorf("last heard of at %v, want %v", got, heard)
		}
		stop = w.run()
		time.Sleep(13 * time.Hour)
		synctest.Wait()
		stop()
		w.restart()
		defer w.run()()
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := w.lake.alerted(t); len(got) != 1 {
			t.Errorf("%d alerts, want one for the incident", len(got))
		}
		if all, err := w.Notifications(context.Background(), a.id, true, 10); err != nil || len(all) != 1 || all[0].Text != "The SIEM agent has been disconnected for more than 14 hours" {
			t.Errorf("notifications: %+v, %v", all, err)
		}
	})
}

// After the server was away, agents have a moment to come back before anybody is alarmed.
func TestServerWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "default")
		defer func() { w.close() }()
		stop := w.run()
		a, gone := w.create("soc", Spec{}, Start{}), w.create("gone", Spec{}, Start{})
		a.hello()
		gone.hello()
		stop()
		time.Sleep(13 * time.Hour)
		w.restart()
		defer w.run()()
		time.Sleep(time.Minute)
		a.again()
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if got := a.codes(); len(got) > 0 {
			t.Errorf("the one that came back: %v", got)
		}
		if got, alerts := gone.codes(), w.lake.alerted(t); len(got) != 1 || len(alerts) != 1 || alerts[0].AgentName != "gone" {
			t.Errorf("the one that is gone: %v, %+v", got, alerts)
		}
	})
}

// A paused agent is not expected to be heard of.
func TestPausedIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "default")
		defer w.close()
		defer w.run()()
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		if err := w.Pause(context.Background(), a.id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(13 * time.Hour)
		synctest.Wait()
		if st := a.status(); st.State != wire.Disconnected || st.Delivery != wire.DeliveryPaused || len(st.Notifications) > 0 || len(w.lake.alerted(t)) > 0 {
			t.Errorf("%s, %s, %v", st.State, st.Delivery, st.Notifications)
		}
	})
}

// A destination that has errors for long is told of on the second.
func TestNotificationError(t *testing.T) {
	for long, says := range map[time.Duration]string{15 * time.Minute: "15 minutes", time.Hour: "1 hour", 90 * time.Second: "90 seconds"} {
		synctest.Test(t, func(t *testing.T) {
			after := wire.DefaultThresholds()
			after.NotificationError = long
			w := newWorldAfter(t, after, "default")
			defer w.close()
			defer w.run()()
			a := w.create("soc", Spec{}, Start{})
			a.hello()
			began := time.Now()
			if err := w.Notify(context.Background(), a.token, a.session, &wire.Notify{Destination: "siem", Code: wire.SendError, Text: "reset"}); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				at   time.Duration
				open int
			}{{long, 1}, {long + time.Second, 2}} {
				time.Sleep(time.Until(began.Add(c.at)))
				synctest.Wait()
				got := a.status().Notifications
				if len(got) != c.open || c.open == 2 && got[0].Text != "Destination siem has had errors for more than "+says+": reset" {
					t.Errorf("after %v: %+v, want %d", c.at, got, c.open)
				}
			}
		})
	}
}

func TestNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "default")
		defer w.close()
		defer w.run()()
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		w.lake.add("default", 1, time.Now())
		notify := func(n wire.Notify) {
			t.Helper()
			if err := w.Notify(ctx, a.token, a.session, &n); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		notify(wire.Notify{Destination: "siem", Code: wire.ConnectionError, Text: "refused"})
		time.Sleep(time.Minute)
		notify(wire.Notify{Destination: "siem", Code: wire.ConnectionError, Text: "refused", Count: 3})
		st := a.status()
		if len(st.Notifications) != 1 || st.Delivery != wire.DeliveryBlocked || st.Destinations[0].Error != "refused" {
			t.Fatalf("%s: %+v", st.Delivery, st.Notifications)
		}
		if n := st.Notifications[0]; n.Count != 4 || !n.First.Equal(began) || n.Last.Sub(began).Round(time.Second) != time.Minute || n.Cause == "" || n.Title != "Data server connection error" {
			t.Errorf("%+v", n)
		}
		time.Sleep(time.Until(began.Add(15 * time.Minute)))
		synctest.Wait()
		if got := a.codes(); !slices.Equal(got, []wire.Code{wire.ConnectionError}) {
			t.Errorf("after 15 minutes: %v", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := a.codes(); !slices.Equal(got, []wire.Code{wire.ConnectionError, wire.NotificationError}) {
			t.Errorf("after 15 minutes and a second: %v", got)
		}
		alerts := w.lake.alerted(t)
		if len(alerts) != 1 || alerts[0].Alert != AlertNotifications || alerts[0].Status != string(wire.NotificationError) {
			t.Errorf("alerts: %+v", alerts)
		}
		// The first confirmed delivery ends it; an acknowledgment of nothing does not.
		b := a.pull(wire.Pull{})
		if err := a.tryAck("siem", nil, 0); err != nil || len(a.codes()) != 2 {
			t.Errorf("an acknowledgment of nothing: %v, %v", a.codes(), err)
		}
		a.ack(&b)
		if st := a.status(); len(st.Notifications) > 0 || st.Delivery != wire.DeliveryOK {
			t.Errorf("after delivery: %s, %v", st.Delivery, st.Notifications)
		}
		// The next one is another notification, and the agent can end it itself.
		notify(wire.Notify{Destination: "siem", Code: wire.SendError, Text: "reset"})
		notify(wire.Notify{Destination: "siem", Code: wire.SendError, Cleared: true})
		all, err := w.Notifications(ctx, a.id, true, 10)
		var codes []wire.Code
		for _, n := range all {
			codes = append(codes, n.Code)
			if n.Cleared.IsZero() {
				t.Errorf("open: %+v", n)
			}
		}
		if diff := cmp.Diff([]wire.Code{wire.SendError, wire.NotificationError, wire.ConnectionError}, codes); diff != "" || err != nil {
			t.Errorf("history: %v, -want +got:\n%s", err, diff)
		}
		if err := w.Notify(ctx, a.token, a.session, &wire.Notify{Destination: "other", Code: wire.SendError}); reason(err) != wire.ReasonInvalid {
			t.Errorf("a destination that is not there: %v", err)
		}
	})
}

// Facts about agents that the server sees itself.
func TestServerNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "default")
		defer w.close()
		defer w.run()()
		udp := wire.Destination{Name: "siem", To: "udp://192.0.2.7:514", Format: wire.CEF}
		a := w.create("soc", Spec{Destinations: []wire.Destination{udp}}, Start{})
		c := a.hello()
		want := func(what string, codes ...wire.Code) {
			t.Helper()
			if got := a.codes(); !slices.Equal(got, codes) {
				t.Errorf("%s: %v, want %v", what, got, codes)
			}
		}
		want("udp", wire.UnconfirmedTransport)
		if err := w.Edit(ctx, a.id, Change{Destinations: []wire.Destination{relp("siem")}}); err != nil {
			t.Fatal(err)
		}
		want("relp")

		for _, off := range []time.Duration{60 * time.Second, 61 * time.Second, -61 * time.Second, 0} {
			if _, err := w.Heartbeat(ctx, a.token, c.Session, &wire.Heartbeat{Now: time.Now().Add(off)}); err != nil {
				t.Fatal(err)
			}
			if off.Abs() > time.Minute {
				want(fmt.Sprint("off by ", off), wire.ClockSkew)
			} else {
				want(fmt.Sprint("off by ", off))
			}
		}

		other := *a
		other.hello()
		if err := a.tryAck("siem", nil, 0); reason(err) != wire.ReasonReplaced {
			t.Errorf("the older session: %v", err)
		}
		want("replaced", wire.SessionReplaced)
		a.session = other.session
		time.Sleep(factsKept + time.Minute)
		a.again()
		synctest.Wait()
		want("a day later")

		token, err := w.Rotate(ctx, a.id, Overlap)
		if err != nil {
			t.Fatal(err)
		}
		want("rotated, not seen yet")
		a.again()
		want("the old token is used", wire.TokenExpiring)
		for range 24 {
			time.Sleep(time.Hour - time.Second)
			a.again()
		}
		want("the last minute of the overlap", wire.TokenExpiring)
		time.Sleep(time.Minute)
		synctest.Wait()
		want("the overlap is over")
		refused := func(r wire.Reason) {
			t.Helper()
			if _, err := w.Hello(ctx, a.token, a.session, &wire.Hello{}); reason(err) != r {
				t.Errorf("a void token: %v, want %s", err, r)
			}
		}
		for range 3 { // of one minute, and one more
			refused(wire.ReasonExpired)
			time.Sleep(25 * time.Second)
		}
		refused(wire.ReasonExpired)
		want("the old token is used on", wire.TokenRefused)
		if n := a.status().Notifications[0]; n.Count != 2 || !strings.Contains(n.Text, "was rotated and expired at 20") {
			t.Errorf("a token that expired: %+v", n)
		}
		a.token = token
		a.again()
		want("the new token is used")
		if err := w.Revoke(ctx, a.id); err != nil {
			t.Fatal(err)
		}
		refused(wire.ReasonRevoked)
		want("revoked", wire.TokenRefused)
		all, err := w.Notifications(ctx, a.id, true, 100)
		if err != nil {
			t.Fatal(err)
		}
		cleared := 0
		for _, n := range all {
			if n.Code == wire.TokenRefused && !n.Cleared.IsZero() {
				cleared++
			}
		}
		if cleared != 1 {
			t.Errorf("%d notifications of refused tokens in the history, want 1: %+v", cleared, all)
		}
	})
}

// Of errors by code, the server keeps those that it knows: an agent must not make it remember any number of them.
func TestErrorsByCode(t *testing.T) {
	w := newWorld(t, "default")
	defer w.close()
	a := w.create("soc", Spec{}, Start{})
	a.hello()
	m := wire.Metrics{Errors: 3, ErrorsBy: map[wire.Code]int64{wire.TLSError: 2, "made_up": 1}}
	if _, err := w.Heartbeat(context.Background(), a.token, a.session, &wire.Heartbeat{Destinations: map[string]wire.Metrics{"siem": m}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wire.Metrics{Errors: 3, ErrorsBy: map[wire.Code]int64{wire.TLSError: 2}}, a.status().Destinations[0].Metrics); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
