package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// condition is one key of the element Condition: all conditions of a statement must hold.
type condition struct {
	operator string
	key      string // lower case; as written it is in text
	text     string
	values   []string // one of them must match
}

// Keys of conditions, in lower case: IAM compares them so.
const (
	keyExternalID    = "cloudtrail:externalid"
	keySourceARN     = "aws:sourcearn"
	keySourceAccount = "aws:sourceaccount"
)

// conditionKeys are those that exist for each kind of resource, and how they are printed.
var conditionKeys = map[Kind]map[string]string{
	Channel:        {keyExternalID: "cloudtrail:ExternalId"},
	EventDataStore: {keySourceARN: "aws:SourceArn", keySourceAccount: "aws:SourceAccount"},
	Dashboard:      {keySourceARN: "aws:SourceArn", keySourceAccount: "aws:SourceAccount"},
}

// operators are those that are understood for each kind.
var operators = map[Kind][]string{
	Channel:        {"StringEquals"},
	EventDataStore: {"StringEquals", "StringLike", "ArnEquals", "ArnLike"},
	Dashboard:      {"StringEquals", "StringLike", "ArnEquals", "ArnLike"},
}

// externalID is what PutAuditEvents takes as externalId, of 2 to 1224 characters.
var externalID = regexp.MustCompile(`^[\w+=,.@:/-]+$`)

// parseConditions reads the element Condition.
func parseConditions(v any, kind Kind) ([]condition, error) {
	o, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf(`it must be an object such as {"StringEquals": {%q: "…"}}`, printed(conditionKeys[kind]))
	}
	var out []condition
	for _, operator := range sorted(o) {
		if !slices.Contains(operators[kind], operator) {
			return nil, fmt.Errorf("operator %q is not supported; use %s", operator, strings.Join(operators[kind], ", "))
		}
		keys, ok := o[operator].(object)
		if !ok || len(keys) == 0 {
			return nil, fmt.Errorf("%s: it must be an object of keys and values", operator)
		}
		for _, key := range sorted(keys) {
			c := condition{operator: operator, key: strings.ToLower(key), text: key}
			if conditionKeys[kind][c.key] == "" {
				return nil, fmt.Errorf("%s: key %q is not supported; use %s", operator, key, printed(conditionKeys[kind]))
			}
			if slices.ContainsFunc(out, func(b condition) bool { return b.operator == operator && b.key == c.key }) {
				return nil, fmt.Errorf("%s: key %q stands twice", operator, key)
			}
			var err error
			if c.values, err = texts(keys[key]); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", operator, key, err)
			}
			if err := c.check(); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", operator, key, err)
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// check refuses values that no request can have.
func (c *condition) check() error {
	for _, value := range c.values {
		switch {
		case c.key == keyExternalID && (len(value) < 2 || len(value) > 1224 || !externalID.MatchString(value)):
			return fmt.Errorf("%q cannot be an external id: 2 to 1224 letters, digits or any of _+=,.@:/-", value)
		case strings.HasPrefix(c.operator, "Arn") && strings.Count(value, ":") < 5:
			return fmt.Errorf("%q is not an ARN", value)
		}
	}
	return nil
}

// holds says whether one of the values matches. A request without the key matches none.
func (c *condition) holds(r *Request) bool {
	var have string
	switch c.key {
	case keyExternalID:
		have = r.ExternalID
	case keySourceARN:
		have = r.SourceARN
	case keySourceAccount:
		have = r.SourceAccount
	}
	if have == "" {
		return false
	}
	for _, value := range c.values {
		var ok bool
		switch c.operator {
		case "StringEquals":
			ok = have == value
		case "StringLike":
			ok = like(value, have)
		default: // IAM treats ArnEquals as ArnLike
			ok = likeARN(value, have)
		}
		if ok {
			return true
		}
	}
	return false
}

// likeARN compares part by part: a wildcard does not reach over a colon, but in the last part.
func likeARN(pattern, s string) bool {
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(s, ":", 6)
	if len(patterns) != len(parts) {
		return false
	}
	for i := range patterns {
		if !like(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// like matches a pattern in which * is any text and ? any one byte. It goes back to the last * only, so it takes at most
// len(pattern) × len(s) steps.
func like(pattern, s string) bool {
	p, i := 0, 0
	star, again := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, again = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			again++
			p, i = star+1, again
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
