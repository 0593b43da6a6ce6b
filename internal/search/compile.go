package search

import (
	"slices"
	"strings"

	"kiroku/internal/event"
)

// Compile resolves the fields of q and checks its values. Its errors are *SyntaxError. Variables must have been
// substituted.
func Compile(q *Query, f *Fields) (*Program, error) {
	c := &compiler{fields: f}
	root, err := c.term(q.Root)
	if err != nil {
		return nil, locate(q.Text, err)
	}
	return &Program{Root: root, Warnings: c.warnings}, nil
}

type compiler struct {
	fields   *Fields
	warnings []Warning
}

func (c *compiler) term(n Term) (*Node, error) {
	switch n := n.(type) {
	case *And:
		return c.join(OpAnd, n.Terms)
	case *Or:
		return c.join(OpOr, n.Terms)
	case *Not:
		kid, err := c.term(n.Term)
		if err != nil {
			return nil, err
		}
		return negate(kid), nil
	case *Text:
		return c.text(n)
	case *Clause:
		return c.clause(n)
	}
	return constant(true), nil
}

func (c *compiler) join(op Op, terms []Term) (*Node, error) {
	kids := make([]*Node, len(terms))
	for i, t := range terms {
		var err error
		if kids[i], err = c.term(t); err != nil {
			return nil, err
		}
	}
	return join(op, kids), nil
}

// text looks for a bare word, phrase or pattern in all text of an event.
func (c *compiler) text(n *Text) (*Node, error) {
	if n.Str.Text == "" || n.Kind == Wildcard && onlyStars(n.Str.Text) {
		return constant(true), nil
	}
	t, err := newText(n.Str)
	if err != nil {
		return nil, badRegex(n.Span, err)
	}
	leaf := newLeaf(TextColumns(), "", t)
	leaf.Leaf.AllText = true
	return leaf, nil
}

func (c *compiler) clause(n *Clause) (*Node, error) {
	if v, ok := n.Value.(*Var); ok {
		return nil, unknownVariable(v)
	}
	name := n.Field.Name
	if n.Field.At {
		name = "@" + name
	}
	t := c.fields.Lookup(name)
	if !t.Known {
		c.warnings = append(c.warnings, Warning{n.Field.From, n.Field.To, n.Field.Name, c.fields.Nearest(name)})
	}
	if err := cidrField(n, t); err != nil {
		return nil, err
	}
	if t.Store {
		return c.store(n.Value)
	}
	kids, err := c.columns(t, n.Value)
	if len(kids) == 0 && err != nil {
		return nil, err
	}
	if t.Key != "" {
		kid, err := c.value(subject{[]event.Column{event.ColUnmapped}, t.Key, Attribute}, n.Value)
		if err == nil {
			kids = append(kids, kid)
		} else if len(kids) == 0 {
			return nil, err
		}
	}
	if kid := tagNode(t.Tag, n.Value); kid != nil {
		kids = append(kids, kid)
	}
	return join(OpOr, kids), nil
}

// columns asks each column that a name stands for, those of one type together. Where the columns are of several types,
// the value need only make sense for one of them.
func (c *compiler) columns(t Target, v Value) (kids []*Node, first error) {
	var subjects []subject
	for _, col := range t.Columns {
		typ := TypeOf(col)
		i := slices.IndexFunc(subjects, func(s subject) bool { return s.typ == typ && typ != Named && typ != Level })
		if i < 0 {
			subjects = append(subjects, subject{typ: typ})
			i = len(subjects) - 1
		}
		subjects[i].columns = append(subjects[i].columns, col)
	}
	for _, s := range subjects {
		kid, err := c.value(s, v)
		if err == nil {
			kids = append(kids, kid)
		} else if first == nil {
			first = err
		}
	}
	return kids, first
}

// store makes the node of a clause about the event data store.
func (c *compiler) store(v Value) (*Node, error) {
	if _, ok := v.(*Exists); ok {
		return constant(true), nil
	}
	n, err := c.value(subject{typ: Keyword}, v)
	if err != nil {
		return nil, err
	}
	return &Node{Op: OpStore, Store: n.matchText}, nil
}

// matchText asks a tree of text leaves about one value.
func (n *Node) matchText(v string) bool {
	switch n.Op {
	case OpLeaf:
		return n.Leaf.Exists || n.Leaf.Str(v)
	case OpOr:
		return slices.ContainsFunc(n.Kids, func(k *Node) bool { return k.matchText(v) })
	}
	return n.Op == OpAll
}

// tagNode asks for the tag "name:value", or returns nil where the value is nothing that a tag can be asked for.
func tagNode(name string, v Value) *Node {
	if name == "" {
		return nil
	}
	prefix := name + ":"
	var t strTest
	switch v := v.(type) {
	case *Exists:
		t = newGlob(escapePattern(prefix) + "*")
	case *Exact:
		t = identical(prefix + v.Text)
	case *Equal:
		if t = newEqualTo(prefix + v.Text); v.Kind == Wildcard {
			t = newGlob(escapePattern(prefix) + v.Text)
		}
	case *Set:
		var kids []*Node
		for _, m := range v.Members {
			if kid := tagNode(name, m); kid != nil {
				kids = append(kids, kid)
			}
		}
		return join(OpOr, merge(kids))
	default:
		return nil
	}
	return newLeaf([]event.Column{event.ColTags}, "", t)
}

func badRegex(at Span, err error) error {
	return fail(at, BadRegex, "the syntax is RE2", "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
}
