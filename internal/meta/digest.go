package meta

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DigestChain is a chain of CloudTrail's digests, and where its verification stands.
type DigestChain struct {
	ID                         int64
	Bucket                     string // with what makes it unique in front: the partition or the endpoint
	Chain                      string // JSON
	Input                      string // that verified it last
	From, To                   time.Time
	Checked                    time.Time // last verification
	DigestsValid, DigestsWrong int64
	LogsValid, LogsWrong       int64
}

// DigestPeriod is what was found out about a stretch of time.
type DigestPeriod struct {
	Chain    int64
	From, To time.Time
	Verdict  string
	Starts   bool // a chain begins at From
}

// DigestFinding is something that is wrong.
type DigestFinding struct {
	ID          int64
	Chain       int64
	Status      string // of a file, or verdict of a period
	Place       string // key of the file, or start of the period
	From, To    time.Time
	Detail      string
	Found, Seen time.Time // first and last time
}

const digestChainColumns = `id, bucket, chain, input, start, until, checked, digests_valid, digests_invalid, logs_valid, logs_invalid`

// PutDigestChain stores a chain under its bucket and name, and returns its number.
func PutDigestChain(ctx context.Context, tx *sql.Tx, c DigestChain) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO digest_chains (bucket, chain, input, start, until, checked, digests_valid, digests_invalid, logs_valid, logs_invalid)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (bucket, chain) DO UPDATE SET input = excluded.input, start = excluded.start, until = excluded.until, checked = excluded.checked,
			digests_valid = excluded.digests_valid, digests_invalid = excluded.digests_invalid, logs_valid = excluded.logs_valid, logs_invalid = excluded.logs_invalid
		RETURNING id`,
		c.Bucket, c.Chain, c.Input, micros(c.From), micros(c.To), micros(c.Checked), c.DigestsValid, c.DigestsWrong, c.LogsValid, c.LogsWrong).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store digest chain: %w", err)
	}
	return id, nil
}

// ListDigestChains returns the chains of a bucket, or with "" all, in the order of their making.
func ListDigestChains(ctx context.Context, q Queryer, bucket string) ([]DigestChain, error) {
	return collect(ctx, q, func(row scanner) (c DigestChain, err error) {
		var from, to, checked int64
		err = row.Scan(&c.ID, &c.Bucket, &c.Chain, &c.Input, &from, &to, &checked, &c.DigestsValid, &c.DigestsWrong, &c.LogsValid, &c.LogsWrong)
		c.From, c.To, c.Checked = fromMicros(from), fromMicros(to), fromMicros(checked)
		return c, err
	}, `SELECT `+digestChainColumns+` FROM digest_chains WHERE bucket = $1 OR $1 = '' ORDER BY id`, bucket)
}

// SetDigestPeriods puts periods in the place of all that a chain has. Two may not end at the same time.
func SetDigestPeriods(ctx context.Context, tx *sql.Tx, chain int64, periods []DigestPeriod) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM digest_periods WHERE chain = $1`, chain); err != nil {
		return fmt.Errorf("delete digest periods: %w", err)
	}
	for _, p := range periods {
		_, err := tx.ExecContext(ctx, `INSERT INTO digest_periods (chain, until, start, verdict, starts) VALUES ($1, $2, $3, $4, $5)`,
			chain, micros(p.To), micros(p.From), p.Verdict, p.Starts)
		if err != nil {
			return fmt.Errorf("insert digest period: %w", err)
		}
	}
	return nil
}

// ListDigestPeriods returns the periods of a chain, or with 0 of all chains, by chain and time.
func ListDigestPeriods(ctx context.Context, q Queryer, chain int64) ([]DigestPeriod, error) {
	return collect(ctx, q, func(row scanner) (p DigestPeriod, err error) {
		var from, to int64
		err = row.Scan(&p.Chain, &from, &to, &p.Verdict, &p.Starts)
		p.From, p.To = fromMicros(from), fromMicros(to)
		return p, err
	}, `SELECT chain, start, until, verdict, starts FROM digest_periods WHERE chain = $1 OR $1 = 0 ORDER BY chain, until`, chain)
}

// PutDigestFinding adds what is wrong, and says whether it was not known; otherwise it notes that it was seen again.
func PutDigestFinding(ctx context.Context, tx *sql.Tx, f DigestFinding) (isNew bool, err error) {
	res, err := tx.ExecContext(ctx, `UPDATE digest_findings SET seen = $1 WHERE chain = $2 AND status = $3 AND place = $4`, micros(f.Seen), f.Chain, f.Status, f.Place)
	if err != nil {
		return false, fmt.Errorf("update digest finding: %w", err)
	}
	if n, err := res.RowsAffected(); n > 0 || err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO digest_findings (chain, status, place, start, until, detail, found, seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		f.Chain, f.Status, f.Place, micros(f.From), micros(f.To), f.Detail, micros(f.Found), micros(f.Seen))
	if err != nil {
		return false, fmt.Errorf("insert digest finding: %w", err)
	}
	return true, nil
}

const digestFindingColumns = `id, chain, status, place, start, until, detail, found, seen`

// ListDigestFindings returns up to limit findings after a number, in their order.
func ListDigestFindings(ctx context.Context, q Queryer, after int64, limit int) ([]DigestFinding, error) {
	return collect(ctx, q, scanDigestFinding, `SELECT `+digestFindingColumns+` FROM digest_findings WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// LatestDigestFindings returns the newest findings, newest first.
func LatestDigestFindings(ctx context.Context, q Queryer, limit int) ([]DigestFinding, error) {
	return collect(ctx, q, scanDigestFinding, `SELECT `+digestFindingColumns+` FROM digest_findings ORDER BY id DESC LIMIT $1`, limit)
}

func scanDigestFinding(row scanner) (f DigestFinding, err error) {
	var from, to, found, seen int64
	err = row.Scan(&f.ID, &f.Chain, &f.Status, &f.Place, &from, &to, &f.Detail, &found, &seen)
	f.From, f.To, f.Found, f.Seen = fromMicros(from), fromMicros(to), fromMicros(found), fromMicros(seen)
	return f, err
}

// CountDigestFindings returns how many findings each chain has.
func CountDigestFindings(ctx context.Context, q Queryer) (map[int64]int, error) {
	counts := map[int64]int{}
	_, err := collect(ctx, q, func(row scanner) (struct{}, error) {
		var chain int64
		var n int
		err := row.Scan(&chain, &n)
		counts[chain] = n
		return struct{}{}, err
	}, `SELECT chain, count(*) FROM digest_findings GROUP BY chain`)
	return counts, err
}

// ForgetDigests deletes periods that ended, findings that were seen and chains that were verified before a time.
func ForgetDigests(ctx context.Context, tx *sql.Tx, before time.Time) error {
	for _, statement := range []string{
		`DELETE FROM digest_periods WHERE until < $1`,
		`DELETE FROM digest_findings WHERE seen < $1`,
		`DELETE FROM digest_chains WHERE checked < $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, micros(before)); err != nil {
			return fmt.Errorf("forget old digest results: %w", err)
		}
	}
	return nil
}
