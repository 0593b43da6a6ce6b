package auditevent

import "kiroku/internal/event"

// classifyWords goes by the words in an event's name. CrowdStrike writes them as grantUserRoles, OneLogin as
// USER_LOGGED_INTO_ONELOGIN, CyberArk as "Add User"; none of them publishes a list that never grows.
func classifyWords(m *mapper) (kind, bool) {
	w := &m.words
	w.split(m.values[nEventName])
	for _, ask := range []func(*words) (kind, bool){signInKind, credentialKind, accessKind, accountKind, entityKind} {
		if k, ok := ask(w); ok {
			return k, true
		}
	}
	return kind{}, false
}

func signInKind(w *words) (kind, bool) {
	switch {
	case w.has(wLogout) || w.has(wLog) && w.has(wOut):
		return kind{event.ClassAuthentication, logoff}, true
	case w.has(wImpersonate):
		return kind{event.ClassAuthentication, accountSwitch}, true
	case w.has(wLogin) || w.has(wLog) && w.has(wIn):
		return kind{event.ClassAuthentication, logon}, true
	}
	return kind{}, false
}

// credentialKind is about passwords and second factors that change; reading a password out of a vault is another thing.
func credentialKind(w *words) (kind, bool) {
	switch {
	case w.has(wFactor) && (w.has(wCreate) || w.has(wAdd) || w.has(wEnable) || w.has(wEnroll)):
		return kind{event.ClassAccountChange, mfaEnable}, true
	case w.has(wFactor) && (w.has(wRemove) || w.has(wDelete) || w.has(wDisable) || w.has(wReset) || w.has(wRevoke)):
		return kind{event.ClassAccountChange, mfaDisable}, true
	case w.said("auth") && w.said("secret") && w.has(wReset):
		return kind{event.ClassAccountChange, mfaDisable}, true
	case w.has(wPassword) && w.has(wReset):
		return kind{event.ClassAccountChange, passwordReset}, true
	case w.has(wPassword) && w.has(wUpdate):
		return kind{event.ClassAccountChange, passwordChange}, true
	}
	return kind{}, false
}

// accessKind is about what users may do: roles, permissions, groups, owners of safes.
func accessKind(w *words) (kind, bool) {
	gives := w.has(wAssign) || w.has(wAdd)
	takes := w.has(wRevoke) || w.has(wRemove) || w.has(wDelete)
	switch {
	case w.has(wOwner) && (gives || w.has(wUpdate)), w.has(wRole) && gives:
		return kind{event.ClassUserAccess, assignPrivileges}, true
	case w.has(wOwner) && takes, w.has(wRole) && takes && w.has(wUser), w.has(wRole) && w.has(wRevoke):
		return kind{event.ClassUserAccess, revokePrivileges}, true
	case w.has(wGroup) && w.has(wUser) && gives:
		return kind{event.ClassGroupManagement, groupAddUser}, true
	case w.has(wGroup) && w.has(wUser) && takes:
		return kind{event.ClassGroupManagement, groupRemoveUser}, true
	case w.has(wGroup) && (w.has(wCreate) || w.has(wAdd)):
		return kind{event.ClassGroupManagement, groupCreate}, true
	case w.has(wGroup) && takes:
		return kind{event.ClassGroupManagement, groupDelete}, true
	case w.has(wGroup) && w.has(wUpdate):
		return kind{event.ClassGroupManagement, other}, true
	}
	return kind{}, false
}

func accountKind(w *words) (kind, bool) {
	if !w.has(wUser) {
		return kind{}, false
	}
	for _, of := range []struct {
		word     word
		activity int
	}{
		{wUnlock, accountUnlock}, {wLock, accountLock}, {wCreate, accountCreate}, {wAdd, accountCreate}, {wDelete, accountDelete},
		{wRemove, accountDelete}, {wEnable, accountEnable}, {wDisable, accountDisable}, {wUpdate, other},
	} {
		if w.has(of.word) {
			return kind{event.ClassAccountChange, of.activity}, true
		}
	}
	return kind{}, false
}

func entityKind(w *words) (kind, bool) {
	if !w.has(wEntity) && !w.has(wRole) {
		return kind{}, false
	}
	if activity := w.entityActivity(); activity != other && activity != entityRead {
		return kind{event.ClassEntityManagement, activity}, true
	}
	return kind{}, false
}

// entityActivity is the activity of Entity Management that the name's verb says.
func (w *words) entityActivity() int {
	switch w.verb() {
	case wCreate, wAdd:
		return entityCreate
	case wRead:
		return entityRead
	case wUpdate, wReset, wAssign:
		return entityUpdate
	case wDelete, wRemove, wRevoke:
		return entityDelete
	case wEnroll:
		return entityEnroll
	case wEnable:
		if w.said("activate") || w.said("activated") {
			return entityActivate
		}
		if w.said("resume") || w.said("unsuspend") {
			return entityResume
		}
		return entityEnable
	case wDisable:
		if w.said("deactivate") || w.said("deactivated") {
			return entityDeactivate
		}
		if w.said("suspend") || w.said("suspended") {
			return entitySuspend
		}
		return entityDisable
	}
	return other
}

// apiActivity is the activity of API Activity that the name's verb says.
func (w *words) apiActivity() int {
	if w.count == 0 {
		return 0
	}
	switch w.verb() {
	case wCreate, wAdd, wEnroll:
		return 1
	case wRead:
		return 2
	case wUpdate, wReset, wAssign, wRevoke, wEnable, wDisable, wLock, wUnlock:
		return 3
	case wDelete, wRemove:
		return 4
	}
	return other
}
