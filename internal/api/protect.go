package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// writeStall is how long a caller may let one write of the answer wait.
const writeStall = time.Minute

type requestKey struct{}

// seen is what is known of a request while it is answered.
type seen struct {
	id     string
	route  string // pattern of the route; "" for the console
	addr   netip.AddrPort
	length int64 // how long the body will probably be
}

func seenIn(ctx context.Context) *seen {
	if s, ok := ctx.Value(requestKey{}).(*seen); ok {
		return s
	}
	return &seen{}
}

// requestID names the request in the log and in its problem document.
func requestID(ctx context.Context) string { return seenIn(ctx).id }

// peer is the address of the caller.
func peer(ctx context.Context) netip.AddrPort { return seenIn(ctx).addr }

func note(ctx context.Context, pattern string) { seenIn(ctx).route = pattern }

// protect gives every request an id, safe headers, time limits for writing, compression, metrics, and an answer when its
// handler panics.
func (s *server) protect(next http.Handler) http.Handler {
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kiroku_http_request_seconds", Help: "Time to answer HTTP requests, by route and status.",
		Buckets: []float64{.005, .02, .1, .5, 2, 10, 60},
	}, []string{"route", "code"})
	s.deps.Metrics.MustRegister(requests)
	inner := compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(w, r)
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := make([]byte, 8)
		_, _ = rand.Read(id) // never fails
		from, _ := netip.ParseAddrPort(r.RemoteAddr)
		about := &seen{id: hex.EncodeToString(id), addr: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
		secure(w.Header())
		w.Header().Set("X-Request-ID", about.id)
		timed := newTimedWriter(w)
		defer func() {
			requests.WithLabelValues(about.route, strconv.Itoa(timed.status)).Observe(time.Since(start).Seconds())
		}()
		inner.ServeHTTP(timed, r.WithContext(context.WithValue(r.Context(), requestKey{}, about)))
	})
}

// secure sets the headers of OWASP's Secure Headers Project that concern us. There is no CORS: other sites get nothing.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
}

func (s *server) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { // a stream that broke: the connection is cut
		panic(v)
	}
	s.log.LogAttrs(r.Context(), slog.LevelError, "handler panicked", slog.String(logRequest, requestID(r.Context())),
		slog.String(logPanic, fmt.Sprint(v)), slog.String(logStack, string(debug.Stack())))
	s.writeError(w, r, fmt.Errorf("handler panicked: %v", v))
}

// timedWriter ends connections whose caller does not take the answer, and remembers the status.
type timedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
}

func newTimedWriter(w http.ResponseWriter) *timedWriter {
	t := &timedWriter{ResponseWriter: w, control: http.NewResponseController(w), status: http.StatusOK}
	_ = t.control.SetWriteDeadline(time.Time{}) // one may be left from the request before on this connection
	return t
}

func (t *timedWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// extend allows the next write its time. Writers of tests have no deadlines.
func (t *timedWriter) extend() { _ = t.control.SetWriteDeadline(time.Now().Add(writeStall)) }

func (t *timedWriter) WriteHeader(status int) {
	t.extend()
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *timedWriter) Write(b []byte) (int, error) {
	t.extend()
	return t.ResponseWriter.Write(b)
}

// Flush lets streams send what they have.
func (t *timedWriter) Flush() {
	t.extend()
	_ = t.control.Flush()
}
