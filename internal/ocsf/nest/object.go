package nest

import (
	"slices"
	"strings"
)

// Kind says which field of a Value holds it.
type Kind uint8

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
}

// Object is an object of OCSF. Its fields are in the order of their names.
type Object struct{ Fields []Field }

// Get returns the value with this name, nil where there is none. It is valid until the next Set.
func (o *Object) Get(name string) *Value {
	if i, ok := o.find(name); ok {
		return &o.Fields[i].Value
	}
	return nil
}

// Set gives the field with this name a value.
func (o *Object) Set(name string, v Value) {
	i, ok := o.find(name)
	if !ok {
		o.Fields = append(o.Fields, Field{})
		copy(o.Fields[i+1:], o.Fields[i:])
		o.Fields[i].Name = name
	}
	o.Fields[i].Value = v
}

func (o *Object) has(name string) bool {
	_, ok := o.find(name)
	return ok
}

// find returns where the field with this name stands or belongs.
func (o *Object) find(name string) (int, bool) {
	return slices.BinarySearchFunc(o.Fields, name, func(f Field, name string) int { return strings.Compare(f.Name, name) })
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
