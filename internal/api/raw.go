package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"kiroku/internal/event"
)

// withoutRaw is the row without raw_data, its other members as they were.
func withoutRaw(row json.RawMessage) (json.RawMessage, error) {
	name := event.ColRawData.String()
	// A member's name can hold escapes, so a row without the plain name is looked at when it holds a backslash.
	if !bytes.Contains(row, []byte(name)) && !bytes.ContainsRune(row, '\\') {
		return row, nil
	}
	d := json.NewDecoder(bytes.NewReader(row))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("take raw_data out of row: it is not an object: %v", err)
	}
	out := append(make(json.RawMessage, 0, len(row)), '{')
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("take raw_data out of row: %w", err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("take raw_data out of row: %w", err)
		}
		if key == name {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = event.AppendJSONString(out, key.(string)) // the name of a member is a string
		out = append(append(out, ':'), value...)
	}
	return append(out, '}'), nil
}
