package forward

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// drain pulls and acknowledges until the recovery is done, or there is nothing.
func (a *siem) drain() (uids []string, done bool) {
	a.w.t.Helper()
	for range 100 {
		b := a.pull(wire.Pull{Max: 2})
		if b.Done || b.Store == "" {
			return uids, b.Done
		}
		uids = append(uids, b.uids()...)
		a.ack(&b)
	}
	a.w.t.Fatal("it does not end")
	return nil, false
}

// Who recovers a period learns at once what of it cannot come back.
func TestRecoveryOfWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b")
		defer w.close()
		from := time.Now()
		w.lake.add("a", 5, from)
		w.lake.add("b", 5, from)
		w.lake.drop("a", 3)
		main := w.create("soc", Spec{}, Start{})
		for _, c := range []struct {
			to   time.Time
			by   string
			says string
		}{{from.Add(time.Hour), "", "Retention has removed up to 3 events of the period from store a, which cannot be sent."}, {from.Add(time.Hour), ByIngest, ""}} {
			time.Sleep(time.Second) // names are made of the time
			m, err := w.Recover(t.Context(), "admin", main.id, Recovery{From: from, To: c.to, By: c.by})
			if err != nil || !strings.HasSuffix(m.Note, c.says) || strings.Contains(m.Note, "store b") || strings.Contains(m.Note, "Retention") != (c.says != "") {
				t.Errorf("by %q: %q, %v", c.by, m.Note, err)
			}
		}
	})
}

func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "a")
		defer func() { w.close() }()
		from := time.Now()
		to := from.Add(time.Hour)
		w.lake.add("a", 1, from.Add(-time.Microsecond))
		w.lake.add("a", 1, from) // T1 is in it
		w.lake.add("a", 1, to.Add(-time.Microsecond))
		w.lake.add("a", 1, to) // T2 is not
		w.lake.add("a", 1, from, func(s *stored) { s.alert = true })
		w.lake.add("a", 1, from, func(s *stored) { s.message = "other" })
		main := w.create("soc", Spec{Filter: "a"}, Start{})
		main.hello()
		b := main.pull(wire.Pull{Max: 3})
		main.ack(&b)
		before := main.status()
		m, err := w.Recover(ctx, "admin", main.id, Recovery{From: from, To: to})
		if err != nil || !strings.Contains(m.Note, "same external id") {
			t.Fatal(m, err)
		}
		other := "b" // copied: what becomes of the main agent is nothing to the recovery
		if err := w.Edit(ctx, main.id, Change{Filter: &other}); err != nil {
			t.Fatal(err)
		}
		r := &siem{w: w, id: m.ID, token: m.Token, after: map[string]wire.Positions{}}
		if st := r.status(); st.LagRecords != 2 { // what lies behind the period does not count
			t.Errorf("%d events to look at, want 2", st.LagRecords)
		}
		w.lake.add("a", 1, to.Add(time.Hour))
		time.Sleep(endsEvery)
		if st := r.status(); st.LagRecords != 2 {
			t.Errorf("%d events to look at after one of later, want 2", st.LagRecords)
		}
		if c := r.hello(); c.Agent.Kind != wire.Recovery || !c.Agent.From.Equal(from) || c.Agent.Filter != "a" || !slices.Equal(c.Agent.Types, []wire.Type{wire.Activities}) {
			t.Errorf("it is told %+v", c.Agent)
		}
		got, done := r.drain()
		if !slices.Equal(got, []string{"a-2", "a-3"}) || done {
			t.Errorf("sent %v, done %v before its end", got, done)
		}
		if st := r.status(); st.LagRecords != 0 || st.LagSeconds != 0 || st.Destinations[0].Metrics.Confirmed != 2 || st.Destinations[0].Metrics.Pulled != 2 {
			t.Errorf("%d events to look at, %d s, %+v, when all are sent", st.LagRecords, st.LagSeconds, st.Destinations[0].Metrics)
		}
		if _, err := w.Complete(ctx, r.token, r.session); reason(err) != wire.ReasonInvalid {
			t.Errorf("complete before its end: %v", err)
		}
		w.restart()
		r.hello()
		time.Sleep(time.Until(to.Add(settle - time.Second)))
		w.lake.add("a", 1, from) // late
		b = r.pull(wire.Pull{})
		if !slices.Equal(b.uids(), []string{"a-8"}) {
			t.Errorf("then %v", b.uids())
		}
		time.Sleep(time.Second)
		if b := r.pull(wire.Pull{WaitMS: 1000}); !b.Done {
			t.Errorf("it is not done: %+v", b.BatchHeader)
		}
		if _, err := w.Complete(ctx, r.token, r.session); reason(err) != wire.ReasonInvalid {
			t.Errorf("complete with a record that is not confirmed: %v", err)
		}
		r.ack(&b)
		sum, err := w.Complete(ctx, r.token, r.session)
		if err != nil || sum.Records != 3 || !sum.From.Equal(from) || !sum.To.Equal(to) || sum.Last.UID != "last" {
			t.Errorf("receipt %+v, %v", sum, err)
		}
		w.restart()
		if _, err := w.Hello(ctx, r.token, "", &wire.Hello{}); reason(err) != wire.ReasonCompleted {
			t.Errorf("afterwards: %v", err)
		}
		st := r.status()
		if st.State != wire.StateCompleted || st.Recovery == nil || st.Recovery.Like != main.id || st.Tokens[0].State != "revoked" {
			t.Errorf("%+v", st)
		} else if diff := cmp.Diff(sum, *st.Recovery.Receipt); diff != "" {
			t.Errorf("receipt (-told +shown):\n%s", diff)
		}
		after := main.status()
		if diff := cmp.Diff(before.Cursor, after.Cursor); diff != "" || after.LastContact.IsZero() || before.Destinations[0].Confirmed != after.Destinations[0].Confirmed {
			t.Errorf("the main agent changed:\n%s", diff)
		}
		if err := w.Delete(ctx, r.id); err != nil || main.status().State != wire.Connected {
			t.Errorf("after deleting the recovery: %v, the main agent is %s", err, main.status().State)
		}
	})
}

// What the main agent is given is the same with and without a recovery beside it.
func TestRecoveryBeside(t *testing.T) {
	at := time.Now().Add(-time.Hour)
	sent := func(beside bool) (all []string) {
		w := newWorld(t, "a")
		defer w.close()
		w.lake.add("a", 20, at)
		main := w.create("soc", Spec{}, Start{})
		main.hello()
		var r *siem
		for i := range 10 {
			if beside && i == 3 {
				m, err := w.RecoverLike(context.Background(), main.token, &wire.Recover{From: at, To: at.Add(time.Minute)})
				if err != nil {
					t.Fatal(err)
				}
				r = &siem{w: w, id: m.ID, token: m.Token, after: map[string]wire.Positions{}}
				r.hello()
			}
			b := main.pull(wire.Pull{Max: 2})
			for _, rec := range b.records {
				all = append(all, string(rec.Line))
			}
			main.ack(&b)
			if r != nil {
				got := r.pull(wire.Pull{Max: 3})
				r.ack(&got)
			}
		}
		if r != nil {
			if st := r.status(); st.CreatedBy != "siem-agent:soc" || st.Destinations[0].Confirmed == 0 {
				t.Errorf("recovery %+v", st)
			}
		}
		return all
	}
	if diff := cmp.Diff(sent(false), sent(true)); diff != "" {
		t.Errorf("-without +with a recovery:\n%s", diff)
	}
}

func TestRecoverRefuses(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	main := w.create("soc", Spec{}, Start{})
	now := time.Now()
	for _, c := range []struct {
		like string
		r    Recovery
		kind fault.Kind
	}{
		{"none", Recovery{From: now, To: now.Add(1)}, fault.NotFound},
		{main.id, Recovery{From: now, To: now}, fault.Invalid},
		{main.id, Recovery{From: now}, fault.Invalid},
		{main.id, Recovery{From: now, To: now.Add(1), By: "arrival"}, fault.Invalid},
		{main.id, Recovery{From: now, To: now.Add(1), Only: []string{"none"}}, fault.Invalid},
	} {
		if _, err := w.Recover(context.Background(), "admin", c.like, c.r); fault.KindOf(err) != c.kind {
			t.Errorf("%+v: %v", c.r, err)
		}
	}
	if _, err := w.Complete(context.Background(), main.token, main.hello().Session); reason(err) != wire.ReasonInvalid {
		t.Errorf("a main agent completes: %v", err)
	}
}

// By time of arrival, the window holds what came then, whenever it happened.
func TestRecoverByIngest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		defer w.close()
		old := time.Now().Add(-1000 * time.Hour)
		w.lake.add("a", 1, old)
		time.Sleep(time.Hour)
		from := time.Now()
		w.lake.add("a", 1, old)
		time.Sleep(time.Hour)
		w.lake.add("a", 1, old)
		main := w.create("soc", Spec{}, Start{})
		m, err := w.Recover(context.Background(), "admin", main.id, Recovery{From: from, To: from.Add(time.Hour), By: ByIngest})
		if err != nil {
			t.Fatal(err)
		}
		r := &siem{w: w, id: m.ID, token: m.Token, after: map[string]wire.Positions{}}
		r.hello()
		if got, _ := r.drain(); !slices.Equal(got, []string{"a-2"}) {
			t.Errorf("sent %v", got)
		}
	})
}

func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t, "a")
		defer func() { w.close() }()
		stop := w.run()
		w.lake.add("a", 4, time.Now())
		a := w.create("soc", Spec{}, Start{})
		a.hello()
		b := a.pull(wire.Pull{})
		dead := func(store string, seq int64, uid, why string) error {
			return w.Dead(ctx, a.token, a.session, &wire.Dead{Destination: "siem", Store: store, Seq: seq, UID: uid, Reason: why})
		}
		if err := dead("a", 5, "a-5", "x"); reason(err) != wire.ReasonInvalid {
			t.Errorf("a record that was not pulled: %v", err)
		}
		for range 2 { // told twice, it is one
			if err := dead("a", 2, "a-2", "400 Bad Request"); err != nil {
				t.Fatal(err)
			}
		}
		if err := dead("a", 3, "a-3", "400"); err != nil {
			t.Fatal(err)
		}
		a.ack(&b)
		synctest.Wait()
		if st := a.status(); st.DeadLetters != 2 || st.Destinations[0].Dead != 2 || !slices.Equal(a.codes(), []wire.Code{wire.RecordDeadLetter}) || len(w.lake.alerted(t)) != 1 {
			t.Errorf("%d, %d, %v, %v", st.DeadLetters, st.Destinations[0].Dead, a.codes(), w.lake.alerted(t))
		}
		letters, err := w.DeadLetters(ctx, a.id, 0, 10)
		if err != nil || len(letters) != 2 || letters[0].UID != "a-2" || letters[0].Reason != "400 Bad Request" {
			t.Fatal(letters, err)
		}
		if n, err := w.Replay(ctx, a.id, nil); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := w.Replay(ctx, a.id, nil); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		stop()
		w.restart()
		stop = w.run()
		a.hello()
		b = a.pull(wire.Pull{})
		if !slices.Equal(b.uids(), []string{"a-2", "a-3"}) || !strings.Contains(string(b.records[0].Line), "a-2") {
			t.Fatalf("sent again: %v", b.uids())
		}
		if err := dead(b.Store, b.records[1].Seq, "a-3", "413"); err != nil { // one is refused again
			t.Fatal(err)
		}
		a.ack(&b)
		if letters, err = w.DeadLetters(ctx, a.id, 0, 10); err != nil || len(letters) != 1 || letters[0].Reason != "413" || letters[0].Replaying {
			t.Errorf("left: %+v, %v", letters, err)
		}
		if b := a.pull(wire.Pull{}); len(b.records) > 0 {
			t.Errorf("then %v", b.uids())
		}
		// One whose event is gone stays, and says so.
		w.lake.drop("a", 4)
		if n, err := w.Replay(ctx, a.id, []int64{letters[0].ID}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if b := a.pull(wire.Pull{}); len(b.records) > 0 {
			t.Errorf("then %v", b.uids())
		}
		if letters, err = w.DeadLetters(ctx, a.id, 0, 10); err != nil || len(letters) != 1 || !strings.Contains(letters[0].Reason, "no longer stored") {
			t.Errorf("left: %+v, %v", letters, err)
		}
		if err := w.DeleteDead(ctx, a.id, letters[0].ID); err != nil || len(a.codes()) > 0 || a.status().DeadLetters != 0 {
			t.Errorf("after deleting it: %v, %v", err, a.codes())
		}
		if err := w.DeleteDead(ctx, a.id, 99); fault.KindOf(err) != fault.NotFound {
			t.Errorf("one that is not there: %v", err)
		}
		if _, err := w.Replay(ctx, a.id, []int64{99}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("one that is not there: %v", err)
		}
		if _, listed := a.status().Cursor[deadStore]; listed {
			t.Error("the dead letters are shown as a store")
		}
		stop()
	})
}

// What cannot be encoded is a dead letter; what is too long is shortened and told. Delivery goes on.
func TestPoison(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	w.lake.add("a", 1, time.Now(), func(s *stored) { s.message = strings.Repeat("long ", 1000) })
	w.lake.add("a", 1, time.Now())
	d := relp("siem")
	d.MaxBytes = wire.MinMaxBytes
	a := w.create("soc", Spec{Destinations: []wire.Destination{d}}, Start{})
	a.hello()
	b := a.pull(wire.Pull{})
	if !slices.Equal(b.uids(), []string{"a-1", "a-2"}) || len(b.records[0].Line) > d.MaxBytes || !slices.Equal(a.codes(), []wire.Code{wire.RecordOversize}) || a.status().Destinations[0].Oversize != 1 {
		t.Errorf("%v, %v, %+v", b.uids(), a.codes(), a.status().Destinations[0])
	}
}

// A record that is sent again, to another process or after an edit, is not counted as shortened again.
func TestShortenedOnce(t *testing.T) {
	w := newWorld(t, "a")
	defer w.close()
	long := func(s *stored) { s.message = strings.Repeat("long ", 1000) }
	w.lake.add("a", 4, time.Now(), long)
	d := relp("siem")
	d.MaxBytes = wire.MinMaxBytes
	a := w.create("soc", Spec{Destinations: []wire.Destination{d}}, Start{})
	for i, want := range []int64{4, 4, 5} {
		if i == 2 {
			w.lake.add("a", 1, time.Now(), long)
		}
		a.hello()
		b := a.pull(wire.Pull{})
		if got := a.status().Destinations[0].Oversize; got != want || int64(b.BatchHeader.Records) != want {
			t.Errorf("%d records are counted as shortened of %d, want %d", got, b.BatchHeader.Records, want)
		}
	}
}

// A look tells what cannot be encoded, once, and makes no dead letter of it.
func TestLookAtPoison(t *testing.T) {
	name := strings.Repeat("a", wire.MinMaxBytes) // and so the ids
	w := newWorld(t, name)
	defer w.close()
	w.lake.add(name, 2, time.Now())
	d := relp("siem")
	d.MaxBytes = wire.MinMaxBytes
	a := w.create("soc", Spec{Destinations: []wire.Destination{d}}, Start{})
	for _, tt := range []struct {
		req  wire.Pull
		dead int
	}{
		{wire.Pull{Check: true}, 1},
		{wire.Pull{Peek: wire.PeekNext}, 2},
		{wire.Pull{Peek: wire.PeekNext, After: wire.Positions{name: 2}}, 0},
	} {
		b := a.pull(tt.req)
		if b.BatchHeader.Records != 0 || b.Dead != tt.dead || strings.Contains(b.DeadWhy, "max_bytes") != (tt.dead > 0) {
			t.Errorf("%+v: %d records, %d cannot be encoded: %s", tt.req, b.BatchHeader.Records, b.Dead, b.DeadWhy)
		}
	}
	if n := a.status().DeadLetters; n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// An agent that asks for what is missing has the receipts already: only who makes the recovery is told to name them.
func TestRecoveryOfWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		defer w.close()
		main, from := w.create("soc", Spec{}, Start{}), time.Now()
		m, err := w.Recover(t.Context(), "admin", main.id, Recovery{From: from, To: from.Add(time.Hour), Missing: true})
		if err != nil || m.Note != missingNote {
			t.Errorf("by a person: %q, %v", m.Note, err)
		}
		time.Sleep(time.Second) // names are made of the time
		r, err := w.RecoverLike(t.Context(), main.token, &wire.Recover{From: from, To: from.Add(time.Hour), Missing: true})
		if err != nil || r.Note != missingHere {
			t.Errorf("by the agent: %q, %v", r.Note, err)
		}
	})
}
