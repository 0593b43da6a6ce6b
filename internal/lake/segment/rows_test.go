package segment

import (
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
)

// Rows that are opened for the same group again read nothing twice, give the same as if they had been opened anew, also for
// other rows and columns, and an error leaves nothing behind.
func TestFewAgain(t *testing.T) {
	f, err := Open(write(t, 20_000))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := f.Groups[0]
	file := &unreliable{src: g.src}
	g.src = file
	r := NewReader(nil)
	var rows *Rows
	var want, got event.Event
	for _, step := range []struct {
		rows  []int
		cols  []event.Column
		fails bool // after 20 reads
		reads bool
	}{
		{rows: []int{7, 64}, cols: []event.Column{event.ColMessage, event.ColTags}, reads: true},
		{rows: []int{7, 9000}, cols: event.Columns(), fails: true},
		{rows: []int{7, 9000}, cols: event.Columns(), reads: true},
		{rows: []int{5, 8200}, cols: event.Columns()},
		{rows: []int{19_999}, cols: event.Columns(), reads: true}, // pages of texts further on
	} {
		file.left, file.reads = 1<<30, 0
		if step.fails {
			file.left = 20
		}
		rows = r.Few(g, rows)
		err := rows.Prepare(step.rows, step.cols, []*Reader{r, NewReader(nil)})
		if (err != nil) != step.fails || !step.fails && (file.reads > 0) != step.reads {
			t.Fatalf("rows %v: error %v after %d reads", step.rows, err, file.reads)
		}
		if step.fails {
			continue
		}
		for _, row := range step.rows {
			want.Reset()
			if err := NewReader(nil).Rows(g).Fill(row, step.cols, &want); err != nil {
				t.Fatal(err)
			}
			got.Reset()
			if err := rows.Fill(row, step.cols, &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); d != "" {
				t.Fatalf("row %d: %s", row, d)
			}
		}
	}
}

// unreliable is a file of which so many reads are left.
type unreliable struct {
	src         io.ReaderAt
	mu          sync.Mutex
	left, reads int
}

func (u *unreliable) ReadAt(b []byte, off int64) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reads++
	if u.left--; u.left < 0 {
		return 0, errors.New("disk is gone")
	}
	return u.src.ReadAt(b, off)
}
