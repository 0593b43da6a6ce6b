package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"kiroku/internal/engine"
	"kiroku/internal/fault"
	"kiroku/internal/identity"
	"kiroku/internal/logkey"
	"kiroku/internal/search"
)

// statusClientClosed is what nginx logs when the caller gave up; nobody is there to read it.
const statusClientClosed = 499

// gap says that a piece of an object starts after what is stored of it.
type gap struct{ from, position int64 }

func (g *gap) Error() string {
	return fmt.Sprintf("store piece: it starts at %d, but only %d bytes of the object are stored", g.from, g.position)
}

// writeError answers with the problem document of err.
func (s *server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	p.RequestID = requestID(r.Context())
	var slow *identity.Throttled
	switch {
	case errors.As(err, &slow):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(slow.After.Seconds()))))
	case p.Status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	case p.Status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="kiroku"`)
	case p.Status == http.StatusInternalServerError:
		s.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.Any(logkey.Err, err),
			slog.String(logRequest, p.RequestID), slog.String(logRoute, r.Method+" "+r.URL.Path))
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p Problem) {
	b, err := json.Marshal(p)
	if err != nil {
		panic("BUG: a problem has no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(b, '\n')) // the caller is gone when this fails
}

// problemOf says an error to a caller. What nobody outside can act on stays in the log.
func problemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: statusOf(err), Detail: err.Error(), Next: fault.NextOf(err)}
	var syntax *search.SyntaxError
	var missing *gap
	switch {
	case errors.As(err, &syntax):
		p.Status = http.StatusBadRequest
		p.Type, p.Code, p.From, p.To = "urn:kiroku:problem:search-syntax", string(syntax.Code), &syntax.From, &syntax.To
		p.Detail, p.Next = syntax.Error(), syntax.Hint
	case errors.As(err, &missing):
		p.Status = http.StatusConflict
		p.Type, p.Position = "urn:kiroku:problem:gap", &missing.position
		p.Next = fmt.Sprintf("Send the object from position %d on.", missing.position)
	case p.Status == http.StatusInternalServerError:
		p.Detail, p.Next = "the service failed", "Look for the request id in the log of the service."
	case p.Status == http.StatusGatewayTimeout:
		p.Detail, p.Next = "answer request: it took too long", "Ask for a shorter range of time, or start a SQL job."
	case p.Status == http.StatusTooManyRequests:
		p.Next = "Wait as long as Retry-After says, then try again."
	}
	if at := engine.PositionOf(err); at >= 0 && p.Status == http.StatusBadRequest {
		p.From = &at
	}
	p.Title = title(p.Status)
	return p
}

func statusOf(err error) int {
	var slow *identity.Throttled
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &slow):
		return http.StatusTooManyRequests
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Denied:
		return http.StatusForbidden
	case fault.NoToken:
		return http.StatusUnauthorized
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Busy:
		return http.StatusServiceUnavailable
	case fault.Cancelled:
		return statusClientClosed
	}
	switch {
	case errors.Is(err, context.Canceled):
		return statusClientClosed
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

func title(status int) string {
	if status == statusClientClosed {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// invalid makes an error of kind fault.Invalid.
func invalid(next, format string, args ...any) error {
	return fault.New(fault.Invalid, fmt.Errorf(format, args...), next)
}

// writeInvalid answers for parameters that the generated code could not read.
func (s *server) writeInvalid(w http.ResponseWriter, r *http.Request, err error) {
	if statusOf(err) == http.StatusInternalServerError {
		err = fault.New(fault.Invalid, fmt.Errorf("read request: %w", err), "See GET /api/v1/openapi.yaml for the parameters.")
	}
	s.writeError(w, r, err)
}
