package forward

import (
	"slices"
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
