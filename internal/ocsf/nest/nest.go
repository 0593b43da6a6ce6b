package nest

import (
	"slices"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
)

// Nester builds OCSF objects. It is safe for concurrent use.
type Nester struct {
	schema *ocsf.Validator
}

// New returns a Nester that reads classes and captions from v.
func New(v *ocsf.Validator) *Nester { return &Nester{schema: v} }

// Object returns the row as an OCSF 1.8.0 object with the values that encoding/json writes: maps, []any, string, int64,
// float64, bool. Times are milliseconds since 1970, as OCSF has them. The object keeps nothing of e but its strings.
// A row of a class that the schema does not know is nested like a Base Event.
func (n *Nester) Object(e *event.Event) map[string]any {
	class, ok := n.schema.Class(int(e.GetInt(event.ColClassUID)))
	if !ok {
		class, _ = n.schema.Class(event.ClassBaseEvent)
	}
	b := builder{e: e, class: class, root: map[string]any{}, unmapped: map[string]any{}}
	b.profiles = slices.Clone(e.GetList(event.ColProfiles))
	for i := range event.NumColumns {
		if c := event.Column(i); e.Has(c) {
			b.column(c)
		}
	}
	b.fill()
	b.complete(b.root, &class.Struct)
	b.caption()
	b.finish()
	return b.root
}

// builder holds one object while it is built.
type builder struct {
	e           *event.Event
	class       *ocsf.Class
	profiles    []string
	root        map[string]any
	unmapped    map[string]any
	observables []any
}

// column places one column, or keeps it in unmapped.
func (b *builder) column(c event.Column) {
	switch c {
	case event.ColProfiles, event.ColOCSFVersion:
		return // finish writes them
	case event.ColUnmapped:
		for _, p := range b.e.Unmapped() {
			b.keep(p.Key, p.Value)
		}
		return
	}
	if b.wanted(c) {
		if path := c.Info().Path; path != "" && b.place(c, path) {
			return
		}
		for _, path := range otherPlaces[c] {
			if b.place(c, path) {
				return
			}
		}
	}
	b.keep("kiroku."+c.String(), b.value(c))
}

// keep adds to unmapped; a column whose name a record has used becomes a list with what was there.
func (b *builder) keep(key string, value any) {
	before, again := b.unmapped[key]
	if !again {
		b.unmapped[key] = value
		return
	}
	if list, ok := before.([]any); ok {
		b.unmapped[key] = append(list, value)
		return
	}
	b.unmapped[key] = []any{before, value}
}

// value is a column's value as JSON has it.
func (b *builder) value(c event.Column) any {
	switch c.Kind() {
	case event.Int, event.Long:
		return b.e.GetInt(c)
	case event.Timestamp:
		return b.e.GetInt(c) / 1000
	case event.Bool:
		return b.e.GetInt(c) != 0
	case event.Double:
		return b.e.GetDouble(c)
	case event.StringList:
		list := make([]any, 0, len(b.e.GetList(c)))
		for _, s := range b.e.GetList(c) {
			list = append(list, s)
		}
		return list
	default:
		return b.e.GetStr(c)
	}
}

// finish writes what depends on everything else.
func (b *builder) finish() {
	metadata := child(b.root, "metadata")
	metadata["version"] = ocsf.Version
	if len(b.profiles) > 0 {
		slices.Sort(b.profiles)
		var list []any
		for _, p := range slices.Compact(b.profiles) {
			list = append(list, p)
		}
		metadata["profiles"] = list
	}
	if len(b.observables) > 0 {
		b.root["observables"] = b.observables
	}
	if len(b.unmapped) > 0 {
		b.root["unmapped"] = b.unmapped
	}
}

// child returns the object under name and makes it where it is missing.
func child(obj map[string]any, name string) map[string]any {
	if c, ok := obj[name].(map[string]any); ok {
		return c
	}
	c := map[string]any{}
	obj[name] = c
	return c
}
