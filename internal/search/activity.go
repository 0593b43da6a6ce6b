package search

import (
	"strings"

	"kiroku/internal/event"
)

// activities are the names of the values of activity_id: those from 1 on, in their order. 0 is "unknown" and 99 "other" in every class.
var activities = []struct {
	class int64
	names string
}{
	{event.ClassBaseEvent, ""},
	{event.ClassProcessActivity, "launch terminate open inject setuserid"},
	{event.ClassEventLogActivity, "clear delete export archive rotate start stop restart enable disable"},
	{event.ClassDetectionFinding, "create update close"},
	{event.ClassIncidentFinding, "create update close"},
	{event.ClassAccountChange, "create enable passwordchange passwordreset disable delete attachpolicy detachpolicy lock mfafactorenable mfafactordisable unlock"},
	{event.ClassAuthentication, "logon logoff authenticationticket serviceticketrequest serviceticketrenew preauth accountswitch"},
	{event.ClassAuthorizeSession, "assignprivileges assigngroups"},
	{event.ClassEntityManagement, "create read update delete move enroll unenroll enable disable activate deactivate suspend resume"},
	{event.ClassUserAccess, "assignprivileges revokeprivileges"},
	{event.ClassGroupManagement, "assignprivileges revokeprivileges adduser removeuser delete create addsubgroup removesubgroup"},
	{event.ClassNetworkActivity, "open close reset fail refuse traffic listen"},
	{event.ClassHTTPActivity, "connect delete get head options post put trace patch"},
	{event.ClassTunnelActivity, "open close renew"},
	{event.ClassWebResources, "create read update delete search import export share"},
	{event.ClassApplicationLifecyle, "install remove start stop restart enable disable update"},
	{event.ClassAPIActivity, "create read update delete"},
	{event.ClassDatastoreActivity, "read update connect query write create delete list encrypt decrypt"},
	{event.ClassFileHosting, "upload download update delete rename copy move restore preview lock unlock share unshare open sync unsync accesscheck"},
	{event.ClassApplicationError, "generalerror translationerror"},
}

// activityTypes are the type_uid, class and activity in one number, of the activities whose name is asked for.
func activityTypes(asked func(name string) bool) oneOf {
	var types oneOf
	unknown, other := asked("unknown"), asked("other")
	for _, c := range activities {
		if unknown {
			types = append(types, c.class*100)
		}
		for i, name := range strings.Fields(c.names) {
			if asked(name) {
				types = append(types, c.class*100+int64(i)+1)
			}
		}
		if other {
			types = append(types, c.class*100+99)
		}
	}
	return types
}

// activityValue makes the node that asks for an activity by its name; nil where v is none. The same number is another activity in
// another class, so that type_uid is asked.
func activityValue(v Value) *Node {
	var types oneOf
	switch v := v.(type) {
	case *Equal:
		if v.Kind == Wildcard {
			types = activityTypes(newGlob(v.Str.Text).match)
			break
		}
		types = activityTypes(isName(v.Str.literal()))
	case *Exact:
		types = activityTypes(isName(v.Text))
	}
	if len(types) == 0 {
		return nil
	}
	return newLeaf([]event.Column{event.ColTypeUID}, "", types)
}

func isName(text string) func(name string) bool {
	plain := plainName(text)
	return func(name string) bool { return name == plain }
}

// activityNumber is for what asks for more than one activity, as ranges do: only numbers have an order.
func activityNumber(text Str, at Span) error {
	if len(activityTypes(isName(text.literal()))) > 0 {
		return fail(at, NotComparable, "list the names: (logon OR logoff)", "the names of activities have no order")
	}
	return unknownName(Named, []named{{name: "logon"}, {name: "logoff"}, {name: "create"}, {name: "update"}, {name: "delete"}, {name: "open"}}, text, at)
}
