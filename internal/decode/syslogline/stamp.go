package syslogline

import "time"

// Stamp is a time stamp as it was written. The zero value is no stamp.
type Stamp struct {
	Text    []byte // the stamp as written
	HasYear bool
	HasZone bool
	year    int32
	offset  int32 // seconds east of UTC
	nanos   int32
	month   uint8
	day     uint8
	hour    uint8
	minute  uint8
	second  uint8
}

// Given says whether there is a stamp.
func (s *Stamp) Given() bool { return len(s.Text) > 0 }

// Offset is how many minutes the stamp's zone is east of UTC, 0 without one.
func (s *Stamp) Offset() int { return int(s.offset / 60) }

// Time resolves the stamp. zone stands in for a missing zone. A missing year becomes the latest one that puts the time
// not more than a day after received: a line of 31 December that arrives on 1 January belongs to the old year. ok is
// false when there is no stamp.
func (s *Stamp) Time(received time.Time, zone *time.Location) (t time.Time, ok bool) {
	if !s.Given() {
		return time.Time{}, false
	}
	if s.HasYear {
		return s.in(int(s.year), zone), true
	}
	limit := received.Add(24 * time.Hour)
	year := limit.In(zone).Year()
	t = s.in(year, zone)
	if t.After(limit) {
		t = s.in(year-1, zone)
	}
	if s.month == 2 && s.day == 29 && t.Day() != 29 {
		// The leap day exists only every fourth year.
		for range 8 {
			year--
			if t = s.in(year, zone); t.Day() == 29 && !t.After(limit) {
				break
			}
		}
	}
	return t, true
}

func (s *Stamp) in(year int, zone *time.Location) time.Time {
	if s.HasZone || zone == time.UTC {
		t := time.Date(year, time.Month(s.month), int(s.day), int(s.hour), int(s.minute), int(s.second), int(s.nanos), time.UTC)
		return t.Add(-time.Duration(s.offset) * time.Second)
	}
	return time.Date(year, time.Month(s.month), int(s.day), int(s.hour), int(s.minute), int(s.second), int(s.nanos), zone)
}

// isoStamp reads an RFC 3339 time stamp, with "T" between day and time, a fraction of any length and an optional zone,
// and returns its length; 0 when there is none. It ends at a space, a colon or the end of b.
func isoStamp(b []byte) (s Stamp, n int) {
	if len(b) < 19 || b[10] != 'T' && b[10] != 't' {
		return s, 0
	}
	return dateTime(b)
}

// isoSpaceStamp reads the same with a space between day and time.
func isoSpaceStamp(b []byte) (s Stamp, n int) {
	if len(b) < 19 || b[10] != ' ' {
		return s, 0
	}
	return dateTime(b)
}

// ParseLocal reads "2006-01-02 15:04:05", as devices write it into message bodies; a fraction and a zone may follow. It
// must fill b.
func ParseLocal(b []byte) (Stamp, bool) {
	s, n := isoSpaceStamp(b)
	return s, n > 0 && n == len(b)
}

func dateTime(b []byte) (s Stamp, n int) {
	if b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return s, 0
	}
	y1, ok1 := two(b[0:])
	y2, ok2 := two(b[2:])
	mo, ok3 := two(b[5:])
	d, ok4 := two(b[8:])
	if !(ok1 && ok2 && ok3 && ok4) || !s.clock(b[11:]) {
		return s, 0
	}
	s.year, s.month, s.day, s.HasYear = int32(y1)*100+int32(y2), mo, d, true
	if !s.validDay() {
		return s, 0
	}
	i := 19 + s.fraction(b[19:])
	z, ok := s.zone(b[i:])
	if !ok {
		return s, 0
	}
	i += z
	if i < len(b) && b[i] != ' ' && b[i] != ':' {
		return s, 0
	}
	s.Text = b[:i]
	return s, i
}

// clock reads "15:04:05".
func (s *Stamp) clock(b []byte) bool {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return false
	}
	h, ok1 := two(b)
	m, ok2 := two(b[3:])
	sec, ok3 := two(b[6:])
	s.hour, s.minute, s.second = h, m, sec
	return ok1 && ok2 && ok3 && h < 24 && m < 60 && sec <= 60
}

// fraction reads ".123456789", "," as separator included, and returns its length.
func (s *Stamp) fraction(b []byte) int {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' || !isDigit(b[1]) {
		return 0
	}
	i, scale := 1, int32(100_000_000)
	for ; i < len(b) && isDigit(b[i]); i++ {
		s.nanos += int32(b[i]-'0') * scale
		scale /= 10
	}
	return i
}

// zone reads "Z", "+09:00", "+0900" or "+09". No zone is fine too.
func (s *Stamp) zone(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0] == 'Z' || b[0] == 'z' {
		s.HasZone = true
		return 1, true
	}
	if b[0] != '+' && b[0] != '-' {
		return 0, true
	}
	if len(b) < 3 {
		return 0, false
	}
	h, ok1 := two(b[1:])
	n = 3
	if n < len(b) && b[n] == ':' {
		n++
	}
	m, ok2 := uint8(0), true
	if n+1 < len(b) && isDigit(b[n]) {
		m, ok2 = two(b[n:])
		n += 2
	}
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	s.HasZone = true
	s.offset = int32(h)*3600 + int32(m)*60
	if b[0] == '-' {
		s.offset = -s.offset
	}
	return n, true
}

func (s *Stamp) validDay() bool {
	return s.month >= 1 && s.month <= 12 && s.day >= 1 && s.day <= daysIn(s.month)
}

func daysIn(month uint8) uint8 {
	switch month {
	case 2:
		return 29
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// two reads two digits.
func two(b []byte) (uint8, bool) {
	if len(b) < 2 {
		return 0, false
	}
	hi, lo := b[0]-'0', b[1]-'0'
	return hi*10 + lo, hi <= 9 && lo <= 9
}
