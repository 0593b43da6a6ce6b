package search_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// adapters writes predicates in the words of the search language's vectors.
type adapters struct{}

func call(a *search.Args, name, x, text string) string {
	return name + "(" + x + "," + a.Arg(text) + ")"
}

func (adapters) AllText(rune) string { return "_text" }
func (adapters) HasToken(a *search.Args, x, word string) string {
	return call(a, "has_token", x, word)
}
func (adapters) IContains(a *search.Args, x, text string) string {
	return call(a, "icontains", x, text)
}
func (adapters) TokenLike(a *search.Args, x, pattern string) string {
	return call(a, "token_like", x, search.LikePattern(pattern))
}
func (adapters) RE2Match(a *search.Args, x, pattern string) string {
	return call(a, "re2_match", x, pattern)
}
func (adapters) IPIn(a *search.Args, x, network string) string { return call(a, "ip_in", x, network) }
func (adapters) Attr(a *search.Args, key string) string        { return "attr(" + a.Arg(key) + ")" }
func (adapters) AttrValues() string                            { return "values(unmapped)" }
func (adapters) AnyMatch(list string, predicate func(string) string) string {
	return "any_match(" + list + ", x -> " + predicate("x") + ")"
}
func (adapters) NotEmpty(c event.Column) string { return "not_empty(" + c.String() + ")" }
func (adapters) AsNumber(x string) string       { return "number(" + x + ")" }
func (adapters) Micros(x string) string         { return "micros(" + x + ")" }

// inline shows arguments where they stand.
func inline(where string, args []any) string {
	var b strings.Builder
	for i, part := range strings.Split(where, "?") {
		if i > 0 {
			switch v := args[i-1].(type) {
			case string:
				b.WriteString("'" + strings.ReplaceAll(v, "'", "''") + "'")
			default:
				fmt.Fprint(&b, v)
			}
		}
		b.WriteString(part)
	}
	return b.String()
}

// lines calls f with the two sides of every line of a table in testdata.
func lines(t *testing.T, name string, f func(text, want string)) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, want, ok := strings.Cut(line, " => ")
		if !ok {
			t.Fatalf("%s: no arrow in %q", name, line)
		}
		f(text, want)
	}
}

func compile(text string) (*search.Program, error) {
	q, err := search.Parse(text)
	if err != nil {
		return nil, err
	}
	return search.Compile(q, search.NewFields())
}

func TestVectors(t *testing.T) {
	lines(t, "vectors.txt", func(text, want string) {
		p, err := compile(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if got := inline(p.SQL(adapters{})); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	})
}

func TestErrors(t *testing.T) {
	lines(t, "errors.txt", func(text, want string) {
		_, err := compile(text)
		var e *search.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want %s", text, err, want)
			return
		}
		if got := fmt.Sprintf("%s %d-%d", e.Code, e.From, e.To); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if e.Message == "" || strings.HasSuffix(e.Message, ".") {
			t.Errorf("%s: message %q", text, e.Message)
		}
	})
}

// TestErrorPlace checks that people are told a place in characters.
func TestErrorPlace(t *testing.T) {
	for text, want := range map[string]string{
		"user:é AND src_ip:10.0.0.0/99": "read search at 18: ",
		"日本 user:(":                     "read search at 8: ",
		"ü user:$who":                   "read search at 7: ",
		"é\xff":                         "read search at 1: ",
	} {
		if _, err := compile(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s…", text, err, want)
		}
	}
}

func TestHints(t *testing.T) {
	for text, want := range map[string]string{"user:": "user:*", "OR a": `to search for the word, quote it: "OR"`, "a http.status:": "http.status:*"} {
		_, err := compile(text)
		var e *search.SyntaxError
		if !errors.As(err, &e) || e.Hint != want {
			t.Errorf("%s: got %+v, want hint %q", text, e, want)
		}
	}
}

func TestLimits(t *testing.T) {
	cases := map[search.Code]string{
		search.TooLong:        strings.Repeat("a", search.MaxChars+1),
		search.TooDeep:        strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100),
		search.TooManyClauses: strings.Repeat("a ", search.MaxClauses+1),
		search.TooManyMembers: "a:(" + strings.Repeat("b ", search.MaxMembers+1) + ")",
		search.BadEncoding:    "a\xff",
	}
	for code, text := range cases {
		_, err := search.Parse(text)
		var e *search.SyntaxError
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	for _, text := range []string{
		strings.Repeat("(", search.MaxDepth) + "a" + strings.Repeat(")", search.MaxDepth),
		strings.Repeat("-", search.MaxDepth) + "a",
		strings.Repeat("あ", search.MaxChars),
		"a:(" + strings.Repeat("b ", search.MaxMembers) + ")",
	} {
		if _, err := search.Parse(text); err != nil {
			t.Error(err)
		}
	}
}
