package awsapi

import (
	"context"
	"database/sql"
	"net/netip"
	"sync"
	"time"

	"kiroku/internal/meta"
)

// Rejected is an audit event that a channel refused.
type Rejected = meta.Rejected

// rejections count what was put on the channels' lists since they were trimmed: to look through a whole list with every
// refused event would take longer than the event.
type rejections struct {
	mu    sync.Mutex
	since map[string]amount // by channel id
}

type amount struct{ events, bytes int }

// A list may be longer than its limits by so much.
const (
	trimEvents = 100
	trimBytes  = 8 << 20
)

// due adds refused events to a channel's count and says whether its list is to be trimmed, as at its first ones.
func (r *rejections) due(channel string, list []meta.Rejected) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since = map[string]amount{}
	}
	a, counted := r.since[channel]
	a.events += len(list)
	for i := range list {
		a.bytes += len(list[i].EventData)
	}
	if counted && a.events < trimEvents && a.bytes < trimBytes {
		r.since[channel] = a
		return false
	}
	r.since[channel] = amount{}
	return true
}

// ListRejected returns up to limit refused events of a channel that come after the id after, oldest first, and how many the
// channel has.
func (s *Service) ListRejected(ctx context.Context, c Caller, channel, after string, limit int) ([]Rejected, int, error) {
	row, err := s.channel(ctx, c, channel)
	if err != nil {
		return nil, 0, err
	}
	n, err := meta.CountRejected(ctx, s.db.Read(), row.ID)
	if err != nil {
		return nil, 0, err
	}
	list, err := meta.ListRejected(ctx, s.db.Read(), row.ID, after, limit)
	return list, n, err
}

// DeleteRejected drops a refused event.
func (s *Service) DeleteRejected(ctx context.Context, c Caller, channel, id string) error {
	if _, err := s.rejectedOf(ctx, c, channel, id); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error { return meta.DeleteRejected(ctx, tx, id) })
}

func (s *Service) rejectedOf(ctx context.Context, c Caller, channel, id string) (Rejected, error) {
	row, err := s.channel(ctx, c, channel)
	if err != nil {
		return Rejected{}, err
	}
	r, err := meta.GetRejected(ctx, s.db.Read(), id)
	if err == nil && r.Channel != row.ID {
		return Rejected{}, refuse("RejectedEventNotFoundException", "The channel has no rejected event %q.", id)
	}
	return r, err
}

// replayAtOnce is how many refused events are sent again in one go.
const replayAtOnce = 100

// ReplayRejected sends refused events of a channel again: those with the given ids, all when there are none. corrected, when
// not empty, is the eventData to send in the place of the only one that is named. What is stored leaves the list; what is
// refused again stays with its new reason.
func (s *Service) ReplayRejected(ctx context.Context, c Caller, channel string, ids []string, corrected string) (PutAuditEventsOutput, error) {
	row, err := s.channel(ctx, c, channel)
	if err != nil {
		return PutAuditEventsOutput{}, err
	}
	if corrected != "" && len(ids) != 1 {
		return PutAuditEventsOutput{}, invalid("A correction is for one rejected event, not for %d.", len(ids))
	}
	out := PutAuditEventsOutput{Failed: []FailedEvent{}, Successful: []StoredEvent{}}
	after := ""
	for {
		list, err := s.toReplay(ctx, c, row, ids, after)
		if err != nil || len(list) == 0 {
			return out, err
		}
		if corrected != "" {
			list[0].EventData = corrected
		}
		part, err := s.replay(ctx, c, row, list)
		if err != nil {
			return out, err
		}
		out.Failed = append(out.Failed, part.Failed...)
		out.Successful = append(out.Successful, part.Successful...)
		if len(ids) > 0 {
			return out, nil
		}
		after = list[len(list)-1].ID
	}
}

func (s *Service) toReplay(ctx context.Context, c Caller, row meta.Channel, ids []string, after string) ([]Rejected, error) {
	if len(ids) == 0 {
		return meta.ListRejected(ctx, s.db.Read(), row.ID, after, replayAtOnce)
	}
	if len(ids) > replayAtOnce {
		return nil, invalid("Name up to %d rejected events, or none for all.", replayAtOnce)
	}
	var list []Rejected
	for _, id := range ids {
		r, err := s.rejectedOf(ctx, c, row.ID, id)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// replay sends refused events again and brings the list up to date.
func (s *Service) replay(ctx context.Context, c Caller, row meta.Channel, list []Rejected) (PutAuditEventsOutput, error) {
	p := s.newPut(row, c.Principal, netip.AddrPort{}, time.Now())
	for _, r := range list {
		p.add(r.ID, r.EventData, "")
	}
	if err := p.store(ctx); err != nil {
		return PutAuditEventsOutput{}, err
	}
	again := map[string]meta.Rejected{}
	for _, r := range p.rejected {
		again[r.RequestID] = r
	}
	return p.out, s.db.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		for _, r := range list {
			why, refused := again[r.ID]
			if !refused {
				if err := meta.DeleteRejected(ctx, tx, r.ID); err != nil {
					return err
				}
				continue
			}
			r.Code, r.Message, r.Tries = why.Code, why.Message, r.Tries+1
			if err := meta.UpdateRejected(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}
