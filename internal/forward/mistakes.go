package forward

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// What is refused for what it is asked of.

func noAgent(ref string) error {
	return fault.New(fault.NotFound, fmt.Errorf("find SIEM agent %q: there is none", ref), `List them with "kiroku agents list".`)
}

func noStore(name string) error {
	return fault.New(fault.Invalid, fmt.Errorf("event data store %q: there is none", name), `List the stores with "kiroku stores".`)
}

func isComplete(name string) error {
	return fault.New(fault.Conflict, fmt.Errorf("the recovery %q is complete", name), "Make another one for another period.")
}

func recoveryStays() error {
	return fault.New(fault.Conflict, errors.New("what a recovery sends cannot be changed"), "Delete it and make another.")
}

func manyTokensAlready() error {
	return fault.New(fault.Conflict, fmt.Errorf("rotate token: the agent has %d already", maxTokens), "Create another agent in its place, or wait until the old ones are forgotten.")
}

func checkOverlap(overlap time.Duration) error {
	if overlap < 0 || overlap > 90*24*time.Hour {
		return invalid("Use a time from 0s to 90 days.", "an overlap of %v is not possible", overlap)
	}
	return nil
}

// Mistakes lists errors of requests about agents, for the page that explains them: each is made of a wrong one.
func Mistakes() []error {
	tcp := wire.Destination{Name: "siem", To: "tcp://siem.example.com:514", Format: wire.JSON}
	spec := func(change func(sp *Spec)) error {
		sp := Spec{Destinations: []wire.Destination{tcp}}
		change(&sp)
		return sp.normal()
	}
	recovery := func(r Recovery) error { return r.check() }
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	_, wrongName := only([]wire.Destination{tcp}, []string{"other"})
	return []error{
		noAgent("other"), checkName("agent", "two\nlines"), noStore("other"),
		spec(func(sp *Spec) { sp.Types = []wire.Type{"events"} }),
		spec(func(sp *Spec) { sp.Filter = strings.Repeat("a", maxFilter+1) }),
		spec(func(sp *Spec) { sp.Destinations = nil }),
		spec(func(sp *Spec) { sp.Destinations = []wire.Destination{tcp, tcp} }),
		spec(func(sp *Spec) { sp.Destinations[0].Raw, sp.Denied = true, []string{event.ColRawData.String()} }),
		recovery(Recovery{By: "arrival"}), recovery(Recovery{From: day}), recovery(Recovery{From: day, To: day}),
		wrongName, recoveryStays(), isComplete("soc recovery"), checkOverlap(-time.Hour), manyTokensAlready(),
	}
}
