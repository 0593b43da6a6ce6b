package search

import "fmt"

// value reads the value after the colon at index colon. depth counts sets inside sets.
func (p *parser) value(colon, depth int) (Value, error) {
	start := p.i
	switch c := p.at(0); c {
	case '"':
		s, err := p.phrase()
		if err != nil {
			return nil, err
		}
		return &Equal{p.span(start, p.i), s}, nil
	case '=':
		p.i++
		s, err := p.operand(start)
		if err != nil {
			return nil, err
		}
		return &Exact{p.span(start, p.i), s.literal()}, nil
	case '~':
		return p.regex()
	case '>', '<':
		return p.cmp()
	case '[', '{':
		return p.interval()
	case '(':
		return p.set(depth)
	case '$':
		if v := p.variable(); v != nil {
			return v, nil
		}
	}
	if isDelimiter(p.at(0)) {
		return nil, p.missingValue(colon)
	}
	s := p.word()
	at := p.span(start, p.i)
	if s == (Str{Wildcard, "*"}) {
		return &Exists{at}, nil
	}
	return &Equal{at, s}, nil
}

func (p *parser) missingValue(colon int) error {
	name := colon
	for name > 0 && isFieldRune(ascii(p.raw[name-1])) {
		name--
	}
	hint := string(p.raw[name:colon]) + ":*"
	return fail(p.span(colon, colon+1), ExpectedValue, hint, "a value is missing after the colon")
}

// operand reads the word or phrase behind the operator that starts at index op.
func (p *parser) operand(op int) (Str, error) {
	if p.at(0) == '"' {
		return p.phrase()
	}
	if isDelimiter(p.at(0)) {
		return Str{}, fail(p.span(op, p.i), ExpectedValue, "", "a value is missing after %s", string(p.raw[op:p.i]))
	}
	return p.word(), nil
}

func (p *parser) regex() (Value, error) {
	start := p.i
	p.i++
	if p.at(0) != '"' {
		end := p.wordEnd(p.i)
		hint := fmt.Sprintf(`~"%s"`, string(p.raw[p.i:end]))
		return nil, fail(p.span(start, end), RegexQuotes, hint, "a regular expression stands in quotes")
	}
	s, err := p.phrase()
	if err != nil {
		return nil, err
	}
	return &Regex{p.span(start, p.i), s.Text}, nil
}

func (p *parser) cmp() (Value, error) {
	start := p.i
	op := string(p.at(0))
	p.i++
	if p.at(0) == '=' {
		op += "="
		p.i++
	}
	s, err := p.operand(start)
	if err != nil {
		return nil, err
	}
	return &Cmp{p.span(start, p.i), op, s}, nil
}

func (p *parser) variable() Value {
	end := p.i + 1
	for end < len(p.raw) && isWordRune(p.raw[end]) {
		end++
	}
	name := string(p.raw[p.i+1 : end])
	if !isBareField(name) || end != p.wordEnd(p.i) {
		return nil
	}
	v := &Var{p.span(p.i, end), name}
	p.i = end
	return v
}

// interval reads [a TO b] and its open forms.
func (p *parser) interval() (Value, error) {
	start := p.i
	r := &Range{LoOpen: p.at(0) == '{'}
	p.i++
	var err error
	if r.Lo, err = p.bound(start); err != nil {
		return nil, err
	}
	if p.keyword() != "TO" {
		if p.at(0) == eof {
			return nil, p.unclosedRange(start)
		}
		end := max(p.wordEnd(p.i), p.i+1)
		return nil, fail(p.span(p.i, end), RangeNeedsTo, "[1 TO 2]", "a range needs TO between its bounds")
	}
	p.i += len("TO")
	if r.Hi, err = p.bound(start); err != nil {
		return nil, err
	}
	switch p.at(0) {
	case ']', '}':
		r.HiOpen = p.at(0) == '}'
	case eof:
		return nil, p.unclosedRange(start)
	default:
		return nil, fail(p.span(p.i, p.i+1), Unexpected, "close the range with ] or }", "%q cannot stand in a range", string(p.at(0)))
	}
	p.i++
	r.Span = p.span(start, p.i)
	return r, nil
}

func (p *parser) unclosedRange(start int) error {
	return fail(p.span(start, start+1), UnclosedRange, "close the range with ] or }", "the range is not closed")
}

// bound reads one bound of a range and the space around it; nil is the open bound "*".
func (p *parser) bound(start int) (*Str, error) {
	p.space()
	defer p.space()
	if p.at(0) == '"' {
		s, err := p.phrase()
		return &s, err
	}
	if p.at(0) == eof {
		return nil, p.unclosedRange(start)
	}
	if isDelimiter(p.at(0)) || p.keyword() == "TO" {
		return nil, fail(p.span(p.i, p.i+1), ExpectedValue, "[1 TO 2], or * for an open bound", "a bound of the range is missing")
	}
	s := p.word()
	if s == (Str{Wildcard, "*"}) {
		return nil, nil
	}
	return &s, nil
}

// set reads (a OR b, c). Sets inside sets are merged into one.
func (p *parser) set(depth int) (Value, error) {
	start := p.i
	if depth > MaxDepth {
		return nil, fail(p.span(start, start+1), TooDeep, "", "sets are nested deeper than %d", MaxDepth)
	}
	p.i++
	set := &Set{}
	for separated := true; ; {
		p.space()
		switch c := p.at(0); {
		case c == eof:
			return nil, fail(p.span(start, start+1), UnclosedParen, "add ) at the end", "the parenthesis is not closed")
		case c == ')' && !separated:
			p.i++
			set.Span = p.span(start, p.i)
			return set, nil
		case c == ',' && !separated:
			p.i++
			separated = true
			continue
		case p.keyword() == "OR" && !separated:
			p.i += len("OR")
			separated = true
			continue
		}
		if err := p.setMember(set, depth); err != nil {
			return nil, err
		}
		separated = false
	}
}

func (p *parser) setMember(set *Set, depth int) error {
	at := p.i
	switch k := p.keyword(); {
	case k == "AND" || k == "NOT":
		return fail(p.span(at, at+len(k)), SetIsOrOnly, "field:a AND field:b", "a set lists alternatives: %s cannot stand in it", k)
	case k == "OR", p.at(0) == ')', p.at(0) == ',':
		return fail(p.span(at, at+max(1, len(k))), ExpectedValue, "(a OR b)", "a member of the set is missing")
	case p.at(0) == ']' || p.at(0) == '}':
		return fail(p.span(at, at+1), Unexpected, "put it in quotes", "%q cannot stand here", string(p.at(0)))
	}
	v, err := p.value(at, depth+1)
	if err != nil {
		return err
	}
	if inner, ok := v.(*Set); ok {
		set.Members = append(set.Members, inner.Members...)
		return nil
	}
	set.Members = append(set.Members, v)
	return p.member(at)
}
