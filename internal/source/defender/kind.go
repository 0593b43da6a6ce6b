package defender

import "kiroku/internal/event"

// kind is what an activity is in OCSF.
type kind struct {
	class, activity int
	failed          bool
}

// The activity that OCSF has no word for: the name says it.
const other = 99

var unknownKind = kind{class: event.ClassAPIActivity, activity: other}

// kinds finds an activity by its name, in lower case without anything but letters and digits: the names of the portal,
// which CEF has, and the ActionTypes of CloudAppEvents.
var kinds = func() map[string]kind {
	m := map[string]kind{}
	add := func(class, activity int, names ...string) {
		for _, n := range names {
			m[n] = kind{class: class, activity: activity}
		}
	}
	add(event.ClassAuthentication, 1, "logon", "login", "singlesignonlogon", "ssologin", "signin", "userloggedin", "loginsuccess", "mailboxlogin", "teamssessionstarted")
	add(event.ClassAuthentication, 2, "logout", "logoff", "signout", "userloggedout", "userloggedoff")
	for _, n := range []string{"failedlogon", "failedlogin", "userloginfailed", "logonfailed", "loginfailed", "signinfailed"} {
		m[n] = kind{event.ClassAuthentication, 1, true}
	}
	add(event.ClassAccountChange, 1, "createuser", "adduser", "newmailuser", "inviteexternaluser", "inviteuser")
	add(event.ClassAccountChange, 2, "enableuser", "enableaccount", "activateuser", "unsuspenduser")
	add(event.ClassAccountChange, 3, "changeuserpassword", "changepassword")
	add(event.ClassAccountChange, 4, "resetpassword", "resetuserpassword", "resetuserpasswordbyadmin", "setforcechangeuserpassword")
	add(event.ClassAccountChange, 5, "disableuser", "disableaccount", "suspenduser", "deactivateuser")
	add(event.ClassAccountChange, 6, "deleteuser", "removeuser", "harddeleteuser")
	add(event.ClassAccountChange, other, "updateuser", "changeuserlicense", "edituser", "restoreuser", "undeleteuser")
	add(event.ClassUserAccess, 1, "addmembertorole", "addeligiblemembertorole", "addpermissiontomailbox", "addmailboxpermission", "addrecipientmailboxpermission", "addrecipientpermission",
		"grantconsentforthirdpartyapplication", "consenttoapplication", "addapproleassignmenttouser", "addapproleassignmentgranttouser", "adddelegatedpermissiongrant", "addadmin", "grantadminrights")
	add(event.ClassUserAccess, 2, "removememberfromrole", "removeeligiblememberfromrole", "removepermissionfrommailbox", "removemailboxpermission", "removerecipientmailboxpermission", "removerecipientpermission",
		"removeapproleassignmentfromuser", "removedelegatedpermissiongrant", "revokeconsent", "removeadmin")
	add(event.ClassGroupManagement, 3, "addmembertogroup", "addusertogroup", "addedtogroup", "memberadded", "adduserstogroup")
	add(event.ClassGroupManagement, 4, "removememberfromgroup", "removeuserfromgroup", "removedfromgroup", "memberremoved")
	add(event.ClassGroupManagement, 5, "deletegroup", "removegroup", "teamdeleted")
	add(event.ClassGroupManagement, 6, "creategroup", "addgroup", "teamcreated")
	add(event.ClassGroupManagement, other, "changegroupsettings", "updategroup", "modifygroup", "addownertogroup", "removeownerfromgroup", "teamsettingchanged")
	add(event.ClassFileHosting, 1, "uploadfile", "fileuploaded", "createfile", "filecreated", "uploaddiscoveryfile")
	add(event.ClassFileHosting, 2, "downloadfile", "filedownloaded")
	add(event.ClassFileHosting, 3, "modifyfile", "filemodified", "filemodifiedextended", "editfile", "updatefile", "modifyfolder", "foldermodified")
	add(event.ClassFileHosting, 4, "deletefile", "deletefolder", "filedeleted", "folderdeleted", "filerecycled", "folderrecycled", "filedeletedfirststagerecyclebin",
		"filedeletedsecondstagerecyclebin", "fileversionsalldeleted", "trashfile", "trashfolder")
	add(event.ClassFileHosting, 5, "renamefile", "renamefolder", "filerenamed", "folderrenamed")
	add(event.ClassFileHosting, 6, "copyfile", "copyfolder", "filecopied", "foldercopied")
	add(event.ClassFileHosting, 7, "movefile", "movefolder", "filemoved", "foldermoved")
	add(event.ClassFileHosting, 8, "restorefile", "restorefolder", "filerestored", "folderrestored")
	add(event.ClassFileHosting, 9, "previewfile", "filepreviewed", "printfile")
	add(event.ClassFileHosting, 10, "checkoutfile", "filecheckedout", "lockfile")
	add(event.ClassFileHosting, 11, "checkinfile", "filecheckedin", "unlockfile", "filecheckoutdiscarded")
	add(event.ClassFileHosting, 12, "sharefile", "sharefolder", "sharefilefolder", "sharingset", "sharinginvitationcreated", "acceptfilesharinginvitation", "sharinginvitationaccepted", "anonymouslinkcreated",
		"companylinkcreated", "securelinkcreated", "addedtosecurelink", "createsharinglink")
	add(event.ClassFileHosting, 13, "unsharefile", "unsharefolder", "sharingrevoked", "sharinginvitationrevoked", "anonymouslinkremoved", "companylinkremoved", "removedfromsecurelink", "securelinkdeleted")
	add(event.ClassFileHosting, 14, "accessfile", "accessfolder", "accessfilefolder", "fileaccessed", "fileaccessedextended", "openfile", "openfolder", "viewfile", "anonymouslinkused", "companylinkused", "securelinkused")
	add(event.ClassFileHosting, 15, "syncfiledownload", "syncfileupload", "filesyncdownloadedfull", "filesyncdownloadedpartial", "filesyncuploadedfull", "filesyncuploadedpartial")
	add(event.ClassFileHosting, other, "acceptfileaccessrequest", "createfileaccessrequest", "accessrequestcreated", "accessrequestaccepted", "accessrequestapproved")
	add(event.ClassWebResources, 1, "createfolder", "foldercreated", "createitem", "createobject", "create", "createmessage", "sendmessage", "send", "sendmessageusingsendaspermissions",
		"sendmessageusingsendonbehalfpermissions", "sendas", "sendonbehalf", "messagesent")
	add(event.ClassWebResources, 2, "viewreport", "mailitemsaccessed", "view", "pageviewed", "pageviewedextended", "messagebind")
	add(event.ClassWebResources, 3, "updatemessage", "movemessagestoanotherfolder", "movemessagestodeleteditemsfolder", "movetodeleteditems", "move", "update", "dismissalert", "resolvealert", "setcompanyinformation",
		"updateserviceprincipal", "modifyobject", "editobject")
	add(event.ClassWebResources, 4, "deleteobject", "deletemessagesfromdeleteditemsfolder", "purgemessagesfromthemailbox", "harddelete", "softdelete", "delete", "deletemessage")
	add(event.ClassWebResources, 5, "search", "searchperformed", "searchqueryperformed", "searchqueryinitiatedexchange", "searchqueryinitiatedsharepoint")
	add(event.ClassAPIActivity, other, "runcommand", "azureoperation", "unspecified", "skypeforbusinessactivity")
	return m
}()

// maxName is longer than every name in kinds.
const maxName = 64

// kindOf finds the kind of a name.
func kindOf(name string) (kind, bool) {
	var buf [maxName]byte
	n := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c-'0' <= 9:
		default:
			continue
		}
		if n == len(buf) {
			return kind{}, false
		}
		buf[n] = c
		n++
	}
	k, ok := kinds[string(buf[:n])]
	return k, ok
}

// categories are the classes of activities, for names that are not known.
var categories = map[string]kind{
	"LOGIN": {class: event.ClassAuthentication, activity: 1}, "SSO_LOGIN": {class: event.ClassAuthentication, activity: 1},
	"FAILED_LOGIN": {class: event.ClassAuthentication, activity: 1, failed: true}, "LOGOUT": {class: event.ClassAuthentication, activity: 2},
	"DOWNLOAD_FILE": {class: event.ClassFileHosting, activity: 2}, "UPLOAD_FILE": {class: event.ClassFileHosting, activity: 1},
	"UPLOAD_DISCOVERY_FILE": {class: event.ClassFileHosting, activity: 1},
	"DELETE_OBJECT":         {class: event.ClassWebResources, activity: 4},
	"CREATE_USER":           {class: event.ClassAccountChange, activity: 1}, "DELETE_USER": {class: event.ClassAccountChange, activity: 6},
	"VIEW_REPORT": {class: event.ClassWebResources, activity: 2},
}

// kindOfActivity is the kind of an activity. Logons are told by their category, which their name only words; for all
// others the name says more than the category, of which one has many.
func kindOfActivity(category, name string) kind {
	byCategory, known := categories[category]
	if known && byCategory.class == event.ClassAuthentication {
		return byCategory
	}
	if k, ok := kindOf(name); ok && !(known && k == unknownKind) {
		return k
	}
	if known {
		return byCategory
	}
	if k, ok := kindOf(category); ok { // DOWNLOAD_FILE is "download file", too
		return k
	}
	if k, ok := byVerb(category, name); ok {
		return k
	}
	return unknownKind
}

// verbs are first words of names and of categories.
var verbs = [...]struct {
	word     string
	activity int
}{
	{"CREATE", 1}, {"ADD", 1}, {"NEW", 1}, {"INSERT", 1}, {"POST", 1},
	{"GET", 2}, {"VIEW", 2}, {"READ", 2}, {"LIST", 2}, {"ACCESS", 2}, {"SEARCH", 2}, {"TEST", 2},
	{"SET", 3}, {"UPDATE", 3}, {"MODIFY", 3}, {"CHANGE", 3}, {"EDIT", 3}, {"ENABLE", 3}, {"DISABLE", 3}, {"MOVE", 3}, {"RENAME", 3}, {"START", 3}, {"STOP", 3},
	{"DELETE", 4}, {"REMOVE", 4}, {"PURGE", 4}, {"UNINSTALL", 4},
}

// byVerb tells the kind by the first word: "New-InboxRule", "MODIFY_OBJECT", "Delete messages".
func byVerb(texts ...string) (kind, bool) {
	for _, text := range texts {
		for _, v := range verbs {
			if len(text) >= len(v.word) && equalFold(text[:len(v.word)], v.word) && endsWord(text, len(v.word)) {
				return kind{class: event.ClassAPIActivity, activity: v.activity}, true
			}
		}
	}
	return kind{}, false
}

func equalFold(text, upper string) bool {
	for i := range len(upper) {
		c := text[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// endsWord says whether a word ends at n: at the end, at what is no letter, and in front of a capital ("FileAdded" has File).
func endsWord(text string, n int) bool {
	if n == len(text) {
		return true
	}
	c := text[n]
	small := c >= 'a' && c <= 'z'
	capital := c >= 'A' && c <= 'Z'
	before := text[n-1]
	return !small && (!capital || before >= 'a' && before <= 'z')
}
