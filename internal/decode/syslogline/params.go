package syslogline

// EachParam calls f for every parameter of RFC 5424 structured data (section 6.3), until f returns false. value is
// unescaped: it is part of data where nothing was escaped, else part of scratch, which is used from its start for every
// value and returned, perhaps larger. id, name and value are valid only during the call.
func EachParam(data, scratch []byte, f func(id, name, value []byte) bool) []byte {
	for len(data) > 0 && data[0] == '[' {
		more := true
		n := element(data, func(id, name, raw []byte, escaped bool) bool {
			if escaped {
				scratch = unescape(scratch[:0], raw)
				raw = scratch
			}
			more = f(id, name, raw)
			return more
		})
		if n == 0 || !more {
			break
		}
		data = data[n:]
	}
	return scratch
}

// element walks one "[id name="value" ...]" and returns its length, 0 when it is malformed. f may be nil.
func element(b []byte, f func(id, name, raw []byte, escaped bool) bool) int {
	i := 1
	id := name(b[i:])
	if len(id) == 0 {
		return 0
	}
	i += len(id)
	for i < len(b) {
		switch b[i] {
		case ']':
			return i + 1
		case ' ':
			i++
			continue
		}
		if b[i-1] != ' ' {
			return 0
		}
		key := name(b[i:])
		i += len(key)
		if len(key) == 0 || i+1 >= len(b) || b[i] != '=' || b[i+1] != '"' {
			return 0
		}
		i += 2
		start, escaped := i, false
		for i < len(b) && b[i] != '"' {
			if b[i] == '\\' && i+1 < len(b) && escapable(b[i+1]) {
				escaped = true
				i++
			}
			i++
		}
		if i >= len(b) {
			return 0
		}
		if f != nil && !f(id, key, b[start:i], escaped) {
			f = nil
		}
		i++
	}
	return 0
}

// name is the SD-NAME at the start of b: printable ASCII except '=', space, ']' and '"'.
func name(b []byte) []byte {
	i := 0
	for i < len(b) && b[i] > ' ' && b[i] < 0x7F && b[i] != '=' && b[i] != ']' && b[i] != '"' {
		i++
	}
	return b[:i]
}

func escapable(c byte) bool { return c == '"' || c == '\\' || c == ']' }

func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) && escapable(raw[i+1]) {
			i++
		}
		dst = append(dst, raw[i])
	}
	return dst
}
