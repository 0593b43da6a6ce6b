package engine

import (
	"bytes"
	"encoding/json"
)

// Object is a value of type STRUCT or MAP: fields in the order of the type, or of the map.
type Object []Field

// Field is one field of an Object. The key of a map that is not text stands as text.
type Field struct {
	Name  string
	Value any
}

// MarshalJSON writes the fields as a JSON object in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Get returns the value of a field.
func (o Object) Get(name string) (any, bool) {
	for _, f := range o {
		if f.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}
