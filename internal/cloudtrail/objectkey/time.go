package objectkey

import "time"

// parseDay reads "/YYYY/MM/DD".
func parseDay(s string) (time.Time, bool) {
	if s[0] != '/' || s[5] != '/' || s[8] != '/' || !digits(s[1:5]) || !digits(s[6:8]) || !digits(s[9:]) {
		return time.Time{}, false
	}
	return date(number(s[1:5]), number(s[6:8]), number(s[9:]), 0, 0, 0)
}

// parseTime reads YYYYMMDDTHHMMZ or, with seconds, YYYYMMDDTHHMMSSZ.
func parseTime(s string, seconds bool) (time.Time, bool) {
	length := len("20060102T1504Z")
	if seconds {
		length += 2
	}
	if len(s) != length || s[8] != 'T' || s[length-1] != 'Z' || !digits(s[:8]) || !digits(s[9:length-1]) {
		return time.Time{}, false
	}
	second := 0
	if seconds {
		second = number(s[13:15])
	}
	return date(number(s[:4]), number(s[4:6]), number(s[6:8]), number(s[9:11]), number(s[11:13]), second)
}

// date refuses what time.Date would silently move: the 30th of February, 24 o'clock.
func date(year, month, day, hour, minute, second int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	ok := t.Month() == time.Month(month) && t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	return t, ok
}

// number is the value of a few digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
