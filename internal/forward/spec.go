package forward

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/meta"
)

// Spec is what an agent sends where, as it is stored.
type Spec struct {
	Types        []wire.Type        `json:"types"`
	Filter       string             `json:"filter,omitempty"`
	Stores       []string           `json:"stores,omitempty"` // none: all
	Start        time.Time          `json:"start,omitzero"`   // what was there at creation is sent from this time on; zero: all of it
	Denied       []string           `json:"denied,omitempty"` // columns that its creator may not read
	Destinations []wire.Destination `json:"destinations"`
	From         time.Time          `json:"from,omitzero"` // recovery: the window
	To           time.Time          `json:"to,omitzero"`
	By           string             `json:"by,omitempty"` // recovery: event, ingest
	Missing      bool               `json:"missing_only,omitempty"`
}

// The times that the window of a recovery means.
const (
	ByEvent  = "event"
	ByIngest = "ingest"
)

// Limits of an agent.
const (
	maxName         = 100
	maxDestinations = 32
	maxFilter       = 16 << 10
)

func (sp *Spec) read(text string) error {
	if err := json.Unmarshal([]byte(text), sp); err != nil {
		return fmt.Errorf("read specification: %w", err)
	}
	return nil
}

func (sp *Spec) text() string {
	b, err := json.Marshal(sp)
	if err != nil {
		panic("BUG: the specification of an agent has no JSON: " + err.Error())
	}
	return string(b)
}

func (sp *Spec) denied() (columns []event.Column) {
	for _, name := range sp.Denied {
		if c, ok := event.ByName(name); ok {
			columns = append(columns, c)
		}
	}
	return columns
}

// request is what is asked of a store.
func (sp *Spec) request(store string) Request {
	r := Request{Store: store, Search: sp.Filter, Activities: slices.Contains(sp.Types, wire.Activities), Alerts: slices.Contains(sp.Types, wire.Alerts),
		From: sp.From, To: sp.To, By: event.ColTime, Denied: sp.denied()}
	if sp.By == ByIngest {
		r.By = event.ColIngestTime
	}
	return r
}

// normal checks a specification and fills in defaults.
func (sp *Spec) normal() error {
	if len(sp.Types) == 0 {
		sp.Types = []wire.Type{wire.Activities, wire.Alerts}
	}
	slices.Sort(sp.Types)
	sp.Types = slices.Compact(sp.Types)
	for _, t := range sp.Types {
		if t != wire.Activities && t != wire.Alerts {
			return invalid("Use activities, alerts or both.", "there is no data type %q", t)
		}
	}
	if len(sp.Filter) > maxFilter {
		return invalid("Write a shorter filter.", "the filter is longer than %d bytes", maxFilter)
	}
	slices.Sort(sp.Stores)
	sp.Stores = slices.Compact(sp.Stores)
	if n := len(sp.Destinations); n == 0 || n > maxDestinations {
		return invalid("Give each agent at least one destination, for example tcp://siem.example.com:514.", "%d destinations are not possible: 1 to %d are", n, maxDestinations)
	}
	names := map[string]bool{}
	for i := range sp.Destinations {
		d, err := normalDestination(&sp.Destinations[i], i)
		if err != nil {
			return err
		}
		if d.Raw && slices.Contains(sp.Denied, event.ColRawData.String()) {
			return fault.New(fault.Denied, fmt.Errorf("destination %q: raw needs the permission raw", d.Name), "Leave raw out, or use a token with the grant raw.")
		}
		if names[d.Name] {
			return invalid("Name each destination differently.", "two destinations are called %q", d.Name)
		}
		names[d.Name] = true
		sp.Destinations[i] = d
	}
	return nil
}

func normalDestination(d *wire.Destination, i int) (wire.Destination, error) {
	n := *d
	if n.Name == "" {
		n.Name = "siem"
		if i > 0 {
			n.Name = fmt.Sprintf("siem-%d", i+1)
		}
	}
	if err := checkName("destination", n.Name); err != nil {
		return n, err
	}
	n, err := wire.Normal(n)
	if err != nil {
		return n, fault.New(fault.Invalid, fmt.Errorf("destination %q: %w", d.To, err), fault.NextOf(err))
	}
	if _, err := newEncoder(&n, "host", "0"); err != nil {
		return n, fault.New(fault.Invalid, fmt.Errorf("destination %q: %w", n.Name, err), fault.NextOf(err))
	}
	return n, nil
}

// checkName refuses names that cannot be shown on one line.
func checkName(what, name string) error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }
	if strings.TrimSpace(name) == "" || len(name) > maxName || strings.ContainsFunc(name, bad) {
		return invalid(fmt.Sprintf("Choose a name of 1 to %d bytes on one line.", maxName), "the name %q of the %s is not possible", name, what)
	}
	return nil
}

func invalid(next, format string, args ...any) error {
	return fault.New(fault.Invalid, fmt.Errorf(format, args...), next)
}

// tag changes with everything that the agent has to know.
func (a *agent) tag() string {
	h := sha256.New()
	about := a.about()
	var expiries []time.Time // so that an agent hears of it
	for _, t := range a.tokens {
		expiries = append(expiries, t.Expires)
	}
	if err := json.NewEncoder(h).Encode([]any{about, a.spec.Destinations, a.spec.Stores, expiries}); err != nil {
		panic("BUG: the configuration of an agent has no JSON: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// about names an agent to itself.
func (a *agent) about() wire.Agent {
	return wire.Agent{ID: a.row.ID, Name: a.row.Name, Kind: wire.Kind(a.row.Kind), Paused: a.row.Status == meta.SIEMPaused, Types: a.spec.Types, Filter: a.spec.Filter,
		From: a.spec.From, To: a.spec.To, Missing: a.spec.Missing}
}
