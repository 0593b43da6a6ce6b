package ivanti

import (
	"net/netip"
	"strings"
)

// cursor reads a message text from left to right. Literals of one blank stand for any number of blanks in the text,
// because the firmware prints two here and there. After the first miss ok is false and nothing more is read.
type cursor struct {
	s  string
	ok bool
}

func read(s string) cursor { return cursor{s, true} }

// lit skips a literal.
func (c *cursor) lit(want string) {
	if c.ok {
		c.ok = c.try(want)
	}
}

// try skips a literal if it is there.
func (c *cursor) try(want string) bool {
	if !c.ok {
		return false
	}
	if rest, ok := strings.CutPrefix(c.s, want); ok {
		if want[len(want)-1] == ' ' {
			rest = blanks(rest)
		}
		c.s = rest
		return true
	}
	// The slow way allows several blanks where want has one.
	rest := c.s
	for i := range len(want) {
		if rest == "" || rest[0] != want[i] {
			return false
		}
		rest = rest[1:]
		if want[i] == ' ' {
			rest = blanks(rest)
		}
	}
	c.s = rest
	return true
}

func blanks(s string) string {
	for s != "" && s[0] == ' ' {
		s = s[1:]
	}
	return s
}

// until reads up to a separator and skips it. The separator is taken literally.
func (c *cursor) until(sep string) string {
	if !c.ok {
		return ""
	}
	at := strings.Index(c.s, sep)
	if at < 0 {
		c.ok = false
		return ""
	}
	v := c.s[:at]
	c.s = c.s[at+len(sep):]
	return v
}

// word reads up to the next blank or the end.
func (c *cursor) word() string {
	if !c.ok {
		return ""
	}
	at := strings.IndexByte(c.s, ' ')
	if at < 0 {
		at = len(c.s)
	}
	v := c.s[:at]
	c.s = c.s[at:]
	c.ok = v != ""
	return v
}

// number reads decimal digits.
func (c *cursor) number() string {
	if !c.ok {
		return ""
	}
	i := 0
	for i < len(c.s) && c.s[i]-'0' <= 9 {
		i++
	}
	v := c.s[:i]
	c.s = c.s[i:]
	c.ok = i > 0
	return v
}

// boxed reads a number in brackets or without.
func (c *cursor) boxed() string {
	if !c.ok || c.s == "" || c.s[0] != '[' {
		return c.number()
	}
	c.s = c.s[1:]
	v := c.number()
	c.lit("]")
	return v
}

// ip reads an IPv4 or IPv6 address. A dot or colon behind it is not part of it.
func (c *cursor) ip() string {
	if !c.ok {
		return ""
	}
	v := addressAt(c.s)
	c.s = c.s[len(v):]
	c.ok = v != ""
	return v
}

// addressAt is the address at the start of s, "" when there is none.
func addressAt(s string) string {
	i := 0
	for i < len(s) && i < 45 && (s[i]-'0' <= 9 || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'f' || s[i] == '.' || s[i] == ':') {
		i++
	}
	for i > 2 && (s[i-1] == '.' || s[i-1] == ':' && s[i-2] != ':') {
		i--
	}
	if i < 2 || !isIP(s[:i]) {
		return ""
	}
	return s[:i]
}

// isIP says whether s is an address. It is quick for IPv4 and for what is no address at all.
func isIP(s string) bool {
	if len(s) < 2 || len(s) > 45 {
		return false
	}
	parts, v, n := 1, 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c-'0' <= 9:
			v = v*10 + int(c-'0')
			if n++; n > 3 || v > 255 {
				return isIPv6(s)
			}
		case c == '.' && n > 0:
			parts++
			v, n = 0, 0
		default:
			return isIPv6(s)
		}
	}
	return parts == 4 && n > 0
}

func isIPv6(s string) bool {
	if strings.IndexByte(s, ':') < 0 || strings.IndexByte(s, '%') >= 0 {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

// fromIP splits "WHO from [IP ]A AFTER" at the first " from " that an address follows.
func fromIP(s string) (who, addr, after string, ok bool) {
	for at := 0; ; {
		i := strings.Index(s[at:], " from ")
		if i < 0 {
			return "", "", "", false
		}
		i += at
		rest := blanks(s[i+len(" from "):])
		rest = strings.TrimPrefix(rest, "IP ")
		if a := addressAt(rest); a != "" {
			return s[:i], a, rest[len(a):], true
		}
		at = i + 1
	}
}

// sentence is s up to its first full stop that a blank or the end follows; rest is what stands behind.
func sentence(s string) (first, rest string) {
	for i := range len(s) {
		if s[i] == '.' && (i+1 == len(s) || s[i+1] == ' ') {
			return s[:i], blanks(s[i+1:])
		}
	}
	return s, ""
}

// beforeDot is s up to its first full stop.
func beforeDot(s string) string {
	v, _, _ := strings.Cut(s, ".")
	return v
}
