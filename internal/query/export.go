package query

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/lake/segment"
)

// Export writes all matching events to w as csv, ndjson or parquet. Row groups come newest first; the rows of a group
// stand in the order of arrival. It holds one row group in memory at a time.
func (q *Queries) Export(ctx context.Context, req Request, format string, w io.Writer) error {
	c, err := q.compile(&req)
	if err != nil {
		return err
	}
	cols := req.Columns
	if len(cols) == 0 {
		cols = allColumns
	}
	sink, err := newSink(format, w, cols)
	if err != nil {
		return err
	}
	us, release, err := q.units(ctx, &req, c)
	if err != nil {
		return err
	}
	defer release()
	m := newMatcher(q.matchers.pages)
	var e event.Event
	for i := range us {
		u := &us[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		set, err := c.match(m, u)
		if err != nil {
			return err
		}
		rows := m.r.Rows(u.g)
		for row := range u.g.Rows {
			if !set.has(row) {
				continue
			}
			e.Reset()
			if err := rows.Fill(row, cols, &e); err != nil {
				return err
			}
			if err := sink.row(&e); err != nil {
				return err
			}
		}
	}
	return sink.end()
}

// sink writes one export format.
type sink interface {
	row(e *event.Event) error
	end() error
}

func newSink(format string, w io.Writer, cols []event.Column) (sink, error) {
	switch format {
	case "ndjson":
		return &ndjsonSink{w: bufio.NewWriterSize(w, 64<<10)}, nil
	case "csv":
		s := &csvSink{w: csv.NewWriter(w), cols: cols}
		return s, s.header()
	case "parquet":
		f, err := segment.NewFileWriter(w, 1)
		b := segment.NewBuilder(func(_ string, dst []uint64) []uint64 { return dst }, segment.Fast)
		b.KeepSeq()
		return &parquetSink{f: f, b: b}, err
	}
	return nil, fault.New(fault.Invalid, fmt.Errorf("export format %q is not known", format), "Use csv, ndjson or parquet.")
}

type ndjsonSink struct {
	w   *bufio.Writer
	buf []byte
}

func (s *ndjsonSink) row(e *event.Event) error {
	s.buf = append(e.AppendJSON(s.buf[:0]), '\n')
	_, err := s.w.Write(s.buf)
	return err
}

func (s *ndjsonSink) end() error { return s.w.Flush() }

type csvSink struct {
	w    *csv.Writer
	cols []event.Column
	rec  []string
}

func (s *csvSink) header() error {
	var names []string
	for _, c := range s.cols {
		names = append(names, c.String())
	}
	return s.w.Write(names)
}

func (s *csvSink) row(e *event.Event) error {
	s.rec = s.rec[:0]
	for _, c := range s.cols {
		s.rec = append(s.rec, cell(e, c))
	}
	return s.w.Write(s.rec)
}

func (s *csvSink) end() error {
	s.w.Flush()
	return s.w.Error()
}

// cell is a value as it stands in CSV; lists and maps are JSON.
func cell(e *event.Event, c event.Column) string {
	if !e.Has(c) {
		return ""
	}
	switch c.Kind() {
	case event.String:
		return Inert(e.GetStr(c))
	case event.StringList, event.StringMap:
		return string(e.AppendValue(nil, c))
	case event.Double:
		return string(e.AppendValue(nil, c))
	default:
		return numberText(c, e.GetInt(c))
	}
}

// Inert makes a text harmless to spreadsheets, which run cells that begin like a formula: it gets an apostrophe in front
// (OWASP, CSV Injection).
func Inert(v string) string {
	if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
		return "'" + v
	}
	return v
}

type parquetSink struct {
	f *segment.FileWriter
	b *segment.Builder
}

func (s *parquetSink) row(e *event.Event) error {
	s.b.Append(e)
	if s.b.Full() {
		return s.f.Add(s.b.Finish())
	}
	return nil
}

func (s *parquetSink) end() error {
	if g := s.b.Finish(); g != nil {
		if err := s.f.Add(g); err != nil {
			return err
		}
	}
	_, err := s.f.End()
	return err
}
