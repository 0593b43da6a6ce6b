package search_test

import (
	"reflect"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/search"
	"kiroku/internal/search/searchtest"
)

// checkProgram asks p about every row both ways and whether the token index would deny a match.
func checkProgram(t *testing.T, p *search.Program, rows []searchtest.Row) {
	t.Helper()
	where, args := p.SQL(search.DuckDB{})
	if n := strings.Count(where, "?"); n != len(args) {
		t.Fatalf("%d arguments for %d question marks in %s", len(args), n, where)
	}
	p = p.Bind(searchtest.Store)
	for _, r := range rows {
		var e event.Event
		if err := r.Fill(&e); err != nil {
			t.Fatal(err)
		}
		if !p.MatchEvent(&e) {
			continue
		}
		set := hashesOf(&e)
		if !p.MayMatch(func(h uint64) bool { return set[h] }) {
			t.Fatalf("the token index denies %s for %s", r.ID, where)
		}
	}
}

func TestWarnings(t *testing.T) {
	p, err := compile("usr:x AND severty:high AND unmapped.a:b AND `zzzzzzzz`:1 AND user:y")
	if err != nil {
		t.Fatal(err)
	}
	want := []search.Warning{
		{From: 0, To: 3, Field: "usr", Nearest: []string{"user"}},
		{From: 10, To: 17, Field: "severty", Nearest: []string{"severity"}},
		{From: 44, To: 54, Field: "zzzzzzzz"},
	}
	if !reflect.DeepEqual(p.Warnings, want) {
		t.Errorf("got %+v, want %+v", p.Warnings, want)
	}
}

func TestLookup(t *testing.T) {
	f := searchtest.Fields()
	cases := map[string]search.Target{
		"user":            {Columns: []event.Column{event.ColActorUserName, event.ColUserName}, Known: true},
		"USER":            {Columns: []event.Column{event.ColActorUserName, event.ColUserName}, Known: true},
		"@user":           {Columns: []event.Column{event.ColActorUserName, event.ColUserName}, Known: true},
		"src_ip":          {Columns: []event.Column{event.ColSrcIP}, Known: true},
		"src.ip":          {Columns: []event.Column{event.ColSrcIP}, Known: true},
		"src_endpoint.ip": {Columns: []event.Column{event.ColSrcIP}, Known: true},
		"usr.name":        {Columns: []event.Column{event.ColActorUserName}, Key: "usr.name", Known: true},
		"subject":         {Columns: []event.Column{event.ColActorUserName}, Key: "subject", Known: true},
		"native.SUBJECT":  {Columns: []event.Column{event.ColActorUserName}, Key: "SUBJECT", Known: true},
		"native.user":     {Key: "user", Known: true},
		"unmapped.user":   {Key: "user", Known: true},
		"store":           {Store: true, Known: true},
		"env":             {Key: "env", Tag: "env"},
		"@env":            {Key: "env"},
		"a.b":             {Key: "a.b"},
	}
	for name, want := range cases {
		if got := f.Lookup(name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	if got := f.Aliases(event.ColSrcIP); !reflect.DeepEqual(got, []string{"ip", "network.client.ip", "src.ip", "src_endpoint.ip"}) {
		t.Errorf("aliases of src_ip: %v", got)
	}
}

func TestLeaf(t *testing.T) {
	leaf := func(text string) *search.Leaf {
		t.Helper()
		p, err := compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if p.Root.Op != search.OpLeaf {
			t.Fatalf("%s is no leaf", text)
		}
		return p.Root.Leaf
	}
	hashes := func(tokens ...string) (all []uint64) {
		for _, s := range tokens {
			all = append(all, search.HashToken(s))
		}
		return all
	}
	cases := []struct {
		text   string
		eq     string
		tokens []uint64
	}{
		{"user:Alice.Adler@x", "alice.adler@x", hashes("alice", "adler", "x")},
		{"user:=Alice", "alice", hashes("alice")},
		{"user:(a.x OR b.x)", "", hashes("x")},
		{"user:a*.b.c", "", hashes("b", "c")},
		{"message:Failed", "", hashes("failed")},
		{`message:"one two three"`, "", hashes("two")},
		{"message:~\"one two\"", "", nil},
		{"raw:secret", "", nil},
		{"src.ip:10.0.0.1", "", nil},
		{"Alice", "", hashes("alice")},
		{"dana-na*", "", hashes("dana")},
		{"失敗", "", hashes("失敗")},
		{"user:*", "", nil},
	}
	for _, c := range cases {
		l := leaf(c.text)
		if l.Eq != c.eq || !reflect.DeepEqual(l.Tokens, c.tokens) {
			t.Errorf("%s: got %q %x, want %q %x", c.text, l.Eq, l.Tokens, c.eq, c.tokens)
		}
	}
	if l := leaf("alice"); !l.AllText || !reflect.DeepEqual(l.Columns, search.TextColumns()) {
		t.Error("a bare word does not ask all text")
	}
	if l := leaf("@odd.field:x"); l.MapKey != "odd.field" || l.Columns[0] != event.ColUnmapped {
		t.Errorf("got %+v", l)
	}
	p, err := compile("user:(a.x OR b.y)")
	if err != nil {
		t.Fatal(err)
	}
	only := func(tokens ...string) bool {
		return p.MayMatch(func(h uint64) bool {
			for _, want := range hashes(tokens...) {
				if h == want {
					return true
				}
			}
			return false
		})
	}
	if only("a", "y") || !only("b", "y") {
		t.Error("the members of a set are not told apart")
	}
}

func BenchmarkMatchEvent(b *testing.B) {
	var e event.Event
	if err := searchtest.Rows(b)[0].Fill(&e); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"user": "user:alice", "word": "quartz", "clauses": "source:ivanti-connect-secure -outcome:failure severity:<=low src.ip:10.0.0.0/8"} {
		b.Run(name, func(b *testing.B) {
			p, err := compile(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.MatchEvent(&e)
			}
		})
	}
}
