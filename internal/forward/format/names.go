package format

import (
	"strings"

	"kiroku/internal/event"
)

// mcasName is the class and the name that the original gives an activity of this kind. Only classes that the original is
// known to send are used: what fits none is EVENT_CATEGORY_UNSPECIFIED under its own name.
type mcasName struct {
	class, activity int64
	category        string
	name            string
}

var mcasNames = [...]mcasName{
	{event.ClassAuthentication, 1, "LOGIN", "Log on"},
	{event.ClassAuthentication, 2, "LOGOUT", "Log out"},
	{event.ClassAccountChange, 1, "CREATE_USER", "Create user"},
	{event.ClassAccountChange, 6, "DELETE_USER", "Delete user"},
	{event.ClassAccountChange, 3, "UNSPECIFIED", "Change user password"},
	{event.ClassAccountChange, 4, "UNSPECIFIED", "Reset user password"},
	{event.ClassFileHosting, 1, "UPLOAD_FILE", "Upload file"},
	{event.ClassFileHosting, 2, "DOWNLOAD_FILE", "Download file"},
	{event.ClassFileHosting, 4, "DELETE_OBJECT", "Delete file"},
	{event.ClassWebResources, 4, "DELETE_OBJECT", "Delete object"},
	{event.ClassEntityManagement, 4, "DELETE_OBJECT", "Delete object"},
	{event.ClassGroupManagement, 3, "UNSPECIFIED", "Add member to group"},
	{event.ClassGroupManagement, 4, "UNSPECIFIED", "Remove member from group"},
	{event.ClassUserAccess, 1, "UNSPECIFIED", "Add member to role"},
	{event.ClassAPIActivity, 4, "DELETE_OBJECT", ""},
	{event.ClassProcessActivity, 1, "RUN_COMMAND", "Run command"},
}

const unspecified = "Unspecified"

// mcasClass is the class and the name of an event. A source that speaks the original's language keeps its own.
func mcasClass(ev *event.Event) (class, name string) {
	code := ev.GetStr(event.ColEventCode)
	if ev.GetInt(event.ColCategoryUID) == findings {
		name = firstOf(ev.GetStr(event.ColFindingTitle), ev.GetStr(event.ColPolicyName), ev.GetStr(event.ColActivityName), code, "Alert")
		if !strings.HasPrefix(code, alertPrefix) {
			code = alertPrefix + "MANAGEMENT_GENERIC"
			if ev.GetStr(event.ColSource) != string(event.Kiroku) {
				code = alertPrefix + "SUSPICIOUS_ACTIVITY"
			}
		}
		return code, name
	}
	own := ownName(ev)
	if strings.HasPrefix(code, eventPrefix) {
		return code, firstOf(own, unspecified)
	}
	uid, activity := ev.GetInt(event.ColClassUID), ev.GetInt(event.ColActivityID)
	if uid == event.ClassAuthentication && activity == 1 && ev.GetInt(event.ColStatusID) == event.StatusFailure {
		return eventPrefix + "FAILED_LOGIN", "Failed log on"
	}
	for i := range mcasNames {
		if n := &mcasNames[i]; n.class == uid && n.activity == activity {
			return categories[n.category], firstOf(n.name, own, unspecified)
		}
	}
	if uid == event.ClassAPIActivity {
		return eventPrefix + "RUN_COMMAND", firstOf(own, "Run command")
	}
	return eventPrefix + "UNSPECIFIED", firstOf(own, unspecified)
}

// categories are the classes with their prefix, so that none is put together for each event.
var categories = map[string]string{
	"LOGIN": eventPrefix + "LOGIN", "LOGOUT": eventPrefix + "LOGOUT", "CREATE_USER": eventPrefix + "CREATE_USER", "DELETE_USER": eventPrefix + "DELETE_USER",
	"UPLOAD_FILE": eventPrefix + "UPLOAD_FILE", "DOWNLOAD_FILE": eventPrefix + "DOWNLOAD_FILE", "DELETE_OBJECT": eventPrefix + "DELETE_OBJECT",
	"RUN_COMMAND": eventPrefix + "RUN_COMMAND", "UNSPECIFIED": eventPrefix + "UNSPECIFIED",
}

// ownName is the word that the event's own product has for what happened.
func ownName(ev *event.Event) string {
	if isDefender(ev) { // the name in the portal, where OCSF has a word of its own
		if name := unmapped(ev, "name"); name != "" {
			return name
		}
	}
	return firstOf(ev.GetStr(event.ColAPIOperation), ev.GetStr(event.ColActivityName), ev.GetStr(event.ColEventCode))
}

func isDefender(ev *event.Event) bool {
	return ev.GetStr(event.ColSource) == string(event.DefenderForCloudApps)
}
