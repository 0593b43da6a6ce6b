package identity

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// After so many failures in a row each further one doubles the wait. A person mistypes a few times; many people may share
// an address; a user is slowed down over all addresses only late and mildly, so that nobody can lock somebody else out.
const (
	freeTogether, maxTogether = 5, 15 * time.Minute // one user from one address
	freeAddress, maxAddress   = 30, 5 * time.Minute
	freeUser, maxUser         = 100, 5 * time.Second
	forgetAfter               = time.Hour // without a failure
	attemptsSize              = 10_000    // keys that are remembered
)

// Throttled says that there were too many failed logins.
type Throttled struct {
	After time.Duration // how long to wait
}

func (t *Throttled) Error() string {
	return fmt.Sprintf("log in: too many failures, wait %s", t.After.Round(time.Second))
}

// attempts counts failed logins in memory: a restart forgets them.
type attempts struct {
	mu    sync.Mutex
	known map[attemptKey]*attempt
}

// attemptKey has the user, the address or both.
type attemptKey struct {
	user string
	addr netip.Addr
}

type attempt struct {
	failures int
	last     time.Time
	until    time.Time // no attempt before
}

func newAttempts() *attempts { return &attempts{known: map[attemptKey]*attempt{}} }

func keys(user string, addr netip.Addr) [3]attemptKey {
	if addr.Is6() && !addr.Is4In6() { // whoever has one IPv6 address has the other 2^64 of its network
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	return [3]attemptKey{{user, addr}, {"", addr}, {user, netip.Addr{}}}
}

// begin takes one attempt, or returns *Throttled. An attempt counts as failed until succeeded is called, so that attempts
// that run at the same time are counted, too.
func (a *attempts) begin(user string, addr netip.Addr, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range keys(user, addr) {
		if e := a.known[k]; e != nil && now.Before(e.until) {
			return &Throttled{After: e.until.Sub(now)}
		}
	}
	limits := [3]struct {
		free    int
		maximum time.Duration
	}{{freeTogether, maxTogether}, {freeAddress, maxAddress}, {freeUser, maxUser}}
	for n, k := range keys(user, addr) {
		e := a.known[k]
		if e == nil || now.Sub(e.last) > forgetAfter {
			a.makeRoom(now)
			e = &attempt{}
			a.known[k] = e
		}
		e.failures++
		e.last = now
		if over := e.failures - limits[n].free; over >= 0 {
			e.until = now.Add(min(time.Second<<min(over, 20), limits[n].maximum))
		}
	}
	return nil
}

// succeeded forgets the failures of the user from that address and takes this attempt back from the others.
func (a *attempts) succeeded(user string, addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ks := keys(user, addr)
	delete(a.known, ks[0])
	for _, k := range ks[1:] {
		if e := a.known[k]; e != nil {
			e.failures--
			e.until = time.Time{}
		}
	}
}

func (a *attempts) makeRoom(now time.Time) {
	if len(a.known) < attemptsSize {
		return
	}
	for k, e := range a.known {
		if now.Sub(e.last) > forgetAfter {
			delete(a.known, k)
		}
	}
	for k, e := range a.known { // an attack with many names: keep those that are being slowed down
		if len(a.known) < attemptsSize {
			return
		}
		if !now.Before(e.until) {
			delete(a.known, k)
		}
	}
	if len(a.known) >= attemptsSize {
		clear(a.known)
	}
}
