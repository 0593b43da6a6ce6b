package accessgateway

import (
	"fmt"
	"strings"
	"time"
)

// Stamp is a time stamp as the line has it. The zero Stamp is none.
type Stamp struct {
	Raw      string    // as written
	Valid    bool      // the fields below hold
	Time     time.Time // UTC, microseconds
	Offset   int       // seconds east of UTC
	UTC      bool      // the zone is written as Z, or none is and the source's is UTC
	Fraction string    // digits behind the seconds, with their point

	year, month, day, hour, minute, second int
	noYear, noOffset, extraDigit, cut      bool
	spaced                                 bool // a blank stands between date and time
}

// Text is the time stamp by RFC 3339 with the line's own offset and fraction; "" when it is not valid.
func (s *Stamp) Text() string {
	if !s.Valid {
		return ""
	}
	t := s.Time.Add(time.Duration(s.Offset) * time.Second)
	text := t.Format("2006-01-02T15:04:05") + s.Fraction
	if s.UTC {
		return text + "Z"
	}
	sign, minutes := '+', s.Offset/60
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return text + fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}

// isoStamp reads YYYY-MM-DD, T or a blank, hh:mm:ss, fraction and offset at the start of s and returns the length, 0
// when there is none. A stamp whose numbers make no time is read, but not valid.
func isoStamp(s string) (st Stamp, n int) {
	d := digits(s)
	if d != 4 && d != 5 || len(s) < d+15 {
		return st, 0
	}
	p := s[d:] // -MM-DDThh:mm:ss
	if p[0] != '-' || p[3] != '-' || digits(p[1:3])+digits(p[4:6]) != 4 || !clock(p[7:]) {
		return st, 0
	}
	switch p[6] {
	case 'T', 't':
	case ' ':
		st.spaced = true
	default:
		return st, 0
	}
	st.extraDigit = d == 5
	st.year, st.month, st.day = number(s[d-4:d]), number(p[1:3]), number(p[4:6])
	n = d + 7 + st.setClock(p[7:])
	n += st.offset(s[n:])
	if n < len(s) && blank(s, n) == 0 {
		return Stamp{}, 0
	}
	st.Raw = s[:n]
	if st.extraDigit && (st.year < 1970 || st.year > 2099) {
		st.month = 0
	}
	return st, n
}

// bsdStamp reads "Jan  2 15:04:05" (RFC 3164 section 4.1.2), which has neither year nor zone.
func bsdStamp(s string) (st Stamp, n int) {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(s) < 14 || s[3] != ' ' {
		return st, 0
	}
	m := strings.Index(months, s[:3])
	if m < 0 || m%3 != 0 {
		return st, 0
	}
	i := skipBlanks(s, 3)
	d := digits(s[i:])
	if d == 0 || d > 2 || blank(s, i+d) == 0 {
		return st, 0
	}
	st.month, st.day = m/3+1, number(s[i:i+d])
	i = skipBlanks(s, i+d)
	if !clock(s[i:]) {
		return st, 0
	}
	n = i + st.setClock(s[i:])
	if n < len(s) && blank(s, n) == 0 {
		return Stamp{}, 0
	}
	st.Raw, st.noYear, st.noOffset = s[:n], true, true
	return st, n
}

// slashStamp reads nginx's "2017/10/06 13:01:15".
func slashStamp(s string) (st Stamp, n int) {
	if len(s) < 20 || digits(s[:4])+digits(s[5:7])+digits(s[8:10]) != 8 || s[4] != '/' || s[7] != '/' || s[10] != ' ' ||
		!clock(s[11:]) || s[19] != ' ' {
		return st, 0
	}
	st.year, st.month, st.day = number(s[:4]), number(s[5:7]), number(s[8:10])
	st.setClock(s[11:19])
	st.Raw, st.noOffset = s[:19], true
	return st, 19
}

// clfStamp reads the inside of "[06/Oct/2017:14:09:37 -0500]".
func clfStamp(s string) (st Stamp, ok bool) {
	if len(s) != len("06/Oct/2017:14:09:37 -0500") {
		return st, false
	}
	t, err := time.Parse("02/Jan/2006:15:04:05 -0700", s)
	if err != nil {
		return st, false
	}
	_, st.Offset = t.Zone()
	st.Raw, st.Time, st.Valid = s, t.UTC(), true
	return st, true
}

// clock says whether s starts with hh:mm:ss.
func clock(s string) bool {
	return len(s) >= 8 && s[2] == ':' && s[5] == ':' && digits(s[:2])+digits(s[3:5])+digits(s[6:8]) == 6
}

// setClock takes hh:mm:ss and the fraction behind it and returns their length.
func (s *Stamp) setClock(p string) int {
	s.hour, s.minute, s.second = number(p[:2]), number(p[3:5]), number(p[6:8])
	if len(p) > 9 && (p[8] == '.' || p[8] == ',') {
		if d := digits(p[9:]); d > 0 {
			s.Fraction = p[8 : 9+d]
			return 9 + d
		}
	}
	return 8
}

// offset reads Z, +09:00, +0900, -05 and the cut "-05:" and returns the length.
func (s *Stamp) offset(p string) int {
	if p == "" || p[0] != 'Z' && p[0] != 'z' && p[0] != '+' && p[0] != '-' {
		s.noOffset = true
		return 0
	}
	if p[0]|0x20 == 'z' {
		s.UTC = true
		return 1
	}
	d := digits(p[1:])
	if d != 2 && d != 4 {
		s.noOffset = true
		return 0
	}
	n := 1 + d
	seconds := number(p[1:3]) * 3600
	if d == 4 {
		seconds += number(p[3:5]) * 60
	} else if n < len(p) && p[n] == ':' {
		m := digits(p[n+1:])
		if m == 2 {
			seconds += number(p[n+1:n+3]) * 60
		}
		s.cut = m < 2
		n += 1 + m
	}
	if p[0] == '-' {
		seconds = -seconds
	}
	s.Offset = seconds
	return n
}

// resolve turns the numbers into a time. Without a year it is the latest one that lies at most a day after received.
func (s *Stamp) resolve(received time.Time, zone *time.Location) {
	if s.noYear {
		s.year = received.In(zone).Year() + 1
		for range 9 { // 29 February may be eight years back
			if t := s.at(zone); s.inCalendar() && !t.After(received.Add(24*time.Hour)) {
				break
			}
			s.year--
		}
	}
	if !s.inCalendar() || s.hour > 23 || s.minute > 59 || s.second > 60 || s.Offset < -86399 || s.Offset > 86399 {
		return
	}
	if s.noOffset {
		t := s.at(zone)
		_, s.Offset = t.Zone()
		s.UTC = zone == time.UTC
		s.Time = t.UTC()
	} else {
		s.Time = s.at(time.UTC).Add(-time.Duration(s.Offset) * time.Second)
	}
	s.Valid = true
}

func (s *Stamp) at(zone *time.Location) time.Time {
	micro := 0
	for i, unit := 1, 100_000; i < len(s.Fraction) && unit > 0; i, unit = i+1, unit/10 {
		micro += int(s.Fraction[i]-'0') * unit
	}
	return time.Date(s.year, time.Month(s.month), s.day, s.hour, s.minute, s.second, micro*1000, zone)
}

// inCalendar says whether year, month and day are a date.
func (s *Stamp) inCalendar() bool {
	if s.month < 1 || s.month > 12 || s.day < 1 || s.day > 31 {
		return false
	}
	if s.day < 29 {
		return true
	}
	return time.Date(s.year, time.Month(s.month), s.day, 0, 0, 0, 0, time.UTC).Day() == s.day
}

// damagedStamp returns the length of a first word that is the rest of a time stamp whose head was lost.
func damagedStamp(s string) int {
	n, colons := 0, 0
	for ; n < len(s) && blank(s, n) == 0; n++ {
		switch c := s[n]; {
		case c == ':':
			colons++
		case c-'0' > 9 && c != 'T' && c != 'Z' && c != '.' && c != '+' && c != '-':
			return 0
		}
	}
	if at := strings.IndexByte(s[:n], ':'); at < 1 || s[at-1]-'0' > 9 || colons < 2 || strings.Contains(s[:n], "::") {
		return 0
	}
	return n
}
