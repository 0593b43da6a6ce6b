package search_test

import (
	"slices"
	"strings"
	"testing"

	"kiroku/internal/event"
	"kiroku/internal/search"
	"kiroku/internal/search/searchtest"
)

// hashesOf is what a token index of one row holds.
func hashesOf(e *event.Event) map[uint64]bool {
	var all []uint64
	for _, c := range search.TextColumns() {
		all = search.HashTokens(e.GetStr(c), all)
		for _, v := range e.GetList(c) {
			all = search.HashTokens(v, all)
		}
	}
	for _, p := range e.Unmapped() {
		all = search.HashTokens(p.Value, all)
	}
	set := make(map[uint64]bool)
	for _, h := range all {
		set[h] = true
	}
	return set
}

// TestCorpus asks every query about every event, and a token index of each event, which must never deny a match.
func TestCorpus(t *testing.T) {
	rows, fields := searchtest.Rows(t), searchtest.Fields()
	for _, c := range searchtest.Cases(t) {
		q, err := search.Parse(c.Query)
		if err != nil {
			t.Errorf("%s: %v", c.Query, err)
			continue
		}
		p, err := search.Compile(q, fields)
		if err != nil {
			t.Errorf("%s: %v", c.Query, err)
			continue
		}
		p = p.Bind(searchtest.Store)
		var got []string
		for _, r := range rows {
			var e event.Event
			if err := r.Fill(&e); err != nil {
				t.Fatal(err)
			}
			if !p.MatchEvent(&e) {
				continue
			}
			got = append(got, r.ID)
			set := hashesOf(&e)
			if !p.MayMatch(func(h uint64) bool { return set[h] }) {
				t.Errorf("%s: the token index denies %s", c.Query, r.ID)
			}
		}
		if !slices.Equal(got, c.Want) {
			t.Errorf("%s: got %s, want %s", c.Query, strings.Join(got, " "), strings.Join(c.Want, " "))
		}
	}
}
