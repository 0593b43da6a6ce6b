package sigv4

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Replays remembers requests that were carried out, for as long as their signatures would be accepted again. A request
// that arrives twice is thus carried out once, and answered alike: the second one is a client's retry after a lost
// connection. The caller decides what makes two requests one; their names are sums that nobody can aim at. Nothing is kept
// over a restart. It is safe for concurrent use.
type Replays struct {
	answerBytes int // most bytes of answers that are kept

	mu       sync.Mutex
	new, old map[[sha256.Size]byte]*taken
	turned   time.Time
	kept     int        // bytes of answers
	order    []answered // oldest first
}

type answered struct {
	request [sha256.Size]byte
	bytes   int
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

// State says what is known of a request.
type State int

// The states.
const (
	First    State = iota // not seen: carry the request out, then call Done or Forget
	Busy                  // the same request is being carried out
	Repeated              // it was carried out, see the answer
	Lost                  // it was carried out, and the answer is not kept any more
)

// Begin asks whether a request may be carried out.
func (r *Replays) Begin(request [sha256.Size]byte, now time.Time) (State, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.turned) > keepReplays {
		r.old, r.new, r.turned = r.new, map[[sha256.Size]byte]*taken{}, now
	}
	t := r.find(request)
	switch {
	case t == nil:
		r.new[request] = &taken{}
		return First, nil
	case !t.done:
		return Busy, nil
	case t.answer == nil:
		return Lost, nil
	}
	return Repeated, t.answer
}

func (r *Replays) find(request [sha256.Size]byte) *taken {
	if t := r.new[request]; t != nil {
		return t
	}
	return r.old[request]
}

// Done keeps the answer of a request that was carried out. The caller must not change it afterwards.
func (r *Replays) Done(request [sha256.Size]byte, answer []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.find(request)
	if t == nil { // it took longer than signatures are valid
		return
	}
	t.done, t.answer = true, answer
	r.kept += len(answer)
	r.order = append(r.order, answered{request, len(answer)})
	for r.kept > r.answerBytes && len(r.order) > 0 {
		if t := r.find(r.order[0].request); t != nil {
			t.answer = nil
		}
		r.kept -= r.order[0].bytes
		r.order = r.order[1:]
	}
}

// Forget lets a request that was not carried out be sent again.
func (r *Replays) Forget(request [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.new, request)
	delete(r.old, request)
}
