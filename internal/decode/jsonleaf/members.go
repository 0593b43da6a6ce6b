package jsonleaf

// Member is one member of an object.
type Member struct {
	Key     []byte // text between the key's quotes, escapes and all
	Text    []byte // a string's text between its quotes; any other value as it stands
	Kind    Kind
	Escaped bool // Text is a string with escapes: see Unescape
	// KeyEscaped is the same for Key.
	KeyEscaped bool
}

// Members reads the members of one object in order, without going into nested values. Use it where records are flat.
//
//	ms := jsonleaf.Members{Doc: doc}
//	for ms.Next(&m) { … }
//	if ms.Err() != nil { … }
type Members struct {
	Doc []byte
	// Pos is where reading goes on. After the end it is the position behind the closing brace.
	Pos int
	// MaxDepth is how deep the value of a member may be nested; 0: DefaultDepth.
	MaxDepth int

	started bool
	done    bool
	cause   string
}

// NextIs reads the next member into m if its key is the expected one, and leaves everything as it is if not. prefix is
// the key as a document writes it, with quotes and colon: `"message_id":`. Records with a fixed order of keys are read
// faster so. It does not set m.Key.
func (ms *Members) NextIs(prefix string, m *Member) bool {
	b, i := ms.Doc, ms.Pos
	want := byte(',')
	if !ms.started {
		want = '{'
	}
	if ms.done || ms.cause != "" || i >= len(b) || b[i] != want {
		return false
	}
	i++
	if i < len(b) && b[i] == ' ' {
		i++
	}
	if len(b)-i < len(prefix) || string(b[i:i+len(prefix)]) != prefix {
		return false
	}
	ms.started = true
	i += len(prefix)
	if i < len(b) && b[i] <= ' ' {
		i = skipSpace(b, i)
	}
	return ms.value(m, i)
}

// Next reads the next member into m. It returns false at the end of the object and at an error.
func (ms *Members) Next(m *Member) bool {
	b, i := ms.Doc, ms.Pos
	if ms.done || ms.cause != "" {
		return false
	}
	if !ms.started {
		ms.started = true
		i = skipSpace(b, i)
		if i >= len(b) || b[i] != '{' {
			return ms.fail(i, "no object")
		}
		i = skipSpace(b, i+1)
		if i < len(b) && b[i] == '}' {
			ms.done, ms.Pos = true, i+1
			return false
		}
	} else {
		i = skipSpace(b, i)
		if i >= len(b) {
			return ms.fail(i, "object is not closed")
		}
		if b[i] == '}' {
			ms.done, ms.Pos = true, i+1
			return false
		}
		if b[i] != ',' {
			return ms.fail(i, "expected , or }")
		}
		i = skipSpace(b, i+1)
	}
	if i >= len(b) || b[i] != '"' {
		return ms.fail(i, "expected a key")
	}
	end, escaped := stringEnd(b, i+1)
	if end < 0 {
		return ms.fail(i, "string is not closed")
	}
	m.Key, m.KeyEscaped = b[i+1:end], escaped
	i = skipSpace(b, end+1)
	if i >= len(b) || b[i] != ':' {
		return ms.fail(i, "expected :")
	}
	return ms.value(m, skipSpace(b, i+1))
}

func (ms *Members) value(m *Member, i int) bool {
	b := ms.Doc
	if i >= len(b) {
		return ms.fail(i, "expected a value")
	}
	m.Escaped = false
	switch b[i] {
	case '"':
		if i+1 < len(b) && b[i+1] == '"' {
			m.Kind, m.Text = String, b[i+1:i+1]
			ms.Pos = i + 2
			return true
		}
		end, escaped := stringEnd(b, i+1)
		if end < 0 {
			return ms.fail(i, "string is not closed")
		}
		m.Kind, m.Text, m.Escaped = String, b[i+1:end], escaped
		ms.Pos = end + 1
	case '{', '[':
		m.Kind = Array
		if b[i] == '{' {
			m.Kind = Object
		}
		end, at, cause := skipNested(b, i, ms.MaxDepth)
		if cause != "" {
			return ms.fail(at, cause)
		}
		m.Text = b[i:end]
		ms.Pos = end
	default:
		end, kind := scalarEnd(b, i)
		if end < 0 {
			return ms.fail(i, "expected a value")
		}
		m.Kind, m.Text = kind, b[i:end]
		ms.Pos = end
	}
	return true
}

// skipNested finds the end of the array or object at i, which is nested no deeper than depth.
func skipNested(b []byte, i, depth int) (end, at int, cause string) {
	if i+1 < len(b) && b[i+1] == b[i]+2 { // "[]" and "{}": the closing bracket is two code points on
		return i + 2, 0, ""
	}
	if depth <= 0 {
		depth = DefaultDepth
	}
	w := Walker{doc: b, depth: depth, left: len(b)}
	end, err := w.value(i, 0)
	if err != nil {
		return 0, err.Offset, err.Cause
	}
	return end, 0, ""
}

func (ms *Members) fail(at int, cause string) bool {
	ms.Pos, ms.cause = at, cause
	return false
}

// Closed says that the closing brace was read.
func (ms *Members) Closed() bool { return ms.done }

// Err is why Next returned false, nil at the end of the object. What follows the object is not looked at: see Pos.
func (ms *Members) Err() error {
	if ms.cause == "" {
		return nil
	}
	return &Error{ms.Pos, ms.cause}
}
