package selector

import (
	"fmt"
	"strings"
)

// Event is what selectors look at, as texts of the CloudTrail record; "" is what the record has not.
type Event struct {
	Category      Category // "" is Management: records before eventVersion 1.07 have none
	ReadOnly      string   // true, false
	Source        string   // eventSource, for example iam.amazonaws.com
	Name          string   // eventName
	Type          string   // eventType
	ErrorCode     string
	FromConsole   string // sessionCredentialFromConsole: true
	UserARN       string // userIdentity.arn
	VPCEndpointID string
	Resources     []Resource
}

// Resource is an element of a record's resources.
type Resource struct {
	Type string
	ARN  string // or ARNPrefix
}

// condition is what a field must be like.
type condition struct {
	field string
	of    func(*Event, *Resource) string

	equals           map[string]bool
	starts, ends     []string
	positive         bool // one of the above must be met
	notEquals        map[string]bool
	notStart, notEnd []string
}

func compile(f *field, of func(*Event, *Resource) string) condition {
	return condition{field: f.Field, of: of, equals: setOf(f.Equals), starts: f.StartsWith, ends: f.EndsWith,
		positive:  len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) > 0,
		notEquals: setOf(f.NotEquals), notStart: f.NotStartsWith, notEnd: f.NotEndsWith}
}

func setOf(values []string) map[string]bool {
	if len(values) == 0 {
		return nil
	}
	set := make(map[string]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return set
}

// met says whether a value is what the condition wants.
func (c *condition) met(v string) bool {
	if v == "" { // the event has not the field
		return !c.positive
	}
	if c.notEquals[v] || anyPrefix(v, c.notStart) || anySuffix(v, c.notEnd) {
		return false
	}
	return !c.positive || c.equals[v] || anyPrefix(v, c.starts) || anySuffix(v, c.ends)
}

func anyPrefix(v string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return false
}

func anySuffix(v string, suffixes []string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(v, s) {
			return true
		}
	}
	return false
}

// Match says whether an event is kept.
func (s Set) Match(e *Event) bool {
	for i := range s.selectors {
		if s.selectors[i].refusedBy(e) == nil {
			return true
		}
	}
	return false
}

// category is the condition that eventCategory is.
var category = condition{field: "eventCategory", of: func(e *Event, _ *Resource) string { return string(e.category()) }}

func (e *Event) category() Category {
	if e.Category == "" {
		return Management
	}
	return e.Category
}

// refusedBy is the first condition that an event does not meet, or nil when the selector keeps it.
func (a *advanced) refusedBy(e *Event) *condition {
	if a.category != e.category() {
		return &category
	}
	for i := range a.onEvent {
		c := &a.onEvent[i]
		if !c.met(c.of(e, nil)) {
			return c
		}
	}
	if len(a.onItem) == 0 {
		return nil
	}
	refused := &a.onItem[0]
	for i := range e.Resources {
		c := a.itemRefusedBy(e, &e.Resources[i])
		if c == nil {
			return nil
		}
		if c != &a.onItem[0] { // a resource that comes further says more
			refused = c
		}
	}
	return refused
}

func (a *advanced) itemRefusedBy(e *Event, r *Resource) *condition {
	for i := range a.onItem {
		c := &a.onItem[i]
		if !c.met(c.of(e, r)) {
			return c
		}
	}
	return nil
}

// Explanation says why an event is kept or not.
type Explanation struct {
	Kept      bool     `json:"kept"`
	Selectors []Answer `json:"selectors"`
}

// Answer is what one selector says.
type Answer struct {
	Name   string `json:"name,omitempty"`
	Kept   bool   `json:"kept"`
	Field  string `json:"field,omitempty"`  // the first field that refused the event
	Reason string `json:"reason,omitempty"` // what the event has in that field
}

// Explain says for each selector whether it keeps the event, and if not, which field refused it.
func (s Set) Explain(e *Event) Explanation {
	out := Explanation{Selectors: []Answer{}}
	for i := range s.selectors {
		a := &s.selectors[i]
		answer := Answer{Name: a.Name, Kept: true}
		if c := a.refusedBy(e); c != nil {
			answer = Answer{Name: a.Name, Field: c.field, Reason: c.reason(e)}
		}
		out.Kept = out.Kept || answer.Kept
		out.Selectors = append(out.Selectors, answer)
	}
	return out
}

// reason is what the event has where the condition wants something else.
func (c *condition) reason(e *Event) string {
	var have []string
	if strings.HasPrefix(c.field, "resources.") {
		for i := range e.Resources {
			have = append(have, c.of(e, &e.Resources[i]))
		}
	} else {
		have = append(have, c.of(e, nil))
	}
	var quoted []string
	for _, v := range have {
		if v != "" {
			quoted = append(quoted, fmt.Sprintf("%.200q", v))
		}
	}
	if len(quoted) == 0 {
		return "the event has no " + c.field
	}
	return "the event has " + c.field + " " + strings.Join(quoted, ", ")
}
