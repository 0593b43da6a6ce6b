package meta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kiroku/internal/fault"
)

// Dashboard is a dashboard of the AWS endpoints.
type Dashboard struct {
	Account   string
	Region    string
	Name      string
	Status    string
	Widgets   string // JSON
	Schedule  string // JSON; empty: none
	Protected bool
	Created   time.Time
	Updated   time.Time
	Next      time.Time // when it is to be refreshed; zero: never by itself
	Refresh   string    // id of the last refresh; empty: none
	Failure   string    // why queries of it could not be started
}

// DashboardQuery is the query of a widget at a refresh.
type DashboardQuery struct {
	Dashboard string // name
	Refresh   string
	Alias     string // of the widget
	Query     string // id
	Created   time.Time
}

const dashboardColumns = `account, region, name, status, widgets, schedule, protected, created, updated, next, refresh, failure`

// InsertDashboard adds a dashboard; fault.Conflict when the name is taken in its account and region.
func InsertDashboard(ctx context.Context, tx *sql.Tx, d Dashboard) error {
	res, err := tx.ExecContext(ctx, `INSERT INTO dashboards (`+dashboardColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		d.Account, d.Region, d.Name, d.Status, d.Widgets, d.Schedule, d.Protected, micros(d.Created), micros(d.Updated), micros(d.Next), d.Refresh, d.Failure)
	return taken(res, err, "insert dashboard", d.Name)
}

// GetDashboard finds a dashboard; fault.NotFound when there is none.
func GetDashboard(ctx context.Context, q Queryer, account, region, name string) (Dashboard, error) {
	d, err := scanDashboard(q.QueryRowContext(ctx, `SELECT `+dashboardColumns+` FROM dashboards WHERE account = $1 AND region = $2 AND name = $3`, account, region, name))
	if errors.Is(err, sql.ErrNoRows) {
		return Dashboard{}, fault.New(fault.NotFound, fmt.Errorf("find dashboard %q: there is none", name), "List the dashboards.")
	}
	if err != nil {
		return Dashboard{}, fmt.Errorf("find dashboard %q: %w", name, err)
	}
	return d, nil
}

// ListDashboards returns the dashboards by name; "" for account or region means all.
func ListDashboards(ctx context.Context, q Queryer, account, region string) ([]Dashboard, error) {
	return collect(ctx, q, scanDashboard, `SELECT `+dashboardColumns+` FROM dashboards WHERE ($1 = '' OR account = $1) AND ($2 = '' OR region = $2)
		ORDER BY name, account, region`, account, region)
}

// UpdateDashboard changes the settings of a dashboard: all but its account, region, name, creation and last refresh.
func UpdateDashboard(ctx context.Context, tx *sql.Tx, d Dashboard) error {
	res, err := tx.ExecContext(ctx, `UPDATE dashboards SET status = $1, widgets = $2, schedule = $3, protected = $4, updated = $5, next = $6
		WHERE account = $7 AND region = $8 AND name = $9`, d.Status, d.Widgets, d.Schedule, d.Protected, micros(d.Updated), micros(d.Next), d.Account, d.Region, d.Name)
	return one(res, err, "update dashboard", d.Name)
}

// SetDashboardNext sets when a dashboard is to be refreshed, if that is as it was read.
func SetDashboardNext(ctx context.Context, tx *sql.Tx, d Dashboard, next time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE dashboards SET next = $1 WHERE account = $2 AND region = $3 AND name = $4 AND next = $5`, micros(next), d.Account, d.Region, d.Name, micros(d.Next))
	if err != nil {
		return fmt.Errorf("schedule dashboard %q: %w", d.Name, err)
	}
	return nil
}

// SetDashboardRefresh notes a refresh: its queries, and why others could not be started. Queries before old are forgotten.
func SetDashboardRefresh(ctx context.Context, tx *sql.Tx, d Dashboard, queries []DashboardQuery, old time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE dashboards SET refresh = $1, failure = $2 WHERE account = $3 AND region = $4 AND name = $5`, d.Refresh, d.Failure, d.Account, d.Region, d.Name)
	if err := one(res, err, "note refresh of dashboard", d.Name); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM dashboard_queries WHERE created < $1`, micros(old)); err != nil {
		return fmt.Errorf("forget queries of dashboards: %w", err)
	}
	for _, q := range queries {
		_, err := tx.ExecContext(ctx, `INSERT INTO dashboard_queries (account, region, name, refresh, alias, query, created) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			d.Account, d.Region, d.Name, q.Refresh, q.Alias, q.Query, micros(q.Created))
		if err != nil {
			return fmt.Errorf("note query of dashboard %q: %w", d.Name, err)
		}
	}
	return nil
}

// ListDashboardQueries returns the queries of a widget by its alias, those of the last refresh first; with a refresh only
// its own. Without an alias it is those of all widgets.
func ListDashboardQueries(ctx context.Context, q Queryer, account, region, alias, refresh string) ([]DashboardQuery, error) {
	return collect(ctx, q, func(row scanner) (d DashboardQuery, err error) {
		var created int64
		err = row.Scan(&d.Dashboard, &d.Refresh, &d.Alias, &d.Query, &created)
		d.Created = fromMicros(created)
		return d, err
	}, `SELECT name, refresh, alias, query, created FROM dashboard_queries WHERE account = $1 AND region = $2 AND ($3 = '' OR alias = $3) AND ($4 = '' OR refresh = $4)
		ORDER BY created DESC, alias`, account, region, alias, refresh)
}

// DeleteDashboard deletes a dashboard and what is known of its refreshes.
func DeleteDashboard(ctx context.Context, tx *sql.Tx, account, region, name string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM dashboards WHERE account = $1 AND region = $2 AND name = $3`, account, region, name)
	return one(res, err, "delete dashboard", name)
}

func scanDashboard(row scanner) (Dashboard, error) {
	var d Dashboard
	var created, updated, next int64
	err := row.Scan(&d.Account, &d.Region, &d.Name, &d.Status, &d.Widgets, &d.Schedule, &d.Protected, &created, &updated, &next, &d.Refresh, &d.Failure)
	d.Created, d.Updated, d.Next = fromMicros(created), fromMicros(updated), fromMicros(next)
	return d, err
}
