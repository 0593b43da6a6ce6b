package api

import (
	"context"
	"io"
	"net/http"

	"kiroku/internal/identity"
)

// exportStream is a streamed answer of both ways to export.
type exportStream struct{ stream }

func (e exportStream) VisitExportResponse(w http.ResponseWriter) error       { return e.visit(w) }
func (e exportStream) VisitExportByLinkResponse(w http.ResponseWriter) error { return e.visit(w) }

// Export answers POST /api/v1/export.
func (s *server) Export(ctx context.Context, r ExportRequestObject) (ExportResponseObject, error) {
	b := r.Body
	return s.export(ctx, EventQuery{Search: b.Search, Stores: b.Stores, From: b.From, To: b.To, Tz: b.Tz}, b.Columns, r.Params.Format)
}

// ExportByLink answers GET /api/v1/export.
func (s *server) ExportByLink(ctx context.Context, r ExportByLinkRequestObject) (ExportByLinkResponseObject, error) {
	q := r.Params
	return s.export(ctx, EventQuery{Search: q.Search, Stores: q.Stores, From: q.From, To: q.To, Tz: q.Tz}, q.Columns, q.Format)
}

// export needs no second look at the rows for raw_data: the exporter writes the columns it is given.
func (s *server) export(ctx context.Context, q EventQuery, columns []string, format ExportFormat) (*exportStream, error) {
	format, err := oneOf("format", format, ExportFormatNdjson, ExportFormatCsv, ExportFormatParquet)
	if err != nil {
		return nil, err
	}
	req, _, err := requestOf(identity.FromContext(ctx), q, columns)
	if err != nil {
		return nil, err
	}
	types := map[ExportFormat]string{
		ExportFormatNdjson: "application/x-ndjson", ExportFormatCsv: "text/csv; charset=utf-8", ExportFormatParquet: "application/vnd.apache.parquet",
	}
	return &exportStream{stream{
		contentType: types[format], fileName: "events." + string(format), log: s.log,
		write: func(w io.Writer) error { return s.deps.Search.Export(ctx, req, string(format), w) },
	}}, nil
}
