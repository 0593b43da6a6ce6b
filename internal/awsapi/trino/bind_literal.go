package trino

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
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
	if e.To != "" {
		return b.longInterval(e)
	}
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

// The units of intervals of several units: what one of each is of the last, and what stands before it.
var (
	dayUnits = []string{"DAY", "HOUR", "MINUTE", "SECOND"}
	dayParts = []struct {
		millis    int64
		separator string
	}{{86_400_000, ""}, {3600_000, " "}, {60_000, ":"}, {1000, ":"}}
)

// longInterval translates INTERVAL '1 02:30' DAY TO MINUTE and INTERVAL '1-6' YEAR TO MONTH.
func (b *binder) longInterval(e *IntervalLiteral) value {
	text, negative := strings.CutPrefix(strings.TrimSpace(e.Text), "-")
	negative = negative != e.Negative
	v := value{typ: typeInterval, pos: e.Pos}
	sign := map[bool]int64{true: -1, false: 1}[negative]
	if e.Unit == "YEAR" && e.To == "MONTH" {
		years, months, found := strings.Cut(text, "-")
		y, err := strconv.ParseUint(years, 10, 16)
		m, err2 := strconv.ParseUint(months, 10, 16)
		if found && err == nil && err2 == nil {
			v.typ, v.sql = typeMonths, sql("to_months(%d)", sign*int64(12*y+m))
			return v
		}
	}
	from, to := slices.Index(dayUnits, e.Unit), slices.Index(dayUnits, e.To)
	total, ok := int64(0), from >= 0 && from < to
	for i := from; ok && i <= to; i++ {
		part := text
		if i < to {
			part, text, ok = strings.Cut(text, dayParts[i+1].separator)
		}
		n, err := strconv.ParseFloat(part, 64)
		ok = ok && err == nil && intervalText.MatchString(part) && part[0] != '-' && n < 1e6 && (n == math.Trunc(n) || dayUnits[i] == "SECOND")
		total += int64(math.Round(n * float64(dayParts[i].millis)))
	}
	if !ok {
		fail(e.Pos, "Write it as '1 02:30:00' for DAY TO SECOND, or '1-6' for YEAR TO MONTH.", "%s is no interval of %s TO %s", quoteText(e.Text), e.Unit, e.To)
	}
	v.sql = sql("to_milliseconds(%d)", sign*total)
	return v
}
