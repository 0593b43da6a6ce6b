package accessgateway

import (
	"strings"

	"kiroku/internal/event"
)

// OCSF auth_protocol_id.
const (
	protocolSAML  = 5
	protocolOther = 99
)

func (m *mapper) userLogin() {
	m.class(event.ClassAuthentication, 1, "", event.SeverityInformational)
	if m.result() == event.OutcomeFailure {
		m.severity(event.SeverityLow)
	}
	m.e.Str(event.ColAppName, "", "OAG Admin UI console")
	m.e.Int(event.ColAuthProtocolID, "TYPE", protocolOther)
	if m.peek("TYPE") != "" {
		m.str(event.ColAuthProtocol, "TYPE")
	} else {
		m.e.Str(event.ColAuthProtocol, "", "LOCAL")
	}
	m.e.Bool(event.ColIsRemote, "", true)
}

func (m *mapper) userAuthn() {
	m.class(event.ClassAuthentication, 1, "", event.SeverityInformational)
	relay := m.peek("REASON") == "INVALID_RELAYSTATE"
	outcome := m.result()
	if outcome == "" && relay {
		outcome = event.OutcomeFailure
		m.outcome("REASON", outcome)
	}
	if relay || outcome == event.OutcomeFailure || outcome == event.OutcomeDenied {
		m.severity(event.SeverityMedium)
	}
	m.e.Int(event.ColAuthProtocolID, "TYPE", protocolSAML)
	m.e.Str(event.ColAuthProtocol, "TYPE", "SAML")
	m.str(event.ColActorIDPName, "SOURCE")
	m.str(event.ColActorIDPDomain, "SOURCE_DOMAIN")
	m.str(event.ColCorrelationUID, "TRACKER_ID")
	m.application()
}

// application maps the published application that the event belongs to.
func (m *mapper) application() {
	m.str(event.ColAppName, "APP")
	m.str(event.ColAppType, "APP_TYPE")
	m.str(event.ColDstHost, "APP_DOMAIN")
}

func (m *mapper) userSession() {
	name := "Session Check"
	reason := m.peek("REASON")
	if reason == "VALID_AUTHCOOKIE" {
		name = "App Session Create"
	}
	m.class(event.ClassAuthentication, 99, name, event.SeverityInformational)
	if reason == "INVALID_AUTHCOOKIE" || strings.HasSuffix(reason, "_MISMATCH") {
		m.severity(event.SeverityHigh)
	}
	m.decision(m.result())
	m.application()
}

// decision maps an access decision.
func (m *mapper) decision(outcome string) {
	id := int64(1)
	switch outcome {
	case event.OutcomeSuccess:
	case event.OutcomeDenied, event.OutcomeFailure:
		id = 2
	default:
		return
	}
	m.e.Int(event.ColActionID, "RESULT", id)
	m.e.Int(event.ColDispositionID, "RESULT", id)
	m.e.Add(event.ColProfiles, "", "security_control")
}

func (m *mapper) userLogout() {
	m.class(event.ClassAuthentication, 2, "", event.SeverityInformational)
	m.result()
	m.application()
}

// passwordReset maps resets of passwords and, under the same event, wrong passwords at the management console.
func (m *mapper) passwordReset() {
	l := m.l
	m.str(event.ColUserName, "USERNAME")
	if !m.e.Has(event.ColUserName) {
		m.str(event.ColUserName, "USER")
	}
	if l.says("Incorrect password", "ncorrect password entered", "誤ったパスワード", "パスワードが正しくありません") {
		m.class(event.ClassAuthentication, 1, "", event.SeverityMedium)
		m.success(false)
		m.e.Str(event.ColAppName, "", "OAG Management console")
		return
	}
	failed := l.Level.Value == "ERROR" || l.says("failed", "失敗")
	m.class(event.ClassAccountChange, 4, "", event.SeverityLow)
	if failed {
		m.severity(event.SeverityMedium)
	}
	m.success(!failed)
}

// defaultPassword maps the check for the default password. Level and status are the same whatever it found.
func (m *mapper) defaultPassword() {
	m.class(event.ClassAuthentication, 99, "Default Password Check", event.SeverityInformational)
	m.outcome("", event.OutcomeSuccess)
	switch {
	case m.l.says("not detected", "検出されません", "not being used", "使用されていません"):
		m.statusCode("DEFAULT_PASSWORD_NOT_DETECTED")
	case m.l.says("being used", "使用されて"):
		m.severity(event.SeverityHigh)
		m.statusCode("DEFAULT_PASSWORD_IN_USE")
	}
}

// adminPassword maps the change of the admin password, which names nobody: the console has one local account.
func (m *mapper) adminPassword() {
	m.class(event.ClassAccountChange, 3, "", event.SeverityLow)
	m.success(true)
	m.e.Str(event.ColUserName, "", "admin")
}

func (m *mapper) userAuthz() {
	outcome := m.authzClass()
	m.decision(outcome)
	m.str(event.ColPolicyName, "POLICY")
	m.str(event.ColPolicyType, "POLICY_TYPE")
	domain, resource := m.peek("APP_DOMAIN"), m.take("RESOURCE")
	m.e.Str(event.ColResourceName, "RESOURCE", resource)
	if domain != "" || resource != "" {
		m.e.Str(event.ColHTTPURL, "RESOURCE", m.joined(domain, resource))
		m.e.Str(event.ColURLHost, "APP_DOMAIN", domain)
	}
	m.str(event.ColHTTPMethod, "METHOD")
	m.application()
	m.e.Str(event.ColActorAppName, "APP", m.e.GetStr(event.ColAppName))
	m.e.Add(event.ColResourceTypes, "APP_TYPE", m.e.GetStr(event.ColAppType))
}

// authzClass sets class and severity of an access to a resource and returns the outcome.
func (m *mapper) authzClass() string {
	method := m.peek("METHOD")
	activity := 99
	switch method {
	case "GET", "HEAD", "OPTIONS":
		activity = 2
	case "POST":
		activity = 1
	case "PUT", "PATCH":
		activity = 3
	case "DELETE":
		activity = 4
	case "":
		method = "Access"
	}
	m.class(event.ClassWebResources, activity, method, event.SeverityInformational)
	outcome := m.result()
	if outcome == event.OutcomeDenied || outcome == event.OutcomeFailure {
		m.severity(event.SeverityLow)
		if m.peek("APP_TYPE") == "ADMINUI_APP" {
			m.severity(event.SeverityMedium)
		}
	}
	path, _, _ := strings.Cut(m.peek("RESOURCE"), "?")
	if method == "PUT" && strings.HasSuffix(strings.TrimSuffix(path, "/"), "/setting/loglevel") {
		m.severity(event.SeverityMedium)
		m.e.Add(event.ColLabels, "RESOURCE", "oag.log_verbosity_request")
	}
	return outcome
}

// joined returns a followed by b, in the row's own memory where that is needed.
func (m *mapper) joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	var buf [256]byte
	return m.e.Keep(append(append(buf[:0], a...), b...))
}
