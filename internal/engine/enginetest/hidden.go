package enginetest

import (
	"slices"
	"strings"
	"testing"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
)

// hidden runs queries with and without Limits.Hide in turns: what one may see must not depend on who came before.
func (s suite) hidden(t *testing.T) {
	hide := []string{"raw_data", "raw_encoding"}
	for range 2 {
		for _, from := range []string{`"default"`, `"empty"`, `events`, `ocsf`} {
			all := s.names(t, `SELECT * FROM `+from+` LIMIT 1`, engine.Limits{})
			some := s.names(t, `SELECT * FROM `+from+` LIMIT 1`, engine.Limits{Hide: hide})
			want := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(hide, name) })
			if len(all) != len(want)+len(hide) || !slices.Equal(some, want) {
				t.Errorf("SELECT * FROM %s with hidden columns has %q", from, some)
			}
			s.wantHidden(t, `SELECT raw_data FROM `+from, hide)
		}
	}
	for _, sql := range []string{
		`SELECT e.RAW_DATA FROM events e`,
		`SELECT "default".raw_data FROM "default"`,
		`SELECT source FROM events WHERE raw_data LIKE '%x%'`,
		`WITH e AS (SELECT * FROM events) SELECT raw_data FROM e`,
		`SELECT count(*) FROM events GROUP BY raw_encoding`,
		`SELECT * EXCLUDE (raw_data) FROM events`,
	} {
		s.wantHidden(t, sql, hide)
	}
	for _, sql := range []string{`DESCRIBE events`, `SELECT to_json(e) FROM events e LIMIT 1`, `SELECT e FROM events e LIMIT 1`, `SELECT COLUMNS(*) FROM ocsf LIMIT 1`} {
		rows, err := s.eng.Query(t.Context(), sql, nil, s.tables, engine.Limits{Hide: hide})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if got := readJSON(t, rows); strings.Contains(got, "raw_data") || strings.Contains(got, "AUT24326") {
			t.Errorf("%s shows a hidden column: %.300s", sql, got)
		}
	}
}

// names are the columns of a result.
func (s suite) names(t *testing.T, sql string, limits engine.Limits) []string {
	t.Helper()
	rows, err := s.eng.Query(t.Context(), sql, nil, s.tables, limits)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer closeRows(t, rows)
	var names []string
	for _, c := range rows.Columns() {
		names = append(names, c.Name)
	}
	return names
}

// wantHidden checks that a statement over hidden columns is refused and that the advice names one of them.
func (s suite) wantHidden(t *testing.T, sql string, hide []string) {
	t.Helper()
	rows, err := s.eng.Query(t.Context(), sql, nil, s.tables, engine.Limits{Hide: hide})
	if err == nil {
		rows.Next()
		err = rows.Err()
		closeRows(t, rows)
	}
	next := fault.NextOf(err)
	named := slices.ContainsFunc(hide, func(name string) bool { return strings.Contains(next, name) })
	if fault.KindOf(err) != fault.Invalid || !named {
		t.Errorf("%s: err = %v (kind %d, next %q), want invalid, and advice that names the column", sql, err, fault.KindOf(err), next)
	}
}
