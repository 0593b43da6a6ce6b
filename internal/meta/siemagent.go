package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// SIEMAgent passes events on to a SIEM.
type SIEMAgent struct {
	ID      string
	Name    string // unique among those that are not deleted
	Kind    string // main, recovery
	Status  string // active, paused, completed, deleted
	Parent  string // recovery: the agent that it is like
	Creator string
	Created time.Time
	Updated time.Time
	Ended   time.Time // when it was completed or deleted
	Spec    string    // JSON
	Summary string    // JSON, of a completed recovery
	Session string
	Host    string
	Version string
	Contact time.Time
}

// The statuses of SIEM agents.
const (
	SIEMActive    = "active"
	SIEMPaused    = "paused"
	SIEMCompleted = "completed"
	SIEMDeleted   = "deleted"
)

const siemAgentColumns = `id, name, kind, status, parent, creator, created, updated, ended, spec, summary, session, host, version, contact`

// InsertSIEMAgent adds a; fault.Conflict when the name is taken.
func InsertSIEMAgent(ctx context.Context, tx *sql.Tx, a *SIEMAgent) error {
	res, err := tx.ExecContext(ctx, `INSERT INTO siem_agents (`+siemAgentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		a.ID, a.Name, a.Kind, a.Status, a.Parent, a.Creator, micros(a.Created), micros(a.Updated), micros(a.Ended), a.Spec, a.Summary, a.Session, a.Host, a.Version, micros(a.Contact))
	return taken(res, err, "create SIEM agent", a.Name)
}

// ListSIEMAgents returns all agents, also the deleted ones, in the order of their creation.
func ListSIEMAgents(ctx context.Context, q Queryer) ([]SIEMAgent, error) {
	return collect(ctx, q, scanSIEMAgent, `SELECT `+siemAgentColumns+` FROM siem_agents ORDER BY created, id`)
}

// UpdateSIEMAgent changes name, status, spec and summary; fault.Conflict when the new name is taken.
func UpdateSIEMAgent(ctx context.Context, tx *sql.Tx, a *SIEMAgent) error {
	var others int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM siem_agents WHERE name = $1 AND id <> $2 AND status <> 'deleted'`, a.Name, a.ID).Scan(&others)
	if err != nil {
		return fmt.Errorf("update SIEM agent %q: %w", a.Name, err)
	}
	if others > 0 && a.Status != SIEMDeleted {
		return fault.New(fault.Conflict, fmt.Errorf("update SIEM agent: the name %q is taken", a.Name), "Choose another name.")
	}
	res, err := tx.ExecContext(ctx, `UPDATE siem_agents SET name = $1, status = $2, updated = $3, ended = $4, spec = $5, summary = $6 WHERE id = $7`,
		a.Name, a.Status, micros(a.Updated), micros(a.Ended), a.Spec, a.Summary, a.ID)
	return one(res, err, "update SIEM agent", a.ID)
}

// SetSIEMSession notes the newest session of an agent.
func SetSIEMSession(ctx context.Context, tx *sql.Tx, id, session, host, version string, contact time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE siem_agents SET session = $1, host = $2, version = $3, contact = $4 WHERE id = $5`, session, host, version, micros(contact), id)
	return one(res, err, "note session of SIEM agent", id)
}

// SetSIEMContact notes when an agent was last heard of.
func SetSIEMContact(ctx context.Context, tx *sql.Tx, id string, contact time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE siem_agents SET contact = $1 WHERE id = $2`, micros(contact), id); err != nil {
		return fmt.Errorf("note contact of SIEM agent %q: %w", id, err)
	}
	return nil
}

// ForgetSIEMAgents removes agents that were deleted before a time, with everything about them.
func ForgetSIEMAgents(ctx context.Context, tx *sql.Tx, before time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM siem_agents WHERE status = 'deleted' AND ended < $1`, micros(before)); err != nil {
		return fmt.Errorf("forget deleted SIEM agents: %w", err)
	}
	return nil
}

func scanSIEMAgent(row scanner) (a SIEMAgent, err error) {
	var created, updated, ended, contact int64
	err = row.Scan(&a.ID, &a.Name, &a.Kind, &a.Status, &a.Parent, &a.Creator, &created, &updated, &ended, &a.Spec, &a.Summary, &a.Session, &a.Host, &a.Version, &contact)
	a.Created, a.Updated, a.Ended, a.Contact = fromMicros(created), fromMicros(updated), fromMicros(ended), fromMicros(contact)
	return a, err
}

// SIEMToken lets an agent in. The token itself is not stored.
type SIEMToken struct {
	Hash    string // hex of SHA-256
	Agent   string
	Created time.Time
	Expires time.Time // zero: never
	Revoked time.Time // zero: it is not
	Used    time.Time
}

// PutSIEMToken adds a token, or changes when it expires and was revoked and used.
func PutSIEMToken(ctx context.Context, tx *sql.Tx, t *SIEMToken) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO siem_agent_tokens (hash, agent, created, expires, revoked, used) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (hash) DO UPDATE SET expires = excluded.expires, revoked = excluded.revoked, used = excluded.used`,
		t.Hash, t.Agent, micros(t.Created), micros(t.Expires), micros(t.Revoked), micros(t.Used))
	if err != nil {
		return fmt.Errorf("store token of SIEM agent %q: %w", t.Agent, err)
	}
	return nil
}

// ListSIEMTokens returns the tokens of all agents, oldest first.
func ListSIEMTokens(ctx context.Context, q Queryer) ([]SIEMToken, error) {
	return collect(ctx, q, func(row scanner) (t SIEMToken, err error) {
		var created, expires, revoked, used int64
		err = row.Scan(&t.Hash, &t.Agent, &created, &expires, &revoked, &used)
		t.Created, t.Expires, t.Revoked, t.Used = fromMicros(created), fromMicros(expires), fromMicros(revoked), fromMicros(used)
		return t, err
	}, `SELECT hash, agent, created, expires, revoked, used FROM siem_agent_tokens ORDER BY created, hash`)
}

// ForgetSIEMTokens removes tokens that were void before a time.
func ForgetSIEMTokens(ctx context.Context, tx *sql.Tx, before time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM siem_agent_tokens WHERE revoked > 0 AND revoked < $1 OR expires > 0 AND expires < $1`, micros(before))
	if err != nil {
		return fmt.Errorf("forget tokens of SIEM agents: %w", err)
	}
	return nil
}

// SIEMPosition says how far a destination has confirmed in a store.
type SIEMPosition struct {
	Agent, Destination, Store string
	Seq                       int64
	Until                     int64     // up to here only what lies within the start time is sent
	Had                       int64     // the last event that the store had given when the destination began
	Since                     time.Time // what lies up to Had and is older was not there by then, or is not wanted; zero: not known
}

// PutSIEMPosition stores a position. It never goes back.
func PutSIEMPosition(ctx context.Context, tx *sql.Tx, p *SIEMPosition) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO siem_agent_positions (agent, destination, store, seq, until, had, since) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (agent, destination, store) DO UPDATE SET seq = max(seq, excluded.seq)`, p.Agent, p.Destination, p.Store, p.Seq, p.Until, p.Had, micros(p.Since))
	if err != nil {
		return fmt.Errorf("store position of SIEM agent %q: %w", p.Agent, err)
	}
	return nil
}

// ListSIEMPositions returns the positions of all agents.
func ListSIEMPositions(ctx context.Context, q Queryer) ([]SIEMPosition, error) {
	return collect(ctx, q, func(row scanner) (p SIEMPosition, err error) {
		var since int64
		err = row.Scan(&p.Agent, &p.Destination, &p.Store, &p.Seq, &p.Until, &p.Had, &since)
		p.Since = fromMicros(since)
		return p, err
	}, `SELECT agent, destination, store, seq, until, had, since FROM siem_agent_positions ORDER BY agent, destination, store`)
}

// SIEMDelivery is what a destination was given.
type SIEMDelivery struct {
	Agent, Destination  string
	Confirmed, Skipped  int64
	Dead, Oversize      int64
	FirstUID, LastUID   string
	FirstTime, LastTime time.Time // of the events
	Acked               time.Time // when something was last confirmed
	SpoolRecords        int64     // that the agent has on its disk, by what it last said
	SpoolBytes          int64
	SpoolSince          time.Time // when the oldest of them came there
	SpoolNext           int64     // number behind the last one that ever came there
}

// PutSIEMDelivery stores d in the place of what was known of the destination.
func PutSIEMDelivery(ctx context.Context, tx *sql.Tx, d *SIEMDelivery) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO siem_agent_deliveries (agent, destination, confirmed, skipped, dead, oversize, first_uid, first_time, last_uid, last_time, acked, spool_records, spool_bytes, spool_since, spool_next)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (agent, destination) DO UPDATE SET confirmed = excluded.confirmed, skipped = excluded.skipped, dead = excluded.dead, oversize = excluded.oversize,
		first_uid = excluded.first_uid, first_time = excluded.first_time, last_uid = excluded.last_uid, last_time = excluded.last_time, acked = excluded.acked,
		spool_records = excluded.spool_records, spool_bytes = excluded.spool_bytes, spool_since = excluded.spool_since, spool_next = excluded.spool_next`,
		d.Agent, d.Destination, d.Confirmed, d.Skipped, d.Dead, d.Oversize, d.FirstUID, micros(d.FirstTime), d.LastUID, micros(d.LastTime), micros(d.Acked), d.SpoolRecords, d.SpoolBytes, micros(d.SpoolSince), d.SpoolNext)
	if err != nil {
		return fmt.Errorf("store delivery of SIEM agent %q: %w", d.Agent, err)
	}
	return nil
}

// ListSIEMDeliveries returns what the destinations of all agents were given.
func ListSIEMDeliveries(ctx context.Context, q Queryer) ([]SIEMDelivery, error) {
	return collect(ctx, q, func(row scanner) (d SIEMDelivery, err error) {
		var first, last, acked, since int64
		err = row.Scan(&d.Agent, &d.Destination, &d.Confirmed, &d.Skipped, &d.Dead, &d.Oversize, &d.FirstUID, &first, &d.LastUID, &last, &acked, &d.SpoolRecords, &d.SpoolBytes, &since, &d.SpoolNext)
		d.FirstTime, d.LastTime, d.Acked = fromMicros(first), fromMicros(last), fromMicros(acked)
		d.SpoolSince = fromMicros(since)
		return d, err
	}, `SELECT agent, destination, confirmed, skipped, dead, oversize, first_uid, first_time, last_uid, last_time, acked, spool_records, spool_bytes, spool_since, spool_next FROM siem_agent_deliveries ORDER BY agent, destination`)
}

// DropSIEMDestination forgets positions, figures and dead letters of a destination that an agent has no more.
func DropSIEMDestination(ctx context.Context, tx *sql.Tx, agent, destination string) error {
	var errs []error
	for _, statement := range []string{
		`DELETE FROM siem_agent_positions WHERE agent = $1 AND destination = $2`,
		`DELETE FROM siem_agent_deliveries WHERE agent = $1 AND destination = $2`,
		`DELETE FROM siem_agent_dead_letters WHERE agent = $1 AND destination = $2`,
	} {
		_, err := tx.ExecContext(ctx, statement, agent, destination)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("drop destination %q of SIEM agent %q: %w", destination, agent, err)
	}
	return nil
}
