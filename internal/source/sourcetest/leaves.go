package sourcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kiroku/internal/event"
)

// Lost returns the leaves of a JSON record that an event does not hold, as "path = value": neither a column that was set
// from the leaf's path, nor unmapped under it. The event must have been mapped with Trace on. Steps name the elements of
// lists without their index. Null, and what is empty, says nothing. A text that is no JSON has no leaves.
func Lost(e *event.Event, record []byte) (lost []string) {
	var doc any
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return nil
	}
	eachLeaf(nil, doc, func(path []string, value string) {
		if value != "" && !holds(e, path, value) {
			lost = append(lost, dotted(path)+" = "+value)
		}
	})
	slices.Sort(lost)
	return lost
}

func eachLeaf(path []string, v any, f func(path []string, value string)) {
	path = path[:len(path):len(path)]
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			eachLeaf(append(path, k), member, f)
		}
	case []any:
		for i, element := range v {
			eachLeaf(append(path, fmt.Sprint(i)), element, f)
		}
	case nil:
	default:
		f(path, fmt.Sprint(v))
	}
}

func holds(e *event.Event, path []string, value string) bool {
	name := dotted(path)
	if slices.ContainsFunc(e.Unmapped(), func(p event.Pair) bool {
		return p.Value == value && (p.Key == name || strings.HasPrefix(p.Key, name+"#")) // a name that the record repeats is numbered
	}) {
		return true
	}
	var named []string
	for _, part := range path {
		if strings.Trim(part, "0123456789") != "" {
			named = append(named, part)
		}
	}
	from := dotted(named)
	return slices.ContainsFunc(e.Steps(), func(s event.Step) bool { return s.From == from && shows(e, s.Column, value) })
}

// dotted joins a path as package jsonleaf does: no dot in front of what comes first.
func dotted(path []string) string {
	s := ""
	for _, part := range path {
		if s != "" {
			s += "."
		}
		s += part
	}
	return s
}

// shows says whether a column's value is what the record writes as value.
func shows(e *event.Event, c event.Column, value string) bool {
	switch c.Kind() {
	case event.String:
		return e.GetStr(c) == value
	case event.StringList:
		return slices.Contains(e.GetList(c), value)
	case event.Bool:
		return e.Has(c) && fmt.Sprint(e.GetInt(c) == 1) == value
	case event.Int, event.Long:
		return e.Has(c) && fmt.Sprint(e.GetInt(c)) == value
	case event.Timestamp:
		// Trailing zeros of a fraction say nothing.
		t, err := time.Parse("2006-01-02T15:04:05.999999Z", value)
		return err == nil && t.UnixMicro() == e.GetInt(c)
	}
	return false
}
