package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// position is where something is written. Line and column count from 1; 0 is unknown.
type position struct {
	file         string
	line, column int
}

func (p position) String() string {
	switch {
	case p.file == "":
		return ""
	case p.line == 0:
		return p.file
	}
	return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.column)
}

// Problem is one thing wrong with a configuration, or worth knowing about it.
type Problem struct {
	File         string // empty: not from a file
	Line, Column int    // from 1; 0: unknown
	Key          string // for example inputs[0].port
	Text         string // what is wrong, and what to write instead
	Excerpt      string // the lines around it with a mark, for YAML that cannot be read
}

func (p Problem) Error() string {
	var b strings.Builder
	if at := (position{p.File, p.Line, p.Column}).String(); at != "" {
		b.WriteString(at + ": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Excerpt != "" {
		b.WriteString("\n" + p.Excerpt)
	}
	return b.String()
}

// Problems are all problems of a configuration, one a line.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems into the order in which a person works through a file.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return ps
}

// problemAt makes a problem of what stands at pos.
func problemAt(pos position, key, format string, args ...any) Problem {
	return Problem{File: pos.file, Line: pos.line, Column: pos.column, Key: key, Text: fmt.Sprintf(format, args...)}
}

// nearest finds the word that was probably meant, or "".
func nearest(word string, words []string) string {
	if len(word) < 3 {
		return "" // everything short is near
	}
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, w := range words {
		if d := distance(strings.ToLower(word), w); d < bestDistance {
			best, bestDistance = w, d
		}
	}
	return best
}

// didYouMean is the second half of a message about an unknown word.
func didYouMean(word string, words []string) string {
	if w := nearest(word, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return "write one of: " + strings.Join(words, ", ")
}

// distance is how many letters must be added, removed, changed or swapped with their neighbour (optimal string
// alignment). Words longer than any key are never near.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := range len(a) {
		two, one, now := &rows[(i+2)%3], &rows[i%3], &rows[(i+1)%3]
		now[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			now[j+1] = min(one[j+1]+1, now[j]+1, one[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], two[j-1]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
