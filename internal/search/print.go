package search

import "strings"

// String writes the query in its canonical form: one space between terms, "-" for negation, parentheses only where
// they are needed. Parsing it gives the same query.
func (q *Query) String() string {
	var b strings.Builder
	printTerm(&b, q.Root, false)
	return b.String()
}

// printTerm writes n; inner says that n stands inside AND or NOT, where OR needs parentheses.
func printTerm(b *strings.Builder, n Term, inner bool) {
	switch n := n.(type) {
	case *All:
		b.WriteByte('*')
	case *And:
		for i, t := range n.Terms {
			if i > 0 {
				b.WriteByte(' ')
			}
			printTerm(b, t, true)
		}
	case *Or:
		if inner {
			b.WriteByte('(')
		}
		for i, t := range n.Terms {
			if i > 0 {
				b.WriteString(" OR ")
			}
			printTerm(b, t, false)
		}
		if inner {
			b.WriteByte(')')
		}
	case *Not:
		b.WriteByte('-')
		if and, ok := n.Term.(*And); ok {
			b.WriteByte('(')
			printTerm(b, and, false)
			b.WriteByte(')')
			return
		}
		printTerm(b, n.Term, true)
	case *Text:
		b.WriteString(n.printText())
	case *Clause:
		printClause(b, n)
	}
}

func (t *Text) printText() string {
	s := t.print("-!`")
	if t.Kind == Phrase {
		return s
	}
	if i := strings.IndexByte(s, ':'); i >= 0 && !isPasted(s) {
		return s[:i] + `\` + s[i:]
	}
	return s
}

func printClause(b *strings.Builder, c *Clause) {
	if v, ok := c.Value.(*CIDR); ok {
		b.WriteString("CIDR(" + c.Field.String())
		for _, n := range v.Nets {
			s := Str{Word, n.Text}
			b.WriteString(", " + s.print(""))
		}
		b.WriteByte(')')
		return
	}
	v := printValue(c.Value)
	f := c.Field.String()
	if f == "_exists_" || isPasted(f+":"+v) {
		f = "`" + f + "`"
	}
	b.WriteString(f + ":" + v)
}

// String is the field as it is written before a colon.
func (f Field) String() string {
	switch {
	case !isBareField(f.Name):
		return "`" + f.Name + "`"
	case f.At:
		return "@" + f.Name
	}
	return f.Name
}

func printValue(v Value) string {
	switch v := v.(type) {
	case *Equal:
		return v.print("=~<>$")
	case *Exact:
		s := Str{Word, v.Text}
		if v.Text == "" {
			s.Kind = Phrase
		}
		return "=" + s.print("")
	case *Regex:
		return "~" + Str{Phrase, v.Pattern}.print("")
	case *Cmp:
		return v.Op + v.Bound.print("=")
	case *Range:
		return printRange(v)
	case *Set:
		members := make([]string, len(v.Members))
		for i, m := range v.Members {
			members[i] = printValue(m)
		}
		return "(" + strings.Join(members, " OR ") + ")"
	case *Var:
		return "$" + v.Name
	default: // Exists; CIDR is no value of the language
		return "*"
	}
}

func printRange(r *Range) string {
	open, end := "[", "]"
	if r.LoOpen {
		open = "{"
	}
	if r.HiOpen {
		end = "}"
	}
	bound := func(s *Str) string {
		if s == nil {
			return "*"
		}
		return s.print("")
	}
	return open + bound(r.Lo) + " TO " + bound(r.Hi) + end
}

// print writes s so that it is read back as it is; first lists the characters that need a backslash at the start.
func (s Str) print(first string) string {
	var b strings.Builder
	if s.Kind == Phrase {
		b.WriteByte('"')
		for _, r := range s.Text {
			switch r {
			case '\n':
				b.WriteString(`\n`)
			case '\t':
				b.WriteString(`\t`)
			case '"', '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			default:
				b.WriteRune(r)
			}
		}
		b.WriteByte('"')
		return b.String()
	}
	escaped := false // the pattern's own backslash was before r
	for i, r := range s.Text {
		if s.Kind == Wildcard && r == '\\' && !escaped {
			escaped = true
			continue
		}
		special := r != eof && (isDelimiter(r) || r == '\\' || i == 0 && strings.ContainsRune(first, r))
		if r == '*' || r == '?' {
			special = s.Kind == Word || escaped
		}
		if special {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		escaped = false
	}
	return b.String()
}

// literal is the text without the meaning of its wildcards.
func (s Str) literal() string {
	if s.Kind != Wildcard {
		return s.Text
	}
	var b strings.Builder
	escaped := false
	for _, r := range s.Text {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		b.WriteRune(r)
		escaped = false
	}
	return b.String()
}
