package trino

import (
	"strconv"
	"strings"
)

func (p *printer) exprs(list []Expr) { p.list(len(list), ", ", func(i int) { p.expr(list[i]) }) }

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// infix writes (l op r).
func (p *printer) infix(l Expr, op string, r Expr) {
	p.text("(")
	p.expr(l)
	p.printf(" %s ", op)
	p.expr(r)
	p.text(")")
}

func not(is bool) string {
	if is {
		return "NOT "
	}
	return ""
}

func (p *printer) expr(e Expr) {
	switch e := e.(type) {
	case *Ident:
		p.ident(*e)
	case *Literal:
		p.literal(e)
	case *TypedLiteral:
		p.text(e.Type.Name + " " + quoteText(e.Text))
	case *IntervalLiteral:
		p.printf("INTERVAL %s%s %s", map[bool]string{true: "-"}[e.Negative], quoteText(e.Text), e.Unit)
		if e.To != "" {
			p.text(" TO " + e.To)
		}
	case *Parameter:
		p.text("?")
	case *Field:
		p.primary(e.Base)
		p.text(".")
		p.ident(e.Name)
	case *Subscript:
		p.primary(e.Base)
		p.text("[")
		p.expr(e.Index)
		p.text("]")
	case *Cast:
		p.text(map[bool]string{true: "TRY_CAST(", false: "CAST("}[e.Try])
		p.expr(e.X)
		p.text(" AS " + e.Type.String() + ")")
	case *Extract:
		p.text("EXTRACT(")
		p.ident(e.Unit)
		p.text(" FROM ")
		p.expr(e.X)
		p.text(")")
	case *ArrayExpr:
		p.text("ARRAY[")
		p.exprs(e.Items)
		p.text("]")
	case *RowExpr:
		p.text("ROW(")
		p.exprs(e.Items)
		p.text(")")
	case *Call:
		p.call(e)
	case *Case:
		p.caseExpr(e)
	case *Lambda:
		p.text("(")
		p.lambda(e)
		p.text(")")
	default:
		p.operator(e)
	}
}

func (p *printer) lambda(e *Lambda) {
	p.text("(")
	p.idents(e.Params)
	p.text(") -> ")
	p.expr(e.Body)
}

// primary writes what a dot or a bracket may follow.
func (p *printer) primary(e Expr) {
	switch e.(type) {
	case *Ident, *Field, *Subscript, *Call:
		p.expr(e)
	default:
		p.text("(")
		p.expr(e)
		p.text(")")
	}
}

func (p *printer) literal(e *Literal) {
	switch e.Kind {
	case "string":
		p.text(quoteText(e.Text))
	case "binary":
		p.text("X" + quoteText(e.Text))
	default:
		p.text(e.Text)
	}
}

func (p *printer) operator(e Expr) {
	switch e := e.(type) {
	case *Unary:
		p.text("(" + e.Op + " ")
		p.expr(e.X)
		p.text(")")
	case *Binary:
		p.infix(e.L, e.Op, e.R)
	case *Logical:
		p.text("(")
		p.list(len(e.Terms), " "+e.Op+" ", func(i int) { p.expr(e.Terms[i]) })
		p.text(")")
	case *Not:
		p.text("(NOT ")
		p.expr(e.X)
		p.text(")")
	case *IsNull:
		p.text("(")
		p.expr(e.X)
		p.text(" IS " + not(e.Not) + "NULL)")
	case *IsDistinct:
		p.infix(e.L, "IS "+not(e.Not)+"DISTINCT FROM", e.R)
	case *Between:
		p.text("(")
		p.expr(e.X)
		p.text(" " + not(e.Not) + "BETWEEN ")
		p.expr(e.Low)
		p.text(" AND ")
		p.expr(e.High)
		p.text(")")
	case *Like:
		p.text("(")
		p.expr(e.X)
		p.text(" " + not(e.Not) + "LIKE ")
		p.expr(e.Pattern)
		if e.Escape != nil {
			p.text(" ESCAPE ")
			p.expr(e.Escape)
		}
		p.text(")")
	case *AtZone:
		p.text("(")
		p.expr(e.X)
		p.text(" AT TIME ZONE ")
		p.expr(e.Zone)
		p.text(")")
	default:
		p.queryOperator(e)
	}
}

// queryOperator writes the operators that hold a query.
func (p *printer) queryOperator(e Expr) {
	switch e := e.(type) {
	case *In:
		p.text("(")
		p.expr(e.X)
		p.text(" " + not(e.Not) + "IN (")
		if e.Query != nil {
			p.query(e.Query)
		} else {
			p.exprs(e.List)
		}
		p.text("))")
	case *Exists:
		p.text("EXISTS (")
		p.query(e.Query)
		p.text(")")
	case *Subquery:
		p.text("(")
		p.query(e.Query)
		p.text(")")
	case *Quantified:
		p.text("(")
		p.expr(e.L)
		p.text(" " + e.Op + map[bool]string{true: " ALL (", false: " ANY ("}[e.All])
		p.query(e.Query)
		p.text("))")
	}
}

func (p *printer) caseExpr(c *Case) {
	p.text("CASE")
	if c.X != nil {
		p.text(" ")
		p.expr(c.X)
	}
	for _, w := range c.Whens {
		p.text(" WHEN ")
		p.expr(w.Cond)
		p.text(" THEN ")
		p.expr(w.Then)
	}
	if c.Else != nil {
		p.text(" ELSE ")
		p.expr(c.Else)
	}
	p.text(" END")
}

func (p *printer) call(c *Call) {
	p.text(c.Name)
	switch c.Name {
	case "current_date", "current_timestamp", "current_time", "localtime", "localtimestamp":
		return
	}
	p.text("(")
	switch {
	case c.Star:
		p.text("*")
	case c.Distinct:
		p.text("DISTINCT ")
	}
	p.list(len(c.Args), ", ", func(i int) {
		if l, ok := c.Args[i].(*Lambda); ok {
			p.lambda(l)
			return
		}
		p.expr(c.Args[i])
	})
	p.orderBy(c.OrderBy)
	p.text(")")
	if len(c.WithinGroup) > 0 {
		p.text(" WITHIN GROUP (")
		p.orderBy(c.WithinGroup)
		p.text(")")
	}
	if c.Filter != nil {
		p.text(" FILTER (WHERE ")
		p.expr(c.Filter)
		p.text(")")
	}
	if c.IgnoreNulls {
		p.text(" IGNORE NULLS")
	}
	if c.Over != nil {
		p.text(" OVER ")
		p.window(c.Over)
	}
}

func (p *printer) window(w *Window) {
	p.text("(")
	if w.Base != nil {
		p.ident(*w.Base)
	}
	if len(w.Partition) > 0 {
		p.text(" PARTITION BY ")
		p.exprs(w.Partition)
	}
	p.orderBy(w.OrderBy)
	if f := w.Frame; f != nil {
		p.text(" " + f.Unit + " BETWEEN ")
		p.bound(f.Start)
		p.text(" AND ")
		p.bound(f.End)
	}
	p.text(")")
}

func (p *printer) bound(b Bound) {
	if b.X != nil {
		p.expr(b.X)
		p.text(" ")
	}
	p.text(b.Kind)
}

// String writes the type as it is written in SQL.
func (t TypeName) String() string {
	if len(t.Params) == 0 {
		return t.Name
	}
	parts := make([]string, len(t.Params))
	for i, param := range t.Params {
		switch {
		case param.Type == nil:
			parts[i] = strconv.Itoa(param.Number)
		case param.Field != "":
			parts[i] = `"` + strings.ReplaceAll(param.Field, `"`, `""`) + `" ` + param.Type.String()
		default:
			parts[i] = param.Type.String()
		}
	}
	head, tail, _ := strings.Cut(t.Name, " ")
	if tail != "" {
		tail = " " + tail
	}
	return head + "(" + strings.Join(parts, ", ") + ")" + tail
}
