package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

const nextOtherServer = "Check that --server is the address of Kiroku itself, that a --proxy is a proxy, and that both sides run the same version."

// errQuiet ends a request whose answer does not come.
var errQuiet = errors.New("nothing came for 30 s")

// Refused is an answer of the server that says no.
type Refused struct {
	*wire.Refusal
	Status int
	Wait   time.Duration // what the server asks to wait; 0: nothing
	token  string        // that was used
}

func (r *Refused) Unwrap() error { return r.Refusal }

// badToken are the reasons that are about the token.
var badToken = [...]wire.Reason{wire.ReasonMalformed, wire.ReasonUnknown, wire.ReasonRevoked, wire.ReasonExpired}

// IsRefused says whether err is a refusal with one of the reasons; without reasons, whether it is any.
func IsRefused(err error, reasons ...wire.Reason) bool {
	var r *Refused
	if !errors.As(err, &r) {
		return false
	}
	for _, reason := range reasons {
		if r.Reason == reason {
			return true
		}
	}
	return len(reasons) == 0
}

// lively is an answer that may take any time as long as something comes.
type lively struct {
	r     io.Reader
	timer *time.Timer
}

func (l *lively) Read(b []byte) (int, error) {
	l.timer.Reset(quietTime)
	return l.r.Read(b)
}

// unreachable is the error of a request that got no answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(cause, errQuiet) {
		return quiet(c.Server())
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(err, c.base.Hostname())
}

// refused reads an answer that is not good.
func (c *Client) refused(resp *http.Response, token string) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	r := &wire.Refusal{}
	if json.Unmarshal(b, r) == nil && r.Reason != "" {
		about := wire.ExplainReason(r.Reason)
		if r.Message == "" {
			r.Message = strings.TrimSuffix(about.Cause, ".")
		}
		if r.Next == "" {
			r.Next = about.Remedy
		}
		return fault.New(kindOf(r.Reason), &Refused{Refusal: r, Status: resp.StatusCode, Wait: retryAfter(resp), token: token}, r.Next)
	}
	err := fmt.Errorf("%s answered %d %s, which no Kiroku server does here", c.Server(), resp.StatusCode, http.StatusText(resp.StatusCode))
	switch resp.StatusCode {
	case http.StatusProxyAuthRequired:
		return fault.New(fault.Denied, errors.New("the proxy wants a user and a password (407)"), "Name them: --proxy http://USER:PASSWORD@HOST:PORT.")
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.New(fault.Denied, err, "If a proxy is on the way, check its user and password, and whether it lets this machine through. "+nextOtherServer)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fault.New(fault.Busy, err, "Something between the agent and the server answers, because it cannot reach the server: look at the proxy or load balancer, and whether the server runs.")
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return fault.New(fault.Invalid, fmt.Errorf("%s sends on to %q", c.Server(), resp.Header.Get("Location")), "Give that address with --server, if it is Kiroku's: the agent's token is not sent on.")
	}
	return fault.New(fault.Other, err, nextOtherServer)
}

// StrangeAnswers lists the errors of answers that no Kiroku server gives, for the page that explains them.
func StrangeAnswers() (all []error) {
	c := &Client{base: &url.URL{Scheme: "https", Host: "kiroku.example.com:8480"}}
	for _, status := range []int{http.StatusFound, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		all = append(all, c.refused(&http.Response{StatusCode: status, Header: http.Header{"Location": {"https://login.example.com/"}}, Body: http.NoBody}, ""))
	}
	return append(all, c.noServer("configuration"))
}

// noServer is the error of a good answer that lacks what every Kiroku server puts into it.
func (c *Client) noServer(what string) error {
	return fault.New(fault.Other, fmt.Errorf("%s answers, and not as a Kiroku server does: its answer has no %s", c.Server(), what), nextOtherServer)
}

// kindOf is what a caller can do about a refusal.
func kindOf(r wire.Reason) fault.Kind {
	switch r {
	case wire.ReasonMalformed, wire.ReasonUnknown, wire.ReasonRevoked, wire.ReasonExpired:
		return fault.NoToken
	case wire.ReasonBusy:
		return fault.Busy
	case wire.ReasonReplaced:
		return fault.Conflict
	case wire.ReasonDeleted, wire.ReasonCompleted:
		return fault.NotFound
	}
	return fault.Invalid
}

// retryAfter is how long the server asks to wait, at most five minutes.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, 5*time.Minute)
}
