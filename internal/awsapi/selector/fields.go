package selector

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// rule is what a field may be in a category.
type rule struct {
	of        func(*Event, *Resource) string
	ofItem    bool // it belongs to a resource
	required  bool
	once      bool // it stands in a selector once
	single    bool // an operator has one value
	operators []string
	valid     func(string) bool // nil: every value
	hint      string
}

var (
	onlyEquals = []string{"Equals"}
	equality   = []string{"Equals", "NotEquals"}
	every      = []string{"Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"}
)

// resourceType is the form of the types; the list of those that exist grows with every service.
var resourceType = regexp.MustCompile(`^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$`)

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

// Rules of fields that are alike in all categories.
var (
	readOnly = rule{of: func(e *Event, _ *Resource) string { return e.ReadOnly }, once: true, single: true, operators: onlyEquals,
		valid: oneOf("true", "false"), hint: "use true or false"}
	eventSource = rule{of: func(e *Event, _ *Resource) string { return e.Source }, operators: every}
	eventName   = rule{of: func(e *Event, _ *Resource) string { return e.Name }, operators: every}
	eventType   = rule{of: func(e *Event, _ *Resource) string { return e.Type }, operators: every}
	fromConsole = rule{of: func(e *Event, _ *Resource) string { return e.FromConsole }, once: true, single: true, operators: equality,
		valid: oneOf("true"), hint: "use true"}
	userARN = rule{of: func(e *Event, _ *Resource) string { return e.UserARN }, operators: every}
)

// fieldsOf are the fields beside eventCategory.
var fieldsOf = map[Category]map[string]rule{
	Management: {"readOnly": readOnly, "eventSource": eventSource, "eventName": eventName, "eventType": eventType,
		"sessionCredentialFromConsole": fromConsole, "userIdentity.arn": userARN},
	Data: {"readOnly": readOnly, "eventSource": eventSource, "eventName": eventName, "eventType": eventType,
		"sessionCredentialFromConsole": fromConsole, "userIdentity.arn": userARN,
		"resources.type": {of: func(_ *Event, r *Resource) string { return r.Type }, ofItem: true, required: true, once: true, single: true,
			operators: onlyEquals, valid: resourceType.MatchString, hint: "use a type such as AWS::S3::Object"},
		"resources.ARN": {of: func(_ *Event, r *Resource) string { return r.ARN }, ofItem: true, operators: every}},
	NetworkActivity: {
		"eventSource": {of: eventSource.of, required: true, once: true, single: true, operators: onlyEquals},
		"eventName":   eventName,
		"errorCode": {of: func(e *Event, _ *Resource) string { return e.ErrorCode }, once: true, single: true, operators: equality,
			valid: oneOf("VpceAccessDenied"), hint: "use VpceAccessDenied"},
		"vpcEndpointId": {of: func(e *Event, _ *Resource) string { return e.VPCEndpointID }, operators: every}},
	Insight: {}, ConfigurationItem: {}, Evidence: {}, ActivityAuditLog: {},
}

func unknownField(name string, category Category) error {
	known := fieldsOf[category]
	if len(known) == 0 {
		return fmt.Errorf("field %.60q cannot be used: events of category %s are kept as a whole", name, category)
	}
	return fmt.Errorf("field %.60q cannot be used with events of category %s; use %s", name, category, joined(sortedNames(known)))
}

func sortedNames(rules map[string]rule) []string { return slices.Sorted(maps.Keys(rules)) }

func joined(names []string) string { return strings.Join(names, ", ") }
