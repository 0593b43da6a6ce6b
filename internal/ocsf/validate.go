package ocsf

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Validator checks objects against the schema. It is safe for concurrent use.
type Validator struct {
	schema func() *schema
}

// New returns a Validator. The schema is read at the first use: about 40 ms, and 2.5 MB that stay.
func New() *Validator {
	return &Validator{schema: sync.OnceValue(func() *schema {
		s, err := load(compiledSchema)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return s
	})}
}

// Class finds an event class by its class_uid.
func (v *Validator) Class(uid int) (*Class, bool) {
	c, ok := v.schema().classes[uid]
	return c, ok
}

// Validate checks one event and returns the rules it breaks, sorted by path; nil when it breaks none. Values are those
// of encoding/json (numbers float64, json.Number or any Go integer). Whole numbers pass as float_t, and a JSON null
// counts as absent. An event whose class is unknown is not checked further.
func (v *Validator) Validate(obj map[string]any) []Issue {
	s := v.schema()
	c := check{schema: s}
	class := c.class(obj)
	if class == nil {
		return c.issues
	}
	c.readProfiles(obj)
	if class.deprecated != nil {
		c.add(CodeClassDeprecated, "", "class %q is deprecated: %s", class.Name, class.deprecated.Message)
	}
	c.attributes(obj, "", &class.Struct)
	c.constraints(obj, "", &class.Struct)
	c.version(obj)
	c.typeUID(obj)
	c.observables(obj, &class.Struct)
	sortIssues(c.issues)
	return c.issues
}

// check is one run of Validate.
type check struct {
	schema   *schema
	profiles []string
	issues   []Issue
}

func (c *check) add(code Code, path, format string, args ...any) {
	c.issues = append(c.issues, Issue{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (c *check) class(obj map[string]any) *Class {
	value := obj["class_uid"]
	if value == nil {
		c.add(CodeRequiredMissing, "class_uid", "required attribute is missing")
		return nil
	}
	uid, ok := integer(value)
	if !ok {
		c.add(CodeWrongType, "class_uid", "want integer_t, have %s", typeOf(value))
		return nil
	}
	class := c.schema.classes[int(uid)]
	if class == nil {
		c.add(CodeClassUnknown, "class_uid", "no class is defined for %d", uid)
	}
	return class
}

func (c *check) readProfiles(obj map[string]any) {
	metadata, _ := obj["metadata"].(map[string]any)
	each(metadata["profiles"], func(i int, value any) {
		name, ok := value.(string)
		if !ok {
			return // its type is checked with the other attributes
		}
		if _, known := c.schema.profiles[name]; !known {
			c.add(CodeProfileUnknown, "metadata.profiles["+strconv.Itoa(i)+"]", "no profile is defined for %q", name)
			return
		}
		c.profiles = append(c.profiles, name)
	})
}

var semver = regexp.MustCompile(`^\d+\.\d+\.\d+(?:-dev|-rc\.\d+)?$`)

func (c *check) version(obj map[string]any) {
	metadata, _ := obj["metadata"].(map[string]any)
	have, ok := metadata["version"].(string)
	const path = "metadata.version"
	switch {
	case !ok || have == Version:
	case !semver.MatchString(have):
		c.add(CodeVersionFormat, path, "%q is no semantic version; the schema is %s", have, Version)
	case have < "1.0.0" || have > Version:
		c.add(CodeVersionIncompatible, path, "%q cannot be checked against %s", have, Version)
	default:
		c.add(CodeVersionIncorrect, path, "%q is not the version of the schema, %s", have, Version)
	}
}

func (c *check) typeUID(obj map[string]any) {
	class, ok1 := integer(obj["class_uid"])
	activity, ok2 := integer(obj["activity_id"])
	have, ok3 := integer(obj["type_uid"])
	if want := class*100 + activity; ok1 && ok2 && ok3 && have != want {
		c.add(CodeTypeUIDIncorrect, "type_uid", "want %d (class_uid %d * 100 + activity_id %d), have %d", want, class, activity, have)
	}
}

func (c *check) observables(obj map[string]any, class *Struct) {
	each(obj["observables"], func(i int, value any) {
		o, _ := value.(map[string]any)
		name, ok := o["name"].(string)
		if ok && !c.refers(class, name) {
			c.add(CodeObservableReference, "observables["+strconv.Itoa(i)+"].name", "%q is no attribute of class %q", name, class.name)
		}
	})
}

// refers says whether the path leads to an attribute that exists with the event's profiles.
func (c *check) refers(s *Struct, path string) bool {
	way, ok := s.Resolve(path)
	if !ok {
		return false
	}
	for _, a := range way {
		if !a.in(c.profiles) {
			return false
		}
	}
	return true
}

// attributes checks every attribute of a class's or object's value.
func (c *check) attributes(obj map[string]any, parent string, s *Struct) {
	for _, a := range s.required {
		if obj[a.Name] == nil && a.in(c.profiles) {
			c.add(CodeRequiredMissing, join(parent, a.Name), "required attribute is missing")
		}
	}
	if len(s.attributes) == 0 {
		return // an object without attributes of its own, such as unmapped, is open
	}
	for name, value := range obj {
		a := s.attributes[name]
		if a == nil || !a.in(c.profiles) {
			c.unknown(join(parent, name), s, a)
			continue
		}
		if value != nil {
			c.attribute(obj, value, join(parent, name), a)
		}
	}
}

func (c *check) unknown(path string, s *Struct, a *Attribute) {
	if a == nil {
		c.add(CodeUnknown, path, "not defined in %s %q", s.kind, s.name)
		return
	}
	c.add(CodeUnknown, path, "defined in %s %q only with profile %s, which metadata.profiles does not name", s.kind, s.name, strings.Join(a.Profiles, " or "))
}

func (c *check) attribute(obj map[string]any, value any, path string, a *Attribute) {
	if a.deprecated != nil {
		c.add(CodeAttributeDeprecated, path, "deprecated since %s: %s", a.deprecated.Since, a.deprecated.Message)
	}
	if !a.Array {
		c.value(value, path, a)
		if a.enum != nil {
			c.enum(obj, value, path, a)
		}
		return
	}
	if !isList(value) {
		c.add(CodeWrongType, path, "want array of %s, have %s", a.Type, typeOf(value))
		return
	}
	each(value, func(i int, element any) { c.value(element, path+"["+strconv.Itoa(i)+"]", a) })
	if a.enum != nil {
		c.enumArray(obj, value, path, a)
	}
}

// constraints checks which attributes stand together.
func (c *check) constraints(obj map[string]any, path string, s *Struct) {
	for _, k := range s.constraints {
		count := 0
		for _, key := range k.keys {
			if has(obj, key) {
				count++
			}
		}
		switch {
		case k.kind == atLeastOne && count == 0:
			c.add(CodeConstraintFailed, path, "%s %q needs at least one of %s", s.kind, s.name, strings.Join(k.keys, ", "))
		case k.kind == justOne && count != 1:
			c.add(CodeConstraintFailed, path, "%s %q needs exactly one of %s, has %d", s.kind, s.name, strings.Join(k.keys, ", "), count)
		}
	}
}

// has follows a dotted key; the schema's constraints use them.
func has(obj map[string]any, key string) bool {
	for {
		name, rest, more := strings.Cut(key, ".")
		value := obj[name]
		if !more || value == nil {
			return value != nil
		}
		if obj, more = value.(map[string]any); !more {
			return false
		}
		key = rest
	}
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
