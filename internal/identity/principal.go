package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kiroku/internal/fault"
)

// Role is what somebody is here for.
type Role string

// The roles.
const (
	Admin   Role = "admin"   // everything
	Analyst Role = "analyst" // reads, queries, exports
	Ingest  Role = "ingest"  // puts records in, nothing else
)

// Permission allows one kind of request.
type Permission string

// The permissions.
const (
	Read   Permission = "read"   // events, stores, status
	Raw    Permission = "raw"    // raw_data, the records verbatim
	SQL    Permission = "sql"    // SQL over the events
	Export Permission = "export" // files of events
	Put    Permission = "ingest" // put records in
	Manage Permission = "manage" // stores, users, tokens, repair
)

// Permissions lists all permissions.
func Permissions() []Permission { return []Permission{Read, Raw, SQL, Export, Put, Manage} }

// Permissions are what a role may do without grants; nil for a role that does not exist.
func (r Role) Permissions() []Permission {
	switch r {
	case Admin:
		return Permissions()
	case Analyst:
		return []Permission{Read, SQL, Export}
	case Ingest:
		return []Permission{Put}
	}
	return nil
}

// Kind says how a caller came by its token.
type Kind string

// The kinds of tokens.
const (
	API     Kind = "api"     // made by an administrator for a program
	Session Kind = "session" // got by Login
)

// Principal is the caller of a request. It never changes.
type Principal struct {
	User        string // the user of a session; for an API token the one who created it
	Token       string // id of the token
	TokenName   string // name of an API token
	Kind        Kind
	Role        Role
	Grants      []Permission
	Stores      []string  // event data stores that the token is limited to; empty: all
	Expires     time.Time // zero: never
	MustChange  bool      // the password must be changed before anything else
	permissions []Permission
}

// Can says whether the caller has a permission.
func (p *Principal) Can(perm Permission) bool {
	return slices.Contains(p.permissions, perm)
}

// Permissions are all that the caller has.
func (p *Principal) Permissions() []Permission { return slices.Clone(p.permissions) }

// Name tells callers apart in logs and in the lists of their jobs.
func (p *Principal) Name() string {
	if p.Kind == API {
		return "token:" + p.TokenName
	}
	return p.User
}

// Limit is which of the asked stores the caller may use: those asked for, or all of the caller's when none is asked for.
// A store outside the caller's limits is fault.Denied.
func (p *Principal) Limit(stores []string) ([]string, error) {
	if len(p.Stores) == 0 {
		return stores, nil
	}
	if len(stores) == 0 {
		return slices.Clone(p.Stores), nil
	}
	for _, s := range stores {
		if !slices.Contains(p.Stores, s) {
			return nil, fault.New(fault.Denied, fmt.Errorf("use store %q: the token is limited to %s", s, strings.Join(p.Stores, ", ")),
				"Leave the store out, or use a token for that store.")
		}
	}
	return stores, nil
}

// permissionsOf joins those of the role and the grants, in the order of Permissions.
func permissionsOf(r Role, grants []Permission) []Permission {
	var all []Permission
	for _, p := range Permissions() {
		if slices.Contains(r.Permissions(), p) || slices.Contains(grants, p) {
			all = append(all, p)
		}
	}
	return all
}

// checkRole refuses roles and grants that do not exist. The only grant is raw, to an analyst: anything more is another role.
func checkRole(r Role, grants []Permission) error {
	if r.Permissions() == nil {
		return fault.New(fault.Invalid, fmt.Errorf("use role %q: there is no such role", r), "Choose admin, analyst or ingest.")
	}
	for _, g := range grants {
		if g != Raw || r == Ingest {
			return fault.New(fault.Invalid, fmt.Errorf("grant %q to role %q: only raw can be granted, to an analyst", g, r), "Choose the role that has the permission.")
		}
	}
	return nil
}

type contextKey struct{}

// NewContext carries the caller of a request.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext is the caller of a request; without one, a caller who may do nothing.
func FromContext(ctx context.Context) *Principal {
	if p, ok := ctx.Value(contextKey{}).(*Principal); ok {
		return p
	}
	return &Principal{}
}
