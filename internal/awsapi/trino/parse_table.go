package trino

// table reads one item of FROM with its joins.
func (p *parser) table() Table {
	p.enter()
	defer p.leave()
	left := p.primaryTable()
	for n := 0; ; {
		j := p.joinKind()
		if j == nil {
			return left
		}
		p.chain(&n)
		j.Left = left
		j.Right = p.primaryTable()
		switch {
		case j.Kind == "CROSS":
		case p.accept("ON"):
			j.On = p.expr()
		case p.accept("USING"):
			j.Using = p.idents("a column name")
		default:
			p.expected("ON or USING")
		}
		left = j
	}
}

// joinKind reads the words of a join, or nothing.
func (p *parser) joinKind() *Join {
	j := &Join{Pos: p.tok().pos}
	switch t := p.tok(); {
	case t.is("NATURAL"):
		fail(t.pos, "Name the columns with USING (…).", "NATURAL JOIN is not supported")
	case p.acceptWords("CROSS", "JOIN"):
		j.Kind = "CROSS"
	case p.accept("JOIN") || p.acceptWords("INNER", "JOIN"):
		j.Kind = "INNER"
	default:
		for _, kind := range []string{"LEFT", "RIGHT", "FULL"} {
			if p.accept(kind) {
				p.accept("OUTER")
				p.expect("JOIN")
				j.Kind = kind
				return j
			}
		}
		return nil
	}
	return j
}

func (p *parser) primaryTable() Table {
	t := p.tok()
	switch {
	case p.acceptWords("UNNEST"):
		u := &Unnest{Pos: t.pos}
		p.expect("(")
		u.Exprs = p.exprs(")")
		p.expect(")")
		u.Ordinality = p.acceptWords("WITH", "ORDINALITY")
		u.Alias = p.tableAlias()
		return u
	case t.is("LATERAL") && p.peek(1).isSymbol("("):
		p.at += 2
		d := &Derived{Pos: t.pos, Lateral: true, Query: p.query()}
		p.expect(")")
		d.Alias = p.tableAlias()
		return d
	case t.isSymbol("("):
		return p.parenTable()
	}
	s := &StoreRef{Pos: t.pos, Name: p.storeName()}
	if next := p.tok(); next.isSymbol(".") {
		fail(t.pos, "Name the event data store alone, by its ID.", "table %q is named with a catalog or a schema", s.Name.Name)
	}
	s.Alias = p.tableAlias()
	if p.tok().is("TABLESAMPLE") {
		fail(p.tok().pos, "Use WHERE or LIMIT.", "TABLESAMPLE is not supported")
	}
	return s
}

// parenTable reads (query) or (table JOIN table).
func (p *parser) parenTable() Table {
	t := p.advance()
	if !p.startsQuery() {
		table := p.table()
		p.expect(")")
		return table
	}
	d := &Derived{Pos: t.pos, Query: p.query()}
	p.expect(")")
	d.Alias = p.tableAlias()
	return d
}

// tableAlias reads [AS] name [(columns)], or nothing.
func (p *parser) tableAlias() *TableAlias {
	t := p.tok()
	if !p.accept("AS") && (!isName(t) || startsClause(t)) {
		return nil
	}
	a := &TableAlias{Name: p.ident("an alias")}
	if p.tok().isSymbol("(") {
		a.Columns = p.idents("a column name")
	}
	return a
}

// startsClause says whether a word that may be a name begins the next clause here.
func startsClause(t token) bool {
	for _, w := range []string{"LIMIT", "OFFSET", "FETCH", "WINDOW", "TABLESAMPLE"} {
		if t.is(w) {
			return true
		}
	}
	return false
}

// storeName reads the name of an event data store or a common table expression. Bare ids are not made of whole tokens:
// they are read from the text again.
func (p *parser) storeName() Ident {
	t := p.tok()
	if n := bareStore(p.text[t.pos:]); n > 0 && int(t.pos)+n > int(t.end) {
		end := t.pos + Pos(n)
		for p.tok().kind != tokEnd && p.tok().pos < end {
			p.at++
		}
		return Ident{t.pos, p.text[t.pos:end]}
	}
	return p.ident("an event data store")
}
