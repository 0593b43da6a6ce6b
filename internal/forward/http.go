package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
	"kiroku/internal/logkey"
)

const (
	// maxBody bounds the body of a request.
	maxBody = 1 << 20
	// maxBatch is room for a batch of ordinary records; a longer one is not kept for the next.
	maxBatch = wire.MaxPullBytes + 256<<10
	// maxRequests is how many requests of one agent are answered at once.
	maxRequests = 4 * maxDestinations
)

// Handler answers the requests of agents below wire.BasePath.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	h := &handler{s: s, running: map[string]int{}, buffers: sync.Pool{New: func() any { return new([]byte) }}}
	mux.HandleFunc("POST "+wire.PathPull, h.limited(h.pull))
	mux.HandleFunc("POST "+wire.PathHello, h.limited(answer(h, func(ctx context.Context, token, session string, in *wire.Hello) (any, error) {
		return s.Hello(ctx, token, session, in)
	})))
	mux.HandleFunc("POST "+wire.PathAck, h.limited(answer(h, func(ctx context.Context, token, session string, in *wire.Ack) (any, error) {
		return s.Ack(ctx, token, session, in)
	})))
	mux.HandleFunc("POST "+wire.PathNotify, h.limited(answer(h, func(ctx context.Context, token, session string, in *wire.Notify) (any, error) {
		return struct{}{}, s.Notify(ctx, token, session, in)
	})))
	mux.HandleFunc("POST "+wire.PathDead, h.limited(answer(h, func(ctx context.Context, token, session string, in *wire.Dead) (any, error) {
		return struct{}{}, s.Dead(ctx, token, session, in)
	})))
	mux.HandleFunc("POST "+wire.PathHeartbeat, h.limited(answer(h, func(ctx context.Context, token, session string, in *wire.Heartbeat) (any, error) {
		return s.Heartbeat(ctx, token, session, in)
	})))
	mux.HandleFunc("POST "+wire.PathComplete, h.limited(answer(h, func(ctx context.Context, token, session string, _ *wire.Complete) (any, error) {
		return s.Complete(ctx, token, session)
	})))
	mux.HandleFunc("POST "+wire.PathRecover, h.limited(answer(h, func(ctx context.Context, token, _ string, in *wire.Recover) (any, error) {
		return s.RecoverLike(ctx, token, in)
	})))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		e := wrong("there is nothing at %s", short(r.URL.Path, 200))
		e.status = http.StatusNotFound
		h.refused(w, r, e)
	})
	return mux
}

// handler answers requests.
type handler struct {
	s       *Service
	buffers sync.Pool

	mu      sync.Mutex
	running map[string]int // by hash of the token
}

// limited keeps one agent from taking what others need.
func (h *handler) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := hash(bearer(r))
		h.mu.Lock()
		h.running[key]++
		many := h.running[key] > maxRequests
		h.mu.Unlock()
		defer func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.running[key]--; h.running[key] == 0 {
				delete(h.running, key)
			}
		}()
		if many {
			h.refused(w, r, busy(http.StatusTooManyRequests, 5*time.Second))
			return
		}
		next(w, r)
	}
}

// bearer is the token of a request.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Token") {
		return ""
	}
	return strings.TrimSpace(token)
}

// known refuses a token before the body of its request is read.
func (h *handler) known(r *http.Request) error {
	h.s.mu.Lock()
	_, _, err := h.s.authenticate(bearer(r), time.Now())
	h.s.mu.Unlock()
	if err != nil {
		return h.s.after(r.Context(), err)
	}
	return nil
}

// answer reads a request of JSON and writes an answer of JSON.
func answer[T any](h *handler, f func(ctx context.Context, token, session string, in *T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		if err := h.read(w, r, &in); err != nil {
			h.refused(w, r, err)
			return
		}
		out, err := f(r.Context(), bearer(r), r.Header.Get(wire.SessionHeader), &in)
		if err != nil {
			h.refused(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, out)
	}
}

func (h *handler) read(w http.ResponseWriter, r *http.Request, into any) error {
	if err := h.known(r); err != nil {
		return err
	}
	return decode(http.MaxBytesReader(w, r.Body, maxBody), into)
}

// decode reads the one JSON value of a body. Members that are not known are those of a newer agent.
func decode(body io.Reader, into any) error {
	d := json.NewDecoder(body)
	if err := d.Decode(into); err != nil {
		return wrong("read request: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return wrong("read request: there is something after the object")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: an answer to an agent has no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the agent is gone when this fails
}

// pull answers a Pull.
func (h *handler) pull(w http.ResponseWriter, r *http.Request) {
	var in wire.Pull
	if err := h.read(w, r, &in); err != nil {
		h.refused(w, r, err)
		return
	}
	buf := h.buffers.Get().(*[]byte)
	defer h.buffers.Put(buf)
	b, err := h.s.Pull(r.Context(), bearer(r), r.Header.Get(wire.SessionHeader), &in, (*buf)[:0])
	if err != nil {
		h.refused(w, r, err)
		return
	}
	if n := cap(b.Records); n > cap(*buf) && n <= maxBatch {
		*buf = b.Records[:0]
	}
	head, err := wire.AppendHeader(nil, &b.BatchHeader)
	if err != nil {
		h.refused(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(b.Records)))
	if _, err := w.Write(head); err == nil {
		_, _ = w.Write(b.Records) // the agent pulls it again
	}
}

// refused says why a request is not answered.
func (h *handler) refused(w http.ResponseWriter, r *http.Request, err error) {
	var no *refusal
	switch {
	case errors.As(err, &no):
	case r.Context().Err() != nil, fault.KindOf(err) == fault.Busy: // the server stops, or cannot store
		no = busy(http.StatusServiceUnavailable, 5*time.Second)
	case fault.KindOf(err) != fault.Other:
		no = wrong("%v", err)
		if next := fault.NextOf(err); next != "" {
			no.body.Next = next
		}
		if fault.KindOf(err) == fault.Denied {
			no.status = http.StatusForbidden
		}
	default:
		h.s.opt.Log.LogAttrs(r.Context(), slog.LevelError, "request of a SIEM agent failed", slog.Any(logkey.Err, err), slog.String(logkey.Path, r.URL.Path))
		no = busy(http.StatusServiceUnavailable, 5*time.Second)
		no.body.Message = fmt.Sprintf("the server failed; see its log at %s", time.Now().UTC().Format(time.RFC3339))
	}
	if no.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(no.after.Seconds()))))
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Token realm="kiroku"`)
	}
	writeJSON(w, no.status, no.body)
}
