package lake

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/meta"
)

// Info describes a segment as it stands in the registry.
type Info struct {
	ID        int64  `json:"id"`
	Store     string `json:"store"`
	Path      string `json:"path"` // below the data folder
	Published bool   `json:"published"`
	Rows      int64  `json:"rows"`
	Bytes     int64  `json:"bytes"`
	RawBytes  int64  `json:"raw_bytes"`
	Unparsed  int64  `json:"unparsed"`
	FirstSeq  int64  `json:"first_seq"`
	LastSeq   int64  `json:"last_seq"`
	MinTime   int64  `json:"min_time"` // microseconds since 1970-01-01 UTC
	MaxTime   int64  `json:"max_time"`
	SHA256    string `json:"sha256"`
	Created   int64  `json:"created"`
}

// publication is a change of an Iceberg table that is under way.
type publication struct {
	ID     string
	Store  string
	Remove []int64
	Add    []Info
}

func insertSegment(ctx context.Context, tx *sql.Tx, s *Info) error {
	res, err := tx.ExecContext(ctx, `INSERT INTO segments
		(store, path, published, rows, bytes, raw_bytes, unparsed, first_seq, last_seq, min_time, max_time, sha256, created)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		s.Store, s.Path, s.Published, s.Rows, s.Bytes, s.RawBytes, s.Unparsed, s.FirstSeq, s.LastSeq, s.MinTime, s.MaxTime, s.SHA256, s.Created)
	if err != nil {
		return fmt.Errorf("register segment %q: %w", s.Path, err)
	}
	s.ID, err = res.LastInsertId()
	return err
}

func deleteSegments(ctx context.Context, tx *sql.Tx, ids []int64) error {
	for _, id := range ids {
		res, err := tx.ExecContext(ctx, `DELETE FROM segments WHERE id = ?`, id)
		if err != nil {
			return fmt.Errorf("remove segment %d: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return fmt.Errorf("remove segment %d: it is not registered: %w", id, err)
		}
	}
	return nil
}

func readSegments(ctx context.Context, db *sql.DB) ([]Info, error) {
	rows, err := db.QueryContext(ctx, `SELECT id, store, path, published, rows, bytes, raw_bytes, unparsed, first_seq, last_seq,
		min_time, max_time, sha256, created FROM segments ORDER BY store, first_seq, id`)
	if err != nil {
		return nil, fmt.Errorf("read segments: %w", err)
	}
	defer rows.Close()
	var out []Info
	for rows.Next() {
		var s Info
		if err := rows.Scan(&s.ID, &s.Store, &s.Path, &s.Published, &s.Rows, &s.Bytes, &s.RawBytes, &s.Unparsed, &s.FirstSeq, &s.LastSeq,
			&s.MinTime, &s.MaxTime, &s.SHA256, &s.Created); err != nil {
			return nil, fmt.Errorf("read segments: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func insertPublication(ctx context.Context, tx *sql.Tx, p *publication) error {
	remove, err := json.Marshal(p.Remove)
	if err != nil {
		return err
	}
	add, err := json.Marshal(p.Add)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO publications (id, store, remove, adding, created) VALUES (?,?,?,?,?)`,
		p.ID, p.Store, string(remove), string(add), time.Now().UnixMicro())
	return err
}

func readPublications(ctx context.Context, db *sql.DB) ([]publication, error) {
	rows, err := db.QueryContext(ctx, `SELECT id, store, remove, adding FROM publications ORDER BY created`)
	if err != nil {
		return nil, fmt.Errorf("read publications: %w", err)
	}
	defer rows.Close()
	var out []publication
	for rows.Next() {
		var p publication
		var remove, add string
		if err := rows.Scan(&p.ID, &p.Store, &remove, &add); err != nil {
			return nil, fmt.Errorf("read publications: %w", err)
		}
		if err := errors.Join(json.Unmarshal([]byte(remove), &p.Remove), json.Unmarshal([]byte(add), &p.Add)); err != nil {
			return nil, fmt.Errorf("read publication %q: %w", p.ID, err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// finishPublication puts the new segments in the place of the old ones. Without new ones the old ones' events are gone.
func finishPublication(ctx context.Context, tx *sql.Tx, p *publication) error {
	if len(p.Add) == 0 {
		if err := dropSegments(ctx, tx, p.Store, p.Remove); err != nil {
			return err
		}
	}
	if err := deleteSegments(ctx, tx, p.Remove); err != nil {
		return err
	}
	for i := range p.Add {
		if err := insertSegment(ctx, tx, &p.Add[i]); err != nil {
			return err
		}
	}
	return dropPublication(ctx, tx, p.ID)
}

func dropPublication(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM publications WHERE id = ?`, id)
	return err
}

func setCheckpoint(ctx context.Context, tx *sql.Tx, c *event.Checkpoint) error {
	if c.Object != nil {
		return meta.StoreObjectPart(ctx, tx, c.Object)
	}
	if len(c.AuditUIDs) > 0 {
		return meta.StoreAuditUIDs(ctx, tx, c.AuditUIDs, time.Now())
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO checkpoints (key, position, updated) VALUES (?,?,?)
		ON CONFLICT (key) DO UPDATE SET position = max(position, excluded.position), updated = excluded.updated`,
		c.Key, c.Position, time.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("store checkpoint %q: %w", c.Key, err)
	}
	return nil
}

// Checkpoint returns how far the object key has been stored; 0 when it is not known.
func (l *Lake) Checkpoint(ctx context.Context, key string) (int64, error) {
	var pos int64
	err := l.db.Read().QueryRowContext(ctx, `SELECT position FROM checkpoints WHERE key = ?`, key).Scan(&pos)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return pos, err
}
