package trino

import (
	"regexp/syntax"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	for java, want := range map[string]string{
		``:                      ``,
		`a\(?<b[(?<]\\(?<c>.)`:  `a\(?<b[(?<]\\(?P<c>.)`,
		`(?<=a)(?<!b)`:          `(?<=a)(?<!b)`,
		`\p{Alpha}[\p{Upper}-]`: `[[:alpha:]][[:upper:]-]`,
		`\P{Digit}\p{Greek}\`:   `[[:^digit:]]\p{Greek}\`,
		`[]\p{Punct}](?<d>x)`:   `[][:punct:]](?P<d>x)`,
		`\p{Alpha`:              `\p{Alpha`,
	} {
		if got := pattern(java); got != want {
			t.Errorf("%s: %s, want %s", java, got, want)
		}
	}
}

// A pattern without what differs stays as it is, and no pattern becomes one that RE2 cannot read.
func FuzzPattern(f *testing.F) {
	f.Add(`a\(?<b[(?<]\\(?<c>.)[]\p{Upper}]`)
	f.Fuzz(func(t *testing.T, java string) {
		got := pattern(java)
		if !strings.Contains(java, "(?<") && !strings.Contains(java, "{") && got != java {
			t.Fatalf("%q became %q", java, got)
		}
		if _, err := syntax.Parse(java, syntax.Perl); err != nil {
			return
		}
		if _, err := syntax.Parse(got, syntax.Perl); err != nil {
			t.Fatalf("%q became %q: %v", java, got, err)
		}
	})
}
