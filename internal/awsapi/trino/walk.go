package trino

// walk calls f for an expression and, as long as f returns true, for the expressions it is made of. It does not go into
// queries.
func walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, child := range children(e) {
		walk(child, f)
	}
}

// children are the expressions that an expression is made of.
func children(e Expr) []Expr {
	switch e := e.(type) {
	case *Field:
		return []Expr{e.Base}
	case *Subscript:
		return []Expr{e.Base, e.Index}
	case *Unary:
		return []Expr{e.X}
	case *Binary:
		return []Expr{e.L, e.R}
	case *Logical:
		return e.Terms
	case *Not:
		return []Expr{e.X}
	case *IsNull:
		return []Expr{e.X}
	case *IsDistinct:
		return []Expr{e.L, e.R}
	case *Between:
		return []Expr{e.X, e.Low, e.High}
	case *In:
		return append([]Expr{e.X}, e.List...)
	case *Like:
		return []Expr{e.X, e.Pattern, e.Escape}
	case *Quantified:
		return []Expr{e.L}
	case *Cast:
		return []Expr{e.X}
	case *Extract:
		return []Expr{e.X}
	case *AtZone:
		return []Expr{e.X, e.Zone}
	case *ArrayExpr:
		return e.Items
	case *RowExpr:
		return e.Items
	case *Lambda:
		return []Expr{e.Body}
	case *Case:
		return caseChildren(e)
	case *Call:
		return callChildren(e)
	}
	return nil
}

func caseChildren(c *Case) []Expr {
	list := []Expr{c.X, c.Else}
	for _, w := range c.Whens {
		list = append(list, w.Cond, w.Then)
	}
	return list
}

func callChildren(c *Call) []Expr {
	list := append([]Expr{c.Filter}, c.Args...)
	for _, item := range append(c.OrderBy[:len(c.OrderBy):len(c.OrderBy)], c.WithinGroup...) {
		list = append(list, item.Expr)
	}
	if c.Over != nil {
		list = append(list, c.Over.Partition...)
		for _, item := range c.Over.OrderBy {
			list = append(list, item.Expr)
		}
	}
	return list
}
