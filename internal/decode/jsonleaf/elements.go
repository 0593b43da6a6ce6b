package jsonleaf

// Elements reads the elements of one array in order, without going into nested values, as Members does for an object. It
// does not set the key of a Member.
type Elements struct {
	ms      Members
	started bool
}

// NewElements begins with the first element of the array that doc is. MaxDepth is as in Members.
func NewElements(doc []byte, maxDepth int) *Elements {
	return &Elements{ms: Members{Doc: doc, MaxDepth: maxDepth}}
}

// Next reads the next element into m. It returns false at the end of the array and at an error.
func (es *Elements) Next(m *Member) bool {
	ms := &es.ms
	if ms.done || ms.cause != "" {
		return false
	}
	b, i := ms.Doc, skipSpace(ms.Doc, ms.Pos)
	want, why := byte('['), "no array"
	if es.started {
		if i < len(b) && b[i] == ']' {
			ms.done, ms.Pos = true, i+1
			return false
		}
		want, why = ',', "expected , or ]"
	}
	if i >= len(b) || b[i] != want {
		return ms.fail(i, why)
	}
	i = skipSpace(b, i+1)
	if !es.started && i < len(b) && b[i] == ']' {
		ms.done, ms.Pos = true, i+1
		return false
	}
	es.started = true
	return ms.value(m, i)
}

// Err is why Next returned false, nil at the end of the array.
func (es *Elements) Err() error { return es.ms.Err() }
