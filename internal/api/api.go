package api

import (
	_ "embed"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"golang.org/x/sync/semaphore"

	"kiroku/internal/awsapi"
	"kiroku/internal/forward/wire"
	"kiroku/internal/identity"
	"kiroku/internal/search"
)

//go:embed openapi.yaml
var spec []byte

// Keys of log attributes that only requests have.
const (
	logRequest = "request"
	logPanic   = "panic"
	logStack   = "stack"
	logRoute   = "route"
)

// server implements the generated interface. Its methods are in the files named after what they answer for.
type server struct {
	deps    Deps
	log     *slog.Logger
	routes  map[string]route
	budget  *semaphore.Weighted // bytes of ingest bodies in memory
	objects *keyedLock          // one piece of an object at a time
	names   *search.Fields      // what fields are called
}

var _ StrictServerInterface = (*server)(nil)

// New serves the API, health, metrics and the console. Streams (tail, export) end when the context of their request ends:
// let http.Server.BaseContext end when the service stops.
func New(d Deps) http.Handler {
	if d.Limits == (Limits{}) {
		d.Limits = DefaultLimits()
	}
	s := &server{deps: d, log: d.Log, routes: map[string]route{}, budget: semaphore.NewWeighted(d.Limits.IngestTotal), objects: newKeyedLock(),
		names: search.NewFields()}
	for _, r := range routes(d.Limits) {
		s.routes[r.pattern] = r
	}
	mux := http.NewServeMux()
	strict := NewStrictHandlerWithOptions(s, nil, StrictHTTPServerOptions{
		RequestErrorHandlerFunc: s.writeInvalid, ResponseErrorHandlerFunc: s.writeError,
	})
	HandlerWithOptions(strict, StdHTTPServerOptions{BaseRouter: mux, ErrorHandlerFunc: s.writeInvalid})
	return s.protect(s.dispatch(mux, d.Agents.Handler(), s.console()))
}

// Server listens with time limits that keep slow callers from holding connections; handler is what New returned.
func Server(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// dispatch finds the route of a request, guards it and hands it to mux, the generated router; what is not the API's is the
// console's, POST / and /PutAuditEvents are the AWS endpoints', and what SIEM agents ask is answered by agents.
func (s *server) dispatch(mux *http.ServeMux, agents, console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if awsapi.Takes(r) {
			note(r.Context(), "aws")
			r.Body = &timedBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
			s.deps.AWS.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, wire.BasePath) {
			note(r.Context(), wire.BasePath)
			r.Body = &timedBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
			agents.ServeHTTP(w, r)
			return
		}
		h, pattern := mux.Handler(r)
		rt, ok := s.routes[pattern]
		if ok {
			note(r.Context(), pattern)
			s.guard(w, r, rt, mux)
			return
		}
		allowed := methodsAllowed(h, r)
		switch {
		case allowed != "":
			w.Header().Set("Allow", allowed)
			writeProblem(w, Problem{Type: "about:blank", Status: http.StatusMethodNotAllowed, Title: title(http.StatusMethodNotAllowed),
				Detail: r.Method + " is not what this address answers", Next: "Use " + allowed + ".", RequestID: requestID(r.Context())})
		case strings.HasPrefix(r.URL.Path, "/api/") || r.Method != http.MethodGet && r.Method != http.MethodHead:
			writeProblem(w, Problem{Type: "about:blank", Status: http.StatusNotFound, Title: title(http.StatusNotFound),
				Detail: "there is nothing at this address", Next: "See GET /api/v1/openapi.yaml for what there is.", RequestID: requestID(r.Context())})
		default:
			console.ServeHTTP(w, r)
		}
	})
}

// methodsAllowed asks the router's own answer for a request without a route: it names the methods when only they differ.
func methodsAllowed(h http.Handler, r *http.Request) string {
	a := &answer{header: http.Header{}}
	h.ServeHTTP(a, r)
	if a.status != http.StatusMethodNotAllowed {
		return ""
	}
	return a.header.Get("Allow")
}

// answer keeps status and headers of an answer.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }

// compressed gzips answers of text, when the caller takes them and they are worth it.
func compressed(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(1), gzhttp.EnableZstd(false), gzhttp.ContentTypes([]string{
		"application/json", "application/problem+json", "application/x-ndjson", "application/yaml", "text/csv", "text/plain",
		"text/html", "text/css", "text/javascript", "image/svg+xml",
	}))
	if err != nil {
		panic("BUG: options of gzip: " + err.Error())
	}
	return wrap(h)
}

// caller is who made a request.
type caller = identity.Principal
