package accessgateway

import "strings"

const (
	appGateway  = "ACCESS_GATEWAY"
	appMonitor  = "OAG_MONITOR"
	appTemplate = "application_template_service"
	appSudo     = "sudo"
	appAuth     = "auth"
	aliasWords  = "Access Gateway" // how builds before 2020 wrote ACCESS_GATEWAY
	syslogNG    = "syslog-ng"
)

func knownApplication(s string) bool {
	switch s {
	case appGateway, "OAG", appMonitor, "CHECK_HOST", "CHECK_CONNECTION", "check_connection", appTemplate, appSudo, appAuth:
		return true
	}
	return false
}

func knownSubProcess(s string) bool {
	switch s {
	case "ApplicationService", "ACCESS", "ADMIN_CONSOLE", "EBS_SSOAGENT", "HOST_IP_CHECK", "MONITOR", "SCRIPT", "SERVICE",
		"TrustedOriginUpdateScheduler", "WEB_CONSOLE", "checkConnection.sh":
		return true
	}
	return false
}

// gluedSubProcess splits a word that starts with a sub-process and goes on with text in another script.
func gluedSubProcess(s string) (name, rest string, ok bool) {
	i := 0
	for i < len(s) && s[i] < 0x80 {
		i++
	}
	if i == len(s) || !knownSubProcess(s[:i]) || blank(s, i) > 0 {
		return "", "", false
	}
	return s[:i], s[i:], true
}

func knownLevel(s string) bool {
	switch s {
	case "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "ALERT":
		return true
	}
	return false
}

// misspelt says whether s is ACCESS_GATEWAY with one letter too many, too few or wrong.
func misspelt(s string) bool {
	const want = appGateway
	if len(s) < len(want)-1 || len(s) > len(want)+1 || s == want {
		return false
	}
	i := 0
	for i < len(s) && i < len(want) && s[i] == want[i] {
		i++
	}
	switch {
	case len(s) > len(want):
		return s[i+1:] == want[i:]
	case len(s) < len(want):
		return s[i:] == want[i+1:]
	}
	return s[i+1:] == want[i+1:]
}

// wideComponents are the components of several words; what follows them is the sub-component.
var wideComponents = [...]string{"CLUSTER MANAGER ADMIN", "CLUSTER MANAGER", "MONITORING REST API", "SUPPORT CONNECTION"}

// wideEvents are the events of several words, for lines whose data is missing, where nothing else ends the event.
var wideEvents = [...]string{
	"Mgmt console Event", "Send auth key to admin node", "Auth Token Verification", "Initiate nomination",
	"Determine Version Compatibility", "Remove nominated node from HA", "Copy HA configs", "Backup SSH Keys", "Sync keys",
	"Prep HA config for worker node", "Send HA config to worker node", "Received acknowledgment",
	"Reset admin node HA setup", "Nomination completed", "Started Admin Node Nomination App", "Activate Admin App",
	"Removed Nomination Mode App", "Reset process completed", "Copy user private key", "Copy user public key",
	"Update keys", "Update HA Config", "Prepare Ack file", "Sent Ack file", "ENDPOINT NAME CHANGE", "ADD ALLOWED IP",
	"DELETE ALLOWED IP", "ADDED ALLOWED IP", "DELETED ALLOWED IP",
}

// splitEvent parts event and message where no data stands between them. Text that starts with no known event is one.
func splitEvent(s string) (name, message string) {
	first, rest := cutWord(s)
	if eventName(first) {
		return first, rest
	}
	for _, e := range wideEvents {
		if strings.HasPrefix(s, e) && (len(s) == len(e) || blank(s, len(e)) > 0) {
			return e, trim(s[len(e):])
		}
	}
	return oneBlank(s), ""
}

// eventName says whether s is written like the name of an event: capitals with an underscore, or one of the short ones.
func eventName(s string) bool {
	switch s {
	case "HOST", "STORE", "SHUTDOWN", "START", "STOP", "VALIDATE", "MONITOR", "ENABLE", "DISABLE":
		return true
	}
	if strings.IndexByte(s, '_') <= 0 {
		return false
	}
	for i := range len(s) {
		if !upper(s[i]) && s[i] != '_' && s[i]-'0' > 9 {
			return false
		}
	}
	return true
}
