package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// Opener opens the engine under test with these stores in it.
type Opener func(t *testing.T, stores []Store) (engine.Engine, []engine.Table)

// Rows of the stores that Run opens.
const (
	defaultRows = 5000
	archiveRows = 300
)

// Run checks that an engine keeps the contract of engine.Engine.
func Run(t *testing.T, open Opener) {
	eng, tables := open(t, []Store{
		{Name: "default", Files: [][]*event.Event{Events(0, 3000), Events(3000, 2000)}},
		{Name: "audit-2025", Files: [][]*event.Event{Events(10000, archiveRows)}},
		{Name: "empty"},
	})
	s := suite{eng, tables}
	t.Run("answers", s.answers)
	t.Run("parameters", s.parameters)
	t.Run("columns", s.columns)
	t.Run("visible tables", s.visible)
	t.Run("hidden columns", s.hidden)
	t.Run("row limit", s.rowLimit)
	t.Run("time limit", s.timeLimit)
	t.Run("cancel", s.cancel)
	t.Run("cancel while reading", s.cancelReading)
	t.Run("close early", s.closeEarly)
	t.Run("errors", s.errors)
	t.Run("check", s.check)
	t.Run("at the same time", s.concurrent)
}

type suite struct {
	eng    engine.Engine
	tables []engine.Table
}

// answers has queries with their result as JSON rows.
func (s suite) answers(t *testing.T) {
	cases := []struct{ sql, want string }{
		{`SELECT count(*) FROM "default"`, `[[5000]]`},
		{`SELECT count(*) FROM "audit-2025"`, `[[300]]`},
		{`SELECT count(*) FROM "empty"`, `[[0]]`},
		{`SELECT count(*) FROM events`, `[[5300]]`},
		{`SELECT count(*) FROM ocsf`, `[[5300]]`},
		{`SELECT store, count(*) FROM events GROUP BY store ORDER BY store`, `[["audit-2025",300],["default",5000]]`},
		{`SELECT event_uid, time, seq, is_mfa, src_lat, actor_user_groups, message FROM "default" WHERE seq = 14`,
			`[["event-00000014","2026-03-01T00:00:14Z",14,true,39.6895,["staff","team2"],"Primary authentication failed for user4"]]`},
		{`SELECT unmapped, outcome FROM "default" WHERE seq = 3`, `[[{"vendor.realm":"realm1","vendor.node":"node-1"},null]]`},
		{`SELECT actor_user_name, count(*) AS n FROM events WHERE status_id = 2 GROUP BY 1 ORDER BY n DESC, 1 LIMIT 2`, `[["user0",77],["user7",77]]`},
		{`SELECT seq FROM "default" ORDER BY time DESC LIMIT 3`, `[[4999],[4998],[4997]]`},
		{`SELECT sum(seq), avg(seq), min(actor_user_name) FROM "default"`, `[[12497500,2499.5,"user0"]]`},
		{`SELECT actor.user.name, metadata.sequence, src_endpoint.ip FROM ocsf WHERE store = 'default' AND metadata.sequence = 5`, `[["user5",5,"2001:db8::5"]]`},
		{`WITH f AS (SELECT * FROM events WHERE status_id = 2) SELECT count(*) FROM f`, `[[758]]`},
		{`SELECT kiroku_ip_in('192.0.2.7', '192.0.2.0/24'), kiroku_ip_in('::ffff:192.0.2.7', '192.0.2.0/24'), kiroku_ip_in('2001:db8::1', '192.0.2.0/24'),
			kiroku_ip_in('2001:db8::1', '2001:db8::/32'), kiroku_ip_in('no address', '192.0.2.0/24'), kiroku_ip_in('192.0.2.7', '192.0.2.7'), kiroku_ip_in(NULL, '192.0.2.0/24')`,
			`[[true,true,false,true,false,true,null]]`},
		{`SELECT count(*) FROM "default" WHERE kiroku_ip_in(src_ip, '2001:db8::/32')`, `[[1000]]`},
		{`SELECT 1 WHERE false`, `[]`},
	}
	for _, c := range cases {
		if got := s.json(t, c.sql); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

func (s suite) parameters(t *testing.T) {
	at := start.Add(10 * time.Second)
	cases := []struct {
		sql  string
		args []any
		want string
	}{
		{`SELECT count(*) FROM "default" WHERE actor_user_name = ?`, []any{"user3"}, `[[500]]`},
		{`SELECT count(*) FROM "default" WHERE actor_user_name = $2 AND seq < $1`, []any{100, "user3"}, `[[10]]`},
		{`SELECT count(*) FROM "default" WHERE time < ?`, []any{at}, `[[10]]`},
		{`SELECT count(*) FROM "default" WHERE time < ?`, []any{"2026-03-01T00:00:10Z"}, `[[10]]`},
		{`SELECT count(*) FROM "default" WHERE is_mfa = ? AND src_lat > ?`, []any{true, 40.0}, `[[1000]]`},
		{`SELECT count(*) FROM "default" WHERE seq < ?`, []any{json.Number("7")}, `[[7]]`},
		{`SELECT count(*) FROM "default" WHERE actor_user_name = ?`, []any{"' OR 1=1 --"}, `[[0]]`},
	}
	for _, c := range cases {
		if got := s.json(t, c.sql, c.args...); got != c.want {
			t.Errorf("%s with %v: got %s, want %s", c.sql, c.args, got, c.want)
		}
	}
	for _, args := range [][]any{nil, {1, 2}, {struct{}{}}} {
		_, err := s.eng.Query(t.Context(), `SELECT ?`, args, s.tables, engine.Limits{})
		wantInvalid(t, "SELECT ? with the wrong values", err)
	}
}

// columns checks that a store has exactly the columns of the event table, and an empty one too.
func (s suite) columns(t *testing.T) {
	var types [2][]engine.Column
	for i, name := range []string{`"default"`, `"empty"`} {
		rows, err := s.eng.Query(t.Context(), `SELECT * FROM `+name+` LIMIT 1`, nil, s.tables, engine.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		types[i] = rows.Columns()
		closeRows(t, rows)
	}
	if len(types[0]) != event.NumColumns || len(types[1]) != event.NumColumns {
		t.Fatalf("SELECT * has %d and %d columns, want %d", len(types[0]), len(types[1]), event.NumColumns)
	}
	for i, c := range event.Columns() {
		if types[0][i].Name != c.String() || types[0][i] != types[1][i] {
			t.Errorf("column %d is %v, in an empty store %v; want %s", i, types[0][i], types[1][i], c)
		}
	}
}

// visible checks that a query sees the tables it was given and no others.
func (s suite) visible(t *testing.T) {
	rows, err := s.eng.Query(t.Context(), `SELECT count(*) FROM events`, nil, s.tables[1:2], engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := readJSON(t, rows); got != `[[300]]` {
		t.Errorf("events of one store: got %s, want [[300]]", got)
	}
	_, err = s.eng.Query(t.Context(), `SELECT count(*) FROM "default"`, nil, s.tables[1:2], engine.Limits{})
	wantInvalid(t, "a store that was not given", err)
}

func (s suite) rowLimit(t *testing.T) {
	for _, c := range []struct {
		limit, want int
		truncated   bool
	}{{10, 10, true}, {300, 300, false}, {299, 299, true}, {301, 300, false}, {0, 300, false}} {
		rows, err := s.eng.Query(t.Context(), `SELECT seq FROM "audit-2025"`, nil, s.tables, engine.Limits{Rows: c.limit})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if n != c.want || rows.Truncated() != c.truncated || rows.Err() != nil {
			t.Errorf("limit %d: %d rows, truncated %v, err %v; want %d, %v", c.limit, n, rows.Truncated(), rows.Err(), c.want, c.truncated)
		}
		if p := rows.Progress(); p != 1 {
			t.Errorf("limit %d: progress %v at the end, want 1", c.limit, p)
		}
		closeRows(t, rows)
	}
}

// long is a statement that takes minutes.
const long = `SELECT count(*) FROM "default" a, "default" b, "default" c WHERE a.seq + b.seq + c.seq = 7 AND a.raw_data || b.raw_data <> c.raw_data`

func (s suite) timeLimit(t *testing.T) {
	began := time.Now()
	rows, err := s.eng.Query(t.Context(), long, nil, s.tables, engine.Limits{Timeout: 100 * time.Millisecond})
	if err == nil {
		rows.Next()
		err = rows.Err()
		closeRows(t, rows)
	}
	if !errors.Is(err, engine.ErrTimeout) || fault.KindOf(err) != fault.TooLarge || fault.NextOf(err) == "" {
		t.Errorf("err = %v (kind %d), want a time-out with advice", err, fault.KindOf(err))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a limit of 100 ms ended the query after %v", took)
	}
}

func (s suite) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	rows, err := s.eng.Query(ctx, long, nil, s.tables, engine.Limits{})
	if err == nil {
		rows.Next()
		err = rows.Err()
		closeRows(t, rows)
	}
	if !errors.Is(err, context.Canceled) || fault.KindOf(err) != fault.Cancelled {
		t.Errorf("err = %v (kind %d), want cancelled", err, fault.KindOf(err))
	}
	if got := s.json(t, `SELECT 1`); got != `[[1]]` {
		t.Errorf("after a cancelled query, SELECT 1 = %s", got)
	}
}

func (s suite) cancelReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows, err := s.eng.Query(ctx, `SELECT a.event_uid FROM "default" a, "default" b`, nil, s.tables, engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeRows(t, rows)
	for i := 0; rows.Next(); i++ {
		if i == 5000 {
			cancel()
		}
	}
	if err := rows.Err(); fault.KindOf(err) != fault.Cancelled {
		t.Errorf("err = %v, want cancelled", err)
	}
}

// closeEarly leaves results unread; nothing of them may stay behind.
func (s suite) closeEarly(t *testing.T) {
	for range 20 {
		rows, err := s.eng.Query(t.Context(), `SELECT a.* FROM "default" a, "default" b`, nil, s.tables, engine.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		closeRows(t, rows)
		closeRows(t, rows)
		if rows.Next() {
			t.Error("Next after Close found a row")
		}
	}
}

// errors checks what is said about a wrong statement, and where.
func (s suite) errors(t *testing.T) {
	cases := []struct {
		sql      string
		position int // -1: not checked
	}{
		{`SELEC 1`, 0},
		{`SELECT 1 FROM`, 13},
		{`SELECT nothing FROM events`, 7},
		{`SELECT 'ü', nothing FROM events`, 13},
		{`SELECT 1 FROM nothing`, 14},
		{`SELECT no_such_function(1)`, 7},
		{`SELECT CAST('x' AS INTEGER)`, -1},
		{`SELECT kiroku_ip_in('192.0.2.1', 'x/y')`, -1},
		{`SELECT count(*) FROM events WHERE kiroku_ip_in(src_ip, '192.0.2.0/99')`, -1},
		{``, -1}, {` -- nothing`, -1}, {`SELECT 1; SELECT 2`, -1}, {"SELECT 1\x00", 8}, {"SELECT '\xff'", -1},
	}
	for _, c := range cases {
		rows, err := s.eng.Query(t.Context(), c.sql, nil, s.tables, engine.Limits{})
		if err == nil {
			rows.Next()
			err = rows.Err()
			closeRows(t, rows)
		}
		wantInvalid(t, c.sql, err)
		if got := engine.PositionOf(err); c.position >= 0 && got != c.position {
			t.Errorf("%s: position %d, want %d (%v)", c.sql, got, c.position, err)
		}
	}
}

func (s suite) check(t *testing.T) {
	if err := s.eng.Check(t.Context(), `SELECT * FROM "Default" JOIN events USING (seq)`, []string{"default"}); err != nil {
		t.Errorf("Check of a good statement: %v", err)
	}
	wantInvalid(t, "Check of an unknown store", s.eng.Check(t.Context(), `SELECT * FROM other`, []string{"default"}))
	wantInvalid(t, "Check of a DELETE", s.eng.Check(t.Context(), `DELETE FROM events`, []string{"default"}))
}

func (s suite) concurrent(t *testing.T) {
	errs := make(chan error, 16)
	for range cap(errs) {
		go func() {
			rows, err := s.eng.Query(t.Context(), `SELECT actor_user_name, count(*) FROM events GROUP BY 1`, nil, s.tables, engine.Limits{})
			if err != nil {
				errs <- err
				return
			}
			n := 0
			for rows.Next() {
				n++
			}
			if err = rows.Err(); err == nil && n != 10 {
				err = errors.New("not ten users")
			}
			errs <- errors.Join(err, rows.Close())
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// json runs a statement and returns its rows as JSON.
func (s suite) json(t *testing.T, sql string, args ...any) string {
	t.Helper()
	rows, err := s.eng.Query(t.Context(), sql, args, s.tables, engine.Limits{})
	if err != nil {
		t.Errorf("%s: %v", sql, err)
		return ""
	}
	return readJSON(t, rows)
}

func readJSON(t *testing.T, rows engine.Rows) string {
	t.Helper()
	defer closeRows(t, rows)
	all := [][]any{}
	for rows.Next() {
		all = append(all, append([]any(nil), rows.Values()...))
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func closeRows(t *testing.T, rows engine.Rows) {
	t.Helper()
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}

func wantInvalid(t *testing.T, what string, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" {
		t.Errorf("%s: err = %v (kind %d, next %q), want invalid with advice", what, err, fault.KindOf(err), fault.NextOf(err))
	}
}
