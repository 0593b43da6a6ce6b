package watch

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

var first = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func at(hours float64) time.Time { return first.Add(time.Duration(hours * float64(time.Hour))) }

// cases are what happens to a trail whose digests end at 10:00, 11:00 … 15:00, of which those up to 13:00 were verified at 13:30.
var cases = map[string]struct {
	do      func(w *world, m *trail) // between the verifications
	now     time.Time                // of the second one; zero: 15:30
	alerts  []string
	periods []string
	wrong   string // of the status, in part
}{
	"nothing": {
		periods: []string{"01T09:00 01T15:00 valid starts"},
	},
	"a log file that was verified is altered": { // in the hour that is looked at again
		do:      func(w *world, m *trail) { w.bucket[m.logs[3]] = object{raw: zip(w.t, []byte("other"))} },
		alerts:  []string{"hash_mismatch 01T12:00"},
		wrong:   "hash value doesn't match",
		periods: []string{"01T09:00 01T12:00 valid starts", "01T12:00 01T13:00 invalid", "01T13:00 01T15:00 valid"},
	},
	"a new log file is deleted": {
		do:      func(w *world, m *trail) { delete(w.bucket, m.logs[4]) },
		alerts:  []string{"not_found 01T13:00"},
		wrong:   ".json.gz: not found",
		periods: []string{"01T09:00 01T13:00 valid starts", "01T13:00 01T14:00 invalid", "01T14:00 01T15:00 valid"},
	},
	"a new digest is deleted": {
		do:      func(w *world, m *trail) { delete(w.bucket, m.digests[4]) },
		alerts:  []string{"not_found 01T13:00"},
		wrong:   "_20260301T140000Z.json.gz: not found",
		periods: []string{"01T09:00 01T13:00 valid starts", "01T13:00 01T14:00 missing", "01T14:00 01T15:00 valid"},
	},
	"the newest digest is deleted, and no other comes": {
		do: func(w *world, m *trail) {
			for _, key := range m.digests[3:] {
				delete(w.bucket, key)
			}
		},
		now:     at(3.5),
		alerts:  []string{"missing 01T12:00"},
		wrong:   "from 2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z were deleted",
		periods: []string{"01T09:00 01T12:00 valid starts", "01T12:00 01T13:00 missing"},
	},
	"everything is deleted": {
		do:      func(w *world, m *trail) { clear(w.bucket) },
		alerts:  []string{"missing 01T12:00"},
		wrong:   "from 2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z were deleted",
		periods: []string{"01T09:00 01T12:00 valid starts", "01T12:00 01T13:00 missing"},
	},
	"the trail is stopped": {
		do: func(w *world, m *trail) {
			for _, key := range m.digests[4:] {
				delete(w.bucket, key)
			}
		},
		now:     at(10),
		alerts:  []string{"ended 01T13:00"},
		periods: []string{"01T09:00 01T13:00 valid starts", "01T13:00 01T18:00 ended"},
	},
	"the trail is started anew at once": {
		do:      func(w *world, m *trail) { m.previous = nil; m.hour(at(4)); m.hour(at(5)) },
		alerts:  []string{"restarted 01T13:00"},
		periods: []string{"01T09:00 01T13:00 valid starts", "01T13:00 01T15:00 valid starts"},
	},
	"the trail is started anew days later": {
		do: func(w *world, m *trail) {
			delete(w.bucket, m.digests[4])
			delete(w.bucket, m.digests[5])
			m.previous = nil
			m.hour(at(99))
			m.hour(at(100))
		},
		now:     at(100.5),
		alerts:  []string{"gap 01T13:00"},
		periods: []string{"01T09:00 01T13:00 valid starts", "01T13:00 05T12:00 gap", "05T12:00 05T14:00 valid starts"},
	},
	"nobody looked for a week": {
		do: func(w *world, m *trail) {
			for h := 6; h <= 170; h++ {
				m.hour(at(float64(h)))
			}
			delete(w.bucket, m.logs[60])
		},
		now:     at(170.5),
		alerts:  []string{"not_found 03T21:00"},
		wrong:   "not found",
		periods: []string{"01T09:00 03T21:00 valid starts", "03T21:00 03T22:00 invalid", "03T22:00 08T12:00 valid"},
	},
}

func TestContinuous(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := &trail{tb: t, into: w.bucket, name: "audit", account: "111122223333"}
			for h := range 4 {
				m.hour(at(float64(h)))
			}
			if err := w.verify(at(3.5), time.Time{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"01T09:00 01T13:00 valid starts"}, w.periods()); diff != "" || len(w.lake.alerts) > 0 {
				t.Fatalf("at first: alerts %q, periods %s", w.lake.alerts, diff)
			}
			m.hour(at(4))
			m.hour(at(5))
			if c.do != nil {
				c.do(w, m)
			}
			if c.now.IsZero() {
				c.now = at(5.5)
			}
			// The service is started anew each time, and what was found is found again.
			for i := range 3 {
				w.start()
				if err := w.verify(c.now.Add(time.Duration(i)*time.Minute), time.Time{}); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.alerts, w.lake.alerts); diff != "" {
					t.Errorf("time %d, alerts: %s", i+1, diff)
				}
			}
			if got, err := w.watch.wrong(t.Context(), "trail"); err != nil || !strings.Contains(got, c.wrong) || (got == "") != (c.wrong == "") {
				t.Errorf("%q is wrong, %v; want %q in it", got, err, c.wrong)
			}
			got := w.periods()
			if name == "the trail is stopped" { // "ended" goes on with the time
				got[1] = c.periods[1]
			}
			if diff := cmp.Diff(c.periods, got); diff != "" {
				t.Errorf("periods: %s", diff)
			}
		})
	}
}

// An alert is stored once, also when the lake refuses it at first, and when it stores it and the answer is lost.
func TestAlertOnce(t *testing.T) {
	for _, fail := range []func(*lake){
		func(l *lake) { l.before = errors.New("disk full") },
		func(l *lake) { l.after = errors.New("connection lost") },
	} {
		w := newWorld(t)
		m := &trail{tb: t, into: w.bucket, name: "audit", account: "111122223333"}
		for h := range 4 {
			m.hour(at(float64(h)))
		}
		delete(w.bucket, m.logs[1])
		fail(w.lake)
		if err := w.verify(at(3.5), time.Time{}); err == nil {
			t.Fatal("the lake's error is lost")
		}
		for range 2 {
			w.start()
			if err := w.verify(at(3.6), time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"not_found 01T10:00"}, w.lake.alerts); diff != "" {
			t.Error(diff)
		}
	}
}

// What was verified long ago is verified again when it is asked for.
func TestOnDemand(t *testing.T) {
	w := newWorld(t)
	m := &trail{tb: t, into: w.bucket, name: "audit", account: "111122223333"}
	for h := range 12 {
		m.hour(at(float64(h)))
	}
	if err := w.verify(at(11.5), time.Time{}); err != nil {
		t.Fatal(err)
	}
	delete(w.bucket, m.logs[1])
	if err := w.verify(at(11.5), time.Time{}); err != nil || len(w.lake.alerts) > 0 {
		t.Fatalf("an old file was looked at: %q, %v", w.lake.alerts, err)
	}
	if err := w.verify(at(11.6), at(-2)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"not_found 01T10:00"}, w.lake.alerts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"01T09:00 01T10:00 valid starts", "01T10:00 01T11:00 invalid", "01T11:00 01T21:00 valid"}, w.periods()); diff != "" {
		t.Error(diff)
	}
	chains, err := meta.ListDigestChains(t.Context(), w.db.Read(), "")
	if err != nil || len(chains) != 1 || chains[0].DigestsValid != 12 || chains[0].LogsValid != 11 || chains[0].LogsWrong != 1 || !chains[0].To.Equal(at(11)) {
		t.Errorf("%+v, %v", chains, err)
	}
}

// An error of reading says nothing: nothing of the folder is stored, and the next verification begins where the last one did.
func TestReadingFails(t *testing.T) {
	w := newWorld(t)
	m := &trail{tb: t, into: w.bucket, name: "audit", account: "111122223333"}
	m.hour(at(0))
	m.hour(at(1))
	whole := w.bucket[m.logs[0]]
	failed := errors.New("connection reset")
	w.bucket[m.logs[0]] = object{err: failed}
	if err := w.verify(at(1.5), time.Time{}); !errors.Is(err, failed) || len(w.periods()) > 0 {
		t.Errorf("%v, periods %q", err, w.periods())
	}
	w.bucket[m.logs[0]] = whole
	if err := w.verify(at(1.6), time.Time{}); err != nil || len(w.periods()) != 1 || len(w.lake.alerts) > 0 {
		t.Errorf("%v, periods %q, alerts %q", err, w.periods(), w.lake.alerts)
	}
}

// Requests that nobody has begun with become one, which goes as far back as any of them; it is served by Run.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	m := &trail{tb: t, into: w.bucket, name: "audit", account: "111122223333"}
	m.hour(at(0))
	if err := w.watch.Verify("absent", time.Time{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an input that is not there: %v", err)
	}
	for _, from := range []time.Time{{}, at(-1), at(-5), at(-3), {}} {
		if err := w.watch.Verify("", from); err != nil {
			t.Fatal(err)
		}
	}
	if from := <-w.watch.inputs[0].ask; !from.Equal(at(-5)) {
		t.Errorf("verified from %v, want %v", from, at(-5))
	}
	if err := w.watch.Verify("trail", at(-5)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.watch.Run(ctx) }()
	for len(w.periods()) == 0 && t.Context().Err() == nil {
		runtime.Gosched()
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"01T09:00 01T10:00 valid starts"}, w.periods()[:1]); diff != "" {
		t.Error(diff)
	}
}
