package query

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// resultPattern names the files of results that outgrew memory.
const resultPattern = "sqljob-*.rows"

// sqlResult keeps the rows of one job as JSON, one after the other: up to memory bytes in memory, then in a file. Rows
// may be read while others are added.
type sqlResult struct {
	memory int    // bytes that stay in memory
	dir    string // for the file; empty: more than memory is an error

	mu    sync.RWMutex
	ends  []int64 // where each row ends
	tail  []byte  // rows that are not in the file
	file  *os.File
	saved int64 // bytes in the file
	freed bool
}

func (r *sqlResult) len() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return int64(len(r.ends))
}

func (r *sqlResult) size() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.end()
}

func (r *sqlResult) end() int64 {
	if len(r.ends) == 0 {
		return 0
	}
	return r.ends[len(r.ends)-1]
}

// add appends a row; it may be changed afterwards.
func (r *sqlResult) add(row []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.freed {
		return errors.New("keep row: the result was freed")
	}
	if len(r.tail)+len(row) > r.memory && len(r.tail) > 0 {
		if err := r.spill(); err != nil {
			return err
		}
	}
	r.tail = append(r.tail, row...)
	r.ends = append(r.ends, r.end()+int64(len(row)))
	return nil
}

// spill moves the rows in memory to the file.
func (r *sqlResult) spill() error {
	if r.dir == "" {
		return fault.New(fault.TooLarge, fmt.Errorf("keep rows: the result is larger than %d bytes", r.memory), "Select fewer rows or columns.")
	}
	if r.file == nil {
		f, err := os.CreateTemp(r.dir, resultPattern)
		if err != nil {
			return fmt.Errorf("keep rows: %w", err)
		}
		r.file = f
	}
	n, err := r.file.WriteAt(r.tail, r.saved)
	if err != nil {
		return fmt.Errorf("keep rows: %w", err)
	}
	r.saved += int64(n)
	r.tail = r.tail[:0]
	return nil
}

// read copies rows from the offset-th on.
func (r *sqlResult) read(ctx context.Context, offset, limit int) ([]json.RawMessage, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.freed {
		return nil, fault.New(fault.NotFound, errors.New("the result is gone"), "Start the job again.")
	}
	offset = min(offset, len(r.ends))
	limit = min(limit, len(r.ends)-offset)
	rows := make([]json.RawMessage, 0, limit)
	for i := offset; i < offset+limit; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := r.row(i)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (r *sqlResult) row(i int) (json.RawMessage, error) {
	first := int64(0)
	if i > 0 {
		first = r.ends[i-1]
	}
	row := make([]byte, r.ends[i]-first)
	if first >= r.saved {
		copy(row, r.tail[first-r.saved:])
		return row, nil
	}
	if _, err := r.file.ReadAt(row, first); err != nil {
		return nil, err
	}
	return row, nil
}

// free gives memory and disk back; the rows are gone.
func (r *sqlResult) free() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freed = true
	r.ends, r.tail = nil, nil
	if r.file != nil {
		// What stays is removed at the next start.
		_ = r.file.Close()
		_ = os.Remove(r.file.Name())
		r.file = nil
	}
}

// RowObject makes the JSON object of a row that SQLJobs.Rows returned. A name that stands twice among the columns gets
// _2, _3, … from its second time on.
func RowObject(columns []ResultColumn, row json.RawMessage) (json.RawMessage, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(row, &values); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	if len(values) != len(columns) {
		return nil, fmt.Errorf("read row: %d values for %d columns", len(values), len(columns))
	}
	names := UniqueNames(columns)
	b := bytes.NewBuffer(make([]byte, 0, len(row)+32*len(names)))
	for i, v := range values {
		b.WriteByte("{,"[min(i, 1)])
		b.Write(event.AppendJSONString(nil, names[i]))
		b.WriteByte(':')
		b.Write(v)
	}
	if len(values) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UniqueNames are the names of the columns, made different.
func UniqueNames(columns []ResultColumn) []string {
	names := make([]string, len(columns))
	taken := make(map[string]bool, len(columns))
	for _, c := range columns {
		taken[c.Name] = true
	}
	used := make(map[string]bool, len(columns))
	for i, c := range columns {
		name := c.Name
		for n := 2; used[name]; n++ {
			if next := c.Name + "_" + strconv.Itoa(n); !taken[next] {
				name = next
			}
		}
		used[name] = true
		names[i] = name
	}
	return names
}
