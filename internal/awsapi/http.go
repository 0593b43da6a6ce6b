package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/awsapi/sigv4"
	"kiroku/internal/fault"
	"kiroku/internal/logkey"
)

const (
	auditPath      = "/PutAuditEvents"
	controlService = "cloudtrail"
	dataService    = "cloudtrail-data"
)

// Takes says whether a request is for the AWS endpoints: the console and our own API answer neither of their addresses, and
// nobody else signs as AWS does.
func Takes(r *http.Request) bool {
	return r.URL.Path == auditPath || r.URL.Path == "/" && r.Method != http.MethodGet && r.Method != http.MethodHead || signedFor(r) != ""
}

// call is a request whose signature is right.
type call struct {
	Caller
	claims sigv4.Claims
	body   []byte
	peer   netip.AddrPort
	now    time.Time
}

// ServeHTTP answers both APIs. It reads no more than Limits.RequestBytes of a body; who listens limits the time for it.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newUUID()
	h := w.Header()
	h.Set("X-Amzn-RequestId", id)
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat)) // SDKs correct their clocks by it
	if service, other := otherService(r); other {
		refuseService(w, r, service, id)
		return
	}
	data := r.URL.Path == auditPath
	var answer []byte
	var err error
	if data {
		answer, err = s.servePut(r)
	} else {
		answer, err = s.serveOperation(r)
	}
	h.Set("Content-Type", "application/x-amz-json-1.1")
	if data {
		h.Set("Content-Type", "application/json")
	}
	status := http.StatusOK
	if err != nil {
		var code, message string
		code, message, status = answerOf(err)
		if status >= http.StatusInternalServerError {
			s.log.LogAttrs(r.Context(), slog.LevelError, "AWS request failed", slog.Any(logkey.Err, err), slog.String(logkey.Job, id))
		}
		h.Set("X-Amzn-Errortype", code)
		answer = errorBody(code, message)
	}
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(status)
	_, _ = w.Write(answer) // the caller is gone when this fails
}

func errorBody(code, message string) []byte {
	b, err := json.Marshal(map[string]string{"__type": code, "message": message})
	if err != nil {
		panic("BUG: an error has no JSON: " + err.Error())
	}
	return b
}

// serveOperation answers POST / of the API cloudtrail.
func (s *Service) serveOperation(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return nil, refuse(codeUnknown, "Send operations with POST to /.")
	}
	var out any
	err := s.authenticated(r, controlService, func(ctx context.Context, c *call) error {
		target := r.Header.Get("X-Amz-Target")
		op, err := s.find(target[strings.LastIndexByte(target, '.')+1:])
		if err != nil {
			return err
		}
		out, err = op(ctx, c.Caller, c.body)
		return err
	})
	if err != nil {
		return nil, err
	}
	answer, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return answer, nil
}

// servePut answers POST /PutAuditEvents of the API cloudtrail-data.
func (s *Service) servePut(r *http.Request) (answer []byte, err error) {
	if r.Method != http.MethodPost {
		return nil, refuse(codeUnknown, "Send audit events with POST.")
	}
	err = s.authenticated(r, dataService, func(ctx context.Context, c *call) error {
		put, err := s.beginPut(ctx, c)
		if err != nil {
			return err
		}
		// What was carried out is not carried out again when the same request comes a second time.
		attempt := attemptOf(c, r.Header.Get("Amz-Sdk-Invocation-Id"))
		switch state, before := s.replays.Begin(attempt, c.now); state {
		case sigv4.Repeated:
			answer = before
			return nil
		case sigv4.Busy:
			return refuse(codeThrottling, "The same request is being carried out.")
		case sigv4.Lost:
			return &sigv4.Error{Code: sigv4.InvalidSignature, Message: "A request with this signature was carried out before."}
		}
		done := false
		defer func() {
			if !done { // also when it panicked: the request may be sent again
				s.replays.Forget(attempt)
			}
		}()
		if err := put.carryOut(ctx); err != nil {
			return err
		}
		if answer, err = json.Marshal(put.out); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		s.replays.Done(attempt, answer)
		done = true
		return nil
	})
	return answer, err
}

// attemptOf tells requests apart. Dates are signed in whole seconds, so two calls with one body can have one signature: the id
// that an SDK gives a call, and keeps when it tries the call again, tells which they are. A client that sends none is taken to
// try again. The body counts because it need not be signed.
func attemptOf(c *call, invocation string) [sha256.Size]byte {
	body := sha256.Sum256(c.body)
	return sha256.Sum256(slices.Concat(c.claims.Signature[:], body[:], []byte(invocation)))
}

// authenticated reads a request and lets f answer it when it is signed as it should be.
func (s *Service) authenticated(r *http.Request, service string, f func(context.Context, *call) error) error {
	pending, err := s.verifier.Begin(r, service)
	if err != nil {
		return err
	}
	body, done, err := s.readBody(r)
	if err != nil {
		return err
	}
	defer done()
	claims, err := pending.Check(sha256.Sum256(body))
	if err != nil {
		return err
	}
	if claims.SessionToken != "" { // we issue none
		return &sigv4.Error{Code: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid."}
	}
	if !isRegion(claims.Region) {
		return &sigv4.Error{Code: sigv4.InvalidSignature, Message: fmt.Sprintf("Credential should be scoped to a valid region, not %q.", claims.Region)}
	}
	key, _, err := s.opt.Keys.Find(r.Context(), claims.AccessKey)
	if err != nil {
		return err
	}
	s.opt.Keys.Used(key.ID)
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return f(r.Context(), &call{Caller: Caller{Account: key.Account, Region: claims.Region, Principal: key.Principal}, claims: claims, body: body,
		peer: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), now: time.Now()})
}

func (s *Service) secret(ctx context.Context, id string) (string, error) {
	_, secret, err := s.opt.Keys.Find(ctx, id)
	if fault.KindOf(err) == fault.NoToken {
		return "", sigv4.ErrNoKey
	}
	return secret, err
}

// waitForRoom is how long a request waits for memory that the bodies of others take.
const waitForRoom = 10 * time.Second

// readBody reads a body into memory that all requests share the budget of; done gives it back.
func (s *Service) readBody(r *http.Request) (body []byte, done func(), err error) {
	limit := s.limits.RequestBytes
	need := r.ContentLength
	if need < 0 {
		need = limit
	}
	if need > limit {
		return nil, nil, tooLarge(limit)
	}
	need = max(need, 1)
	wait, cancel := context.WithTimeout(r.Context(), waitForRoom)
	defer cancel()
	if err := s.bodies.Acquire(wait, need); err != nil {
		return nil, nil, refuse(codeThrottling, "Too many requests at once.")
	}
	release := func() { s.bodies.Release(need) }
	body = make([]byte, 0, need)
	if r.ContentLength >= 0 {
		body = body[:r.ContentLength]
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, limit+1))
	}
	switch {
	case err == nil && int64(len(body)) > limit:
		err = tooLarge(limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = refuse(codeSerialization, "The body is shorter than Content-Length says.")
	case err != nil:
		err = refuse(codeSerialization, "The body could not be read.")
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return body, release, nil
}

func tooLarge(limit int64) error {
	return &Error{Code: "RequestEntityTooLargeException", Message: fmt.Sprintf("The body is longer than %d bytes.", limit), status: http.StatusRequestEntityTooLarge}
}
