package awsapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kiroku/internal/engine"
	"kiroku/internal/insight"
)

// callsOf are the columns of the management calls of a store between two times: code is one row with ” for the call, and one with its
// error where it has one.
const callsOf = `SELECT cloud_account_uid AS account, cloud_region AS region, api_service AS service, api_operation AS name, time,
	unnest(CASE WHEN coalesce(api_error, '') = '' THEN [''] ELSE ['', api_error] END) AS code, %s
	FROM %s WHERE source = 'cloudtrail' AND product_feature = 'Management' AND coalesce(event_code, 'AwsApiCall') = 'AwsApiCall'
	AND cloud_account_uid IS NOT NULL AND cloud_region IS NOT NULL AND api_service IS NOT NULL AND api_operation IS NOT NULL AND time >= ? AND time < ?`

// query runs a statement over the store and calls f for each row.
func (j *insightJob) query(ctx context.Context, sql string, args []any, f func(v []any)) (err error) {
	run := j.s.opt.SQL
	tables, _, release, err := run.Tables(ctx, []string{j.store})
	if err != nil {
		return err
	}
	defer release()
	rows, err := run.Engine.Query(ctx, sql, args, tables, engine.Limits{Rows: maxInsightRows, Timeout: insightsTime})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		f(rows.Values())
	}
	return rows.Err()
}

func (j *insightJob) table() string { return `"` + j.store + `"` }

// counts are the calls by minute of all keys that have enough to be unusual.
func (j *insightJob) counts(ctx context.Context, from, to int64) (map[insight.Key]insight.Counts, error) {
	all := map[insight.Key]insight.Counts{}
	// Of one name all calls read or all write, so that any record tells.
	sql := `SELECT account, region, service, name, code, minute, n, writes FROM (
		SELECT account, region, service, name, code, epoch_us(time) // 60000000 AS minute, count(*) AS n,
			coalesce(kiroku_json_text(any_value(raw_data), '$.readOnly'), '') = 'false' AS writes
		FROM (` + fmt.Sprintf(callsOf, "raw_data", j.table()) + `) GROUP BY 1, 2, 3, 4, 5, 6)
		QUALIFY sum(n) OVER (PARTITION BY account, region, service, name, code) >= ?
		ORDER BY sum(n) OVER (PARTITION BY account, region, service, name, code) DESC`
	err := j.query(ctx, sql, []any{timeOf(from), timeOf(to), insight.Least}, func(v []any) {
		key := keyOf(v)
		if !slices.Contains(j.kinds, key.Kind) || key.Kind == insight.CallRate && v[7] != true {
			return
		}
		if all[key] == nil {
			all[key] = insight.Counts{}
		}
		all[key][v[5].(int64)] += v[6].(int64)
	})
	return all, err
}

// keyOf reads the columns account, region, service, name and code.
func keyOf(v []any) insight.Key {
	key := insight.Key{Kind: insight.CallRate, Account: v[0].(string), Region: v[1].(string), Source: v[2].(string), Name: v[3].(string), Code: v[4].(string)}
	if key.Code != "" {
		key.Kind = insight.ErrorRate
	}
	return key
}

// usual is what is known of the days before an hour, for some keys at least.
func (j *insightJob) usual(ctx context.Context, hour int64, keys []insight.Key) (*usual, error) {
	u := j.s.insights.usual[j.row.EventDataStore]
	if u == nil || u.hour != hour {
		u = &usual{hour: hour, since: map[place]int64{}, baselines: map[insight.Key]insight.Baseline{}}
	}
	var missing []insight.Key
	for _, k := range keys {
		if _, ok := u.baselines[k]; !ok {
			missing = append(missing, k)
		}
	}
	if len(missing) == 0 {
		return u, nil
	}
	if len(u.since) == 0 {
		sql := `SELECT cloud_account_uid, cloud_region, min(epoch_us(time)) // 60000000 FROM ` + j.table() + `
			WHERE source = 'cloudtrail' AND cloud_account_uid IS NOT NULL AND cloud_region IS NOT NULL AND time >= ? AND time < ? GROUP BY 1, 2`
		err := j.query(ctx, sql, []any{timeOf(hour - insight.History), timeOf(hour)}, func(v []any) { u.since[place{v[0].(string), v[1].(string)}] = v[2].(int64) })
		if err != nil {
			return nil, err
		}
	}
	if err := j.baselines(ctx, u, missing); err != nil {
		return nil, err
	}
	j.s.insights.usual[j.row.EventDataStore] = u
	return u, nil
}

// baselines adds those of keys.
func (j *insightJob) baselines(ctx context.Context, u *usual, keys []insight.Key) error {
	names := []string{}
	found := map[insight.Key]insight.Baseline{}
	for _, k := range keys {
		b := insight.Baseline{}
		if since, ok := u.since[place{k.Account, k.Region}]; ok {
			b.Minutes = u.hour - since
		}
		found[k] = b
		if !slices.Contains(names, k.Name) {
			names = append(names, k.Name)
		}
	}
	sql := `SELECT account, region, service, name, code, day, sum(n)::BIGINT, max(n)::BIGINT FROM (
		SELECT account, region, service, name, code, slot, (CAST(? AS BIGINT) - 1 - slot) // 288 AS day, count(*) AS n
		FROM (SELECT *, epoch_us(time) // 300000000 AS slot FROM (` + fmt.Sprintf(callsOf, "1 AS one", j.table()) + ` AND list_contains(?, api_operation))) GROUP BY 1, 2, 3, 4, 5, 6, 7)
		GROUP BY 1, 2, 3, 4, 5, 6`
	err := j.query(ctx, sql, []any{u.hour / insight.Window, timeOf(u.hour - insight.History), timeOf(u.hour), names}, func(v []any) {
		key := keyOf(v)
		if b, ok := found[key]; ok {
			b.Calls += v[6].(int64)
			b.Peaks = append(b.Peaks, v[7].(int64))
			found[key] = b
		}
	})
	if err != nil {
		return err
	}
	for k, b := range found {
		u.baselines[k] = b
	}
	return nil
}

// facts are the numbers of changes, in their order.
func (j *insightJob) facts(ctx context.Context, changes []insight.Change) ([]insight.Facts, error) {
	out := make([]insight.Facts, len(changes))
	const atOnce = 100
	for at := 0; at < len(changes); at += atOnce {
		if err := j.factsOf(ctx, changes[at:min(at+atOnce, len(changes))], out[at:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (j *insightJob) factsOf(ctx context.Context, changes []insight.Change, out []insight.Facts) error {
	var values []string
	var args []any
	names := []string{}
	from, to := changes[0].Start, changes[0].Until
	for i, c := range changes {
		values = append(values, "(CAST(? AS BIGINT), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT))")
		args = append(args, i, c.Account, c.Region, c.Source, c.Name, c.Code, c.Start-c.Baseline, c.Start, c.Until)
		from, to = min(from, c.Start-c.Baseline), max(to, c.Until)
		names = append(names, c.Name)
	}
	// Sessions of a role are told as the role.
	sql := `WITH wanted(i, account, region, service, name, code, base, start, until) AS (VALUES ` + strings.Join(values, ", ") + `),
		calls AS (SELECT i, arn, agent, error, minute < start AS before FROM (SELECT *, epoch_us(time) // 60000000 AS minute FROM (` +
		fmt.Sprintf(callsOf, `regexp_replace(actor_user_uid, '(:assumed-role/[^/]+)/.*$', '\1') AS arn, user_agent AS agent, api_error AS error`, j.table()) +
		` AND list_contains(?, api_operation))) JOIN wanted USING (account, region, service, name, code) WHERE minute >= base AND minute < until),
		shares AS (SELECT i, kind, value, count(*) FILTER (NOT before) AS here, count(*) FILTER (before) AS there FROM (
			SELECT i, before, '' AS kind, '' AS value FROM calls
			UNION ALL SELECT i, before, 'arn', coalesce(arn, 'null') FROM calls
			UNION ALL SELECT i, before, 'agent', coalesce(agent, 'null') FROM calls
			UNION ALL SELECT i, before, 'error', coalesce(nullif(error, ''), 'null') FROM calls) GROUP BY 1, 2, 3)
		SELECT i, kind, value, here, there FROM shares
		QUALIFY row_number() OVER (PARTITION BY i, kind ORDER BY here DESC, value) <= 5 OR row_number() OVER (PARTITION BY i, kind ORDER BY there DESC, value) <= 5`
	return j.query(ctx, sql, append(args, timeOf(from), timeOf(to), names), func(v []any) {
		f, share := &out[v[0].(int64)], insight.Share{Value: v[2].(string), Insight: v[3].(int64), Baseline: v[4].(int64)}
		switch v[1] {
		case "arn":
			f.ARNs = append(f.ARNs, share)
		case "agent":
			f.Agents = append(f.Agents, share)
		case "error":
			f.Codes = append(f.Codes, share)
		default:
			f.Insight, f.Baseline = share.Insight, share.Baseline
		}
	})
}
