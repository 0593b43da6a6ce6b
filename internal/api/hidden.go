package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/identity"
)

// hidden are the columns that p may not see, whatever it asks.
func hidden(p *caller) []event.Column {
	if p.Can(identity.Raw) {
		return nil
	}
	return []event.Column{event.ColRawData, event.ColRawEncoding}
}

func denied(c event.Column) error {
	return fault.New(fault.Denied, fmt.Errorf("show %s: the permission raw is missing", c), fmt.Sprintf("Leave %s out, or use a token with the grant raw.", c))
}

// without is the row without some columns, its other members as they were.
func without(hide []event.Column, row json.RawMessage) (json.RawMessage, error) {
	// A member's name can hold escapes, so a row without the plain names is looked at when it holds a backslash.
	named := func(c event.Column) bool { return bytes.Contains(row, []byte(c.String())) }
	if len(hide) == 0 || !slices.ContainsFunc(hide, named) && !bytes.ContainsRune(row, '\\') {
		return row, nil
	}
	d := json.NewDecoder(bytes.NewReader(row))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("take columns out of row: it is not an object: %v", err) //nolint:errorlint // err may be nil
	}
	out := append(make(json.RawMessage, 0, len(row)), '{')
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("take columns out of row: %w", err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("take columns out of row: %w", err)
		}
		if slices.ContainsFunc(hide, func(c event.Column) bool { return key == c.String() }) {
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
