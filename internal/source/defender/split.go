package defender

import (
	"bytes"
	"slices"
)

// splitter finds the keys of an extension.
//
// Agents up to 0.207 escape "=" in values; that of 2025 does not, so that a value may look as if a key stood in it. What
// looks like a key is one when all of them are known and in the order in which agents write them. Else the order decides:
// what is in front of msg is taken from the left; behind it the most keys that are in order, of equals the last ones;
// between msg and the first of these everything is msg.
type splitter struct {
	spots []spot
	next  []int // spot that follows in the run that begins with a spot; -1: none
	loose bool  // there is an unescaped "=" that cannot end a key: this agent does not escape
}

// spot is what looks like a key.
type spot struct {
	start, end int // of the key
	value      int // where its value starts
	id         keyID
	key        bool // it is one
}

// extension splits b.
func (l *Line) extension(b []byte) {
	l.find(b)
	activity := bytes.HasPrefix(l.Head[HeadClass], []byte(activityPrefix))
	alert := bytes.HasPrefix(l.Head[HeadClass], []byte(alertPrefix))
	if !l.inOrder(activity, alert) {
		l.decide(b, activity, alert)
	}
	last := -1 // spot of the key whose value is open
	for i := range l.spots {
		s := &l.spots[i]
		if !s.key {
			continue
		}
		lead := max(s.start-1, 0)
		if last < 0 {
			l.Text = b[:lead]
		} else {
			l.take(b, &l.spots[last], lead)
		}
		last = i
	}
	if last < 0 {
		l.Text = b
		return
	}
	l.take(b, &l.spots[last], len(b))
}

func (l *Line) take(b []byte, s *spot, end int) {
	l.Fields = append(l.Fields, Field{lead: b[max(s.start-1, 0):s.start], Key: b[s.start:s.end], equals: b[s.end:s.value], Raw: b[s.value:max(end, s.value)], id: s.id})
}

// find lists what looks like a key: a word behind a blank, and an unescaped "=" behind the word. Between the two known
// keys may have blanks.
func (l *Line) find(b []byte) {
	word := 0 // where the run of letters and digits began that ends at i, -1 when there is none
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c-'0' <= 9, c == '_':
		case c == ' ':
			word = i + 1
		case c == '=':
			l.equals(b, word, i)
			word = -1
		case c == '\\':
			word = -1
			i++
		default:
			word = -1
		}
	}
}

func (l *Line) equals(b []byte, word, i int) {
	switch {
	case word >= 0 && word < i:
		l.spots = append(l.spots, spot{start: word, end: i, value: i + 1, id: lookUp(b[word:i])})
		return
	case word == i && i > 0:
		// Blanks in front of "=", as some relays write.
		end := i
		for end > 0 && b[end-1] == ' ' {
			end--
		}
		start := end
		for start > 0 && end-start <= longestKey && wordByte(b[start-1]) {
			start--
		}
		known := start < end && (start == 0 || b[start-1] == ' ') && end-start <= longestKey
		if known {
			if id := lookUp(b[start:end]); id != otherKey {
				l.spots = append(l.spots, spot{start: start, end: end, value: i + 1, id: id})
				return
			}
		}
	}
	l.loose = true
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c-'0' <= 9 || c == '_'
}

const longestKey = len("requestClientApplication")

// inOrder takes all spots for keys if agents write all of them in this order.
func (l *Line) inOrder(activity, alert bool) bool {
	before := otherKey
	for i := range l.spots {
		id := l.spots[i].id
		if id <= before || id.foreign(activity, alert) {
			return false
		}
		before = id
	}
	for i := range l.spots {
		l.spots[i].key = true
	}
	return true
}

// decide says of each spot whether it is a key.
func (l *Line) decide(b []byte, activity, alert bool) {
	var used [numKeys]bool
	tail := l.left(&used)
	first := l.right(tail, &used, activity, alert)
	inside := otherKey // whose value the spot is in
	seen := tail > 0
	if seen {
		inside = l.spots[tail-1].id
	}
	for i := tail; i < len(l.spots); i++ {
		s := &l.spots[i]
		switch {
		case s.key:
		case i < first && inside == keyMsg, s.id != otherKey && used[s.id]:
			l.Ambiguous = true
			continue
		case s.id > keyMsg && !s.id.foreign(activity, alert), custom(b[s.start:s.end]):
			s.key = true
		default:
			free := seen && inside.free()
			l.Ambiguous = l.Ambiguous || free
			if free && l.loose {
				continue
			}
			s.key = true
		}
		if s.id != otherKey {
			used[s.id] = true
		}
		inside, seen = s.id, true
	}
}

// left takes the keys up to msg, each at its first place, and returns the number of spots that it has decided on.
func (l *Line) left(used *[numKeys]bool) int {
	for i := range l.spots {
		s := &l.spots[i]
		if s.id > keyMsg {
			return i
		}
		if s.id != otherKey {
			if used[s.id] {
				l.Ambiguous = true
				continue
			}
			used[s.id] = true
		}
		s.key = true
		if s.id == keyMsg {
			return i + 1
		}
	}
	return len(l.spots)
}

// right takes the longest run of keys behind msg that are in order, of several the last, and returns its first spot.
func (l *Line) right(from int, used *[numKeys]bool, activity, alert bool) (first int) {
	type link struct{ length, spot int }
	var best [numKeys]link // by the first key of a run: the best one to the right of where we are
	l.next = slices.Grow(l.next[:0], len(l.spots))[:len(l.spots)]
	head := link{spot: -1}
	for i := len(l.spots) - 1; i >= from; i-- {
		id := l.spots[i].id
		if id <= keyMsg || id.foreign(activity, alert) {
			continue
		}
		run := link{spot: -1}
		for _, b := range best[id+1:] {
			if b.length > run.length || b.length == run.length && b.length > 0 && b.spot > run.spot {
				run = b
			}
		}
		l.next[i] = run.spot
		if run.length+1 > best[id].length {
			best[id] = link{run.length + 1, i}
		}
		if run.length+1 > head.length {
			head = best[id]
		}
	}
	for i := head.spot; i >= 0; i = l.next[i] {
		l.spots[i].key = true
		used[l.spots[i].id] = true
	}
	if head.spot < 0 {
		return from
	}
	return head.spot
}
