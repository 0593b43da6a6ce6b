package selector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Limits, those of CloudTrail.
const (
	maxSelectors = 5
	maxValues    = 500  // of all fields of all selectors
	maxName      = 1000 // characters
	maxValue     = 2048 // characters
)

// Set is a list of selectors. It is not changed after Parse and may be used by several goroutines. The zero Set keeps nothing.
type Set struct {
	selectors []advanced
}

// advanced is one selector: JSON as in the API, and what it means.
type advanced struct {
	Name   string  `json:"Name,omitempty"`
	Fields []field `json:"FieldSelectors"`

	category Category
	onEvent  []condition
	onItem   []condition // on resources.*: one resource must meet them all
}

// field is a condition as it is written.
type field struct {
	Field         string   `json:"Field"`
	Equals        []string `json:"Equals,omitempty"`
	StartsWith    []string `json:"StartsWith,omitempty"`
	EndsWith      []string `json:"EndsWith,omitempty"`
	NotEquals     []string `json:"NotEquals,omitempty"`
	NotStartsWith []string `json:"NotStartsWith,omitempty"`
	NotEndsWith   []string `json:"NotEndsWith,omitempty"`
}

// Category is what eventCategory can be.
type Category string

// The categories.
const (
	Management        Category = "Management"
	Data              Category = "Data"
	NetworkActivity   Category = "NetworkActivity"
	Insight           Category = "Insight"
	ConfigurationItem Category = "ConfigurationItem"
	Evidence          Category = "Evidence"
	ActivityAuditLog  Category = "ActivityAuditLog"
)

// Default is what an event data store keeps whose maker gave no selectors: all management events.
func Default() Set {
	s := advanced{Name: "Default management events", Fields: []field{{Field: "eventCategory", Equals: []string{string(Management)}}}}
	if err := s.compile(); err != nil {
		panic("BUG: " + err.Error())
	}
	return Set{[]advanced{s}}
}

// Parse reads the JSON of AdvancedEventSelectors: a list. The error says which selector and field is wrong and why, as the
// message of an InvalidEventSelectorsException.
func Parse(text []byte) (Set, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a misspelled operator would otherwise keep what it should refuse
	var set Set
	if err := d.Decode(&set.selectors); err != nil {
		return Set{}, fmt.Errorf("the selectors are not valid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Set{}, errors.New("something follows the end of the selectors")
	}
	if n := len(set.selectors); n == 0 || n > maxSelectors {
		return Set{}, fmt.Errorf("there must be 1 to %d selectors, not %d", maxSelectors, n)
	}
	values := 0
	for i := range set.selectors {
		s := &set.selectors[i]
		if err := s.compile(); err != nil {
			return Set{}, fmt.Errorf("selector %d%s: %w", i+1, s.title(), err)
		}
		for _, f := range s.Fields {
			values += f.values()
		}
	}
	if values > maxValues {
		return Set{}, fmt.Errorf("the selectors have %d values together, and %d is the most", values, maxValues)
	}
	return set, nil
}

// MarshalJSON writes the selectors as the API shows them.
func (s Set) MarshalJSON() ([]byte, error) {
	if s.selectors == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(s.selectors)
}

// Categories lists the categories of which something is kept, each once.
func (s Set) Categories() []Category {
	var out []Category
	for _, a := range s.selectors {
		if !slices.Contains(out, a.category) {
			out = append(out, a.category)
		}
	}
	return out
}

// KeepsManagement says whether management events of a value of readOnly may be kept, "true" or "false".
func (s Set) KeepsManagement(readOnly string) bool {
	return slices.ContainsFunc(s.selectors, func(a advanced) bool {
		return a.category == Management && !slices.ContainsFunc(a.Fields, func(f field) bool { return f.Field == "readOnly" && !slices.Contains(f.Equals, readOnly) })
	})
}

// title is the selector's name for messages.
func (a *advanced) title() string {
	if a.Name == "" {
		return ""
	}
	return fmt.Sprintf(" (%.60q)", a.Name)
}

// lists are the values of a field by operator, in the order of the API reference.
func (f *field) lists() []struct {
	operator string
	values   []string
} {
	return []struct {
		operator string
		values   []string
	}{
		{"Equals", f.Equals}, {"StartsWith", f.StartsWith}, {"EndsWith", f.EndsWith},
		{"NotEquals", f.NotEquals}, {"NotStartsWith", f.NotStartsWith}, {"NotEndsWith", f.NotEndsWith},
	}
}

func (f *field) values() int {
	n := 0
	for _, l := range f.lists() {
		n += len(l.values)
	}
	return n
}

// compile checks a selector and prepares its conditions.
func (a *advanced) compile() error {
	if n := utf8.RuneCountInString(a.Name); n > maxName {
		return fmt.Errorf("its name has %d characters, and %d is the most", n, maxName)
	}
	if len(a.Fields) == 0 {
		return errors.New("it has no FieldSelectors")
	}
	if err := a.readCategory(); err != nil {
		return err
	}
	rules := fieldsOf[a.category]
	seen := map[string]bool{}
	for i := range a.Fields {
		f := &a.Fields[i]
		if f.Field == "eventCategory" {
			continue
		}
		rule, ok := rules[f.Field]
		if !ok {
			return unknownField(f.Field, a.category)
		}
		if seen[f.Field] && rule.once {
			return fmt.Errorf("field %s stands twice", f.Field)
		}
		seen[f.Field] = true
		if err := f.check(rule); err != nil {
			return fmt.Errorf("field %s: %w", f.Field, err)
		}
		c := compile(f, rule.of)
		if rule.ofItem {
			a.onItem = append(a.onItem, c)
		} else {
			a.onEvent = append(a.onEvent, c)
		}
	}
	for _, name := range sortedNames(rules) {
		if rules[name].required && !seen[name] {
			return fmt.Errorf("events of category %s need field %s", a.category, name)
		}
	}
	return nil
}

// readCategory finds the one field eventCategory with its one value.
func (a *advanced) readCategory() error {
	for i := range a.Fields {
		f := &a.Fields[i]
		if f.Field != "eventCategory" {
			continue
		}
		if a.category != "" {
			return errors.New("field eventCategory stands twice")
		}
		if len(f.Equals) != 1 || f.values() != 1 {
			return errors.New("field eventCategory: it must have Equals with one value and nothing else")
		}
		a.category = Category(f.Equals[0])
		if _, ok := fieldsOf[a.category]; !ok {
			return fmt.Errorf("field eventCategory: %.60q is no category; use Management, Data, NetworkActivity, Insight, ConfigurationItem, Evidence or ActivityAuditLog", f.Equals[0])
		}
	}
	if a.category == "" {
		return errors.New("field eventCategory is missing")
	}
	return nil
}

// check refuses operators and values that the field cannot have.
func (f *field) check(rule rule) error {
	if f.values() == 0 {
		return errors.New("it has no operator with a value")
	}
	for _, l := range f.lists() {
		if l.values != nil && len(l.values) == 0 {
			return fmt.Errorf("%s is empty", l.operator)
		}
		if len(l.values) > 0 && !slices.Contains(rule.operators, l.operator) {
			return fmt.Errorf("%s cannot be used; use %s", l.operator, joined(rule.operators))
		}
		if rule.single && len(l.values) > 1 {
			return fmt.Errorf("%s must have one value, not %d; use another selector for others", l.operator, len(l.values))
		}
		for _, v := range l.values {
			if n := utf8.RuneCountInString(v); n == 0 || n > maxValue {
				return fmt.Errorf("a value of %s has %d characters; it must have 1 to %d", l.operator, n, maxValue)
			}
			if rule.valid != nil && !rule.valid(v) {
				return fmt.Errorf("%.100q is no value of it; %s", v, rule.hint)
			}
		}
	}
	return nil
}
