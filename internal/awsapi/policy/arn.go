package policy

import (
	"fmt"
	"strings"
)

// arn is the name of a thing of AWS: arn:<partition>:<service>:<region>:<account>:<resource>.
type arn struct {
	partition, service, region, account, resource string
}

func parseARN(s string) (arn, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !isPartition(parts[1]) || parts[5] == "" {
		return arn{}, false
	}
	return arn{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}

// isPartition takes aws, aws-cn, aws-us-gov and the others.
func isPartition(s string) bool {
	return s == "aws" || strings.HasPrefix(s, "aws-") && len(s) > len("aws-")
}

func isAccount(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 12
}

// Kind is what a policy belongs to.
type Kind string

// The kinds, spelled as in the ARN.
const (
	Channel        Kind = "channel"
	EventDataStore Kind = "eventdatastore"
	Dashboard      Kind = "dashboard"
)

// owner is the resource of a policy.
type owner struct {
	arn     string
	kind    Kind
	account string
}

func parseOwner(s string) (owner, error) {
	a, ok := parseARN(s)
	kind, id, _ := strings.Cut(a.resource, "/")
	if !ok || a.service != "cloudtrail" || a.region == "" || !isAccount(a.account) || id == "" {
		return owner{}, fmt.Errorf("%q is not the ARN of a resource of CloudTrail", s)
	}
	switch k := Kind(kind); k {
	case Channel, EventDataStore, Dashboard:
		return owner{s, k, a.account}, nil
	}
	return owner{}, fmt.Errorf("a resource of type %q has no policy", kind)
}
