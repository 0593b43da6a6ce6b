package ivanti

import "strings"

// readAdmin reads the texts of administrators' activities.
func (f *facts) readAdmin(s string) {
	switch {
	case has(s, "Login "):
		f.readLogin(s)
	case has(s, "Admin "):
		f.authenticated(s[len("Admin "):])
	case has(s, "Created ("):
		f.changed(s[len("Created ("):], textCreated)
	case has(s, "Modified ("):
		f.changed(s[len("Modified ("):], textModified)
	case has(s, "Deleted ("):
		f.changed(s[len("Deleted ("):], textDeleted)
	case has(s, "Syslog server "):
		f.syslogServer(s[len("Syslog server "):])
	case has(s, "User Accounts modified"):
		f.userAccounts(s)
	case has(s, "Logout "):
		f.readLogout(s)
	case has(s, "Session timed out for "), has(s, maxSession):
		f.readSession(s)
	}
	if f.text == textUnknown {
		f.loggedOut(s)
	}
}

// changed reads "PATH > STEP[NAME] > STEP) with the following attributes: …". The object is the last step that has a
// name, else the last step.
func (f *facts) changed(s string, t text) {
	path, _, ok := strings.Cut(s, ") with the following")
	if !ok {
		at := strings.LastIndexByte(s, ')')
		if at < 0 {
			return
		}
		path = s[:at]
	}
	f.text = t
	f.set(factObject, path)
	kind, name := object(path)
	if kind == "User" {
		f.set(factTargetUser, name)
		return
	}
	f.set(factEntityType, kind)
	f.set(factEntityName, name)
}

func object(path string) (kind, name string) {
	const step = " > "
	last := path[strings.LastIndex(path, step)+1:]
	for rest := path; ; {
		at := strings.LastIndex(rest, step)
		this := rest
		if at >= 0 {
			this = rest[at+len(step):]
		}
		if k, n, ok := strings.Cut(this, "["); ok && n != "" && n != "]" {
			return strings.TrimSpace(k), strings.TrimSuffix(n, "]")
		}
		if at < 0 {
			break
		}
		rest = rest[:at]
	}
	last = strings.TrimSpace(strings.TrimPrefix(last, "> "))
	return last, last
}

// syslogServer: A (facility F, …) (removed from|added to) Events logs
func (f *facts) syslogServer(s string) {
	addr, rest, _ := strings.Cut(s, " ")
	f.text = textModified
	switch {
	case strings.Contains(rest, " removed "):
		f.text = textDeleted
	case strings.Contains(rest, " added "):
		f.text = textCreated
	}
	f.set(factEntityType, "Syslog server")
	f.set(factEntityName, addr)
}

// userAccounts: User Accounts modified. (Added|Removed) username U (to|from) authentication server S.
func (f *facts) userAccounts(s string) {
	f.text = textModified
	_, rest, ok := strings.Cut(s, " username ")
	if !ok {
		f.set(factEntityType, "User Accounts")
		f.set(factEntityName, "User Accounts")
		return
	}
	f.text = textUserAdded
	user, _, ok := strings.Cut(rest, " to authentication server")
	if !ok {
		f.text = textUserRemoved
		user, _, _ = strings.Cut(rest, " from authentication server")
	}
	f.set(factTargetUser, strings.TrimSuffix(user, "."))
}
