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

	"kiroku/internal/decode/jsonleaf"
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
	n := &namer{in: body, out: body, fields: map[reflect.Type]map[string]reflect.Type{}}
	n.value(body, t)
	return n.out
}

// namer goes through what is a struct, list or map as well in JSON as in Go. What is no JSON is told by who decodes it.
type namer struct {
	in, out []byte // the same until a name is changed
	fields  map[reflect.Type]map[string]reflect.Type
}

// jsonDepth is how deep encoding/json goes.
const jsonDepth = 10_000

// value changes names in a part of the body that goes into t; nil: into nothing.
func (n *namer) value(part []byte, t reflect.Type) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return
	}
	var m jsonleaf.Member
	switch t.Kind() {
	case reflect.Slice:
		for es := jsonleaf.NewElements(part, jsonDepth); es.Next(&m); {
			n.nested(&m, t.Elem())
		}
	case reflect.Map:
		for ms := (&jsonleaf.Members{Doc: part, MaxDepth: jsonDepth}); ms.Next(&m); {
			n.nested(&m, t.Elem())
		}
	case reflect.Struct:
		for ms := (&jsonleaf.Members{Doc: part, MaxDepth: jsonDepth}); ms.Next(&m); {
			n.nested(&m, n.member(t, &m))
		}
	}
}

func (n *namer) nested(m *jsonleaf.Member, t reflect.Type) {
	if m.Kind == jsonleaf.Object || m.Kind == jsonleaf.Array {
		n.value(m.Text, t)
	}
}

// member returns the type of a member of t, nil when there is none; then it changes a name that looks like one.
func (n *namer) member(t reflect.Type, m *jsonleaf.Member) reflect.Type {
	key := m.Key
	if m.KeyEscaped {
		key, _ = jsonleaf.Unescape(nil, key)
	}
	all := n.names(t)
	if of := all[string(key)]; of != nil {
		return of
	}
	for like := range all {
		if !strings.EqualFold(like, string(key)) {
			continue
		}
		if &n.out[0] == &n.in[0] {
			n.out = slices.Clone(n.in)
		}
		first := cap(n.in) - cap(m.Key) // it is a part of the body
		for i := range m.Key {
			n.out[first+i] = '?'
		}
	}
	return nil
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
