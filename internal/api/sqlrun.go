package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"net/http"

	"kiroku/internal/event"
	"kiroku/internal/identity"
	"kiroku/internal/query"
)

// TruncatedTrailer is the HTTP trailer of a streamed SQL result that says "true" when there were more rows than max_rows.
const TruncatedTrailer = "Kiroku-Truncated"

// sqlStream is a streamed SQL result.
type sqlStream struct {
	stream
	truncated *bool // set when the stream has ended
}

func (e sqlStream) VisitRunSQLResponse(w http.ResponseWriter) error {
	w.Header().Set("Trailer", TruncatedTrailer)
	if err := e.visit(w); err != nil {
		w.Header().Del("Trailer")
		return err
	}
	if *e.truncated {
		w.Header().Set(TruncatedTrailer, "true")
	}
	return nil
}

// resultWriter writes a SQL result in one of the formats.
type resultWriter interface {
	columns(cols []query.ResultColumn) error
	row(values []any) error
	end() error
}

// RunSQL answers POST /api/v1/sql/run.
func (s *server) RunSQL(ctx context.Context, r RunSQLRequestObject) (RunSQLResponseObject, error) {
	format, err := oneOf("format", r.Params.Format, ResultFormatJSON, ResultFormatNdjson, ResultFormatCsv)
	if err != nil {
		return nil, err
	}
	req, err := sqlRequestOf(identity.FromContext(ctx), r.Body)
	if err != nil {
		return nil, err
	}
	contentType, open := "application/json", newJSONResult
	switch format {
	case ResultFormatNdjson:
		contentType, open = "application/x-ndjson", newNDJSONResult
	case ResultFormatCsv:
		contentType, open = "text/csv; charset=utf-8", newCSVResult
	}
	truncated := false
	write := func(w io.Writer) (err error) {
		out := open(w)
		if truncated, err = s.deps.SQL.Query(ctx, req, out.columns, out.row); err != nil {
			return err
		}
		return out.end()
	}
	return sqlStream{stream{contentType: contentType, log: s.log, write: write}, &truncated}, nil
}

// jsonResult writes {"columns": […], "rows": [[…], …]}: lists, because SQL may name two columns alike.
type jsonResult struct {
	w     *bufio.Writer
	buf   []byte
	begun bool
}

func newJSONResult(w io.Writer) resultWriter { return &jsonResult{w: bufio.NewWriter(w)} }

func (j *jsonResult) columns(cols []query.ResultColumn) error {
	b := append(j.buf[:0], `{"columns":[`...)
	for i, c := range cols {
		if i > 0 {
			b = append(b, ',')
		}
		b = event.AppendJSONString(append(b, `{"name":`...), c.Name)
		b = append(event.AppendJSONString(append(b, `,"type":`...), c.Type), '}')
	}
	b = append(b, `],"rows":[`...)
	j.buf = b
	_, err := j.w.Write(b)
	return err
}

func (j *jsonResult) row(values []any) error {
	b := j.buf[:0]
	if j.begun {
		b = append(b, ',')
	}
	j.begun = true
	b = append(b, "\n["...)
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = query.AppendSQLValue(b, v)
	}
	b = append(b, ']')
	j.buf = b
	_, err := j.w.Write(b)
	return err
}

func (j *jsonResult) end() error {
	if _, err := j.w.WriteString("\n]}\n"); err != nil {
		return err
	}
	return j.w.Flush()
}

// ndjsonResult writes one object a line. A column that repeats a name overwrites the one before, as in every JSON object.
type ndjsonResult struct {
	w    *bufio.Writer
	cols []query.ResultColumn
	buf  []byte
}

func newNDJSONResult(w io.Writer) resultWriter { return &ndjsonResult{w: bufio.NewWriter(w)} }

func (n *ndjsonResult) columns(cols []query.ResultColumn) error {
	n.cols = cols
	return nil
}

func (n *ndjsonResult) row(values []any) error {
	b := append(n.buf[:0], '{')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(event.AppendJSONString(b, n.cols[i].Name), ':')
		b = query.AppendSQLValue(b, v)
	}
	b = append(b, "}\n"...)
	n.buf = b
	_, err := n.w.Write(b)
	return err
}

func (n *ndjsonResult) end() error { return n.w.Flush() }

// csvResult writes RFC 4180 with a header line.
type csvResult struct {
	w     *csv.Writer
	cells []string
}

func newCSVResult(w io.Writer) resultWriter { return &csvResult{w: csv.NewWriter(w)} }

func (c *csvResult) columns(cols []query.ResultColumn) error {
	c.cells = make([]string, len(cols))
	for i, col := range cols {
		c.cells[i] = query.Inert(col.Name)
	}
	return c.w.Write(c.cells)
}

func (c *csvResult) row(values []any) error {
	for i, v := range values {
		c.cells[i] = cell(v)
	}
	return c.w.Write(c.cells)
}

func (c *csvResult) end() error {
	c.w.Flush()
	return c.w.Error()
}
