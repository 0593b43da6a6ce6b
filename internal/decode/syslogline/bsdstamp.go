package syslogline

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// bsdStamp reads "Jan  2 15:04:05", also with a fraction, with a year before or after the clock, with a leading '*' or
// '.' (Cisco: clock not set, not synchronised) and with "UTC" or an offset behind. It returns the length, 0 when there
// is none.
func bsdStamp(b []byte) (s Stamp, n int) {
	i := 0
	if len(b) > 0 && (b[0] == '*' || b[0] == '.') {
		i = 1
	}
	if s.month = month(b[i:]); s.month == 0 {
		return s, 0
	}
	i += 3
	if i = spaces(b, i); i == 0 {
		return s, 0
	}
	d := digits(b[i:])
	if d == 0 || d > 2 || i+d >= len(b) {
		return s, 0
	}
	s.day = uint8(number(b[i : i+d]))
	if i = spaces(b, i+d); i == 0 || !s.validDay() {
		return s, 0
	}
	if y := digits(b[i:]); y == 4 {
		s.setYear(b[i:])
		if i = spaces(b, i+4); i == 0 {
			return s, 0
		}
	}
	if !s.clock(b[i:]) {
		return s, 0
	}
	i += 8
	i += s.fraction(b[i:])
	if i < len(b) && b[i] == ' ' && !s.HasYear && yearWord(b[i+1:]) {
		s.setYear(b[i+1:])
		i += 5
	}
	i += s.zoneWord(b[i:])
	s.Text = b[:i]
	return s, i
}

// yearWord says whether b starts with a year that stands for itself: "2021 " and "2021: ", but not the IPv6 address
// "2001:db8::1".
func yearWord(b []byte) bool {
	if len(b) < 5 || digits(b[:5]) != 4 {
		return false
	}
	return b[4] == ' ' || b[4] == ':' && (len(b) == 5 || b[5] == ' ')
}

// zoneWord reads the zone behind the clock: an offset right behind, or " UTC", " GMT" in front of a colon or space.
func (s *Stamp) zoneWord(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if b[0] != ' ' {
		n, ok := s.zone(b)
		if !ok || n < len(b) && b[n] != ' ' && b[n] != ':' {
			s.HasZone, s.offset = false, 0
			return 0
		}
		return n
	}
	if len(b) >= 5 && (string(b[1:4]) == "UTC" || string(b[1:4]) == "GMT") && (b[4] == ':' || b[4] == ' ') {
		s.HasZone = true
		return 4
	}
	return 0
}

func (s *Stamp) setYear(b []byte) {
	s.year, s.HasYear = int32(number(b[:4])), true
}

// month returns 1 to 12 for an English month of three letters and a space, else 0.
func month(b []byte) uint8 {
	if len(b) < 4 || b[3] != ' ' {
		return 0
	}
	for m := 0; m < len(months); m += 3 {
		if b[0] == months[m] && b[1] == months[m+1] && b[2] == months[m+2] {
			return uint8(m/3 + 1)
		}
	}
	return 0
}

// spaces skips at least one space at i and returns the position behind, 0 when there is none or nothing follows.
func spaces(b []byte, i int) int {
	start := i
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i == start || i == len(b) {
		return 0
	}
	return i
}

func number(b []byte) int {
	v := 0
	for _, c := range b {
		v = v*10 + int(c-'0')
	}
	return v
}
