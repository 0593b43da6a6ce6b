package nest

import (
	"slices"
	"strings"

	"kiroku/internal/ocsf"
)

// Kind says which field of a Value holds it.
type Kind uint8

// The kinds of values.
const (
	None   Kind = iota // no value
	Text               // in Text
	Int                // in Int
	Double             // in Double
	Bool               // in Int: 0 or 1
	Nested             // in Object
	List               // in Object, whose fields are the elements and have no names
)

// Value is one value of an object.
type Value struct {
	Kind   Kind
	Text   string
	Int    int64
	Double float64
	Object *Object
}

func textValue(s string) Value { return Value{Kind: Text, Text: s} }
func intValue(n int64) Value   { return Value{Kind: Int, Int: n} }

// Field is a value and its name.
type Field struct {
	Name string
	Value
	attribute *ocsf.Attribute // nil in lists and below unmapped
}

// Object is an object of OCSF. Its fields are in the order of their names.
type Object struct {
	Fields   []Field
	Unmapped bool         // the names are any texts, those of records
	of       *ocsf.Struct // nil for lists and what stands below unmapped
}

// Get returns the value with this name, nil where there is none. It is valid until the object changes.
func (o *Object) Get(name string) *Value {
	if i, ok := o.byName(name); ok {
		return &o.Fields[i].Value
	}
	return nil
}

// SetText gives the field with this name a text. It is for what stands below unmapped: other objects have attributes.
func (o *Object) SetText(name, text string) {
	i, ok := o.byName(name)
	if !ok {
		o.Fields = slices.Insert(o.Fields, i, Field{Name: name})
	}
	o.Fields[i].Value = textValue(text)
}

func (o *Object) byName(name string) (int, bool) {
	return slices.BinarySearchFunc(o.Fields, name, func(f Field, name string) int { return strings.Compare(f.Name, name) })
}

func (o *Object) has(name string) bool { return o.Get(name) != nil }

// find returns where the field of an attribute stands or belongs.
func (o *Object) find(a *ocsf.Attribute) (int, bool) {
	low, high := 0, len(o.Fields)
	for low < high {
		if mid := (low + high) / 2; o.Fields[mid].attribute.Index < a.Index {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(o.Fields) && o.Fields[low].attribute == a
}

func (o *Object) holds(a *ocsf.Attribute) bool {
	_, ok := o.find(a)
	return ok
}

// put gives an attribute a value.
func (o *Object) put(a *ocsf.Attribute, v Value) {
	i, ok := o.find(a)
	if !ok {
		o.Fields = append(o.Fields, Field{})
		copy(o.Fields[i+1:], o.Fields[i:])
		o.Fields[i].Name, o.Fields[i].attribute = a.Name, a
	}
	o.Fields[i].Value = v
}

// set gives the attribute with this name a value.
func (o *Object) set(name string, v Value) { o.put(o.attribute(name), v) }

func (o *Object) attribute(name string) *ocsf.Attribute {
	a, ok := o.of.Attribute(name)
	if !ok {
		panic("BUG: OCSF has no attribute " + name + " here")
	}
	return a
}

// add appends an element to a list.
func (o *Object) add(v Value) { o.Fields = append(o.Fields, Field{Value: v}) }

// asMap is the object as encoding/json and ocsf.Validator have it.
func (o *Object) asMap() map[string]any {
	m := make(map[string]any, len(o.Fields))
	for _, f := range o.Fields {
		m[f.Name] = f.asAny()
	}
	return m
}

func (v Value) asAny() any {
	switch v.Kind {
	case Text:
		return v.Text
	case Int:
		return v.Int
	case Double:
		return v.Double
	case Bool:
		return v.Int != 0
	case Nested:
		return v.Object.asMap()
	case List:
		list := make([]any, len(v.Object.Fields))
		for i, f := range v.Object.Fields {
			list[i] = f.asAny()
		}
		return list
	}
	return nil
}
