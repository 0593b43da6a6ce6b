package search

import (
	"strconv"
	"strings"
	"testing"

	"kiroku/internal/ocsf"
)

// The activities are those of the schema, for every class whose name is known.
func TestActivitiesAreThoseOfOCSF(t *testing.T) {
	schema := ocsf.New()
	have := map[int64]bool{}
	for _, a := range activities {
		have[a.class] = true
		class, ok := schema.Class(int(a.class))
		if !ok {
			t.Fatalf("OCSF has no class %d", a.class)
		}
		id, _ := class.Attribute("activity_id")
		var want []string
		for n := 1; n < 99; n++ {
			caption, ok := id.Caption(strconv.Itoa(n))
			if !ok {
				break
			}
			want = append(want, plainName(caption))
		}
		if got := a.names; got != strings.Join(want, " ") {
			t.Errorf("%s: %q, want %q", class.Caption, got, strings.Join(want, " "))
		}
	}
	for _, c := range classes {
		if !have[c.value] {
			t.Errorf("class %d has a name, its activities have none", c.value)
		}
	}
}
