package accessgateway

import (
	"strings"

	"kiroku/internal/event"
)

// classify maps what happened. Where the level or the event does not tell, the text does, in English or Japanese: the
// vendor's Japanese pages show translated messages.
func (m *mapper) classify() {
	l := m.l
	switch l.format {
	case access:
		m.accessLog()
		return
	case unparsed:
		m.class(event.ClassBaseEvent, 0, "", event.SeverityInformational)
		m.outcome("", "")
		m.e.Str(event.ColParseError, "", "parse line: no columns of Access Gateway found")
		return
	case springBoot:
		m.certificateService()
		return
	case service, nginxError:
		m.serviceLine()
		return
	}
	if !m.byComponent() && !m.byEvent() {
		m.unknownEvent()
	}
}

// byComponent maps the events whose names say little without the component.
func (m *mapper) byComponent() bool {
	component := m.l.Component.Value
	switch {
	case strings.HasPrefix(component, "CLUSTER MANAGER"):
		m.nomination()
	case component == "MONITORING REST API":
		m.restAPI()
	case component == "SUPPORT_CONNECTION", component == "SUPPORT CONNECTION", strings.HasSuffix(m.l.Event.Value, "_SUPPORT_CONNECTION"):
		m.supportConnection()
	case m.hostCheck():
		m.checkHost()
	default:
		return false
	}
	return true
}

func (m *mapper) byEvent() bool {
	name := m.l.Event.Value
	switch name {
	case "USER_LOGIN":
		m.userLogin()
	case "USER_AUTHN":
		m.userAuthn()
	case "USER_SESSION":
		m.userSession()
	case "USER_LOGOUT":
		m.userLogout()
	case "PASSWORD_RESET":
		m.passwordReset()
	case "DEFAULT_PASSWORD_CHECK":
		m.defaultPassword()
	case "USER_AUTHZ":
		m.userAuthz()
	case "SYSTEM_APP_EVENT":
		m.managed("Application", "NAME", "GUID", "REASON")
		m.str(event.ColAppType, "TYPE")
	case "SYSTEM_KRB5_EVENT":
		m.managed("Kerberos Realm", "REALM", "", "REASON")
	case "SYSTEM_TD_EVENT":
		m.trustedDomain()
	case "SYSTEM_IDP_STATUS":
		m.idpStatus()
	default:
		return m.operationEvent(name)
	}
	return true
}

// operationEvent maps the events of the gateway's own operation.
func (m *mapper) operationEvent(name string) bool {
	switch {
	case name == "STORE" || name == "VALIDATE":
		m.dataStore()
	case name == "SYSTEM_STARTUP" || name == "START":
		m.lifecycle(3, event.SeverityInformational)
	case name == "SHUTDOWN" || name == "STOP":
		m.lifecycle(4, event.SeverityMedium)
	case name == "CONFIG_TEST":
		m.configTest()
	case name == "DISK_USAGE":
		m.health("Disk Usage", "USAGE")
	case name == "SESSION_CACHE_USAGE":
		m.health("Session Cache Usage", "USAGE_PERCENT")
	case name == "MONITOR":
		m.health("Kerberos Status", "")
	case name == "SSL_CERT_VALIDITY_CHECK":
		m.certificateValidity()
	case strings.HasPrefix(name, "SYSTEM_") && (strings.HasSuffix(name, "_SETUP") || strings.HasSuffix(name, "_RESET")):
		m.gatewaySetup(strings.HasSuffix(name, "_RESET"))
	default:
		return false
	}
	return true
}

// unknownEvent keeps an event that the catalogue does not know.
func (m *mapper) unknownEvent() {
	name := m.e.GetStr(event.ColEventCode)
	if name == "" {
		name = "Event"
	}
	m.class(event.ClassBaseEvent, 99, name, m.l.levelSeverity())
	m.result()
}

// says reports whether the message holds one of texts.
func (l *Line) says(texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(l.Message, t) {
			return true
		}
	}
	return false
}
