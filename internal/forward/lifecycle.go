package forward

import (
	"context"
	"database/sql"
	"time"

	"kiroku/internal/meta"
)

// Pause has an agent deliver nothing until it is resumed.
func (s *Service) Pause(ctx context.Context, id string) error {
	return s.setStatus(ctx, id, meta.SIEMPaused)
}

// Resume ends a pause.
func (s *Service) Resume(ctx context.Context, id string) error {
	return s.setStatus(ctx, id, meta.SIEMActive)
}

// Delete deletes an agent. It is told so when it asks the next time.
func (s *Service) Delete(ctx context.Context, id string) error {
	return s.setStatus(ctx, id, meta.SIEMDeleted)
}

func (s *Service) setStatus(ctx context.Context, id, status string) error {
	s.mu.Lock()
	a, err := s.live(id)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	row := a.row
	s.mu.Unlock()
	if row.Status == status {
		return nil
	}
	if row.Status == meta.SIEMCompleted && status != meta.SIEMDeleted {
		return isComplete(row.Name)
	}
	row.Status, row.Updated = status, time.Now()
	if status == meta.SIEMDeleted {
		row.Ended = row.Updated
	}
	if err := s.opt.DB.Write(ctx, func(tx *sql.Tx) error { return meta.UpdateSIEMAgent(ctx, tx, &row) }); err != nil {
		return err
	}
	s.mu.Lock()
	a.row.Status, a.row.Updated, a.row.Ended = row.Status, row.Updated, row.Ended
	if status == meta.SIEMDeleted {
		for key := range a.notes {
			s.clear(a, key, row.Updated)
		}
	}
	a.change()
	s.mu.Unlock()
	return s.flush(ctx)
}
