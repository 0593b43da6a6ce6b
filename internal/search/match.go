package search

import (
	"slices"
	"strings"
)

// test is what a leaf asks about a value. write is the same question in SQL about the expression x.
type test interface {
	write(w *writer, x string) string
}

// strTest is a test of text.
type strTest interface {
	test
	match(v string) bool
	// need lists alternatives of token hashes: a text that matches holds all tokens of one of them. nil says nothing.
	need() [][]uint64
}

// intTest is a test of whole numbers, booleans (0, 1) and times (microseconds).
type intTest interface {
	test
	matchInt(v int64) bool
}

// dblTest is a test of floating-point numbers.
type dblTest interface {
	test
	matchDbl(v float64) bool
}

// present asks only whether there is a value.
type present struct{}

func (present) write(_ *writer, x string) string { return x + " IS NOT NULL" }

// equalTo asks for one of several whole values, any case.
type equalTo struct {
	values []string // folded
	set    map[string]bool
}

func newEqualTo(values ...string) *equalTo {
	e := &equalTo{}
	for _, v := range values {
		if v = fold(v); !slices.Contains(e.values, v) {
			e.values = append(e.values, v)
		}
	}
	if len(e.values) > 8 {
		e.set = make(map[string]bool, len(e.values))
		for _, v := range e.values {
			e.set[v] = true
		}
	}
	return e
}

func (e *equalTo) match(v string) bool {
	if e.set != nil {
		return e.set[fold(v)]
	}
	for _, want := range e.values {
		if equalFold(v, want) {
			return true
		}
	}
	return false
}

func (e *equalTo) need() [][]uint64 {
	var all [][]uint64
	for _, v := range e.values {
		all = append(all, needTokens(v, true, true))
	}
	return all
}

func (e *equalTo) write(w *writer, x string) string {
	if len(e.values) == 1 {
		return "lower(" + x + ")=" + w.Arg(e.values[0])
	}
	return "lower(" + x + ") IN (" + w.list(e.values) + ")"
}

// identical asks for one whole value with regard to case.
type identical string

func (e identical) match(v string) bool { return v == string(e) }

func (e identical) need() [][]uint64 { return [][]uint64{needTokens(fold(string(e)), true, true)} }

func (e identical) write(w *writer, x string) string { return x + "=" + w.Arg(string(e)) }

// word asks for a word: text that cuts no token at either end.
type word struct{ *finder }

func (t word) match(v string) bool { return t.finder.word(v) }

func (t word) need() [][]uint64 { return [][]uint64{needTokens(t.needle, true, true)} }

func (t word) write(w *writer, x string) string { return w.HasToken(w.args, x, t.needle) }

// part asks for text anywhere.
type part struct{ *finder }

func (t part) match(v string) bool { return t.contains(v) }

func (t part) need() [][]uint64 { return [][]uint64{needTokens(t.needle, false, false)} }

func (t part) write(w *writer, x string) string { return w.IContains(w.args, x, t.needle) }

// runTest is a test that finds its matches in a run of texts.
type runTest interface {
	// searchRun returns what Leaf.Search is; nil when the test cannot.
	searchRun() func(run string) (next func(from int) int)
	// part returns what Leaf.Part is.
	part() string
}

var (
	_ runTest = word{}
	_ runTest = part{}
	_ runTest = (*tokenGlob)(nil)
)

// needTokens lists the hashes of the tokens and pairs of characters that every text with the folded part in it must
// hold. A token at an end counts only where no token goes on beyond that end.
func needTokens(part string, leftBound, rightBound bool) []uint64 {
	var need []uint64
	Tokens(part, func(from, to int) {
		if (from > 0 || leftBound) && (to < len(part) || rightBound) {
			need = append(need, HashToken(part[from:to]))
		}
	})
	before := rune(-1)
	for _, r := range part {
		if !isUnspaced(r) {
			before = -1
			continue
		}
		if before >= 0 {
			need = append(need, hashPair(before, r))
		}
		before = r
	}
	return need
}

// newWord is the test for a bare word in text.
func newWord(text string) strTest {
	if hasUnspaced(text) {
		return part{newFinder(text)}
	}
	return word{newFinder(text)}
}

// newText is the test of a word, phrase or pattern in text.
func newText(s Str) (strTest, error) {
	switch {
	case s.Kind == Wildcard:
		return newTokenGlob(s.Text)
	case s.Text == "":
		return identical(""), nil
	case s.Kind == Phrase:
		return part{newFinder(s.Text)}, nil
	}
	return newWord(s.Text), nil
}

// onlyStars says whether a pattern matches everything.
func onlyStars(pattern string) bool { return strings.Trim(pattern, "*") == "" }
