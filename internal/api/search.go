package api

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"kiroku/internal/identity"
	"kiroku/internal/query"
	"kiroku/internal/search"
)

// Search answers POST /api/v1/search.
func (s *server) Search(ctx context.Context, r SearchRequestObject) (SearchResponseObject, error) {
	b, p := r.Body, identity.FromContext(ctx)
	if err := within("limit", b.Limit, 1, 10_000); err != nil {
		return nil, err
	}
	req, _, err := requestOf(p, EventQuery{Search: b.Search, Stores: b.Stores, From: b.From, To: b.To, Tz: b.Tz}, b.Columns)
	if err != nil {
		return nil, err
	}
	req.Limit, req.Cursor = b.Limit, b.Cursor
	page, err := s.deps.Search.Search(ctx, req)
	if err != nil {
		return nil, err
	}
	rows, err := visible(p, page.Rows)
	if err != nil {
		return nil, err
	}
	return rowPage{rows, EventPage{Cursor: page.Cursor, Scanned: scannedOf(page.Scanned), Rows: []Row{}, UnknownFields: unknownFields(page.Unknown)}}, nil
}

func unknownFields(ws []search.Warning) (fields []UnknownField) {
	for _, w := range ws {
		fields = append(fields, UnknownField{Field: w.Field, From: w.From, To: w.To, Nearest: append([]string{}, w.Nearest...)})
	}
	return fields
}

// Count answers POST /api/v1/count.
func (s *server) Count(ctx context.Context, r CountRequestObject) (CountResponseObject, error) {
	req, _, err := requestOf(identity.FromContext(ctx), *r.Body, nil)
	if err != nil {
		return nil, err
	}
	n, scanned, err := s.deps.Search.Count(ctx, req)
	if err != nil {
		return nil, err
	}
	return Count200JSONResponse{Count: n, Scanned: scannedOf(scanned)}, nil
}

// Histogram answers POST /api/v1/histogram.
func (s *server) Histogram(ctx context.Context, r HistogramRequestObject) (HistogramResponseObject, error) {
	b, p := r.Body, identity.FromContext(ctx)
	if err := within("buckets", b.Buckets, 1, 2000); err != nil {
		return nil, err
	}
	if err := s.mayGroup(p, b.By); err != nil {
		return nil, err
	}
	req, zone, err := requestOf(p, EventQuery{Search: b.Search, Stores: b.Stores, From: b.From, To: b.To, Tz: b.Tz}, nil)
	if err != nil {
		return nil, err
	}
	interval, err := intervalOf(b.Interval)
	if err != nil {
		return nil, err
	}
	h, err := s.deps.Search.Histogram(ctx, req, query.HistogramOptions{Interval: interval, Buckets: b.Buckets, By: b.By, Zone: zone})
	if err != nil {
		return nil, err
	}
	out := Histogram200JSONResponse{IntervalMs: h.Interval.Milliseconds(), Buckets: make([]Bucket, len(h.Buckets)), Total: h.Total, Scanned: scannedOf(h.Scanned)}
	for i, bucket := range h.Buckets {
		out.Buckets[i] = Bucket{Start: bucket.Start.UTC(), Count: bucket.Count, By: bucket.By}
	}
	return out, nil
}

// intervalOf reads 30s, 5m, 1h30m, 7d; "" is 0.
func intervalOf(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	const next = `Write a width such as "30s", "5m", "1h" or "1d".`
	text, days := s, time.Duration(1)
	if s[len(s)-1] == 'd' {
		text, days = s[:len(s)-1]+"h", 24
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, invalid(next, "read interval %q: it is not a width", s)
	}
	const longest = 366 * 24 * time.Hour
	if d > longest/days || d*days < time.Second {
		return 0, invalid(next, "read interval %q: it is not between 1s and 366d", s)
	}
	return d * days, nil
}

// Facets answers POST /api/v1/facets.
func (s *server) Facets(ctx context.Context, r FacetsRequestObject) (FacetsResponseObject, error) {
	b, p := r.Body, identity.FromContext(ctx)
	if n := len(b.Fields); n < 1 || n > 50 {
		return nil, invalid("Name 1 to 50 fields.", "read fields: %d are asked for", n)
	}
	if err := within("top", b.Top, 1, 1000); err != nil {
		return nil, err
	}
	for _, f := range b.Fields {
		if err := s.mayGroup(p, f); err != nil {
			return nil, err
		}
	}
	req, _, err := requestOf(p, EventQuery{Search: b.Search, Stores: b.Stores, From: b.From, To: b.To, Tz: b.Tz}, nil)
	if err != nil {
		return nil, err
	}
	top := b.Top
	if top == 0 {
		top = 10
	}
	facets, err := s.deps.Search.Facets(ctx, req, b.Fields, top)
	if err != nil {
		return nil, err
	}
	out := Facets200JSONResponse{Facets: make([]Facet, len(facets))}
	for i, f := range facets {
		values := make([]FacetValue, len(f.Values))
		for j, v := range f.Values {
			values[j] = FacetValue{Value: v.Value, Count: v.Count}
		}
		out.Facets[i] = Facet{Field: f.Field, Values: values, Other: f.Other, None: f.None}
	}
	return out, nil
}

// mayGroup refuses a field whose values p may not see. The names that sources add are not known here: what has such a
// name is refused by the search, see query.Request.
func (s *server) mayGroup(p *caller, field string) error {
	for _, c := range s.names.Lookup(field).Columns {
		if slices.Contains(hidden(p), c) {
			return denied(c)
		}
	}
	return nil
}

// Fields answers GET /api/v1/fields.
func (s *server) Fields(ctx context.Context, r FieldsRequestObject) (FieldsResponseObject, error) {
	q, p := r.Params, identity.FromContext(ctx)
	req, _, err := requestOf(p, EventQuery{Search: q.Search, Stores: q.Stores, From: q.From, To: q.To, Tz: q.Tz}, nil)
	if err != nil {
		return nil, err
	}
	fields, err := s.deps.Search.Fields(ctx, req)
	if err != nil {
		return nil, err
	}
	out := Fields200JSONResponse{Fields: make([]Field, len(fields))}
	for i, f := range fields {
		if s.mayGroup(p, f.Name) != nil {
			f.Examples = nil
		}
		out.Fields[i] = Field{Name: f.Name, Type: f.Type, Path: f.Path, Doc: f.Doc, Aliases: f.Aliases, Examples: f.Examples, Share: f.Share}
	}
	return out, nil
}

// visible takes out of rows what p may not see. The rows were asked for without it: this is the second lock on the door.
func visible(p *caller, rows []json.RawMessage) ([]Row, error) {
	if rows == nil {
		rows = []json.RawMessage{}
	}
	hide := hidden(p)
	if len(hide) == 0 {
		return rows, nil
	}
	out := make([]Row, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = without(hide, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}
