package awsapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
)

// decode reads a JSON object; no body at all is an empty one. Members are known by their exact names.
func decode(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	body = exactNames(body, reflect.TypeOf(into))
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		var typ *json.UnmarshalTypeError
		if errors.As(err, &typ) {
			return refuse(codeSerialization, "%s must be %s, not %s.", cmp.Or(typ.Field, "The body"), kindWanted(typ.Type), kindGiven(typ.Value))
		}
		return refuse(codeSerialization, "The body is not JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(codeSerialization, "There is something after the JSON object.")
	}
	return nil
}

func kindWanted(t reflect.Type) string {
	if t == reflect.TypeFor[Timestamp]() {
		return "a time in seconds since 1970"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
}

// kindGiven words what encoding/json calls a value: "number 1.5", "array".
func kindGiven(value string) string {
	switch value {
	case "array":
		return "a list"
	case "bool":
		return "true or false"
	case "object":
		return "an object"
	}
	return "a " + value
}

// exactNames makes names of members that differ from a member of t in case only such that they are no member's: encoding/json
// would take them, AWS does not. The body itself is left as it is.
func exactNames(body []byte, t reflect.Type) []byte {
	n := &namer{d: json.NewDecoder(bytes.NewReader(body)), in: body, out: body, fields: map[reflect.Type]map[string]reflect.Type{}}
	n.value(t) // what is no JSON is told by who decodes it
	return n.out
}

type namer struct {
	d       *json.Decoder
	in, out []byte // the same until a name is changed
	fields  map[reflect.Type]map[string]reflect.Type
}

// names are the members of a struct.
func (n *namer) names(t reflect.Type) map[string]reflect.Type {
	if known := n.fields[t]; known != nil {
		return known
	}
	all := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); !f.Anonymous && f.IsExported() && name != "-" {
			all[cmp.Or(name, f.Name)] = f.Type
		}
	}
	n.fields[t] = all
	return all
}

// value passes a value that goes into t; nil: into nothing. It returns false where there is no more JSON.
func (n *namer) value(t reflect.Type) bool {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Map || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		var whole json.RawMessage
		return n.d.Decode(&whole) == nil
	}
	token, err := n.d.Token()
	if err != nil {
		return false
	}
	start, nested := token.(json.Delim)
	if !nested {
		return true
	}
	var element reflect.Type // of a list or map of the kind that t wants
	if start == '[' && t.Kind() == reflect.Slice || start == '{' && t.Kind() == reflect.Map {
		element = t.Elem()
	}
	for n.d.More() {
		of := element
		if start == '{' {
			at := int(n.d.InputOffset())
			name, err := n.d.Token()
			if err != nil {
				return false
			}
			if t.Kind() == reflect.Struct {
				of = n.member(t, name.(string), at)
			}
		}
		if !n.value(of) {
			return false
		}
	}
	_, err = n.d.Token()
	return err == nil
}

// member returns the type of a member of t, nil when there is none. The name stands behind at.
func (n *namer) member(t reflect.Type, name string, at int) reflect.Type {
	all := n.names(t)
	if of := all[name]; of != nil {
		return of
	}
	for like := range all {
		if !strings.EqualFold(like, name) {
			continue
		}
		if &n.out[0] == &n.in[0] {
			n.out = slices.Clone(n.in)
		}
		first := at + bytes.IndexByte(n.in[at:], '"') + 1
		for i := first; i < int(n.d.InputOffset())-1; i++ {
			n.out[i] = '?'
		}
	}
	return nil
}
