package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/event"
	"kiroku/internal/query"
	"kiroku/internal/timespec"
)

// querySearch prints events, page by page and newest first; with --limit 0 all of them as one stream, which is faster.
func (a *app) querySearch(ctx context.Context, s *cli.Server, q client.EventQuery, f *queryFlags) error {
	zone, err := timespec.Zone(f.zone)
	if err != nil {
		return err
	}
	limit := f.limit
	if !f.limited && f.format == "table" {
		limit = tableRows
	}
	columns := f.columns
	switch {
	case f.format == "raw":
		columns = []string{"raw_data", "raw_encoding"}
	case f.format == "table" && len(columns) == 0:
		columns = eventColumns()
	}
	out := bufio.NewWriterSize(a.out, 64<<10)
	all := f.limited && limit == 0
	if f.format == "csv" && all {
		return exportCSV(ctx, s, q, columns, out)
	}
	var p rowPrinter
	switch f.format {
	case "csv":
		p = newCSVRows(out, columns)
	case "json":
		p = jsonRows{out}
	case "raw":
		p = rawRows{out}
	default:
		p = &tableRowsPrinter{w: out, zone: zone, style: cli.NewStyle(terminalWidth(a.out), a.getenv), width: terminalWidth(a.out), columns: f.columns}
	}
	if all {
		n := 0
		err = export(ctx, s, q, columns, func(row json.RawMessage) error { n++; return p.row(row) })
		if err == nil && n == 0 {
			a.tellUnknown(ctx, s, q)
		}
	} else {
		err = a.pages(ctx, s, q, columns, limit, p.row, f)
	}
	if err == nil {
		err = p.end()
	}
	err = errors.Join(err, out.Flush())
	if t, ok := p.(*tableRowsPrinter); ok && t.n == 0 && err == nil {
		fmt.Fprintln(a.err, "kiroku: no events")
	}
	return err
}

// pages asks for rows, newest first, until there are limit (0: any number) or no more.
func (a *app) pages(ctx context.Context, s *cli.Server, q client.EventQuery, columns []string, limit int, row func(json.RawMessage) error, f *queryFlags) error {
	cursor := ""
	for left := limit; left > 0 || limit == 0; {
		want := pageRows
		if limit > 0 {
			want = min(left, pageRows)
		}
		page, err := cli.Answer[client.EventPage](s.Search(ctx, client.SearchQuery{Search: q.Search, From: q.From, To: q.To, Tz: q.Tz, Stores: q.Stores,
			Columns: columns, Limit: want, Cursor: cursor}))
		if err != nil {
			return err
		}
		for _, r := range page.Rows {
			if err := row(r); err != nil {
				return err
			}
		}
		a.unknown(page.UnknownFields)
		left -= len(page.Rows)
		cursor = page.Cursor
		if cursor == "" {
			return nil
		}
	}
	if !f.limited && limit > 0 {
		fmt.Fprintf(a.err, "kiroku: these are the newest %d; there are more (--limit N, or --limit 0 for all)\n", limit)
	}
	return nil
}

// unknown says of names, which may be spelled wrong, that they found nothing.
func (a *app) unknown(fields []client.UnknownField) {
	for _, u := range fields {
		text := "no column is called " + u.Field + ", and no event has a value of this name that matches"
		if len(u.Nearest) > 0 {
			text += "; did you mean " + strings.Join(u.Nearest, " or ") + "?"
		}
		fmt.Fprintln(a.err, "kiroku: "+cli.Clean(text))
	}
}

// tellUnknown does so for a search that found nothing by a way that does not name them. It is only a hint: should it fail,
// the answer stands.
func (a *app) tellUnknown(ctx context.Context, s *cli.Server, q client.EventQuery) {
	page, err := cli.Answer[client.EventPage](s.Search(ctx, client.SearchQuery{Search: q.Search, From: q.From, To: q.To, Tz: q.Tz, Stores: q.Stores, Limit: 1}))
	if err == nil {
		a.unknown(page.UnknownFields)
	}
}

// export streams all rows. The answer ends early when the search fails in the middle, which is an error here.
func export(ctx context.Context, s *cli.Server, q client.EventQuery, columns []string, row func(json.RawMessage) error) error {
	body, err := cli.Stream(s.Export(ctx, &client.ExportParams{Format: client.ExportFormatNdjson},
		client.ExportQuery{Search: q.Search, From: q.From, To: q.To, Tz: q.Tz, Stores: q.Stores, Columns: columns}))
	if err != nil {
		return err
	}
	defer body.Close()
	r := bufio.NewReaderSize(body, 256<<10)
	for {
		line, err := r.ReadBytes('\n')
		if len(line) > 1 && err == nil {
			if err := row(line[:len(line)-1]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case err != nil:
			return cutOff(err)
		}
	}
}

func cutOff(err error) error {
	return fmt.Errorf("read events: the answer ends too early (%w); the log of the service says why", err)
}

// exportCSV streams CSV as the service writes it.
func exportCSV(ctx context.Context, s *cli.Server, q client.EventQuery, columns []string, out *bufio.Writer) error {
	body, err := cli.Stream(s.Export(ctx, &client.ExportParams{Format: client.ExportFormatCsv},
		client.ExportQuery{Search: q.Search, From: q.From, To: q.To, Tz: q.Tz, Stores: q.Stores, Columns: columns}))
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(out, body); err != nil {
		return cutOff(err)
	}
	return out.Flush()
}

// rowPrinter prints rows in one format.
type rowPrinter interface {
	row(r json.RawMessage) error
	end() error
}

type jsonRows struct{ w *bufio.Writer }

func (j jsonRows) row(r json.RawMessage) error {
	_, err := j.w.Write(append(r[:len(r):len(r)], '\n'))
	return err
}

func (j jsonRows) end() error { return nil }

// csvRows prints rows as the service's export does: lists and maps are JSON, and no cell is a formula.
type csvRows struct {
	w       *csv.Writer
	columns []string
	cells   []string
}

func newCSVRows(w io.Writer, columns []string) *csvRows {
	if len(columns) == 0 {
		for _, c := range event.Columns() {
			columns = append(columns, c.String())
		}
	}
	return &csvRows{w: csv.NewWriter(w), columns: columns}
}

func (c *csvRows) row(r json.RawMessage) error {
	var e map[string]json.RawMessage
	if err := json.Unmarshal(r, &e); err != nil {
		return fmt.Errorf("read row: %w", err)
	}
	if c.cells == nil {
		if err := c.w.Write(c.columns); err != nil {
			return err
		}
		c.cells = make([]string, len(c.columns))
	}
	for i, name := range c.columns {
		c.cells[i] = string(e[name])
		if bytes.HasPrefix(e[name], []byte{'"'}) {
			var text string
			if err := json.Unmarshal(e[name], &text); err != nil {
				return fmt.Errorf("read row: %w", err)
			}
			c.cells[i] = query.Inert(text)
		}
	}
	return c.w.Write(c.cells)
}

func (c *csvRows) end() error {
	if c.cells == nil { // no rows: the heading alone
		if err := c.w.Write(c.columns); err != nil {
			return err
		}
	}
	c.w.Flush()
	return c.w.Error()
}

// rawRows prints records as they arrived.
type rawRows struct{ w *bufio.Writer }

func (p rawRows) row(r json.RawMessage) error {
	var e struct {
		Data     *string `json:"raw_data"`
		Encoding string  `json:"raw_encoding"`
	}
	if err := json.Unmarshal(r, &e); err != nil {
		return fmt.Errorf("read row: %w", err)
	}
	if e.Data == nil {
		return errors.New("the record as it arrived is not shown to this token: it needs the permission raw")
	}
	data := []byte(*e.Data)
	if e.Encoding == "base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(*e.Data); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
	}
	_, err := p.w.Write(append(data, '\n'))
	return err
}

func (p rawRows) end() error { return nil }

// flushRows is how many rows decide the widths of a table.
const flushRows = 1000

// tableRowsPrinter prints events for people.
type tableRowsPrinter struct {
	w       *bufio.Writer
	zone    *time.Location
	style   cli.Style
	width   int
	columns []string // chosen ones; empty: the usual
	table   *cli.Table
	n       int
}

func (t *tableRowsPrinter) row(r json.RawMessage) error {
	var e map[string]any
	d := json.NewDecoder(bytes.NewReader(r))
	d.UseNumber()
	if err := d.Decode(&e); err != nil {
		return fmt.Errorf("read row: %w", err)
	}
	if t.table == nil {
		t.table = eventTable(t.columns, t.width)
	}
	t.table.Add(eventCells(e, t.columns, t.zone)...)
	if t.n++; t.n%flushRows == 0 {
		return t.flush()
	}
	return nil
}

func (t *tableRowsPrinter) flush() error {
	err := t.table.Print(t.w)
	t.table.Headless = true
	return err
}

func (t *tableRowsPrinter) end() error {
	if t.table == nil || t.n%flushRows == 0 {
		return nil
	}
	return t.flush()
}
