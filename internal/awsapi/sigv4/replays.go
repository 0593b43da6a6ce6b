package sigv4

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Replays remembers the signatures of requests that were carried out, for as long as they would be accepted again. A request
// that arrives twice is thus carried out once, and answered alike: the second one is a client's retry after a lost
// connection, or somebody who copied it. Nothing is kept over a restart. It is safe for concurrent use.
type Replays struct {
	answerBytes int // most bytes of answers that are kept

	mu       sync.Mutex
	new, old map[[sha256.Size]byte]*taken
	turned   time.Time
	kept     int        // bytes of answers
	order    []answered // oldest first
}

type answered struct {
	signature [sha256.Size]byte
	bytes     int
}

// taken is a request that was begun.
type taken struct {
	done   bool
	answer []byte // nil when it was dropped for room
}

// keepReplays is longer than a signature is valid, from skew before its time to skew after.
const keepReplays = 2*skew + time.Minute

// NewReplays makes a memory that keeps up to answerBytes of answers.
func NewReplays(answerBytes int) *Replays {
	return &Replays{answerBytes: answerBytes, new: map[[sha256.Size]byte]*taken{}, old: map[[sha256.Size]byte]*taken{}}
}

// State says what is known of a signature.
type State int

// The states.
const (
	First    State = iota // not seen: carry the request out, then call Done or Forget
	Busy                  // the same request is being carried out
	Repeated              // it was carried out, see the answer
	Lost                  // it was carried out, and the answer is not kept any more
)

// Begin asks whether the request with this signature may be carried out.
func (r *Replays) Begin(signature [sha256.Size]byte, now time.Time) (State, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.turned) > keepReplays {
		r.old, r.new, r.turned = r.new, map[[sha256.Size]byte]*taken{}, now
	}
	t := r.find(signature)
	switch {
	case t == nil:
		r.new[signature] = &taken{}
		return First, nil
	case !t.done:
		return Busy, nil
	case t.answer == nil:
		return Lost, nil
	}
	return Repeated, t.answer
}

func (r *Replays) find(signature [sha256.Size]byte) *taken {
	if t := r.new[signature]; t != nil {
		return t
	}
	return r.old[signature]
}

// Done keeps the answer of a request that was carried out. The caller must not change it afterwards.
func (r *Replays) Done(signature [sha256.Size]byte, answer []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.find(signature)
	if t == nil { // it took longer than signatures are valid
		return
	}
	t.done, t.answer = true, answer
	r.kept += len(answer)
	r.order = append(r.order, answered{signature, len(answer)})
	for r.kept > r.answerBytes && len(r.order) > 0 {
		if t := r.find(r.order[0].signature); t != nil {
			t.answer = nil
		}
		r.kept -= r.order[0].bytes
		r.order = r.order[1:]
	}
}

// Forget lets a request that was not carried out be sent again.
func (r *Replays) Forget(signature [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.new, signature)
	delete(r.old, signature)
}
