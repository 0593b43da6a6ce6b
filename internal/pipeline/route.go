package pipeline

import (
	"slices"

	"kiroku/internal/event"
)

// route appends the stores of an event: the one that its input or a route names, and those that ask for it; when there are
// none, the default store.
func (p *Pipeline) route(to []string, rec *event.Record, e *event.Event) []string {
	if name := p.chosen(rec, e); name != "" {
		to = append(to, name)
	}
	if p.opt.Collect != nil {
		for _, name := range p.opt.Collect(rec, e) {
			if !slices.Contains(to, name) {
				to = append(to, name)
			}
		}
	}
	if len(to) == 0 {
		to = append(to, p.opt.Default)
	}
	return to
}

// chosen is the store that the input or a route names, or "".
func (p *Pipeline) chosen(rec *event.Record, e *event.Event) string {
	o := rec.From()
	if o.Store != "" {
		return o.Store
	}
	for i := range p.opt.Routes {
		if r := &p.opt.Routes[i]; r.fits(o, e) {
			return r.Store
		}
	}
	return ""
}

func (r *Route) fits(o *event.Origin, e *event.Event) bool {
	return holds(r.Sources, e.GetStr(event.ColSource)) && holds(r.Services, e.GetStr(event.ColService)) && holds(r.Inputs, o.Input) &&
		(len(r.Tags) == 0 || slices.ContainsFunc(e.GetList(event.ColTags), func(t string) bool { return slices.Contains(r.Tags, t) }))
}

func holds(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
