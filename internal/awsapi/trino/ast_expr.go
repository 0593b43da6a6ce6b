package trino

// Expr is an expression.
type Expr interface{ pos() Pos }

// Ident is a name. Names are compared without regard to case, also quoted ones.
type Ident struct {
	Pos  Pos
	Name string // as typed
}

// Literal is a constant. Kind is one of string, integer, decimal, double, boolean, null, binary.
type Literal struct {
	Pos  Pos
	Kind string
	Text string
}

// TypedLiteral is a type and a text: DATE '…', TIMESTAMP '…', JSON '…'.
type TypedLiteral struct {
	Pos  Pos
	Type TypeName
	Text string
}

// IntervalLiteral is INTERVAL '…' Unit [TO To]. Unit is YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND; To a smaller one or "".
type IntervalLiteral struct {
	Pos      Pos
	Negative bool
	Text     string
	Unit     string
	To       string
}

// Parameter is a ? without quotes.
type Parameter struct{ Pos Pos }

// Field is Base.Name: a column of a table, or a field of a row.
type Field struct {
	Base Expr
	Name Ident
}

// Subscript is Base[Index].
type Subscript struct {
	Pos         Pos
	Base, Index Expr
}

// Unary is -X or +X.
type Unary struct {
	Pos Pos
	Op  string
	X   Expr
}

// Binary is arithmetic, || and comparison.
type Binary struct {
	Pos  Pos
	Op   string
	L, R Expr
}

// Logical is a chain of AND or OR.
type Logical struct {
	Pos   Pos
	Op    string
	Terms []Expr
}

// Not is NOT X.
type Not struct {
	Pos Pos
	X   Expr
}

// IsNull is X IS NULL.
type IsNull struct {
	Pos Pos
	X   Expr
	Not bool
}

// IsDistinct is L IS DISTINCT FROM R.
type IsDistinct struct {
	Pos  Pos
	L, R Expr
	Not  bool
}

// Between is X BETWEEN Low AND High.
type Between struct {
	Pos          Pos
	X, Low, High Expr
	Not          bool
}

// In is X IN (…): a list or a query.
type In struct {
	Pos   Pos
	X     Expr
	List  []Expr
	Query *QueryExpr
	Not   bool
}

// Like is X LIKE Pattern ESCAPE Escape.
type Like struct {
	Pos                Pos
	X, Pattern, Escape Expr
	Not                bool
}

// Exists is EXISTS (…).
type Exists struct {
	Pos   Pos
	Query *QueryExpr
}

// Subquery is a query whose only value stands for it.
type Subquery struct {
	Pos   Pos
	Query *QueryExpr
}

// Quantified is L Op ALL | ANY (…).
type Quantified struct {
	Pos   Pos
	Op    string
	All   bool
	L     Expr
	Query *QueryExpr
}

// Case is CASE X WHEN … THEN … ELSE … END. X may be nil.
type Case struct {
	Pos   Pos
	X     Expr
	Whens []When
	Else  Expr
}

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Cast is CAST(X AS Type) or TRY_CAST.
type Cast struct {
	Pos  Pos
	Try  bool
	X    Expr
	Type TypeName
}

// Extract is EXTRACT(Unit FROM X).
type Extract struct {
	Pos  Pos
	Unit Ident
	X    Expr
}

// AtZone is X AT TIME ZONE Zone.
type AtZone struct {
	Pos     Pos
	X, Zone Expr
}

// ArrayExpr is ARRAY[…].
type ArrayExpr struct {
	Pos   Pos
	Items []Expr
}

// RowExpr is ROW(…) or (…, …).
type RowExpr struct {
	Pos   Pos
	Items []Expr
}

// Lambda is (a, b) -> Body.
type Lambda struct {
	Pos    Pos
	Params []Ident
	Body   Expr
}

// Call is a function call.
type Call struct {
	Pos         Pos
	Name        string // lower case
	Star        bool   // count(*)
	Distinct    bool
	Args        []Expr
	OrderBy     []SortItem
	WithinGroup []SortItem
	Filter      Expr
	IgnoreNulls bool
	Over        *Window
}

// Window is OVER (PARTITION BY … ORDER BY … frame).
type Window struct {
	Pos       Pos
	Base      *Ident // a window of the WINDOW clause
	Partition []Expr
	OrderBy   []SortItem
	Frame     *Frame
}

// Frame is ROWS | RANGE | GROUPS BETWEEN Start AND End.
type Frame struct {
	Unit       string
	Start, End Bound
}

// Bound is one end of a Frame. Kind is UNBOUNDED PRECEDING, PRECEDING, CURRENT ROW, FOLLOWING, UNBOUNDED FOLLOWING.
type Bound struct {
	Kind string
	X    Expr // of PRECEDING and FOLLOWING
}

// TypeName is a type as written: varchar(10), array(T), map(K, V), row(f T).
type TypeName struct {
	Pos    Pos
	Name   string // lower case; "timestamp with time zone" is one name
	Params []TypeParam
}

// TypeParam is a number, a type, or a named field of a row.
type TypeParam struct {
	Number int
	Field  string
	Type   *TypeName // nil: Number
}

func (e *Ident) pos() Pos           { return e.Pos }
func (e *Literal) pos() Pos         { return e.Pos }
func (e *TypedLiteral) pos() Pos    { return e.Pos }
func (e *IntervalLiteral) pos() Pos { return e.Pos }
func (e *Parameter) pos() Pos       { return e.Pos }
func (e *Field) pos() Pos           { return e.Base.pos() }
func (e *Subscript) pos() Pos       { return e.Pos }
func (e *Unary) pos() Pos           { return e.Pos }
func (e *Binary) pos() Pos          { return e.Pos }
func (e *Logical) pos() Pos         { return e.Pos }
func (e *Not) pos() Pos             { return e.Pos }
func (e *IsNull) pos() Pos          { return e.Pos }
func (e *IsDistinct) pos() Pos      { return e.Pos }
func (e *Between) pos() Pos         { return e.Pos }
func (e *In) pos() Pos              { return e.Pos }
func (e *Like) pos() Pos            { return e.Pos }
func (e *Exists) pos() Pos          { return e.Pos }
func (e *Subquery) pos() Pos        { return e.Pos }
func (e *Quantified) pos() Pos      { return e.Pos }
func (e *Case) pos() Pos            { return e.Pos }
func (e *Cast) pos() Pos            { return e.Pos }
func (e *Extract) pos() Pos         { return e.Pos }
func (e *AtZone) pos() Pos          { return e.Pos }
func (e *ArrayExpr) pos() Pos       { return e.Pos }
func (e *RowExpr) pos() Pos         { return e.Pos }
func (e *Lambda) pos() Pos          { return e.Pos }
func (e *Call) pos() Pos            { return e.Pos }
