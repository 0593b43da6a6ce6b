package trino

import (
	"strings"
)

// units are the units of time of date_trunc, date_add and date_diff, and how the engine makes an interval of n of them.
var units = map[string]string{
	"millisecond": "to_milliseconds(%s)", "second": "to_seconds(%s)", "minute": "to_minutes(%s)", "hour": "to_hours(%s)",
	"day": "to_days(CAST(%s AS INTEGER))", "week": "to_weeks(CAST(%s AS INTEGER))", "month": "to_months(CAST(%s AS INTEGER))",
	"quarter": "to_months(CAST(3 * %s AS INTEGER))", "year": "to_years(CAST(%s AS INTEGER))",
}

// unit reads a unit of time.
func unit(v value) string {
	if v.text != nil {
		name := strings.ToLower(strings.TrimSuffix(strings.ToLower(*v.text), "s"))
		if _, ok := units[name]; ok {
			return name
		}
	}
	fail(v.pos, "Use 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter' or 'year'.", "unit of time must be a constant that names one")
	return ""
}

// moment fails unless a value is a date or time.
func (b *binder) moment(v value, function string) value {
	if v.text != nil && mayBecome(v, typeTimestamp) {
		return b.coerce(v, typeTimestamp)
	}
	if !isMoment(v.typ) {
		fail(v.pos, "Use eventTime, or CAST(… AS timestamp).", "%s needs a date or a time, but this is %s", function, v.typ)
	}
	return v
}

// specialTime makes the translations of functions of time.
func (b *binder) specialTime(name string, s *specialCall) value {
	v, a := s.result, s.args
	switch name {
	case "date_trunc", "date_add":
		u := unit(a[0])
		x := b.moment(a[len(a)-1], name)
		v.typ = x.typ
		v.sql = b.onClock(x, func(local string) string {
			if name == "date_trunc" {
				return sql("date_trunc('%s', %s)", u, local)
			}
			return sql("(%s + %s)", local, sql(units[u], a[1].sql))
		})
	case "date_diff":
		u := unit(a[0])
		from, to := b.moment(a[1], name), b.moment(a[2], name)
		t := common(from.typ, to.typ)
		v.sql = sql("date_sub('%s', %s, %s)", u, b.local(b.coerce(from, t)), b.local(b.coerce(to, t)))
	case "from_unixtime":
		v.typ = &Type{Kind: TimestampTZ, Zone: loadZone(a[1])}
		v.sql = sql("to_timestamp(%s)", a[0].sql)
	case "at_timezone":
		x := b.moment(a[0], "AT TIME ZONE")
		v.typ = &Type{Kind: TimestampTZ, Zone: loadZone(a[1])}
		v.sql = b.coerce(x, v.typ).sql
	case "with_timezone":
		v.typ = &Type{Kind: TimestampTZ, Zone: loadZone(a[1])}
		v.sql = fromZone(sql("timezone('UTC', %s)", a[0].sql), v.typ.Zone)
	case "from_iso8601_timestamp":
		if a[0].text != nil && mayBecome(a[0], typeInstant) {
			return b.coerce(a[0], typeInstant) // of a constant the zone is known
		}
		v.sql = caster{b, b.trying > 0}.plain(a[0].sql, typeInstant)
	case "to_iso8601":
		v.sql = b.iso8601(a[0])
	default:
		return b.format(name, s)
	}
	return v
}

// onClock computes with a date or time as the clock of its zone shows it.
func (b *binder) onClock(x value, f func(local string) string) string {
	switch {
	case x.typ.Kind == Date:
		return sql("CAST(%s AS DATE)", f(x.sql))
	case x.typ.Kind == TimestampTZ && x.typ.Zone != "UTC":
		return fromZone(f(b.local(x)), x.typ.Zone)
	}
	return f(x.sql)
}

// fromZone is the point of time at which the clock of a zone shows something: the reverse of inZone.
func fromZone(clock, zone string) string {
	if seconds, ok := offsetSeconds(zone); ok {
		return sql("timezone('UTC', %s - to_seconds(%d))", clock, seconds)
	}
	return sql("timezone(%s, %s)", quoteText(zone), clock)
}

func (b *binder) iso8601(x value) string {
	const layout = "'%Y-%m-%dT%H:%M:%S.%g'"
	text := sql("strftime(%s, %s)", b.local(x), layout)
	if x.typ.Zone == "UTC" {
		return sql("(%s || 'Z')", text)
	}
	minutes := sql("CAST((epoch_us(%s) - epoch_us(%s)) // 60000000 AS INTEGER)", b.local(x), x.sql)
	return sql("(%s || CASE WHEN %[2]s < 0 THEN '-' ELSE '+' END || printf('%%02d:%%02d', abs(%[2]s) // 60, abs(%[2]s) %% 60))", text, minutes)
}

// format makes the translations of the functions that write and read times by a pattern.
func (b *binder) format(name string, s *specialCall) value {
	v, a := s.result, s.args
	parse := "strptime"
	if b.trying > 0 {
		parse = "try_strptime"
	}
	switch name {
	case "date_format":
		v.sql = sql("strftime(%s, %s)", a[0].sql, quoteText(mysqlFormat(a[1])))
	case "format_datetime":
		v.sql = sql("strftime(%s, %s)", a[0].sql, quoteText(jodaFormat(a[1])))
	case "date_parse":
		v.sql = sql("CAST(%s(%s, %s) AS TIMESTAMPTZ)", parse, a[0].sql, quoteText(mysqlFormat(a[1])))
	case "parse_datetime":
		v.sql = sql("CAST(%s(%s, %s) AS TIMESTAMPTZ)", parse, a[0].sql, quoteText(jodaFormat(a[1])))
	default:
		panic("BUG: no function " + name)
	}
	return v
}

// mysqlFormats are the letters of date_format and date_parse.
var mysqlFormats = map[byte]string{
	'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I", 'I': "%I", 'i': "%M", 'j': "%j",
	'k': "%-H", 'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p", 'S': "%S", 's': "%S", 'T': "%H:%M:%S", 'v': "%V",
	'W': "%A", 'x': "%G", 'Y': "%Y", 'y': "%y", '%': "%%",
}

func mysqlFormat(v value) string {
	var out strings.Builder
	text := *v.text
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		f, ok := mysqlFormats[text[i]]
		switch {
		case ok:
			out.WriteString(f)
		case strings.IndexByte("DUuVwX", text[i]) >= 0:
			fail(v.pos, "Leave it out.", "date format %%%c is not supported", text[i])
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// jodaFormats are the patterns of format_datetime and parse_datetime: a letter and how often it stands.
var jodaFormats = map[string]string{
	"y": "%Y", "yy": "%y", "yyyy": "%Y", "Y": "%Y", "YYYY": "%Y", "x": "%G", "xxxx": "%G", "w": "%V", "ww": "%V", "e": "%u",
	"M": "%-m", "MM": "%m", "MMM": "%b", "MMMM": "%B", "d": "%-d", "dd": "%d", "D": "%-j", "DDD": "%j", "E": "%a", "EEE": "%a", "EEEE": "%A",
	"H": "%-H", "HH": "%H", "h": "%-I", "hh": "%I", "m": "%-M", "mm": "%M", "s": "%-S", "ss": "%S", "SSS": "%g", "a": "%p", "Z": "%z", "ZZ": "%z",
}

func jodaFormat(v value) string {
	var out strings.Builder
	text := *v.text
	for i := 0; i < len(text); {
		c := text[i]
		if c == '\'' {
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				fail(v.pos, "Close the quote.", "date format %s has an open quote", quoteText(text))
			}
			part := text[i+1 : i+1+end]
			if part == "" {
				part = "'"
			}
			out.WriteString(strings.ReplaceAll(part, "%", "%%"))
			i += end + 2
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			out.WriteString(map[bool]string{true: "%%", false: string(c)}[c == '%'])
			i++
			continue
		}
		n := 1
		for i+n < len(text) && text[i+n] == c {
			n++
		}
		f, ok := jodaFormats[text[i:i+n]]
		if !ok {
			fail(v.pos, "Use yyyy, MM, dd, HH, mm, ss and the like; letters stand in single quotes.", "date format %q is not supported", text[i:i+n])
		}
		out.WriteString(f)
		i += n
	}
	return out.String()
}
