package spell

import (
	"slices"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"eventName", "eventTime", "eventType", "address", "cert_file", "key_file", "tag", strings.Repeat("x", 200)}
	for word, want := range map[string][]string{
		"eventNam":               {"eventName"},
		"EVENTNAME":              {"eventName", "eventTime", "eventType"},
		"adress":                 {"address"},
		"addrses":                {"address"},
		"keyfile":                {"key_file"},
		"tga":                    {"tag"},
		"xyzzy":                  nil,
		"listen":                 nil,
		"ke":                     nil,
		strings.Repeat("x", 199): nil,
		"":                       nil,
	} {
		if got := Nearest(word, words); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
