package query

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"kiroku/internal/event"
	"kiroku/internal/search"
)

// Pages are the same whoever asked for what before, or asks at the same time: a row group that stays decoded from page to
// page belongs to one of them at a time.
func TestPagesDoNotMix(t *testing.T) {
	lake := manyLake(t)
	var reqs []Request
	for i := range 12 {
		req := Request{Search: fmt.Sprintf("number%d OR number%d", 100+40*i, 110+40*i)} // some in the same row group
		if i%3 == 0 {
			req.Columns = []event.Column{event.ColMessage, event.ColTags, event.ColBytesIn}
		}
		reqs = append(reqs, req)
	}
	want := make([][]json.RawMessage, len(reqs))
	for i, req := range reqs {
		p, err := New(lake, nil, search.NewFields()).Search(t.Context(), req)
		if err != nil || len(p.Rows) != 2 {
			t.Fatalf("%s: %d rows, %v; want 2", req.Search, len(p.Rows), err)
		}
		want[i] = p.Rows
	}
	q := New(lake, nil, search.NewFields())
	var g errgroup.Group
	for w := range 4 {
		g.Go(func() error {
			for k := range 5 * len(reqs) {
				i := (k*(w+1) + w) % len(reqs)
				p, err := q.Search(t.Context(), reqs[i])
				if err != nil {
					return err
				}
				if d := cmp.Diff(want[i], p.Rows); d != "" {
					return fmt.Errorf("%s: %s", reqs[i].Search, d)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// Names that no column has are told when nothing was found: some are keys of records, and the others are mistakes.
func TestSearchNamesUnknownFields(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	for text, want := range map[string]int{"actor_nme:x": 1, "actor_nme:x OR number100": 0, "actor_user_name:nobody": 0} {
		p, err := q.Search(t.Context(), Request{Search: text})
		if err != nil || len(p.Unknown) != want {
			t.Errorf("%s: %+v, %v; want %d names", text, p.Unknown, err, want)
		}
	}
}
