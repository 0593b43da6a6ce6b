package trino

// query reads [WITH …] body [ORDER BY …] [OFFSET …] [LIMIT …].
func (p *parser) query() *QueryExpr {
	p.enter()
	defer p.leave()
	q := &QueryExpr{Pos: p.tok().pos}
	if p.accept("WITH") {
		if p.tok().is("RECURSIVE") {
			fail(p.tok().pos, "Write the query without recursion.", "WITH RECURSIVE is not supported")
		}
		q.With = append(q.With, p.cte())
		for p.accept(",") {
			q.With = append(q.With, p.cte())
		}
	}
	q.Body = p.body()
	q.OrderBy = p.orderBy()
	if p.accept("OFFSET") {
		q.Offset = p.count()
		if !p.accept("ROWS") {
			p.accept("ROW")
		}
	}
	switch {
	case p.accept("LIMIT"):
		if !p.accept("ALL") {
			q.Limit = p.count()
		}
	case p.accept("FETCH"):
		q.Limit = p.fetch()
	}
	return q
}

func (p *parser) fetch() Expr {
	if !p.accept("FIRST") {
		p.expect("NEXT")
	}
	var n Expr = &Literal{p.tok().pos, "integer", "1"}
	if !p.tok().is("ROW") && !p.tok().is("ROWS") {
		n = p.count()
	}
	if !p.accept("ROWS") {
		p.expect("ROW")
	}
	if p.tok().is("WITH") {
		fail(p.tok().pos, "Write ONLY.", "WITH TIES is not supported")
	}
	p.expect("ONLY")
	return n
}

// count reads the number of LIMIT or OFFSET.
func (p *parser) count() Expr {
	t := p.tok()
	switch {
	case t.kind == tokInteger:
		p.at++
		return &Literal{t.pos, "integer", t.text}
	case t.isSymbol("?"):
		p.at++
		return &Parameter{t.pos}
	}
	p.expected("a number")
	return nil
}

func (p *parser) cte() CTE {
	c := CTE{Name: p.ident("a name")}
	if p.tok().isSymbol("(") {
		c.Columns = p.idents("a column name")
	}
	p.expect("AS")
	p.expect("(")
	c.Query = p.query()
	p.expect(")")
	return c
}

// body reads queries joined by UNION and EXCEPT, which bind weaker than INTERSECT.
func (p *parser) body() Body {
	left := p.intersection()
	for n := 0; ; {
		t := p.tok()
		if !t.is("UNION") && !t.is("EXCEPT") {
			return left
		}
		p.chain(&n)
		left = p.setOp(left, p.intersection)
	}
}

func (p *parser) intersection() Body {
	left := p.term()
	for n := 0; p.tok().is("INTERSECT"); {
		p.chain(&n)
		left = p.setOp(left, p.term)
	}
	return left
}

func (p *parser) setOp(left Body, right func() Body) Body {
	t := p.advance()
	op := &SetOp{Pos: t.pos, Left: left}
	switch {
	case t.is("UNION"):
		op.Op = "UNION"
	case t.is("EXCEPT"):
		op.Op = "EXCEPT"
	default:
		op.Op = "INTERSECT"
	}
	op.All = p.accept("ALL")
	if !op.All {
		p.accept("DISTINCT")
	}
	op.Right = right()
	return op
}

// term reads SELECT, VALUES, TABLE or a query in parentheses.
func (p *parser) term() Body {
	t := p.tok()
	switch {
	case t.is("SELECT"):
		return p.selectBody()
	case t.is("VALUES"):
		p.at++
		v := &Values{Pos: t.pos, Rows: []Expr{p.expr()}}
		for p.accept(",") {
			v.Rows = append(v.Rows, p.expr())
		}
		return v
	case t.is("TABLE"):
		p.at++
		store := &StoreRef{Pos: p.tok().pos, Name: p.storeName()}
		return &Select{Pos: t.pos, Items: []SelectItem{{Pos: t.pos}}, From: []Table{store}}
	case t.isSymbol("("):
		p.at++
		q := p.query()
		p.expect(")")
		return q
	}
	p.expected("SELECT")
	return nil
}

func (p *parser) selectBody() *Select {
	s := &Select{Pos: p.advance().pos}
	s.Distinct = p.accept("DISTINCT")
	if !s.Distinct {
		p.accept("ALL")
	}
	s.Items = append(s.Items, p.selectItem())
	for p.accept(",") {
		s.Items = append(s.Items, p.selectItem())
	}
	if p.accept("FROM") {
		s.From = append(s.From, p.table())
		for p.accept(",") {
			s.From = append(s.From, p.table())
		}
	}
	if p.accept("WHERE") {
		s.Where = p.expr()
	}
	if p.acceptWords("GROUP", "BY") {
		if !p.accept("ALL") {
			p.accept("DISTINCT")
		}
		s.GroupBy = append(s.GroupBy, p.grouping())
		for p.accept(",") {
			s.GroupBy = append(s.GroupBy, p.grouping())
		}
	}
	if p.accept("HAVING") {
		s.Having = p.expr()
	}
	if p.accept("WINDOW") {
		s.Windows = append(s.Windows, p.namedWindow())
		for p.accept(",") {
			s.Windows = append(s.Windows, p.namedWindow())
		}
	}
	return s
}

func (p *parser) namedWindow() NamedWindow {
	w := NamedWindow{Name: p.ident("a name")}
	p.expect("AS")
	w.Window = p.window()
	return w
}

func (p *parser) selectItem() SelectItem {
	item := SelectItem{Pos: p.tok().pos}
	if p.star(&item) {
		return item
	}
	item.Expr = p.expr()
	switch t := p.tok(); {
	case p.accept("AS"):
		a := p.ident("an alias")
		item.Alias = &a
	case isName(t):
		p.at++
		item.Alias = &Ident{t.pos, t.text}
	}
	return item
}

// star reads * and a.b.*.
func (p *parser) star(item *SelectItem) bool {
	if p.accept("*") {
		return true
	}
	n := 0
	for isName(p.peek(n)) && p.peek(n+1).isSymbol(".") {
		n += 2
	}
	if n == 0 || !p.peek(n).isSymbol("*") {
		return false
	}
	for ; n > 0; n -= 2 {
		item.Star = append(item.Star, p.ident("a name"))
		p.expect(".")
	}
	p.expect("*")
	return true
}

func (p *parser) grouping() Grouping {
	t := p.tok()
	g := Grouping{Pos: t.pos}
	switch {
	case p.acceptWords("GROUPING", "SETS"):
		g.Kind = GroupSets
	case t.is("CUBE") && p.accept("CUBE"):
		g.Kind = GroupCube
	case t.is("ROLLUP") && p.accept("ROLLUP"):
		g.Kind = GroupRollup
	default:
		paren := t.isSymbol("(")
		e := p.expr()
		if row, ok := e.(*RowExpr); ok && paren {
			g.Kind, g.Sets = GroupSets, [][]Expr{row.Items}
			return g
		}
		g.Sets = [][]Expr{{e}}
		return g
	}
	p.expect("(")
	g.Sets = append(g.Sets, p.groupingSet())
	for p.accept(",") {
		g.Sets = append(g.Sets, p.groupingSet())
	}
	p.expect(")")
	return g
}

// groupingSet reads (), (a, b) or a.
func (p *parser) groupingSet() []Expr {
	if p.tok().isSymbol("(") && p.peek(1).isSymbol(")") {
		p.at += 2
		return nil
	}
	e := p.expr()
	if row, ok := e.(*RowExpr); ok {
		return row.Items
	}
	return []Expr{e}
}

// orderBy reads ORDER BY …, or nothing.
func (p *parser) orderBy() []SortItem {
	if !p.acceptWords("ORDER", "BY") {
		return nil
	}
	list := []SortItem{p.sortItem()}
	for p.accept(",") {
		list = append(list, p.sortItem())
	}
	return list
}

func (p *parser) sortItem() SortItem {
	s := SortItem{Expr: p.expr()}
	if s.Desc = p.accept("DESC"); !s.Desc {
		p.accept("ASC")
	}
	if p.accept("NULLS") {
		if s.NullsFirst = p.accept("FIRST"); !s.NullsFirst {
			p.expect("LAST")
		}
	}
	return s
}
