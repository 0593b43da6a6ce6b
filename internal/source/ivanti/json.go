package ivanti

import (
	"bytes"
	"errors"
	"fmt"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
)

var errNoMessageID = errors.New("read Ivanti record: JSON object without message_id and raw_message")

// parseJSON reads the JSON filter and the export of Neurons for Secure Access. Firmware is known to leave quotes within
// values unescaped; such a record is repaired.
func (n *entry) parseJSON(body []byte, e *event.Event) error {
	ms := jsonleaf.Members{Doc: body}
	text := n.members(&ms, e)
	if !ms.Closed() {
		n.repaired = true
		n.repair(body, text, e)
	} else if n.additional(); ms.Pos < len(body) {
		n.repaired = true
		n.add("trailing", event.Bytes(body[ms.Pos:]))
	}
	if !n.has(keyMessageID) && !n.has(keyText) {
		if err := ms.Err(); err != nil {
			return fmt.Errorf("read Ivanti record: %w", err)
		}
		return errNoMessageID
	}
	return nil
}

// members reads all members that can be read and returns where the value of raw_message starts, 0 when it was not met.
func (n *entry) members(ms *jsonleaf.Members, e *event.Event) (text int) {
	var m jsonleaf.Member
	k := keyMessageID
	for {
		// The appliance writes its keys in a fixed order, and texts under all but one.
		for k < numKeys && !n.has(k) {
			v, ok := ms.NextText(expected[k])
			if !ok {
				break
			}
			if k == keyText {
				text = ms.Pos - len(v) - 1
			}
			n.set(k, event.Bytes(v))
			k++
		}
		if k < numKeys && ms.NextIs(keyPrefixes[k], &m) {
			if m.Kind != jsonleaf.String && !plain(m.Kind, k) {
				n.addMember(keyNames[k], &m, e)
				k++
				continue
			}
		} else {
			if !ms.Next(&m) {
				return text
			}
			known := false
			if k, known = keyOf(m.Key); !known || !plain(m.Kind, k) {
				n.addMember(n.name(&m, e), &m, e)
				continue
			}
		}
		if n.has(k) {
			if text > 0 {
				// raw_message closed too early: a key that was there before is part of the text, not of the record.
				return text
			}
			n.addMember(keyNames[k], &m, e)
			continue
		}
		if k == keyText {
			text = ms.Pos - len(m.Text) - 1
		}
		n.set(k, n.value(&m, e))
		k++
	}
}

// plain says that a value of this kind can stand under a key.
func plain(kind jsonleaf.Kind, k key) bool {
	switch kind {
	case jsonleaf.Null, jsonleaf.Object:
		return false
	case jsonleaf.Array:
		return k == keyAdditional
	}
	return true
}

// addMember keeps a member that is not one of the keys.
func (n *entry) addMember(name string, m *jsonleaf.Member, e *event.Event) {
	if m.Kind != jsonleaf.Null {
		n.extra = append(n.extra, extra{name, n.value(m, e), m.Kind})
	}
}

func (n *entry) name(m *jsonleaf.Member, e *event.Event) string {
	if !m.KeyEscaped {
		return event.Bytes(m.Key)
	}
	name, _ := jsonleaf.Unescape(nil, m.Key)
	return e.Keep(name)
}

func (n *entry) value(m *jsonleaf.Member, e *event.Event) string {
	if !m.Escaped {
		return event.Bytes(m.Text)
	}
	return n.unescape(m.Text, e)
}

func (n *entry) unescape(raw []byte, e *event.Event) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return event.Bytes(raw)
	}
	var buf [512]byte
	text, bad := jsonleaf.Unescape(buf[:0], raw)
	if bad >= 0 {
		n.repaired = true
	}
	return e.Keep(text)
}

// additional forgets additional_details when they are empty, and makes them an extra value when they are not.
func (n *entry) additional() {
	v := n.values[keyAdditional]
	if len(v) == 0 {
		return
	}
	if v[0] != '[' {
		n.add(keyNames[keyAdditional], v)
	} else if hasElements(v) {
		n.extra = append(n.extra, extra{keyNames[keyAdditional], v, jsonleaf.Array})
	}
	n.values[keyAdditional] = ""
}

func hasElements(array string) bool {
	for i := 1; i < len(array)-1; i++ {
		if array[i] > ' ' {
			return true
		}
	}
	return false
}
