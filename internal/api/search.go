package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/identity"
	"kiroku/internal/query"
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
	return eventPage{rows, page.Cursor, scannedOf(page.Scanned)}, nil
}

// eventPage writes rows as they are: the generated response would parse each again and escape <, > and &.
type eventPage struct {
	rows    []Row
	cursor  string
	scanned Scanned
}

// VisitSearchResponse writes what Search200JSONResponse describes.
func (p eventPage) VisitSearchResponse(w http.ResponseWriter) error {
	rest, err := json.Marshal(EventPage{Cursor: p.cursor, Scanned: p.scanned, Rows: []Row{}})
	if err != nil {
		return err
	}
	const before = `"rows":[`
	head, tail, found := bytes.Cut(rest, []byte(before))
	if !found {
		return errors.New("BUG: an event page has no rows")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	body := append(append(make([]byte, 0, 2048*len(p.rows)+len(rest)), head...), before...)
	for i, row := range p.rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, row...)
	}
	_, err = w.Write(append(body, tail...))
	return err
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

// mayGroup refuses a field whose values p may not see, under any of its names. The names that sources add are not known
// here; no source has one for raw_data.
func (s *server) mayGroup(p *caller, field string) error {
	if !p.Can(identity.Raw) && slices.Contains(s.names.Lookup(field).Columns, event.ColRawData) {
		return deniedRaw()
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
	if p.Can(identity.Raw) {
		return rows, nil
	}
	out := make([]Row, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = withoutRaw(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}
