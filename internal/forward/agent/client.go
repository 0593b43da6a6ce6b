package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// Limits of a request.
const (
	answerTime = 30 * time.Second // until an answer begins, beside what Pull asks the server to wait
	quietTime  = 30 * time.Second // within an answer
	maxAnswer  = 1 << 20          // of everything but Pull
	maxBatch   = 128 << 20        // of Pull: a batch and one record that is longer than a batch
)

// Client asks the server what wire describes. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token func() (string, error)
	http  *http.Client

	hello   sync.Mutex // held while a session begins
	mu      sync.Mutex
	session string
	using   string // the token of session
}

// NewClient asks the server at address, which may have a path. The token is asked for at every Hello: a file may have a
// newer one by then.
func NewClient(address string, token func() (string, error), transport http.RoundTripper) (*Client, error) {
	base, err := ParseServer(address)
	if err != nil {
		return nil, err
	}
	return &Client{base: base, token: token, http: &http.Client{Transport: transport, CheckRedirect: noRedirect}}, nil
}

// noRedirect keeps the token at the server that it is for.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ParseServer reads the address of a server.
func ParseServer(address string) (*url.URL, error) {
	const next = "Give the address of the Kiroku server, for example --server https://kiroku.example.com:8480."
	if address == "" {
		return nil, fault.New(fault.Invalid, errors.New("no server is given"), next)
	}
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return nil, fault.New(fault.Invalid, fmt.Errorf("read address of the server %q: it begins neither with https:// nor with http://", address), next)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fault.New(fault.Invalid, errors.New("read address of the server: it is no URL; host or port cannot be read"), next)
	case u.Hostname() == "":
		return nil, fault.New(fault.Invalid, fmt.Errorf("read address of the server %q: it has no host", address), next)
	case u.User != nil:
		return nil, fault.New(fault.Invalid, errors.New("read address of the server: it has a user and a password, which agents do not use"), next)
	}
	return u, nil
}

// Server is the host and port that is asked.
func (c *Client) Server() string { return c.base.Host }

// Hello begins a session or, when one runs already, asks for its configuration.
func (c *Client) Hello(ctx context.Context, h wire.Hello) (*wire.Config, error) {
	c.hello.Lock()
	defer c.hello.Unlock()
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	session, _ := c.current()
	config := &wire.Config{}
	if err := c.ask(ctx, wire.PathHello, token, session, &h, config); err != nil {
		return nil, err
	}
	if config.ETag == "" || config.Agent.ID == "" || config.Now.IsZero() || config.Session == "" && !h.Check {
		return nil, c.noServer("configuration")
	}
	if !h.Check {
		c.mu.Lock()
		c.session, c.using = config.Session, token
		c.mu.Unlock()
	}
	return config, nil
}

// newToken says whether there is another token now than the one that was refused.
func (c *Client) newToken(r *Refused) bool {
	token, err := c.token()
	return err == nil && token != r.token
}

// Pull asks for the next records of a destination.
func (c *Client) Pull(ctx context.Context, p wire.Pull) (h wire.BatchHeader, records []wire.Record, err error) {
	err = c.inSession(ctx, func(token, session string) error {
		body, done, err := c.post(ctx, wire.PathPull, token, session, &p, time.Duration(p.WaitMS)*time.Millisecond)
		if err != nil {
			return err
		}
		defer done()
		h, records, err = wire.ReadBatch(io.LimitReader(body, maxBatch))
		return err
	})
	return h, records, err
}

// Ack says how far a destination has confirmed.
func (c *Client) Ack(ctx context.Context, a *wire.Ack) (answer wire.AckAnswer, err error) {
	err = c.tell(ctx, wire.PathAck, a, &answer)
	if err == nil && answer.ETag == "" {
		err = c.noServer("acknowledgment")
	}
	return answer, err
}

// Heartbeat says that the agent lives.
func (c *Client) Heartbeat(ctx context.Context, h *wire.Heartbeat) (answer wire.AckAnswer, err error) {
	err = c.tell(ctx, wire.PathHeartbeat, h, &answer)
	if err == nil && answer.ETag == "" {
		err = c.noServer("heartbeat")
	}
	return answer, err
}

// Notify tells of a problem.
func (c *Client) Notify(ctx context.Context, n *wire.Notify) error {
	return c.tell(ctx, wire.PathNotify, n, nil)
}

// Dead puts a record on the list of dead letters; nil means that it is stored there.
func (c *Client) Dead(ctx context.Context, d *wire.Dead) error {
	return c.tell(ctx, wire.PathDead, d, nil)
}

// Complete ends a recovery.
func (c *Client) Complete(ctx context.Context) (s wire.Summary, err error) {
	return s, c.tell(ctx, wire.PathComplete, wire.Complete{}, &s)
}

// Recover makes a recovery agent like the one that asks. It needs no session.
func (c *Client) Recover(ctx context.Context, r *wire.Recover) (made wire.Recovered, err error) {
	token, err := c.token()
	if err != nil {
		return made, err
	}
	err = c.ask(ctx, wire.PathRecover, token, "", r, &made)
	if err == nil && (made.ID == "" || made.Token == "") {
		err = c.noServer("recovery")
	}
	return made, err
}

func (c *Client) tell(ctx context.Context, path string, in, out any) error {
	return c.inSession(ctx, func(token, session string) error { return c.ask(ctx, path, token, session, in, out) })
}

func (c *Client) current() (session, token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session, c.using
}

// inSession calls f with the session, and again when another session or token of our own has replaced that one meanwhile.
func (c *Client) inSession(ctx context.Context, f func(token, session string) error) error {
	for {
		session, token := c.current()
		if token == "" { // a look, without a session
			var err error
			if token, err = c.token(); err != nil {
				return err
			}
			return f(token, session)
		}
		err := f(token, session)
		if !IsRefused(err, append(badToken[:], wire.ReasonReplaced)...) || ctx.Err() != nil {
			return err
		}
		c.hello.Lock() // a session that begins just now is our own
		nowSession, nowToken := c.current()
		c.hello.Unlock()
		if nowSession == session && nowToken == token {
			return err
		}
	}
}

// ask posts in and reads the answer into out, which may be nil.
func (c *Client) ask(ctx context.Context, path, token, session string, in, out any) error {
	body, done, err := c.post(ctx, path, token, session, in, 0)
	if err != nil {
		return err
	}
	defer done()
	b, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", c.Server(), err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fault.New(fault.Other, fmt.Errorf("read answer of %s: %w", c.Server(), err), nextOtherServer)
	}
	return nil
}

// post sends a request. The caller reads the body of a good answer and calls done. Its time runs out when nothing moves.
func (c *Client) post(ctx context.Context, path, token, session string, in any, wait time.Duration) (body io.Reader, done func(), err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", c.Server(), err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(answerTime+wait, func() { cancel(errQuiet) })
	end := func() { timer.Stop(); cancel(nil) }
	defer func() {
		if err != nil {
			end()
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(path).String(), bytes.NewReader(b))
	if err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", c.Server(), err)
	}
	req.Header.Set("Authorization", "Token "+token)
	req.Header.Set("Content-Type", "application/json")
	if path != wire.PathRecover { // which would make another agent each time
		req.Header["Idempotency-Key"] = nil // not sent: net/http asks again when the connection was closed after an earlier answer
	}
	if session != "" {
		req.Header.Set(wire.SessionHeader, session)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusNoContent {
		return &lively{r: resp.Body, timer: timer}, func() { resp.Body.Close(); end() }, nil
	}
	defer resp.Body.Close()
	return nil, nil, c.refused(resp, token)
}
