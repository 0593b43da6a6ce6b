package ivanti

import (
	"bytes"
	"strings"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

// afterText follows raw_message in the export of Neurons for Secure Access, whose keys are sorted. In the JSON filter
// raw_message is the last key.
const afterText = `","session_id":`

// afterTextKeys are the keys from there on.
const afterTextKeys = 1<<keySessionID | 1<<keySourceIP | 1<<keyTimestamp | 1<<keyUser

// repair reads an object with quotes inside its values. start is where the value of raw_message starts; 0 when the error
// was in front of it: then everything is read again, by the shape of the object.
func (n *entry) repair(body []byte, start int, e *event.Event) {
	if start == 0 {
		start = n.reread(body, e)
	}
	if start > 0 {
		n.repairText(body[start:], e)
	}
	n.additional()
}

// repairText takes raw_message to the end of the object, or to the key that follows it, whatever quotes are in between.
func (n *entry) repairText(rest []byte, e *event.Event) {
	end, next := len(rest), []byte(nil)
	if !n.has(keyAdditional) {
		if at := bytes.LastIndex(rest, []byte(afterText)); at >= 0 {
			end, next = at, rest[at+2:]
		}
	}
	if next == nil {
		if at := bytes.LastIndexByte(rest, '"'); at >= 0 && (at == len(rest)-1 || endsObject(rest[at+1:])) {
			end = at
		}
	} else {
		// The members behind the text, read as an object of their own: the opening brace takes the comma's place. They
		// replace what the text's own quotes made of it.
		n.seen &^= afterTextKeys
		tail := append([]byte{'{'}, next...)
		ms := jsonleaf.Members{Doc: tail}
		n.members(&ms, e)
	}
	// Members that were made of the text's own quotes are taken back by what the text itself says.
	n.set(keyText, n.unescape(rest[:end], e))
}

// reread reads all members up to raw_message and returns where its value starts, 0 when there is none. The quote that
// closes a value is the first one that the end of the object or a comma and a new key follow.
func (n *entry) reread(body []byte, e *event.Event) (text int) {
	n.seen, n.values, n.extra = 0, [numKeys]string{}, n.extra[:0]
	scratch := bytes.Clone(body)
	i := skipBlanks(body, 0)
	for i < len(body) && (body[i] == '{' || body[i] == ',') {
		name, at := memberAt(body, i+1)
		if at == 0 {
			break
		}
		k, known := keyOf(name)
		if known && k == keyText && at < len(body) && body[at] == '"' {
			return at + 1
		}
		if at < len(body) && body[at] == '"' {
			end := n.closing(body, at+1)
			v := n.unescape(body[at+1:end], e)
			if known {
				n.set(k, v)
			} else {
				n.add(event.Bytes(name), v)
			}
			i = skipBlanks(body, min(end+1, len(body)))
			continue
		}
		// A value that is no string, read as an object of its own: the brace takes the comma's place.
		scratch[i] = '{'
		ms, m := jsonleaf.Members{Doc: scratch[i:]}, jsonleaf.Member{}
		if !ms.Next(&m) {
			break
		}
		if m.Kind != jsonleaf.Null {
			if known && plain(m.Kind, k) {
				n.set(k, event.Bytes(m.Text))
			} else {
				n.extra = append(n.extra, extra{event.Bytes(name), event.Bytes(m.Text), m.Kind})
			}
		}
		i = skipBlanks(body, i+ms.Pos)
	}
	if rest := trim(body[min(i, len(body)):]); len(rest) > 1 || len(rest) == 1 && rest[0] != '}' && rest[0] != ',' {
		n.add("trailing", event.Bytes(rest))
	}
	return 0
}

// closing is the place of the quote that closes the string whose text starts at i; the end of body when there is none.
func (n *entry) closing(body []byte, i int) int {
	for {
		at := bytes.IndexByte(body[i:], '"')
		if at < 0 {
			return len(body)
		}
		i += at
		if !escapedAt(body, i) {
			rest := skipBlanks(body, i+1)
			if rest == len(body) || endsObject(body[i+1:]) {
				return i
			}
			if body[rest] == ',' {
				if name, value := memberAt(body, rest+1); value > 0 && !n.knows(name) || value == 0 && n.cutKey(body, rest+1) {
					return i
				}
			}
		}
		i++
	}
}

// knows says whether a key was read before: the appliance writes each once, so that what looks like it is text.
func (n *entry) knows(name []byte) bool {
	k, known := keyOf(name)
	return known && n.has(k)
}

// cutKey says whether body ends within a key that was not read before: the record was cut there.
func (n *entry) cutKey(body []byte, i int) bool {
	if i = skipBlanks(body, i); i == len(body) {
		return true
	}
	if len(body)-i > maxName || body[i] != '"' {
		return false
	}
	rest := event.Bytes(body[i:])
	for k, prefix := range keyPrefixes {
		if strings.HasPrefix(prefix, rest) && !n.has(key(k)) {
			return true
		}
	}
	return false
}

// escapedAt says whether an odd number of backslashes stands in front of i.
func escapedAt(b []byte, i int) bool {
	slashes := 0
	for slashes < i && b[i-1-slashes] == '\\' {
		slashes++
	}
	return slashes%2 == 1
}

// endsObject says whether nothing but the closing brace follows.
func endsObject(b []byte) bool {
	i := skipBlanks(b, 0)
	return i < len(b) && b[i] == '}' && skipBlanks(b, i+1) == len(b)
}

// maxName is more than the name of any key has.
const maxName = 64

// memberAt reads a key and its colon and returns where the value starts, 0 when there is no key.
func memberAt(b []byte, i int) (name []byte, value int) {
	i = skipBlanks(b, i)
	if i >= len(b) || b[i] != '"' {
		return nil, 0
	}
	start := i + 1
	for i = start; i < len(b) && i < start+maxName && b[i] != '"' && b[i] != '\\' && b[i] > ' '; i++ {
	}
	if i == start || i >= len(b) || b[i] != '"' {
		return nil, 0
	}
	name, i = b[start:i], skipBlanks(b, i+1)
	if i >= len(b) || b[i] != ':' {
		return nil, 0
	}
	return name, skipBlanks(b, i+1)
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}
