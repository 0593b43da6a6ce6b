package event_test

import (
	"strings"
	"testing"

	"kiroku/internal/event"
)

func TestIsStoreName(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, name := range []string{"a", "default", "a-b", "a_1", "select", "event", long} {
		if !event.IsStoreName(name) {
			t.Errorf("%q is no name", name)
		}
	}
	for _, name := range []string{"", "A", "aB", "1a", "-a", "_a", "a b", "a.b", "../x", "é", "a\x00", long + "a", "events", "ocsf", "main", "temp", "pg_catalog"} {
		if event.IsStoreName(name) {
			t.Errorf("%q is a name", name)
		}
	}
}
