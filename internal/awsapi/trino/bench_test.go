package trino

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kiroku/internal/engine"
	"kiroku/internal/engine/duckdb"
)

// BenchmarkQueries runs typical statements over 200,000 events of one day each in three files; the bytes are those of the
// records.
func BenchmarkQueries(b *testing.B) {
	dir := b.TempDir()
	sample := records(b, "testdata/records")
	table := engine.Table{Name: awsStore}
	bytes, perFile := 0, 65_000
	for day := range 3 {
		var raw []json.RawMessage
		for i := range perFile {
			r := strings.ReplaceAll(string(sample[i%len(sample)]), "kei", fmt.Sprintf("user%d", i%500))
			if at := strings.Index(r, `"eventTime":"`); at > 0 {
				at += len(`"eventTime":"`)
				r = r[:at] + fmt.Sprintf("2026-01-%02dT%02d:%02d:%02dZ", day+1, i/3600%24, i/60%60, i%60) + r[at+len("2026-01-01T00:00:00Z"):]
			}
			raw = append(raw, json.RawMessage(r))
			bytes += len(r)
		}
		table.Files = append(table.Files, write(b, dir, fmt.Sprint("day", day), raw, AWSEvents))
	}
	e, err := duckdb.Open(duckdb.Options{Dirs: []string{dir}})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	for _, c := range []struct{ name, statement string }{
		{"by user", `SELECT userIdentity.arn, count(*) AS n FROM $A WHERE eventTime > '2026-01-01' GROUP BY userIdentity.arn ORDER BY n DESC LIMIT 10`},
		{"one day", `SELECT eventName, count(*) AS n FROM $A WHERE eventTime BETWEEN '2026-01-02' AND '2026-01-02 23:59:59' GROUP BY eventName ORDER BY n DESC`},
		{"user name", `SELECT userIdentity.userName, count(*) AS n FROM $A GROUP BY 1 ORDER BY n DESC LIMIT 10`},
		{"request parameter", `SELECT count(*) FROM $A WHERE eventSource = 's3.amazonaws.com' AND element_at(requestParameters, 'bucketName') = 'example-audit-bucket'`},
		{"lambda over resources", `SELECT eventName, count(*) FROM $A WHERE any_match(resources, r -> r.type = 'AWS::IAM::Role') GROUP BY 1`},
		{"json of all events", `SELECT json_extract_scalar(eventJson, '$.tlsDetails.tlsVersion') AS v, count(*) FROM $A GROUP BY 1`},
	} {
		b.Run(c.name, func(b *testing.B) {
			q, err := Compile(strings.ReplaceAll(c.statement, "$A", awsStore), testStores, Options{Now: testNow})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			for b.Loop() {
				rows, err := e.Query(b.Context(), q.SQL, nil, []engine.Table{table}, engine.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
				}
				if rows.Err() != nil {
					b.Fatal(rows.Err())
				}
				rows.Close()
			}
		})
	}
}

// What gathers rows takes time in proportion to them: nothing interrupts an expression, and a group may have all events.
func TestGatheredRowsAreNotComparedWithEachOther(t *testing.T) {
	const rows = 40_000
	e, tables := lake(t)
	raw := make([]json.RawMessage, rows)
	for i := range raw {
		raw[i] = fmt.Appendf(nil, `{"eventVersion":"1.08","eventTime":"2025-03-04T08:31:44Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventID":"e-%d"}`, i)
	}
	tables[0].Files = []string{write(t, strings.TrimSuffix(tables[0].Files[0], "aws.parquet"), "many", raw, AWSEvents)}
	for _, expr := range []string{
		"cardinality(map_agg(eventID, eventName))", "cardinality(multimap_agg(eventID, eventName))", "cardinality(histogram(eventID))", "cardinality(array_distinct(array_agg(eventID)))",
		"cardinality(set_agg(eventID))", "cardinality(array_union(array_agg(eventID), array_agg(eventID)))", "cardinality(array_intersect(array_agg(eventID), array_agg(eventID)))",
		"cardinality(array_except(array_agg(eventID), ARRAY['x']))", "cardinality(element_at(multimap_agg(eventName, eventID), 'Decrypt'))",
	} {
		begun := time.Now()
		got, _ := run(t, e, tables, "SELECT "+expr+" AS n FROM "+awsStore, Options{Now: testNow})
		if want := fmt.Sprintf("n\nbigint\n%d\n", rows); got != want {
			t.Errorf("%s: %s", expr, got)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s takes %v over %d rows", expr, took, rows)
		}
	}
}
