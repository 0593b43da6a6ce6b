package pipeline

import (
	"fmt"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// Explained is what becomes of one record, and why.
type Explained struct {
	Source     event.SourceName
	Event      []byte // JSON object: the columns
	Steps      []event.Step
	Unmapped   map[string]string
	ParseError string
	OCSFErrors []string
	Attributes map[string]any // as the product's documentation names them; nil: the source has none
}

// Explain maps a record and stores nothing. An empty source recognises it. validate checks the event against OCSF.
func (p *Pipeline) Explain(name event.SourceName, data []byte, now time.Time, validate func(*event.Event) []string) (*Explained, error) {
	if name != "" && p.byName[name] == nil {
		return nil, fault.New(fault.Invalid, fmt.Errorf("source %q is not known", name), fmt.Sprintf("Use one of %v, or none to recognise it.", p.names()))
	}
	rec := event.Record{Data: data, Received: now, Origin: &event.Origin{Source: name}}
	var e event.Event
	e.Trace(true)
	p.Map(&rec, &e)
	x := &Explained{Source: event.SourceName(e.GetStr(event.ColSource)), Unmapped: map[string]string{}, ParseError: e.GetStr(event.ColParseError),
		Event: e.AppendJSON(nil), OCSFErrors: validate(&e)}
	for _, s := range e.Steps() {
		if s.From != "" && e.Has(s.Column) {
			x.Steps = append(x.Steps, s)
		}
	}
	for _, u := range e.Unmapped() {
		x.Unmapped[u.Key] = u.Value
	}
	if src := p.byName[x.Source]; src != nil && src.Attributes != nil {
		attrs, err := src.Attributes(&rec)
		if err == nil {
			x.Attributes = attrs
		} else if x.ParseError == "" {
			x.ParseError = err.Error()
		}
	}
	return x, nil
}

func (p *Pipeline) names() (out []event.SourceName) {
	for i := range p.opt.Sources {
		out = append(out, p.opt.Sources[i].Name)
	}
	return out
}
