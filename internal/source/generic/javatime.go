package generic

import "strings"

// javaLayout turns a time format of java.text.SimpleDateFormat, as LEEF's devTimeFormat is, into one of Go. zoned says
// that it holds an offset from UTC. A fraction of a second needs no letters in Go: it is read wherever it follows the
// seconds behind a dot or a comma.
func javaLayout(format string) (layout string, zoned, ok bool) {
	var out strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		switch part, known := javaPart(c, n); {
		case known:
			out.WriteString(part)
			zoned = zoned || strings.IndexByte("zZX", c) >= 0
		case c == 'S':
			return "", false, false
		case (c == '.' || c == ',') && i+1 < len(format) && format[i+1] == 'S' && strings.HasSuffix(format[:i], "s"):
			for n = 1; i+n < len(format) && format[i+n] == 'S'; n++ {
			}
		case strings.HasPrefix(format[i:], "'T'"):
			out.WriteByte('T')
			n = len("'T'")
		case strings.HasPrefix(format[i:], "'Z'"):
			out.WriteString("Z07:00")
			zoned, n = true, len("'Z'")
		case strings.IndexByte(" -/.:,[]()", c) >= 0:
			out.WriteString(format[i : i+n])
		default:
			return "", false, false
		}
		i += n
	}
	return out.String(), zoned, out.Len() > 0
}

// javaPart is what n letters c stand for.
func javaPart(c byte, n int) (part string, known bool) {
	switch c {
	case 'y', 'u':
		if n == 2 {
			return "06", true
		}
		return "2006", true
	case 'M', 'L':
		return [...]string{"1", "01", "Jan", "January"}[min(n, 4)-1], true
	case 'd':
		return [...]string{"2", "02"}[min(n, 2)-1], true
	case 'H':
		return "15", true
	case 'h':
		return [...]string{"3", "03"}[min(n, 2)-1], true
	case 'm':
		return [...]string{"4", "04"}[min(n, 2)-1], true
	case 's':
		return [...]string{"5", "05"}[min(n, 2)-1], true
	case 'a':
		return "PM", true
	case 'E':
		if n > 3 {
			return "Monday", true
		}
		return "Mon", true
	case 'z':
		return "MST", true
	case 'Z':
		return "-0700", true
	case 'X':
		return [...]string{"Z07", "Z0700", "Z07:00"}[min(n, 3)-1], true
	}
	return "", false
}
