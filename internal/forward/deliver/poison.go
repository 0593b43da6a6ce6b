package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/forward/wire"
)

// When the first record that is not confirmed counts as one that the receiver will never take. While it takes nothing at all,
// nothing does: that is an outage.
const (
	poisonTime   = 2 * time.Minute // it was refused alone for so long,
	poisonTries  = 5               // so often,
	poisonProofs = 6               // and the last times so often in a row the receiver took others right then,
	poisonPause  = 5 * time.Second // so far apart
	poisonOthers = 8               // records behind it that are tried in turn: the next may be such a one, too
	whenever     = time.Hour       // how long to wait at most when there is no reason to hurry
)

// suspicion is about the first record that is not confirmed.
type suspicion struct {
	index  int64
	since  time.Time // when it was first refused alone
	tries  int       // how often it was
	proofs int       // how often in a row the receiver then took others
	other  int64     // which one behind it was tried last
}

// suspect is told of each session that failed, before anything is sent again. It finds out whether one record is why: what was
// sent is sent again in smaller pieces, until it is one record alone. When the receiver takes others again and again, and
// never that one, it goes to the dead letters. It returns how long to wait at most before the next session.
func (d *Deliverer) suspect(ctx context.Context, err error) time.Duration {
	s := &d.suspected
	pieces := d.dest.Confirm == wire.ConfirmRELP || d.dest.Confirm == wire.ConfirmHTTP
	if !pieces && d.dest.Confirm != wire.ConfirmHalfClose || !mayBePoison(err) {
		s.proofs = 0
		return whenever // nothing else tells which record it was
	}
	index, rec, sent := d.q.careful(pieces)
	if sent != 1 {
		s.proofs = 0
		if sent > 1 && pieces { // the next one is smaller
			return firstWait
		}
		return whenever
	}
	if s.index != index || s.tries == 0 {
		*s = suspicion{index: index, since: time.Now()}
	}
	s.tries++
	if s.tries < poisonTries || time.Since(s.since) < d.o.poison {
		return s.until(d.o.poison)
	}
	// Each time by another number of connections: behind a load balancer, one broken receiver of several would otherwise always
	// get this record, and the others always the others.
	for range 1 + s.proofs%3 {
		if !d.takesOther(ctx, index) {
			s.proofs, s.other = 0, s.other+1
			return whenever
		}
	}
	if s.proofs++; s.proofs < poisonProofs {
		return poisonPause
	}
	reason := fmt.Sprintf("it was refused alone %d times in %s, while the receiver took others: %v", s.tries, time.Since(s.since).Round(time.Second), err)
	if again := d.q.skips(index); again || d.bury(ctx, rec, reason) == nil {
		*s = suspicion{}
		d.batch = d.most
		d.arrived(index + 1)
	}
	return whenever
}

// until is how long to wait at most before the record is tried again when it is too soon to prove anything: what is behind it
// waits, too.
func (s *suspicion) until(poison time.Duration) time.Duration {
	if s.tries < poisonTries {
		return poisonPause
	}
	return max(0, poison-time.Since(s.since))
}

// mayBePoison says whether a session may have failed for what was sent.
func mayBePoison(err error) bool {
	var answer *answerError
	if errors.As(err, &answer) {
		return answer.status/100 == 5
	}
	var dial *dialError
	var hs *handshakeError
	return !errors.Is(err, context.Canceled) && !errors.As(err, &hs) && (!errors.As(err, &dial) || errors.Is(err, errGoneBehind))
}

// takesOther has another record that waits confirmed, by a connection of its own. It arrives again in its turn.
func (d *Deliverer) takesOther(ctx context.Context, index int64) bool {
	rec, ok := d.q.other(index, d.suspected.other)
	if !ok {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, d.stall())
	defer cancel()
	probe, err := New(Options{Destination: d.dest, Dial: d.o.Dial, stall: d.o.stall, Problem: func(wire.Code, string) { cancel() },
		Dead: func(wire.Record, string) error { cancel(); return ctx.Err() }})
	if err != nil {
		return false
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- probe.Run(running) }()
	if err = probe.Send(ctx, []wire.Record{rec}); err == nil {
		err = probe.Flush(ctx)
	}
	stop()
	return errors.Join(err, <-done) == nil
}

// careful is called before a rewind. The second time that nothing was confirmed, it makes what was sent be sent again in smaller
// pieces, each confirmed before the next is sent. It says how many were sent then, when it was the second time.
func (q *queue) careful(pieces bool) (index int64, rec wire.Record, sent int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	sent = q.pos - q.commit
	if sent <= 0 {
		return 0, rec, 0
	}
	if q.stuck != q.commit+1 {
		q.stuck = q.commit + 1
		return 0, rec, 0
	}
	if pieces {
		q.cautious, q.piece = max(q.cautious, q.pos), max(1, sent/2)
	}
	return q.commit, q.entries[q.commit-q.base].rec, sent
}

// skips makes no replay go back behind a record that is refused, and says whether it was confirmed before: it lies in a replay.
func (q *queue) skips(index int64) (again bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.life = max(q.life, index+1)
	return index < q.frontier
}

// other is a record behind another one.
func (q *queue) other(index, turn int64) (rec wire.Record, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	behind := min(q.end()-index-1, poisonOthers)
	if behind <= 0 {
		return rec, false
	}
	return q.entries[index+1+turn%behind-q.base].rec, true
}
