package query

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
	"kiroku/internal/search"
	"kiroku/internal/search/searchtest"
	"kiroku/internal/source"
)

// files is a lake of segments in files.
type files []Part

func (f files) Parts([]string) ([]Part, func(), error) { return f, func() {}, nil }

// store writes events as segments of n rows each, in row groups of at most perGroup rows.
func store(t testing.TB, n, perGroup, total int, fill func(i int, e *event.Event)) files {
	t.Helper()
	var out files
	b := segment.NewBuilder(search.HashTokens, segment.Fast)
	var e event.Event
	seq := int64(1)
	for first := 0; first < total; first += n {
		var groups []*segment.Group
		for i := first; i < min(first+n, total); i++ {
			e.Reset()
			fill(i, &e)
			b.Append(&e)
			if b.Rows() == perGroup {
				groups = append(groups, b.Finish())
			}
		}
		if g := b.Finish(); g != nil {
			groups = append(groups, g)
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint(first))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := segment.Assemble(f, groups, seq)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		seq += int64(w.Rows)
		file, err := segment.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		out = append(out, Part{Store: searchtest.Store, Rows: int64(w.Rows), MinTime: w.MinTime, MaxTime: w.MaxTime, FirstSeq: w.FirstSeq, LastSeq: w.LastSeq,
			Open: func() (*segment.File, error) { return file, nil }})
	}
	return out
}

// all pages through a search and returns the ids in their order.
func all(t testing.TB, q *Queries, text string, limit int) (ids []string) {
	t.Helper()
	req := Request{Search: text, Limit: limit, Columns: []event.Column{event.ColEventUID}}
	for {
		p, err := q.Search(context.Background(), req)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, r := range p.Rows {
			var row struct {
				UID string `json:"event_uid"`
			}
			if err := json.Unmarshal(r, &row); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, row.UID)
		}
		if p.Cursor == "" {
			return ids
		}
		req.Cursor = p.Cursor
	}
}

// The corpus is what SQL, the live tail and this reader must agree on.
func TestCorpus(t *testing.T) {
	rows := searchtest.Rows(t)
	for _, size := range [][2]int{{1000, 1000}, {7, 3}} {
		lake := store(t, size[0], size[1], len(rows), func(i int, e *event.Event) {
			if err := rows[i].Fill(e); err != nil {
				t.Fatal(err)
			}
		})
		q := New(lake, nil, searchtest.Fields())
		for _, c := range searchtest.Cases(t) {
			got := all(t, q, c.Query, 5)
			slices.Sort(got)
			if !slices.Equal(c.Want, got) {
				t.Errorf("%s: got %q, want %q", c.Query, got, c.Want)
			}
			n, _, err := q.Count(context.Background(), Request{Search: c.Query})
			if err != nil || int(n) != len(c.Want) {
				t.Errorf("%s: counted %d, %v, want %d", c.Query, n, err, len(c.Want))
			}
		}
	}
}

var start = time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)

// many fills rows whose times overlap between segments.
func many(i int, e *event.Event) {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	e.Str(event.ColEventUID, "", fmt.Sprintf("%06d", i))
	e.Time(event.ColTime, "", start.Add(time.Duration(i/3)*time.Second+time.Duration(r.IntN(60))*time.Second))
	e.Str(event.ColSource, "", "generic")
	e.Str(event.ColRawData, "", fmt.Sprintf("raw %d", i))
	e.Str(event.ColMessage, "", fmt.Sprintf("Login of number%d from host%d NEEDLE%d", i, r.IntN(50), i/1000))
	e.Str(event.ColActorUserName, "", fmt.Sprintf("user%d", r.IntN(40)))
	if i%4 == 0 {
		e.Int(event.ColBytesIn, "", int64(r.IntN(1000)))
		e.Unmap("color", []string{"red", "green"}[i/4%2])
	}
	for k := range i % 3 {
		e.Add(event.ColTags, "", fmt.Sprintf("t%d", k))
	}
}

func manyLake(t testing.TB) files { return store(t, 4000, 1500, 20000, many) }

func TestPagesAreInOrderAndComplete(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	var times = map[string]int64{}
	for i := range 20000 {
		var e event.Event
		many(i, &e)
		times[e.GetStr(event.ColEventUID)] = e.GetInt(event.ColTime)
	}
	for _, text := range []string{"", "user:user7", "NEEDLE3", "color:red", "-user:user1 bytes.in:>500", "tag:t1"} {
		one := all(t, q, text, 10000)
		many := all(t, q, text, 77)
		if d := cmp.Diff(one, many); d != "" {
			t.Errorf("%q: pages differ from one page: %s", text, d[:min(len(d), 500)])
		}
		if !slices.IsSortedFunc(one, func(a, b string) int { return int(times[b] - times[a]) }) {
			t.Errorf("%q: not newest first", text)
		}
		n, _, err := q.Count(context.Background(), Request{Search: text})
		if err != nil || int(n) != len(one) {
			t.Errorf("%q: counted %d, %v; pages have %d", text, n, err, len(one))
		}
		seen := map[string]bool{}
		for _, id := range one {
			if seen[id] {
				t.Errorf("%q: %s is there twice", text, id)
			}
			seen[id] = true
		}
	}
}

// A page that is not taken whole goes on behind any of its rows.
func TestCursorBehindARow(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	page, err := q.Search(t.Context(), Request{Search: "user:user7", Limit: 9})
	if err != nil || len(page.Rows) != 9 || page.After(8) != page.Cursor {
		t.Fatalf("%+v, %v", page, err)
	}
	rest, err := q.Search(t.Context(), Request{Search: "user:user7", Limit: 6, Cursor: page.After(2)})
	if err != nil || !cmp.Equal(rest.Rows, page.Rows[3:]) {
		t.Errorf("%s, %v; want %s", rest.Rows, err, page.Rows[3:])
	}
}

func TestAggregates(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	ctx := context.Background()
	users, colors, hours := map[string]int64{}, map[string]int64{}, map[time.Time]int64{}
	none := int64(0)
	for i := range 20000 {
		var e event.Event
		many(i, &e)
		users[e.GetStr(event.ColActorUserName)]++
		if c, ok := e.Unmapped1("color"); ok {
			colors[c]++
		} else {
			none++
		}
		hours[time.UnixMicro(e.GetInt(event.ColTime)).UTC().Truncate(15*time.Minute)]++
	}
	fs, err := q.Facets(ctx, Request{}, []string{"user", "color"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range fs[0].Values {
		if users[v.Value] != v.Count {
			t.Errorf("user %s: %d, want %d", v.Value, v.Count, users[v.Value])
		}
	}
	if fs[1].None != none || len(fs[1].Values) != 2 || fs[1].Values[0].Count != colors[fs[1].Values[0].Value] {
		t.Errorf("color: %+v, want %v and %d without", fs[1], colors, none)
	}
	h, err := q.Histogram(ctx, Request{}, HistogramOptions{Interval: 15 * time.Minute, By: "color"})
	if err != nil || h.Total != 20000 {
		t.Fatal(h, err)
	}
	for _, b := range h.Buckets {
		if hours[b.Start.UTC()] != b.Count {
			t.Errorf("%v: %d, want %d", b.Start, b.Count, hours[b.Start.UTC()])
		}
		sum := int64(0)
		for _, n := range b.By {
			sum += n
		}
		if sum != b.Count {
			t.Errorf("%v: parts sum up to %d of %d", b.Start, sum, b.Count)
		}
	}
	from, to := start.Add(10*time.Minute), start.Add(20*time.Minute)
	want := int64(0)
	for i := range 20000 {
		var e event.Event
		many(i, &e)
		if us := e.GetInt(event.ColTime); us >= from.UnixMicro() && us < to.UnixMicro() {
			want++
		}
	}
	n, _, err := q.Count(ctx, Request{From: from, To: to})
	if err != nil || n != want {
		t.Errorf("range: %d, %v, want %d", n, err, want)
	}
}

func TestFieldCatalogue(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	fs, err := q.Fields(context.Background(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]FieldInfo{}
	for _, f := range fs {
		by[f.Name] = f
	}
	if f := by["actor_user_name"]; f.Share != 1 || len(f.Examples) != 5 || f.Type != "string" {
		t.Errorf("actor_user_name: %+v", f)
	}
	if f := by["unmapped.color"]; f.Share < 0.24 || f.Share > 0.26 || len(f.Examples) != 2 {
		t.Errorf("unmapped.color: %+v", f)
	}
	if f := by["user_name"]; f.Share != 0 {
		t.Errorf("user_name: %+v", f)
	}
}

func TestExportFormats(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	ctx := context.Background()
	for _, format := range []string{"csv", "ndjson", "parquet"} {
		path := filepath.Join(t.TempDir(), "out")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Export(ctx, Request{Search: "color:red"}, format, f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		switch format {
		case "csv":
			if n := lines(b); n != 2501 {
				t.Errorf("csv has %d lines", n)
			}
		case "ndjson":
			if n := lines(b); n != 2500 {
				t.Errorf("ndjson has %d lines", n)
			}
		case "parquet":
			s, err := segment.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, g := range s.Groups {
				n += g.Rows
			}
			s.Close()
			if n != 2500 {
				t.Errorf("parquet has %d rows", n)
			}
		}
	}
	if err := q.Export(ctx, Request{}, "xml", nil); err == nil {
		t.Error("xml is accepted")
	}
}

func lines(b []byte) (n int) {
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	return n
}

func TestBadRequests(t *testing.T) {
	q := New(manyLake(t), nil, search.NewFields())
	ctx := context.Background()
	for _, req := range []Request{{Search: "a OR"}, {Limit: -1}, {Limit: maxLimit + 1}, {Cursor: "x"}, {Cursor: "MSAxIDI"}, {From: start.Add(time.Second), To: start}} {
		if _, err := q.Search(ctx, req); err == nil {
			t.Errorf("%+v is accepted", req)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	q := New(store(b, 32768, 32768, 65536, many), nil, search.NewFields())
	for _, text := range []string{"user:user7", "NEEDLE3", `"of number77 from"`, "*EEDLE3*", "bytes.in:>500"} {
		b.Run(text, func(b *testing.B) {
			b.SetBytes(65536)
			b.ReportAllocs()
			for b.Loop() {
				q.answers = newAnswers() // nobody asked before
				if _, _, err := q.Count(context.Background(), Request{Search: text}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestDenied checks that no question tells what stands in a column that its caller may not read, under any of its names.
func TestDenied(t *testing.T) {
	parts := store(t, 10, 10, 10, func(i int, e *event.Event) {
		e.Str(event.ColEventUID, "", fmt.Sprint("u", i))
		e.Int(event.ColTime, "", int64(i))
		e.Str(event.ColRawData, "", "password=hunter2")
		e.Str(event.ColMessage, "", "login")
	})
	q := New(parts, nil, search.NewFields(source.Source{Fields: []source.Field{{Name: "original", Column: event.ColRawData}}}))
	for _, text := range []string{`raw:hunter2`, `raw_data:hunter2`, `@raw_data:hunter2`, `RAW.DATA:*hunter*`, `-raw:hunter2`, `login raw:/h.nter/`,
		`login OR (x:1 raw_data:*)`, `original:hunter2`} {
		free := Request{Search: text}
		if _, err := q.Search(t.Context(), free); err != nil {
			t.Errorf("%s by somebody who may: %v", text, err)
		}
		req := Request{Search: text, Denied: []event.Column{event.ColRawData}}
		ask := map[string]func() error{
			"search":    func() error { _, err := q.Search(t.Context(), req); return err },
			"count":     func() error { _, _, err := q.Count(t.Context(), req); return err },
			"histogram": func() error { _, err := q.Histogram(t.Context(), req, HistogramOptions{}); return err },
			"facets":    func() error { _, err := q.Facets(t.Context(), req, []string{"message"}, 1); return err },
			"fields":    func() error { _, err := q.Fields(t.Context(), req); return err },
			"export":    func() error { return q.Export(t.Context(), req, "ndjson", io.Discard) },
			"tail":      func() error { return q.Tail(t.Context(), req, nil) },
		}
		for name, f := range ask {
			wantDenied(t, name+" "+text, f())
		}
	}
	req := Request{Denied: []event.Column{event.ColRawData}}
	for _, field := range []string{"raw", "original", "@raw_data"} {
		_, err := q.Facets(t.Context(), req, []string{field}, 1)
		wantDenied(t, "facets of "+field, err)
		_, err = q.Histogram(t.Context(), req, HistogramOptions{By: field})
		wantDenied(t, "histogram by "+field, err)
	}
	for text, want := range map[string]int64{`login`: 10, `hunter2`: 0, `message:login`: 10, ``: 10} {
		if n, _, err := q.Count(t.Context(), Request{Search: text, Denied: req.Denied}); err != nil || n != want {
			t.Errorf("count of %q: %d, %v; want %d", text, n, err, want)
		}
	}
}

func wantDenied(t *testing.T, what string, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Denied || !strings.Contains(fault.NextOf(err), "raw_data") {
		t.Errorf("%s: err = %v (next %q), want denied, and advice that names raw_data", what, err, fault.NextOf(err))
	}
}
