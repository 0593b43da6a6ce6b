package trino

import (
	"slices"
	"strings"
)

// expr reads an expression: OR, then AND, then NOT, then comparisons, then ||, +, *, signs, AT TIME ZONE, [ ] and dots.
func (p *parser) expr() Expr {
	p.enter()
	defer p.leave()
	if e := p.lambda(); e != nil {
		return e
	}
	return p.logical("OR", func() Expr { return p.logical("AND", p.not) })
}

func (p *parser) exprs(end string) []Expr {
	if p.tok().isSymbol(end) {
		return nil
	}
	list := []Expr{p.expr()}
	for p.accept(",") {
		list = append(list, p.expr())
	}
	return list
}

// lambda reads x -> … and (x, y) -> …, or nothing.
func (p *parser) lambda() Expr {
	t := p.tok()
	l := &Lambda{Pos: t.pos}
	switch {
	case isName(t) && p.peek(1).isSymbol("->"):
		l.Params = []Ident{{t.pos, t.text}}
		p.at += 2
	case t.isSymbol("("):
		n := 1
		for isName(p.peek(n)) && p.peek(n+1).isSymbol(",") {
			n += 2
		}
		if isName(p.peek(n)) {
			n++
		}
		if !p.peek(n).isSymbol(")") || !p.peek(n+1).isSymbol("->") {
			return nil
		}
		p.at++
		for !p.accept(")") {
			l.Params = append(l.Params, p.ident("a name"))
			p.accept(",")
		}
		p.expect("->")
	default:
		return nil
	}
	l.Body = p.expr()
	return l
}

func (p *parser) logical(op string, operand func() Expr) Expr {
	first := operand()
	if !p.tok().is(op) {
		return first
	}
	l := &Logical{Pos: first.pos(), Op: op, Terms: []Expr{first}}
	for p.accept(op) {
		l.Terms = append(l.Terms, operand())
	}
	return l
}

func (p *parser) not() Expr {
	t := p.tok()
	if !p.accept("NOT") {
		return p.predicate()
	}
	p.enter()
	defer p.leave()
	return &Not{t.pos, p.not()}
}

// predicate reads comparisons and what else makes a boolean.
func (p *parser) predicate() Expr {
	e := p.concat()
	for n := 0; ; {
		next := p.condition(e)
		if next == nil {
			return e
		}
		p.chain(&n)
		e = next
	}
}

// condition reads one comparison that follows e, or nothing.
func (p *parser) condition(e Expr) Expr {
	t := p.tok()
	if t.kind == tokSymbol && slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, t.text) {
		p.at++
		return p.comparison(t, e)
	}
	if t.is("IS") {
		p.at++
		return p.is(e)
	}
	start := p.at
	not := p.accept("NOT")
	switch {
	case p.accept("BETWEEN"):
		if p.tok().is("SYMMETRIC") {
			fail(p.tok().pos, "Write the lower bound first.", "BETWEEN SYMMETRIC is not supported")
		}
		p.accept("ASYMMETRIC")
		low := p.concat()
		p.expect("AND")
		return &Between{e.pos(), e, low, p.concat(), not}
	case p.accept("IN"):
		return p.in(e, not)
	case p.accept("LIKE"):
		l := &Like{Pos: e.pos(), X: e, Pattern: p.concat(), Not: not}
		if p.accept("ESCAPE") {
			l.Escape = p.concat()
		}
		return l
	}
	p.at = start
	return nil
}

func (p *parser) comparison(op token, l Expr) Expr {
	for _, word := range []string{"ALL", "ANY", "SOME"} {
		if p.tok().is(word) && p.peek(1).isSymbol("(") {
			p.at += 2
			q := p.query()
			p.expect(")")
			return &Quantified{op.pos, op.text, word == "ALL", l, q}
		}
	}
	return &Binary{op.pos, op.text, l, p.concat()}
}

func (p *parser) is(e Expr) Expr {
	not := p.accept("NOT")
	switch {
	case p.accept("NULL"):
		return &IsNull{e.pos(), e, not}
	case p.acceptWords("DISTINCT", "FROM"):
		return &IsDistinct{e.pos(), e, p.concat(), not}
	}
	if t := p.tok(); t.is("TRUE") || t.is("FALSE") {
		fail(t.pos, "Compare with =, or write IS NOT DISTINCT FROM "+strings.ToUpper(t.text)+".", "IS %s is not supported", strings.ToUpper(t.text))
	}
	p.expected("NULL or DISTINCT FROM")
	return nil
}

func (p *parser) in(e Expr, not bool) Expr {
	in := &In{Pos: e.pos(), X: e, Not: not}
	p.expect("(")
	if p.startsQuery() {
		in.Query = p.query()
	} else {
		in.List = p.exprs("")
	}
	p.expect(")")
	return in
}

// startsQuery says whether a query comes next: SELECT and the like, or one in parentheses that ends there or goes on with
// UNION and the like. ((SELECT 1) + 1) is an expression.
func (p *parser) startsQuery() bool {
	i := p.at
	for ; p.tokens[i].isSymbol("("); i++ {
		next := p.tokens[min(p.closing[i]+1, len(p.tokens)-1)]
		if !next.isSymbol(")") && !slices.ContainsFunc([]string{"UNION", "EXCEPT", "INTERSECT", "ORDER", "OFFSET", "LIMIT", "FETCH"}, next.is) {
			return false
		}
	}
	return slices.ContainsFunc([]string{"SELECT", "WITH", "VALUES", "TABLE"}, p.tokens[i].is)
}

// binary reads operands with operators of one precedence between them, the left ones first.
func (p *parser) binary(operand func() Expr, ops ...string) Expr {
	e := operand()
	for n := 0; ; {
		t := p.tok()
		if t.kind != tokSymbol || !slices.Contains(ops, t.text) {
			return e
		}
		p.chain(&n)
		p.at++
		e = &Binary{t.pos, t.text, e, operand()}
	}
}

// In Trino || binds weaker than + and *, all three stronger than comparisons.
func (p *parser) concat() Expr { return p.binary(p.sum, "||") }

func (p *parser) sum() Expr { return p.binary(p.product, "+", "-") }

func (p *parser) product() Expr { return p.binary(p.sign, "*", "/", "%") }

func (p *parser) sign() Expr {
	t := p.tok()
	if !t.isSymbol("-") && !t.isSymbol("+") {
		return p.zoned()
	}
	p.at++
	p.enter()
	defer p.leave()
	return &Unary{t.pos, t.text, p.sign()}
}

func (p *parser) zoned() Expr {
	e := p.postfix()
	for n := 0; p.acceptWords("AT", "TIME", "ZONE"); {
		p.chain(&n)
		e = &AtZone{e.pos(), e, p.postfix()}
	}
	return e
}

// postfix reads a primary with its .fields and [subscripts].
func (p *parser) postfix() Expr {
	e := p.primary()
	for n := 0; ; {
		t := p.tok()
		switch {
		case t.isSymbol("[") || t.isSymbol("."):
			p.chain(&n)
			p.at++
			if t.text == "." {
				e = &Field{e, p.fieldName()}
				continue
			}
			s := &Subscript{Pos: t.pos, Base: e, Index: p.expr()}
			p.expect("]")
			e = s
		default:
			return e
		}
	}
}

// fieldName reads the name after a dot, where keywords are names too.
func (p *parser) fieldName() Ident {
	t := p.tok()
	if t.kind != tokWord && t.kind != tokQuoted {
		p.expected("a field name")
	}
	p.at++
	return Ident{t.pos, t.text}
}
