package search

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads a query. Its errors are *SyntaxError. Field names and the meaning of values are not looked at before
// Compile.
func Parse(text string) (*Query, error) {
	root, err := parse(text)
	if err != nil {
		return nil, locate(text, err)
	}
	return &Query{Text: text, Root: root}, nil
}

func parse(text string) (Term, error) {
	if at := validText(text); at >= 0 {
		return nil, fail(Span{at, at + 1}, BadEncoding, "", "the query is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > MaxChars {
		return nil, fail(Span{0, len(text)}, TooLong, "", "the query has %d characters; at most %d are allowed", n, MaxChars)
	}
	p := &parser{scanner: newScanner(text)}
	p.space()
	if p.at(0) == eof {
		return &All{}, nil
	}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.at(0) != eof { // or stops early only at a closing parenthesis
		return nil, fail(p.span(p.i, p.i+1), UnbalancedParen, `remove it, or search for it as "\)"`, "this parenthesis was never opened")
	}
	return root, nil
}

type parser struct {
	scanner
	clauses, members int
}

// from is the span from index start up to here, without trailing space.
func (p *parser) from(start int) Span {
	end := p.i
	for end > start && unicode.IsSpace(p.raw[end-1]) {
		end--
	}
	return p.span(start, end)
}

func (p *parser) or(depth int) (Term, error) {
	if depth > MaxDepth {
		return nil, fail(p.span(p.i, min(p.i+1, len(p.raw))), TooDeep, "", "parentheses and negations are nested deeper than %d", MaxDepth)
	}
	start := p.i
	var terms []Term
	for {
		t, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		if o, ok := t.(*Or); ok {
			terms = append(terms, o.Terms...)
		} else {
			terms = append(terms, t)
		}
		if p.keyword() != "OR" {
			break
		}
		p.i += len("OR")
		p.space()
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &Or{p.from(start), terms}, nil
}

func (p *parser) and(depth int) (Term, error) {
	start := p.i
	var terms []Term
	for {
		t, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		if a, ok := t.(*And); ok {
			terms = append(terms, a.Terms...)
		} else {
			terms = append(terms, t)
		}
		p.space()
		if p.keyword() == "AND" {
			p.i += len("AND")
			p.space()
		} else if c := p.at(0); c == eof || c == ')' || p.keyword() == "OR" {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &And{p.from(start), terms}, nil
}

func (p *parser) not(depth int) (Term, error) {
	if depth > MaxDepth {
		return nil, fail(p.span(p.i, min(p.i+1, len(p.raw))), TooDeep, "", "parentheses and negations are nested deeper than %d", MaxDepth)
	}
	start := p.i
	switch c := p.at(0); {
	case p.keyword() == "NOT":
		p.i += len("NOT")
		p.space()
	case c == '-' || c == '!':
		if !p.touchesTerm() {
			return nil, fail(p.span(p.i, p.i+1), ExpectedTerm, fmt.Sprintf(`%[1]cword; to search for the sign, quote it: "%[1]c"`, c),
				"%c negates the term that it touches, and it touches none", c)
		}
		p.i++
	default:
		return p.primary(depth)
	}
	t, err := p.not(depth + 1)
	if err != nil {
		return nil, err
	}
	return &Not{p.from(start), t}, nil
}

// touchesTerm says whether the sign ahead stands directly before a term.
func (p *parser) touchesTerm() bool {
	switch c := p.at(1); c {
	case '(', '"':
		return true
	default:
		return !isDelimiter(c)
	}
}

func (p *parser) primary(depth int) (Term, error) {
	switch c := p.at(0); c {
	case eof:
		return nil, fail(p.last(), ExpectedTerm, "add a word or a clause, or remove the operator", "a search term is missing at the end")
	case '(':
		return p.group(depth)
	case ')':
		return nil, p.strayParen(depth)
	case '[', ']', '{', '}', ',':
		return nil, fail(p.span(p.i, p.i+1), Unexpected, fmt.Sprintf(`put it in quotes: "%c"`, c), "%q cannot stand here", string(c))
	}
	if k := p.keyword(); k == "AND" || k == "OR" {
		return nil, fail(p.span(p.i, p.i+len(k)), Dangling, fmt.Sprintf("to search for the word, quote it: %q", k), "%s needs a term on both sides", k)
	}
	if p.clauses++; p.clauses > MaxClauses {
		return nil, fail(p.span(p.i, p.i+1), TooManyClauses, "use a set: field:(a OR b)", "the query has more than %d words and clauses", MaxClauses)
	}
	return p.leaf()
}

func (p *parser) strayParen(depth int) error {
	at := p.span(p.i, p.i+1)
	if depth == 0 {
		return fail(at, UnbalancedParen, `remove it, or search for it as "\)"`, "this parenthesis was never opened")
	}
	return fail(at, ExpectedTerm, "add a word or a clause before it", "a search term is missing before the parenthesis")
}

func (p *parser) group(depth int) (Term, error) {
	open := p.i
	p.i++
	p.space()
	var n Term
	if p.at(0) != eof {
		var err error
		if n, err = p.or(depth + 1); err != nil {
			return nil, err
		}
	}
	if p.at(0) != ')' {
		return nil, fail(p.span(open, open+1), UnclosedParen, "add ) at the end", "the parenthesis is not closed")
	}
	p.i++
	return n, nil
}

// leaf reads a word, phrase, clause or CIDR().
func (p *parser) leaf() (Term, error) {
	start := p.i
	switch c := p.at(0); {
	case c == '"':
		s, err := p.phrase()
		if err != nil {
			return nil, err
		}
		return &Text{p.from(start), s}, nil
	case c == '`':
		return p.quotedField()
	case c == '*' && p.at(1) == ':':
		return p.anywhere()
	case p.ahead("CIDR("):
		return p.cidr()
	}
	colon := p.fieldEnd()
	if colon < 0 {
		s := p.word()
		if s == (Str{Wildcard, "*"}) {
			return &All{p.from(start)}, nil
		}
		return &Text{p.from(start), s}, nil
	}
	name := string(p.raw[start:colon])
	f := Field{Span: p.span(start, colon), Name: strings.TrimPrefix(asciiName(name), "@"), At: p.at(0) == '@'}
	p.i = colon + 1
	if f.Name == "_exists_" {
		return p.exists(start)
	}
	return p.clause(start, f)
}

// asciiName normalises the marks in a name.
func asciiName(name string) string { return strings.Map(ascii, name) }

func (p *parser) ahead(s string) bool {
	for n, r := range s {
		if p.at(n) != r {
			return false
		}
	}
	return true
}

func (p *parser) clause(start int, f Field) (Term, error) {
	v, err := p.value(p.i-1, 0)
	if err != nil {
		return nil, err
	}
	return &Clause{p.from(start), f, v}, nil
}

// quotedField reads a clause whose field stands in back quotes.
func (p *parser) quotedField() (Term, error) {
	start := p.i
	end := start + 1
	for end < len(p.raw) && p.raw[end] != '`' {
		end++
	}
	if end >= len(p.raw) {
		return nil, fail(p.span(start, start+1), UnclosedField, "close the name with `", "the back quote is not closed")
	}
	f := Field{Span: p.span(start, end+1), Name: string(p.raw[start+1 : end])}
	p.i = end + 1
	if p.at(0) != ':' || f.Name == "" {
		return nil, fail(p.span(start, end+1), ExpectedColon, "write `name`:value", "back quotes hold the name of a field, and a colon follows")
	}
	p.i++
	return p.clause(start, f)
}

// anywhere reads *:text, which is text in any field.
func (p *parser) anywhere() (Term, error) {
	start := p.i
	p.i += 2
	v, err := p.value(p.i-1, 0)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *Exists:
		return &All{p.from(start)}, nil
	case *Equal:
		return &Text{p.from(start), v.Str}, nil
	}
	return nil, fail(v.Pos(), Unexpected, "name a field", "only a word or a phrase can follow *:")
}

func (p *parser) exists(start int) (Term, error) {
	at := p.i
	f := p.fieldName()
	if f.Name == "" {
		return nil, fail(p.span(at-1, at), ExpectedValue, "_exists_:user", "the name of a field is missing after _exists_:")
	}
	return &Clause{p.from(start), f, &Exists{f.Span}}, nil
}

// fieldName reads the name of a field; it is empty when there is none.
func (p *parser) fieldName() Field {
	start := p.i
	if p.at(0) == '`' {
		for p.i++; p.i < len(p.raw) && p.raw[p.i] != '`'; p.i++ {
		}
		name := string(p.raw[start+1 : p.i])
		p.i = min(p.i+1, len(p.raw))
		return Field{Span: p.span(start, p.i), Name: name}
	}
	f := Field{At: p.at(0) == '@'}
	if f.At {
		p.i++
	}
	from := p.i
	for isFieldRune(p.at(0)) {
		p.i++
	}
	f.Name, f.Span = asciiName(string(p.raw[from:p.i])), p.span(start, p.i)
	return f
}

func (p *parser) cidr() (Term, error) {
	start := p.i
	p.i += len("CIDR(")
	open := p.i - 1
	p.space()
	f := p.fieldName()
	if f.Name == "" {
		return nil, fail(p.span(start, p.i), ExpectedValue, "CIDR(src.ip, 10.0.0.0/8)", "the name of a field is missing in CIDR()")
	}
	v := &CIDR{}
	for p.space(); p.at(0) == ','; p.space() {
		p.i++
		p.space()
		at := p.i
		var s Str
		var err error
		if p.at(0) == '"' {
			if s, err = p.phrase(); err != nil {
				return nil, err
			}
		} else {
			s = p.word()
		}
		v.Nets = append(v.Nets, Net{p.span(at, p.i), s.Text})
		if err := p.member(at); err != nil {
			return nil, err
		}
	}
	if p.at(0) == eof {
		return nil, fail(p.span(open, open+1), UnclosedParen, "add ) at the end", "the parenthesis is not closed")
	}
	if p.at(0) != ')' {
		return nil, fail(p.span(p.i, p.i+1), Unexpected, "CIDR(src.ip, 10.0.0.0/8)", "%q cannot stand here", string(p.at(0)))
	}
	if len(v.Nets) == 0 {
		return nil, fail(p.span(p.i, p.i+1), ExpectedValue, "CIDR(src.ip, 10.0.0.0/8)", "a network is missing in CIDR()")
	}
	p.i++
	v.Span = p.from(start)
	return &Clause{v.Span, f, v}, nil
}

func (p *parser) member(at int) error {
	if p.members++; p.members > MaxMembers {
		return fail(p.span(at, p.i), TooManyMembers, "", "sets have more than %d members together", MaxMembers)
	}
	return nil
}
