package ivanti

import "kiroku/internal/event"

// Activities of the OCSF classes that are used here.
const (
	accountCreate, accountDelete               = 1, 6
	authLogon, authLogoff                      = 1, 2
	entityCreate, entityUpdate, entityDelete   = 1, 3, 4
	networkFail, networkRefuse, networkTraffic = 4, 5, 6
	tunnelOpen, tunnelClose, tunnelRenew       = 1, 2, 3
	other                                      = 99
)

const denied, blocked = 2, 2 // action_id, disposition_id

// classify sets class and activity.
func (n *entry) classify(e *event.Event) {
	class, activity, name := n.classOf()
	e.Class(class, activity)
	if activity == other {
		e.Str(event.ColActivityName, "raw_message", name)
	}
	if class == event.ClassAuthentication {
		e.Str(event.ColDstSvcName, "", serviceName)
	}
}

// classOf is the OCSF class and activity of an entry; name is the activity's word where activity is 99.
func (n *entry) classOf() (class, activity int, name string) {
	class, activity, name = classOfText(&n.facts)
	if class != classByType {
		return class, activity, name
	}
	switch n.typ {
	case "WEB":
		if n.values[keyUserAgent] != "" {
			return event.ClassHTTPActivity, other, "Web request"
		}
		return event.ClassBaseEvent, other, "Web request"
	case "AUT":
		return n.classOfAUT()
	case "JAV":
		if n.refused() {
			return event.ClassNetworkActivity, networkRefuse, ""
		}
		return event.ClassNetworkActivity, other, "Connection"
	case "NWC", "ERR":
		return event.ClassTunnelActivity, other, "VPN tunneling"
	case "ADM":
		return n.classOfAdmin()
	case "STS":
		return event.ClassBaseEvent, other, "Statistics"
	case "SYS":
		return event.ClassBaseEvent, other, "System status"
	}
	return event.ClassBaseEvent, other, "Log"
}

// refused says that a connection was refused: permission denied.
func (n *entry) refused() bool {
	return n.values[keyMessageID] == "JAV20022" || n.typ == "JAV" && refusal(n.values[keyText])
}

// classByType is no class: the text does not tell, the type of log does.
const classByType = -1

func classOfText(f *facts) (class, activity int, name string) {
	switch f.text {
	case textWebCompleted, textWebFailed, textWebBlocked, textWebDenied, textUnauthenticated:
		activity = event.HTTPActivity(f.values[factMethod])
		return event.ClassHTTPActivity, activity, "Web request"
	case textLoginFailed, textLoginRejected, textLoginSucceeded, textAuthFailed, textAuthSucceeded:
		return event.ClassAuthentication, authLogon, ""
	case textLogout, textSessionTimeout, textSessionDeleted:
		return event.ClassAuthentication, authLogoff, ""
	case textSessionCreated:
		return event.ClassAuthentication, other, "Session created"
	case textSessionResumed:
		return event.ClassAuthentication, other, "Session resumed"
	case textLockedOut:
		return event.ClassAuthentication, other, "Address locked out"
	case textVersionDenied:
		return event.ClassAuthentication, other, "Client version denied"
	case textRestrictionPassed:
		return event.ClassAuthentication, other, "Realm restrictions passed"
	case textHostCheckPassed, textHostCheckFailed:
		return event.ClassAuthentication, other, "Host Checker"
	case textAddressChanged:
		return event.ClassAuthentication, other, "Client address changed"
	case textSSLFailed:
		return event.ClassNetworkActivity, networkFail, ""
	case textConnectionClosed:
		return event.ClassNetworkActivity, networkTraffic, ""
	case textACLCount:
		return event.ClassNetworkActivity, other, "ACL count"
	case textTunnelStarted:
		return event.ClassTunnelActivity, tunnelOpen, ""
	case textTunnelEnded:
		return event.ClassTunnelActivity, tunnelClose, ""
	case textKeyExchange:
		return event.ClassTunnelActivity, tunnelRenew, ""
	case textTunnelTransport:
		return event.ClassTunnelActivity, other, "Transport mode"
	case textCreated, textModified, textDeleted, textUserAdded, textUserRemoved:
		return classOfChange(f)
	}
	return classByType, 0, ""
}

// classOfChange: users are accounts, everything else is an entity.
func classOfChange(f *facts) (class, activity int, name string) {
	if f.values[factTargetUser] == "" {
		switch f.text {
		case textCreated:
			return event.ClassEntityManagement, entityCreate, ""
		case textDeleted:
			return event.ClassEntityManagement, entityDelete, ""
		}
		return event.ClassEntityManagement, entityUpdate, ""
	}
	switch f.text {
	case textCreated, textUserAdded:
		return event.ClassAccountChange, accountCreate, ""
	case textDeleted, textUserRemoved:
		return event.ClassAccountChange, accountDelete, ""
	}
	return event.ClassAccountChange, other, "Modify"
}

// classOfAUT is for texts without a rule, translated ones for example: the message id may tell.
func (n *entry) classOfAUT() (class, activity int, name string) {
	id := n.values[keyMessageID]
	switch outcomeOfID(id) {
	case event.OutcomeSuccess, event.OutcomeFailure, event.OutcomeRejected:
		return event.ClassAuthentication, authLogon, ""
	}
	switch id {
	case "AUT20914", "AUT22927", "AUT23523":
		return event.ClassAuthentication, authLogoff, ""
	}
	return event.ClassAuthentication, other, "Authentication"
}

// classOfAdmin is for texts without a rule: whatever is not about logging in or out is a change.
func (n *entry) classOfAdmin() (class, activity int, name string) {
	switch n.values[keyMessageID] {
	case "ADM22668", "ADM22667", "ADM22798", "ADM22814", "ADM22816":
		return event.ClassAuthentication, authLogon, ""
	case "ADM22818", "ADM23573":
		return event.ClassAuthentication, authLogoff, ""
	case "ADM22671", "ADM22672", "ADM22820", "ADM22894", "ADM22896", "ADM23451", "ADM23452", "ADM23453", "ADM24413",
		"ADM24511", "ADM24637", "ADM24780":
		return event.ClassAuthentication, other, "Administrator session"
	}
	return event.ClassEntityManagement, entityUpdate, ""
}

// severity is the OCSF severity and the appliance's word for it.
func (n *entry) severity() (id int64, word string) {
	switch word = n.values[keySevString]; word {
	case "info", "INFO":
		return event.SeverityInformational, "info"
	case "minor", "MINOR":
		return event.SeverityLow, "minor"
	case "major", "MAJOR":
		return event.SeverityHigh, "major"
	case "critical", "CRITICAL":
		return event.SeverityCritical, "critical"
	}
	return event.SeverityUnknown, word
}

// severityOfNumber is for records without the word: the manual's ranges of sev_num.
func severityOfNumber(num string) (id int64, word string) {
	switch num {
	case "1", "2", "3", "4":
		return event.SeverityInformational, "info"
	case "5", "6", "7":
		return event.SeverityLow, "minor"
	case "8", "9":
		return event.SeverityHigh, "major"
	case "10":
		return event.SeverityCritical, "critical"
	}
	return event.SeverityUnknown, ""
}

// severityOfPRI is for WELF, whose pri is a syslog severity.
func severityOfPRI(pri string) (id int64, word string) {
	switch pri {
	case "0", "1", "2":
		return event.SeverityCritical, "critical"
	case "3":
		return event.SeverityHigh, "major"
	case "4":
		return event.SeverityLow, "minor"
	case "5", "6", "7":
		return event.SeverityInformational, "info"
	}
	return event.SeverityUnknown, ""
}
