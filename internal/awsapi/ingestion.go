package awsapi

import (
	"context"
	"database/sql"
	"maps"
	"sync"

	"kiroku/internal/meta"
)

// IngestionStatus says how the last events of a channel fared.
type IngestionStatus struct {
	LatestIngestionSuccessTime    *Timestamp `json:",omitempty"`
	LatestIngestionSuccessEventID string     `json:",omitempty"`
	LatestIngestionErrorCode      string     `json:",omitempty"`
	LatestIngestionAttemptTime    *Timestamp `json:",omitempty"`
	LatestIngestionAttemptEventID string     `json:",omitempty"`
}

// ingestionLog keeps what channels have to say in memory, since writing it down with every request would double the work of
// the disk. Run writes it down.
type ingestionLog struct {
	mu      sync.Mutex
	latest  map[string]meta.Ingestion // by channel id
	changed map[string]bool
}

// note takes down what became of a request's events.
func (l *ingestionLog) note(p *put) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.latest == nil {
		l.latest, l.changed = map[string]meta.Ingestion{}, map[string]bool{}
	}
	i, ok := l.latest[p.channel.ID]
	if !ok {
		i = p.channel.Ingestion
	}
	i.Attempt = p.now
	if n := len(p.rejected); n > 0 {
		i.ErrorCode, i.AttemptID = p.rejected[n-1].Code, p.rejected[n-1].ID
	}
	if n := len(p.out.Successful); n > 0 {
		i.Success, i.SuccessID = p.now, p.out.Successful[n-1].EventID
		i.AttemptID = i.SuccessID
	}
	l.latest[p.channel.ID], l.changed[p.channel.ID] = i, true
}

// of is what is known of a channel now.
func (l *ingestionLog) of(row meta.Channel) meta.Ingestion {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := l.latest[row.ID]; ok {
		return i
	}
	return row.Ingestion
}

func (l *ingestionLog) status(row meta.Channel) *IngestionStatus {
	i := l.of(row)
	if i == (meta.Ingestion{}) {
		return nil
	}
	return &IngestionStatus{LatestIngestionSuccessTime: stamp(i.Success), LatestIngestionSuccessEventID: i.SuccessID, LatestIngestionErrorCode: i.ErrorCode,
		LatestIngestionAttemptTime: stamp(i.Attempt), LatestIngestionAttemptEventID: i.AttemptID}
}

// take returns what is to be written down.
func (l *ingestionLog) take() map[string]meta.Ingestion {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]meta.Ingestion{}
	for id := range maps.Keys(l.changed) {
		out[id] = l.latest[id]
	}
	clear(l.changed)
	return out
}

func (s *Service) flushIngestion(ctx context.Context) error {
	changed := s.ingestion.take()
	if len(changed) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		for id, i := range changed {
			if err := meta.SetIngestion(ctx, tx, id, i); err != nil {
				return err
			}
		}
		return nil
	})
}
