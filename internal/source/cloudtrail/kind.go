package cloudtrail

import (
	"strings"

	"kiroku/internal/event"
)

// kind is the OCSF class and activity of an event.
type kind struct{ class, activity int }

// Activities of OCSF 1.8.0 that are used here.
const (
	other = 99

	logon         = 1
	logoff        = 2
	preauth       = 6
	accountSwitch = 7

	accountCreate  = 1
	accountEnable  = 2
	passwordChange = 3
	passwordReset  = 4
	accountDisable = 5
	accountDelete  = 6
	attachPolicy   = 7
	detachPolicy   = 8
	mfaEnable      = 10
	mfaDisable     = 11

	assignPrivileges = 1
	revokePrivileges = 2
	groupAddUser     = 3
	groupRemoveUser  = 4
	groupDelete      = 5
	groupCreate      = 6

	apiCreate = 1
	apiRead   = 2
	apiUpdate = 3
	apiDelete = 4
)

// Values of auth_protocol_id.
const (
	protocolOpenID = 4
	protocolSAML   = 5
)

// Values of eventCategory and eventType of the families that are no calls.
const (
	categoryInsight    = "Insight"
	categoryAggregated = "Aggregated"
	typeInsight        = "AwsCloudTrailInsight"
	typeAggregated     = "AwsAggregatedEvent"
)

// mapKind sets class, activity and what else belongs to the kind of event.
func (m *mapper) mapKind() {
	switch {
	case m.isInsight():
		m.mapFamily(categoryInsight)
	case m.isAggregated():
		m.mapFamily(categoryAggregated)
	default:
		m.mapCall()
	}
}

func (m *mapper) isInsight() bool {
	return m.values[nCategory] == categoryInsight || strings.EqualFold(m.values[nEventType], typeInsight)
}

func (m *mapper) isAggregated() bool {
	return m.values[nCategory] == categoryAggregated || strings.EqualFold(m.values[nEventType], typeAggregated)
}

// mapFamily is for what CloudTrail says about many calls: that their rate is unusual (state Start) or usual again (End), or how
// many there were. It is no finding: the OCSF project's mapping has three classes for CloudTrail, by the name of the call.
func (m *mapper) mapFamily(category string) {
	m.e.Class(event.ClassAPIActivity, other)
	m.e.Str(event.ColActivityName, nameTexts[nCategory], category)
}

// mapCall sets the class of a call, its target and what came of it.
func (m *mapper) mapCall() {
	e, v := m.e, &m.values
	k := m.kindOf()
	e.Class(k.class, k.activity)
	if k.activity == other {
		m.put(event.ColActivityName, nEventName)
	}
	m.mapOutcome()
	if k.class == event.ClassAPIActivity {
		return
	}
	switch v[nEventName] {
	case "AssumeRoleWithSAML":
		e.Int(event.ColAuthProtocolID, nameTexts[nEventName], protocolSAML)
	case "AssumeRoleWithWebIdentity":
		e.Int(event.ColAuthProtocolID, nameTexts[nEventName], protocolOpenID)
	}
	m.mapTarget()
}

// mapTarget sets whom or what was acted upon: a user or role, the role that was assumed, a group, a policy.
func (m *mapper) mapTarget() {
	v := &m.values
	for _, n := range []name{nParamUserName, nParamUsername, nResponseUserName, nParamRoleName, nResponseRoleName} {
		if v[n] != "" {
			m.put(event.ColUserName, n)
			break
		}
	}
	m.put(event.ColUserUID, nResponseRoleARN)
	m.put(event.ColUserUID, nResponseUserARN)
	m.put(event.ColGroupName, nParamGroupName)
	m.put(event.ColPolicyName, nParamPolicyName)
	m.put(event.ColPolicyName, nParamPolicyARN)
	if arn := v[nParamRoleARN]; arn != "" {
		// The name that the role's own calls have.
		role := m.join(arn[strings.LastIndexByte(arn, '/')+1:], v[nParamSession])
		m.e.Str(event.ColUserName, nameTexts[nParamRoleARN], role)
		m.put(event.ColUserUID, nParamRoleARN)
	}
}

// kindOf finds the kind of a call: calls that manage identities and sign-ins by name, all others by their verb.
func (m *mapper) kindOf() kind {
	v := &m.values
	if calls := identityCalls[service(v[nEventSource])]; calls != nil {
		if k, ok := calls[v[nEventName]]; ok {
			return k
		}
	}
	return kind{event.ClassAPIActivity, apiActivity(v[nEventName], v[nReadOnly])}
}

// apiActivity is the activity of a call by its verb. Calls that only read may have any verb, for example Decrypt.
func apiActivity(call, readOnly string) int {
	switch {
	case call == "":
		return 0
	case readOnly == "true":
		return apiRead
	}
	verb := call
	for i := 1; i < len(call); i++ {
		if call[i]-'A' < 26 {
			verb = call[:i]
			break
		}
	}
	switch verb {
	case "Describe", "Get", "List", "Head", "Lookup", "Search", "Query", "Scan", "Select", "Read":
		return apiRead
	case "Create", "Run", "Register", "Allocate", "Import", "Issue", "Request", "Upload", "Copy", "Publish":
		return apiCreate
	case "Delete", "Terminate", "Remove", "Deregister", "Release", "Purge", "Destroy":
		return apiDelete
	}
	switch call {
	case "PutObject", "PutItem", "PutRecord", "PutRecords", "PutEvents", "PutLogEvents", "PutMetricData", "PutAuditEvents":
		return apiCreate // what is put was not there before
	}
	if rest, ok := strings.CutPrefix(call, "Batch"); ok && rest != "" {
		return apiActivity(rest, readOnly)
	}
	return apiUpdate
}
