package search

// Limits of a query.
const (
	MaxChars   = 4096 // characters of the text
	MaxDepth   = 64   // parentheses and negations inside each other
	MaxClauses = 256  // words, phrases and clauses
	MaxMembers = 1000 // members of all sets and networks of all CIDR() together
)

// Span is a part of the query's text as it was typed: byte offsets, To is exclusive.
type Span struct{ From, To int }

// Pos returns the span itself.
func (s Span) Pos() Span { return s }

// Query is a parsed query.
type Query struct {
	Text string // as it was typed
	Root Term
}

// Term is one of *All, *And, *Or, *Not, *Text, *Clause.
type Term interface {
	Pos() Span
	term()
}

// All matches every event: the empty query, or "*".
type All struct{ Span }

// And matches events that match all terms; there are at least two.
type And struct {
	Span
	Terms []Term
}

// Or matches events that match any term; there are at least two.
type Or struct {
	Span
	Terms []Term
}

// Not matches events that do not match Term, among them those that lack Term's field.
type Not struct {
	Span
	Term Term
}

// Text is a bare word or phrase: it is looked for in all text of an event.
type Text struct {
	Span
	Str
}

// Clause asks for a value of a field.
type Clause struct {
	Span
	Field Field
	Value Value
}

func (*All) term()    {}
func (*And) term()    {}
func (*Or) term()     {}
func (*Not) term()    {}
func (*Text) term()   {}
func (*Clause) term() {}

// Field is a field as the query names it.
type Field struct {
	Span
	Name string // without "@" and back quotes
	At   bool   // written @name
}

// Kind says how a Str was written.
type Kind uint8

// The kinds of Str.
const (
	Word     Kind = iota // literal text
	Phrase               // literal text in quotes
	Wildcard             // a pattern: * any run, ? one character, \ takes the special meaning from the next character
)

// Str is text in a query.
type Str struct {
	Kind Kind
	Text string // Word, Phrase: what is looked for; Wildcard: the pattern
}

// Value is one of *Equal, *Exact, *Regex, *Cmp, *Range, *Set, *Exists, *CIDR, *Var.
type Value interface {
	Pos() Span
	value()
}

// Equal is a plain value: field:alice, field:"Alice B", field:al*.
type Equal struct {
	Span
	Str
}

// Exact is field:=Alice: equal with regard to case.
type Exact struct {
	Span
	Text string
}

// Regex is field:~"pattern", RE2 syntax, found anywhere in the value.
type Regex struct {
	Span
	Pattern string
}

// Cmp is field:>=5. Op is one of ">", ">=", "<", "<=".
type Cmp struct {
	Span
	Op    string
	Bound Str
}

// Range is field:[a TO b]; a nil bound is open.
type Range struct {
	Span
	Lo, Hi         *Str
	LoOpen, HiOpen bool // the bound itself does not belong to the range: "{" and "}"
}

// Set is field:(a OR b). Members are no sets themselves.
type Set struct {
	Span
	Members []Value
}

// Exists is field:* or _exists_:field.
type Exists struct{ Span }

// CIDR is CIDR(field, network, …). The networks are checked when the query is compiled.
type CIDR struct {
	Span
	Nets []Net
}

// Net is one network of a CIDR.
type Net struct {
	Span
	Text string
}

// Var is $name, replaced by Substitute.
type Var struct {
	Span
	Name string
}

func (*Equal) value()  {}
func (*Exact) value()  {}
func (*Regex) value()  {}
func (*Cmp) value()    {}
func (*Range) value()  {}
func (*Set) value()    {}
func (*Exists) value() {}
func (*CIDR) value()   {}
func (*Var) value()    {}
