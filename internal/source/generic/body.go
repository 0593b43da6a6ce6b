package generic

import (
	"bytes"
	"errors"

	"kiroku/internal/decode/cef"
	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/decode/kv"
	"kiroku/internal/decode/leef"
	"kiroku/internal/event"
)

// body maps what follows the header, by the first form that fits.
func (m *mapper) body(b []byte) {
	if m.json(b) || m.marked() {
		return
	}
	m.pairs(b)
}

// json maps a JSON object or array, also behind "@cee:" or another short text. An object that ends early, as records cut
// at a size limit do, counts as far as it goes.
func (m *mapper) json(b []byte) bool {
	doc := bytes.TrimLeft(b, " \t\r\n")
	if len(doc) == 0 {
		return false
	}
	switch doc[0] {
	case '{':
		return m.walk(doc, false)
	case '[':
		return m.walk(doc, true)
	}
	at := bytes.IndexByte(doc[:min(len(doc), maxPrefix)], '{')
	if at < 0 || !m.walk(doc[at:], true) {
		return false
	}
	m.prefix(doc[:at])
	return true
}

// maxPrefix is how far into a body the search for its structured part goes.
const maxPrefix = 512

var cee = []byte("@cee:")

// prefix keeps the text in front of a structured body. A word with a colon is the name of the program.
func (m *mapper) prefix(b []byte) {
	b = bytes.TrimSpace(b)
	if bytes.Equal(b, cee) {
		return
	}
	name, isTag := bytes.CutSuffix(b, []byte(":"))
	if isTag && len(name) > 0 && !bytes.ContainsAny(name, " \t") && !m.e.Has(event.ColLogProvider) {
		m.e.Str(event.ColLogProvider, "tag", m.text(name))
		return
	}
	m.e.Unmap("_prefix", m.text(b))
}

// walk maps the leaves of a document. whole: only if all of it is JSON.
func (m *mapper) walk(doc []byte, whole bool) bool {
	w := jsonleaf.Walker{MaxLeaves: len(doc)}
	if whole && w.Walk(doc, nil) != nil {
		return false
	}
	before := m.leaves + m.leftOut
	err := w.Walk(doc, func(l jsonleaf.Leaf) bool {
		if l.Kind != jsonleaf.Null {
			m.add(leaf{key: l.Key, value: l.Value, copyKey: !l.KeyInDoc, copyValue: !l.InDoc})
		}
		return true
	})
	if err == nil {
		return true
	}
	if m.leaves+m.leftOut == before && !tooDeep(err) {
		return false
	}
	m.e.Unmap("_json_error", err.Error())
	return true
}

func tooDeep(err error) bool {
	var e *jsonleaf.Error
	return errors.As(err, &e) && e.Cause == jsonleaf.CauseDepth
}

// marked maps a CEF or LEEF message. It is looked for in the whole record, because a message behind a time stamp may
// have been taken for the name of a host.
func (m *mapper) marked() bool {
	data := m.rec.Data
	start := len(data) - len(m.line.Body)
	if at := cef.Index(data); at >= 0 {
		var msg cef.Message
		if msg.Parse(bytes.TrimRight(data[at:], "\r\n")) == nil {
			m.cutAt(at, start)
			m.cef(&msg)
			return true
		}
	}
	if at := leef.Index(data); at >= 0 {
		var msg leef.Message
		if msg.Parse(bytes.TrimRight(data[at:], "\r\n")) == nil {
			m.cutAt(at, start)
			m.leef(&msg)
			return true
		}
	}
	return false
}

// cutAt keeps what stands between the header and the message; a header that reaches into the message loses its host.
func (m *mapper) cutAt(at, start int) {
	if at >= start {
		m.prefix(m.rec.Data[start:at])
		return
	}
	m.line.Body = m.rec.Data[at:]
	m.e.Clear(event.ColDeviceHost)
}

func (m *mapper) cef(msg *cef.Message) {
	e := m.e
	e.Str(event.ColProductVendor, "vendor", m.text(msg.Vendor))
	e.Str(event.ColProductName, "product", m.text(msg.Product))
	e.Str(event.ColProductVersion, "version", m.text(msg.DeviceVer))
	e.Str(event.ColEventCode, "signature id", m.text(msg.SignatureID))
	e.Str(event.ColActivityName, "name", m.text(msg.Name))
	m.take(target{event.ColLogLevel, level10}, "severity", m.text(msg.Severity))
	e.Unmap("_prefix", m.text(bytes.TrimSpace(msg.Text)))
	labels := msg.Labels()
	labelled := make(map[string]bool, len(labels))
	for _, f := range msg.Fields {
		if labels[string(f.Key)] != "" {
			labelled[string(f.Key)+"Label"] = true
		}
	}
	for _, f := range msg.Fields {
		if labelled[string(f.Key)] {
			continue // it names a field that stands under this name
		}
		l := leaf{key: f.Key, value: bytes.TrimRight(f.Value, " "), table: cefAliases}
		if label := labels[string(f.Key)]; label != "" {
			l.key = []byte(label)
		}
		m.add(l)
	}
	if !e.Has(event.ColMessage) {
		e.Str(event.ColMessage, "name", m.text(msg.Name))
	}
}

func (m *mapper) leef(msg *leef.Message) {
	e := m.e
	e.Str(event.ColProductVendor, "vendor", m.text(msg.Vendor))
	e.Str(event.ColProductName, "product", m.text(msg.Product))
	e.Str(event.ColProductVersion, "version", m.text(msg.ProductVer))
	e.Str(event.ColEventCode, "event id", m.text(msg.EventID))
	e.Str(event.ColActivityName, "event id", m.text(msg.EventID))
	for _, f := range msg.Fields {
		if string(f.Key) == "devTimeFormat" {
			m.clock.format = string(bytes.TrimSpace(f.Value))
		}
	}
	for _, f := range msg.Fields {
		if len(f.Key) == 0 {
			f.Key = []byte("_text")
		}
		m.add(leaf{key: f.Key, value: bytes.TrimSpace(f.Value), table: leefAliases})
	}
}

// pairs maps key=value text: two pairs or more, or one that is all there is. The words between the pairs stay in the
// message.
func (m *mapper) pairs(b []byte) {
	var table aliases
	var p kv.Pair
	s := kv.Scanner{Text: b}
	if !s.Next(&p) {
		return
	}
	if s.Skipped > 0 {
		table = besideWords
	}
	if !s.Next(&p) && s.Skipped > 0 {
		return
	}
	s = kv.Scanner{Text: b}
	for s.Next(&p) {
		l := leaf{key: p.Key, value: p.Value, table: table}
		if p.Escaped {
			l.value = kv.Unescape(nil, p.Value)
		}
		m.add(l)
	}
}
