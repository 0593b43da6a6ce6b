package serve

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"kiroku/internal/api"
	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/meta"
	"kiroku/internal/pipeline"
	"kiroku/internal/source"
)

// priorities are those of the sources, over them those of the configuration, and over these what was set while the service
// ran. It is safe for concurrent use.
type priorities struct {
	db      *meta.DB
	pipe    *pipeline.Pipeline
	sources []source.Source
	config  map[string]map[string]string

	changing sync.Mutex // from the change in the database until it holds
}

// apply makes what is stored hold.
func (p *priorities) apply(ctx context.Context) error {
	rows, err := meta.ListPriorities(ctx, p.db.Read())
	if err != nil {
		return err
	}
	asked := pipeline.Priorities{}
	put := func(name, service, priority string) {
		if asked[event.SourceName(name)] == nil {
			asked[event.SourceName(name)] = map[string]string{}
		}
		asked[event.SourceName(name)][strings.ToLower(service)] = priority
	}
	for name, services := range p.config {
		for service, priority := range services {
			put(name, service, priority)
		}
	}
	for _, r := range rows {
		put(r.Source, r.Service, r.Priority)
	}
	p.pipe.SetPriorities(asked)
	return nil
}

// List returns what holds now, by source and service, and who says so.
func (p *priorities) List(ctx context.Context) ([]api.Priority, error) {
	rows, err := meta.ListPriorities(ctx, p.db.Read())
	if err != nil {
		return nil, err
	}
	out := []api.Priority{}
	for name, services := range p.pipe.Priorities() {
		config := map[string]bool{}
		for service := range p.config[string(name)] {
			config[strings.ToLower(service)] = true
		}
		for service, priority := range services {
			x := api.Priority{Source: string(name), Service: service, Priority: priority, Origin: originSource}
			switch {
			case slices.ContainsFunc(rows, func(r meta.Priority) bool { return r.Source == string(name) && r.Service == service }):
				x.Origin = originSet
			case config[service]:
				x.Origin = originConfiguration
			}
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b api.Priority) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Service, b.Service))
	})
	return out, nil
}

// Set gives the events of a service a priority; "unset" takes back what was set.
func (p *priorities) Set(ctx context.Context, name, service, priority string) error {
	names := map[string]bool{}
	for i := range p.sources {
		names[string(p.sources[i].Name)] = true
	}
	if !names[name] {
		return fault.New(fault.Invalid, fmt.Errorf("set priority: there is no source %q", name), "Use one of "+strings.Join(slices.Sorted(maps.Keys(names)), ", ")+".")
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	row := meta.Priority{Source: name, Service: strings.ToLower(service), Priority: priority}
	err := p.db.Write(ctx, func(tx *sql.Tx) error {
		if priority == string(api.PriorityUnset) {
			return meta.DeletePriority(ctx, tx, row.Source, row.Service)
		}
		return meta.SetPriority(ctx, tx, row)
	})
	if err != nil {
		return err
	}
	return p.apply(context.WithoutCancel(ctx)) // the change is made
}

// Who says a priority.
const (
	originSource        = "source"
	originConfiguration = "configuration"
	originSet           = "set"
)
