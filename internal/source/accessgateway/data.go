package accessgateway

import "strings"

// linearKeys is how many keys are compared one by one when duplicates are looked for; a map takes over behind it, so
// that a hostile line of many keys costs no more than its length.
const linearKeys = 32

// scanner reads structured data. Quotes inside values are not escaped by the gateway, and user agents and resources are
// chosen by clients, so what ends a value is decided by what follows the quote.
type scanner struct {
	line  *Line
	s     string // from the opening bracket to the end of the line
	last  int    // last quote that closes a value; -1 before it was looked for
	index map[string]struct{}
}

// structuredData reads the data at the start of s and the message behind it.
func (l *Line) structuredData(s string) {
	d := scanner{line: l, s: s, last: -1}
	i := skipBlanks(s, 1)
	if i > 1 {
		l.note("sd_padding", "")
	}
	for i < len(s) && s[i] != ']' {
		i = d.element(i)
		next := skipBlanks(s, i)
		if next > i && next < len(s) && s[next] == ']' && !l.noted("sd_padding") {
			l.note("sd_padding", "")
		}
		i = next
	}
	if i >= len(s) {
		if !l.noted("truncated") {
			l.note("truncated", "")
		}
		return
	}
	rest := s[i+1:]
	l.Message = trim(rest)
	switch {
	case l.Message == "":
		l.missing("message")
	case blank(rest, 0) == 0:
		l.note("message_glued", "structured_data")
	}
}

// element reads one pair or one run of bare words and returns the position behind it.
func (d *scanner) element(i int) int {
	n := keyLength(d.s[i:])
	if n == 0 {
		return d.bare(i)
	}
	key := d.s[i : i+n-1]
	i += n
	switch {
	case i >= len(d.s):
		d.add(key, "")
		d.line.note("truncated", key)
		return i
	case d.s[i] == '"':
		return d.quoted(key, i+1)
	}
	return d.unquoted(key, i)
}

// keyLength returns the length of KEY= at the start of s, 0 when there is none. Keys of REST events have a blank inside:
// NEW NAME.
func keyLength(s string) int {
	if s == "" || !letter(s[0]) && s[0] != '_' {
		return 0
	}
	i, capitals := 1, upper(s[0])
	for i < len(s) && keyByte(s[i]) {
		capitals = capitals && upper(s[i])
		i++
	}
	if i < len(s) && s[i] == '=' {
		return i + 1
	}
	if !capitals || i+1 >= len(s) || s[i] != ' ' {
		return 0
	}
	j := i + 1
	for j < len(s) && upper(s[j]) {
		j++
	}
	if j > i+1 && j+1 < len(s) && s[j] == '=' && s[j+1] == '"' {
		return j + 1
	}
	return 0
}

// quoted reads a value behind its opening quote.
func (d *scanner) quoted(key string, start int) int {
	inner := false
	for i := start; ; i++ {
		n := strings.IndexByte(d.s[i:], '"')
		if n < 0 {
			d.value(key, d.s[start:], inner)
			d.line.note("truncated", key)
			return len(d.s)
		}
		i += n
		if escaped(d.s[start:i]) {
			continue
		}
		if d.closes(i) || d.closesBeforeBare(i) {
			d.value(key, d.s[start:i], inner)
			return i + 1
		}
		if i+1 < len(d.s) && d.s[i+1] == '"' && d.closes(i+1) {
			d.value(key, d.s[start:i], inner)
			d.line.note("sd_doubled_quote", key)
			return i + 2
		}
		inner = true
	}
}

// escaped says whether an odd number of backslashes ends s.
func escaped(s string) bool {
	n := 0
	for n < len(s) && s[len(s)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// closes says whether the quote at i ends a value: end of line, bracket or another key follows.
func (d *scanner) closes(i int) bool {
	j := i + 1
	if j == len(d.s) || d.s[j] == ']' {
		return true
	}
	k := skipBlanks(d.s, j)
	if k == j {
		return false
	}
	return k == len(d.s) || d.s[k] == ']' || keyLength(d.s[k:]) > 0 || cutKey(d.s[k:])
}

// cutKey says whether s is the head of a key, with which a truncated line may end.
func cutKey(s string) bool {
	i := 0
	for i < len(s) && (upper(s[i]) || s[i] == '_') {
		i++
	}
	return i > 0 && i == len(s)
}

// closesBeforeBare says whether the quote at i ends the last value of data that goes on with words without a key.
func (d *scanner) closesBeforeBare(i int) bool {
	if blank(d.s, i+1) == 0 || i < d.lastClosing() {
		return false
	}
	end := strings.IndexAny(d.s[i+1:], "]\"")
	return end > 0 && d.s[i+1+end] == ']'
}

func (d *scanner) lastClosing() int {
	if d.last < 0 {
		d.last = 0
		for i := strings.LastIndexByte(d.s, '"'); i > 0; i = strings.LastIndexByte(d.s[:i], '"') {
			if d.closes(i) {
				d.last = i
				break
			}
		}
	}
	return d.last
}

// unquoted reads a value whose opening quote is missing: it ends at a quote in front of a blank or bracket, in front of
// another KEY=", or at the bracket.
func (d *scanner) unquoted(key string, start int) int {
	s := d.s
	for i := start; i < len(s); i++ {
		c := s[i]
		if solid(c) && c != '"' && c != ']' {
			continue
		}
		switch {
		case c == '"' && (i+1 == len(s) || s[i+1] == ']' || blank(s, i+1) > 0):
			d.value(key, s[start:i], false)
			d.line.note("sd_missing_open_quote", key)
			return i + 1
		case c == ']':
			d.value(key, s[start:i], false)
			d.line.note("sd_unquoted_value", key)
			return i
		case blank(s, i) > 0:
			k := i + blank(s, i)
			if n := keyLength(s[k:]); n > 0 && k+n < len(s) && s[k+n] == '"' {
				d.value(key, s[start:i], false)
				d.line.note("sd_unquoted_value", key)
				return i
			}
		}
	}
	d.value(key, s[start:], false)
	d.line.note("truncated", key)
	return len(s)
}

// value keeps the value of key and notes what is odd about it.
func (d *scanner) value(key, v string, inner bool) {
	l := d.line
	if inner {
		l.note("sd_inner_quote", key)
	}
	if strings.IndexByte(v, ']') >= 0 || strings.IndexByte(v, '[') >= 0 {
		l.note("sd_bracket_in_value", key)
	}
	if v != trimRight(v) {
		l.note("sd_value_trailing_space", key)
	}
	if strings.IndexByte(v, '\\') >= 0 {
		v = unescape(v)
	}
	d.add(key, v)
}

// unescape removes the backslash in front of a quote, a backslash and a closing bracket.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\' || s[i+1] == ']') {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// add keeps a pair; of several with one key the first counts, because clients choose what stands at the end.
func (d *scanner) add(key, v string) {
	l := d.line
	if d.has(key) {
		l.Duplicates = append(l.Duplicates, Pair{key, v})
		l.note("sd_duplicate_key", key)
		return
	}
	l.Data = append(l.Data, Pair{key, v})
}

func (d *scanner) has(key string) bool {
	l := d.line
	if len(l.Data) < linearKeys {
		for i := range l.Data {
			if l.Data[i].Key == key {
				return true
			}
		}
		return false
	}
	if d.index == nil {
		d.index = make(map[string]struct{}, 2*linearKeys)
		for i := range l.Data {
			d.index[l.Data[i].Key] = struct{}{}
		}
	}
	_, ok := d.index[key]
	d.index[key] = struct{}{}
	return ok
}

// bare reads words without a key. A blank inside angle brackets does not part them.
func (d *scanner) bare(i int) int {
	s, l := d.s, d.line
	start, depth := i, 0
	for ; i < len(s) && s[i] != ']'; i++ {
		if n := blank(s, i); n > 0 && (depth == 0 || keyLength(s[i+n:]) > 0) {
			break
		}
		switch s[i] {
		case '<':
			depth = 1
		case '>':
			depth = 0
		}
	}
	if i == len(s) {
		return i // the head of a key that was cut off
	}
	if len(l.Bare) == 0 {
		l.note("sd_bare_token", "")
	}
	l.Bare = append(l.Bare, s[start:i])
	return i
}

// dataBracket says whether the bracket that starts s opens structured data: it is empty or a key stands in it.
func dataBracket(s string) bool {
	i := skipBlanks(s, 1)
	return i == len(s) || s[i] == ']' || keyLength(s[i:]) > 0
}
