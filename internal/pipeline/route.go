package pipeline

import (
	"slices"

	"kiroku/internal/event"
)

// route is the store of an event.
func (p *Pipeline) route(rec *event.Record, e *event.Event) string {
	o := rec.From()
	if o.Store != "" {
		return o.Store
	}
	for i := range p.opt.Routes {
		if r := &p.opt.Routes[i]; r.fits(o, e) {
			return r.Store
		}
	}
	return p.opt.Default
}

func (r *Route) fits(o *event.Origin, e *event.Event) bool {
	return holds(r.Sources, e.GetStr(event.ColSource)) && holds(r.Services, e.GetStr(event.ColService)) && holds(r.Inputs, o.Input) &&
		(len(r.Tags) == 0 || slices.ContainsFunc(e.GetList(event.ColTags), func(t string) bool { return slices.Contains(r.Tags, t) }))
}

func holds(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
