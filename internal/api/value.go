package api

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"kiroku/internal/query"
)

// cell is a value of a SQL result as text: as it stands in JSON, without the quotes around text; nothing for NULL. Text is
// made harmless to spreadsheets; numbers cannot be formulas.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return query.Inert(v)
	case []byte:
		if utf8.Valid(v) {
			return query.Inert(string(v))
		}
	}
	s := string(query.AppendSQLValue(nil, v))
	if strings.HasPrefix(s, `"`) {
		var text string
		if err := json.Unmarshal([]byte(s), &text); err == nil {
			return query.Inert(text)
		}
	}
	return s
}
