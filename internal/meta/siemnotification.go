package meta

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// SIEMNotification tells of a problem of an agent. At most one is open for an agent, destination and code.
type SIEMNotification struct {
	ID          int64
	Agent       string
	Destination string // empty: the whole agent
	Code        string
	Text        string
	Count       int64
	First, Last time.Time
	Cleared     time.Time // zero: it is open
}

const siemNotificationColumns = `id, agent, destination, code, text, count, first, last, cleared`

// PutSIEMNotification adds n when its ID is 0 and otherwise changes text, count, last and cleared; it returns the ID.
func PutSIEMNotification(ctx context.Context, tx *sql.Tx, n *SIEMNotification) (id int64, err error) {
	if n.ID != 0 {
		res, err := tx.ExecContext(ctx, `UPDATE siem_agent_notifications SET text = $1, count = $2, last = $3, cleared = $4 WHERE id = $5`,
			n.Text, n.Count, micros(n.Last), micros(n.Cleared), n.ID)
		return n.ID, one(res, err, "change notification", fmt.Sprint(n.ID))
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO siem_agent_notifications (agent, destination, code, text, count, first, last, cleared)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		n.Agent, n.Destination, n.Code, n.Text, n.Count, micros(n.First), micros(n.Last), micros(n.Cleared)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("insert notification of SIEM agent %q: %w", n.Agent, err)
	}
	return id, nil
}

// ListOpenSIEMNotifications returns the open notifications of all agents, oldest first.
func ListOpenSIEMNotifications(ctx context.Context, q Queryer) ([]SIEMNotification, error) {
	return collect(ctx, q, scanSIEMNotification, `SELECT `+siemNotificationColumns+` FROM siem_agent_notifications WHERE cleared = 0 ORDER BY id`)
}

// ListSIEMNotifications returns the newest notifications of an agent, also the cleared ones, newest first.
func ListSIEMNotifications(ctx context.Context, q Queryer, agent string, limit int) ([]SIEMNotification, error) {
	return collect(ctx, q, scanSIEMNotification, `SELECT `+siemNotificationColumns+` FROM siem_agent_notifications WHERE agent = $1 ORDER BY id DESC LIMIT $2`, agent, limit)
}

// TrimSIEMNotifications keeps only the newest cleared notifications of an agent.
func TrimSIEMNotifications(ctx context.Context, tx *sql.Tx, agent string, keep int) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM siem_agent_notifications WHERE agent = $1 AND cleared <> 0 AND id NOT IN (
		SELECT id FROM siem_agent_notifications WHERE agent = $1 AND cleared <> 0 ORDER BY id DESC LIMIT $2)`, agent, keep)
	if err != nil {
		return fmt.Errorf("trim notifications of SIEM agent %q: %w", agent, err)
	}
	return nil
}

func scanSIEMNotification(row scanner) (n SIEMNotification, err error) {
	var first, last, cleared int64
	err = row.Scan(&n.ID, &n.Agent, &n.Destination, &n.Code, &n.Text, &n.Count, &first, &last, &cleared)
	n.First, n.Last, n.Cleared = fromMicros(first), fromMicros(last), fromMicros(cleared)
	return n, err
}

// SIEMDeadLetter is a record that a destination will never take.
type SIEMDeadLetter struct {
	ID                        int64
	Agent, Destination, Store string
	Seq                       int64
	UID                       string
	Reason                    string
	Time                      time.Time // when it was given up
	Replay                    int64     // its number among those that are sent again; 0: it is not
}

const siemDeadLetterColumns = `id, agent, destination, store, seq, uid, reason, time, replay`

// PutSIEMDeadLetter adds a dead letter, or changes its reason; it is not sent again then. isNew: it was not known.
func PutSIEMDeadLetter(ctx context.Context, tx *sql.Tx, d *SIEMDeadLetter) (isNew bool, err error) {
	res, err := tx.ExecContext(ctx, `UPDATE siem_agent_dead_letters SET reason = $1, time = $2, replay = 0 WHERE agent = $3 AND destination = $4 AND store = $5 AND seq = $6`,
		d.Reason, micros(d.Time), d.Agent, d.Destination, d.Store, d.Seq)
	if err != nil {
		return false, fmt.Errorf("store dead letter of SIEM agent %q: %w", d.Agent, err)
	}
	if n, err := res.RowsAffected(); n > 0 || err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO siem_agent_dead_letters (agent, destination, store, seq, uid, reason, time, replay) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		d.Agent, d.Destination, d.Store, d.Seq, d.UID, d.Reason, micros(d.Time))
	if err != nil {
		return false, fmt.Errorf("store dead letter of SIEM agent %q: %w", d.Agent, err)
	}
	return true, nil
}

// ListSIEMDeadLetters returns up to limit dead letters of an agent with an ID above after, oldest first.
func ListSIEMDeadLetters(ctx context.Context, q Queryer, agent string, after int64, limit int) ([]SIEMDeadLetter, error) {
	return collect(ctx, q, scanSIEMDeadLetter, `SELECT `+siemDeadLetterColumns+` FROM siem_agent_dead_letters WHERE agent = $1 AND id > $2 ORDER BY id LIMIT $3`, agent, after, limit)
}

// ListSIEMReplays returns up to limit dead letters of a destination that are sent again, in their order after a number.
func ListSIEMReplays(ctx context.Context, q Queryer, agent, destination string, after int64, limit int) ([]SIEMDeadLetter, error) {
	return collect(ctx, q, scanSIEMDeadLetter, `SELECT `+siemDeadLetterColumns+` FROM siem_agent_dead_letters WHERE agent = $1 AND destination = $2 AND replay > $3
		ORDER BY replay LIMIT $4`, agent, destination, after, limit)
}

// CountSIEMDeadLetters counts the dead letters of an agent.
func CountSIEMDeadLetters(ctx context.Context, q Queryer, agent string) (n int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM siem_agent_dead_letters WHERE agent = $1`, agent).Scan(&n); err != nil {
		return 0, fmt.Errorf("count dead letters of SIEM agent %q: %w", agent, err)
	}
	return n, nil
}

// ReplaySIEMDeadLetters has the dead letters with these IDs, or all, sent again behind the number above, which it returns raised
// by as many as there are.
func ReplaySIEMDeadLetters(ctx context.Context, tx *sql.Tx, agent string, ids []int64, above int64) (n int64, err error) {
	all, err := ListSIEMDeadLetters(ctx, tx, agent, 0, 1<<30)
	if err != nil {
		return 0, err
	}
	byID := map[int64]*SIEMDeadLetter{}
	for i := range all {
		byID[all[i].ID] = &all[i]
	}
	if len(ids) == 0 {
		for i := range all {
			ids = append(ids, all[i].ID)
		}
	}
	for _, id := range ids {
		if byID[id] == nil {
			return 0, noDeadLetter(id)
		}
		if byID[id].Replay != 0 {
			continue
		}
		n++
		if _, err := tx.ExecContext(ctx, `UPDATE siem_agent_dead_letters SET replay = $1 WHERE id = $2`, above+n, id); err != nil {
			return 0, fmt.Errorf("send dead letter %d again: %w", id, err)
		}
	}
	return n, nil
}

func noDeadLetter(id int64) error {
	return fault.New(fault.NotFound, fmt.Errorf("find dead letter %d: there is none", id), "List them with \"kiroku agents dead-letters ID\".")
}

// EndSIEMReplays removes the dead letters of a destination that were sent again up to a number: they have arrived.
func EndSIEMReplays(ctx context.Context, tx *sql.Tx, agent, destination string, upTo int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM siem_agent_dead_letters WHERE agent = $1 AND destination = $2 AND replay > 0 AND replay <= $3`, agent, destination, upTo)
	if err != nil {
		return fmt.Errorf("remove dead letters of SIEM agent %q: %w", agent, err)
	}
	return nil
}

// DeleteSIEMDeadLetter deletes a dead letter of an agent.
func DeleteSIEMDeadLetter(ctx context.Context, tx *sql.Tx, agent string, id int64) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM siem_agent_dead_letters WHERE agent = $1 AND id = $2`, agent, id)
	return one(res, err, "delete dead letter", fmt.Sprint(id))
}

func scanSIEMDeadLetter(row scanner) (d SIEMDeadLetter, err error) {
	var at int64
	err = row.Scan(&d.ID, &d.Agent, &d.Destination, &d.Store, &d.Seq, &d.UID, &d.Reason, &at, &d.Replay)
	d.Time = fromMicros(at)
	return d, err
}

// SIEMAlert is an alert about an agent on its way into the lake.
type SIEMAlert struct {
	ID       int64
	Incident string // one alert each
	Record   string // JSON
	Created  time.Time
}

// AddSIEMAlert adds an alert, unless there was one about the incident.
func AddSIEMAlert(ctx context.Context, tx *sql.Tx, a *SIEMAlert) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO siem_agent_alerts (incident, record, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, a.Incident, a.Record, micros(a.Created))
	if err != nil {
		return fmt.Errorf("store alert about SIEM agent: %w", err)
	}
	return nil
}

// ListSIEMAlerts returns up to limit alerts after a number, in their order.
func ListSIEMAlerts(ctx context.Context, q Queryer, after int64, limit int) ([]SIEMAlert, error) {
	return collect(ctx, q, func(row scanner) (a SIEMAlert, err error) {
		var created int64
		err = row.Scan(&a.ID, &a.Incident, &a.Record, &created)
		a.Created = fromMicros(created)
		return a, err
	}, `SELECT id, incident, record, created FROM siem_agent_alerts WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// ForgetSIEMAlerts removes alerts up to a number that were made before a time.
func ForgetSIEMAlerts(ctx context.Context, tx *sql.Tx, upTo int64, before time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM siem_agent_alerts WHERE id <= $1 AND created < $2`, upTo, micros(before)); err != nil {
		return fmt.Errorf("forget alerts about SIEM agents: %w", err)
	}
	return nil
}
