package timespec

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

const units = "smhdwMy"

// maxCount keeps steps within what time arithmetic can hold; a million seconds to a million years is enough for anybody.
const maxCount = 1_000_000

// relative reads what follows "now": steps (+n unit, -n unit) and at the end a rounding (/unit).
func relative(s string, now time.Time, up bool) (time.Time, error) {
	t := now
	for s != "" {
		switch s[0] {
		case '+', '-':
			n, unit, rest, err := step(s)
			if err != nil {
				return t, err
			}
			t = add(t, n, unit)
			s = rest
		case '/':
			if len(s) != 2 || !isUnit(s[1]) {
				return t, fmt.Errorf("%q is not a unit to round to; units are s, m, h, d, w, M, y", s[1:])
			}
			t = startOf(t, s[1])
			if up {
				t = add(t, 1, s[1])
			}
			s = ""
		default:
			return t, fmt.Errorf("%q does not follow now; write +, - or /", s)
		}
	}
	return t, nil
}

func step(s string) (n int, unit byte, rest string, err error) {
	i := 1
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 1 {
		return 0, 0, "", fmt.Errorf("%q has no number", s)
	}
	if i == len(s) || !isUnit(s[i]) {
		return 0, 0, "", fmt.Errorf("%q has no unit; units are s, m, h, d, w, M, y", s)
	}
	n, err = strconv.Atoi(s[1:i])
	if err != nil || n > maxCount {
		return 0, 0, "", errors.New("the number is too large")
	}
	if s[0] == '-' {
		n = -n
	}
	return n, s[i], s[i+1:], nil
}

func isUnit(c byte) bool {
	for i := range len(units) {
		if units[i] == c {
			return true
		}
	}
	return false
}

func add(t time.Time, n int, unit byte) time.Time {
	switch unit {
	case 's':
		return t.Add(time.Duration(n) * time.Second)
	case 'm':
		return t.Add(time.Duration(n) * time.Minute)
	case 'h':
		return t.Add(time.Duration(n) * time.Hour)
	case 'd':
		return t.AddDate(0, 0, n)
	case 'w':
		return t.AddDate(0, 0, 7*n)
	case 'M':
		return t.AddDate(0, n, 0)
	default:
		return t.AddDate(n, 0, 0)
	}
}

// startOf is the first moment of the unit that t is in, by the calendar of t's zone.
func startOf(t time.Time, unit byte) time.Time {
	y, m, d := t.Date()
	switch unit {
	case 's':
		return t.Add(-time.Duration(t.Nanosecond()))
	case 'm':
		return t.Add(-time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	case 'h':
		// Not time.Date: the hour occurs twice when clocks are put back.
		return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	case 'd':
		return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	case 'w':
		back := (int(t.Weekday()) + 6) % 7
		return time.Date(y, m, d-back, 0, 0, 0, 0, t.Location())
	case 'M':
		return time.Date(y, m, 1, 0, 0, 0, 0, t.Location())
	default:
		return time.Date(y, 1, 1, 0, 0, 0, 0, t.Location())
	}
}
