package search

import (
	"strconv"
	"strings"

	"kiroku/internal/event"
)

// Dialect writes what SQL engines do differently. x is an expression of text; words, texts and patterns are folded and
// go through Args. Every predicate may be NULL where x is.
type Dialect interface {
	// AllText is the text of an event that bare words look into: the values of TextColumns joined by separator, which
	// is one character.
	AllText(separator rune) string
	// HasToken says that x, folded, holds word without cutting a token: see TokenRegexp.
	HasToken(a *Args, x, word string) string
	// IContains says that x, folded, holds text.
	IContains(a *Args, x, text string) string
	// TokenLike says that x, folded, holds pattern without cutting a token: see TokenPatternRegexp.
	TokenLike(a *Args, x, pattern string) string
	// RE2Match says that pattern is found in x, with regard to case.
	RE2Match(a *Args, x, pattern string) string
	// IPIn says that x is an address in network, an address or a prefix: see InNetwork.
	IPIn(a *Args, x, network string) string
	// Attr is the value of a key of unmapped, NULL when it is missing.
	Attr(a *Args, key string) string
	// AttrValues is the list of all values of unmapped.
	AttrValues() string
	// AnyMatch says that predicate holds for an element of list.
	AnyMatch(list string, predicate func(x string) string) string
	// NotEmpty says that a column of lists or maps has an element.
	NotEmpty(c event.Column) string
	// AsNumber is x as a floating-point number, NULL unless x matches NumberRegexp.
	AsNumber(x string) string
	// Micros is the microseconds since 1970 of a column of times.
	Micros(x string) string
}

// Args collects the arguments of a predicate.
type Args struct{ values []any }

// Arg adds a value and returns what stands for it in the predicate. An expression that holds it may be written more
// than once.
func (a *Args) Arg(v any) string {
	a.values = append(a.values, v)
	return "\x00" + strconv.Itoa(len(a.values)-1) + "\x00"
}

// place turns what Arg returned into question marks, with one argument for each.
func (a *Args) place(sql string) (string, []any) {
	parts := strings.Split(sql, "\x00")
	var b strings.Builder
	var args []any
	for i, p := range parts {
		if i%2 == 0 {
			b.WriteString(p)
			continue
		}
		n, _ := strconv.Atoi(p)
		b.WriteByte('?')
		args = append(args, a.values[n])
	}
	return b.String(), args
}

// SQL writes the program as a predicate with question marks and its arguments. Clauses about the event data store that
// Bind did not settle are false.
func (p *Program) SQL(d Dialect) (where string, args []any) {
	w := &writer{Dialect: d, args: &Args{}}
	return w.args.place(w.node(p.Root))
}

type writer struct {
	Dialect
	args *Args
}

func (w *writer) Arg(v any) string { return w.args.Arg(v) }

func (w *writer) list(values []string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = w.Arg(v)
	}
	return strings.Join(all, ",")
}

func (w *writer) node(n *Node) string {
	switch n.Op {
	case OpAnd, OpOr:
		kids := make([]string, len(n.Kids))
		for i, k := range n.Kids {
			kids[i] = w.node(k)
			if k.Op == OpAnd || k.Op == OpOr {
				kids[i] = "(" + kids[i] + ")"
			}
		}
		return strings.Join(kids, pick(n.Op == OpAnd, " AND ", " OR "))
	case OpNot:
		return "NOT coalesce(" + w.node(n.Kids[0]) + ",FALSE)"
	case OpLeaf:
		return w.leaf(n.Leaf)
	case OpAll:
		return "TRUE"
	default:
		return "FALSE"
	}
}

func (w *writer) leaf(l *Leaf) string {
	if l.AllText {
		separator := '\n'
		if _, ok := l.test.(part); ok {
			separator = '\x1e' // a phrase may hold a line break, and must not match across two values
		}
		return l.test.write(w, w.AllText(separator))
	}
	if l.MapKey != "" {
		return l.test.write(w, w.Attr(w.args, l.MapKey))
	}
	all := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		all[i] = w.column(c, l.test)
	}
	return anyOf(all)
}

func (w *writer) column(c event.Column, t test) string {
	x := c.String()
	kind := c.Kind()
	if kind != event.StringList && kind != event.StringMap {
		return t.write(w, x)
	}
	if _, ok := t.(present); ok {
		return w.NotEmpty(c)
	}
	if kind == event.StringMap {
		x = w.AttrValues()
	}
	return w.AnyMatch(x, func(x string) string { return t.write(w, x) })
}

func anyOf(predicates []string) string {
	if len(predicates) == 1 {
		return predicates[0]
	}
	return "(" + strings.Join(predicates, " OR ") + ")"
}
