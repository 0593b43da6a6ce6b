package duckdb

import (
	"fmt"
	"math"
	"strings"
	"time"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/engine"
)

// timeValue reads dates, times and durations. Timestamps that JSON cannot write, outside the years 0 to 9999, and the
// infinities become text.
func (v *vector) timeValue(row int) any {
	switch v.kind {
	case duck.TypeDate:
		return dateText(at[int32](v.data, row))
	case duck.TypeTime:
		return time.UnixMicro(at[int64](v.data, row)).UTC().Format("15:04:05.999999")
	case duck.TypeTimeNS:
		return time.Unix(0, at[int64](v.data, row)).UTC().Format("15:04:05.999999999")
	case duck.TypeTimeTZ:
		return timeTZText(at[uint64](v.data, row))
	case duck.TypeInterval:
		return intervalText(at[int32](v.data, 4*row), at[int32](v.data, 4*row+1), at[int64](v.data, 2*row+1))
	}
	n := at[int64](v.data, row)
	switch n {
	case math.MaxInt64:
		return "infinity"
	case -math.MaxInt64:
		return "-infinity"
	}
	return timestamp(v.kind, n)
}

func timestamp(kind duck.Type, n int64) any {
	var t time.Time
	switch kind {
	case duck.TypeTimestampS:
		t = time.Unix(n, 0)
	case duck.TypeTimestampMS:
		t = time.UnixMilli(n)
	case duck.TypeTimestampNS:
		t = time.Unix(0, n)
	default:
		t = time.UnixMicro(n)
	}
	t = t.UTC()
	if kind != duck.TypeTimestampTZ {
		t = t.In(engine.Zoneless)
	}
	if y := t.Year(); y < 0 || y > 9999 {
		return t.Format(time.RFC3339Nano)
	}
	return t
}

// dateText writes days since 1970-01-01.
func dateText(days int32) string {
	switch days {
	case math.MaxInt32:
		return "infinity"
	case -math.MaxInt32:
		return "-infinity"
	}
	return time.Unix(int64(days)*86400, 0).UTC().Format(time.DateOnly)
}

// timeTZText reads 40 bits of microseconds and 24 bits of offset, which is stored as its distance from the greatest one.
func timeTZText(bits uint64) string {
	const maxOffset = 16*3600 - 1
	offset := maxOffset - int(bits&(1<<24-1))
	t := time.UnixMicro(int64(bits >> 24)).UTC().Format("15:04:05.999999")
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("%s%c%02d:%02d", t, sign, offset/3600, offset/60%60)
}

// intervalText writes a duration as ISO 8601 does, for example P1Y2M3DT4H5M6.5S.
func intervalText(months, days int32, micros int64) string {
	var b strings.Builder
	part := func(n int64, unit string) {
		if n != 0 {
			fmt.Fprintf(&b, "%d%s", n, unit)
		}
	}
	part(int64(months/12), "Y")
	part(int64(months%12), "M")
	part(int64(days), "D")
	date := b.String()
	b.Reset()
	part(micros/3600e6, "H")
	part(micros/60e6%60, "M")
	if rest := micros % 60e6; rest != 0 {
		sign := ""
		if rest < 0 {
			sign, rest = "-", -rest
		}
		text := fmt.Sprintf("%s%d.%06d", sign, rest/1e6, rest%1e6)
		b.WriteString(strings.TrimRight(strings.TrimRight(text, "0"), ".") + "S")
	}
	switch clock := b.String(); {
	case date == "" && clock == "":
		return "PT0S"
	case clock == "":
		return "P" + date
	default:
		return "P" + date + "T" + clock
	}
}
