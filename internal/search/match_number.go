package search

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// limit is one end of a range; the zero value is open.
type limit[T int64 | float64] struct {
	at   T
	set  bool
	open bool // at itself lies outside
}

// interval asks for numbers between two ends.
type interval[T int64 | float64] struct{ lo, hi limit[T] }

func (r interval[T]) in(v T) bool {
	if r.lo.set && (v < r.lo.at || r.lo.open && v == r.lo.at) {
		return false
	}
	return !r.hi.set || v < r.hi.at || !r.hi.open && v == r.hi.at
}

func (r interval[T]) write(w *writer, x string) string {
	if r.lo.set && r.hi.set && r.lo.at == r.hi.at && !r.lo.open && !r.hi.open {
		return x + "=" + w.Arg(r.lo.at)
	}
	var all []string
	if r.lo.set {
		all = append(all, x+pick(r.lo.open, ">", ">=")+w.Arg(r.lo.at))
	}
	if r.hi.set {
		all = append(all, x+pick(r.hi.open, "<", "<=")+w.Arg(r.hi.at))
	}
	if len(all) == 0 {
		return x + " IS NOT NULL"
	}
	return strings.Join(all, " AND ")
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// ints is an interval of a column of whole numbers.
type ints struct{ interval[int64] }

func (t ints) matchInt(v int64) bool { return t.in(v) }

// moments is an interval of a column of times, in microseconds since 1970.
type moments struct{ ints }

func (t moments) write(w *writer, x string) string { return t.ints.write(w, w.Micros(x)) }

// oneOf asks for one of several numbers.
type oneOf []int64

func (t oneOf) matchInt(v int64) bool { return slices.Contains(t, v) }

func (t oneOf) write(w *writer, x string) string {
	args := make([]string, len(t))
	for i, v := range t {
		args[i] = w.Arg(v)
	}
	return x + " IN (" + strings.Join(args, ",") + ")"
}

// truth asks for a boolean.
type truth bool

func (t truth) matchInt(v int64) bool { return v != 0 == bool(t) }

func (t truth) write(_ *writer, x string) string {
	return x + "=" + strings.ToUpper(strconv.FormatBool(bool(t)))
}

// doubles is an interval of a column of floating-point numbers.
type doubles struct{ interval[float64] }

func (t doubles) matchDbl(v float64) bool { return t.in(v) }

// numeric is an interval of texts that are plain decimal numbers; other texts never match.
type numeric struct{ interval[float64] }

// NumberRegexp is what text must be to count as a number. It has no question mark, which would look like an argument.
const NumberRegexp = `^(-|)[0-9]{1,30}(|\.[0-9]{1,30})$`

func (t numeric) match(v string) bool {
	if !isNumber(v) {
		return false
	}
	f, err := strconv.ParseFloat(v, 64)
	return err == nil && t.in(f)
}

func (t numeric) need() [][]uint64 { return nil }

func (t numeric) write(w *writer, x string) string { return t.interval.write(w, w.AsNumber(x)) }

// isNumber is NumberRegexp by hand.
func isNumber(v string) bool {
	whole, fraction, dot := strings.Cut(strings.TrimPrefix(v, "-"), ".")
	return isDigits(whole) && (!dot || isDigits(fraction))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 30
}

// units of the types that have them, in lower case, as multiples of the column's own unit.
func unitsOf(t Type) map[string]string {
	switch t {
	case ByteSize:
		return map[string]string{
			"b": "1", "k": "1000", "kb": "1000", "m": "1000000", "mb": "1000000", "g": "1000000000", "gb": "1000000000",
			"t": "1000000000000", "tb": "1000000000000", "pb": "1000000000000000",
			"kib": "1024", "mib": "1048576", "gib": "1073741824", "tib": "1099511627776", "pib": "1125899906842624",
		}
	case Duration:
		return map[string]string{
			"ns": "1/1000000", "us": "1/1000", "µs": "1/1000", "μs": "1/1000", "ms": "1", "s": "1000", "m": "60000", "min": "60000",
			"h": "3600000", "d": "86400000", "w": "604800000",
		}
	}
	return nil
}

// quantity reads a number with the units of t. The code is "" when text is one.
func quantity(text string, t Type) (*big.Rat, Code) {
	end := len(text)
	for end > 0 && (text[end-1] < '0' || text[end-1] > '9') {
		end--
	}
	number, unit := strings.TrimSpace(text[:end]), strings.ToLower(strings.TrimSpace(text[end:]))
	if !isNumber(number) {
		return nil, NotANumber
	}
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return nil, NotANumber
	}
	if unit == "" {
		return r, ""
	}
	units := unitsOf(t)
	if units == nil {
		return nil, NotANumber
	}
	factor, ok := units[unit]
	if !ok {
		return nil, BadUnit
	}
	f, _ := new(big.Rat).SetString(factor)
	return r.Mul(r, f), ""
}

// whole turns a bound into one of whole numbers: >400.5 is >400, <400.5 is <=400. One beyond 64 bits lets everything or
// nothing through. lower says that the bound is the lower end.
func whole(r *big.Rat, lower, open bool) limit[int64] {
	floor := new(big.Int)
	floor.Div(r.Num(), r.Denom()) // Euclidean: the floor, as denominators are positive
	if !floor.IsInt64() {
		if r.Sign() > 0 {
			return limit[int64]{at: math.MaxInt64, set: true, open: lower}
		}
		return limit[int64]{at: math.MinInt64, set: true, open: !lower}
	}
	l := limit[int64]{at: floor.Int64(), set: true, open: open}
	if !r.IsInt() {
		l.open = lower
	}
	return l
}
