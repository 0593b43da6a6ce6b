package meta

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"kiroku/internal/event"
)

// Ranges are runs of an object's records, [from, to), sorted and apart from each other.
type Ranges [][2]int64

// Has says whether record n is in a range.
func (r Ranges) Has(n int64) bool {
	i, found := slices.BinarySearchFunc(r, n, func(x [2]int64, n int64) int {
		switch {
		case n < x[0]:
			return 1
		case n >= x[1]:
			return -1
		}
		return 0
	})
	return found && i < len(r)
}

// with is r and one range more.
func (r Ranges) with(from, to int64) Ranges {
	all := append(slices.Clone(r), [2]int64{from, to})
	slices.SortFunc(all, func(a, b [2]int64) int { return int(min(max(a[0]-b[0], -1), 1)) })
	out := all[:1]
	for _, x := range all[1:] {
		if last := &out[len(out)-1]; x[0] <= last[1] {
			last[1] = max(last[1], x[1])
		} else {
			out = append(out, x)
		}
	}
	return out
}

// StoreObjectPart notes what became durable together with it.
func StoreObjectPart(ctx context.Context, tx *sql.Tx, p *event.ObjectPart) error {
	var parts any
	if !p.Last {
		have, _, err := GetObject(ctx, tx, p.Folder, p.Day, p.ID)
		if err != nil {
			return err
		}
		text, err := json.Marshal(have.with(p.From, p.To))
		if err != nil {
			return fmt.Errorf("note part of object: %w", err)
		}
		parts = string(text)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO bucket_objects (folder, day, id, modified, parts) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (folder, day, id) DO UPDATE SET parts = excluded.parts`, p.Folder, p.Day, p.ID[:], p.Modified, parts)
	if err != nil {
		return fmt.Errorf("note part of object: %w", err)
	}
	return nil
}

// GetObject returns which records of an object are stored, and whether all are.
func GetObject(ctx context.Context, q Queryer, folder, day int64, id event.ObjectID) (stored Ranges, done bool, err error) {
	var parts sql.NullString
	err = q.QueryRowContext(ctx, `SELECT parts FROM bucket_objects WHERE folder = $1 AND day = $2 AND id = $3`, folder, day, id[:]).Scan(&parts)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("find object: %w", err)
	case !parts.Valid:
		return nil, true, nil
	}
	if err := json.Unmarshal([]byte(parts.String), &stored); err != nil {
		return nil, false, fmt.Errorf("read parts of object: %w", err)
	}
	return stored, false, nil
}

// DoneObjects returns the objects of a day that are stored whole.
func DoneObjects(ctx context.Context, q Queryer, folder, day int64) (map[event.ObjectID]bool, error) {
	ids, err := collect(ctx, q, func(row scanner) (id event.ObjectID, err error) {
		var b []byte
		if err := row.Scan(&b); err != nil {
			return id, err
		}
		if copy(id[:], b) != len(id) {
			return id, fmt.Errorf("object id has %d bytes", len(b))
		}
		return id, nil
	}, `SELECT id FROM bucket_objects WHERE folder = $1 AND day = $2 AND parts IS NULL`, folder, day)
	if err != nil {
		return nil, err
	}
	done := make(map[event.ObjectID]bool, len(ids))
	for _, id := range ids {
		done[id] = true
	}
	return done, nil
}

// ForgetObjects deletes at most limit objects of a folder that were named for a day before day and created before it, and
// returns how many it deleted.
func ForgetObjects(ctx context.Context, tx *sql.Tx, folder, day int64, limit int) (int64, error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM bucket_objects WHERE (folder, day, id) IN
		(SELECT folder, day, id FROM bucket_objects WHERE folder = $1 AND day < $2 AND modified < $2 LIMIT $3)`, folder, day, limit)
	if err != nil {
		return 0, fmt.Errorf("forget objects: %w", err)
	}
	return res.RowsAffected()
}

// CountObjects counts the objects that are remembered.
func CountObjects(ctx context.Context, q Queryer) (n int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM bucket_objects`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count objects: %w", err)
	}
	return n, nil
}
