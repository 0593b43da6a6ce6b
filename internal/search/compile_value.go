package search

import (
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"kiroku/internal/event"
)

// subject is what a value is asked of: columns of one type, or a key of unmapped.
type subject struct {
	columns []event.Column
	key     string
	typ     Type
}

func (s subject) leaf(t test) *Node { return newLeaf(s.columns, s.key, t) }

// value makes the node that asks s for v.
func (c *compiler) value(s subject, v Value) (*Node, error) {
	switch v := v.(type) {
	case *Exists:
		return s.leaf(present{}), nil
	case *Var:
		return nil, unknownVariable(v)
	case *Set:
		return c.set(s, v)
	case *Equal:
		if v.Kind == Wildcard && onlyStars(v.Str.Text) {
			return s.leaf(present{}), nil
		}
	}
	switch s.typ {
	case Keyword, FreeText, Address, Attribute:
		return c.textValue(s, v)
	case Boolean:
		return booleanValue(s, v)
	case Time:
		return c.timeValue(s, v)
	}
	return numberValue(s, v)
}

func (c *compiler) set(s subject, v *Set) (*Node, error) {
	var kids []*Node
	for _, m := range v.Members {
		kid, err := c.value(s, m)
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
	}
	return join(OpOr, merge(kids)), nil
}

// merge makes one leaf of the leaves of a set that ask the same kind of question: one look-up instead of a thousand.
func merge(kids []*Node) []*Node {
	var rest []*Node
	var texts []string
	var numbers []int64
	var nets []netip.Prefix
	var text, number, net *Leaf
	for _, k := range kids {
		if k.Op != OpLeaf {
			rest = append(rest, k)
			continue
		}
		switch t := k.Leaf.test.(type) {
		case *equalTo:
			texts, text = append(texts, t.values...), k.Leaf
		case *addresses:
			nets, net = append(nets, t.nets...), k.Leaf
		case ints:
			if t.lo.set && t.lo == t.hi && !t.lo.open {
				numbers, number = append(numbers, t.lo.at), k.Leaf
				continue
			}
			rest = append(rest, k)
		default:
			rest = append(rest, k)
		}
	}
	if text != nil {
		rest = append(rest, newLeaf(text.Columns, text.MapKey, newEqualTo(texts...)))
	}
	if net != nil {
		rest = append(rest, newLeaf(net.Columns, net.MapKey, newAddresses(nets...)))
	}
	if number != nil {
		rest = append(rest, newLeaf(number.Columns, number.MapKey, oneOf(numbers)))
	}
	return rest
}

// textValue asks text columns and keys of unmapped.
func (c *compiler) textValue(s subject, v Value) (*Node, error) {
	switch v := v.(type) {
	case *Exact:
		return s.leaf(identical(v.Text)), nil
	case *Regex:
		re, err := regexp.Compile(v.Pattern)
		if err != nil {
			return nil, badRegex(v.Span, err)
		}
		return s.leaf(regex{re}), nil
	case *CIDR:
		return cidrValue(s, v)
	case *Equal:
		return equalText(s, v)
	}
	if s.typ != Attribute {
		return nil, fail(v.Pos(), NotComparable, "list the values: (a OR b)", "this field holds text, which has no order")
	}
	lo, hi, err := ends(v, func(text Str) (*big.Rat, error) { return readNumber(text, Number, v.Pos()) })
	if err != nil {
		return nil, err
	}
	return s.leaf(numeric{interval[float64]{lo.double(), hi.double()}}), nil
}

func equalText(s subject, v *Equal) (*Node, error) {
	if s.typ == FreeText {
		t, err := newText(v.Str)
		if err != nil {
			return nil, badRegex(v.Span, err)
		}
		return s.leaf(t), nil
	}
	if v.Kind == Wildcard {
		return s.leaf(newGlob(v.Str.Text)), nil
	}
	if v.Str.Text == "" {
		return s.leaf(identical("")), nil
	}
	if s.typ == Address {
		if n, ok := parseNet(v.Str.Text); ok {
			return s.leaf(newAddresses(n)), nil
		}
		if v.Kind == Word && likeNet(v.Str.Text) {
			return nil, fail(v.Span, NotANetwork, "an address, a network such as 10.0.0.0/8, a pattern such as 10.*, or the text in quotes",
				"%q is no address and no network", v.Str.Text)
		}
	}
	return s.leaf(newEqualTo(v.Str.Text)), nil
}

// cidrField refuses CIDR() of a field that never holds an address: it would find nothing and not say why. What is only
// in unmapped may hold anything.
func cidrField(n *Clause, t Target) error {
	if _, ok := n.Value.(*CIDR); !ok || !t.Store && len(t.Columns) == 0 || slices.ContainsFunc(t.Columns, holdsAddresses) {
		return nil
	}
	return fail(n.Field.Span, NotAnAddress, "a field of addresses: ip, src_ip, dst_ip, tunnel_ip, src_ip_old, collector, or a host such as device_host",
		"%s holds no addresses", n.Field.Name)
}

func cidrValue(s subject, v *CIDR) (*Node, error) {
	nets := make([]netip.Prefix, len(v.Nets))
	for i, n := range v.Nets {
		var ok bool
		if nets[i], ok = parseNet(n.Text); !ok {
			return nil, fail(n.Span, NotANetwork, "10.0.0.0/8 or fd00::/8", "%q is no address and no network", n.Text)
		}
	}
	return s.leaf(newAddresses(nets...)), nil
}

func booleanValue(s subject, v Value) (*Node, error) {
	text := ""
	switch v := v.(type) {
	case *Equal:
		text = v.Str.Text
	case *Exact:
		text = v.Text
	}
	switch strings.ToLower(text) {
	case "true", "yes", "1":
		return s.leaf(truth(true)), nil
	case "false", "no", "0":
		return s.leaf(truth(false)), nil
	}
	return nil, fail(v.Pos(), NotABoolean, "true or false", "this field is true or false")
}

// numberValue asks columns of numbers, whole or not, with names or without.
func numberValue(s subject, v Value) (*Node, error) {
	names, activity := namesOf(s.columns[0]), s.columns[0] == event.ColActivityID
	if activity {
		if n := activityValue(v); n != nil {
			return n, nil
		}
	}
	if e, ok := v.(*Equal); ok && e.Kind == Wildcard && s.typ != Decimal {
		return patternValue(s, e, names), nil
	}
	lo, hi, err := ends(v, func(text Str) (*big.Rat, error) {
		if n, ok := lookUpName(names, text.literal()); ok {
			return new(big.Rat).SetInt64(n), nil
		}
		r, err := readNumber(text, s.typ, v.Pos())
		switch {
		case err != nil && activity:
			return nil, activityNumber(text, v.Pos())
		case err != nil && names != nil:
			return nil, unknownName(s.typ, names, text, v.Pos())
		}
		return r, err
	})
	if err != nil {
		return nil, err
	}
	if s.typ == Decimal {
		return s.leaf(doubles{interval[float64]{lo.double(), hi.double()}}), nil
	}
	if lo.number != nil && lo.number == hi.number && !lo.number.IsInt() {
		return constant(false), nil
	}
	return s.leaf(ints{interval[int64]{lo.whole(true), hi.whole(false)}}), nil
}

// patternValue asks by a pattern: first among the names of the values, else in the digits of the number.
func patternValue(s subject, v *Equal, names []named) *Node {
	g := newGlob(v.Str.Text)
	var found oneOf
	for _, n := range names {
		if g.match(n.name) && !slices.Contains(found, n.value) {
			found = append(found, n.value)
		}
	}
	if len(found) > 0 {
		return s.leaf(found)
	}
	return s.leaf(globInt{g})
}

// end is one end of what a value asks for; a nil number is open.
type end struct {
	number *big.Rat
	open   bool
}

func (e end) whole(lower bool) limit[int64] {
	if e.number == nil {
		return limit[int64]{}
	}
	return whole(e.number, lower, e.open)
}

func (e end) double() limit[float64] {
	if e.number == nil {
		return limit[float64]{}
	}
	f, _ := e.number.Float64()
	return limit[float64]{f, true, e.open}
}

// ends reads what a value asks for as two ends.
func ends(v Value, read func(Str) (*big.Rat, error)) (lo, hi end, err error) {
	switch v := v.(type) {
	case *Equal:
		lo.number, err = read(v.Str)
		return lo, lo, err
	case *Exact:
		lo.number, err = read(Str{Phrase, v.Text})
		return lo, lo, err
	case *Cmp:
		r, err := read(v.Bound)
		e := end{r, v.Op == ">" || v.Op == "<"}
		if v.Op[0] == '>' {
			return e, end{}, err
		}
		return end{}, e, err
	case *Range:
		if v.Lo != nil {
			if lo.number, err = read(*v.Lo); err != nil {
				return lo, hi, err
			}
		}
		if v.Hi != nil {
			hi.number, err = read(*v.Hi)
		}
		lo.open, hi.open = v.LoOpen, v.HiOpen
		return lo, hi, err
	}
	return lo, hi, fail(v.Pos(), NotText, "compare numbers: field:>=5 or field:[1 TO 2]", "this field holds numbers, not text")
}

func readNumber(s Str, t Type, at Span) (*big.Rat, error) {
	text := s.literal()
	r, code := quantity(text, t)
	switch code {
	case NotANumber:
		return nil, fail(at, NotANumber, "a number such as 404", "%q is no number", text)
	case BadUnit:
		hint := "B, kB, MB, GB, TB, KiB, MiB, GiB"
		if t == Duration {
			hint = "ms, s, m, h, d"
		}
		return nil, fail(at, BadUnit, hint, "the unit of %q is not known", text)
	}
	return r, nil
}

// lookUpName finds the value of a name without regard to case, spaces and signs.
func lookUpName(names []named, text string) (int64, bool) {
	plain := plainName(text)
	for _, n := range names {
		if n.name == plain {
			return n.value, true
		}
	}
	return 0, false
}

// plainName is text without case, spaces and signs, as names are compared.
func plainName(text string) string {
	return strings.Map(func(r rune) rune {
		if isTokenRune(r) && r != '_' {
			return lower(r)
		}
		return -1
	}, text)
}

func unknownName(t Type, names []named, s Str, at Span) error {
	if t == Level {
		return fail(at, UnknownLevel, "informational, low, medium, high, critical, fatal", "%q is no severity", s.literal())
	}
	var some []string
	for _, n := range names[:min(6, len(names))] {
		some = append(some, n.name)
	}
	return fail(at, UnknownName, "a number, or a name such as "+strings.Join(some, ", "), "%q is no name of a value of this field", s.literal())
}
