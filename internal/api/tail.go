package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"kiroku/internal/identity"
	"kiroku/internal/query"
)

const (
	heartbeat  = 15 * time.Second       // comments keep proxies from closing an idle stream
	settleTime = 250 * time.Millisecond // within it a wrong search is answered with a problem document
	tailQueue  = 256                    // rows between the search and the caller
)

// Tail answers GET /api/v1/tail.
func (s *server) Tail(ctx context.Context, r TailRequestObject) (TailResponseObject, error) {
	q, p := r.Params, identity.FromContext(ctx)
	req, _, err := requestOf(p, EventQuery{Search: q.Search, Stores: q.Stores}, nil)
	if err != nil {
		return nil, err
	}
	req.Cursor = q.LastEventID // what a browser saw last is later than what the page began with
	if req.Cursor == "" {
		req.Cursor = q.Cursor
	}
	return &tailStream{ctx: ctx, server: s, caller: p, req: req}, nil
}

// tailStream is the answer of Tail. It holds the request's context because the generated code asks it to write without one.
type tailStream struct {
	ctx    context.Context //nolint:containedctx // see above
	server *server
	caller *caller
	req    query.Request
}

// VisitTailResponse writes events until the caller goes or the search ends.
func (t *tailStream) VisitTailResponse(w http.ResponseWriter) error {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	rows := make(chan json.RawMessage, tailQueue)
	var g errgroup.Group
	g.Go(func() error {
		defer close(rows)
		return t.server.deps.Search.Tail(ctx, t.req, func(row json.RawMessage) error {
			select {
			case rows <- slices.Clone(row):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	out := &eventWriter{w: w, caller: t.caller}
	failed := t.copy(ctx, out, rows)
	cancel()
	for range rows { // what the search still sends must not keep it from ending
	}
	err := g.Wait()
	if failed != nil || t.ctx.Err() != nil { // the caller is gone
		return nil
	}
	if err == nil {
		return nil
	}
	if !out.begun {
		return err
	}
	p := problemOf(err)
	p.RequestID = requestID(t.ctx)
	return out.problem(p)
}

// copy sends rows until there are no more; its error means that the caller is gone.
func (t *tailStream) copy(ctx context.Context, out *eventWriter, rows <-chan json.RawMessage) error {
	settled := time.NewTimer(settleTime)
	defer settled.Stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case row, ok := <-rows:
			if !ok {
				return nil
			}
			if err := out.row(row); err != nil {
				return err
			}
			if len(rows) == 0 {
				out.flush()
			}
		case <-settled.C:
			if err := out.comment("waiting for events"); err != nil {
				return err
			}
		case <-beat.C:
			if err := out.comment("still here"); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// eventWriter writes server-sent events (WHATWG HTML, 9.2).
type eventWriter struct {
	w      http.ResponseWriter
	caller *caller
	begun  bool
}

func (e *eventWriter) begin() {
	if e.begun {
		return
	}
	e.begun = true
	e.w.Header().Set("Content-Type", "text/event-stream")
	e.w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	e.w.WriteHeader(http.StatusOK)
}

func (e *eventWriter) flush() { _ = http.NewResponseController(e.w).Flush() }

func (e *eventWriter) comment(text string) error {
	e.begin()
	_, err := fmt.Fprintf(e.w, ": %s\n\n", text)
	e.flush()
	return err
}

func (e *eventWriter) row(row json.RawMessage) error {
	var id struct {
		UID    string `json:"event_uid"`
		Missed int64  `json:"missed"`
	}
	if err := json.Unmarshal(row, &id); err != nil {
		return fmt.Errorf("read row: %w", err)
	}
	if id.UID == "" && id.Missed > 0 { // without an id: the place to continue from stays
		e.begin()
		_, err := fmt.Fprintf(e.w, "event: missed\ndata: {\"missed\":%d}\n\n", id.Missed)
		return err
	}
	row, err := without(hidden(e.caller), row)
	if err != nil {
		return err
	}
	e.begin()
	// JSON has line breaks only between its tokens; in a data field they would end the field.
	data := strings.NewReplacer("\n", "", "\r", "").Replace(string(row))
	_, err = fmt.Fprintf(e.w, "event: row\nid: %s\ndata: %s\n\n", id.UID, data)
	return err
}

func (e *eventWriter) problem(p Problem) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.w, "event: error\ndata: %s\n\n", b)
	e.flush()
	return err
}
