package search

import "kiroku/internal/event"

// Op is what a Node of a program does.
type Op uint8

// The operations.
const (
	OpAll   Op = iota // every event
	OpNone            // no event
	OpAnd             // all Kids; at least two
	OpOr              // any of Kids; at least two
	OpNot             // not Kids[0]
	OpLeaf            // Leaf
	OpStore           // Store says for an event data store; Bind replaces it by OpAll or OpNone
)

// Node is a node of a program. Nodes are not changed after Compile.
type Node struct {
	Op    Op
	Kids  []*Node
	Leaf  *Leaf
	Store func(name string) bool
}

// Leaf asks one question about an event. It holds for an event when it holds for a value of any of Columns: a text, a
// number, an element of a list. A column without a value never holds. Its functions are safe for concurrent use.
type Leaf struct {
	Columns []event.Column
	MapKey  string // of unmapped, ask only the value of this key; empty: every value
	AllText bool   // Columns are TextColumns

	// Exists asks only whether there is a value; the functions are nil then. Otherwise exactly one of them is set.
	Exists bool
	Str    func(v string) bool  // for columns of kind String, elements of StringList, values of StringMap
	Int    func(v int64) bool   // for columns of kind Int, Long, Bool (0 or 1), Timestamp (microseconds)
	Dbl    func(v float64) bool // for columns of kind Double

	// Search, when not nil, prepares a run of texts, one behind the other, for finding those that Str can hold for without
	// asking each: next is the first place at or after from where a match may begin, or -1.
	Search func(run string) (next func(from int) int)
	// Part is ASCII with letters in lower case that a text must hold, in either case, for Str to hold; unless it holds
	// characters beyond ASCII that fold to letters. Empty: nothing is known.
	Part string

	// Eq, when not empty, says that a value can hold only if it is Eq in lower case. Str has the last word.
	Eq string
	// Tokens are hashes that the token index of a set of rows must hold if a row of it can match; see HashTokens and
	// InText. They are necessary, not sufficient. Empty: the index says nothing.
	Tokens []uint64

	test test
	need [][]uint64 // alternatives of Tokens
}

// Warning is about a query that runs but may not mean what was meant.
type Warning struct {
	From    int      `json:"from"` // byte offsets in the text as it was typed
	To      int      `json:"to"`
	Field   string   `json:"field"`   // the name that is not known; it was looked up in unmapped
	Nearest []string `json:"nearest"` // known names that look like it
}

// Program is a compiled query. It is safe for concurrent use.
type Program struct {
	Root     *Node
	Warnings []Warning
}

// Bind settles the clauses about the event data store for one store.
func (p *Program) Bind(store string) *Program {
	return &Program{Root: p.Root.bind(store), Warnings: p.Warnings}
}

func (n *Node) bind(store string) *Node {
	switch n.Op {
	case OpStore:
		return constant(n.Store(store))
	case OpNot:
		return negate(n.Kids[0].bind(store))
	case OpAnd, OpOr:
		kids := make([]*Node, len(n.Kids))
		for i, k := range n.Kids {
			kids[i] = k.bind(store)
		}
		return join(n.Op, kids)
	}
	return n
}

func constant(yes bool) *Node {
	if yes {
		return &Node{Op: OpAll}
	}
	return &Node{Op: OpNone}
}

func negate(n *Node) *Node {
	switch n.Op {
	case OpAll:
		return constant(false)
	case OpNone:
		return constant(true)
	}
	return &Node{Op: OpNot, Kids: []*Node{n}}
}

// join makes an And or Or without constants and without nodes of its own kind below it.
func join(op Op, kids []*Node) *Node {
	neutral, final := OpAll, OpNone
	if op == OpOr {
		neutral, final = OpNone, OpAll
	}
	var kept []*Node
	for _, k := range kids {
		switch k.Op {
		case final:
			return &Node{Op: final}
		case neutral:
		case op:
			kept = append(kept, k.Kids...)
		default:
			kept = append(kept, k)
		}
	}
	switch len(kept) {
	case 0:
		return &Node{Op: neutral}
	case 1:
		return kept[0]
	}
	return &Node{Op: op, Kids: kept}
}

// MayMatch asks a token index whether a row of its set can match. has says whether the index may hold a hash; it may
// say yes wrongly, never no.
func (p *Program) MayMatch(has func(hash uint64) bool) bool { return p.Root.mayMatch(has) }

func (n *Node) mayMatch(has func(hash uint64) bool) bool {
	switch n.Op {
	case OpNone:
		return false
	case OpAnd:
		for _, k := range n.Kids {
			if !k.mayMatch(has) {
				return false
			}
		}
	case OpOr:
		for _, k := range n.Kids {
			if k.mayMatch(has) {
				return true
			}
		}
		return false
	case OpLeaf:
		return n.Leaf.mayMatch(has)
	}
	return true
}

func (l *Leaf) mayMatch(has func(hash uint64) bool) bool {
	if l.need == nil {
		return true
	}
	for _, all := range l.need {
		found := true
		for _, h := range all {
			if !has(h) {
				found = false
				break
			}
		}
		if found {
			return true
		}
	}
	return false
}

// Columns are the columns that the program reads, in the order of the table.
func (p *Program) Columns() []event.Column {
	var used [event.NumColumns]bool
	p.Root.mark(&used)
	var cs []event.Column
	for i, yes := range used {
		if yes {
			cs = append(cs, event.Column(i))
		}
	}
	return cs
}

func (n *Node) mark(used *[event.NumColumns]bool) {
	if n.Op == OpLeaf {
		for _, c := range n.Leaf.Columns {
			used[c] = true
		}
	}
	for _, k := range n.Kids {
		k.mark(used)
	}
}

// newLeaf makes the node that asks t about columns, or about the key of unmapped.
func newLeaf(columns []event.Column, key string, t test) *Node {
	l := &Leaf{Columns: columns, MapKey: key, test: t}
	switch t := t.(type) {
	case present:
		l.Exists = true
	case strTest:
		l.Str = t.match
		if r, ok := t.(runTest); ok {
			l.Search, l.Part = r.searchRun(), r.part()
		}
		l.index(t)
	case intTest:
		l.Int = t.matchInt
	case dblTest:
		l.Dbl = t.matchDbl
	}
	return &Node{Op: OpLeaf, Leaf: l}
}

// index sets what a token index is asked.
func (l *Leaf) index(t strTest) {
	switch t := t.(type) {
	case *equalTo:
		if len(t.values) == 1 {
			l.Eq = t.values[0]
		}
	case identical:
		l.Eq = fold(string(t))
	}
	for _, c := range l.Columns {
		if !InText(c) {
			return
		}
	}
	l.need = t.need()
	for i, all := range l.need {
		if i == 0 {
			l.Tokens = all
			continue
		}
		l.Tokens = common(l.Tokens, all)
	}
}

// common returns the hashes that are in both lists.
func common(a, b []uint64) []uint64 {
	var both []uint64
	for _, h := range a {
		for _, g := range b {
			if h == g {
				both = append(both, h)
				break
			}
		}
	}
	return both
}
