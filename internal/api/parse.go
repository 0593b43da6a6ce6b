package api

import (
	"bytes"
	"context"
	"io"
	"iter"

	"kiroku/internal/event"
)

// Parse answers POST /api/v1/parse.
func (s *server) Parse(ctx context.Context, r ParseRequestObject) (ParseResponseObject, error) {
	limit := s.deps.Limits.ParseBytes
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1)) // it may be compressed: its limit holds before and after
	if err != nil {
		return nil, readError(err)
	}
	if int64(len(body)) > limit {
		return nil, tooLarge(limit)
	}
	out := Parse200JSONResponse{Results: []ParseResult{}}
	for line := range records(body) {
		if len(out.Results) == s.deps.Limits.ParseLines {
			return nil, invalid("Send fewer lines at once.", "parse lines: there are more than %d", s.deps.Limits.ParseLines)
		}
		res, err := s.deps.Parse.Parse(ctx, event.SourceName(r.Params.Source), line)
		if err != nil {
			return nil, err
		}
		out.Results = append(out.Results, complete(res))
	}
	return out, nil
}

// complete fills what the description promises is always there.
func complete(r ParseResult) ParseResult {
	if r.Event == nil {
		r.Event = Row("{}")
	}
	if r.Unmapped == nil {
		r.Unmapped = map[string]string{}
	}
	if r.OcsfErrors == nil {
		r.OcsfErrors = []string{}
	}
	return r
}

// records yields the records of a body: its lines without LF or CR LF, empty ones left out. They are parts of body.
func records(body []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(body) > 0 {
			line, rest, _ := bytes.Cut(body, []byte{'\n'})
			body = rest
			line = bytes.TrimSuffix(line, []byte{'\r'})
			if len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}
