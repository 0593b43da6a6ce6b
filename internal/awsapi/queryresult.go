package awsapi

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"kiroku/internal/awsapi/trino"
	"kiroku/internal/diskfile"
	"kiroku/internal/event"
)

// A result is a file of rows, each as GetQueryResults returns it and a line feed, which JSON text never holds: so that any
// byte after a line feed is where a row begins.
const rowsSuffix = ".rows"

func (r *SQL) rowsPath(id string) string { return filepath.Join(r.Dir, id+rowsSuffix) }

// prepare makes the folder of results.
func (r *SQL) prepare() error {
	if err := diskfile.MkdirAll(r.Dir); err != nil {
		return fmt.Errorf("make folder of query results: %w", err)
	}
	return nil
}

// sweep removes the files that belong to no query.
func (r *SQL) sweep(keep func(id string) bool) error {
	list, err := os.ReadDir(r.Dir)
	if err != nil {
		return fmt.Errorf("list query results: %w", err)
	}
	for _, e := range list {
		id, ok := strings.CutSuffix(e.Name(), rowsSuffix)
		if ok && keep(id) {
			continue
		}
		if err := diskfile.Remove(filepath.Join(r.Dir, e.Name())); err != nil {
			return fmt.Errorf("remove query result: %w", err)
		}
	}
	return nil
}

func (r *SQL) removeRows(id string) error {
	if err := diskfile.Remove(r.rowsPath(id)); err != nil {
		return fmt.Errorf("remove query result: %w", err)
	}
	return nil
}

// rowsWriter writes a result.
type rowsWriter struct {
	dir     string
	file    *diskfile.File
	out     *bufio.Writer
	columns []trino.Column
	names   [][]byte // of the columns, as JSON with what stands around them
	row     []byte
	cell    []byte
	size    int64
}

const rowsBuffer = 256 << 10

// createRows begins a result.
func (r *SQL) createRows(id string, columns []trino.Column) (*rowsWriter, error) {
	f, err := diskfile.Disk{}.Create(r.rowsPath(id))
	if err != nil {
		return nil, fmt.Errorf("write query result: %w", err)
	}
	w := &rowsWriter{dir: r.Dir, file: f, out: bufio.NewWriterSize(f, rowsBuffer), columns: columns}
	for i, c := range columns {
		before := ",{"
		if i == 0 {
			before = "[{"
		}
		w.names = append(w.names, append(event.AppendJSONString([]byte(before), c.Name), ':'))
	}
	return w, nil
}

// add writes a row.
func (w *rowsWriter) add(values []any) error {
	w.row = w.row[:0]
	for i, v := range values {
		w.cell = trino.AppendCell(w.cell[:0], w.columns[i].Type, v)
		w.row = append(w.row, w.names[i]...)
		w.row = append(event.AppendJSONString(w.row, string(w.cell)), '}')
	}
	w.row = append(w.row, "]\n"...)
	w.size += int64(len(w.row))
	if _, err := w.out.Write(w.row); err != nil {
		return fmt.Errorf("write query result: %w", err)
	}
	return nil
}

// close makes the result durable.
func (w *rowsWriter) close() error {
	if err := errors.Join(w.out.Flush(), w.file.Close()); err != nil {
		return fmt.Errorf("write query result: %w", err)
	}
	return diskfile.SyncDir(w.dir)
}

// pageBytes bounds a page of rows: what is beyond stands on the next one.
const pageBytes = 8 << 20

var errNoPlace = errors.New("no row begins there")

// readRows reads up to limit rows from the one that begins at offset. next is where the row after them begins, 0 at the end.
func (r *SQL) readRows(id string, offset int64, limit int) (rows []json.RawMessage, next int64, err error) {
	f, err := os.Open(r.rowsPath(id))
	if err != nil {
		return nil, 0, fmt.Errorf("read query result: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read query result: %w", err)
	}
	if offset > 0 {
		var before [1]byte
		if offset >= info.Size() {
			return nil, 0, errNoPlace
		}
		if _, err := f.ReadAt(before[:], offset-1); err != nil || before[0] != '\n' {
			return nil, 0, errNoPlace
		}
	}
	in := bufio.NewReaderSize(io.NewSectionReader(f, offset, info.Size()-offset), 64<<10)
	size := int64(0)
	for len(rows) < limit && size < pageBytes && offset+size < info.Size() {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil, 0, fmt.Errorf("read query result: %w", err)
		}
		size += int64(len(line))
		rows = append(rows, line[:len(line)-1])
	}
	if offset+size < info.Size() {
		next = offset + size
	}
	return rows, next, nil
}
