package ocsf

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Version is the version of the schema.
const Version = "1.8.0"

//go:embed ocsf-1.8.0.json.gz
var compiledSchema []byte

// Class is an event class with everything the schema says about its attributes.
type Class struct {
	UID             int
	Name            string // key of the schema, for example "authentication"
	Caption         string
	CategoryUID     int
	CategoryCaption string
	Profiles        []string // profiles that the class can take, sorted
	Struct
}

// Struct is what classes and objects have in common.
type Struct struct {
	attributes  map[string]*Attribute
	required    []*Attribute // some only with their profile
	atLeastOne  []*Attribute
	constraints []constraint
	deprecated  *deprecation
	kind        string // "class" or "object", for messages
	name        string
}

// Attribute is one attribute of a class or object.
type Attribute struct {
	Name       string
	Index      int      // of its name among those of its class or object, sorted
	Type       string   // dictionary type, for example "ip_t"; "object_t" for objects
	Array      bool     // the value is a list of Type
	Required   bool     // where its profile is named
	Profiles   []string // exists only with one of these; empty: always
	Sibling    string   // text attribute beside an id attribute; empty when there is none
	Observable int      // observable type id that its values are; 0 when they are none

	object     *Struct // of "object_t"
	base       *dataType
	enum       map[string]enumValue
	deprecated *deprecation
}

// Caption is the caption of an id or word of the attribute's enumeration.
func (a *Attribute) Caption(value string) (string, bool) {
	v, ok := a.enum[value]
	return v.Caption, ok
}

// IDCaption is the caption of an id.
func (a *Attribute) IDCaption(id int64) (string, bool) {
	var text [20]byte
	v, ok := a.enum[string(strconv.AppendInt(text[:0], id, 10))]
	return v.Caption, ok
}

// Deprecated says whether the schema advises against the attribute.
func (a *Attribute) Deprecated() bool { return a.deprecated != nil }

// Enum says whether the attribute takes only the values of an enumeration.
func (a *Attribute) Enum() bool { return a.enum != nil }

// Object is the object that values of type "object_t" are; nil for others.
func (a *Attribute) Object() *Struct { return a.object }

// Primitive is the primitive type under Type: string_t, integer_t, long_t, float_t, boolean_t or json_t; "object_t" for
// objects.
func (a *Attribute) Primitive() string {
	if a.object != nil {
		return a.Type
	}
	return a.base.primitive
}

// Range is the closed range of a number's values, where its type has one.
func (a *Attribute) Range() (low, high int64, ok bool) {
	if a.base == nil || a.base.Range == nil {
		return 0, 0, false
	}
	return a.base.Range[0], a.base.Range[1], true
}

// in says whether the attribute exists with these profiles.
func (a *Attribute) in(profiles []string) bool {
	if len(a.Profiles) == 0 {
		return true
	}
	for _, p := range profiles {
		if slices.Contains(a.Profiles, p) {
			return true
		}
	}
	return false
}

// Attribute finds an attribute by name, whatever its profile.
func (s *Struct) Attribute(name string) (*Attribute, bool) {
	a, ok := s.attributes[name]
	return a, ok
}

// Required lists the attributes that must stand where these profiles are named.
func (s *Struct) Required(profiles []string) iter.Seq[*Attribute] {
	return func(yield func(*Attribute) bool) {
		for _, a := range s.required {
			if a.in(profiles) && !yield(a) {
				return
			}
		}
	}
}

// AtLeastOne lists the attributes of which one must stand; nil when there is no such constraint.
func (s *Struct) AtLeastOne() []*Attribute { return s.atLeastOne }

// Resolve follows a dotted path, such as "actor.user.name", through objects and lists of objects. It returns the
// attributes on the way, the last one being the path's own; false when the class has no such path with any profile.
func (s *Struct) Resolve(path string) ([]*Attribute, bool) {
	var way []*Attribute
	for {
		name, rest, more := strings.Cut(path, ".")
		a, ok := s.attributes[name]
		if !ok {
			return nil, false
		}
		way = append(way, a)
		if !more {
			return way, true
		}
		if a.object == nil {
			return nil, false
		}
		s, path = a.object, rest
	}
}

type deprecation struct {
	Message string `json:"message"`
	Since   string `json:"since"`
}

type enumValue struct {
	Caption    string       `json:"caption"`
	Deprecated *deprecation `json:"@deprecated"`
}

type constraintKind string

const (
	atLeastOne constraintKind = "at_least_one"
	justOne    constraintKind = "just_one"
)

type constraint struct {
	kind constraintKind
	keys []string
}

// dataType is a type of the dictionary, with what it takes over from the type below it.
type dataType struct {
	Type       string    `json:"type"`
	Regex      string    `json:"regex"`
	MaxLen     int       `json:"max_len"`
	Range      *[2]int64 `json:"range"`
	Values     []any     `json:"values"`
	Observable int       `json:"observable"`
	name       string
	primitive  string
	regex      *regexp.Regexp
}

// The shapes of the compiled schema's file.
type (
	rawSchema struct {
		Version    string `json:"version"`
		Categories struct {
			Attributes map[string]struct {
				UID     int    `json:"uid"`
				Caption string `json:"caption"`
			} `json:"attributes"`
		} `json:"categories"`
		Dictionary struct {
			Types struct {
				Attributes map[string]*dataType `json:"attributes"`
			} `json:"types"`
		} `json:"dictionary"`
		Classes  map[string]*rawStruct `json:"classes"`
		Objects  map[string]*rawStruct `json:"objects"`
		Profiles map[string]struct{}   `json:"profiles"`
	}
	rawStruct struct {
		UID         int                         `json:"uid"`
		CategoryUID int                         `json:"category_uid"`
		Category    string                      `json:"category"`
		Caption     string                      `json:"caption"`
		Profiles    []string                    `json:"profiles"`
		Attributes  map[string]*rawAttribute    `json:"attributes"`
		Constraints map[constraintKind][]string `json:"constraints"`
		Observable  int                         `json:"observable"`
		Deprecated  *deprecation                `json:"@deprecated"`
	}
	rawAttribute struct {
		Type        string               `json:"type"`
		ObjectType  string               `json:"object_type"`
		IsArray     bool                 `json:"is_array"`
		Requirement string               `json:"requirement"`
		Profiles    []string             `json:"profiles"`
		Sibling     string               `json:"sibling"`
		Observable  int                  `json:"observable"`
		Enum        map[string]enumValue `json:"enum"`
		Deprecated  *deprecation         `json:"@deprecated"`
	}
)

type schema struct {
	classes  map[int]*Class
	profiles map[string]struct{}
}

// load reads the embedded schema. It fails only when the file in the binary is broken.
func load(gz []byte) (*schema, error) {
	zr, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil, fmt.Errorf("unpack OCSF schema: %w", err)
	}
	var raw rawSchema
	if err := json.NewDecoder(zr).Decode(&raw); err != nil {
		return nil, fmt.Errorf("read OCSF schema: %w", err)
	}
	if raw.Version != Version {
		return nil, fmt.Errorf("read OCSF schema: version %q, want %q", raw.Version, Version)
	}
	types := raw.Dictionary.Types.Attributes
	for name, t := range types {
		if err := t.complete(name, types); err != nil {
			return nil, err
		}
	}
	return build(&raw, types)
}

// complete takes over the limits of the type below, as the schema means subtypes.
func (t *dataType) complete(name string, types map[string]*dataType) error {
	t.name, t.primitive = name, name
	if below := types[t.Type]; below != nil {
		t.primitive = t.Type
		if t.Range == nil {
			t.Range = below.Range
		}
		if t.Values == nil {
			t.Values = below.Values
		}
	}
	if t.Regex == "" {
		return nil
	}
	re, err := regexp.Compile(t.Regex)
	if err != nil {
		return fmt.Errorf("read OCSF type %q: %w", name, err)
	}
	t.regex = re
	return nil
}

func build(raw *rawSchema, types map[string]*dataType) (*schema, error) {
	s := &schema{classes: make(map[int]*Class, len(raw.Classes)), profiles: raw.Profiles}
	objects := make(map[string]*Struct, len(raw.Objects))
	for name := range raw.Objects {
		objects[name] = &Struct{kind: "object", name: name}
	}
	b := builder{raw: raw, types: types, objects: objects}
	for name, r := range raw.Objects {
		if err := b.fill(objects[name], r); err != nil {
			return nil, err
		}
	}
	for name, r := range raw.Classes {
		c := &Class{
			UID: r.UID, Name: name, Caption: r.Caption, CategoryUID: r.CategoryUID, Profiles: r.Profiles,
			CategoryCaption: cmp.Or(raw.Categories.Attributes[r.Category].Caption, "Uncategorized"),
			Struct:          Struct{kind: "class", name: name},
		}
		slices.Sort(c.Profiles)
		if err := b.fill(&c.Struct, r); err != nil {
			return nil, err
		}
		s.classes[c.UID] = c
	}
	return s, nil
}

type builder struct {
	raw     *rawSchema
	types   map[string]*dataType
	objects map[string]*Struct
}

func (b *builder) fill(s *Struct, r *rawStruct) error {
	s.deprecated = r.Deprecated
	for _, kind := range slices.Sorted(maps.Keys(r.Constraints)) {
		s.constraints = append(s.constraints, constraint{kind, r.Constraints[kind]})
	}
	s.attributes = make(map[string]*Attribute, len(r.Attributes))
	for i, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		a, err := b.attribute(name, r.Attributes[name])
		if err != nil {
			return fmt.Errorf("read OCSF %s %q: %w", s.kind, s.name, err)
		}
		a.Index = i
		s.attributes[name] = a
		if a.Required {
			s.required = append(s.required, a)
		}
	}
	for _, name := range r.Constraints[atLeastOne] {
		if a, ok := s.attributes[name]; ok {
			s.atLeastOne = append(s.atLeastOne, a)
		}
	}
	return nil
}

func (b *builder) attribute(name string, r *rawAttribute) (*Attribute, error) {
	a := &Attribute{
		Name: name, Type: r.Type, Array: r.IsArray, Required: r.Requirement == "required", Profiles: r.Profiles,
		Sibling: r.Sibling, Observable: r.Observable, enum: r.Enum, deprecated: r.Deprecated,
	}
	if r.Type == "object_t" {
		if a.object = b.objects[r.ObjectType]; a.object == nil {
			return nil, fmt.Errorf("attribute %q: no object %q", name, r.ObjectType)
		}
		if a.Observable == 0 {
			a.Observable = b.raw.Objects[r.ObjectType].Observable
		}
		return a, nil
	}
	if a.base = b.types[r.Type]; a.base == nil {
		return nil, fmt.Errorf("attribute %q: no type %q", name, r.Type)
	}
	if a.Observable == 0 {
		a.Observable = a.base.Observable
	}
	return a, nil
}
