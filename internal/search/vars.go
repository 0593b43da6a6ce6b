package search

// Substitute replaces the variables of the query in its tree; the query itself stays as it is. values holds the values
// of each name; a name whose only value is "*" takes its clause out of the query. A name that is missing is an error.
// Values are literal text: wildcards and operators in them mean nothing.
func (q *Query) Substitute(values map[string][]string) (*Query, error) {
	root, err := substitute(q.Root, values)
	if err != nil {
		return nil, locate(q.Text, err)
	}
	if root == nil {
		root = &All{}
	}
	return &Query{Text: q.Text, Root: root}, nil
}

// substitute returns nil for a node that was taken out.
func substitute(n Term, values map[string][]string) (Term, error) {
	switch n := n.(type) {
	case *And:
		terms, err := substituteAll(n.Terms, values)
		if err != nil || len(terms) < 2 {
			return firstOf(terms), err
		}
		return &And{n.Span, terms}, nil
	case *Or:
		terms, err := substituteAll(n.Terms, values)
		if err != nil || len(terms) < 2 {
			return firstOf(terms), err
		}
		return &Or{n.Span, terms}, nil
	case *Not:
		t, err := substitute(n.Term, values)
		if t == nil || err != nil {
			return nil, err
		}
		return &Not{n.Span, t}, nil
	case *Clause:
		v, err := substituteValue(n.Value, values)
		if v == nil || err != nil {
			return nil, err
		}
		return &Clause{n.Span, n.Field, v}, nil
	}
	return n, nil
}

func substituteAll(terms []Term, values map[string][]string) ([]Term, error) {
	var kept []Term
	for _, t := range terms {
		t, err := substitute(t, values)
		if err != nil {
			return nil, err
		}
		if t != nil {
			kept = append(kept, t)
		}
	}
	return kept, nil
}

func firstOf(terms []Term) Term {
	if len(terms) == 0 {
		return nil
	}
	return terms[0]
}

func substituteValue(v Value, values map[string][]string) (Value, error) {
	var members []Value
	switch v := v.(type) {
	case *Var:
		var all bool
		var err error
		if members, all, err = v.lookUp(values); all || err != nil {
			return nil, err
		}
		if len(members) == 1 {
			return members[0], nil
		}
	case *Set:
		for _, m := range v.Members {
			x, ok := m.(*Var)
			if !ok {
				members = append(members, m)
				continue
			}
			more, all, err := x.lookUp(values)
			if all || err != nil {
				return nil, err
			}
			members = append(members, more...)
		}
	default:
		return v, nil
	}
	if len(members) > MaxMembers {
		return nil, fail(v.Pos(), TooManyMembers, "", "the set has more than %d members", MaxMembers)
	}
	return &Set{v.Pos(), members}, nil
}

// lookUp returns the values of the variable; all says that it stands for everything.
func (v *Var) lookUp(values map[string][]string) (members []Value, all bool, err error) {
	texts := values[v.Name]
	if len(texts) == 0 {
		return nil, false, unknownVariable(v)
	}
	for _, t := range texts {
		if t == "*" {
			return nil, true, nil
		}
		members = append(members, &Equal{v.Span, Str{Word, t}})
	}
	return members, false, nil
}

func unknownVariable(v *Var) error {
	return fail(v.Span, UnknownVariable, `to search for the text, escape it: \$`+v.Name, "the variable $%s has no value here", v.Name)
}
