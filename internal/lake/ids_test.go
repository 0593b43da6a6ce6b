package lake

import (
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/lake/segment"
	"kiroku/internal/lake/table"
)

// The ids of lists' elements and of maps' keys and values are the same in the files and in the tables: other programs find them by id.
func TestNestedFieldIDs(t *testing.T) {
	for _, c := range event.Columns() {
		switch c.Kind() {
		case event.StringList:
			if segment.ElementID(c) != table.ElementID(c) {
				t.Errorf("elements of %s are %d in files, %d in tables", c, segment.ElementID(c), table.ElementID(c))
			}
		case event.StringMap:
			if segment.ElementID(c) != table.KeyID(c) || segment.ValueID(c) != table.ValueID(c) {
				t.Errorf("%s has keys %d and values %d in files, %d and %d in tables", c, segment.ElementID(c), segment.ValueID(c), table.KeyID(c), table.ValueID(c))
			}
		}
	}
}
