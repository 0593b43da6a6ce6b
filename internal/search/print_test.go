package search_test

import (
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"kiroku/internal/search"
	"kiroku/internal/search/searchtest"
)

func TestString(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "*",
		"  a  AND b ":                     "a b",
		"NOT (a AND b)":                   "-(a b)",
		"a AND (b OR (c OR d))":           "a (b OR c OR d)",
		"((a b) OR c)":                    "a b OR c",
		"user:(a, b c)":                   "user:(a OR b OR c)",
		"x:{1 TO *]":                      "x:{1 TO *]",
		`_exists_:user`:                   "user:*",
		"user：“Bob　B”":                    "user:\"Bob\u3000B\"",
		`a\:b`:                            `a\:b`,
		`\-a`:                             `\-a`,
		`x:=a*b`:                          `x:=a\*b`,
		"`a b`:c":                         "`a b`:c",
		"`http`://x":                      "`http`://x",
		"http://x":                        "http://x",
		"CIDR( ip,10.0.0.0/8 , fd00::/8)": "CIDR(ip, 10.0.0.0/8, fd00::/8)",
		`CORP\bob`:                        `CORP\\bob`,
		`user:$who`:                       `user:$who`,
		`user:\$who`:                      `user:\$who`,
		`x:>="a b"`:                       `x:>="a b"`,
	} {
		q, err := search.Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := q.String(); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestSubstitute(t *testing.T) {
	values := map[string][]string{"one": {"a*b"}, "two": {"a", "b"}, "all": {"*"}}
	for text, want := range map[string]string{
		"user:$one":                       `user:a\*b`,
		"user:$two x":                     "user:(a OR b) x",
		"user:$all":                       "*",
		"user:$all x":                     "x",
		"(user:$all OR -ip:$all) x":       "x",
		"user:(c OR $two)":                "user:(c OR a OR b)",
		"user:(c OR $all) OR ip:10.0.0.1": "ip:10.0.0.1",
	} {
		q, err := search.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Substitute(values)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, got, err, want)
		}
	}
	q, err := search.Parse("user:$none")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Substitute(values); err == nil {
		t.Error("a variable without a value was accepted")
	}
}

// FuzzParse holds that nothing panics, that errors point into the text, that the canonical form is read back as the same
// query, and that what compiles does so for SQL and for rows.
func FuzzParse(f *testing.F) {
	for _, c := range searchtest.Cases(f) {
		f.Add(c.Query)
	}
	for _, s := range []string{"user:$x", "“a", "a：b", `\`, `a\`, "-(", "x:[a TO", "`", "@a:b", "*:*", "CIDR(a,b", "ＡＮＤ", "\x00", "f:~\"(?i)x\""} {
		f.Add(s)
	}
	fields := searchtest.Fields()
	rows := searchtest.Rows(f)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := search.Parse(text)
		if err != nil {
			checkSpan(t, text, err)
			return
		}
		printed := q.String()
		if utf8.RuneCountInString(printed) <= search.MaxChars {
			again, err := search.Parse(printed)
			if err != nil {
				t.Fatalf("%q is printed as %q, which is refused: %v", text, printed, err)
			}
			if got := again.String(); got != printed {
				t.Fatalf("%q is printed as %q, then as %q", text, printed, got)
			}
			if a, b := search.Explain(q, search.English), search.Explain(again, search.English); a != b {
				t.Fatalf("%q is printed as %q and changes its meaning: %s, then %s", text, printed, a, b)
			}
		}
		p, err := search.Compile(q, fields)
		if err != nil {
			checkSpan(t, text, err)
			return
		}
		checkProgram(t, p, rows)
	})
}

func checkSpan(t *testing.T, text string, err error) {
	t.Helper()
	var e *search.SyntaxError
	if !errors.As(err, &e) {
		t.Fatalf("%q: %v is no SyntaxError", text, reflect.TypeOf(err))
	}
	if e.From < 0 || e.To > len(text) || e.From > e.To || e.From == e.To && text != "" {
		t.Fatalf("%q: %s stands at %d-%d", text, e.Code, e.From, e.To)
	}
}
