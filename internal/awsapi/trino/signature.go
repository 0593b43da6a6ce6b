package trino

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed functions.txt
var functionsText string

// signature is one line of functions.txt.
type signature struct {
	name     string
	kind     string // scalar, aggregate or window
	params   []param
	result   *Type
	template string
}

// param is one parameter of a signature.
type param struct {
	typ   *Type  // nil: any date or time, see role
	role  string // "", const, path, pattern, document, moment or unit
	named string // as written, for messages
}

// signatures are the functions by their names.
var signatures = sync.OnceValue(func() map[string][]signature {
	m, err := readSignatures(functionsText)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return m
})

func isAggregate(name string) bool {
	list := signatures()[name]
	return len(list) > 0 && list[0].kind == "aggregate"
}

// readSignatures reads the form of functions.txt.
func readSignatures(text string) (map[string][]signature, error) {
	m := map[string][]signature{}
	kind := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			kind = strings.Trim(line, "[]")
			continue
		}
		head, template, ok := strings.Cut(line, " = ")
		open := strings.IndexByte(head, '(')
		if !ok || open < 0 {
			return nil, fmt.Errorf("read functions: %q is no function", line)
		}
		s := signature{name: head[:open], kind: kind, template: template}
		if err := s.read(head[open:]); err != nil {
			return nil, fmt.Errorf("read functions: %s: %w", line, err)
		}
		m[s.name] = append(m[s.name], s)
	}
	return m, nil
}

// read reads "(parameters) result".
func (s *signature) read(text string) (err error) {
	defer catch(text, &err)
	p := newParser(text)
	p.expect("(")
	for !p.accept(")") {
		start := p.tok().pos
		var one param
		switch word := p.tok().text; word {
		case "const":
			p.at++
			one.role, one.typ = word, p.signatureType()
		case "path", "pattern", "document", "unit":
			p.at++
			one.role, one.typ = word, typeVarchar
		case "moment":
			p.at++
			one.role = word
		default:
			one.typ = p.signatureType()
		}
		one.named = strings.TrimSpace(text[start:p.tok().pos])
		s.params = append(s.params, one)
		p.accept(",")
	}
	s.result = p.signatureType()
	if p.tok().kind != tokEnd {
		p.expected("the end")
	}
	return nil
}

// signatureType reads a type of a signature: capital letters are any type.
func (p *parser) signatureType() *Type {
	name := p.typeName()
	if p.acceptWords("day", "to", "second") {
		name.Name = "interval"
	}
	return resolveGeneric(name)
}

func resolveGeneric(n TypeName) *Type {
	sub := func(i int) *Type { return resolveGeneric(*n.Params[i].Type) }
	switch {
	case len(n.Name) == 1:
		return &Type{Kind: generic, name: strings.ToUpper(n.Name)}
	case n.Name == "interval":
		return typeInterval
	case n.Name == "array":
		return arrayOf(sub(0))
	case n.Name == "map":
		return mapOf(sub(0), sub(1))
	case n.Name == "row":
		t := &Type{Kind: Row}
		for i, p := range n.Params {
			t.Fields = append(t.Fields, RowField{p.Field, sub(i)})
		}
		return t
	case n.Name == "function" || n.Name == "pair" || n.Name == "fold":
		t := &Type{Kind: function, Elem: sub(len(n.Params) - 1), name: n.Name}
		for i := range n.Params[:len(n.Params)-1] {
			t.Fields = append(t.Fields, RowField{"", sub(i)})
		}
		return t
	}
	return resolve(n)
}

// bindings are what the capital letters of a signature stand for in a call.
type bindings map[string]*Type

// match finds what the letters of a parameter's type must stand for, so that a value may become it. cost says how far the
// value is from it; below zero: never.
func (bs bindings) match(t *Type, v value) (cost int) {
	if t.Kind != generic {
		if t.Kind == Array || t.Kind == Map || t.Kind == Row {
			return bs.matchNested(t, v)
		}
		return distance(v, t)
	}
	if t.name == "N" && !v.typ.isNumber() && v.typ.Kind != Unknown || t.name == "D" && v.typ.Kind != Decimal {
		return -1
	}
	known, ok := bs[t.name]
	if !ok {
		bs[t.name] = v.typ
		return 0
	}
	c := common(known, v.typ)
	if c == nil && v.text != nil && mayBecome(v, known) {
		return 1
	}
	if c == nil {
		return -1
	}
	bs[t.name] = c
	return 0
}

func (bs bindings) matchNested(t *Type, v value) int {
	if v.typ.Kind == Unknown {
		return 1
	}
	if v.typ.Kind != t.Kind || len(t.Fields) != len(v.typ.Fields) {
		return -1
	}
	if t.Key != nil && bs.match(t.Key, value{typ: v.typ.Key}) < 0 || t.Elem != nil && bs.match(t.Elem, value{typ: v.typ.Elem}) < 0 {
		return -1
	}
	for i := range t.Fields {
		if bs.match(t.Fields[i].Type, value{typ: v.typ.Fields[i].Type}) < 0 {
			return -1
		}
	}
	return 0
}

// distance is how far a value's type is from t; below zero: it cannot become t.
func distance(v value, t *Type) int {
	switch {
	case v.typ.same(t):
		return 0
	case v.typ.Kind == Unknown:
		return 1
	case !mayBecome(v, t):
		return -1
	case v.text != nil:
		return 10
	case t.Kind > v.typ.Kind:
		return int(t.Kind - v.typ.Kind)
	}
	return 1
}

// fill puts types in place of letters. A letter that nothing was found for is NULL's type.
func (bs bindings) fill(t *Type) *Type {
	if t.Kind == generic {
		if known, ok := bs[t.name]; ok {
			return known
		}
		return typeUnknown
	}
	if t.Kind != Array && t.Kind != Map && t.Kind != Row && t.Kind != function {
		return t
	}
	out := *t
	if t.Key != nil {
		out.Key = bs.fill(t.Key)
	}
	if t.Elem != nil {
		out.Elem = bs.fill(t.Elem)
	}
	out.Fields = make([]RowField, len(t.Fields))
	for i, f := range t.Fields {
		out.Fields[i] = RowField{f.Name, bs.fill(f.Type)}
	}
	return &out
}
