package trino

import (
	"fmt"
	"strings"
)

// String writes the query as SQL that Parse reads as the same query.
func (q *QueryExpr) String() string {
	p := &printer{}
	p.query(q)
	return p.b.String()
}

// printer writes an AST as SQL, every operator in parentheses.
type printer struct{ b strings.Builder }

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func (p *printer) text(s string) { p.b.WriteString(s) }

// list writes n things with a separator.
func (p *printer) list(n int, sep string, item func(i int)) {
	for i := range n {
		if i > 0 {
			p.text(sep)
		}
		item(i)
	}
}

func (p *printer) ident(id Ident) { p.text(`"` + strings.ReplaceAll(id.Name, `"`, `""`) + `"`) }

func (p *printer) idents(ids []Ident) { p.list(len(ids), ", ", func(i int) { p.ident(ids[i]) }) }

func (p *printer) query(q *QueryExpr) {
	for i, c := range q.With {
		p.text([]string{"WITH ", ", "}[min(i, 1)])
		p.ident(c.Name)
		if len(c.Columns) > 0 {
			p.text(" (")
			p.idents(c.Columns)
			p.text(")")
		}
		p.text(" AS (")
		p.query(c.Query)
		p.text(")")
	}
	if len(q.With) > 0 {
		p.text(" ")
	}
	p.body(q.Body)
	p.orderBy(q.OrderBy)
	if q.Offset != nil {
		p.text(" OFFSET ")
		p.expr(q.Offset)
	}
	if q.Limit != nil {
		p.text(" LIMIT ")
		p.expr(q.Limit)
	}
}

func (p *printer) body(b Body) {
	switch b := b.(type) {
	case *Select:
		p.selectBody(b)
	case *SetOp:
		p.operand(b.Left)
		p.printf(" %s ", b.Op)
		if b.All {
			p.text("ALL ")
		}
		p.operand(b.Right)
	case *Values:
		p.text("VALUES ")
		p.exprs(b.Rows)
	case *QueryExpr:
		p.text("(")
		p.query(b)
		p.text(")")
	}
}

// operand writes one side of a set operation. A nested one is a query in parentheses by itself: parsing it gives the
// same rows in the same order of operations.
func (p *printer) operand(b Body) {
	if _, ok := b.(*SetOp); !ok {
		p.body(b)
		return
	}
	p.text("(")
	p.body(b)
	p.text(")")
}

func (p *printer) selectBody(s *Select) {
	p.text("SELECT ")
	if s.Distinct {
		p.text("DISTINCT ")
	}
	p.list(len(s.Items), ", ", func(i int) { p.selectItem(s.Items[i]) })
	if len(s.From) > 0 {
		p.text(" FROM ")
		p.list(len(s.From), ", ", func(i int) { p.table(s.From[i]) })
	}
	if s.Where != nil {
		p.text(" WHERE ")
		p.expr(s.Where)
	}
	if len(s.GroupBy) > 0 {
		p.text(" GROUP BY ")
		p.list(len(s.GroupBy), ", ", func(i int) { p.grouping(s.GroupBy[i]) })
	}
	if s.Having != nil {
		p.text(" HAVING ")
		p.expr(s.Having)
	}
	for i, w := range s.Windows {
		p.text([]string{" WINDOW ", ", "}[min(i, 1)])
		p.ident(w.Name)
		p.text(" AS ")
		p.window(w.Window)
	}
}

func (p *printer) selectItem(item SelectItem) {
	if item.Expr == nil {
		for _, id := range item.Star {
			p.ident(id)
			p.text(".")
		}
		p.text("*")
		return
	}
	p.expr(item.Expr)
	if item.Alias != nil {
		p.text(" AS ")
		p.ident(*item.Alias)
	}
}

func (p *printer) grouping(g Grouping) {
	if g.Kind == GroupPlain {
		p.expr(g.Sets[0][0])
		return
	}
	p.text([]string{"", "GROUPING SETS (", "CUBE (", "ROLLUP ("}[g.Kind])
	p.list(len(g.Sets), ", ", func(i int) {
		if set := g.Sets[i]; len(set) == 1 {
			p.expr(set[0])
			return
		}
		p.text("(")
		p.exprs(g.Sets[i])
		p.text(")")
	})
	p.text(")")
}

func (p *printer) orderBy(items []SortItem) {
	if len(items) == 0 {
		return
	}
	p.text(" ORDER BY ")
	p.list(len(items), ", ", func(i int) {
		p.expr(items[i].Expr)
		if items[i].Desc {
			p.text(" DESC")
		}
		if items[i].NullsFirst {
			p.text(" NULLS FIRST")
		}
	})
}

func (p *printer) table(t Table) {
	switch t := t.(type) {
	case *StoreRef:
		p.ident(t.Name)
		p.alias(t.Alias)
	case *Derived:
		if t.Lateral {
			p.text("LATERAL ")
		}
		p.text("(")
		p.query(t.Query)
		p.text(")")
		p.alias(t.Alias)
	case *Unnest:
		p.text("UNNEST(")
		p.exprs(t.Exprs)
		p.text(")")
		if t.Ordinality {
			p.text(" WITH ORDINALITY")
		}
		p.alias(t.Alias)
	case *Join:
		p.text("(")
		p.table(t.Left)
		p.printf(" %s JOIN ", t.Kind)
		p.table(t.Right)
		switch {
		case t.On != nil:
			p.text(" ON ")
			p.expr(t.On)
		case len(t.Using) > 0:
			p.text(" USING (")
			p.idents(t.Using)
			p.text(")")
		}
		p.text(")")
	}
}

func (p *printer) alias(a *TableAlias) {
	if a == nil {
		return
	}
	p.text(" AS ")
	p.ident(a.Name)
	if len(a.Columns) > 0 {
		p.text(" (")
		p.idents(a.Columns)
		p.text(")")
	}
}
