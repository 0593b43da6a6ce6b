package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	"kiroku/internal/api/client"
	"kiroku/internal/fault"
)

// Server asks one server. Its errors of the network are faults with advice. It is safe for concurrent use.
type Server struct {
	*client.Client
	URL   string
	token string
	http  http.Client

	mu  sync.Mutex
	met time.Time // the server's clock when it first answered
}

var _ client.HttpRequestDoer = (*Server)(nil)

// Dial finds the server. Nothing is sent yet.
func (t Target) Dial() (*Server, error) {
	address, token, err := t.Find()
	if err != nil {
		return nil, err
	}
	return NewServer(address, token)
}

// NewServer asks the server at address with a token; an empty one is not sent.
func NewServer(address, token string) (*Server, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.ResponseHeaderTimeout = 0 // searches and pieces take as long as they take
	s := &Server{URL: address, token: token, http: http.Client{Transport: transport}}
	c, err := client.NewClient(address, client.WithHTTPClient(s))
	if err != nil {
		return nil, fmt.Errorf("reach server: %w", err)
	}
	s.Client = c
	return s, nil
}

// Do sends a request of the generated client.
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := s.http.Do(r)
	if err != nil {
		return nil, s.unreachable(err)
	}
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.met.IsZero() {
			s.met = t
		}
	}
	return resp, nil
}

// Met is the server's clock when it first answered; zero: it has not.
func (s *Server) Met() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met
}

// Problem is an error that the server answered with.
type Problem struct{ client.Problem }

func (p *Problem) Error() string {
	switch {
	case p.Detail != "" && p.Status >= http.StatusInternalServerError && p.RequestID != "":
		return fmt.Sprintf("%s (request %s)", p.Detail, p.RequestID)
	case p.Detail != "":
		return p.Detail
	case p.Title != "":
		return fmt.Sprintf("the server answered %d: %s", p.Status, p.Title)
	}
	return fmt.Sprintf("the server answered %d", p.Status)
}

// kind maps an HTTP status back to a kind of fault.
func kind(status int) fault.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return fault.Invalid
	case http.StatusUnauthorized:
		return fault.NoToken
	case http.StatusForbidden:
		return fault.Denied
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusConflict:
		return fault.Conflict
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fault.Busy
	}
	return fault.Other
}

// Stream returns the body of a good answer; the caller closes it. Everything else is an error, a Problem from the server
// among them.
func Stream(resp *http.Response, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 300 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	p := &Problem{}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if json.Unmarshal(body, &p.Problem) != nil || p.Status == 0 {
		p.Problem = client.Problem{Status: resp.StatusCode, Title: http.StatusText(resp.StatusCode)}
	}
	next := p.Next
	if resp.StatusCode == http.StatusUnauthorized {
		next = "Give a token with --token or KIROKU_TOKEN; on the server's machine --data DIR finds it."
	}
	return nil, fault.New(kind(resp.StatusCode), p, next)
}

// Answer reads a whole JSON answer.
func Answer[T any](resp *http.Response, err error) (T, error) {
	var out T
	body, err := Stream(resp, err)
	if err != nil {
		return out, err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(&out); err != nil {
		return out, fault.New(fault.Busy, fmt.Errorf("read answer: %w", err), "")
	}
	return out, nil
}

// Done checks an answer that has no body.
func Done(resp *http.Response, err error) error {
	body, err := Stream(resp, err)
	if err != nil {
		return err
	}
	return body.Close()
}

// unreachable explains an error of the network.
func (s *Server) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return fault.New(fault.Cancelled, errors.New("interrupted"), "")
	}
	var unknown x509.UnknownAuthorityError
	var invalid *tls.CertificateVerificationError
	err2 := fmt.Errorf("reach server at %s: %w", s.URL, cause(err))
	switch {
	case errors.As(err, &unknown) || errors.As(err, &invalid):
		return fault.New(fault.Denied, err2, "Name the authority of its certificate with SSL_CERT_FILE=ca.pem, or use the address that the certificate is for.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault.New(fault.Busy, err2, `Start it with "kiroku serve", or name another one with --url or --data.`)
	}
	return fault.New(fault.Busy, err2, "Check the address (--url, KIROKU_URL or --data) and that the server runs.")
}

// cause leaves out what net/http says around an error: the method and the address, which we say ourselves.
func cause(err error) error {
	var number syscall.Errno
	var request *url.Error
	switch {
	case errors.As(err, &number):
		return number
	case errors.As(err, &request):
		return request.Err
	}
	return err
}

// Retryable says whether the same request may work later.
func Retryable(err error) bool { return fault.KindOf(err) == fault.Busy }

// Wait is how long to wait before try n (from 1): it doubles from 250 ms up to 15 s.
func Wait(n int) time.Duration {
	return min(250*time.Millisecond<<min(n-1, 10), 15*time.Second)
}
