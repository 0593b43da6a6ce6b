package policy

import (
	"fmt"
	"slices"
)

// Request is what somebody wants to do with the policy's resource.
type Request struct {
	// Account and ARN are the caller: the id of its account, and a user, a role's session, a federated user or a root.
	Account, ARN string
	// Service is the caller where it is a service of AWS; then Account and ARN are empty.
	Service string
	// Action is service:Operation, for example cloudtrail-data:PutAuditEvents.
	Action string
	// ExternalID is the parameter externalId of PutAuditEvents, "" where it is left out.
	ExternalID string
	// SourceARN and SourceAccount are the resource on whose behalf a service calls.
	SourceARN, SourceAccount string
}

// Outcome is what a policy says about a request.
type Outcome int

// The outcomes.
const (
	NotAllowed Outcome = iota // no statement allows it
	Denied                    // a statement denies it
	Allowed
)

// Decision is an outcome and how it came about.
type Decision struct {
	Outcome Outcome
	Reason  string // for the owner of the resource: it names statements of the policy
}

// Allowed says whether the request may be done.
func (d Decision) Allowed() bool { return d.Outcome == Allowed }

// Evaluate decides about a request.
func (p *Policy) Evaluate(r Request) Decision {
	allow := -1
	var almost string
	for i := range p.statements {
		s := &p.statements[i]
		if !s.concerns(&r) {
			continue
		}
		if c := s.unmet(&r); c != nil {
			if !s.deny && almost == "" {
				almost = fmt.Sprintf("; %s would, but its condition on %s is not met", p.name(i), c.text)
			}
			continue
		}
		if s.deny {
			return Decision{Denied, p.name(i) + " denies it"}
		}
		if allow < 0 {
			allow = i
		}
	}
	switch {
	case r.Service == "" && r.Account == p.owner.account:
		return Decision{Allowed, "the caller belongs to the account of the resource"}
	case allow >= 0:
		return Decision{Allowed, p.name(allow) + " allows it"}
	case len(p.statements) == 0:
		return Decision{NotAllowed, "the resource belongs to another account and has no policy"}
	}
	return Decision{NotAllowed, "no statement of the resource's policy allows it" + almost}
}

// concerns says whether a statement is about the caller and the action.
func (s *statement) concerns(r *Request) bool {
	return slices.ContainsFunc(s.actions, func(a string) bool { return matchAction(a, r.Action) }) &&
		slices.ContainsFunc(s.principals, func(p principal) bool { return p.is(r) })
}

// unmet is the first condition that does not hold, or nil.
func (s *statement) unmet(r *Request) *condition {
	for i := range s.conditions {
		if !s.conditions[i].holds(r) {
			return &s.conditions[i]
		}
	}
	return nil
}

// name is a statement by its Sid or place.
func (p *Policy) name(i int) string {
	if sid := p.statements[i].sid; sid != "" {
		return fmt.Sprintf("statement %q", sid)
	}
	return fmt.Sprintf("statement %d", i+1)
}
