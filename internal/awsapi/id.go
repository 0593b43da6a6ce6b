package awsapi

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"strings"
	"time"
)

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return formatUUID(b, 4)
}

// risingUUID is a UUID that is greater than those of milliseconds before, and of smaller n below 4096 in the same (RFC 9562,
// version 7).
func risingUUID(at time.Time, n int) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[7] = byte(n>>8), byte(n)
	ms := at.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	return formatUUID(b, 7)
}

func formatUUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Kinds of resources, as ARNs name them.
const (
	kindStore   = "eventdatastore"
	kindChannel = "channel"
)

// arn is an ARN of CloudTrail's: arn:PARTITION:cloudtrail:REGION:ACCOUNT:KIND/ID.
type arn struct{ partition, region, account, kind, id string }

var arnForm = regexp.MustCompile(`^arn:([a-z-]+):cloudtrail:([a-z0-9-]+):([0-9]{12}):([a-z]+)/(.+)$`)

// parseARN reads an ARN; ok is false when it is not one of CloudTrail's.
func parseARN(s string) (a arn, ok bool) {
	m := arnForm.FindStringSubmatch(s)
	if m == nil {
		return arn{}, false
	}
	return arn{m[1], m[2], m[3], m[4], m[5]}, true
}

func (a arn) String() string {
	return "arn:" + a.partition + ":cloudtrail:" + a.region + ":" + a.account + ":" + a.kind + "/" + a.id
}

// arnOf names a resource of ours.
func (s *Service) arnOf(kind, account, region, id string) string {
	return arn{s.opt.Partition, region, account, kind, id}.String()
}

// locate reads what a client gives for a resource: its ARN or the id at its end. ok is false when it cannot be one of that
// kind. Account and region are the caller's when only the id is given.
func (s *Service) locate(c Caller, kind, given string) (a arn, ok bool) {
	if !strings.HasPrefix(given, "arn:") {
		return arn{s.opt.Partition, c.Region, c.Account, kind, given}, uuidForm.MatchString(given)
	}
	a, ok = parseARN(given)
	return a, ok && a.partition == s.opt.Partition && a.kind == kind && uuidForm.MatchString(a.id)
}

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

var regionForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,30}$`)

func isRegion(s string) bool { return regionForm.MatchString(s) }
