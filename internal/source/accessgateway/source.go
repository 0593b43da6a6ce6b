package accessgateway

import (
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// Source is Okta Access Gateway.
var Source = source.Source{
	Name:       event.OktaAccessGateway,
	Recognise:  recognise,
	Map:        mapLine,
	Attributes: attributes,
	Hashed:     true,
	// RESULT is not here: unmapped keeps it, because the words of the outcome column are others.
	Fields: []source.Field{
		{Name: "line_hash", Column: event.ColMetadataUID},
		{Name: "TIMESTAMP", Column: event.ColTime},
		{Name: "HOSTNAME", Column: event.ColDeviceHost},
		{Name: "APPLICATION", Column: event.ColLogProvider},
		{Name: "SUB_PROCESS", Column: event.ColProductFeature},
		{Name: "LOG_LEVEL", Column: event.ColLogLevel},
		{Name: "EVENT", Column: event.ColEventCode},
		{Name: "MESSAGE", Column: event.ColMessage},
		{Name: "SUBJECT", Column: event.ColActorUserName},
		{Name: "USERNAME", Column: event.ColActorUserName},
		{Name: "USER", Column: event.ColActorUserName},
		{Name: "SESSION_ID", Column: event.ColActorSessionUID},
		{Name: "SESSION_AUTH", Column: event.ColActorSessionUIDAlt},
		{Name: "REMOTE_IP", Column: event.ColSrcIP},
		{Name: "REMOTE_ID", Column: event.ColSrcIP},
		{Name: "USER_AGENT", Column: event.ColUserAgent},
		{Name: "REASON", Column: event.ColStatusCode},
		{Name: "APP", Column: event.ColAppName},
		{Name: "APP_TYPE", Column: event.ColAppType},
		{Name: "APP_DOMAIN", Column: event.ColDstHost},
		{Name: "RESOURCE", Column: event.ColResourceName},
		{Name: "METHOD", Column: event.ColHTTPMethod},
		{Name: "POLICY", Column: event.ColPolicyName},
		{Name: "POLICY_TYPE", Column: event.ColPolicyType},
		{Name: "SOURCE_DOMAIN", Column: event.ColActorIDPDomain},
		{Name: "TRACKER_ID", Column: event.ColCorrelationUID},
		{Name: "GUID", Column: event.ColEntityUID},
		{Name: "REALM", Column: event.ColEntityName},
		{Name: "STORE_NAME", Column: event.ColResourceName},
		{Name: "UUID", Column: event.ColAppUID},
		{Name: "SERVICE", Column: event.ColAppName},
		{Name: "COMMAND", Column: event.ColProcessCmdLine},
	},
}

// recognised is how much of a line is looked at.
const recognised = 512

// recognise says whether rec looks like a line of the gateway: by its columns, never by the port it came to.
func recognise(rec *event.Record) bool {
	head := rec.Data[:min(len(rec.Data), recognised)]
	s := event.Bytes(head)
	if i := skipBlanks(s, 0); i < len(s) && s[i] == '{' {
		return false
	}
	if !candidate(s) {
		return false
	}
	l := Parse(head, rec.Received, rec.Location())
	switch l.format {
	case access:
		return l.Application.Value == appAuth || l.value("response_time") != ""
	case nginxError, unparsed:
		return false
	case springBoot:
		return strings.Contains(l.Component.Value, "Certificate") || strings.Contains(l.Component.Value, "ExceptionHandlerAdvice")
	case service:
		return l.ownService()
	}
	app := l.Application.Value
	return app != appSudo && app != appAuth && knownApplication(app) || knownSubProcess(l.SubProcess.Value)
}

// candidate is a cheap no for most lines of other products: each of these words stands in every line that recognise
// takes.
func candidate(s string) bool {
	for _, w := range [...]string{
		"_GATEWAY", "OAG", "_CONSOLE", "CHECK_", "check_connection", appTemplate, "Access Gateway", " - - \"", " - - [", "/opt/oag/", "oagha",
		"Certificate", "ExceptionHandlerAdvice", "ACCESS ", "MONITOR ", "SCRIPT ", "SERVICE ", "Scheduler", "EBS_", "HOST_IP",
		"ApplicationService", "checkConnection", " auth ",
	} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// ownService says whether a line without level comes from a program of the gateway. Programs that every Unix has count
// only with the gateway's paths and accounts.
func (l *Line) ownService() bool {
	app := l.Application.Value
	switch {
	case app == appSudo:
		return strings.Contains(l.Message, "/opt/oag/") || strings.HasPrefix(l.Message, "oagha ")
	case app == appAuth:
		return strings.Contains(l.Message, "#0: *")
	case app == "OAG", app == appGateway, app == appMonitor, app == appTemplate, app == "CHECK_HOST":
		return true
	}
	return app == "" && l.SubProcess.Present && !plainWord(l.SubProcess.Value)
}
