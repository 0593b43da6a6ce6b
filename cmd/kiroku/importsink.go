package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/intake/file"
)

// truncatedTag marks records of which only the beginning is stored.
const truncatedTag = "truncated"

// sink stores pieces through the API. It tries again as long as that may help.
type sink struct {
	server *cli.Server
	params client.IngestParams
	show   *cli.ProgressLine
}

// patience is how long a server that answered once may be away.
const patience = 10 * time.Minute

// Stored asks how far the piece of this key is stored: it is stored whole or not at all.
func (s *sink) Stored(ctx context.Context, key string) (stored bool, err error) {
	err = s.again(ctx, func() error {
		at, err := cli.Answer[client.CheckpointPosition](s.server.Checkpoint(ctx, &client.CheckpointParams{Key: key}))
		stored = at.Position > 0
		return err
	})
	return stored, err
}

// Store sends a piece. The service ignores one that it has stored before, so that sending again is safe.
func (s *sink) Store(ctx context.Context, p *file.Piece) (fresh int64, err error) {
	if err := p.Turn(ctx); err != nil {
		return 0, err
	}
	params := s.params
	params.Key = p.Key
	to := int64(len(p.Data))
	params.To = &to
	params.Copy, params.Before = true, int64(len(p.Before))
	if p.Truncated {
		params.Tags = append(slices.Clone(params.Tags), truncatedTag)
	}
	err = s.again(ctx, func() error {
		res, err := cli.Answer[client.IngestResult](s.server.IngestWithBody(ctx, &params, "application/octet-stream", newBody(p), withLength(p)))
		fresh = res.Accepted
		return err
	})
	return fresh, err
}

// again calls f until it works or fails for good. A server that never answered is not waited for.
func (s *sink) again(ctx context.Context, f func() error) error {
	last := time.Now().Add(patience)
	for try := 1; ; try++ {
		err := f()
		if err == nil {
			s.show.Note("")
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !cli.Retryable(err) || s.server.Met().IsZero() || time.Now().After(last) {
			return err
		}
		wait := cli.Wait(try)
		s.show.Note(fmt.Sprintf("%s; trying again in %s", err, wait))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// unparsed counts the imported records that were stored with a parse_error since the first request; nil when the token may
// not search. Another import at the same time is counted in.
func (s *sink) unparsed(ctx context.Context, stored int64) *int64 {
	var none int64
	if stored == 0 {
		return &none
	}
	search := fmt.Sprintf(`input:%s _exists_:parse_error ingest_time:>="%s"`, importInput, s.server.Met().UTC().Format(time.RFC3339))
	n, err := cli.Answer[client.CountResult](s.server.Count(ctx, client.EventQuery{Search: search}))
	if err != nil {
		return nil
	}
	return &n.Count
}

// body is a piece that is sent; the next piece may begin when it is read to its end.
type body struct {
	io.Reader
	piece *file.Piece
	left  int
}

func newBody(p *file.Piece) *body {
	return &body{io.MultiReader(bytes.NewReader(p.Before), bytes.NewReader(p.Data)), p, len(p.Before) + len(p.Data)}
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= n; errors.Is(err, io.EOF) || b.left == 0 {
		b.piece.Sent()
	}
	return n, err
}

// withLength tells net/http what it cannot see in a body of our own type.
func withLength(p *file.Piece) client.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.ContentLength = int64(len(p.Before) + len(p.Data))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(newBody(p)), nil }
		return nil
	}
}
