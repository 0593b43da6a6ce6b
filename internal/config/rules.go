package config

import (
	"fmt"
	"regexp"
	"slices"
)

// The processing rules that are applied.
const (
	excludeAtMatch = "exclude_at_match"
	includeAtMatch = "include_at_match"
	maskSequences  = "mask_sequences"
)

func appliedRules() []string { return []string{excludeAtMatch, includeAtMatch, maskSequences} }

// otherRules are rules of the Datadog Agent that have no effect on records that arrive whole.
func otherRules() []string {
	return []string{"multi_line", "exclude_truncated", "remap_source", "exclude_at_gojq_match", "include_at_gojq_match", "mask_gojq"}
}

// Filter returns a function that applies the input's processing rules to a record: it returns the bytes to keep, or
// says that the record is excluded. It never changes the bytes that it is given. Without rules it returns nil.
func (in *Input) Filter() (func(data []byte) (kept []byte, keep bool), error) {
	var steps []func([]byte) ([]byte, bool)
	for _, r := range in.Rules {
		if !slices.Contains(appliedRules(), r.Type) {
			continue
		}
		re, err := regexp.Compile(r.Pattern)
		if err != nil {
			return nil, fmt.Errorf("invalid pattern %s for processing rule: %s", r.Pattern, r.Name)
		}
		switch placeholder := []byte(r.Placeholder); r.Type {
		case excludeAtMatch:
			steps = append(steps, func(data []byte) ([]byte, bool) { return data, !re.Match(data) })
		case includeAtMatch:
			steps = append(steps, func(data []byte) ([]byte, bool) { return data, re.Match(data) })
		case maskSequences:
			steps = append(steps, func(data []byte) ([]byte, bool) {
				if !re.Match(data) {
					return data, true
				}
				return re.ReplaceAll(data, placeholder), true
			})
		}
	}
	if len(steps) == 0 {
		return nil, nil
	}
	return func(data []byte) ([]byte, bool) {
		for _, step := range steps {
			var keep bool
			if data, keep = step(data); !keep {
				return nil, false
			}
		}
		return data, true
	}, nil
}

// warnOfRules notes the rules of an input that have no effect.
func (c *Config) warnOfRules(in *Input) {
	for i, r := range in.Rules {
		if slices.Contains(otherRules(), r.Type) {
			path := in.path + ".log_processing_rules[" + itoa(i) + "]"
			c.Warnings = append(c.Warnings, c.problem(path, "type", "%s is accepted but not applied: each syslog frame is one record", r.Type))
		}
	}
}

// ruleProblem is one thing that is wrong with a rule, and which of its keys it is.
type ruleProblem struct{ key, text string }

// problemsOf says all that is wrong with a rule. The texts are the Datadog Agent's. A rule without a name is called by its place, as in
// log_processing_rules[0].
func problemsOf(r Rule, place int) (found []ruleProblem) {
	add := func(key, format string, args ...any) {
		found = append(found, ruleProblem{key, fmt.Sprintf(format, args...)})
	}
	name := r.Name
	if name == "" {
		name = "[" + itoa(place) + "]"
		add("name", "all processing rules must have a name")
	}
	switch {
	case r.Type == "":
		add("type", "type must be set for processing rule `%s`; %s", name, didYouMean("", appliedRules()))
	case slices.Contains(otherRules(), r.Type):
		return found // it has no effect, whatever its pattern
	case !slices.Contains(appliedRules(), r.Type):
		add("type", "type %s is not supported for processing rule `%s`; %s", r.Type, name, didYouMean(r.Type, appliedRules()))
	}
	if r.Pattern == "" {
		add("pattern", "no pattern provided for processing rule: %s", name)
	} else if _, err := regexp.Compile(r.Pattern); err != nil {
		add("pattern", "invalid pattern %s for processing rule: %s (%v)", r.Pattern, name, err)
	}
	return found
}
