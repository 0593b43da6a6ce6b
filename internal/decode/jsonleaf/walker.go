package jsonleaf

import "strconv"

// DefaultDepth and DefaultLeaves are the limits of a zero Walker.
const (
	DefaultDepth  = 64
	DefaultLeaves = 10_000
)

// Leaf is one scalar of a document. Empty arrays and objects have no leaves.
type Leaf struct {
	// Key is the dotted path: "user.name", "ids.0". It is a part of the document when KeyInDoc is set, else it is valid
	// only during the call.
	Key      []byte
	KeyInDoc bool
	// Value is a string's text, unescaped, or the scalar as it stands. It is a part of the document when InDoc is set,
	// else it is valid only until the next Walk.
	Value []byte
	InDoc bool
	Kind  Kind
}

// Walker walks documents. The zero value is ready; using one again saves its buffers. It is not safe for concurrent use.
type Walker struct {
	// MaxDepth is how deep arrays and objects may be nested; 0: DefaultDepth.
	MaxDepth int
	// MaxLeaves is how many leaves a document may have; 0: DefaultLeaves. Those before the limit are reported.
	MaxLeaves int

	doc     []byte
	leaf    func(Leaf) bool // nil: only check the syntax
	depth   int
	left    int
	path    []byte
	rawKey  []byte // the path when it is one unescaped key of the outermost object
	text    []byte
	stopped bool
}

// Walk calls leaf for every scalar of doc in order, until leaf returns false. Leaves before an error were reported.
func (w *Walker) Walk(doc []byte, leaf func(Leaf) bool) error {
	w.doc, w.leaf, w.stopped = doc, leaf, false
	w.path, w.text, w.rawKey = w.path[:0], w.text[:0], nil
	w.depth, w.left = w.MaxDepth, w.MaxLeaves
	if w.depth <= 0 {
		w.depth = DefaultDepth
	}
	if w.left <= 0 {
		w.left = DefaultLeaves
	}
	end, err := w.value(skipSpace(doc, 0), 0)
	w.doc, w.leaf, w.rawKey = nil, nil, nil
	if w.stopped {
		return nil
	}
	if err != nil {
		return err
	}
	if end = skipSpace(doc, end); end < len(doc) {
		return &Error{end, "text after the value"}
	}
	return nil
}

var errStopped = &Error{Cause: "stopped"}

// value walks the value at i and returns the position behind it.
func (w *Walker) value(i, level int) (int, *Error) {
	b := w.doc
	if i >= len(b) {
		return i, &Error{i, "expected a value"}
	}
	switch b[i] {
	case '{':
		return w.object(i, level)
	case '[':
		return w.array(i, level)
	case '"':
		end, escaped := stringEnd(b, i+1)
		if end < 0 {
			return i, &Error{i, "string is not closed"}
		}
		return end + 1, w.emitString(i+1, end, escaped)
	}
	end, kind := scalarEnd(b, i)
	if end < 0 {
		return i, &Error{i, "expected a value"}
	}
	return end, w.emit(Leaf{Value: b[i:end], InDoc: true, Kind: kind}, i)
}

func (w *Walker) object(i, level int) (int, *Error) {
	b := w.doc
	if level >= w.depth {
		return i, &Error{i, CauseDepth}
	}
	mark := len(w.path)
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return i, &Error{i, "expected a key"}
		}
		end, escaped := stringEnd(b, i+1)
		if end < 0 {
			return i, &Error{i, "string is not closed"}
		}
		if err := w.push(i+1, end, escaped); err != nil {
			return i, err
		}
		if level == 0 && !escaped {
			w.rawKey = b[i+1 : end]
		}
		i = skipSpace(b, end+1)
		if i >= len(b) || b[i] != ':' {
			return i, &Error{i, "expected :"}
		}
		var err *Error
		if i, err = w.value(skipSpace(b, i+1), level+1); err != nil {
			return i, err
		}
		w.path, w.rawKey = w.path[:mark], nil
		i = skipSpace(b, i)
		if i < len(b) && b[i] == '}' {
			return i + 1, nil
		}
		if i >= len(b) || b[i] != ',' {
			return i, &Error{i, "expected , or }"}
		}
		i = skipSpace(b, i+1)
	}
}

func (w *Walker) array(i, level int) (int, *Error) {
	b := w.doc
	if level >= w.depth {
		return i, &Error{i, CauseDepth}
	}
	mark := len(w.path)
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for n := 0; ; n++ {
		w.rawKey = nil
		if w.leaf != nil {
			w.dot()
			w.path = strconv.AppendInt(w.path, int64(n), 10)
		}
		var err *Error
		if i, err = w.value(i, level+1); err != nil {
			return i, err
		}
		w.path = w.path[:mark]
		i = skipSpace(b, i)
		if i < len(b) && b[i] == ']' {
			return i + 1, nil
		}
		if i >= len(b) || b[i] != ',' {
			return i, &Error{i, "expected , or ]"}
		}
		i = skipSpace(b, i+1)
	}
}

// push appends the key at [start, end) to the path.
func (w *Walker) push(start, end int, escaped bool) *Error {
	w.rawKey = nil
	raw := w.doc[start:end]
	if w.leaf == nil {
		return w.check(raw, start, escaped)
	}
	w.dot()
	if !escaped {
		w.path = append(w.path, raw...)
		return nil
	}
	var bad int
	if w.path, bad = Unescape(w.path, raw); bad >= 0 {
		return &Error{start + bad, "unknown escape"}
	}
	return nil
}

func (w *Walker) dot() {
	if len(w.path) > 0 {
		w.path = append(w.path, '.')
	}
}

func (w *Walker) emitString(start, end int, escaped bool) *Error {
	raw := w.doc[start:end]
	if w.leaf == nil {
		return w.check(raw, start, escaped)
	}
	if !escaped {
		return w.emit(Leaf{Value: raw, InDoc: true}, start)
	}
	from := len(w.text)
	var bad int
	if w.text, bad = Unescape(w.text, raw); bad >= 0 {
		return &Error{start + bad, "unknown escape"}
	}
	return w.emit(Leaf{Value: w.text[from:len(w.text):len(w.text)]}, start)
}

func (w *Walker) check(raw []byte, start int, escaped bool) *Error {
	if !escaped {
		return nil
	}
	if bad := badEscape(raw); bad >= 0 {
		return &Error{start + bad, "unknown escape"}
	}
	return nil
}

func (w *Walker) emit(l Leaf, at int) *Error {
	if w.leaf == nil {
		return nil
	}
	if w.left--; w.left < 0 {
		return &Error{at, CauseLeaves}
	}
	l.Key = w.path
	if w.rawKey != nil {
		l.Key, l.KeyInDoc = w.rawKey, true
	}
	if !w.leaf(l) {
		w.stopped = true
		return errStopped
	}
	return nil
}
