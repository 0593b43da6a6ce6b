package query_test

import (
	"encoding/json"
	"testing"

	"kiroku/internal/query"
)

// TestSQLValues checks how values stand in the rows of a job.
func TestSQLValues(t *testing.T) {
	jobs, held := sqlJobs(t, query.SQLJobsOptions{})
	running(t, jobs, held)
	for sql, want := range map[string]string{
		`SELECT '<a href="x">&</a>' AS a`:          `["<a href=\"x\">&</a>"]`,
		`SELECT {'<k>': '&', 'n': [1, NULL]} AS a`: `[{"<k>":"&","n":[1,null]}]`,
		`SELECT MAP {'<k>': '<v>'}`:                `[{"<k>":"<v>"}]`,
		`SELECT '{"a":
			"<b>"}'::JSON`: `[{"a":"<b>"}]`,
		`SELECT true, -5, 0.5::DOUBLE, 1.50::DECIMAL(5,2), NULL`:                                                   `[true,-5,0.5,1.50,null]`,
		`SELECT 18446744073709551615::UBIGINT, 1e20::HUGEINT`:                                                      `[18446744073709551615,100000000000000000000]`,
		`SELECT 'nan'::DOUBLE, '-inf'::DOUBLE`:                                                                     `["NaN","-Infinity"]`,
		`SELECT TIMESTAMPTZ '2026-03-01 00:00:14.5+09:00', DATE '2026-03-01'`:                                      `["2026-02-28T15:00:14.500000Z","2026-03-01"]`,
		`SELECT TIMESTAMPTZ '2026-03-01 00:00:14Z' AT TIME ZONE 'Asia/Tokyo', [TIMESTAMP_S '2026-03-01 00:00:14']`: `["2026-03-01T09:00:14.000000",["2026-03-01T00:00:14.000000"]]`,
		`SELECT 'a<b'::BLOB, '\xFF\x00'::BLOB`:                                                                     `["a<b","/wA="]`,
	} {
		j := ended(t, jobs, start(t, jobs, query.SQLRequest{SQL: sql}).ID)
		rows, err := jobs.Rows(t.Context(), j.ID, 0, 1)
		if err != nil || len(rows) != 1 || string(rows[0]) != want || !json.Valid(rows[0]) {
			t.Errorf("%s: %s, %v (%s); want %s", sql, rows, err, j.Error, want)
		}
	}
}
