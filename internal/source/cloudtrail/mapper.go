package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"kiroku/internal/decode/jsonleaf"
	"kiroku/internal/event"
	"kiroku/internal/source"
)

// maxDepth is how deeply a record may nest; parameters of calls nest about ten levels.
const maxDepth = 512

var (
	errNotARecord = errors.New("read CloudTrail record: JSON object without eventVersion, eventName and eventType")
	errWholeFile  = errors.New(`read CloudTrail record: this is a log file with "Records": each of its elements is a record`)
)

// mapper maps one record after the other.
type mapper struct {
	walker jsonleaf.Walker
	onLeaf func(jsonleaf.Leaf) bool
	unmap  source.Unmapper
	text   []byte // what is put together from several values

	// Of the record that is being mapped.
	e         *event.Event
	values    [numNames]string
	resources resources
	verdict   verdict
	wholeFile bool
}

// verdict is a leaf of response elements or service details that says Success or Failure under the event's own name.
type verdict struct{ of, word string }

func newMapper() *mapper {
	m := &mapper{walker: jsonleaf.Walker{MaxDepth: maxDepth, MaxLeaves: math.MaxInt}}
	m.onLeaf = m.leaf
	return m
}

func (m *mapper) record(rec *event.Record, e *event.Event) error {
	doc := rec.Data
	if !utf8.Valid(doc) {
		doc = bytes.ToValidUTF8(doc, []byte("\ufffd"))
	}
	m.start(e, len(doc))
	defer m.forget()
	if err := m.walker.Walk(doc, m.onLeaf); err != nil {
		return fmt.Errorf("read CloudTrail record: %w", err)
	}
	v := &m.values
	if v[nEventVersion] == "" && v[nEventName] == "" && v[nEventType] == "" {
		if m.wholeFile {
			return errWholeFile
		}
		return errNotARecord
	}
	e.Str(event.ColProductVendor, "", vendorName)
	e.Str(event.ColProductName, "", productName)
	e.Str(event.ColCloudProvider, "", vendorName)
	e.Int(event.ColSeverityID, "", event.SeverityInformational)
	e.Add(event.ColTags, "", Tag)
	m.mapFields()
	m.mapTime(rec)
	m.mapIdentity()
	m.mapSource()
	m.resources.mapTo(e, &m.unmap)
	m.mapKind()
	m.mapMessage()
	m.unmap.End()
	return nil
}

func (m *mapper) start(e *event.Event, size int) {
	m.e, m.wholeFile, m.verdict = e, false, verdict{}
	m.values = [numNames]string{}
	m.resources.reset()
	m.unmap.Start(e, size)
}

// forget lets go of the record, so that its bytes are not held until the next one.
func (m *mapper) forget() { m.start(nil, 0) }

// leaf takes one value of the record.
func (m *mapper) leaf(l jsonleaf.Leaf) bool {
	if l.Kind == jsonleaf.Null || len(l.Value) == 0 {
		return true
	}
	value := m.own(l)
	if len(l.Key) <= maxNameText {
		if n := names[string(l.Key)]; n != noName && m.values[n] == "" {
			m.values[n] = value
			if n >= firstKept {
				m.e.Unmap(nameTexts[n], value)
			}
			return true
		}
	}
	switch {
	case bytes.HasPrefix(l.Key, []byte("resources.")) && m.resources.take(l.Key[len("resources."):], value):
		return true
	case len(value) == len("Success"):
		m.judge(l.Key, value)
	case bytes.HasPrefix(l.Key, []byte("Records.")):
		m.wholeFile = true
	}
	m.unmap.Keep(l.Key, l.KeyInDoc, value)
	return true
}

// own returns a leaf's value as a text that is valid as long as the row.
func (m *mapper) own(l jsonleaf.Leaf) string {
	if l.InDoc {
		return event.Bytes(l.Value)
	}
	return m.e.Keep(l.Value)
}

// judge remembers a verdict: services of sign-in write {"ConsoleLogin": "Failure"} in place of an error code.
func (m *mapper) judge(key []byte, value string) {
	if value != "Success" && value != "Failure" {
		return
	}
	for _, prefix := range []string{"responseElements.", "serviceEventDetails."} {
		if len(key) > len(prefix) && string(key[:len(prefix)]) == prefix {
			m.verdict = verdict{m.e.Keep(key[len(prefix):]), value}
		}
	}
}

// put sets a text column from a field.
func (m *mapper) put(c event.Column, n name) { m.e.Str(c, nameTexts[n], m.values[n]) }

// keep keeps a field in unmapped whose column another one took.
func (m *mapper) keep(n name) { m.e.Unmap(nameTexts[n], m.values[n]) }

// either sets a column from the first of two fields that has a value and keeps the other one.
func (m *mapper) either(c event.Column, first, second name) {
	if m.values[first] == "" {
		m.put(c, second)
		return
	}
	m.put(c, first)
	m.keep(second)
}
