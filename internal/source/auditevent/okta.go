package auditevent

import "kiroku/internal/event"

// classifyOkta goes by Okta's event type. Senders put it into additionalEventData together with the whole event of the
// System Log, and the path of the request into eventName; others use it as eventName.
func classifyOkta(m *mapper) (kind, bool) {
	if m.values[nOktaType] == "" {
		return m.kindIn(oktaKinds, nEventName)
	}
	return m.kindIn(oktaKinds, nOktaType)
}

// oktaKinds are Okta's event types (Okta Developer, "Event types"), shortened where all that begin alike are alike.
var oktaKinds = map[string]kind{
	"user.session":                                       {event.ClassAuthentication, other},
	"user.session.start":                                 {event.ClassAuthentication, logon},
	"user.session.end":                                   {event.ClassAuthentication, logoff},
	"user.session.clear":                                 {event.ClassAuthentication, logoff},
	"user.session.expire":                                {event.ClassAuthentication, logoff},
	"user.session.impersonation":                         {event.ClassAuthentication, accountSwitch},
	"user.authentication":                                {event.ClassAuthentication, logon},
	"user.authentication.slo":                            {event.ClassAuthentication, logoff},
	"user.authentication.universal_logout":               {event.ClassAuthentication, logoff},
	"user.authentication.verify":                         {event.ClassAuthentication, preauth},
	"policy.evaluate_sign_on":                            {event.ClassAuthentication, preauth},
	"user.mfa.okta_verify":                               {event.ClassAuthentication, preauth},
	"user.mfa.attempt_bypass":                            {event.ClassAuthentication, preauth},
	"user.mfa":                                           {event.ClassAccountChange, other},
	"user.mfa.factor.activate":                           {event.ClassAccountChange, mfaEnable},
	"user.mfa.factor.unsuspend":                          {event.ClassAccountChange, mfaEnable},
	"user.mfa.factor.deactivate":                         {event.ClassAccountChange, mfaDisable},
	"user.mfa.factor.reset_all":                          {event.ClassAccountChange, mfaDisable},
	"user.mfa.factor.suspend":                            {event.ClassAccountChange, mfaDisable},
	"user.lifecycle":                                     {event.ClassAccountChange, other},
	"user.lifecycle.create":                              {event.ClassAccountChange, accountCreate},
	"user.lifecycle.activate":                            {event.ClassAccountChange, accountEnable},
	"user.lifecycle.reactivate":                          {event.ClassAccountChange, accountEnable},
	"user.lifecycle.unsuspend":                           {event.ClassAccountChange, accountEnable},
	"user.lifecycle.deactivate":                          {event.ClassAccountChange, accountDisable},
	"user.lifecycle.suspend":                             {event.ClassAccountChange, accountDisable},
	"user.lifecycle.delete":                              {event.ClassAccountChange, accountDelete},
	"user.account":                                       {event.ClassAccountChange, other},
	"user.account.lock":                                  {event.ClassAccountChange, accountLock},
	"user.account.unlock":                                {event.ClassAccountChange, accountUnlock},
	"user.account.unlock_by_admin":                       {event.ClassAccountChange, accountUnlock},
	"user.account.unlock_token":                          {event.ClassAccountChange, accountUnlock},
	"user.account.update_password":                       {event.ClassAccountChange, passwordChange},
	"user.account.reset_password":                        {event.ClassAccountChange, passwordReset},
	"user.account.expire_password":                       {event.ClassAccountChange, passwordReset},
	"user.account.privilege.grant":                       {event.ClassUserAccess, assignPrivileges},
	"user.account.privilege.revoke":                      {event.ClassUserAccess, revokePrivileges},
	"user.account.report_suspicious_activity_by_enduser": {event.ClassDetectionFinding, findingCreate},
	"user.credential":                                    {event.ClassAccountChange, other},
	"user.risk":                                          {event.ClassDetectionFinding, findingCreate},
	"security.threat":                                    {event.ClassDetectionFinding, findingCreate},
	"security.attack":                                    {event.ClassDetectionFinding, findingCreate},
	"security.breached_credential":                       {event.ClassDetectionFinding, findingCreate},
	"application.user_membership":                        {event.ClassUserAccess, other},
	"application.user_membership.add":                    {event.ClassUserAccess, assignPrivileges},
	"application.user_membership.remove":                 {event.ClassUserAccess, revokePrivileges},
	"group":                                              {event.ClassGroupManagement, other},
	"group.user_membership.add":                          {event.ClassGroupManagement, groupAddUser},
	"group.user_membership.remove":                       {event.ClassGroupManagement, groupRemoveUser},
	"group.lifecycle.create":                             {event.ClassGroupManagement, groupCreate},
	"group.lifecycle.delete":                             {event.ClassGroupManagement, groupDelete},
	"group.privilege.grant":                              {event.ClassGroupManagement, assignPrivileges},
	"group.privilege.revoke":                             {event.ClassGroupManagement, revokePrivileges},
	"group.application_assignment.add":                   {event.ClassGroupManagement, assignPrivileges},
	"group.application_assignment.remove":                {event.ClassGroupManagement, revokePrivileges},
	"application.lifecycle":                              {event.ClassEntityManagement, byVerb},
	"application.policy":                                 {event.ClassEntityManagement, byVerb},
	"policy.lifecycle":                                   {event.ClassEntityManagement, byVerb},
	"policy.rule":                                        {event.ClassEntityManagement, byVerb},
	"zone":                                               {event.ClassEntityManagement, byVerb},
	"iam.role":                                           {event.ClassEntityManagement, byVerb},
	"iam.resourceset":                                    {event.ClassEntityManagement, byVerb},
	"system.api_token":                                   {event.ClassEntityManagement, byVerb},
	"system.idp.lifecycle":                               {event.ClassEntityManagement, byVerb},
	"system.agent.ad":                                    {event.ClassEntityManagement, byVerb},
	"system.brand":                                       {event.ClassEntityManagement, byVerb},
	"security.trusted_origin":                            {event.ClassEntityManagement, byVerb},
	"security.authenticator.lifecycle":                   {event.ClassEntityManagement, byVerb},
	"security.device":                                    {event.ClassEntityManagement, byVerb},
	"event_hook":                                         {event.ClassEntityManagement, byVerb},
	"inline_hook":                                        {event.ClassEntityManagement, byVerb},
	"device.lifecycle":                                   {event.ClassEntityManagement, byVerb},
	"device.enrollment.create":                           {event.ClassEntityManagement, entityEnroll},
	"device.user.add":                                    {event.ClassEntityManagement, entityEnroll},
	"device.user.remove":                                 {event.ClassEntityManagement, entityUnenroll},
}

// targetPrefix begins the paths of the list of what an event of Okta's acted upon.
const targetPrefix = "eventData.additionalEventData.target."

// targets are the first elements of that list.
type targets struct {
	list [8]target
}

type target struct{ id, typ, alternateID, displayName string }

// take remembers a member of an element, for example "0.alternateId".
func (t *targets) take(path []byte, value string) {
	if len(path) < 3 || path[1] != '.' || int(path[0]-'0') >= len(t.list) {
		return
	}
	to := &t.list[path[0]-'0']
	switch string(path[2:]) {
	case "id":
		to.id = value
	case "type":
		to.typ = value
	case "alternateId":
		to.alternateID = value
	case "displayName":
		to.displayName = value
	}
}

// mapTo sets the columns of the first user and of the first group, and of the first of all as the entity.
func (t *targets) mapTo(e *event.Event, class int) {
	for i := len(t.list) - 1; i >= 0; i-- {
		switch x := &t.list[i]; x.typ {
		case "":
		case "User", "AppUser":
			e.Str(event.ColUserName, targetPrefix+"alternateId", x.alternateID)
			e.Str(event.ColUserUID, targetPrefix+"id", x.id)
		case "UserGroup":
			e.Str(event.ColGroupName, targetPrefix+"displayName", x.displayName)
		case "AppInstance":
			e.Str(event.ColAppName, targetPrefix+"displayName", x.displayName)
		}
	}
	if first := &t.list[0]; class == event.ClassEntityManagement && first.typ != "" {
		e.Str(event.ColEntityName, targetPrefix+"displayName", first.displayName)
		e.Str(event.ColEntityUID, targetPrefix+"id", first.id)
		e.Str(event.ColEntityType, targetPrefix+"type", first.typ)
	}
}
