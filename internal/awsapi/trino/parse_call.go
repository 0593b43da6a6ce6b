package trino

import "strings"

// call reads name(…) with all that may follow it.
func (p *parser) call() Expr {
	t := p.advance()
	c := &Call{Pos: t.pos, Name: strings.ToLower(t.text)}
	p.expect("(")
	switch c.Name {
	case "extract":
		unit := p.fieldName()
		p.expect("FROM")
		e := &Extract{t.pos, unit, p.expr()}
		p.expect(")")
		return e
	case "position":
		part := p.concat()
		p.expect("IN")
		c.Name, c.Args = "strpos", []Expr{p.concat(), part}
	case "trim":
		p.trimArgs(c)
	default:
		p.callArgs(c)
	}
	p.expect(")")
	if p.acceptWords("WITHIN", "GROUP") {
		p.expect("(")
		c.WithinGroup = p.orderBy()
		p.expect(")")
	}
	if p.tok().is("FILTER") && p.peek(1).isSymbol("(") {
		p.at += 2
		p.expect("WHERE")
		c.Filter = p.expr()
		p.expect(")")
	}
	if p.acceptWords("IGNORE", "NULLS") {
		c.IgnoreNulls = true
	} else {
		p.acceptWords("RESPECT", "NULLS")
	}
	if next := p.tok(); next.is("OVER") && (p.peek(1).isSymbol("(") || isName(p.peek(1))) {
		p.at++
		c.Over = p.window()
	}
	return c
}

func (p *parser) callArgs(c *Call) {
	if c.Star = p.accept("*"); c.Star {
		return
	}
	if c.Distinct = p.accept("DISTINCT"); !c.Distinct {
		p.accept("ALL")
	}
	c.Args = p.exprs(")")
	if c.Name == "substring" && len(c.Args) == 1 && p.accept("FROM") {
		c.Args = append(c.Args, p.expr())
		if p.accept("FOR") {
			c.Args = append(c.Args, p.expr())
		}
	}
	c.OrderBy = p.orderBy()
	if c.Name == "listagg" && p.acceptWords("ON", "OVERFLOW") {
		fail(p.tok().pos, "Leave it out: lists have no limit here.", "ON OVERFLOW is not supported")
	}
}

// trimArgs reads trim(x), trim(x, chars), trim(FROM x), trim(BOTH chars FROM x) as trim, ltrim or rtrim.
func (p *parser) trimArgs(c *Call) {
	for word, name := range map[string]string{"LEADING": "ltrim", "TRAILING": "rtrim", "BOTH": "trim"} {
		if t := p.peek(1); p.tok().is(word) && !t.isSymbol(")") && !t.isSymbol(",") && !t.isSymbol(".") {
			p.at++
			c.Name = name
			break
		}
	}
	if p.accept("FROM") {
		c.Args = []Expr{p.expr()}
		return
	}
	c.Args = p.exprs(")")
	if len(c.Args) == 1 && p.accept("FROM") {
		c.Args = []Expr{p.expr(), c.Args[0]}
	}
}

// window reads a name or (PARTITION BY … ORDER BY … frame).
func (p *parser) window() *Window {
	w := &Window{Pos: p.tok().pos}
	if !p.tok().isSymbol("(") {
		name := p.ident("a window")
		w.Base = &name
		return w
	}
	p.expect("(")
	if t := p.tok(); isName(t) && !t.is("PARTITION") && !t.is("ROWS") && !t.is("RANGE") && !t.is("GROUPS") {
		name := p.ident("a window")
		w.Base = &name
	}
	if p.acceptWords("PARTITION", "BY") {
		w.Partition = p.exprs(")")
	}
	w.OrderBy = p.orderBy()
	for _, unit := range []string{"ROWS", "RANGE", "GROUPS"} {
		if p.accept(unit) {
			w.Frame = p.frame(unit)
			break
		}
	}
	p.expect(")")
	return w
}

func (p *parser) frame(unit string) *Frame {
	f := &Frame{Unit: unit, End: Bound{Kind: "CURRENT ROW"}}
	if !p.accept("BETWEEN") {
		f.Start = p.bound()
		return f
	}
	f.Start = p.bound()
	p.expect("AND")
	f.End = p.bound()
	return f
}

func (p *parser) bound() Bound {
	switch {
	case p.acceptWords("UNBOUNDED", "PRECEDING"):
		return Bound{Kind: "UNBOUNDED PRECEDING"}
	case p.acceptWords("UNBOUNDED", "FOLLOWING"):
		return Bound{Kind: "UNBOUNDED FOLLOWING"}
	case p.acceptWords("CURRENT", "ROW"):
		return Bound{Kind: "CURRENT ROW"}
	}
	x := p.concat()
	if p.accept("PRECEDING") {
		return Bound{"PRECEDING", x}
	}
	p.expect("FOLLOWING")
	return Bound{"FOLLOWING", x}
}
