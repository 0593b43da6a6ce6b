package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// uidLocks let one request at a time store events of a channel that deduplicates: two that carry the same UID at once would
// not see each other in the database.
type uidLocks struct {
	mu    sync.Mutex
	locks map[string]*uidLock
}

type uidLock struct {
	hold  chan struct{} // holds one element while the lock is held
	users int
}

func (u *uidLocks) lock(channel string) (unlock func()) {
	u.mu.Lock()
	if u.locks == nil {
		u.locks = map[string]*uidLock{}
	}
	l := u.locks[channel]
	if l == nil {
		l = &uidLock{hold: make(chan struct{}, 1)}
		u.locks[channel] = l
	}
	l.users++
	u.mu.Unlock()
	l.hold <- struct{}{}
	return func() {
		<-l.hold
		u.mu.Lock()
		defer u.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(u.locks, channel)
		}
	}
}

// deduplicate answers events whose UID came before as the first time, and leaves the others in taken. The UIDs of those are
// to be stored with them; until then the caller keeps the lock.
func (p *put) deduplicate(ctx context.Context) (unlock func(), fresh []event.AuditUID, err error) {
	unlock = p.s.uids.lock(p.channel.ID)
	here := map[string]string{}
	rest := p.taken[:0]
	for _, t := range p.taken {
		sum := sha256.Sum256([]byte(t.uid))
		hash := base64.RawStdEncoding.EncodeToString(sum[:])
		id, known := here[hash]
		if !known {
			if id, known, err = meta.FindAuditUID(ctx, p.s.db.Read(), p.channel.ID, hash); err != nil {
				unlock()
				return nil, nil, err
			}
		}
		if known {
			p.out.Successful = append(p.out.Successful, StoredEvent{t.StoredEvent.ID, id})
			continue
		}
		here[hash] = t.EventID
		fresh = append(fresh, event.AuditUID{Channel: p.channel.ID, Hash: hash, EventID: t.EventID})
		rest = append(rest, t)
	}
	p.taken = rest
	return unlock, fresh, nil
}
