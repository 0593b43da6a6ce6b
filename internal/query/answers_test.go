package query

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kiroku/internal/search"
)

var askedTwice = []string{"", "user:user7", "NEEDLE3", `"of number77"`, "*EEDLE3*", "bytes.in:>500", "-user:user7 NEEDLE3", "color:red", "nothing_like_this", "user:user7 OR tags:t1"}

// What was asked before is answered as it was then, whichever question is asked about it, and less is read.
func TestAskedAgain(t *testing.T) {
	lake := manyLake(t)
	q := New(lake, nil, search.NewFields())
	for _, text := range askedTwice {
		first, scanned, err := q.Count(t.Context(), Request{Search: text})
		if err != nil {
			t.Fatal(err)
		}
		again, less, err := q.Count(t.Context(), Request{Search: text})
		if err != nil || again != first {
			t.Errorf("%s: %d, then %d, %v", text, first, again, err)
		}
		if less.Bytes > 0 || text != "" && scanned.Bytes == 0 {
			t.Errorf("%s: read %d bytes, then %d", text, scanned.Bytes, less.Bytes)
		}
		if n := len(all(t, q, text, 3000)); int64(n) != first {
			t.Errorf("%s: %d events on pages, counted %d", text, n, first)
		}
		h, err := q.Histogram(t.Context(), Request{Search: text}, HistogramOptions{Interval: time.Hour})
		if err != nil || h.Total != first {
			t.Errorf("%s: %d in the histogram, %v, counted %d", text, h.Total, err, first)
		}
		for _, from := range []time.Duration{0, 17 * time.Minute, time.Hour} { // groups that are cut by the range
			req := Request{Search: text, From: start.Add(from), To: start.Add(from + 23*time.Minute)}
			n, _, err := q.Count(t.Context(), req)
			want, _, werr := New(lake, nil, search.NewFields()).Count(t.Context(), req)
			if err != nil || werr != nil || n != want {
				t.Errorf("%s from %s: %d, %v, want %d, %v", text, from, n, err, want, werr)
			}
		}
	}
}

// An answer is the caller's own, and many may ask at once.
func TestAskedAtOnce(t *testing.T) {
	lake := manyLake(t)
	q := New(lake, nil, search.NewFields())
	want := map[string][]string{}
	for _, text := range askedTwice {
		want[text] = all(t, New(lake, nil, search.NewFields()), text, 5000)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, text := range askedTwice {
				if got := all(t, q, text, 5000); !slices.Equal(got, want[text]) {
					t.Errorf("%s: %d events, want %d", text, len(got), len(want[text]))
				}
				if _, err := q.Facets(context.Background(), Request{Search: text}, []string{"user", "color", "message"}, 5); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	file, err := lake[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	asked := question{file.Groups[0].Place(), "user:user7"}
	set, ok := q.answers.get(asked)
	if !ok {
		t.Fatal("nothing is kept")
	}
	before := set.count()
	for i := range set.rows {
		set.remove(i)
	}
	if set, _ = q.answers.get(asked); before == 0 || set.count() != before {
		t.Errorf("%d rows, after a caller changed its own %d", before, set.count())
	}
}

// Long searches that find nothing take no more memory than others.
func TestAnswersAreBounded(t *testing.T) {
	a := newAnswers()
	for i := range 2 * answerMemory / 4096 {
		a.put(question{search: fmt.Sprintf("%4096d", i)}, rowset{rows: 1})
	}
	kept := 0
	for i := range 2 * answerMemory / 4096 {
		if _, ok := a.get(question{search: fmt.Sprintf("%4096d", i)}); ok {
			kept++
		}
	}
	if kept == 0 || kept*4096 > answerMemory {
		t.Errorf("%d searches of 4,096 bytes are kept in %d bytes", kept, answerMemory)
	}
}
