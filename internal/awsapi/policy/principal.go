package policy

import (
	"fmt"
	"slices"
	"strings"
)

// principal is one of those whom a statement is about.
type principal struct {
	text    string
	kind    principalKind
	account string
	role    string // last part of a role's name: sessions do not have its path
}

type principalKind int

const (
	anyone     principalKind = iota // "*"
	service                         // {"Service": …}
	wholeOf                         // an account's id, or its root
	exactly                         // a user, a session, a federated user
	sessionsOf                      // a role: itself and its sessions
)

// cloudTrailService is the only service that needs access: it refreshes dashboards.
const cloudTrailService = "cloudtrail.amazonaws.com"

// parsePrincipals reads the element Principal.
func parsePrincipals(v any, kind Kind) ([]principal, error) {
	if v == "*" {
		v = object{"AWS": "*"}
	}
	o, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf(`it must be an object such as {"AWS": "111122223333"}`)
	}
	var out []principal
	for _, name := range sorted(o) {
		if !slices.Contains(principalTypes[kind], name) {
			return nil, fmt.Errorf("principals of type %q cannot be used in the policy of a %s; use %s", name, kind, strings.Join(principalTypes[kind], " or "))
		}
		list, err := texts(o[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, text := range list {
			parse := parseAWS
			if name == "Service" {
				parse = parseService
			}
			p, err := parse(text, kind)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out = append(out, p)
		}
	}
	if len(out) == 0 || len(out) > maxPrincipals {
		return nil, fmt.Errorf("a statement has 1 to %d principals, not %d", maxPrincipals, len(out))
	}
	return out, nil
}

// principalTypes are those of AWS's text for each kind of resource.
var principalTypes = map[Kind][]string{
	Channel:        {"AWS"},
	EventDataStore: {"AWS", "Service"},
	Dashboard:      {"Service"},
}

func parseService(text string, _ Kind) (principal, error) {
	if text != cloudTrailService {
		return principal{}, fmt.Errorf("%q is not a service that needs access; only %s is", text, cloudTrailService)
	}
	return principal{text: text, kind: service}, nil
}

// parseAWS reads an account's id, the ARN of a root, user, role, session or federated user, or "*".
func parseAWS(text string, kind Kind) (principal, error) {
	if text == "*" {
		if kind == Channel {
			return principal{}, fmt.Errorf("%q would let everybody put events into the channel; name accounts, users or roles", text)
		}
		return principal{text: text, kind: anyone}, nil
	}
	if isAccount(text) {
		return principal{text: text, kind: wholeOf, account: text}, nil
	}
	wrong := fmt.Errorf("%q is neither the id of an account nor the ARN of an account's root, a user, a role, a session of a role or a federated user", text)
	if strings.ContainsAny(text, "*?") {
		return principal{}, fmt.Errorf("%q: a principal's ARN has no wildcards; name each, or its account", text)
	}
	a, ok := parseARN(text)
	if !ok || a.region != "" || !isAccount(a.account) {
		return principal{}, wrong
	}
	p := principal{text: text, account: a.account}
	what, name, _ := strings.Cut(a.resource, "/")
	switch {
	case a.service == "iam" && a.resource == "root":
		p.kind = wholeOf
	case name == "" || strings.HasSuffix(name, "/"):
		return principal{}, wrong
	case a.service == "iam" && what == "user":
		p.kind = exactly
	case a.service == "iam" && what == "role":
		p.kind, p.role = sessionsOf, name[strings.LastIndexByte(name, '/')+1:]
	case a.service == "sts" && what == "federated-user":
		p.kind = exactly
	case a.service == "sts" && what == "assumed-role" && strings.Count(name, "/") == 1 && name[0] != '/':
		p.kind = exactly
	default:
		return principal{}, wrong
	}
	return p, nil
}

// is says whether the caller is the principal or belongs to it.
func (p *principal) is(r *Request) bool {
	if r.Service != "" {
		return p.kind == service && p.text == r.Service || p.kind == anyone
	}
	switch p.kind {
	case anyone:
		return true
	case wholeOf:
		return p.account == r.Account
	case exactly:
		return p.account == r.Account && p.text == r.ARN
	case sessionsOf:
		return p.account == r.Account && (p.text == r.ARN || p.role == roleOf(r))
	}
	return false
}

// roleOf is the name of the role that the caller assumed, or "".
func roleOf(r *Request) string {
	a, ok := parseARN(r.ARN)
	rest, session := strings.CutPrefix(a.resource, "assumed-role/")
	if !ok || a.service != "sts" || a.account != r.Account || !session {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}
