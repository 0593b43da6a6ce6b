package trino

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/engine"
)

// sample is an expression of a type.
func sample(t *Type) string {
	switch t.Kind {
	case Boolean:
		return "true"
	case Integer, Bigint:
		return "2"
	case Double, Real:
		return "2.5e0"
	case Varchar:
		return "'b'"
	case Varbinary:
		return "X'62'"
	case Date:
		return "date '2024-02-03'"
	case Timestamp:
		return "timestamp '2024-02-03 04:05:06.789'"
	case TimestampTZ:
		return "from_iso8601_timestamp('2024-02-03T04:05:06Z')"
	case IntervalDay:
		return "interval '2' day"
	case JSON:
		return "json '[1]'"
	case IPAddress:
		return "ipaddress '192.0.2.1'"
	case Array:
		return "array[" + sample(t.Elem) + "]"
	case Map:
		return "map(array[" + sample(t.Key) + "], array[" + sample(t.Elem) + "])"
	case Row:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = sample(f.Type)
		}
		return "row(" + strings.Join(parts, ", ") + ")"
	case function:
		names := []string{"a", "b"}[:len(t.Fields)]
		body := names[len(names)-1]
		if t.Elem.Kind == Boolean {
			body = "true"
		} else if len(names) == 2 && t.Fields[0].Type.name == "S" {
			body = "a"
		}
		return "(" + strings.Join(names, ", ") + ") -> " + body
	case generic:
		switch t.name {
		case "N":
			return "2"
		case "D":
			return "2.25"
		}
		return quoteText(t.name)
	}
	return "null"
}

// arguments are where a sample of the type will not do.
var arguments = map[string]string{
	"date(varchar)": "'2024-02-03'", "from_iso8601_timestamp(varchar)": "'2024-02-03T04:05:06Z'", "from_iso8601_date(varchar)": "'2024-02-03'",
	"json_parse(document)": `'{"b":1}'`, "date_trunc(unit, T)": "'day', eventTime", "date_add(unit, bigint, T)": "'day', 2, eventTime",
	"date_diff(unit, T, T)": "'day', eventTime, now()", "date_format(moment, const varchar)": "eventTime, '%Y'",
	"date_parse(varchar, const varchar)": "'2024', '%Y'", "format_datetime(moment, const varchar)": "eventTime, 'yyyy'",
	"parse_datetime(varchar, const varchar)": "'2024', 'yyyy'", "at_timezone(T, const varchar)": "eventTime, 'Asia/Tokyo'",
	"with_timezone(timestamp, const varchar)": "eventTime, 'Asia/Tokyo'", "from_unixtime(double, const varchar)": "1, 'Asia/Tokyo'",
	"contains(varchar, ipaddress)": "'192.0.2.0/24', ipaddress '192.0.2.1'", "from_base64url(varchar)": "'Yg=='",
	"acos(double)": "0.5", "asin(double)": "0.5", "split_to_map(varchar, varchar, varchar)": "'a=b', ',', '='",
	"from_hex(varchar)": "'62'", "from_base64(varchar)": "'Yg=='", "approx_percentile(bigint, const double)": "2, 0.5",
	"approx_percentile(bigint, array(double))": "2, ARRAY[0.5]", "approx_percentile(double, array(double))": "2.5e0, ARRAY[0.5]",
	"approx_percentile(double, const double)": "2.5e0, 0.5", "hamming_distance(varchar, varchar)": "'a', 'b'",
	"regexp_extract(varchar, pattern, const bigint)": "'b', '(b)', 1", "regexp_extract_all(varchar, pattern, const bigint)": "'b', '(b)', 1",
}

// Every line of functions.txt can be run with arguments of its types and gives what it promises: the engine's value is
// one of the type, and null arguments are no error.
func TestEveryFunction(t *testing.T) {
	e, tables := lake(t)
	bySignature := signatures()
	n := 0
	for _, name := range slices.Sorted(maps.Keys(bySignature)) {
		for _, sig := range bySignature[name] {
			n++
			args := make([]string, len(sig.params))
			for i, p := range sig.params {
				switch p.role {
				case "path":
					args[i] = "'$[0]'"
				case "document":
					args[i] = "'[1]'"
				case "moment":
					args[i] = "eventTime"
				default:
					args[i] = sample(p.typ)
				}
			}
			list := strings.Join(args, ", ")
			if given, ok := arguments[sig.String()]; ok {
				list = given
			}
			over := ""
			if sig.kind == "window" {
				over = " OVER (ORDER BY eventTime)"
			}
			statement := fmt.Sprintf("SELECT %s(%s)%s FROM %s LIMIT 1", name, list, over, awsStore)
			q, err := Compile(statement, testStores, Options{Now: testNow})
			if err != nil {
				t.Errorf("%s: %s: %v", sig, statement, err)
				continue
			}
			rows, err := e.Query(t.Context(), q.SQL, nil, tables, engine.Limits{})
			if err != nil {
				t.Errorf("%s: %s: %v\n%s", sig, statement, err, q.SQL)
				continue
			}
			if !rows.Next() {
				t.Errorf("%s: no row: %v", statement, rows.Err())
			}
			want := q.Columns[0].Type
			if got := rows.Columns()[0].Type; !sameInEngine(got, want) {
				t.Errorf("%s: the engine says %s, the compiler %s (%s)", statement, got, want, want.duck())
			}
			rows.Close()
		}
	}
	if n < 200 {
		t.Errorf("only %d functions", n)
	}
}

// sameInEngine compares the engine's name of a type with what the compiler expects.
func sameInEngine(got string, want *Type) bool {
	if want.Kind == Row || want.Kind == Array && want.Elem.Kind == Row {
		return strings.HasPrefix(got, "STRUCT")
	}
	expected := strings.NewReplacer("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE").Replace(want.duck())
	return got == expected || want.Kind == Unknown
}

func TestReadSignatures(t *testing.T) {
	for _, text := range []string{"[scalar]\nf(varchar)", "[scalar]\nf varchar = x", "[scalar]\nf(nonsense) varchar = x", "[scalar]\nf(varchar) varchar more = x"} {
		if _, err := readSignatures(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
