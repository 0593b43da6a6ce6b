package duckdb

import (
	"encoding/json"
	"testing"
	"time"

	"kiroku/internal/engine"
)

// TestValues checks type names and values of every SQL type that a result may have.
func TestValues(t *testing.T) {
	e, _ := open(t, nil)
	cases := []struct{ sql, typ, want string }{
		{`NULL`, `INTEGER`, `null`},
		{`true`, `BOOLEAN`, `true`},
		{`(-128)::TINYINT`, `TINYINT`, `-128`},
		{`(-32768)::SMALLINT`, `SMALLINT`, `-32768`},
		{`2147483647`, `INTEGER`, `2147483647`},
		{`9223372036854775807`, `BIGINT`, `9223372036854775807`},
		{`255::UTINYINT`, `UTINYINT`, `255`},
		{`65535::USMALLINT`, `USMALLINT`, `65535`},
		{`4294967295::UINTEGER`, `UINTEGER`, `4294967295`},
		{`18446744073709551615::UBIGINT`, `UBIGINT`, `18446744073709551615`},
		{`sum(7)`, `HUGEINT`, `7`},
		{`(-170141183460469231731687303715884105728)::HUGEINT`, `HUGEINT`, `-170141183460469231731687303715884105728`},
		{`340282366920938463463374607431768211455::UHUGEINT`, `UHUGEINT`, `340282366920938463463374607431768211455`},
		{`'-123456789012345678901234567890123456789012345'::BIGNUM`, `BIGNUM`, `-123456789012345678901234567890123456789012345`},
		{`'123456789012345678901234567890123456789012345'::BIGNUM`, `BIGNUM`, `123456789012345678901234567890123456789012345`},
		{`1.5::FLOAT`, `FLOAT`, `1.5`},
		{`1e300::DOUBLE`, `DOUBLE`, `1e+300`},
		{`'nan'::DOUBLE`, `DOUBLE`, `"NaN"`},
		{`'-infinity'::DOUBLE`, `DOUBLE`, `"-Infinity"`},
		{`0.05::DECIMAL(4,2)`, `DECIMAL(4,2)`, `0.05`},
		{`(-1.005)::DECIMAL(9,3)`, `DECIMAL(9,3)`, `-1.005`},
		{`12345678901.25::DECIMAL(18,2)`, `DECIMAL(18,2)`, `12345678901.25`},
		{`(-12345678901234567890123456789.123)::DECIMAL(38,3)`, `DECIMAL(38,3)`, `-12345678901234567890123456789.123`},
		{`7::DECIMAL(5,0)`, `DECIMAL(5,0)`, `7`},
		{`'short'`, `VARCHAR`, `"short"`},
		{`'exactly 12 b'`, `VARCHAR`, `"exactly 12 b"`},
		{`'longer than twelve bytes ü 記録'`, `VARCHAR`, `"longer than twelve bytes ü 記録"`},
		{`''`, `VARCHAR`, `""`},
		{`'\xAA\x00'::BLOB`, `BLOB`, `"qgA="`},
		{`'{"b": [1, 2.50]}'::JSON`, `JSON`, `{"b":[1,2.50]}`},
		{`TIMESTAMP '2026-03-01 12:34:56.789012'`, `TIMESTAMP`, `"2026-03-01T12:34:56.789012Z"`},
		{`TIMESTAMPTZ '2026-03-01 12:34:56+09'`, `TIMESTAMP WITH TIME ZONE`, `"2026-03-01T03:34:56Z"`},
		{`TIMESTAMP_S '2026-03-01 12:34:56'`, `TIMESTAMP_S`, `"2026-03-01T12:34:56Z"`},
		{`TIMESTAMP_MS '2026-03-01 12:34:56.789'`, `TIMESTAMP_MS`, `"2026-03-01T12:34:56.789Z"`},
		{`TIMESTAMP_NS '2026-03-01 12:34:56.789012345'`, `TIMESTAMP_NS`, `"2026-03-01T12:34:56.789012345Z"`},
		{`'infinity'::TIMESTAMP`, `TIMESTAMP`, `"infinity"`},
		{`'-infinity'::TIMESTAMPTZ`, `TIMESTAMP WITH TIME ZONE`, `"-infinity"`},
		{`'12026-03-01'::TIMESTAMP`, `TIMESTAMP`, `"12026-03-01T00:00:00Z"`},
		{`DATE '1969-12-31'`, `DATE`, `"1969-12-31"`},
		{`'infinity'::DATE`, `DATE`, `"infinity"`},
		{`TIME '12:34:56.5'`, `TIME`, `"12:34:56.5"`},
		{`'12:34:56+05:30'::TIMETZ`, `TIME WITH TIME ZONE`, `"12:34:56+05:30"`},
		{`'12:34:56-08'::TIMETZ`, `TIME WITH TIME ZONE`, `"12:34:56-08:00"`},
		{`INTERVAL '14 months 3 days 04:05:06.5'`, `INTERVAL`, `"P1Y2M3DT4H5M6.5S"`},
		{`INTERVAL '-90 minutes'`, `INTERVAL`, `"PT-1H-30M"`},
		{`INTERVAL '0 days'`, `INTERVAL`, `"PT0S"`},
		{`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID`, `UUID`, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{`'0eebc99a-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID`, `UUID`, `"0eebc99a-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{`'10110111011'::BIT`, `BIT`, `"10110111011"`},
		{`'b'::ENUM('a', 'b')`, `ENUM`, `"b"`},
		{`[1, NULL, 3]`, `INTEGER[]`, `[1,null,3]`},
		{`[]::VARCHAR[]`, `VARCHAR[]`, `[]`},
		{`[[1], [], NULL]`, `INTEGER[][]`, `[[1],[],null]`},
		{`['a', 'b']::VARCHAR[2]`, `VARCHAR[2]`, `["a","b"]`},
		{`{'z': 1, 'a': {'x"': NULL}}`, `STRUCT("z" INTEGER, "a" STRUCT("x""" INTEGER))`, `{"z":1,"a":{"x\"":null}}`},
		{`MAP {'k2': [1], 'k1': NULL}`, `MAP(VARCHAR, INTEGER[])`, `{"k2":[1],"k1":null}`},
		{`MAP {1: 'a', 2: 'b'}`, `MAP(INTEGER, VARCHAR)`, `{"1":"a","2":"b"}`},
		{`MAP {DATE '2026-01-01': 1}`, `MAP(DATE, INTEGER)`, `{"2026-01-01":1}`},
		{`MAP {[1, 2]: 1}`, `MAP(INTEGER[], INTEGER)`, `{"[1,2]":1}`},
		{`'x'::UNION(n INTEGER, s VARCHAR)`, `UNION("n" INTEGER, "s" VARCHAR)`, `"x"`},
		{`[{'a': MAP {'k': [DATE '2026-01-01']}}]`, `STRUCT("a" MAP(VARCHAR, DATE[]))[]`, `[{"a":{"k":["2026-01-01"]}}]`},
	}
	for _, c := range cases {
		rows, err := e.Query(t.Context(), "SELECT "+c.sql, nil, nil, engine.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if !rows.Next() {
			t.Errorf("%s: no row, %v", c.sql, rows.Err())
			rows.Close()
			continue
		}
		got, err := json.Marshal(rows.Values()[0])
		if typ := rows.Columns()[0].Type; err != nil || string(got) != c.want || typ != c.typ {
			t.Errorf("%s: %s %s (%T), %v; want %s %s", c.sql, typ, got, rows.Values()[0], err, c.typ, c.want)
		}
		rows.Close()
	}
}

// TestValueRows checks values beyond the first row and the first chunk, NULLs among them.
func TestValueRows(t *testing.T) {
	e, _ := open(t, nil)
	rows, err := e.Query(t.Context(), `SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'text number ' || i END,
		CASE WHEN i % 5 = 0 THEN NULL ELSE [i, i + 1] END, {'n': CASE WHEN i % 2 = 0 THEN i END} FROM range(5000) r(i)`, nil, nil, engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := int64(0)
	for ; rows.Next(); n++ {
		v := rows.Values()
		if v[0] != n || (v[1] == nil) != (n%3 == 0) || (v[2] == nil) != (n%5 == 0) {
			t.Fatalf("row %d is %v", n, v)
		}
		if n%5 != 0 && (v[2].([]any)[0] != n || v[2].([]any)[1] != n+1) {
			t.Fatalf("row %d has the list %v", n, v[2])
		}
		if f := v[3].(engine.Object)[0]; (f.Value == nil) != (n%2 == 1) || f.Value != nil && f.Value != n {
			t.Fatalf("row %d has the struct %v", n, v[3])
		}
	}
	if n != 5000 || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
}

// TestArgs checks every type of parameter.
func TestArgs(t *testing.T) {
	type text string
	e, _ := open(t, nil)
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.FixedZone("", 9*3600))
	cases := []struct {
		arg       any
		typ, want string
	}{
		{nil, `INTEGER`, `null`},
		{true, `BOOLEAN`, `true`},
		{int8(-7), `BIGINT`, `-7`},
		{uint64(1 << 63), `UBIGINT`, `9223372036854775808`},
		{1.5, `DOUBLE`, `1.5`},
		{float32(0.5), `DOUBLE`, `0.5`},
		{json.Number("12"), `BIGINT`, `12`},
		{json.Number("1.25"), `DOUBLE`, `1.25`},
		{"a'b", `VARCHAR`, `"a'b"`},
		{text("own type"), `VARCHAR`, `"own type"`},
		{[]byte{0, 255}, `BLOB`, `"AP8="`},
		{at, `TIMESTAMP WITH TIME ZONE`, `"2026-03-01T03:00:00.123456Z"`},
		{[]string{"a", "b"}, `VARCHAR[]`, `["a","b"]`},
		{[]any{"a", nil}, `VARCHAR[]`, `["a",null]`},
		{[]any{}, `VARCHAR[]`, `[]`},
		{[]int{1, 2}, `BIGINT[]`, `[1,2]`},
	}
	for _, c := range cases {
		rows, err := e.Query(t.Context(), "SELECT ?", []any{c.arg}, nil, engine.Limits{})
		if err != nil || !rows.Next() {
			t.Errorf("%v: %v", c.arg, err)
			continue
		}
		got, err := json.Marshal(rows.Values()[0])
		if typ := rows.Columns()[0].Type; err != nil || string(got) != c.want || typ != c.typ {
			t.Errorf("%v: %s %s, %v; want %s %s", c.arg, typ, got, err, c.typ, c.want)
		}
		rows.Close()
	}
	for _, bad := range []any{struct{}{}, map[string]any{}, json.Number("x"), []any{1, "a"}, []any{[]any{1}}, func() {}} {
		if rows, err := e.Query(t.Context(), "SELECT ?", []any{bad}, nil, engine.Limits{}); err == nil {
			rows.Close()
			t.Errorf("%T was taken as a parameter", bad)
		}
	}
}
