package nest

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
)

// Nester knows where the classes of the schema have attributes for the columns. It is safe for concurrent use.
type Nester struct {
	schema *ocsf.Validator
	names  [event.NumColumns]string // of the columns in unmapped
	plans  sync.Map                 // *ocsf.Class → *plan
}

// New returns a Nester that reads classes and captions from v.
func New(v *ocsf.Validator) *Nester {
	n := &Nester{schema: v}
	for _, c := range event.Columns() {
		n.names[c] = "kiroku." + c.String()
	}
	return n
}

// Object returns the row as an OCSF 1.8.0 object with the values that encoding/json writes: maps, []any, string, int64,
// float64, bool. The object keeps nothing of e but its strings.
func (n *Nester) Object(e *event.Event) map[string]any { return n.Builder().Object(e).asMap() }

// Builder returns a Builder of its own for one goroutine.
func (n *Nester) Builder() *Builder { return &Builder{nester: n} }

// Builder builds one object after the other in the same memory.
type Builder struct {
	nester  *Nester
	objects []*Object // the memory
	used    int       // objects of it

	e           *event.Event
	class       *ocsf.Class
	plan        *plan
	root        *Object
	profiles    []string
	missing     []string // profiles that an attribute asks for
	values      []Value  // of one column
	unmapped    []Field
	order       []int   // unmapped by name
	observables *Object // nil: none
}

// Object returns the row as an OCSF 1.8.0 object, valid until the next call. Times are milliseconds since 1970, as OCSF has
// them. A row of a class that the schema does not know is nested like a Base Event.
func (b *Builder) Object(e *event.Event) *Object {
	class, ok := b.nester.schema.Class(int(e.GetInt(event.ColClassUID)))
	if !ok {
		class, _ = b.nester.schema.Class(event.ClassBaseEvent)
	}
	b.reset()
	b.e, b.class, b.plan, b.root = e, class, b.nester.plan(class), b.object(&class.Struct)
	b.profiles = append(b.profiles, e.GetList(event.ColProfiles)...)
	for i := range event.NumColumns {
		if c := event.Column(i); e.Has(c) {
			b.column(c)
		}
	}
	b.fill()
	b.complete(b.root)
	b.caption()
	b.finish()
	return b.root
}

// maxKept is how many fields an object may have for its memory to be kept for the next.
const maxKept = 1000

// reset makes the memory free again. It forgets the texts: they are the memory of events that nobody needs any more.
func (b *Builder) reset() {
	fields := 0
	for _, o := range b.objects[:b.used] {
		fields += len(o.Fields)
		clear(o.Fields)
		o.Fields = o.Fields[:0]
	}
	if fields > maxKept {
		*b = Builder{nester: b.nester}
		return
	}
	clear(b.profiles)
	clear(b.values[:cap(b.values)])
	clear(b.unmapped)
	b.used, b.profiles, b.values, b.unmapped, b.observables = 0, b.profiles[:0], b.values[:0], b.unmapped[:0], nil
}

// object returns an empty object; of is nil for lists and what stands below unmapped.
func (b *Builder) object(of *ocsf.Struct) *Object {
	if b.used == len(b.objects) {
		b.objects = append(b.objects, new(Object))
	}
	o := b.objects[b.used]
	o.of, o.Unmapped = of, false
	b.used++
	return o
}

// list returns a list of values.
func (b *Builder) list(values ...Value) Value {
	o := b.object(nil)
	for _, v := range values {
		o.add(v)
	}
	return Value{Kind: List, Object: o}
}

// column places one column, or keeps it in unmapped.
func (b *Builder) column(c event.Column) {
	switch c {
	case event.ColProfiles, event.ColOCSFVersion:
		return // finish writes them
	case event.ColUnmapped:
		b.unmapped = slices.Grow(b.unmapped, len(b.e.Unmapped()))
		for _, p := range b.e.Unmapped() {
			b.keep(p.Key, textValue(p.Value))
		}
		return
	}
	if b.wanted(c) {
		for i := range b.plan[c] {
			if b.place(c, &b.plan[c][i]) {
				return
			}
		}
	}
	v := b.value(c)
	if c.Kind() == event.StringList {
		v = b.list(b.read(c)...)
	}
	b.keep(b.nester.names[c], v)
}

func (b *Builder) keep(name string, v Value) {
	b.unmapped = append(b.unmapped, Field{Name: name, Value: v})
}

// value is a column's value as JSON has it; not for lists.
func (b *Builder) value(c event.Column) Value {
	switch c.Kind() {
	case event.Int, event.Long:
		return intValue(b.e.GetInt(c))
	case event.Timestamp:
		return intValue(b.e.GetInt(c) / 1000)
	case event.Bool:
		return Value{Kind: Bool, Int: b.e.GetInt(c)}
	case event.Double:
		return Value{Kind: Double, Double: b.e.GetDouble(c)}
	default:
		return textValue(b.e.GetStr(c))
	}
}

// read returns a column's values, valid until the next call.
func (b *Builder) read(c event.Column) []Value {
	b.values = b.values[:0]
	if c.Kind() != event.StringList {
		b.values = append(b.values, b.value(c))
	}
	for _, s := range b.e.GetList(c) {
		b.values = append(b.values, textValue(s))
	}
	return b.values
}

// finish writes what depends on everything else.
func (b *Builder) finish() {
	metadata := b.child(b.root, "metadata")
	metadata.set("version", textValue(ocsf.Version))
	if len(b.profiles) > 0 {
		slices.Sort(b.profiles)
		list := b.list()
		for _, p := range slices.Compact(b.profiles) {
			list.Object.add(textValue(p))
		}
		metadata.set("profiles", list)
	}
	if b.observables != nil {
		b.root.set("observables", Value{Kind: List, Object: b.observables})
	}
	if len(b.unmapped) > 0 {
		b.root.set("unmapped", Value{Kind: Nested, Object: b.leaves()})
	}
}

// leaves is the object of what is kept in unmapped; a column whose name a record has used becomes a list with what was there.
func (b *Builder) leaves() *Object {
	b.order = b.order[:0]
	for i := range b.unmapped {
		b.order = append(b.order, i)
	}
	slices.SortFunc(b.order, func(x, y int) int { return cmp.Or(strings.Compare(b.unmapped[x].Name, b.unmapped[y].Name), x-y) })
	o := b.object(nil)
	o.Unmapped = true
	o.Fields = slices.Grow(o.Fields, len(b.unmapped))
	for _, i := range b.order {
		f := b.unmapped[i]
		last := len(o.Fields) - 1
		switch {
		case last < 0 || o.Fields[last].Name != f.Name:
			o.Fields = append(o.Fields, f)
		case o.Fields[last].Kind == List:
			o.Fields[last].Object.add(f.Value)
		default:
			o.Fields[last].Value = b.list(o.Fields[last].Value, f.Value)
		}
	}
	return o
}

// child returns the object under name and makes it where it is missing.
func (b *Builder) child(o *Object, name string) *Object { return b.below(o, o.attribute(name)) }

// below returns the object that an attribute is and makes it where it is missing.
func (b *Builder) below(o *Object, a *ocsf.Attribute) *Object {
	if i, ok := o.find(a); ok && o.Fields[i].Kind == Nested {
		return o.Fields[i].Object
	}
	c := b.object(a.Object())
	o.put(a, Value{Kind: Nested, Object: c})
	return c
}
