package search

import "kiroku/internal/event"

// MatchEvent says whether one row matches. Clauses about the event data store that Bind did not settle are false.
func (p *Program) MatchEvent(e *event.Event) bool { return p.Root.matchEvent(e) }

func (n *Node) matchEvent(e *event.Event) bool {
	switch n.Op {
	case OpAll:
		return true
	case OpAnd:
		for _, k := range n.Kids {
			if !k.matchEvent(e) {
				return false
			}
		}
		return true
	case OpOr:
		for _, k := range n.Kids {
			if k.matchEvent(e) {
				return true
			}
		}
		return false
	case OpNot:
		return !n.Kids[0].matchEvent(e)
	case OpLeaf:
		return n.Leaf.matchEvent(e)
	}
	return false
}

func (l *Leaf) matchEvent(e *event.Event) bool {
	for _, c := range l.Columns {
		if e.Has(c) && l.matchColumn(e, c) {
			return true
		}
	}
	return false
}

func (l *Leaf) matchColumn(e *event.Event, c event.Column) bool {
	switch c.Kind() {
	case event.String:
		return l.Exists || l.Str != nil && l.Str(e.GetStr(c))
	case event.StringList:
		for _, v := range e.GetList(c) {
			if l.Exists || l.Str != nil && l.Str(v) {
				return true
			}
		}
		return false
	case event.StringMap:
		for _, p := range e.Unmapped() {
			if (l.MapKey == "" || l.MapKey == p.Key) && (l.Exists || l.Str != nil && l.Str(p.Value)) {
				return true
			}
		}
		return false
	case event.Double:
		return l.Exists || l.Dbl != nil && l.Dbl(e.GetDouble(c))
	}
	return l.Exists || l.Int != nil && l.Int(e.GetInt(c))
}
