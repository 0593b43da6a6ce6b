package auditevent

import "kiroku/internal/event"

// word is what a word in an event's name means.
type word uint8

const (
	noWord word = iota

	// Verbs.
	wCreate
	wAdd
	wRead
	wUpdate
	wDelete
	wRemove
	wAssign
	wRevoke
	wEnable
	wDisable
	wLock
	wUnlock
	wReset
	wEnroll
	lastVerb = wEnroll

	wLogin word = iota
	wLogout
	wLog
	wIn
	wOut
	wImpersonate
	wUser
	wRole
	wOwner
	wGroup
	wPassword
	wFactor
	wEntity
	wFailed
)

// meanings are the words that names of audit events are made of, in lower case.
var meanings = map[string]word{
	"create": wCreate, "created": wCreate, "register": wCreate, "registered": wCreate, "upload": wCreate, "uploaded": wCreate,
	"import": wCreate, "imported": wCreate, "new": wCreate, "insert": wCreate, "start": wCreate, "issue": wCreate, "generate": wCreate,
	"add": wAdd, "added": wAdd, "invite": wAdd, "invited": wAdd,
	"get": wRead, "list": wRead, "read": wRead, "view": wRead, "viewed": wRead, "describe": wRead, "download": wRead,
	"downloaded": wRead, "export": wRead, "exported": wRead, "search": wRead, "query": wRead, "retrieve": wRead, "retrieved": wRead,
	"fetch": wRead, "clone": wRead, "show": wRead, "open": wRead, "use": wRead, "verify": wRead,
	"update": wUpdate, "updated": wUpdate, "change": wUpdate, "changed": wUpdate, "modify": wUpdate, "modified": wUpdate, "set": wUpdate,
	"edit": wUpdate, "edited": wUpdate, "rename": wUpdate, "renamed": wUpdate, "push": wUpdate, "patch": wUpdate, "put": wUpdate,
	"overwrite": wUpdate, "reconcile": wUpdate, "replace": wUpdate, "move": wUpdate, "moved": wUpdate,
	"delete": wDelete, "deleted": wDelete, "destroy": wDelete, "destroyed": wDelete, "terminate": wDelete, "purge": wDelete, "erase": wDelete,
	"remove": wRemove, "removed": wRemove, "uninstall": wRemove,
	"assign": wAssign, "assigned": wAssign, "grant": wAssign, "granted": wAssign, "grants": wAssign,
	"revoke": wRevoke, "revoked": wRevoke, "unassign": wRevoke, "unassigned": wRevoke, "invalidate": wRevoke,
	"enable": wEnable, "enabled": wEnable, "activate": wEnable, "activated": wEnable, "reactivate": wEnable, "reactivated": wEnable,
	"unsuspend": wEnable, "unsuspended": wEnable, "resume": wEnable, "resumed": wEnable, "install": wEnable,
	"disable": wDisable, "disabled": wDisable, "deactivate": wDisable, "deactivated": wDisable, "suspend": wDisable, "suspended": wDisable,
	"lock": wLock, "locked": wLock, "unlock": wUnlock, "unlocked": wUnlock,
	"reset": wReset, "resets": wReset, "forgot": wReset, "recover": wReset,
	"enroll": wEnroll, "enrolled": wEnroll,

	"login": wLogin, "logon": wLogin, "signin": wLogin, "authenticate": wLogin, "authenticated": wLogin, "authentication": wLogin,
	"sso": wLogin, "assert": wLogin,
	"logout": wLogout, "logoff": wLogout, "signout": wLogout,
	"log": wLog, "logged": wLog, "sign": wLog, "signed": wLog,
	"in": wIn, "into": wIn, "on": wIn, "out": wOut, "off": wOut,
	"impersonate": wImpersonate, "impersonated": wImpersonate, "assumed": wImpersonate, "assume": wImpersonate,
	"user": wUser, "users": wUser, "account": wUser, "accounts": wUser, "member": wUser, "members": wUser,
	"role": wRole, "roles": wRole, "privilege": wRole, "privileges": wRole, "permission": wRole, "permissions": wRole, "admin": wRole,
	"owner": wOwner, "owners": wOwner,
	"group": wGroup, "groups": wGroup, "team": wGroup,
	"password": wPassword, "passwords": wPassword,
	"mfa": wFactor, "otp": wFactor, "2fa": wFactor, "factor": wFactor, "factors": wFactor, "authenticator": wFactor,
	"app": wEntity, "apps": wEntity, "application": wEntity, "safe": wEntity, "policy": wEntity, "policies": wEntity, "connector": wEntity,
	"directory": wEntity, "certificate": wEntity, "mapping": wEntity, "client": wEntity, "key": wEntity, "token": wEntity,
	"platform": wEntity, "host": wEntity, "rule": wEntity, "rules": wEntity, "folder": wEntity, "file": wEntity, "exclusion": wEntity,
	"ioc": wEntity, "sensor": wEntity, "device": wEntity, "location": wEntity, "brand": wEntity, "hook": wEntity,
	"failed": wFailed, "failure": wFailed, "fail": wFailed, "denied": wFailed, "unauthorized": wFailed,
}

// Limits on the words of one name.
const (
	maxNameBytes = 256
	maxWords     = 24
)

// words are those of one name, in lower case.
type words struct {
	text     [maxNameBytes]byte
	list     [maxWords]string
	meanings [maxWords]word
	count    int
}

// split takes a name apart at its punctuation and where a capital begins a word: "grantUserRoles", "CreateAPIClient",
// "USER_LOCKED", "repo.add_member". What is longer than the limits is left out.
func (w *words) split(name string) {
	w.count = 0
	name = name[:min(len(name), maxNameBytes)]
	start := 0
	for i := 0; i <= len(name); i++ {
		c := byte(0)
		if i < len(name) {
			c = name[i]
		}
		upper := c-'A' < 26
		inWord := upper || c-'a' < 26 || c-'0' < 10 || c >= 0x80
		if !inWord || upper && i > start && beginsWord(name, i) {
			w.add(start, i)
			start = i
			if !inWord {
				start = i + 1
			}
		}
		if upper {
			c += 'a' - 'A'
		}
		if i < len(name) {
			w.text[i] = c
		}
	}
}

// beginsWord says whether the capital at i > 0 begins a word: after a small letter, or before one.
func beginsWord(name string, i int) bool {
	return name[i-1]-'a' < 26 || i+1 < len(name) && name[i+1]-'a' < 26
}

func (w *words) add(start, end int) {
	if start >= end || w.count == maxWords {
		return
	}
	text := event.Bytes(w.text[start:end])
	w.list[w.count], w.meanings[w.count] = text, meanings[text]
	w.count++
}

func (w *words) has(m word) bool {
	for _, have := range w.meanings[:w.count] {
		if have == m {
			return true
		}
	}
	return false
}

func (w *words) said(text string) bool {
	for _, have := range w.list[:w.count] {
		if have == text {
			return true
		}
	}
	return false
}

// verb is the first verb of the name.
func (w *words) verb() word {
	for _, m := range w.meanings[:w.count] {
		if m != noWord && m <= lastVerb {
			return m
		}
	}
	return noWord
}
