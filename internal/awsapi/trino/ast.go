package trino

// Pos is a byte offset in the statement.
type Pos int

// QueryExpr is a whole query, also where it stands in parentheses.
type QueryExpr struct {
	Pos     Pos
	With    []CTE
	Body    Body
	OrderBy []SortItem
	Offset  Expr // nil: none
	Limit   Expr // nil: all rows
}

// CTE is one common table expression: Name (Columns) AS (Query).
type CTE struct {
	Name    Ident
	Columns []Ident
	Query   *QueryExpr
}

// Body is the part of a query that makes rows: *Select, *SetOp, *Values or *QueryExpr.
type Body interface{ body() }

// Select is SELECT … FROM … WHERE … GROUP BY … HAVING.
type Select struct {
	Pos      Pos
	Distinct bool
	Items    []SelectItem
	From     []Table // joined by commas
	Where    Expr
	GroupBy  []Grouping
	Having   Expr
	Windows  []NamedWindow
}

// SelectItem is one item of a select list: an expression, or * with or without a qualifier.
type SelectItem struct {
	Pos   Pos
	Expr  Expr // nil: Star
	Alias *Ident
	Star  []Ident // qualifier of the star
}

// GroupingKind is how the sets of a Grouping are made.
type GroupingKind uint8

// The kinds of grouping.
const (
	GroupPlain GroupingKind = iota // one set, which is one expression
	GroupSets
	GroupCube
	GroupRollup
)

// Grouping is one element of GROUP BY.
type Grouping struct {
	Pos  Pos
	Kind GroupingKind
	Sets [][]Expr
}

// NamedWindow is WINDOW Name AS (Window).
type NamedWindow struct {
	Name   Ident
	Window *Window
}

// SetOp is Left UNION | INTERSECT | EXCEPT Right.
type SetOp struct {
	Pos         Pos
	Op          string
	All         bool
	Left, Right Body
}

// Values is VALUES (…), (…).
type Values struct {
	Pos  Pos
	Rows []Expr // a *RowExpr, or one expression for a table of one column
}

func (*Select) body()    {}
func (*SetOp) body()     {}
func (*Values) body()    {}
func (*QueryExpr) body() {}

// SortItem is one item of ORDER BY. Without NULLS the null values come last, in both directions.
type SortItem struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Table is something that FROM names: *StoreRef, *Derived, *Unnest or *Join.
type Table interface{ table() }

// StoreRef is an event data store or a common table expression.
type StoreRef struct {
	Pos   Pos
	Name  Ident
	Alias *TableAlias
}

// TableAlias is AS Name (Columns).
type TableAlias struct {
	Name    Ident
	Columns []Ident
}

// Derived is a query in parentheses, or LATERAL (…).
type Derived struct {
	Pos     Pos
	Lateral bool
	Query   *QueryExpr
	Alias   *TableAlias
}

// Unnest is UNNEST (…) WITH ORDINALITY.
type Unnest struct {
	Pos        Pos
	Exprs      []Expr
	Ordinality bool
	Alias      *TableAlias
}

// Join is Left Kind JOIN Right. Kind is CROSS, INNER, LEFT, RIGHT or FULL.
type Join struct {
	Pos         Pos
	Kind        string
	Left, Right Table
	On          Expr
	Using       []Ident
}

func (*StoreRef) table() {}
func (*Derived) table()  {}
func (*Unnest) table()   {}
func (*Join) table()     {}
