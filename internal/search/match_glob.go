package search

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	anyRun rune = -1 - iota // *
	anyOne                  // ?
)

// glob asks for a whole value by a pattern, any case. "*" is any run of characters, line breaks included, and may be
// empty; "?" is one character.
type glob struct {
	pattern string // folded
	runes   []rune
	finder  *finder // for *text*
	prefix  string  // for text*, ASCII
}

func newGlob(pattern string) *glob {
	g := &glob{pattern: fold(pattern)}
	g.runes = globRunes(g.pattern)
	pieces := segments(g.runes)
	last := len(pieces) - 1
	switch {
	case last == 2 && pieces[0] == "" && pieces[2] == "" && !strings.ContainsRune(pieces[1], anyOneMark):
		g.finder = newFinder(pieces[1])
	case last == 1 && pieces[1] == "" && !hasNonASCII(pieces[0]):
		g.prefix = pieces[0]
	}
	return g
}

// globRunes reads a pattern.
func globRunes(pattern string) []rune {
	var runes []rune
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
			continue
		case r == '*':
			r = anyRun
		case r == '?':
			r = anyOne
		}
		runes = append(runes, r)
	}
	return runes
}

// anyOneMark stands for "?" in segments. A query that holds the character itself only loses a short cut.
const anyOneMark = '\U0010FFFF'

// segments cuts a pattern at its stars.
func segments(runes []rune) []string {
	var all []string
	var b strings.Builder
	for _, r := range runes {
		switch r {
		case anyRun:
			all = append(all, b.String())
			b.Reset()
		case anyOne:
			b.WriteRune(anyOneMark)
		default:
			b.WriteRune(r)
		}
	}
	return append(all, b.String())
}

func (g *glob) match(v string) bool {
	if g.finder != nil {
		return g.finder.contains(v)
	}
	if n := len(g.prefix); n > 0 && len(v) >= n && equalFoldASCII(v[:n], g.prefix) {
		return true
	}
	if g.prefix != "" && !hasNonASCII(v) {
		return false
	}
	return globMatch(g.runes, v)
}

// globMatch matches a folded pattern against the whole of v. After a mismatch it goes back to the last star only.
func globMatch(pattern []rune, v string) bool {
	p, i := 0, 0
	star, resume := -1, 0
	for i < len(v) {
		r, n := utf8.DecodeRuneInString(v[i:])
		switch {
		case p < len(pattern) && pattern[p] == anyRun:
			star, resume = p, i
			p++
			continue
		case p < len(pattern) && (pattern[p] == anyOne || pattern[p] == lower(r)):
			p++
			i += n
			continue
		case star < 0:
			return false
		}
		_, n = utf8.DecodeRuneInString(v[resume:])
		resume += n
		p, i = star+1, resume
	}
	for p < len(pattern) && pattern[p] == anyRun {
		p++
	}
	return p == len(pattern)
}

func (g *glob) need() [][]uint64 { return [][]uint64{needGlob(g.runes, true)} }

// needGlob is needTokens of the literal pieces of a pattern. ends says that no token goes on beyond its ends.
func needGlob(runes []rune, ends bool) []uint64 {
	var need []uint64
	start := 0
	for i := 0; i <= len(runes); i++ {
		if i == len(runes) || runes[i] < 0 {
			need = append(need, needTokens(string(runes[start:i]), ends && start == 0, ends && i == len(runes))...)
			start = i + 1
		}
	}
	return need
}

func (g *glob) write(w *writer, x string) string {
	return "lower(" + x + ") LIKE " + w.Arg(LikePattern(g.pattern)) + ` ESCAPE '\'`
}

// globInt asks for the decimal digits of a number by a pattern.
type globInt struct{ digits *glob }

func (g globInt) matchInt(v int64) bool { return g.digits.match(strconv.FormatInt(v, 10)) }

func (g globInt) write(w *writer, x string) string {
	return g.digits.write(w, "CAST("+x+" AS VARCHAR)")
}

// LikePattern is a pattern of the language as a pattern of SQL's LIKE with the escape character \.
func LikePattern(pattern string) string {
	var b strings.Builder
	for _, r := range globRunes(pattern) {
		switch r {
		case anyRun:
			b.WriteByte('%')
		case anyOne:
			b.WriteByte('_')
		case '%', '_', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tokenGlob asks for text by a pattern whose ends cut no token. Here "*" is a run without white space, so that the
// pattern stays within what a person sees as one word.
type tokenGlob struct {
	pattern string // folded
	runes   []rune
	re      *regexp.Regexp
	longest *finder // the longest literal piece, asked first; nil: there is none
}

func newTokenGlob(pattern string) (*tokenGlob, error) {
	t := &tokenGlob{pattern: fold(pattern)}
	t.runes = globRunes(t.pattern)
	var err error
	if t.re, err = regexp.Compile(TokenPatternRegexp(t.pattern)); err != nil {
		return nil, err
	}
	longest := ""
	for _, s := range segments(t.runes) {
		for piece := range strings.SplitSeq(s, string(anyOneMark)) {
			if len(piece) > len(longest) {
				longest = piece
			}
		}
	}
	if longest != "" {
		t.longest = newFinder(longest)
	}
	return t, nil
}

func (t *tokenGlob) match(v string) bool {
	return (t.longest == nil || t.longest.contains(v)) && t.re.MatchString(fold(v))
}

// searchRun finds the longest literal piece, without which there is no match.
func (t *tokenGlob) searchRun() func(string) func(int) int {
	if t.longest == nil {
		return nil
	}
	return t.longest.searchRun()
}

func (t *tokenGlob) part() string {
	if t.longest == nil {
		return ""
	}
	return t.longest.part()
}

func (t *tokenGlob) need() [][]uint64 {
	return [][]uint64{needGlob(t.runes, !hasUnspaced(t.pattern))}
}

func (t *tokenGlob) write(w *writer, x string) string {
	return w.TokenLike(w.args, x, t.pattern)
}

// boundary is one character that belongs to no token, in RE2 syntax.
const boundary = `[^\p{L}\p{N}\p{M}_]|[` +
	`\x{0E01}-\x{0EFF}\x{1000}-\x{109F}\x{1100}-\x{11FF}\x{1780}-\x{17FF}\x{2E80}-\x{2FDF}\x{3005}-\x{3007}` +
	`\x{3021}-\x{3029}\x{3031}-\x{3035}\x{3038}-\x{303C}\x{3041}-\x{318F}\x{31A0}-\x{31BF}\x{31F0}-\x{31FF}` +
	`\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{A960}-\x{A97F}\x{AC00}-\x{D7FF}\x{F900}-\x{FAFF}\x{FF66}-\x{FFDC}` +
	`\x{1AFF0}-\x{1B16F}\x{20000}-\x{3FFFF}]`

// TokenRegexp is the RE2 expression that finds the folded word in folded text as a word.
func TokenRegexp(word string) string { return TokenPatternRegexp(escapePattern(word)) }

// TokenPatternRegexp is the RE2 expression that finds the folded pattern in folded text as a word.
func TokenPatternRegexp(pattern string) string {
	runes := globRunes(pattern)
	if len(runes) == 0 {
		return ""
	}
	bound := !hasUnspaced(pattern)
	var b strings.Builder
	if first := runes[0]; bound && first >= 0 && isTokenRune(first) {
		b.WriteString(`(?:^|` + boundary + `)`)
	}
	for _, r := range runes {
		switch r {
		case anyRun:
			b.WriteString(`\S*`)
		case anyOne:
			b.WriteString(`\S`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	if last := runes[len(runes)-1]; bound && last >= 0 && isTokenRune(last) {
		b.WriteString(`(?:$|` + boundary + `)`)
	}
	return b.String()
}

func escapePattern(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(text)
}

// regex asks for a regular expression anywhere in a value, with regard to case.
type regex struct{ *regexp.Regexp }

func (t regex) match(v string) bool { return t.MatchString(v) }

func (t regex) need() [][]uint64 { return nil }

func (t regex) write(w *writer, x string) string { return w.RE2Match(w.args, x, t.String()) }
