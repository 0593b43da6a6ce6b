package trino

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"kiroku/internal/decode/jsonpath"
)

// call translates a function call.
func (b *binder) call(c *Call, s *scope) value {
	if v, ok := b.form(c, s); ok {
		return v
	}
	list := signatures()[c.Name]
	if list == nil {
		fail(c.Pos, "Use another function; those of Trino for text, JSON, maps, arrays, times, numbers and aggregates are there.", "function %q is not registered", c.Name)
	}
	kind := list[0].kind
	switch {
	case kind == "scalar" && (c.Star || c.Distinct || c.Filter != nil || c.Over != nil || c.OrderBy != nil || c.WithinGroup != nil || c.IgnoreNulls):
		fail(c.Pos, "Write its arguments alone.", "%s is neither an aggregate nor a window function", c.Name)
	case kind == "window" && c.Over == nil:
		fail(c.Pos, "Write OVER (…) behind it.", "%s is a window function", c.Name)
	case kind != "scalar":
		return b.aggregate(c, list, s)
	}
	args := b.args(c.Args, s)
	sig, bs := b.choose(c, list, args)
	return b.sized(b.apply(c, sig, bs, args, s, nil))
}

// args translates arguments. Lambdas wait until the types of their parameters are known.
func (b *binder) args(list []Expr, s *scope) []value {
	args := make([]value, len(list))
	for i, e := range list {
		if l, ok := e.(*Lambda); ok {
			args[i] = value{typ: &Type{Kind: function, Elem: typeUnknown}, pos: l.Pos}
			continue
		}
		args[i] = b.whole(b.expr(e, s))
	}
	return args
}

// choose finds the signature that fits the arguments best.
func (b *binder) choose(c *Call, list []signature, args []value) (signature, bindings) {
	best, cost := -1, 0
	var found bindings
	for i, sig := range list {
		bs := bindings{}
		if n := sig.fit(args, bs); n >= 0 && (best < 0 || n < cost) {
			best, cost, found = i, n, bs
		}
	}
	if best < 0 {
		types := make([]string, len(args))
		for i, a := range args {
			types[i] = a.typ.String()
		}
		forms := make([]string, len(list))
		for i, sig := range list {
			forms[i] = sig.String()
		}
		fail(c.Pos, "It is "+strings.Join(forms, ", ")+".", "unexpected parameters (%s) for function %s", strings.Join(types, ", "), c.Name)
	}
	return list[best], found
}

// String is the signature as it is called.
func (s signature) String() string {
	names := make([]string, len(s.params))
	for i, p := range s.params {
		names[i] = p.named
	}
	return s.name + "(" + strings.Join(names, ", ") + ")"
}

func (s signature) fit(args []value, bs bindings) int {
	if len(args) != len(s.params) {
		return -1
	}
	total := 0
	for i, p := range s.params {
		n := 0
		a := args[i]
		switch {
		case p.role == "moment":
			if !isMoment(a.typ) && !(a.text != nil && mayBecome(a, typeTimestamp)) {
				return -1
			}
		case p.role == "document" && a.typ.Kind == JSON:
		case p.typ.Kind == function:
			if a.typ.Kind != function {
				return -1
			}
		case a.typ.Kind == function:
			return -1
		default:
			n = bs.match(p.typ, a)
		}
		if n < 0 {
			return -1
		}
		total += n
	}
	return total
}

// apply writes a call by its signature. modify, of aggregates, writes name[…] of the template.
func (b *binder) apply(c *Call, sig signature, bs bindings, args []value, s *scope, modify func(name, args string) string) value {
	for i, p := range sig.params {
		switch {
		case p.role == "moment":
			if args[i].typ.Kind == Varchar {
				args[i] = b.coerce(args[i], typeTimestamp)
			}
			args[i].sql = b.local(args[i])
		case p.role == "document" && args[i].typ.Kind == JSON:
		case p.typ.Kind == function:
		case p.role == "const" && p.typ.Kind == Bigint && args[i].typ.isInt():
			// A number as it stands is what the engine's functions take for a size.
		default:
			args[i] = b.coerce(args[i], bs.fill(p.typ))
		}
		args[i] = b.checkRole(c, i, p, args[i])
	}
	// Lambdas come last: their parameters' types may depend on all other arguments.
	b.bindLambdas(c, sig, bs, args, s)
	if len(b.lambdas) == 0 && len(b.captured) > 0 {
		b.captured, b.carryAll = nil, true
		b.bindLambdas(c, sig, bs, args, s)
		b.carryAll = false
	}
	for i, p := range sig.params {
		if p.typ != nil && p.typ.Kind == generic && p.role == "" {
			args[i] = b.coerce(args[i], bs.fill(p.typ)) // a lambda may have made it wider
		}
	}
	if len(b.lambdas) > 0 || len(b.captured) == 0 {
		return b.write(c, sig, bs, args, modify)
	}
	var v value
	v.sql = b.carry(args, func() string {
		v = b.write(c, sig, bs, args, modify)
		return v.sql
	})
	return v
}

func (b *binder) bindLambdas(c *Call, sig signature, bs bindings, args []value, s *scope) {
	for i, p := range sig.params {
		if p.typ != nil && p.typ.Kind == function {
			args[i] = b.lambda(c.Args[i].(*Lambda), p.typ, bs, s)
		}
	}
}

// write writes a call whose arguments are as the signature wants them.
func (b *binder) write(c *Call, sig signature, bs bindings, args []value, modify func(name, args string) string) value {
	v := value{typ: bs.fill(sig.result), pos: c.Pos}
	if name, ok := strings.CutPrefix(sig.template, "@"); ok {
		return b.special(name, &specialCall{c: c, args: args, result: v, modify: modify})
	}
	template := sig.template
	if b.trying > 0 {
		template = withoutErrors(template)
	}
	v.sql = expand(template, args, modify)
	if v.typ.isInt() || v.typ.Kind == Decimal {
		v.sql = sql("CAST(%s AS %s)", v.sql, v.typ.duck()) // the engine's function may return another number
	}
	return v
}

// lambda translates a lambda for a parameter of a function and learns the letter of its result.
func (b *binder) lambda(l *Lambda, t *Type, bs bindings, s *scope) value {
	if len(l.Params) != len(t.Fields) {
		fail(l.Pos, sql("Name %d parameters.", len(t.Fields)), "lambda has %d parameters", len(l.Params))
	}
	outer := len(b.lambdas)
	names := []string{b.lambdaName()}
	for i, p := range l.Params {
		name := b.lambdaName()
		switch {
		case t.name == "pair":
			name = names[0] + []string{"['key']", "['value']"}[i]
		case i > 0:
			names = append(names, name)
		}
		if t.name == "fold" {
			name += []string{"['s']", "['x']"}[i]
		}
		b.lambdas = append(b.lambdas, lambdaParam{p.Name, value{sql: name, typ: bs.fill(t.Fields[i].Type)}})
	}
	b.trying++
	body := b.whole(b.expr(l.Body, s))
	b.trying--
	b.lambdas = b.lambdas[:outer]
	if t.Elem.Kind == generic {
		if bs.match(t.Elem, body) < 0 {
			fail(body.pos, "Make it "+bs.fill(t.Elem).String()+".", "lambda returns %s", body.typ)
		}
		body = b.coerce(body, bs.fill(t.Elem))
	} else {
		body = b.want(body, t.Elem, "the lambda must return "+t.Elem.String())
	}
	return value{sql: "lambda " + strings.Join(names, ", ") + ": " + body.sql, typ: t, pos: l.Pos}
}

// checkRole looks at arguments that must be more than of the right type.
func (b *binder) checkRole(c *Call, i int, p param, v value) value {
	switch p.role {
	case "const":
		if p.typ.Kind == Varchar && v.text == nil || p.typ.Kind != Varchar && !isNumberLiteral(c.Args[i]) {
			fail(v.pos, "Write the value itself.", "argument %d of %s must be a constant", i+1, c.Name)
		}
	case "path":
		if v.text == nil {
			return v
		}
		path := strings.TrimPrefix(strings.TrimPrefix(*v.text, "lax "), "strict ")
		if _, err := jsonpath.Parse(path); err != nil {
			fail(v.pos, `Write a path such as '$.key[0]["other key"]'.`, "%s: %s", quoteText(path), err.Error())
		}
		return textValue(path, v.pos)
	case "pattern":
		if v.text == nil {
			return v
		}
		re, err := syntax.Parse(pattern(*v.text), syntax.Perl)
		if err != nil {
			fail(v.pos, "Use RE2's syntax: without look-around and back-references.", "%s is no regular expression: %s", quoteText(*v.text), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		if i+1 < len(c.Args) && strings.HasPrefix(c.Name, "regexp_extract") {
			if group, ok := c.Args[i+1].(*Literal); ok && atoi(group.Text) > re.MaxCap() {
				fail(group.Pos, "Count the opening parentheses of the pattern.", "pattern has %d groups: cannot access group %s", re.MaxCap(), group.Text)
			}
		}
		return textValue(pattern(*v.text), v.pos)
	}
	return v
}

func isNumberLiteral(e Expr) bool {
	if u, ok := e.(*Unary); ok {
		e = u.X
	}
	l, ok := e.(*Literal)
	return ok && (l.Kind == "integer" || l.Kind == "decimal" || l.Kind == "double")
}

// withoutErrors puts NULL in place of every error(…) of a template, and TRY_CAST in place of CAST.
func withoutErrors(template string) string {
	template = strings.NewReplacer("TRY_CAST(", "TRY_CAST(", "CAST(", "TRY_CAST(").Replace(template)
	for {
		start := strings.Index(template, "error(")
		if start < 0 {
			return template
		}
		depth, quoted, end := 0, false, start
		for ; end < len(template); end++ {
			switch c := template[end]; {
			case c == '\'':
				quoted = !quoted
			case c == '(' && !quoted:
				depth++
			case c == ')' && !quoted:
				depth--
			}
			if template[end] == ')' && depth == 0 {
				break
			}
		}
		template = template[:start] + "NULL" + template[min(end+1, len(template)):]
	}
}

// expand writes a template: $1 is the first argument, name[…] a call that modify writes.
func expand(template string, args []value, modify func(name, args string) string) string {
	var out strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		switch {
		case c == '$' && i+1 < len(template) && '1' <= template[i+1] && template[i+1] <= '9':
			i++
			out.WriteString(args[template[i]-'1'].sql)
		case modify != nil && isLetter(c):
			end := i
			for end < len(template) && (isLetter(template[end]) || isDigit(template[end])) {
				end++
			}
			if end == len(template) || template[end] != '[' {
				out.WriteString(template[i:end])
				i = end - 1
				continue
			}
			stop := end + strings.IndexByte(template[end:], ']')
			out.WriteString(modify(template[i:end], expand(template[end+1:stop], args, nil)))
			i = stop
		default:
			out.WriteByte(c)
		}
		if out.Len() > maxOutput {
			panic(problem{0, "expression is too complex", fmt.Sprintf("Make it simpler: it becomes longer than %d characters.", maxOutput)})
		}
	}
	return out.String()
}
