package pipeline

import (
	"maps"
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// priorityNormal is the priority of events that nothing makes low.
const priorityNormal = "normal"

// Priorities are "normal" or "low" by source and service; source.OtherServices stands for all services that are not
// named. Case does not matter in the names of services.
type Priorities map[event.SourceName]map[string]string

// servicePriorities are the priorities of one source. Both are nil where nobody says anything.
type servicePriorities struct {
	asked map[string]string // what SetPriorities says
	all   map[string]string // that over the source's own
}

// SetPriorities makes asked hold, over what the sources say themselves, from the next event on. What was asked for before
// is forgotten. It may be called while the pipeline runs.
func (p *Pipeline) SetPriorities(asked Priorities) {
	table := make([]servicePriorities, len(p.opt.Sources))
	for i := range p.opt.Sources {
		src := &p.opt.Sources[i]
		to := &table[i]
		if len(asked[src.Name])+len(src.Priorities) == 0 {
			continue
		}
		to.asked, to.all = map[string]string{}, maps.Clone(src.Priorities)
		if to.all == nil {
			to.all = map[string]string{}
		}
		for service, priority := range asked[src.Name] {
			service = strings.ToLower(service)
			to.asked[service], to.all[service] = priority, priority
		}
	}
	p.priorities.Store(&table)
}

// Priorities are what holds now: the sources' own and what SetPriorities said. Sources of which nobody says anything are
// left out.
func (p *Pipeline) Priorities() Priorities {
	out := Priorities{}
	for i, to := range *p.priorities.Load() {
		if to.all != nil {
			out[p.opt.Sources[i].Name] = maps.Clone(to.all)
		}
	}
	return out
}

// prioritise sets the event's priority: what was asked for its service, else what its source said of this event, else
// what holds for the service or for all others. Events that could not be mapped are there to be seen.
func (p *Pipeline) prioritise(at int, e *event.Event) {
	to := &(*p.priorities.Load())[at]
	if to.all == nil || e.Has(event.ColParseError) {
		if !e.Has(event.ColPriority) {
			e.Str(event.ColPriority, "", priorityNormal)
		}
		return
	}
	service := strings.ToLower(e.GetStr(event.ColService))
	priority, ok := to.asked[service]
	switch {
	case ok:
	case e.Has(event.ColPriority):
		return
	default:
		if priority, ok = to.all[service]; !ok {
			priority = to.all[source.OtherServices]
		}
	}
	if priority == "" {
		priority = priorityNormal
	}
	e.Str(event.ColPriority, "", priority)
}
