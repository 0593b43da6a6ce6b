package accessgateway

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/event"
)

const (
	fullPercent    = 90                  // usage from here on is a finding
	certificateEnd = 14 * 24 * time.Hour // a certificate that ends sooner is a finding
)

// serviceLine maps a line without level: what program wrote it decides.
func (m *mapper) serviceLine() {
	l := m.l
	app := l.Application.Value
	switch {
	case app == appTemplate:
		m.template()
	case app == syslogNG || l.SubProcess.Value == syslogNG:
		m.syslogAgent()
	case app == appSudo:
		m.sudo()
	case l.says("dmin password updated") || l.says("パスワード") && l.says("アップデート", "更新"):
		m.adminPassword()
	default:
		m.class(event.ClassBaseEvent, 99, "Service Message", event.SeverityInformational)
		m.outcome("", "")
	}
}

// template maps the service that writes the configuration; it alone tells the new log level.
func (m *mapper) template() {
	if level := m.takeField("log_level"); level != "" {
		m.class(event.ClassEventLogActivity, 99, "Verbosity Change", event.SeverityMedium)
		m.e.Str(event.ColStatusDetail, "MESSAGE.log_level", level)
		m.e.Str(event.ColLogProvider, "", "Okta Access Gateway")
		m.e.Str(event.ColLogName, "", logAll)
	} else {
		m.class(event.ClassEventLogActivity, 99, "Progress", event.SeverityInformational)
	}
	m.outcome("MESSAGE", event.OutcomeSuccess)
}

// syslogAgent maps restarts of the log forwarder; what is logged meanwhile may be lost.
func (m *mapper) syslogAgent() {
	m.e.Str(event.ColLogProvider, "SUB_PROCESS", syslogNG)
	switch {
	case !m.l.says("restart"):
		m.class(event.ClassEventLogActivity, 99, "Progress", event.SeverityInformational)
		m.outcome("", "")
	case m.l.says("completed", "完了"):
		m.class(event.ClassEventLogActivity, 8, "", event.SeverityInformational)
		m.success(true)
	default:
		m.class(event.ClassEventLogActivity, 8, "", event.SeverityLow)
		m.outcome("", "")
	}
}

func (m *mapper) sudo() {
	m.class(event.ClassProcessActivity, 1, "", event.SeverityLow)
	m.success(!m.l.says("command not allowed", "incorrect password", "NOT in sudoers"))
	m.e.Str(event.ColProcessCmdLine, "COMMAND", m.takeField("COMMAND"))
	m.e.Str(event.ColUserName, "USER", m.takeField("USER"))
	m.e.Str(event.ColActorUserName, "sudo_user", m.takeField("sudo_user"))
}

// certificateService maps the Spring Boot service that reads certificates.
func (m *mapper) certificateService() {
	l := m.l
	switch {
	case l.says("CRL config updated"):
		m.class(event.ClassEntityManagement, 3, "", event.SeverityMedium)
		m.success(true)
		m.e.Str(event.ColEntityType, "", "CRL")
		m.e.Str(event.ColEntityName, "", "CRL config")
	case l.levelSeverity() > event.SeverityInformational || l.says("Failed", "not a valid", "No value for"):
		m.class(event.ClassApplicationError, 1, "", event.SeverityMedium)
		m.success(false)
	default:
		m.class(event.ClassBaseEvent, 99, "Service Message", event.SeverityInformational)
		m.outcome("", "")
	}
}

// hostCheck says whether the line is a reachability check of a back end.
func (m *mapper) hostCheck() bool {
	l := m.l
	for _, v := range [...]string{l.Application.Value, l.Event.Value} {
		switch v {
		case "CHECK_HOST", "CHECK_CONNECTION", "check_connection":
			return true
		}
	}
	return l.SubProcess.Value == "HOST_IP_CHECK" || l.SubProcess.Value == "checkConnection.sh"
}

func (m *mapper) checkHost() {
	l := m.l
	m.class(event.ClassNetworkActivity, 0, "", event.SeverityLow)
	switch {
	case l.says("refused", "拒否"):
		m.e.Class(event.ClassNetworkActivity, 5)
		m.success(false)
	case l.says("not found", "見つかりません", "imed out", "imeout", "タイムアウト", "nreachable", "No route", "failed", "失敗"):
		m.e.Class(event.ClassNetworkActivity, 4)
		m.success(false)
	case l.says("onnected", "ucce", " open", "found", "成功", "接続されました", "接続しました"):
		m.e.Class(event.ClassNetworkActivity, 1)
		m.success(true)
	default:
		m.outcome("", "")
	}
	m.destination()
	m.fromNode()
}

// destination maps the host that was checked: between level and data, or a word without key inside the data.
func (m *mapper) destination() {
	host := ""
	if p := m.l.Positional; len(p) == 2 {
		host = p[0]
		m.e.Int(event.ColDstPort, "positional", int64(number(p[1])))
	} else if len(m.l.Bare) > 0 {
		host = redact(m.l.Bare[0])
	}
	if _, err := netip.ParseAddr(host); err == nil {
		m.e.Str(event.ColDstIP, "positional", host)
		return
	}
	m.e.Str(event.ColDstHost, "positional", host)
}

func (m *mapper) dataStore() {
	m.class(event.ClassDatastoreActivity, 3, "", event.SeverityMedium)
	if m.l.Event.Value == "STORE" {
		m.success(false)
		m.str(event.ColResourceName, "STORE_NAME")
	} else {
		m.str(event.ColResourceName, "NAME")
		if m.status() == event.OutcomeSuccess {
			m.severity(event.SeverityInformational)
		}
	}
	if !m.e.Has(event.ColResourceName) {
		m.e.Str(event.ColResourceName, "", "unknown")
	}
	m.fromNode()
}

// status sets the status from STATUS, whose word becomes the status code, and returns the outcome.
func (m *mapper) status() string {
	word := m.take("STATUS")
	outcome := outcomeOf(word)
	m.outcome("STATUS", outcome)
	if word != "" {
		m.e.Str(event.ColStatusCode, "STATUS", word)
		m.noReason = true
	}
	return outcome
}

func (m *mapper) lifecycle(activity, severity int) {
	m.class(event.ClassApplicationLifecyle, activity, "", severity)
	m.outcome("", event.OutcomeSuccess)
	m.str(event.ColAppName, "SERVICE")
	if !m.e.Has(event.ColAppName) {
		m.e.Str(event.ColAppName, "", productName)
	}
}

func (m *mapper) configTest() {
	m.class(event.ClassApplicationLifecyle, 99, "Configuration Test", event.SeverityInformational)
	// Every other word names what is wrong with the configuration.
	if m.status() != event.OutcomeSuccess && m.e.Has(event.ColStatusCode) {
		m.outcome("STATUS", event.OutcomeFailure)
		m.severity(event.SeverityMedium)
	}
	m.e.Str(event.ColAppName, "", "nginx")
	m.str(event.ColAppUID, "UUID")
}

// health maps a figure that the gateway measures every hour; key, if any, holds a percentage.
func (m *mapper) health(name, key string) {
	m.class(event.ClassBaseEvent, 99, name, m.l.levelSeverity())
	m.outcome("", event.OutcomeSuccess)
	if key == "" {
		return
	}
	// Percent signs are left out, so that the figures can be compared as numbers.
	figure := strings.TrimRight(m.peek(key), "% ")
	percent, err := strconv.ParseFloat(figure, 64)
	if err != nil {
		return
	}
	m.mark(key)
	m.e.Unmap(key, figure)
	if percent >= fullPercent {
		m.severity(event.SeverityHigh)
	}
}

func (m *mapper) certificateValidity() {
	m.class(event.ClassBaseEvent, 99, "Certificate Validity Check", m.l.levelSeverity())
	m.outcome("", event.OutcomeSuccess)
	now := time.UnixMicro(m.e.GetInt(event.ColTime))
	if end, err := time.Parse("20060102", m.peek("EXPIRY")); err == nil && end.Sub(now) < certificateEnd {
		m.severity(event.SeverityHigh)
	}
}
