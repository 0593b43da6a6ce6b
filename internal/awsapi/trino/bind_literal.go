package trino

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// typedLiteral translates DATE '…', TIMESTAMP '…' and JSON '…'.
func (b *binder) typedLiteral(e *TypedLiteral) value {
	v := textValue(e.Text, e.Pos)
	switch e.Type.Name {
	case "date", "timestamp":
		t := resolve(e.Type)
		if e.Type.Name == "timestamp" {
			if _, zone, ok := parseTime(e.Text); ok && zone != "" {
				t = typeInstant
			}
		}
		return b.coerce(v, t)
	case "json":
		if !json.Valid([]byte(e.Text)) {
			fail(e.Pos, "Write JSON, for example JSON '{\"a\": 1}'.", "%s is no JSON", quoteText(e.Text))
		}
		return value{sql: sql("kiroku_json_sorted(%s, '$')", v.sql), typ: typeJSON, pos: e.Pos}
	case "varchar", "char", "bigint", "double", "decimal", "boolean", "integer", "real", "ipaddress":
		return b.cast(v, resolve(e.Type), false)
	}
	fail(e.Pos, "Use DATE, TIMESTAMP, JSON or INTERVAL before text, or put AS before an alias.", "%s %s is no constant", e.Type.Name, quoteText(e.Text))
	return value{}
}

// intervalText is a number, as intervals of one unit are written.
var intervalText = regexp.MustCompile(`^\s*[+-]?[0-9]+(\.[0-9]{1,3})?\s*$`)

// interval translates INTERVAL '7' DAY.
func (b *binder) interval(e *IntervalLiteral) value {
	n, err := strconv.ParseFloat(strings.TrimSpace(e.Text), 64)
	if err != nil || !intervalText.MatchString(e.Text) || n != math.Trunc(n) && e.Unit != "SECOND" || math.Abs(n) > 1e9 {
		fail(e.Pos, "Write a whole number and one unit, for example INTERVAL '7' DAY.", "%s is no number of %sS", quoteText(e.Text), e.Unit)
	}
	if e.Negative {
		n = -n
	}
	v := value{typ: typeInterval, pos: e.Pos}
	switch e.Unit {
	case "YEAR", "MONTH":
		v.typ = typeMonths
		if e.Unit == "YEAR" {
			n *= 12
		}
		v.sql = sql("to_months(%d)", int64(n))
	case "SECOND":
		v.sql = sql("to_milliseconds(%d)", int64(math.Round(n*1000)))
	default:
		v.sql = sql(map[string]string{"WEEK": "to_weeks(%d)", "DAY": "to_days(%d)", "HOUR": "to_hours(%d)", "MINUTE": "to_minutes(%d)"}[e.Unit], int64(n))
	}
	return v
}
