package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a policy: those of CloudTrail.
const (
	maxLength     = 8192 // characters
	maxStatements = 20
	maxPrincipals = 50 // of a statement
)

// Policy says who may do what with one resource. It is not changed after Parse and may be used by several goroutines.
type Policy struct {
	owner      owner
	version    string
	id         string
	statements []statement
}

// statement allows or denies.
type statement struct {
	sid        string
	deny       bool
	principals []principal
	actions    []string
	conditions []condition
}

// actions are what policies of each kind can allow.
var actions = map[Kind][]string{
	Channel: {"cloudtrail-data:PutAuditEvents"},
	EventDataStore: {"cloudtrail:StartQuery", "cloudtrail:CancelQuery", "cloudtrail:ListQueries", "cloudtrail:DescribeQuery", "cloudtrail:GetQueryResults",
		"cloudtrail:GenerateQuery", "cloudtrail:GenerateQueryResultsSummary", "cloudtrail:GetEventDataStore"},
	Dashboard: {"cloudtrail:StartDashboardRefresh"},
}

// Empty is the policy of a resource that has none: only its owner may. The error says that resourceARN is not of a resource
// that can have a policy.
func Empty(resourceARN string) (*Policy, error) {
	o, err := parseOwner(resourceARN)
	if err != nil {
		return nil, err
	}
	return &Policy{owner: o}, nil
}

// Parse reads the policy of a resource. The error says what is not understood and where, as the message of a
// ResourcePolicyNotValidException.
func Parse(doc []byte, resourceARN string) (*Policy, error) {
	p, err := Empty(resourceARN)
	if err != nil {
		return nil, err
	}
	if n := utf8.RuneCount(doc); n > maxLength {
		return nil, fmt.Errorf("the policy has %d characters, and %d is the most", n, maxLength)
	}
	if !utf8.Valid(doc) {
		return nil, errors.New("the policy is not UTF-8")
	}
	v, err := readJSON(doc)
	if err != nil {
		return nil, fmt.Errorf("the policy is not valid JSON: %w", err)
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("the policy is not a JSON object")
	}
	if err := p.read(o); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Policy) read(o object) error {
	for _, name := range sorted(o) {
		var ok bool
		switch name {
		case "Version":
			p.version, ok = o[name].(string)
			if !ok || p.version != "2012-10-17" && p.version != "2008-10-17" {
				return fmt.Errorf(`"Version" %v is not known; write "2012-10-17"`, o[name])
			}
		case "Id":
			if p.id, ok = o[name].(string); !ok {
				return errors.New(`"Id" is not a text`)
			}
		case "Statement":
		default:
			return fmt.Errorf("the policy has an unknown element %q", name)
		}
	}
	list, ok := o["Statement"].([]any)
	if !ok {
		one, ok := o["Statement"].(object)
		if !ok {
			return errors.New(`"Statement" is missing, or is not a list of statements`)
		}
		list = []any{one}
	}
	if len(list) == 0 || len(list) > maxStatements {
		return fmt.Errorf("a policy has 1 to %d statements, not %d", maxStatements, len(list))
	}
	for i, item := range list {
		s, err := parseStatement(item, p.owner)
		if err != nil {
			return fmt.Errorf("in Statement[%d]: %w", i, err)
		}
		if s.sid != "" && slices.ContainsFunc(p.statements, func(b statement) bool { return b.sid == s.sid }) {
			return fmt.Errorf("in Statement[%d]: Sid %q stands twice", i, s.sid)
		}
		p.statements = append(p.statements, s)
	}
	return nil
}

func parseStatement(v any, of owner) (statement, error) {
	o, ok := v.(object)
	if !ok {
		return statement{}, errors.New("it is not an object")
	}
	for _, name := range []string{"Effect", "Principal", "Action", "Resource"} {
		if _, ok := o[name]; !ok {
			return statement{}, fmt.Errorf("%s is missing", name)
		}
	}
	var s statement
	for _, name := range sorted(o) {
		if err := s.element(name, o[name], of); err != nil {
			return statement{}, err
		}
	}
	return s, nil
}

// element reads one member of a statement.
func (s *statement) element(name string, v any, of owner) (err error) {
	switch name {
	case "Sid":
		var ok bool
		if s.sid, ok = v.(string); !ok {
			return errors.New("the Sid is not a text")
		}
	case "Effect":
		if v != "Allow" && v != "Deny" {
			return fmt.Errorf("the Effect is %v, and must be Allow or Deny", v)
		}
		s.deny = v == "Deny"
	case "Principal":
		s.principals, err = parsePrincipals(v, of.kind)
	case "Action":
		s.actions, err = parseActions(v, of.kind)
	case "Resource":
		err = checkResource(v, of)
	case "Condition":
		s.conditions, err = parseConditions(v, of.kind)
	case "NotPrincipal", "NotAction", "NotResource":
		return fmt.Errorf("%s is not supported; say whom and what the statement is about with %s", name, strings.TrimPrefix(name, "Not"))
	default:
		return fmt.Errorf("the statement has an unknown element %q", name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// parseActions reads the element Action. Patterns must name at least one action; a channel has but one, which AWS wants named.
func parseActions(v any, kind Kind) ([]string, error) {
	list, err := texts(v)
	if err != nil {
		return nil, err
	}
	for _, text := range list {
		wild := strings.ContainsAny(text, "*?")
		if wild && kind == Channel || !slices.ContainsFunc(actions[kind], func(action string) bool { return matchAction(text, action) }) {
			return nil, fmt.Errorf("%q is not an action that the policy of a %s can have; use %s", text, kind, strings.Join(actions[kind], ", "))
		}
	}
	return list, nil
}

// matchAction compares as IAM does, without case.
func matchAction(pattern, action string) bool {
	return like(strings.ToLower(pattern), strings.ToLower(action))
}

func checkResource(v any, of owner) error {
	list, err := texts(v)
	if err != nil {
		return err
	}
	for _, text := range list {
		if text != of.arn {
			return fmt.Errorf("%q is not the resource that the policy belongs to; it must be %q", text, of.arn)
		}
	}
	return nil
}

// MarshalJSON writes the policy so that Parse reads the same again.
func (p *Policy) MarshalJSON() ([]byte, error) {
	type document struct {
		Version   string `json:",omitempty"`
		ID        string `json:"Id,omitempty"`
		Statement []any
	}
	doc := document{Version: p.version, ID: p.id, Statement: []any{}}
	for _, s := range p.statements {
		principals := map[string][]string{}
		for _, one := range s.principals {
			name := "AWS"
			if one.kind == service {
				name = "Service"
			}
			principals[name] = append(principals[name], one.text)
		}
		out := map[string]any{"Effect": "Allow", "Principal": principals, "Action": s.actions, "Resource": p.owner.arn}
		if s.deny {
			out["Effect"] = "Deny"
		}
		if s.sid != "" {
			out["Sid"] = s.sid
		}
		if len(s.conditions) > 0 {
			conditions := map[string]map[string][]string{}
			for _, c := range s.conditions {
				if conditions[c.operator] == nil {
					conditions[c.operator] = map[string][]string{}
				}
				conditions[c.operator][c.text] = c.values
			}
			out["Condition"] = conditions
		}
		doc.Statement = append(doc.Statement, out)
	}
	return json.Marshal(doc)
}

func sorted(o object) []string { return slices.Sorted(maps.Keys(o)) }

// printed lists the keys of conditions as people write them.
func printed(keys map[string]string) string {
	return strings.Join(slices.Sorted(maps.Values(keys)), ", ")
}
