package trino

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/fault"
)

// corpus are the statements of testdata/queries.
func corpus(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/queries/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no statements: %v", err)
	}
	list := make([]string, len(files))
	for i, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		list[i], _, _ = strings.Cut(string(b), "\n----\n")
	}
	return list
}

func checkError(t *testing.T, statement string, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || fault.KindOf(err) != fault.Invalid || fault.NextOf(err) == "" || e.Line < 1 || e.Column < 1 || e.Line > 1+strings.Count(statement, "\n") {
		t.Fatalf("%q: error without a place or advice: %v", statement, err)
	}
}

// FuzzParse: what is read prints as a statement that is read as the same; what is not read gets a place and advice.
func FuzzParse(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, statement string) {
		q, err := Parse(statement)
		if err != nil {
			checkError(t, statement, err)
			return
		}
		text := q.String()
		if len(text) > MaxStatement || strings.Count(text, "(") > maxNesting {
			return // printing adds parentheses, which may pass a limit
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", statement, text, err)
		}
		if second := again.String(); second != text {
			t.Fatalf("%q prints as %q, which prints as %q", statement, text, second)
		}
	})
}

// FuzzCompile: a statement is translated, or refused with a place and advice; the translation names no table but those of
// the catalog.
func FuzzCompile(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, statement string) {
		q, err := Compile(statement, testStores, Options{Now: testNow, Parameters: testParameters(statement)})
		if err != nil {
			if !errors.Is(err, errNoStore) {
				checkError(t, statement, err)
			}
			return
		}
		if len(q.Columns) == 0 || q.SQL == "" || len(q.SQL) > maxOutput {
			t.Fatalf("%q: %d columns, %d bytes of SQL", statement, len(q.Columns), len(q.SQL))
		}
		for _, table := range q.Tables {
			if _, ok := testStores[table]; !ok {
				t.Fatalf("%q reads %q", statement, table)
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	statement := strings.ReplaceAll(`SELECT userIdentity.arn AS who, date_trunc('day', eventTime) AS day, count(*) AS n,
		filter(map_values(max_by(requestParameters, eventTime)), v -> v LIKE 'arn:%') AS arns
		FROM $A AS e WHERE eventTime > '2025-01-01 00:00:00' AND eventName IN ('CreateUser', 'DeleteUser')
		AND json_extract_scalar(element_at(responseElements, 'user'), '$.arn') IS NOT NULL
		GROUP BY userIdentity.arn, date_trunc('day', eventTime) HAVING count(*) > 1 ORDER BY n DESC LIMIT 10`, "$A", awsStore)
	b.SetBytes(int64(len(statement)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(statement, testStores, Options{Now: testNow}); err != nil {
			b.Fatal(err)
		}
	}
}
