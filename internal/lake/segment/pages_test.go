package segment

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/event"
)

// Whatever memory readers share, they read what a reader without one does.
func TestPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(func(string, []uint64) []uint64 { return nil }, Fast)
	var groups []*Group
	var e event.Event
	for i := range 9000 {
		e.Reset()
		e.Time(event.ColTime, "", time.Unix(int64(i), 0))
		e.Str(event.ColRawData, "", fmt.Sprintf("raw %d of %d", i, i*i))
		e.Str(event.ColMessage, "", fmt.Sprintf("message %d", i))
		e.Str(event.ColActorUserName, "", fmt.Sprintf("user%d", i%300))
		e.Add(event.ColTags, "", fmt.Sprintf("tag%d", i%7))
		e.Unmap("key", fmt.Sprint(i))
		if b.Append(&e); b.Rows() == 3000 {
			groups = append(groups, b.Finish())
		}
	}
	if _, err := Assemble(f, groups, 1); err != nil {
		t.Fatal(err)
	}
	file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := contents(t, NewReader(nil), file)
	for _, size := range []int{1, 100 << 10, 400 << 10, 32 << 20} {
		pages := NewPages(size)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				r := NewReader(pages)
				for range 4 {
					if got := contents(t, r, file); !slices.Equal(got, want) {
						t.Errorf("with %d bytes of pages: other contents", size)
					}
				}
			})
		}
		wg.Wait()
		if n := pages.kept.Bytes() + pages.asked.Bytes(); n > 2*size {
			t.Errorf("%d bytes are kept, want at most %d", n, 2*size)
		}
		if size == 32<<20 && pages.kept.Bytes() < 200<<10 {
			t.Errorf("only %d bytes are kept", pages.kept.Bytes())
		}
	}
}

// contents reads columns of each shape.
func contents(t *testing.T, r *Reader, file *File) (all []string) {
	var text Texts
	var nums Numbers
	var list Lists
	add := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for _, g := range file.Groups {
		for _, c := range []event.Column{event.ColRawData, event.ColMessage, event.ColActorUserName} {
			add(r.Texts(g, c, 0, &text))
			for _, code := range text.Codes {
				all = append(all, strings.Clone(text.At(code)))
			}
		}
		add(r.Run(g, event.ColMessage, 0, &text))
		add(r.Finish(event.ColMessage, &text))
		all = append(all, string(text.All()))
		add(r.Dict(g, event.ColActorUserName, &text))
		add(r.Codes(g, event.ColActorUserName, &text))
		all = append(all, string(text.All()), fmt.Sprint(text.Codes))
		add(r.Numbers(g, event.ColTime, &nums))
		all = append(all, fmt.Sprint(nums.Vals))
		add(r.Lists(g, event.ColTags, &list))
		all = append(all, fmt.Sprint(list.Starts, string(list.Elems.All())))
		add(r.MapValues(g, event.ColUnmapped, &list))
		all = append(all, fmt.Sprint(list.Starts, string(list.Elems.All())))
	}
	return all
}
