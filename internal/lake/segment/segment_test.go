package segment

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
)

// words is a simple Hasher for tests.
func words(s string, dst []uint64) []uint64 {
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '.' || r == '@' }) {
		dst = append(dst, hash64(w))
	}
	return dst
}

func fill(e *event.Event, i int) {
	e.Reset()
	rnd := rand.New(rand.NewPCG(uint64(i), 7))
	e.Class(event.ClassAuthentication, 1)
	e.Str(event.ColEventUID, "", fmt.Sprintf("0193-%08d", i))
	e.Int(event.ColTime, "", 1_700_000_000_000_000+int64(i)*1000+rnd.Int64N(5000))
	e.Int(event.ColIngestTime, "", 1_700_000_100_000_000+int64(i/100))
	e.Str(event.ColSource, "", "generic")
	e.Int(event.ColSeverityID, "", int64(rnd.IntN(5)))
	e.Str(event.ColRawData, "", fmt.Sprintf("<13>raw %d %s", i, strings.Repeat("x", rnd.IntN(200))))
	e.Str(event.ColActorUserName, "", fmt.Sprintf("user%d@example.com", rnd.IntN(300)))
	if i%3 != 0 {
		e.Str(event.ColMessage, "", fmt.Sprintf("login of number%d ok", i))
	}
	if i%5 == 0 {
		e.Int(event.ColBytesIn, "", rnd.Int64())
		e.Bool(event.ColIsMFA, "", i%2 == 0)
		e.Double(event.ColSrcLat, "", 35.5+float64(i))
	}
	for k := range i % 4 {
		e.Add(event.ColTags, "", fmt.Sprintf("tag%d", k))
	}
	if i%7 == 0 {
		e.Unmap("opaque", fmt.Sprint(i))
		e.Unmap("日本", "語"+fmt.Sprint(i%9))
	}
}

func write(t testing.TB, n int) string {
	b := NewBuilder(words, Fast)
	var e event.Event
	var groups []*Group
	for i := range n {
		fill(&e, i)
		b.Append(&e)
		if b.Full() {
			groups = append(groups, b.Finish())
		}
	}
	if g := b.Finish(); g != nil {
		groups = append(groups, g)
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Assemble(f, groups, 100)
	if err != nil || w.Rows != n {
		t.Fatal(w, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if p := os.Getenv("KIROKU_KEEP_SEGMENT"); p != "" {
		b, _ := os.ReadFile(path)
		os.WriteFile(p, b, 0o644)
	}
	return path
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 1025, 9000, GroupRows + 77} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f, err := Open(write(t, n))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r := NewReader(nil)
			var want, got event.Event
			i := 0
			var few *Rows
			for _, g := range f.Groups {
				if err := r.Verify(g); err != nil {
					t.Fatal(err)
				}
				rows := r.Rows(g)
				few = NewReader(nil).Few(g, few)
				first := i
				sampled := func(row int) bool { return (first+row)%7 == 0 || (first+row)%64 < 3 }
				if err := few.Prepare(rowsOf(g, sampled), event.Columns(), []*Reader{NewReader(nil), NewReader(nil)}); err != nil {
					t.Fatal(err)
				}
				checkRuns(t, g)
				for row := range g.Rows {
					fill(&want, i)
					want.Int(event.ColSeq, "", 100+int64(i))
					got.Reset()
					if err := rows.Fill(row, event.Columns(), &got); err != nil {
						t.Fatal(err)
					}
					if d := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); d != "" {
						t.Fatalf("row %d: %s", i, d)
					}
					if sampled(row) {
						got.Reset()
						if err := few.Fill(row, event.Columns(), &got); err != nil {
							t.Fatal(err)
						}
						if d := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); d != "" {
							t.Fatalf("row %d, one of a few: %s", i, d)
						}
					}
					i++
				}
			}
			if i != n {
				t.Fatalf("read %d rows, wrote %d", i, n)
			}
		})
	}
}

func rowsOf(g *Group, want func(row int) bool) (rows []int) {
	for row := range g.Rows {
		if want(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// checkRuns reads pages of texts in two steps and compares them with those read at once.
func checkRuns(t *testing.T, g *Group) {
	t.Helper()
	var once, twice Texts
	a, b := NewReader(nil), NewReader(nil)
	for _, c := range []event.Column{event.ColRawData, event.ColMessage, event.ColEventUID} {
		for _, p := range g.Pages(c) {
			if g.Empty(c) {
				continue
			}
			if err := errors.Join(a.Texts(g, c, p.First, &once), b.Run(g, c, p.First, &twice)); err != nil {
				t.Fatal(err)
			}
			if string(once.All()) != string(twice.All()) {
				t.Fatalf("%s from row %d: another run", c, p.First)
			}
			if err := b.Finish(c, &twice); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(once.Codes, twice.Codes) || !slices.Equal(once.Offsets(), twice.Offsets()) {
				t.Fatalf("%s from row %d: other offsets", c, p.First)
			}
		}
	}
}

func TestTokenBlocks(t *testing.T) {
	f, err := Open(write(t, 20000))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := NewReader(nil)
	missed := 0
	for i := range 20000 {
		if i%3 == 0 {
			continue
		}
		blocks, err := r.Blocks(f.Groups[0], func(has func(uint64) bool) bool { return has(words(fmt.Sprintf("number%d", i), nil)[0]) })
		if err != nil {
			t.Fatal(err)
		}
		hit := false
		for _, b := range blocks {
			hit = hit || i >= b.First && i < b.First+b.Rows
		}
		if !hit {
			t.Fatalf("token of row %d is not in its block", i)
		}
		missed += len(blocks) - 1
	}
	if share := float64(missed) / 20000 / 2 * 1.5; share > 0.02 {
		t.Errorf("%.4f of the other blocks match: filters are too small", share)
	}
}

// Texts that are not UTF-8 are made so, whatever their column and however often they come.
func TestInvalidTexts(t *testing.T) {
	b := NewBuilder(words, Fast)
	var e event.Event
	long := "x" + strings.Repeat("\xff", 100) + "y"
	for range 3 {
		for _, s := range []string{"\xff", "ok", long, "a\xc3"} {
			e.Reset()
			e.Str(event.ColActorUserName, "", s)
			e.Str(event.ColMessage, "", s)
			e.Add(event.ColTags, "", s)
			e.Unmap(s, s)
			b.Append(&e)
		}
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Assemble(f, []*Group{b.Finish()}, 1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := NewReader(nil)
	rows := r.Rows(file.Groups[0])
	for row := range 12 {
		e.Reset()
		if err := rows.Fill(row, event.Columns(), &e); err != nil {
			t.Fatal(err)
		}
		want := []string{"\ufffd", "ok", "x\ufffdy", "a\ufffd"}[row%4]
		if e.GetStr(event.ColActorUserName) != want || e.GetStr(event.ColMessage) != want || e.GetList(event.ColTags)[0] != want || e.Unmapped()[0].Value != want {
			t.Errorf("row %d: %s", row, e.AppendJSON(nil))
		}
	}
}

// Rows that come together are written as if each had come alone.
func TestAppendTogether(t *testing.T) {
	events := make([]event.Event, 20_000)
	alone, together := NewBuilder(words, Fast), NewBuilder(words, Fast)
	for i := range events {
		fill(&events[i], i)
		alone.Append(&events[i])
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(events); {
		var rows []*event.Event
		for range min(1+rnd.IntN(150), len(events)-i) {
			rows = append(rows, &events[i])
			i++
		}
		together.Append(rows...)
	}
	want, got := alone.Finish(), together.Finish()
	if !bytes.Equal(want.data, got.data) || want.Rows != got.Rows || want.MinTime != got.MinTime || want.MaxTime != got.MaxTime {
		t.Errorf("rows together gave %d bytes of %d rows, alone %d of %d", len(got.data), got.Rows, len(want.data), want.Rows)
	}
}

// What records with very many values needed while they were added is not kept, and they are the same as alone.
func TestManyValues(t *testing.T) {
	rows := make([]*event.Event, 6)
	for i := range rows {
		rows[i] = &event.Event{}
		fill(rows[i], i)
		for k := range []int{0, 3 * manyValues, 1, manyValues, manyValues, 2}[i] {
			rows[i].Unmap(fmt.Sprintf("key%d", k), fmt.Sprintf("value %d of %d", k, i))
		}
		rows[i].Str(event.ColMessage, "", strings.Repeat("word ", 3*manyTokens))
	}
	together, alone := NewBuilder(words, Fast), NewBuilder(words, Fast)
	together.Append(rows...)
	for _, e := range rows {
		alone.Append(e)
	}
	for _, d := range []*dict{together.cols[event.ColUnmapped].dict, together.cols[event.ColUnmapped].dict2} {
		if cap(d.coming) > 2*manyValues || cap(d.probes) > 2*manyValues || cap(d.found) > 2*manyValues {
			t.Errorf("kept: %d texts, %d probes, %d codes", cap(d.coming), cap(d.probes), cap(d.found))
		}
	}
	if want, got := alone.Finish(), together.Finish(); !bytes.Equal(want.data, got.data) {
		t.Errorf("rows together gave %d bytes, alone %d", len(got.data), len(want.data))
	}
}

func BenchmarkBuild(b *testing.B) {
	bl := NewBuilder(words, Fast)
	events := make([]event.Event, 256)
	size := 0
	for i := range events {
		fill(&events[i], i)
		size += len(events[i].GetStr(event.ColRawData))
	}
	b.SetBytes(int64(size) / 256)
	b.ReportAllocs()
	var rows []*event.Event
	i := 0
	for b.Loop() {
		rows = append(rows, &events[i&255])
		if i++; len(rows) == 32 {
			bl.Append(rows...)
			rows = rows[:0]
		}
		if bl.Full() {
			bl.Finish()
		}
	}
}

var writeSample = flag.Bool("sample", false, "write the sample file of the current format version")

// Files of every version that was ever written stay readable: testdata holds one of each.
func TestSamplesStayReadable(t *testing.T) {
	name := filepath.Join("testdata", fmt.Sprintf("v%d.parquet", formatVersion))
	const n = 200
	if *writeSample {
		b, err := os.ReadFile(write(t, n))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for v := 1; v <= formatVersion; v++ {
		f, err := Open(filepath.Join("testdata", fmt.Sprintf("v%d.parquet", v)))
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(nil)
		rows := r.Rows(f.Groups[0])
		var want, got event.Event
		for row := range n {
			fill(&want, row)
			want.Int(event.ColSeq, "", 100+int64(row))
			got.Reset()
			if err := rows.Fill(row, event.Columns(), &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); d != "" {
				t.Fatalf("version %d, row %d: %s", v, row, d)
			}
		}
		f.Close()
	}
}

// FuzzIndex holds that an index gives an error, or groups that can be read, with errors at most: it bounds what a damaged
// one can ask for.
func FuzzIndex(f *testing.F) {
	file, err := Open(filepath.Join("testdata", fmt.Sprintf("v%d.parquet", formatVersion)))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { file.Close() })
	f.Add(appendIndex(nil, file.Groups))
	f.Add([]byte{2, 0}) // version 1
	f.Fuzz(func(t *testing.T, b []byte) {
		groups, err := parseIndex(b)
		if err != nil {
			return
		}
		r := NewReader(nil)
		var e event.Event
		for _, g := range groups {
			g.src = file.f
			_ = r.Verify(g)
			rows := r.Few(g, nil)
			for row := range min(g.Rows, 300) {
				e.Reset()
				if err := rows.Fill(row, event.Columns(), &e); err != nil {
					break
				}
			}
		}
	})
}
