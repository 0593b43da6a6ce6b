package objectkey

import (
	"strings"
	"time"
)

// Kind is the folder after the account: what a file holds.
type Kind string

// The kinds, spelled as the folder.
const (
	Log             Kind = "CloudTrail"                 // management and data events
	Insight         Kind = "CloudTrail-Insight"         // Insights events
	NetworkActivity Kind = "CloudTrail-NetworkActivity" // what went through VPC endpoints
	Aggregated      Kind = "CloudTrail-Aggregated"      // five-minute counts
	Digest          Kind = "CloudTrail-Digest"          // signed lists of log files
)

// Known says whether CloudTrail writes into a folder of this name.
func (k Kind) Known() bool {
	switch k {
	case Log, Insight, NetworkActivity, Aggregated, Digest:
		return true
	}
	return false
}

// root is the folder under which AWS services put their logs.
const root = "AWSLogs"

// Folder is the place of all files of one kind, account and region.
type Folder struct {
	Prefix  string // what stands before AWSLogs, with its last slash, or ""
	Org     string // o-…: the level that organization trails add, or ""
	Account string // 12 digits
	Kind    Kind
	Region  string // of the API call; for digests of the log files they list
}

// String is the folder's key with a slash at its end.
func (f Folder) String() string {
	org := f.Org
	if org != "" {
		org += "/"
	}
	return f.Prefix + root + "/" + org + f.Account + "/" + string(f.Kind) + "/" + f.Region + "/"
}

// DayPrefix is the key of the folder of one day (of UTC), with a slash at its end.
func (f Folder) DayPrefix(day time.Time) string {
	return f.String() + day.UTC().Format("2006/01/02/")
}

// ParseFolder reads what Folder.String writes.
func ParseFolder(key string) (Folder, bool) {
	rest, ok := strings.CutSuffix(key, "/")
	if !ok {
		return Folder{}, false
	}
	var f Folder
	rest, f.Region = cutLast(rest)
	rest, kind := cutLast(rest)
	f.Kind = Kind(kind)
	rest, f.Account = cutLast(rest)
	if !IsRegion(f.Region) || !f.Kind.Known() || !IsAccount(f.Account) {
		return Folder{}, false
	}
	if above, org := cutLast(rest); IsOrganization(org) {
		rest, f.Org = above, org
	}
	f.Prefix, ok = strings.CutSuffix(rest, root)
	if f.Prefix != "" && !strings.HasSuffix(f.Prefix, "/") { // "MyAWSLogs" is another folder
		return Folder{}, false
	}
	return f, ok
}

// Key is the name of one file of CloudTrail.
type Key struct {
	Folder
	Day  time.Time // of the folder YYYY/MM/DD: midnight UTC
	Name string    // what follows the folder of the day

	// Time is what the name says: for a log file the minute for which delivery was planned, which is no bound of its
	// events; for a digest the end of its hour, to the second.
	Time time.Time

	Trail      string // digests only: the name of the trail
	HomeRegion string // digests only: where the trail was made, and whose keys sign
	Backfill   bool   // digests only: made afterwards
}

// String is the object's key: Parse(k.String()) is k.
func (k Key) String() string { return k.DayPrefix(k.Day) + k.Name }

// Parse reads an object's key. False means that the object is not CloudTrail's: another service's, a folder's
// placeholder, somebody's own.
func Parse(key string) (Key, bool) {
	var k Key
	rest, name := cutLast(key)
	k.Name = name
	// "/YYYY/MM/DD" is what is left at the end of rest.
	const day = len("/2006/01/02")
	if len(rest) < day {
		return Key{}, false
	}
	var ok bool
	if k.Day, ok = parseDay(rest[len(rest)-day:]); !ok {
		return Key{}, false
	}
	if k.Folder, ok = ParseFolder(rest[:len(rest)-day+1]); !ok {
		return Key{}, false
	}
	if !k.parseName() {
		return Key{}, false
	}
	return k, true
}

// parseName reads the parts of k.Name that say something the folder does not.
func (k *Key) parseName() bool {
	stem := strings.TrimSuffix(k.Name, ".gz")
	stem, ok := strings.CutSuffix(stem, ".json")
	if !ok {
		return false
	}
	account, stem, _ := strings.Cut(stem, "_")
	kind, stem, _ := strings.Cut(stem, "_")
	region, stem, _ := strings.Cut(stem, "_")
	if !IsAccount(account) || Kind(kind) != k.Kind || !IsRegion(region) {
		return false
	}
	if k.Kind == Digest {
		return k.parseDigestName(stem)
	}
	at, unique, _ := strings.Cut(stem, "_")
	if !isWord(unique) {
		return false
	}
	k.Time, ok = parseTime(at, false)
	return ok
}

// parseDigestName reads <trail>_<home region>_<time>[_backfill] from its end: the name of a trail may contain underscores.
func (k *Key) parseDigestName(stem string) bool {
	stem, k.Backfill = strings.CutSuffix(stem, "_backfill")
	i := strings.LastIndexByte(stem, '_')
	if i < 0 {
		return false
	}
	var ok bool
	if k.Time, ok = parseTime(stem[i+1:], true); !ok {
		return false
	}
	stem = stem[:i]
	i = strings.LastIndexByte(stem, '_')
	if i < 0 {
		return false
	}
	k.Trail, k.HomeRegion = stem[:i], stem[i+1:]
	return k.Trail != "" && IsRegion(k.HomeRegion)
}

// IsAccount says whether a folder's name is the id of an account: 12 digits.
func IsAccount(s string) bool { return len(s) == 12 && digits(s) }

// IsOrganization says whether a folder's name is the id of an organization: o- and 10 to 32 letters or digits.
func IsOrganization(s string) bool {
	id, ok := strings.CutPrefix(s, "o-")
	if !ok || len(id) < 10 || len(id) > 32 {
		return false
	}
	for i := range len(id) {
		if !lowerOrDigit(id[i]) {
			return false
		}
	}
	return true
}

// IsRegion says whether a folder's name can be that of a region, of any partition: lower-case letters, digits and dashes.
func IsRegion(s string) bool {
	for i := range len(s) {
		if !lowerOrDigit(s[i]) && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// cutLast splits at the last slash; without one all of it is the last part.
func cutLast(s string) (before, last string) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func lowerOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; !lowerOrDigit(c) && c != '_' && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}
