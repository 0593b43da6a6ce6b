package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kiroku/internal/spell"
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

// didYouMean is the second half of a message about an unknown word.
func didYouMean(word string, words []string) string {
	if near := spell.Nearest(word, words); len(near) > 0 {
		return fmt.Sprintf("did you mean %q?", near[0])
	}
	return "write one of: " + strings.Join(words, ", ")
}
