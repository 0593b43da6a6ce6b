package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake"
	"kiroku/internal/lake/table"
	"kiroku/internal/meta"
	"kiroku/internal/search"
	"kiroku/internal/search/searchtest"
)

// seqLake shows a real lake to a Feed.
type seqLake struct{ *lake.Lake }

func (l seqLake) PartsAfter(store string, after int64) ([]Part, int64, func(), error) {
	v, last, err := l.After(store, after)
	if err != nil {
		return nil, 0, nil, err
	}
	out := make([]Part, len(v.Segments))
	for i, s := range v.Segments {
		out[i] = Part{Store: s.Store, Rows: s.Rows, MinTime: s.MinTime, MaxTime: s.MaxTime, FirstSeq: s.FirstSeq, LastSeq: s.LastSeq, Open: s.File}
	}
	return out, last, v.Close, nil
}

func (l seqLake) Dropped(ctx context.Context, store string, after, last int64) ([]Dropped, error) {
	known, err := l.Lake.Dropped(ctx, store, after, last)
	out := make([]Dropped, len(known))
	for i, d := range known {
		out[i] = Dropped(d)
	}
	return out, err
}

// openLake opens a lake whose loops do not run: tests flush, publish and compact by hand.
func openLake(t testing.TB, dir string) *lake.Lake {
	t.Helper()
	ctx := t.Context()
	db, err := meta.Open(ctx, filepath.Join(dir, "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	catDB, err := meta.OpenCatalog(ctx, filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	cat, err := table.Open(ctx, table.Options{Warehouse: filepath.Join(dir, "warehouse"), DB: catDB})
	if err != nil {
		t.Fatal(err)
	}
	o := lake.Defaults()
	o.Dir, o.DB, o.Tables, o.Hasher, o.Log, o.MinFree = dir, db, cat, search.HashTokens, slog.New(slog.DiscardHandler), 0
	l, err := lake.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), db.Close(), catDB.Close()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// append writes n events to a store; fill gets the index of each, from first on.
func write(t testing.TB, w *lake.Writer, store string, first, n int, fill func(i int, e *event.Event)) {
	t.Helper()
	if err := w.Begin(context.Background()); err != nil {
		t.Error(err)
		return
	}
	var e event.Event
	for i := first; i < first+n; i++ {
		e.Reset()
		fill(i, &e)
		w.Append(store, &e)
	}
	w.End(nil, nil)
}

var day0 = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// spread fills events of many days in no order, so that the sequence numbers of data files overlap.
func spread(i int, e *event.Event) {
	e.Class(event.ClassBaseEvent, 0)
	if i%10 == 3 {
		e.Class(event.ClassDetectionFinding, 1)
	}
	e.Time(event.ColTime, "", day0.Add(time.Duration(i*7919%97)*3*time.Hour))
	e.Time(event.ColIngestTime, "", day0.Add(time.Duration(i)*time.Second))
	e.Str(event.ColEventUID, "", fmt.Sprintf("uid-%06d", i))
	e.Str(event.ColSource, "", "generic")
	e.Str(event.ColActorUserName, "", fmt.Sprintf("user%d", i%100))
	e.Str(event.ColRawData, "", fmt.Sprintf("record %d", i))
}

func newFollower(t testing.TB, f *Feed, req FollowRequest) *Follower {
	t.Helper()
	if req.Store == "" {
		req.Store = lake.DefaultStore
	}
	fo, err := f.Follower(req)
	if err != nil {
		t.Fatal(err)
	}
	return fo
}

// given is an event that a follower gave.
type given struct {
	Seq int64
	UID string
}

// pull follows from a position to the end, in calls of 1 to most events, and checks what every call promises.
func pull(t testing.TB, f *Follower, after int64, most int) (got []given, gone int64) {
	t.Helper()
	for {
		want, n := 1+rand.IntN(most), 0
		p, err := f.Next(t.Context(), after, func(e *event.Event) bool {
			if n == want {
				return false
			}
			n++
			got = append(got, given{e.GetInt(event.ColSeq), strings.Clone(e.GetStr(event.ColEventUID))})
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if p.Events != n || n > 0 && p.Next < got[len(got)-1].Seq || p.More && p.Next <= after {
			t.Fatalf("%d events from %d: %+v", n, after, p)
		}
		after, gone = p.Next, gone+p.Gone
		if !p.More {
			break
		}
	}
	if !slices.IsSortedFunc(got, func(a, b given) int { return int(a.Seq - b.Seq) }) {
		t.Fatal("numbers do not rise")
	}
	return got, gone
}

// memLake is a lake of segments in files, for the corpus.
type memLake struct{ files }

func (m memLake) PartsAfter(_ string, after int64) ([]Part, int64, func(), error) {
	var out []Part
	last := int64(0)
	for _, p := range m.files {
		if last = p.LastSeq; p.LastSeq > after {
			out = append(out, p)
		}
	}
	return out, last, func() {}, nil
}

func (m memLake) Head(string) (int64, int64, error)                                { return 1, m.files[len(m.files)-1].LastSeq, nil }
func (m memLake) Changed() <-chan struct{}                                         { return nil }
func (m memLake) Dropped(context.Context, string, int64, int64) ([]Dropped, error) { return nil, nil }

// A follower finds what a search finds, whatever the cut of the segments and of the calls.
func TestFollowCorpus(t *testing.T) {
	rows := searchtest.Rows(t)
	for _, size := range [][2]int{{1000, 1000}, {7, 3}} {
		feed := NewFeed(memLake{store(t, size[0], size[1], len(rows), func(i int, e *event.Event) {
			if err := rows[i].Fill(e); err != nil {
				t.Fatal(err)
			}
		})}, searchtest.Fields())
		for _, c := range searchtest.Cases(t) {
			f := newFollower(t, feed, FollowRequest{Store: searchtest.Store, Search: c.Query, Columns: []event.Column{event.ColEventUID}})
			var ids []string
			got, gone := pull(t, f, 0, 5)
			for _, g := range got {
				ids = append(ids, g.UID)
			}
			slices.Sort(ids)
			if !slices.Equal(c.Want, ids) || gone != 0 {
				t.Errorf("%s: got %q, %d gone, want %q", c.Query, ids, gone, c.Want)
			}
		}
	}
}

// Writers, publishing, merging, compaction and followers at once: every follower gets every number once, rising.
func TestFollowWhileEverythingMoves(t *testing.T) {
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	const writers, batches, perBatch = 3, 40, 250
	const total = writers * batches * perBatch
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var writing sync.WaitGroup
	for n := range writers {
		writing.Go(func() {
			w := l.NewWriter()
			for b := range batches {
				write(t, w, lake.DefaultStore, (n*batches+b)*perBatch, perBatch, spread)
				if err := l.Flush(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var g errgroup.Group
	stop := make(chan struct{})
	g.Go(func() error { // publishes and compacts all the time
		for {
			select {
			case <-stop:
				return nil
			default:
			}
			if err := errors.Join(l.Publish(ctx), l.Compact(ctx)); err != nil {
				return err
			}
		}
	})
	cases := []FollowRequest{{}, {Columns: []event.Column{event.ColEventUID}}, {Search: "actor_user_name:user7"}, {Types: Alerts}}
	all := make([][]given, len(cases))
	var followers errgroup.Group
	for i, req := range cases {
		f := newFollower(t, feed, req)
		followers.Go(func() error {
			after := int64(0)
			for after < total {
				changed := feed.Changed()
				n := 0
				p, err := f.Next(ctx, after, func(e *event.Event) bool {
					if n++; n > 173 {
						return false
					}
					all[i] = append(all[i], given{e.GetInt(event.ColSeq), strings.Clone(e.GetStr(event.ColEventUID))})
					return true
				})
				if err != nil {
					return err
				}
				if p.Gone != 0 {
					return fmt.Errorf("%d numbers are gone up to %d", p.Gone, p.Next)
				}
				after = p.Next
				if p.More || after == total {
					continue
				}
				select {
				case <-changed:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	writing.Wait()
	if err := followers.Wait(); err != nil {
		t.Error(err)
	}
	close(stop)
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	want := []int{total, total, total / 100, total / 10}
	for i, got := range all {
		uids := map[string]bool{}
		for k, ev := range got {
			if k > 0 && ev.Seq <= got[k-1].Seq || i < 2 && ev.Seq != int64(k+1) {
				t.Fatalf("case %d: event %d has number %d", i, k, ev.Seq)
			}
			uids[ev.UID] = true
		}
		if len(got) != want[i] || len(uids) != want[i] {
			t.Errorf("case %d: %d events, %d different, want %d", i, len(got), len(uids), want[i])
		}
	}
}

// What retention drops is missing from among the numbers; how much is exact, wherever the position stands.
func TestFollowAfterRetention(t *testing.T) {
	ctx := t.Context()
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	w := l.NewWriter()
	const total = 1000
	for first := 0; first < total; first += 200 {
		write(t, w, lake.DefaultStore, first, 200, spread)
		if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	before, gone := pull(t, newFollower(t, feed, FollowRequest{}), 0, 300)
	if len(before) != total || gone != 0 {
		t.Fatalf("%d events, %d gone", len(before), gone)
	}
	// Five of the twelve days go.
	keep := day0.Add(5 * 24 * time.Hour).Truncate(24 * time.Hour)
	if err := l.SetRetention(ctx, lake.DefaultStore, time.Since(keep)); err != nil {
		t.Fatal(err)
	}
	if err := l.Retain(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	timeOf := func(seq int64) time.Time {
		var e event.Event
		spread(int(seq-1), &e)
		return time.UnixMicro(e.GetInt(event.ColTime)).UTC()
	}
	for _, after := range []int64{0, 1, 2, 199, 200, 500, 777, 998, 999, 1000} {
		var want []given
		var missing []int64
		for _, ev := range before[after:] {
			if timeOf(ev.Seq).Before(keep) {
				missing = append(missing, ev.Seq)
			} else {
				want = append(want, ev)
			}
		}
		got, gone := pull(t, newFollower(t, feed, FollowRequest{}), after, 300)
		if diff := cmp.Diff(want, got); diff != "" || gone != int64(len(missing)) {
			t.Errorf("from %d: %d gone, want %d; events (-want +got):\n%s", after, gone, len(missing), diff)
		}
		gap, err := feed.Gap(ctx, lake.DefaultStore, after, 0, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		resume := int64(total + 1)
		if len(want) > 0 {
			resume = want[0].Seq
		}
		if gap.Count != int64(len(missing)) || gap.Resume != resume {
			t.Errorf("from %d: gap %+v, want %d events and to go on at %d", after, gap, len(missing), resume)
		}
		for _, seq := range missing {
			if at := timeOf(seq); seq < gap.FirstSeq || seq > gap.LastSeq || at.Before(gap.From) || !at.Before(gap.To) {
				t.Errorf("from %d: number %d of %v is not in %+v", after, seq, at, gap)
			}
		}
		for day := range 4 { // of what is missing, that of some days
			since, wanted := day0.Truncate(24*time.Hour).AddDate(0, 0, day), int64(0)
			for _, seq := range missing {
				if !timeOf(seq).Before(since) {
					wanted++
				}
			}
			gap, err := feed.Gap(ctx, lake.DefaultStore, after, 0, since)
			if err != nil || gap.Count < wanted || gap.Count > int64(len(missing)) || (gap.Count == 0) != (wanted == 0) || after == 0 && gap.Count != wanted {
				t.Errorf("from %d since %v: gap %+v, %v; want %d of %d events", after, since, gap, err, wanted, len(missing))
			}
			if gap.Count > 0 && gap.From.Before(since) {
				t.Errorf("from %d since %v: gap %+v", after, since, gap)
			}
		}
	}
	if gap, err := feed.Gap(ctx, lake.DefaultStore, 0, 0, time.Time{}); err != nil || !gap.From.Equal(day0) || gap.To.After(keep) {
		t.Errorf("gap %+v, %v; want it from %v to %v at most", gap, err, day0, keep)
	}
}

func TestFollowSelects(t *testing.T) {
	ctx := t.Context()
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	w := l.NewWriter()
	const total = 3000
	write(t, w, lake.DefaultStore, 0, 2000, spread)
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
		t.Fatal(err)
	}
	write(t, w, lake.DefaultStore, 2000, 1000, spread)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) time.Time { return day0.Add(d) }
	cases := map[string]struct {
		req  FollowRequest
		want func(i int, e *event.Event) bool
	}{
		"alerts":     {FollowRequest{Types: Alerts}, func(i int, _ *event.Event) bool { return i%10 == 3 }},
		"activities": {FollowRequest{Types: Activities}, func(i int, _ *event.Event) bool { return i%10 != 3 }},
		"both":       {FollowRequest{Types: Activities | Alerts}, func(int, *event.Event) bool { return true }},
		"window of time": {FollowRequest{From: at(30 * time.Hour), To: at(60 * time.Hour)}, func(_ int, e *event.Event) bool {
			t := time.UnixMicro(e.GetInt(event.ColTime))
			return !t.Before(at(30*time.Hour)) && t.Before(at(60*time.Hour))
		}},
		"window of ingest": {FollowRequest{From: at(100 * time.Second), To: at(2500 * time.Second), By: event.ColIngestTime},
			func(i int, _ *event.Event) bool { return i >= 100 && i < 2500 }},
		"all of it": {FollowRequest{Types: Alerts, Search: "actor_user_name:user13", From: at(24 * time.Hour)}, func(i int, e *event.Event) bool {
			return i%100 == 13 && !time.UnixMicro(e.GetInt(event.ColTime)).Before(at(24*time.Hour))
		}},
		"nothing": {FollowRequest{Search: "actor_user_name:nobody"}, func(int, *event.Event) bool { return false }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var want []given
			var e event.Event
			for i := range total {
				e.Reset()
				spread(i, &e)
				if c.want(i, &e) {
					want = append(want, given{int64(i + 1), fmt.Sprintf("uid-%06d", i)})
				}
			}
			f := newFollower(t, feed, c.req)
			got, gone := pull(t, f, 0, 100)
			if diff := cmp.Diff(want, got); diff != "" || gone != 0 {
				t.Errorf("%d gone, events (-want +got):\n%s", gone, diff)
			}
			for _, n := range []int{1, 2, 50, 5000} {
				after, err := f.Back(t.Context(), total, n)
				if err != nil {
					t.Fatal(err)
				}
				rest, _ := pull(t, f, after, 100)
				if tail := want[max(0, len(want)-n):]; !slices.Equal(rest, tail) {
					t.Errorf("the last %d from %d on are %d events, want %d", n, after, len(rest), len(tail))
				}
			}
		})
	}
}

func TestFollowPlaces(t *testing.T) {
	ctx := t.Context()
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	if first, last, err := feed.Head(lake.DefaultStore); first != 1 || last != 0 || err != nil {
		t.Errorf("head of an empty store: %d, %d, %v", first, last, err)
	}
	w := l.NewWriter()
	write(t, w, lake.DefaultStore, 0, 500, spread)
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
		t.Fatal(err)
	}
	write(t, w, lake.DefaultStore, 500, 500, spread)
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if first, last, err := feed.Head(lake.DefaultStore); first != 1 || last != 1000 || err != nil {
		t.Errorf("head: %d, %d, %v", first, last, err)
	}
	for _, after := range []int64{0, 1, 499, 500, 501, 999} {
		got, err := feed.Ingested(ctx, lake.DefaultStore, after)
		if want := day0.Add(time.Duration(after) * time.Second); err != nil || !got.Equal(want) {
			t.Errorf("the event behind %d came at %v, %v; want %v", after, got, err, want)
		}
	}
	if got, err := feed.Ingested(ctx, lake.DefaultStore, 1000); err != nil || !got.IsZero() {
		t.Errorf("behind the last event: %v, %v", got, err)
	}
	for d, want := range map[time.Duration]int64{-time.Hour: 0, 0: 0, time.Second: 1, 700*time.Second + 1: 700, 999 * time.Second: 999, time.Hour: 1000} {
		if got, err := feed.Since(ctx, lake.DefaultStore, event.ColIngestTime, day0.Add(d)); err != nil || got != want {
			t.Errorf("ingested since %v: behind %d, %v; want %d", d, got, err, want)
		}
	}
	latest := day0.Add(96 * 3 * time.Hour) // i*7919%97 is 96 first for this one
	var first int64
	for i := range 1000 {
		if i*7919%97 == 96 {
			first = int64(i)
			break
		}
	}
	if got, err := feed.Since(ctx, lake.DefaultStore, event.ColTime, latest); err != nil || got != first {
		t.Errorf("of the latest time: behind %d, %v; want %d", got, err, first)
	}
	f := newFollower(t, feed, FollowRequest{})
	if _, err := f.Next(ctx, 1001, func(*event.Event) bool { return true }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a position that does not exist: %v", err)
	}
}

// A store that is deleted ends its followers; one of the same name goes on with the numbers, so that a position never means
// another event.
func TestFollowDeletedStore(t *testing.T) {
	ctx := t.Context()
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	w := l.NewWriter()
	begin := func(first int) *Follower {
		if err := l.CreateStore(ctx, "vpn", 0); err != nil {
			t.Fatal(err)
		}
		write(t, w, "vpn", first, 100, spread)
		if err := l.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		return newFollower(t, feed, FollowRequest{Store: "vpn"})
	}
	f := begin(0)
	changed := feed.Changed()
	if got, _ := pull(t, f, 40, 50); len(got) != 60 {
		t.Errorf("%d events, want 60", len(got))
	}
	if err := l.DeleteStore(ctx, "vpn"); err != nil {
		t.Fatal(err)
	}
	<-changed
	if _, err := f.Next(ctx, 40, func(*event.Event) bool { return true }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("after the store was deleted: %v", err)
	}
	if _, err := feed.Follower(FollowRequest{Store: "vpn"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a follower of no store: %v", err)
	}
	f = begin(100)
	got, gone := pull(t, f, 40, 50)
	if len(got) != 100 || got[0] != (given{101, "uid-000100"}) || gone != 60 {
		t.Errorf("%d events from %v, %d gone", len(got), got[0], gone)
	}
	if gap, err := feed.Gap(ctx, "vpn", 40, 0, time.Time{}); err != nil || gap.Count != 60 || gap.Resume != 101 || gap.FirstSeq > 41 || gap.LastSeq != 100 || gap.From.IsZero() {
		t.Errorf("gap %+v, %v", gap, err)
	}
	if rep, err := l.Fsck(ctx, lake.FsckOptions{}); err != nil || !rep.OK {
		t.Errorf("fsck: %+v, %v", rep, err)
	}
}

func TestFollowRefuses(t *testing.T) {
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	for name, req := range map[string]FollowRequest{
		"bad search": {Search: "(a"}, "denied": {Search: "actor_user_name:x", Denied: []event.Column{event.ColActorUserName}},
		"window": {From: day0, To: day0.Add(-time.Second)}, "by": {By: event.ColRawData}, "store": {Store: "none"},
	} {
		if req.Store == "" {
			req.Store = lake.DefaultStore
		}
		if _, err := feed.Follower(req); err == nil {
			t.Errorf("%s: a follower was made", name)
		}
	}
}

// countingLake counts who looks.
type countingLake struct {
	seqLake
	looks atomic.Int64
}

func (l *countingLake) PartsAfter(store string, after int64) ([]Part, int64, func(), error) {
	l.looks.Add(1)
	return l.seqLake.PartsAfter(store, after)
}

// A hundred followers that wait look once a commit, and never without one.
func TestFollowersWait(t *testing.T) {
	const followers, commits = 100, 20
	l := openLake(t, t.TempDir())
	counted := &countingLake{seqLake: seqLake{l}}
	feed := NewFeed(counted, searchtest.Fields())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var arrived, looked sync.WaitGroup // since the last commit
	var g errgroup.Group
	arrived.Add(followers)
	looked.Add(followers)
	for range followers {
		f := newFollower(t, feed, FollowRequest{Search: "actor_user_name:nobody"})
		g.Go(func() error {
			after := int64(0)
			for {
				changed := feed.Changed()
				arrived.Done()
				select {
				case <-changed:
				case <-ctx.Done():
					return nil
				}
				p, err := f.Next(ctx, after, func(*event.Event) bool { return true })
				if err != nil || p.Events != 0 || p.Next != after+100 || p.More {
					return fmt.Errorf("from %d: %+v, %w", after, p, err)
				}
				after = p.Next
				looked.Done()
			}
		})
	}
	w := l.NewWriter()
	for n := range commits {
		arrived.Wait() // all wait, or are about to with a channel that the next commit closes
		arrived.Add(followers)
		if got := counted.looks.Load(); got != int64(n*followers) {
			t.Fatalf("%d looks after %d commits", got, n)
		}
		write(t, w, lake.DefaultStore, n*100, 100, spread)
		if err := l.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		looked.Wait()
		looked.Add(followers)
	}
	arrived.Wait()
	if err := l.Publish(ctx); err != nil { // brings nothing new
		t.Fatal(err)
	}
	if got := counted.looks.Load(); got != commits*followers {
		t.Errorf("%d looks after %d commits and a publication", got, commits)
	}
	cancel()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// Whatever the cut of groups, files, calls and filters: a follower gives what a walk over all events would.
func TestFollowIsAWalk(t *testing.T) {
	ctx := t.Context()
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		l := openLake(t, t.TempDir())
		feed := NewFeed(seqLake{l}, searchtest.Fields())
		w := l.NewWriter()
		total := 0
		for range 2 + rnd.IntN(8) {
			n := 1 + rnd.IntN(700)
			write(t, w, lake.DefaultStore, total, n, spread)
			total += n
			err := l.Flush(ctx)
			if rnd.IntN(2) == 0 {
				err = errors.Join(err, l.Publish(ctx))
			}
			if rnd.IntN(4) == 0 {
				err = errors.Join(err, l.Compact(ctx))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			user := rnd.IntN(110)
			after := int64(rnd.IntN(total + 1))
			req := FollowRequest{Search: fmt.Sprintf("actor_user_name:user%d OR actor_user_name:user%d", user, user/2)}
			if rnd.IntN(3) == 0 {
				req.Search = ""
			}
			var want []given
			for i := int(after); i < total; i++ {
				if req.Search == "" || i%100 == user || i%100 == user/2 {
					want = append(want, given{int64(i + 1), fmt.Sprintf("uid-%06d", i)})
				}
			}
			got, gone := pull(t, newFollower(t, feed, req), after, 1+rnd.IntN(2000))
			if !slices.Equal(got, want) || gone != 0 {
				t.Errorf("seed %d, %q from %d of %d: %d events, %d gone, want %d", seed, req.Search, after, total, len(got), gone, len(want))
			}
		}
	}
}

// The events are whole, whether columns are decoded for everybody or values are picked out for one.
func TestFollowRows(t *testing.T) {
	ctx := t.Context()
	l := openLake(t, t.TempDir())
	feed := NewFeed(seqLake{l}, searchtest.Fields())
	w := l.NewWriter()
	write(t, w, lake.DefaultStore, 0, 3000, func(i int, e *event.Event) {
		benchEvent(i, e)
		if i%3 == 0 {
			e.Unmap("rule.id", fmt.Sprint(i%7))
			e.Unmap("rule.name", "café = |pipe|")
			e.Add(event.ColResourceUids, "", fmt.Sprintf("arn:%d", i))
			e.Add(event.ColResourceUids, "", "arn:shared")
		}
	})
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx)); err != nil {
		t.Fatal(err)
	}
	queries := New(viewLake{l}, nil, searchtest.Fields())
	for _, text := range []string{"", "src_ip:198.51.100.7", "dst_host:app7.example.com"} {
		want := map[string]string{}
		req := Request{Search: text, Limit: 3000}
		page, err := queries.Search(ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Rows {
			var id struct {
				UID string `json:"event_uid"`
			}
			if err := json.Unmarshal(row, &id); err != nil {
				t.Fatal(err)
			}
			want[id.UID] = string(row)
		}
		got := map[string]string{}
		f := newFollower(t, feed, FollowRequest{Search: text})
		for after, more := int64(0), true; more; {
			n := 0
			p, err := f.Next(ctx, after, func(e *event.Event) bool {
				if n++; n > 700 {
					return false
				}
				got[strings.Clone(e.GetStr(event.ColEventUID))] = string(e.AppendJSON(nil))
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
			after, more = p.Next, p.More
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%q: %d events differ from those of a search (-want +got):\n%s", text, len(want), diff)
		}
	}
}

// viewLake shows a lake to Queries.
type viewLake struct{ *lake.Lake }

func (l viewLake) Parts([]string) ([]Part, func(), error) {
	parts, _, release, err := seqLake(l).PartsAfter(lake.DefaultStore, 0)
	return parts, release, err
}
