package search

import (
	"fmt"
	"strings"
)

// Lang is a language of Explain.
type Lang string

// The languages.
const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// words are the sentences of a language. Field and value stand where the language puts them.
type words struct {
	all, and, or, not, anywhere, phrase, pattern      string
	is, exactly, regex, cmp, between, present, in, by string
	open, openEnd                                     string
	ops                                               map[string]string
}

func wordsOf(l Lang) words {
	if l == Japanese {
		return words{
			all: "すべてのイベント", and: "、かつ ", or: "、または ", not: "「%s」でない",
			anywhere: "どこかに単語 %s を含む", phrase: "どこかに文字列 %s を含む", pattern: "どこかにパターン %s に合う語を含む",
			is: "%s が %s", exactly: "%s が %s（大文字小文字を区別）", regex: "%s が正規表現 %s に合う", cmp: "%[1]s が %[3]s %[2]s",
			between: "%s が %s から %s まで", present: "%s に値がある", in: "%s がネットワーク %s の中", by: " または ",
			open: "（含まない）", openEnd: "制限なし",
			ops: map[string]string{">": "より大きい", ">=": "以上", "<": "より小さい", "<=": "以下"},
		}
	}
	return words{
		all: "every event", and: " and ", or: " or ", not: "not (%s)",
		anywhere: "the word %s stands anywhere", phrase: "the text %s stands anywhere", pattern: "a word like %s stands anywhere",
		is: "%s is %s", exactly: "%s is exactly %s", regex: "%s matches the expression %s", cmp: "%s is %s %s",
		between: "%s is from %s to %s", present: "%s has a value", in: "%s lies in %s", by: " or ",
		open: " (excluded)", openEnd: "any",
		ops: map[string]string{">": "greater than", ">=": "at least", "<": "less than", "<=": "at most"},
	}
}

// Explain says in words what the query asks for.
func Explain(q *Query, l Lang) string {
	w := wordsOf(l)
	return w.term(q.Root, false)
}

func (w words) term(t Term, inner bool) string {
	switch t := t.(type) {
	case *And:
		return w.join(t.Terms, w.and, inner)
	case *Or:
		return w.join(t.Terms, w.or, inner)
	case *Not:
		return fmt.Sprintf(w.not, w.term(t.Term, false))
	case *Text:
		form := [...]string{Word: w.anywhere, Phrase: w.phrase, Wildcard: w.pattern}[t.Kind]
		return fmt.Sprintf(form, quote(t.Str.Text))
	case *Clause:
		return w.value(t.Field.Name, t.Value)
	}
	return w.all
}

func (w words) join(terms []Term, by string, inner bool) string {
	all := make([]string, len(terms))
	for i, t := range terms {
		all[i] = w.term(t, true)
	}
	s := strings.Join(all, by)
	if inner {
		return "(" + s + ")"
	}
	return s
}

func (w words) value(field string, v Value) string {
	switch v := v.(type) {
	case *Equal:
		return fmt.Sprintf(w.is, field, quote(v.Str.Text))
	case *Exact:
		return fmt.Sprintf(w.exactly, field, quote(v.Text))
	case *Regex:
		return fmt.Sprintf(w.regex, field, quote(v.Pattern))
	case *Cmp:
		return fmt.Sprintf(w.cmp, field, w.ops[v.Op], quote(v.Bound.Text))
	case *Range:
		return fmt.Sprintf(w.between, field, w.end(v.Lo, v.LoOpen), w.end(v.Hi, v.HiOpen))
	case *Set:
		return w.set(field, v)
	case *CIDR:
		nets := make([]string, len(v.Nets))
		for i, n := range v.Nets {
			nets[i] = n.Text
		}
		return fmt.Sprintf(w.in, field, strings.Join(nets, w.by))
	case *Var:
		return fmt.Sprintf(w.is, field, "$"+v.Name)
	}
	return fmt.Sprintf(w.present, field)
}

// set lists plain members after one mention of the field.
func (w words) set(field string, s *Set) string {
	var plain, all []string
	for _, m := range s.Members {
		if e, ok := m.(*Equal); ok {
			plain = append(plain, quote(e.Str.Text))
			continue
		}
		all = append(all, w.value(field, m))
	}
	if len(plain) > 0 {
		all = append([]string{fmt.Sprintf(w.is, field, strings.Join(plain, w.by))}, all...)
	}
	return strings.Join(all, w.or)
}

func (w words) end(s *Str, open bool) string {
	if s == nil {
		return w.openEnd
	}
	if open {
		return quote(s.Text) + w.open
	}
	return quote(s.Text)
}

func quote(s string) string { return `"` + s + `"` }
