package event_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"kiroku/internal/event"
)

var update = flag.Bool("update", false, "write docs/reference/events.md anew")

// TestReference compares the reference of the event table with the columns.
func TestReference(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Event table\n\n<!-- Made from internal/event/columns.go; do not edit. -->\n\n" +
		"Every store has these columns, in searches, SQL, the API and the files alike. Times are UTC with microseconds. What a record says and\n" +
		"no column holds stands in `unmapped` under its dotted name.\n\n| column | type | OCSF 1.8.0 path | meaning |\n|---|---|---|---|\n")
	for _, c := range event.Columns() {
		info, path := c.Info(), ""
		if info.Path != "" {
			path = "`" + info.Path + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", info.Name, info.Kind, path, info.Doc)
	}
	const file = "../../docs/reference/events.md"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, b.Bytes()) {
		t.Errorf("%s is not up to date (%v): run make gen", file, err)
	}
}
