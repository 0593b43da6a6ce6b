package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/identity"
)

// readStall is how long a caller may let one read of the body wait.
const readStall = 30 * time.Second

// guard checks who calls and what they send, then lets next answer.
func (s *server) guard(w http.ResponseWriter, r *http.Request, rt route, next http.Handler) {
	ctx := r.Context()
	if !rt.access.open {
		p, err := s.authenticate(r, rt.access)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		ctx = identity.NewContext(ctx, p)
	}
	if rt.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, rt.timeout)
		defer cancel()
	}
	r = r.WithContext(ctx)
	limit := s.deps.Limits.JSONBytes
	if rt.bytes > 0 {
		limit = rt.bytes
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, &timedBody{ReadCloser: r.Body, control: http.NewResponseController(w)}, limit)
	}
	if rt.bytes > 0 && r.Body != nil {
		length, err := decodeBody(r)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		defer func() { _ = r.Body.Close() }()
		seenIn(ctx).length = length
	}
	if rt.json != nil {
		if err := checkJSON(r, rt.json()); err != nil {
			s.writeError(w, r, err)
			return
		}
	}
	next.ServeHTTP(w, r)
}

// authenticate finds the caller of a request and checks that the route is theirs.
func (s *server) authenticate(r *http.Request, a access) (*caller, error) {
	token, err := bearer(r.Header)
	if err != nil {
		return nil, err
	}
	p, err := s.deps.Identity.Verify(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if p.MustChange && !a.locked {
		return nil, fault.New(fault.Denied, errors.New("authorize request: the one-time password must be changed first"),
			"Choose a password with POST /api/v1/password.")
	}
	if a.permission != "" && !p.Can(a.permission) {
		return nil, fault.New(fault.Denied, fmt.Errorf("authorize request: role %s does not have the permission %s", p.Role, a.permission),
			"Use a token whose role has it, or ask an administrator.")
	}
	return p, nil
}

// bearer reads RFC 6750's header. Tokens in the address are not taken: addresses end up in logs.
func bearer(h http.Header) (string, error) {
	const next = "Send the header Authorization: Bearer TOKEN; on the same machine the token is in DIR/admin.token."
	v := h.Get("Authorization")
	if v == "" {
		return "", fault.New(fault.NoToken, errors.New("authorize request: it carries no token"), next)
	}
	scheme, token, ok := strings.Cut(v, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", fault.New(fault.NoToken, errors.New("authorize request: the Authorization header is not a bearer token"), next)
	}
	return strings.TrimSpace(token), nil
}

// checkJSON refuses what the generated code would pass over: unknown members, a missing body, something after the value.
// A misspelt "serach" must not answer with all events.
func checkJSON(r *http.Request, into any) error {
	const next = "Send one JSON object as GET /api/v1/openapi.yaml describes it."
	body, err := io.ReadAll(bodyOf(r))
	if err != nil {
		return readError(err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return invalid(next, "read JSON body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid(next, "read JSON body: there is something after the object")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

func bodyOf(r *http.Request) io.Reader {
	if r.Body == nil {
		return http.NoBody
	}
	return r.Body
}

// readError says why a body could not be read.
func readError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(large.Limit)
	}
	return fault.New(fault.Invalid, fmt.Errorf("read body: %w", err), "Send the whole body.")
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, fmt.Errorf("read body: it is longer than %d bytes", limit), "Send less at once.")
}

// timedBody ends requests whose caller stops sending in the middle.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(readStall))
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// From now on the server itself reads, to notice when the caller goes; that must not time out.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
