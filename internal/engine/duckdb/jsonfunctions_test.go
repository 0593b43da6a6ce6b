package duckdb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kiroku/internal/engine"
)

func TestJSONFunctions(t *testing.T) {
	const doc = `'{"z": {"b":[1, 2.50,"x\"é"], "a":null}, "s":"t\u00e9xt", "n":12345678901234567890, "f":0.0, "t":true, "z":1}'`
	e, tables := open(t, nil)
	for _, c := range []struct{ call, want string }{
		{`kiroku_json_text(%s, '$.s')`, `"téxt"`},
		{`kiroku_json_text(%s, '$.n')`, `"12345678901234567890"`},
		{`kiroku_json_text(%s, '$.f')`, `"0.0"`},
		{`kiroku_json_text(%s, '$.z')`, `"{\"b\":[1,2.50,\"x\\\"é\"],\"a\":null}"`},
		{`kiroku_json_text(%s, '$.z.a')`, `null`},
		{`kiroku_json_text(%s, '$.none')`, `null`},
		{`kiroku_json_scalar(%s, '$.z')`, `null`},
		{`kiroku_json_scalar(%s, '$.z.b[2]')`, `"x\"é"`},
		{`kiroku_json_scalar(%s, '$.t')`, `"true"`},
		{`kiroku_json_value(%s, '$.s')`, `"\"téxt\""`},
		{`kiroku_json_sorted(replace(%s, '2.50', '"\u2028<\/>"'), '$.z.b')`, `"[1,\"\u2028\u003c/\u003e\",\"x\\\"é\"]"`},
		{`kiroku_json_value(%s, '$.z.a')`, `"null"`},
		{`kiroku_json_sorted(%s, '$.z')`, `"{\"a\":null,\"b\":[1,2.50,\"x\\\"é\"]}"`},
		{`kiroku_json_texts(%s, '$.z')`, `{"b":"[1,2.50,\"x\\\"é\"]","a":null}`},
		{`kiroku_json_texts(%s, '$')['s']`, `"téxt"`},
		{`len(map_keys(kiroku_json_texts(%s, '$')))`, `5`},
		{`kiroku_json_texts(%s, '$.s')`, `null`},
		{`kiroku_json_members(%s, '$.z')`, `{"b":"[1,2.50,\"x\\\"é\"]","a":"null"}`},
		{`kiroku_json_elements(%s, '$.z.b')`, `["1","2.50","\"x\\\"é\""]`},
		{`kiroku_json_elements(%s, '$.z')`, `null`},
		{`kiroku_json_text(NULL || %s, '$')`, `null`},
		{`kiroku_json_text('{"a":1' || left(%s, 0), '$.b')`, `null`},
		{`kiroku_json_sorted('{"a":1' || left(%s, 0), '$.a')`, `null`},
	} {
		sql := "SELECT " + fmt.Sprintf(c.call, doc)
		if got := strings.Join(results(t, e, tables, sql), " "); got != "["+c.want+"]" {
			t.Errorf("%s = %s, want [%s]", sql, got, c.want)
		}
	}
}

// Rows of a chunk do not get into each other: lists of different lengths, NULLs and rows without a value between them.
func TestJSONFunctionsManyRows(t *testing.T) {
	e, tables := open(t, nil)
	got := results(t, e, tables, `SELECT n, kiroku_json_texts(doc, '$'), kiroku_json_elements(doc, '$.l') FROM (
		SELECT i AS n, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '[]' WHEN 2 THEN '{"a":"' || i || '","b":null}'
			ELSE '{"l":[' || i || ',{"x": ' || i || '}],"long text as a key":"long text as a value"}' END AS doc FROM range(5000) r(i)) ORDER BY n`)
	if len(got) != 5000 {
		t.Fatalf("%d rows", len(got))
	}
	for i, row := range got {
		want := fmt.Sprintf(`[%d,null,null]`, i)
		switch i % 4 {
		case 2:
			want = fmt.Sprintf(`[%d,{"a":"%d","b":null},null]`, i, i)
		case 3:
			want = fmt.Sprintf(`[%d,{"l":"[%d,{\"x\":%d}]","long text as a key":"long text as a value"},["%d","{\"x\":%d}"]]`, i, i, i, i, i)
		}
		if row != want {
			t.Fatalf("row %d: %s, want %s", i, row, want)
		}
	}
}

func TestJSONPathRefused(t *testing.T) {
	e, tables := open(t, nil)
	_, err := e.Query(t.Context(), `SELECT kiroku_json_text('{}', 'a')`, nil, tables, engine.Limits{})
	if err == nil || !strings.Contains(err.Error(), "expected $") {
		t.Errorf("err = %v", err)
	}
}

func TestDoubleText(t *testing.T) {
	e, tables := open(t, nil)
	got := results(t, e, tables, `SELECT kiroku_double_text(x) FROM (VALUES (1.5e0), (-2e-7), (1e8), (0e0), (NULL), ('NaN'::DOUBLE), ('-Infinity'::DOUBLE), (0.1e0 + 0.2e0), (123456789e0)) t(x)`)
	want := `["1.5E0"] ["-2.0E-7"] ["1.0E8"] ["0.0E0"] [null] ["NaN"] ["-Infinity"] ["3.0000000000000004E-1"] ["1.23456789E8"]`
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// results runs a statement and returns its rows as JSON.
func results(t testing.TB, e engine.Engine, tables []engine.Table, sql string) (list []string) {
	t.Helper()
	rows, err := e.Query(t.Context(), sql, nil, tables, engine.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	for rows.Next() {
		b, err := json.Marshal(rows.Values())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	if rows.Err() != nil {
		t.Fatalf("%s: %v", sql, rows.Err())
	}
	return list
}

// BenchmarkJSONText is the cost of taking one text out of a record.
func BenchmarkJSONText(b *testing.B) {
	e, err := Open(Options{Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	const n = 100_000
	b.ReportAllocs()
	b.SetBytes(n * 400)
	for b.Loop() {
		results(b, e, nil, `SELECT max(kiroku_json_text('{"n":' || i || ',"pad":"`+strings.Repeat("x", 360)+`","id":"x"}', '$.id')) FROM range(100000) r(i)`)
	}
}
