package awsapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kiroku/internal/decode/jsonleaf"
)

// Reasons why one event of a request is refused, as ResultErrorEntry names them. The original has three more that do not
// occur here: AccountNotSubscribed, Throttling and InternalFailure; what they speak of fails the whole request.
const (
	fieldNotFound      = "FieldNotFound"
	fieldTooLong       = "FieldTooLong"
	invalidChecksum    = "InvalidChecksum"
	invalidData        = "InvalidData"
	invalidEventSource = "InvalidEventSource"
	invalidRecipient   = "InvalidRecipient"
)

// refusal says why an event is refused.
type refusal struct{ code, message string }

func refusal1(code, format string, args ...any) *refusal {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

// facts are what is needed of an event to store it.
type facts struct {
	time time.Time
	uid  string
}

// rule says what a member of eventData, or of its userIdentity, may be. Lengths of text are in characters, those of objects
// in bytes of their JSON.
type rule struct {
	required bool
	object   bool
	most     int // 0: any length
}

// From "CloudTrail Lake integrations event schema" of the CloudTrail user guide.
var (
	eventRules = map[string]rule{
		"version":             {required: true, most: 256},
		"userIdentity":        {required: true, object: true},
		"userAgent":           {most: 1024},
		"eventSource":         {required: true, most: 1024},
		"eventName":           {required: true, most: 1024},
		"eventTime":           {required: true, most: 64},
		"UID":                 {required: true, most: 1024},
		"requestParameters":   {object: true, most: 100 << 10},
		"responseElements":    {object: true, most: 100 << 10},
		"errorCode":           {most: 256},
		"errorMessage":        {most: 256},
		"sourceIPAddress":     {most: 256},
		"recipientAccountId":  {required: true, most: 256},
		"additionalEventData": {object: true, most: 28 << 10},
	}
	identityRules = map[string]rule{
		"type":        {required: true, most: 128},
		"principalId": {required: true, most: 1024},
		"details":     {object: true},
	}
	// The members in the order of the documentation: the first that is wrong is named.
	eventMembers = []string{"version", "userIdentity", "userAgent", "eventSource", "eventName", "eventTime", "UID", "requestParameters",
		"responseElements", "errorCode", "errorMessage", "sourceIPAddress", "recipientAccountId", "additionalEventData"}
	identityMembers = []string{"type", "principalId", "details"}
)

// checkEvent checks one event that is for an account. Members that are not described are passed over.
func checkEvent(data, checksum, account string) (facts, *refusal) {
	if checksum != "" {
		want := sha256.Sum256([]byte(data))
		if got, err := base64.StdEncoding.DecodeString(checksum); err != nil || string(got) != string(want[:]) {
			return facts{}, refusal1(invalidChecksum, "eventDataChecksum is not the base64 of the SHA-256 of eventData.")
		}
	}
	if !json.Valid([]byte(data)) {
		if nestedDeeper(data, maxDepth) { // it may be JSON all the same: json.Valid has an end too
			return facts{}, tooDeep("eventData")
		}
		return facts{}, refusal1(invalidData, "eventData is not JSON.")
	}
	event, r := members([]byte(data), "eventData", eventRules)
	if r == nil {
		r = checkMembers(event, eventMembers, eventRules, "")
	}
	if r != nil {
		return facts{}, r
	}
	identity, r := members([]byte(event["userIdentity"].text), "userIdentity", identityRules)
	if r == nil {
		r = checkMembers(identity, identityMembers, identityRules, "userIdentity.")
	}
	if r != nil {
		return facts{}, r
	}
	return checkValues(event, account)
}

func tooDeep(name string) *refusal {
	return refusal1(invalidData, "%s is nested more than %d levels deep.", name, maxDepth)
}

// nestedDeeper says whether brackets outside of strings are nested deeper than most.
func nestedDeeper(text string, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// member is a value that a rule speaks of: unescaped text, or the JSON of anything else.
type member struct {
	kind jsonleaf.Kind
	text string
}

// members reads the members of an object, which is JSON, that rules speak of; null is no member. Of one that stands twice the
// last counts.
func members(doc []byte, name string, rules map[string]rule) (map[string]member, *refusal) {
	ms := jsonleaf.Members{Doc: doc, MaxDepth: maxDepth - 1}
	found := make(map[string]member, len(rules))
	var m jsonleaf.Member
	for ms.Next(&m) {
		key := string(m.Key)
		if m.KeyEscaped {
			text, _ := jsonleaf.Unescape(nil, m.Key)
			key = string(text)
		}
		if _, ok := rules[key]; !ok {
			continue
		}
		if m.Kind == jsonleaf.Null {
			delete(found, key)
			continue
		}
		text := m.Text
		if m.Escaped {
			text, _ = jsonleaf.Unescape(nil, m.Text)
		}
		found[key] = member{m.Kind, string(text)}
	}
	if ms.Err() != nil || !ms.Closed() {
		if nestedDeeper(string(doc), maxDepth) {
			return nil, tooDeep(name)
		}
		return nil, refusal1(invalidData, "%s is not a JSON object.", name)
	}
	return found, nil
}

func checkMembers(found map[string]member, order []string, rules map[string]rule, prefix string) *refusal {
	for _, name := range order {
		rule := rules[name]
		v, there := found[name]
		switch {
		case rule.required && (!there || v.kind == jsonleaf.String && v.text == ""):
			return refusal1(fieldNotFound, "%s%s is required.", prefix, name)
		case !there:
		case rule.object && v.kind != jsonleaf.Object && (v.kind != jsonleaf.String || v.text != ""):
			return refusal1(invalidData, "%s%s must be a JSON object.", prefix, name)
		case !rule.object && v.kind != jsonleaf.String:
			return refusal1(invalidData, "%s%s must be a string.", prefix, name)
		case rule.most > 0 && rule.object && len(v.text) > rule.most:
			return refusal1(fieldTooLong, "%s%s has %d bytes, more than %d.", prefix, name, len(v.text), rule.most)
		case rule.most > 0 && !rule.object && utf8.RuneCountInString(v.text) > rule.most:
			return refusal1(fieldTooLong, "%s%s has %d characters, more than %d.", prefix, name, utf8.RuneCountInString(v.text), rule.most)
		}
	}
	return nil
}

// checkValues checks what values mean.
func checkValues(event map[string]member, account string) (facts, *refusal) {
	f := facts{uid: event["UID"].text}
	source := event["eventSource"].text
	if strings.TrimSpace(source) == "" || strings.IndexFunc(source, unicode.IsControl) >= 0 {
		return f, refusal1(invalidEventSource, "eventSource is blank or has control characters.")
	}
	at, err := parseEventTime(event["eventTime"].text)
	if err != nil {
		return f, refusal1(invalidData, "eventTime must be a time in UTC such as 2026-11-01T09:00:00Z.")
	}
	f.time = at
	// AWS's own sample sends the text None where there is no address.
	if ip := event["sourceIPAddress"].text; ip != "" && ip != "None" {
		if _, err := netip.ParseAddr(ip); err != nil {
			return f, refusal1(invalidData, "sourceIPAddress is not an IPv4 or IPv6 address.")
		}
	}
	if event["recipientAccountId"].text != account {
		return f, refusal1(invalidRecipient, "recipientAccountId is not the account of the channel, %s.", account)
	}
	return f, nil
}

// eventTimeForm is narrower than time.Parse, which takes hours of one digit and a comma before the fraction.
var eventTimeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$`)

// parseEventTime reads yyyy-MM-ddTHH:mm:ss, with a fraction or without, with the Z that all clients add or without.
func parseEventTime(s string) (time.Time, error) {
	if !eventTimeForm.MatchString(s) {
		return time.Time{}, fmt.Errorf("read time %q: it is not in the form yyyy-MM-ddTHH:mm:ssZ", s)
	}
	return time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(s, "Z"))
}
