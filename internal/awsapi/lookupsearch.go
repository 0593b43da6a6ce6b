package awsapi

import (
	"strings"
	"unicode/utf8"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// The attributes by which events are looked up.
const (
	attrEventID      = "EventId"
	attrEventName    = "EventName"
	attrReadOnly     = "ReadOnly"
	attrUsername     = "Username"
	attrResourceType = "ResourceType"
	attrResourceName = "ResourceName"
	attrEventSource  = "EventSource"
	attrAccessKeyID  = "AccessKeyId"
)

func (a *LookupAttribute) check() error {
	switch a.AttributeKey {
	case attrEventID, attrEventName, attrReadOnly, attrUsername, attrResourceType, attrResourceName, attrEventSource, attrAccessKeyID:
	default:
		return refuse("InvalidLookupAttributesException", "Events cannot be looked up by %.60q.", a.AttributeKey)
	}
	if n := utf8.RuneCountInString(a.AttributeValue); n < 1 || n > maxLookupValue {
		return refuse("InvalidLookupAttributesException", "AttributeValue must have 1 to %d characters, not %d.", maxLookupValue, n)
	}
	return nil
}

// lookupCategory is the eventCategory of the events asked for.
func lookupCategory(given string) (string, error) {
	switch given {
	case "":
		return "Management", nil
	case "insight":
		return "Insight", nil
	}
	return "", refuse("InvalidEventCategoryException", "EventCategory can only be insight, not %.40q.", given)
}

// lookupSearch is a search that finds all events asked for; by a name it may find some more, since the columns do not hold
// everything as CloudTrail's answer says it: see lookup.event.
func lookupSearch(c Caller, category string, a LookupAttribute) string {
	terms := []search.Term{
		is(event.ColSource.String(), string(event.CloudTrail)), is(event.ColCloudAccountUID.String(), c.Account),
		is(event.ColCloudRegion.String(), c.Region), is(event.ColProductFeature.String(), category),
	}
	if a.AttributeKey != "" {
		terms = append(terms, a.term())
	}
	return (&search.Query{Root: &search.And{Terms: terms}}).String()
}

func is(field, value string) search.Term {
	return &search.Clause{Field: search.Field{Name: field}, Value: &search.Exact{Text: value}}
}

// likely is how long names of resources are at most; a longer one is only looked for among ARNs, since a search has an end.
const likely = 256

func (a *LookupAttribute) term() search.Term {
	v := a.AttributeValue
	switch a.AttributeKey {
	case attrEventID:
		return is(event.ColMetadataUID.String(), v)
	case attrEventName:
		return is(event.ColAPIOperation.String(), v)
	case attrReadOnly:
		return is("unmapped.readOnly", v)
	case attrEventSource:
		return is(event.ColAPIService.String(), v)
	case attrAccessKeyID:
		return is(event.ColActorCredentialUID.String(), v)
	case attrUsername:
		if utf8.RuneCountInString(v) > likely {
			return is(event.ColActorUserName.String(), v)
		}
		// A session of a role is "role/session" in the column; some users have their name in unmapped.
		session := &search.Clause{Field: search.Field{Name: event.ColActorUserName.String()},
			Value: &search.Equal{Str: search.Str{Kind: search.Wildcard, Text: "*/" + literal(v)}}}
		return &search.Or{Terms: []search.Term{is(event.ColActorUserName.String(), v), session, is("unmapped.userIdentity.userName", v)}}
	case attrResourceType:
		any := []search.Term{is(event.ColResourceTypes.String(), v)}
		for _, r := range namedResources {
			if r.typ == v {
				any = append(any, &search.And{Terms: []search.Term{is(event.ColAPIService.String(), r.service), &search.Clause{
					Field: search.Field{Name: "unmapped.requestParameters." + r.parameter}, Value: &search.Exists{}}}})
			}
		}
		return either(any)
	}
	any := []search.Term{is(event.ColResourceUids.String(), v)}
	if utf8.RuneCountInString(v) <= likely {
		seen := map[string]bool{}
		for _, r := range namedResources {
			if !seen[r.parameter] {
				seen[r.parameter] = true
				any = append(any, is("unmapped.requestParameters."+r.parameter, v))
			}
		}
	}
	return either(any)
}

func either(terms []search.Term) search.Term {
	if len(terms) == 1 {
		return terms[0]
	}
	return &search.Or{Terms: terms}
}

// literal makes a pattern that means the text.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(text)
}
