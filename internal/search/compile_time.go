package search

import "time"

// timeLayouts are the forms of a time in a query, the most precise first, with the length of what each names.
var timeLayouts = []struct {
	layout              string
	zoned               bool
	years, months, days int
	length              time.Duration
}{
	{layout: "2006-01-02T15:04:05Z07:00", zoned: true, length: time.Second},
	{layout: "2006-01-02 15:04:05Z07:00", zoned: true, length: time.Second},
	{layout: "2006-01-02T15:04:05", length: time.Second},
	{layout: "2006-01-02 15:04:05", length: time.Second},
	{layout: "2006-01-02T15:04Z07:00", zoned: true, length: time.Minute},
	{layout: "2006-01-02T15:04", length: time.Minute},
	{layout: "2006-01-02 15:04", length: time.Minute},
	{layout: "2006-01-02", days: 1},
	{layout: "2006-01", months: 1},
	{layout: "2006", years: 1},
}

// moment is a time as a query names it: a day, a second, an instant.
type moment struct {
	from, to time.Time // what equality means: from <= t < to
	day      bool      // a day or longer: after it means after its end
}

func readMoment(text string, zone *time.Location) (moment, bool) {
	for _, l := range timeLayouts {
		t, err := time.ParseInLocation(l.layout, text, zone)
		if err != nil {
			continue
		}
		m := moment{from: t, to: t.AddDate(l.years, l.months, l.days).Add(l.length), day: l.length == 0}
		if t.Nanosecond() != 0 {
			m.to = t.Add(time.Microsecond)
		}
		return m, true
	}
	return moment{}, false
}

// above is the lower limit for times at or after m, or after m when it is open.
func (m moment) above(open bool) limit[int64] {
	if open && m.day {
		return limit[int64]{at: m.to.UnixMicro(), set: true}
	}
	return limit[int64]{at: m.from.UnixMicro(), set: true, open: open}
}

// below is the upper limit for times at or before m, or before m when it is open.
func (m moment) below(open bool) limit[int64] {
	if !open && m.day {
		return limit[int64]{at: m.to.UnixMicro(), set: true, open: true}
	}
	return limit[int64]{at: m.from.UnixMicro(), set: true, open: open}
}

// timeValue asks columns of times.
func (c *compiler) timeValue(s subject, v Value) (*Node, error) {
	read := func(text Str) (moment, error) {
		m, ok := readMoment(text.literal(), c.fields.zone)
		if !ok {
			return m, fail(v.Pos(), NotATime, "2026-11-01 or 2026-11-01T09:00:00Z", "%q is no date and no time", text.literal())
		}
		return m, nil
	}
	var r interval[int64]
	var err error
	var m moment
	switch v := v.(type) {
	case *Equal:
		m, err = read(v.Str)
		r.lo, r.hi = m.above(false), limit[int64]{at: m.to.UnixMicro(), set: true, open: true}
	case *Exact:
		m, err = read(Str{Phrase, v.Text})
		r.lo, r.hi = m.above(false), limit[int64]{at: m.to.UnixMicro(), set: true, open: true}
	case *Cmp:
		m, err = read(v.Bound)
		if open := len(v.Op) == 1; v.Op[0] == '>' {
			r.lo = m.above(open)
		} else {
			r.hi = m.below(open)
		}
	case *Range:
		if v.Lo != nil {
			m, err = read(*v.Lo)
			r.lo = m.above(v.LoOpen)
		}
		if v.Hi != nil && err == nil {
			m, err = read(*v.Hi)
			r.hi = m.below(v.HiOpen)
		}
	default:
		return nil, fail(v.Pos(), NotText, "compare times: field:>=2026-11-01", "this field holds times, not text")
	}
	if err != nil {
		return nil, err
	}
	return s.leaf(moments{ints{r}}), nil
}
