package trino

import (
	"slices"
	"strings"
)

// primary reads literals, names, calls and everything that begins with a keyword or a bracket.
func (p *parser) primary() Expr {
	t := p.tok()
	switch t.kind {
	case tokString:
		p.at++
		return &Literal{t.pos, "string", t.text}
	case tokInteger, tokDecimal, tokDouble:
		p.at++
		kind := map[tokenKind]string{tokInteger: "integer", tokDecimal: "decimal", tokDouble: "double"}[t.kind]
		return &Literal{t.pos, kind, strings.ReplaceAll(t.text, "_", "")}
	case tokBinary:
		p.at++
		return &Literal{t.pos, "binary", t.text}
	case tokSymbol:
		return p.bracketed()
	case tokQuoted:
		p.at++
		return &Ident{t.pos, t.text}
	case tokWord:
		return p.word()
	}
	p.expected("an expression")
	return nil
}

// bracketed reads ?, (expression), (row, …) and (query).
func (p *parser) bracketed() Expr {
	t := p.tok()
	switch {
	case p.accept("?"):
		return &Parameter{t.pos}
	case p.accept("("):
		if p.startsQuery() {
			q := p.query()
			p.expect(")")
			return &Subquery{t.pos, q}
		}
		e := p.expr()
		if p.accept(",") {
			e = &RowExpr{t.pos, append([]Expr{e}, p.exprs("")...)}
		}
		p.expect(")")
		return e
	}
	p.expected("an expression")
	return nil
}

// word reads what begins with a word.
func (p *parser) word() Expr {
	t := p.tok()
	upper := strings.ToUpper(t.text)
	switch upper {
	case "NULL", "TRUE", "FALSE":
		p.at++
		kind := "boolean"
		if upper == "NULL" {
			kind = "null"
		}
		return &Literal{t.pos, kind, strings.ToLower(t.text)}
	case "CASE":
		return p.caseExpr()
	case "CAST", "TRY_CAST":
		if p.peek(1).isSymbol("(") {
			return p.cast(upper == "TRY_CAST")
		}
	case "EXISTS":
		p.at++
		p.expect("(")
		q := p.query()
		p.expect(")")
		return &Exists{t.pos, q}
	case "INTERVAL":
		if e := p.interval(); e != nil {
			return e
		}
	case "CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME", "LOCALTIME", "LOCALTIMESTAMP":
		p.at++
		c := &Call{Pos: t.pos, Name: strings.ToLower(t.text)}
		if p.tok().isSymbol("(") && p.peek(1).kind == tokInteger && p.peek(2).isSymbol(")") {
			p.at += 3 // the precision: milliseconds are what there is
		} else if p.tok().isSymbol("(") && p.peek(1).isSymbol(")") {
			p.at += 2
		}
		return c
	case "ARRAY":
		if p.peek(1).isSymbol("[") {
			p.at += 2
			a := &ArrayExpr{t.pos, p.exprs("]")}
			p.expect("]")
			return a
		}
	case "ROW":
		if p.peek(1).isSymbol("(") {
			p.at += 2
			r := &RowExpr{t.pos, p.exprs("")}
			p.expect(")")
			return r
		}
	}
	if p.peek(1).isSymbol("(") && (!isReserved(t.text) || slices.Contains(callable, upper)) {
		return p.call()
	}
	if p.peek(1).kind == tokString && isName(t) {
		return p.typedLiteral()
	}
	id := p.ident("an expression")
	return &id
}

// callable are the reserved words that name functions.
var callable = []string{"EXTRACT", "GROUPING", "LISTAGG", "NORMALIZE", "TRIM"}

func (p *parser) caseExpr() Expr {
	c := &Case{Pos: p.advance().pos}
	if !p.tok().is("WHEN") {
		c.X = p.expr()
	}
	for p.accept("WHEN") {
		w := When{Cond: p.expr()}
		p.expect("THEN")
		w.Then = p.expr()
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		p.expected("WHEN")
	}
	if p.accept("ELSE") {
		c.Else = p.expr()
	}
	p.expect("END")
	return c
}

func (p *parser) cast(try bool) Expr {
	c := &Cast{Pos: p.advance().pos, Try: try}
	p.expect("(")
	c.X = p.expr()
	p.expect("AS")
	c.Type = p.typeName()
	p.expect(")")
	return c
}

// intervalUnits are the units of INTERVAL literals.
var intervalUnits = []string{"YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}

// interval reads INTERVAL [-] '1' DAY, or nothing when interval is a name here.
func (p *parser) interval() Expr {
	e := &IntervalLiteral{Pos: p.tok().pos}
	n := 1
	if next := p.peek(1); next.isSymbol("-") || next.isSymbol("+") {
		e.Negative = next.text == "-"
		n = 2
	}
	if p.peek(n).kind != tokString {
		return nil
	}
	e.Text = p.peek(n).text
	p.at += n + 1
	t := p.tok()
	e.Unit = strings.TrimSuffix(strings.ToUpper(t.text), "S")
	if t.kind != tokWord || !slices.Contains(intervalUnits, e.Unit) {
		p.expected("YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND")
	}
	p.at++
	if to := strings.TrimSuffix(strings.ToUpper(p.peek(1).text), "S"); p.tok().is("TO") && p.peek(1).kind == tokWord && slices.Contains(intervalUnits, to) {
		e.To = to
		p.at += 2
	}
	return e
}

func (p *parser) typedLiteral() Expr {
	t := p.tok()
	name := TypeName{Pos: t.pos, Name: strings.ToLower(t.text)}
	p.at++
	return &TypedLiteral{t.pos, name, p.advance().text}
}

// typeName reads a type.
func (p *parser) typeName() TypeName {
	p.enter()
	defer p.leave()
	t := p.tok()
	if t.kind != tokWord {
		p.expected("a type")
	}
	p.at++
	n := TypeName{Pos: t.pos, Name: strings.ToLower(t.text)}
	if n.Name == "double" {
		p.accept("PRECISION")
	}
	if p.tok().isSymbol("(") || p.tok().isSymbol("<") {
		end := map[string]string{"(": ")", "<": ">"}[p.advance().text]
		n.Params = append(n.Params, p.typeParam(n.Name))
		for p.accept(",") {
			n.Params = append(n.Params, p.typeParam(n.Name))
		}
		p.expect(end)
	}
	if n.Name == "timestamp" || n.Name == "time" {
		if p.acceptWords("WITH", "TIME", "ZONE") {
			n.Name += " with time zone"
		} else {
			p.acceptWords("WITHOUT", "TIME", "ZONE")
		}
	}
	for p.tok().is("ARRAY") { // the old form: varchar array
		p.at++
		element := n
		n = TypeName{Pos: n.Pos, Name: "array", Params: []TypeParam{{Type: &element}}}
	}
	return n
}

func (p *parser) typeParam(of string) TypeParam {
	t := p.tok()
	if t.kind == tokInteger {
		p.at++
		return TypeParam{Number: atoi(t.text)}
	}
	var param TypeParam
	if next := p.peek(1); of == "row" && (t.kind == tokWord || t.kind == tokQuoted) && (next.kind == tokWord) {
		param.Field = t.text
		p.at++
	}
	typ := p.typeName()
	param.Type = &typ
	return param
}

// atoi reads digits; what is too large for a size is as large as can be.
func atoi(digits string) int {
	n := 0
	for _, c := range digits {
		if n = n*10 + int(c-'0'); n > 1<<30 || c < '0' || c > '9' {
			return 1 << 30
		}
	}
	return n
}
