package accessgateway

import (
	"strings"

	"kiroku/internal/event"
)

// managed maps the change of a thing that the gateway manages; action is the key that tells which change.
func (m *mapper) managed(kind, name, uid, action string) {
	word := m.peek(action)
	activity := entityActivity(word)
	severity := event.SeverityLow
	if activity == 4 || activity == 9 {
		severity = event.SeverityMedium
	}
	if word == "" {
		word = "Change"
	}
	m.class(event.ClassEntityManagement, activity, word, severity)
	m.outcome("", event.OutcomeSuccess)
	m.e.Str(event.ColEntityType, "", kind)
	m.str(event.ColEntityName, name)
	m.str(event.ColEntityUID, uid)
	m.entityName()
}

// entityName names the entity of an Entity Management event, which OCSF requires.
func (m *mapper) entityName() {
	if !m.e.Has(event.ColEntityName) && !m.e.Has(event.ColEntityUID) {
		m.e.Str(event.ColEntityName, "", "unknown")
	}
}

// entityActivity is the Entity Management activity of an action.
func entityActivity(word string) int {
	switch strings.ToUpper(word) {
	case "CREATE":
		return 1
	case "UPDATE":
		return 3
	case "DELETE":
		return 4
	case "ENABLE", "ACTIVATE":
		return 8
	case "DISABLE", "DEACTIVATE":
		return 9
	}
	return 99
}

func (m *mapper) trustedDomain() {
	action := m.peek("ACTION")
	activity := entityActivity(action)
	if action == "" {
		action = "Change"
	}
	l := m.l
	failed := l.Level.Value == "ALERT" || l.Level.Value == "WARN" || l.says("xception", "例外")
	m.class(event.ClassEntityManagement, activity, action, event.SeverityLow)
	if failed {
		m.severity(event.SeverityHigh)
	}
	m.success(!failed)
	m.e.Str(event.ColEntityType, "", "Trusted Domain")
	m.e.Str(event.ColEntityUID, "MESSAGE.source_app_guid", m.takeField("source_app_guid"))
	m.e.Str(event.ColEntityName, "MESSAGE.source_app_name", m.takeField("source_app_name"))
	m.entityName()
}

func (m *mapper) idpStatus() {
	m.class(event.ClassAPIActivity, 2, "", event.SeverityInformational)
	outcome := m.result()
	if outcome == event.OutcomeFailure {
		m.severity(event.SeverityHigh)
		if m.l.says("security token", "セキュリティトークン", "セキュリティ トークン") {
			m.statusCode("INVALID_TOKEN")
		}
	}
	m.e.Str(event.ColActorAppName, "", productName)
	m.e.Str(event.ColAPIOperation, "", "idp.status.check")
	m.str(event.ColAPIService, "NAME")
	m.str(event.ColDstHost, "DOMAIN")
	m.fromNode()
}

// fromNode makes the node the source of a connection that the gateway opened itself.
func (m *mapper) fromNode() {
	m.e.Str(event.ColSrcHost, "HOSTNAME", m.e.GetStr(event.ColDeviceHost))
}

// nomination maps the steps that make another node of a cluster its admin node. The level does not tell the outcome.
func (m *mapper) nomination() {
	l := m.l
	name := l.Event.Value
	completed := strings.HasPrefix(name, "Nomination completed")
	failed := l.says("Failed", "failed", "incorrect", "Incompatible", "incompatible", "失敗") || strings.HasPrefix(name, "Failed")
	activity := 3
	if completed {
		activity = 99
	}
	m.class(event.ClassEntityManagement, activity, "Nomination Completed", event.SeverityLow)
	switch {
	case strings.HasPrefix(name, "Auth Token") && l.says("incorrect"):
		m.severity(event.SeverityHigh)
	case completed, strings.HasPrefix(name, "Copy user private key"), strings.HasPrefix(name, "Copy user public key"):
		m.severity(event.SeverityMedium)
	}
	m.success(!failed)
	m.e.Str(event.ColEntityType, "", "Device")
	if node := nodeIn(l.Message); node != "" {
		m.e.Str(event.ColEntityName, "MESSAGE", node)
	} else {
		m.e.Str(event.ColEntityName, "HOSTNAME", m.e.GetStr(event.ColDeviceHost))
	}
	m.entityName()
}

// nodeIn returns the node that a text names: behind the last "node" or "nodes", or whom an acknowledgment is from. A name
// without a dot counts where a sign leads to it, as in "for new admin node - gw3".
func nodeIn(s string) string {
	if i := strings.LastIndex(s, " from "); i >= 0 && strings.Contains(s[:i], "cknowledg") {
		if host, _ := hostAt(s[i+len(" from "):]); host != "" {
			return host
		}
	}
	for rest := s; ; {
		i := strings.LastIndex(rest, "node")
		if i < 0 {
			return ""
		}
		if behind := strings.TrimPrefix(s[i+len("node"):], "s"); behind != "" && !keyByte(behind[0]) {
			if host, led := hostAt(behind); host != "" && (led || fullHost(host)) {
				return host
			}
		}
		rest = rest[:i]
	}
}

// hostAt reads a host name or an address behind blanks and signs; led says that a sign stands in front of it.
func hostAt(s string) (host string, led bool) {
	rest := strings.TrimLeft(s, " -:='\"")
	led = strings.ContainsAny(s[:len(s)-len(rest)], "-:='\"")
	end := 0
	for end < len(rest) && (keyByte(rest[end]) && rest[end] != '_' || rest[end] == ':') {
		end++
	}
	return strings.TrimRight(rest[:end], ".:-"), led
}

// fullHost says whether s cannot be an ordinary word.
func fullHost(s string) bool {
	return strings.IndexByte(s, '.') > 0 || strings.Count(s, ":") > 1 || strings.ContainsAny(s, "0123456789")
}

// restAPI maps the settings of the monitoring REST API.
func (m *mapper) restAPI() {
	name := m.l.Event.Value
	kind, key := "Monitoring REST API", "NEW NAME"
	activity, severity := 99, event.SeverityLow
	switch {
	case name == "ENABLE":
		activity = 8
	case name == "DISABLE":
		activity = 9
	case strings.HasSuffix(name, "NAME CHANGE"):
		activity = 3
	case strings.HasSuffix(name, "ALLOWED IP"):
		kind, key, activity, severity = "Allowed IP", "ENTRY", 1, event.SeverityMedium
		if strings.HasPrefix(name, "DELETE") {
			activity, severity = 4, event.SeverityLow
		}
	}
	if name == "" {
		name = "Change"
	}
	m.class(event.ClassEntityManagement, activity, name, severity)
	m.success(m.l.Level.Value != "ERROR" && !m.l.says("Failed", "failed", "失敗"))
	m.e.Str(event.ColEntityType, "", kind)
	m.str(event.ColEntityName, key)
	if !m.e.Has(event.ColEntityName) {
		m.e.Str(event.ColEntityName, "COMPONENT", "Monitoring REST API")
	}
}

// supportConnection maps the support tunnel. The line that closes it carries the event name of the one that opens it.
func (m *mapper) supportConnection() {
	l := m.l
	sub := l.SubComponent.Value
	switch {
	case l.Level.Value == "ERROR" || l.says("xception"):
		m.class(event.ClassTunnelActivity, 99, "Support Connection Error", event.SeverityMedium)
		m.success(false)
	case sub == "DISABLE" || l.says("Disabling", "無効"):
		m.class(event.ClassTunnelActivity, 2, "", event.SeverityMedium)
		m.success(true)
	case sub == "ENABLE" || l.says("Enabling", "有効") || strings.HasPrefix(l.Event.Value, "ENABLE"):
		m.class(event.ClassTunnelActivity, 1, "", event.SeverityMedium)
		m.success(true)
	case strings.HasPrefix(l.Event.Value, "DISABLE"):
		m.class(event.ClassTunnelActivity, 2, "", event.SeverityMedium)
		m.success(true)
	default:
		m.class(event.ClassTunnelActivity, 99, "Support Connection", event.SeverityMedium)
		m.outcome("", "")
	}
	m.fromNode()
}

// gatewaySetup maps set-up and reset of the gateway as a whole.
func (m *mapper) gatewaySetup(reset bool) {
	activity := 1
	if reset {
		activity = 3
	}
	m.class(event.ClassEntityManagement, activity, "", event.SeverityHigh)
	m.outcome("", event.OutcomeSuccess)
	m.e.Str(event.ColEntityType, "", productName)
	m.str(event.ColEntityUID, "GUID")
	m.str(event.ColEntityName, "HOST")
	m.entityName()
}
