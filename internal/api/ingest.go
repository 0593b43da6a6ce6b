package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/fault"
	"kiroku/internal/identity"
)

const (
	httpInput   = "http"           // input of records whose sender names none
	firstRead   = 64 << 10         // memory for a body of unknown length
	waitForRoom = 20 * time.Second // for memory that other bodies take
	maxKey      = 1024
)

// Ingest answers POST /api/v1/ingest.
func (s *server) Ingest(ctx context.Context, r IngestRequestObject) (IngestResponseObject, error) {
	q := r.Params
	origin, err := originOf(identity.FromContext(ctx), q)
	if err != nil {
		return nil, err
	}
	if err := checkPiece(q); err != nil {
		return nil, err
	}
	body, done, err := s.readBody(ctx, r.Body)
	if err != nil {
		return nil, err
	}
	defer done()
	if q.Before > int64(len(body)) {
		return nil, invalid("Count the bytes of the body that stand in front of the piece.", "store piece: before is %d, but the body has %d bytes", q.Before, len(body))
	}
	before, body := body[:q.Before], body[q.Before:]
	if q.To != nil && *q.To != q.From+int64(len(body)) {
		return nil, invalid("Give the position before decompression's first byte and after its last one.",
			"store piece: from %d to %d are %d bytes, but the body has %d", q.From, *q.To, *q.To-q.From, len(body))
	}
	if q.Key == "" {
		return s.store(ctx, origin, piece{body: body})
	}
	unlock, err := s.objects.lock(ctx, q.Key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	position, err := s.deps.Progress.Position(ctx, q.Key)
	if err != nil {
		return nil, err
	}
	end := q.From + int64(len(body))
	if q.From > position {
		return nil, &gap{from: q.From, position: position}
	}
	if end <= position { // sent before, and the answer was lost
		return Ingest200JSONResponse{Skipped: count(body), Position: position}, nil
	}
	old := body[:position-q.From]
	in := piece{body: body[len(old):], at: &event.Checkpoint{Key: q.Key, Position: end}, skipped: count(old)}
	if q.Copy {
		if in.copy, err = copyOf(origin, before, old); err != nil {
			return nil, err
		}
	}
	return s.store(ctx, origin, in)
}

// piece is what store stores.
type piece struct {
	body    []byte
	at      *event.Checkpoint
	skipped int64 // records of the request that are stored already
	copy    *event.Copy
}

// copyOf says what stands in a copy before a piece of it: lines with their number in front, and those of the piece that are
// stored already.
func copyOf(origin *event.Origin, before, old []byte) (*event.Copy, error) {
	c, now := &event.Copy{}, time.Now()
	add := func(line []byte, times int) {
		c.Before = append(c.Before, event.Repeat{Record: event.Record{Data: line, Received: now, Origin: origin}, Times: times})
	}
	for line := range records(before) {
		number, text, ok := bytes.Cut(line, []byte{' '})
		n, err := strconv.ParseInt(string(number), 10, 32)
		if !ok || err != nil || n < 1 {
			return nil, invalid("Write how often the line stands before the piece, a blank, and the line.", "store piece: a line of its first %d bytes begins with %q", len(before), number[:min(len(number), 20)])
		}
		add(text, int(n))
	}
	for line := range records(old) {
		add(line, 1)
	}
	return c, nil
}

// store waits until the records are durable.
func (s *server) store(ctx context.Context, origin *event.Origin, in piece) (IngestResponseObject, error) {
	now, from := time.Now(), peer(ctx)
	duplicates := new(int64)
	batch := event.Batch{Checkpoint: in.at, Copy: in.copy, Duplicates: duplicates, Records: make([]event.Record, 0, count(in.body))}
	for line := range records(in.body) {
		batch.Records = append(batch.Records, event.Record{Data: line, Received: now, Peer: from, Origin: origin})
	}
	out := Ingest200JSONResponse{Accepted: int64(len(batch.Records)), Skipped: in.skipped}
	if in.at != nil {
		out.Position = in.at.Position
	}
	if len(batch.Records) == 0 && in.at == nil {
		return out, nil
	}
	// A caller that gives up in the middle must not leave a batch that is stored after the lock on its object was released:
	// the next try would not see it and store it again.
	if err := s.deps.Ingest.Ingest(context.WithoutCancel(ctx), batch); err != nil {
		return nil, fmt.Errorf("store records: %w", err)
	}
	out.Accepted, out.Skipped = out.Accepted-*duplicates, out.Skipped+*duplicates
	return out, nil
}

// originOf says what all records of the request have in common.
func originOf(p *caller, q IngestParams) (*event.Origin, error) {
	sources := []event.SourceName{"", event.IvantiConnectSecure, event.OktaAccessGateway, event.CloudTrail, event.AuditEvents, event.DefenderForCloudApps, event.Generic}
	if !slices.Contains(sources, event.SourceName(q.Source)) {
		return nil, invalid(fmt.Sprintf("Choose one of %v, or none.", sources[1:]), "store records: there is no source %q", q.Source)
	}
	origin := &event.Origin{Input: q.Input, Source: event.SourceName(q.Source), Service: q.Service, Tags: q.Tags, Store: q.Store}
	if origin.Input == "" {
		origin.Input = httpInput
	}
	if len(p.Stores) == 0 {
		return origin, nil
	}
	if q.Store == "" && len(p.Stores) == 1 {
		origin.Store = p.Stores[0]
		return origin, nil
	}
	if q.Store == "" {
		return nil, invalid("Name the store.", "store records: the token is limited to several stores, and none is named")
	}
	_, err := p.Limit([]string{q.Store})
	return origin, err
}

func checkPiece(q IngestParams) error {
	switch {
	case q.Key == "" && (q.From != 0 || q.To != nil):
		return invalid("Name the object with key, or leave from and to out.", "store piece: from and to need a key")
	case q.Key == "" && q.Copy:
		return invalid("Name the object with key, or leave copy out.", "store copy: it needs a key")
	case q.Before != 0 && !q.Copy:
		return invalid("Add copy=true, or leave before out.", "store piece: before is only for copies")
	case q.From < 0 || q.Before < 0:
		return invalid("Begin at 0.", "store piece: from is %d, before %d", q.From, q.Before)
	case len(q.Key) > maxKey:
		return invalid("Use a hash of the object's name.", "store piece: the key has %d bytes, more than %d", len(q.Key), maxKey)
	}
	return nil
}

// Checkpoint answers GET /api/v1/ingest/checkpoint.
func (s *server) Checkpoint(ctx context.Context, r CheckpointRequestObject) (CheckpointResponseObject, error) {
	if k := r.Params.Key; k == "" || len(k) > maxKey {
		return nil, invalid("Name the object.", "find checkpoint: the key is empty or longer than %d bytes", maxKey)
	}
	position, err := s.deps.Progress.Position(ctx, r.Params.Key)
	if err != nil {
		return nil, err
	}
	return Checkpoint200JSONResponse{Key: r.Params.Key, Position: position}, nil
}

// readBody reads a whole body into memory that all ingest requests share the budget of; done gives it back.
func (s *server) readBody(ctx context.Context, body io.Reader) (b []byte, done func(), err error) {
	limit := s.deps.Limits.IngestBytes
	reserved := min(max(seenIn(ctx).length, firstRead), limit)
	wait, cancel := context.WithTimeout(ctx, waitForRoom)
	defer cancel()
	if err := s.budget.Acquire(wait, reserved); err != nil {
		return nil, nil, errBusy()
	}
	release := func() { s.budget.Release(reserved) }
	defer func() {
		if err != nil {
			release()
		}
	}()
	const slack = 512 // lets the read that finds the end not grow the buffer
	b = make([]byte, 0, reserved+slack)
	for {
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, nil, tooLarge(limit)
		case errors.Is(err, io.EOF):
			return b, release, nil
		case err != nil:
			return nil, nil, readError(err)
		case len(b) < cap(b):
			continue
		}
		// Waiting here, with memory in hand, could make two requests wait for each other.
		more := min(reserved, limit-reserved)
		if !s.budget.TryAcquire(more) {
			return nil, nil, errBusy()
		}
		reserved += more
		b = append(make([]byte, 0, reserved+slack), b...)
	}
}

func errBusy() error {
	return fault.New(fault.Busy, errors.New("read body: other requests take all the memory for bodies"), "Try again, or send less at once.")
}

// count says how many records a body has.
func count(body []byte) (n int64) {
	for range records(body) {
		n++
	}
	return n
}
