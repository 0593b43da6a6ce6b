package file

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// values splits JSON that spans lines: the elements of one array, or values one after another, and the elements of
// "Records" in CloudTrail's log files and of "records" in messages of Microsoft's streaming API. A record is one value, its line breaks replaced by blanks (in JSON they stand only between tokens). Where the text is not such JSON, the rest is read
// as lines, so that nothing is lost.
type values struct {
	w      *window
	array  bool // an array is open
	logs   bool // {"Records":[…]} stands for its elements
	log    bool // one of these is open
	rest   *lines
	broken error // why the rest is read as lines; returned at the end
}

// splitterFor chooses by the first bytes.
func splitterFor(head []byte, r io.Reader) splitter {
	w := newWindow(r)
	text := bytes.TrimLeft(head, " \t\r\n")
	inner := bytes.TrimLeft(bytes.TrimPrefix(text, []byte{'['}), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte{'['}) && (bytes.HasPrefix(inner, []byte{'{'}) || bytes.Equal(bytes.TrimSpace(inner), []byte{']'})):
		return &values{w: w}
	case recordsHead(text) > 0:
		return &values{w: w, logs: true}
	case bytes.HasPrefix(text, []byte("{\n")), bytes.HasPrefix(text, []byte("{\r\n")):
		return &values{w: w}
	}
	return &lines{w: w}
}

// recordsHead is the length of what stands before the first record of a CloudTrail log file, or of a message of Microsoft's
// streaming API; 0 when b does not begin so. A list that is null has no records: the head ends before the closing brace.
func recordsHead(b []byte) int {
	if n := head(b, "{", `"Records"`, ":", "null"); n > 0 && bytes.HasPrefix(bytes.TrimLeft(b[n:], " \t\r\n"), []byte{'}'}) {
		return n
	}
	for _, name := range []string{`"Records"`, `"records"`} {
		if n := head(b, "{", name, ":", "["); n > 0 && (name == `"Records"` || bytes.Contains(b, []byte(`"AdvancedHunting-`))) {
			return n
		}
	}
	return trailHead(b[:min(len(b), headBytes)])
}

// trailHead is the length of the head of a log file that has other members before "Records". Lists of that name are common: the
// first element must begin as CloudTrail's do.
func trailHead(b []byte) int {
	in := json.NewDecoder(bytes.NewReader(b))
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return 0
	}
	for {
		token, err := in.Token()
		name, member := token.(string)
		if err != nil || !member {
			return 0
		}
		if name == "Records" {
			break
		}
		var passed json.RawMessage
		if err := in.Decode(&passed); err != nil {
			return 0
		}
	}
	if list, err := in.Token(); err != nil || list != json.Delim('[') {
		return 0
	}
	n := int(in.InputOffset())
	first, object := bytes.CutPrefix(bytes.TrimLeft(b[n:], " \t\r\n"), []byte{'{'})
	if !object || !bytes.HasPrefix(bytes.TrimLeft(first, " \t\r\n"), []byte(`"eventVersion"`)) {
		return 0
	}
	return n
}

// head is the length of these tokens at the beginning of b; 0 when it begins with others.
func head(b []byte, tokens ...string) int {
	rest := b
	for _, token := range tokens {
		var ok bool
		if rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(token)); !ok {
			return 0
		}
	}
	return len(b) - len(rest)
}

func (v *values) next() ([]byte, bool, error) {
	if v.rest == nil {
		rec, cut, err := v.value()
		if rec != nil || err != nil {
			return rec, cut, err
		}
		v.rest = &lines{w: v.w}
	}
	rec, cut, err := v.rest.next()
	if err == io.EOF {
		err = v.broken
	}
	return rec, cut, err
}

// value returns nothing when the rest must be read as lines.
func (v *values) value() ([]byte, bool, error) {
	c, ok := v.gap()
	switch {
	case !ok && v.w.damage() != nil:
		return nil, false, v.w.damage()
	case !ok && v.array:
		return nil, false, fmt.Errorf("JSON ends at byte %d in an array that is not closed", v.w.consumed)
	case !ok:
		return nil, false, io.EOF
	case c != '{' && c != '[' && c != '"' && c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' && c != 'n':
		v.broken = fmt.Errorf("JSON has %q at byte %d where a value should begin; what follows was read as lines", c, v.w.consumed)
		return nil, false, nil
	}
	n, whole := v.scan()
	rec := v.w.data()[:n]
	cut := !whole || n > MaxRecord
	rec = rec[:min(n, MaxRecord)]
	for i, c := range rec {
		if c == '\n' || c == '\r' || c == 0 {
			rec[i] = ' '
		}
	}
	v.w.drop(n)
	if n > MaxRecord && !whole {
		v.broken = fmt.Errorf("JSON has a value longer than %d bytes at byte %d; what follows was read as lines", MaxRecord, v.w.consumed-int64(n))
		v.rest = &lines{w: v.w, skip: true}
	}
	return bytes.TrimSpace(rec), cut, nil
}

// gap passes over what stands between values and returns the first byte of the next one.
func (v *values) gap() (byte, bool) {
again:
	for {
		for _, c := range v.w.data() {
			switch {
			case c == ' ', c == '\t', c == '\r', c == '\n', c == ',' && v.array:
			case c == '[' && !v.array:
				v.array = true
			case c == ']' && v.array:
				v.array = false
			case c == '}' && v.log && !v.array:
				v.log = false
			case c == ',' && v.log && !v.array:
				v.passMember()
				continue again
			case c == '{' && v.logs && !v.array && v.openLog():
				continue again
			default:
				return c, true
			}
			v.w.drop(1)
		}
		if !v.w.fill() {
			return 0, false
		}
	}
}

// openLog passes over the head of a log file, if that begins the window.
func (v *values) openLog() bool {
	for len(v.w.data()) < headBytes && v.w.fill() {
	}
	n := recordsHead(v.w.data())
	if n > 0 {
		v.log, v.array = true, v.w.data()[n-1] == '['
	}
	v.w.drop(n)
	return n > 0
}

// passMember passes over a member of a log file that follows its list: what is not one is left where it is.
func (v *values) passMember() {
	for _, first := range []string{",", `"`, ":", ""} {
		if !bytes.HasPrefix(v.text(), []byte(first)) {
			return
		}
		n := 1
		if first == `"` || first == "" {
			n, _ = v.scan()
		}
		v.w.drop(n)
	}
}

// text passes over blanks.
func (v *values) text() []byte {
	for {
		data := v.w.data()
		text := bytes.TrimLeft(data, " \t\r\n")
		v.w.drop(len(data) - len(text))
		if len(text) > 0 || !v.w.fill() {
			return text
		}
	}
}

// scan finds the end of the value that begins the window: how many bytes it has, and whether it is whole.
func (v *values) scan() (n int, whole bool) {
	depth, quoted, escaped := 0, false, false
	for i := 0; ; i++ {
		if i == len(v.w.data()) && (i > MaxRecord || !v.w.fill()) {
			return i, depth == 0 && !quoted
		}
		c := v.w.data()[i]
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			if depth == 0 { // the array of a number or word ends
				return i, true
			}
			depth--
			if depth == 0 {
				return i + 1, true
			}
		case depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			return i, true
		}
	}
}
