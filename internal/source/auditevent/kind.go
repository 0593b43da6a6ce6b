package auditevent

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
	accountLock    = 9
	mfaEnable      = 10
	mfaDisable     = 11
	accountUnlock  = 12

	assignPrivileges = 1
	revokePrivileges = 2
	groupAddUser     = 3
	groupRemoveUser  = 4
	groupDelete      = 5
	groupCreate      = 6

	entityCreate     = 1
	entityRead       = 2
	entityUpdate     = 3
	entityDelete     = 4
	entityMove       = 5
	entityEnroll     = 6
	entityUnenroll   = 7
	entityEnable     = 8
	entityDisable    = 9
	entityActivate   = 10
	entityDeactivate = 11
	entitySuspend    = 12
	entityResume     = 13

	findingCreate = 1

	// byVerb stands in tables for the activity that the name's own verb says.
	byVerb = -1
)

// mapKind sets class, activity, what was acted upon and what came of it.
func (m *mapper) mapKind() {
	e, v := m.e, &m.values
	k, known := kind{}, false
	if p := products[m.source]; p.classify != nil {
		k, known = p.classify(m)
	}
	if !known {
		m.words.split(v[nEventName])
		k = kind{event.ClassAPIActivity, m.words.apiActivity()}
	}
	e.Class(k.class, k.activity)
	if k.activity == other {
		n := nEventName
		if m.source == sourceOkta && v[nOktaType] != "" {
			n = nOktaType
		}
		m.put(event.ColActivityName, n)
	}
	m.mapOutcome()
	m.mapTarget(k)
	if k.class == event.ClassDetectionFinding {
		e.Int(event.ColSeverityID, "", event.SeverityMedium)
		m.put(event.ColFindingUID, nUID)
		m.put(event.ColFindingTitle, nEventName)
		if m.source == sourceOkta {
			m.put(event.ColFindingTitle, nOktaType)
		}
	}
	if m.source == sourceOkta {
		m.mapSeverity()
	}
}

// mapSeverity takes Okta's severity (System Log API, LogSeverity).
func (m *mapper) mapSeverity() {
	said := m.values[nOktaSeverity]
	m.put(event.ColLogLevel, nOktaSeverity)
	switch said {
	case "WARN":
		m.e.Int(event.ColSeverityID, nameTexts[nOktaSeverity], event.SeverityMedium)
	case "ERROR":
		m.e.Int(event.ColSeverityID, nameTexts[nOktaSeverity], event.SeverityHigh)
	}
}

// mapTarget sets whom or what was acted upon, where the product tells it in a place of its own.
func (m *mapper) mapTarget(k kind) {
	switch m.source {
	case sourceOkta:
		m.targets.mapTo(m.e, k.class)
	case sourceGitHub:
		switch k.class {
		case event.ClassEntityManagement:
			m.put(event.ColEntityName, nRepository)
		case event.ClassGroupManagement:
			m.put(event.ColGroupName, nOrganization)
			m.put(event.ColGroupName, nRequestTeam)
			m.put(event.ColUserName, nRequestUser)
		case event.ClassAccountChange, event.ClassUserAccess:
			m.put(event.ColUserName, nRequestUser)
		}
	}
}

// kindIn finds the kind of a dotted name, the value of from, in a table: its own entry, else that of the longest run of words it begins with.
func (m *mapper) kindIn(table map[string]kind, from name) (kind, bool) {
	dotted := m.values[from]
	for at := len(dotted); at > 0; at = strings.LastIndexByte(dotted[:at], '.') {
		k, ok := table[dotted[:at]]
		if !ok {
			continue
		}
		if k.activity == byVerb {
			m.words.split(dotted[strings.LastIndexByte(dotted, '.')+1:])
			k.activity = m.words.entityActivity()
		}
		if k.class == event.ClassEntityManagement {
			kindOfEntity, _, _ := strings.Cut(dotted, ".")
			m.e.Str(event.ColEntityType, nameTexts[from], kindOfEntity)
		}
		return k, true
	}
	return kind{}, false
}
