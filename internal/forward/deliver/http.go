package deliver

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"kiroku/internal/forward/wire"
)

// Limits of requests.
const (
	requestBytes  = 1 << 20 // of the lines of one request; one record may be longer
	answerBytes   = 4 << 20 // read of an answer
	maxRetryAfter = 10 * time.Minute
)

// httpSender puts records into requests.
type httpSender struct {
	d       *Deliverer
	client  *http.Client
	dest    wire.HTTP
	json    bool
	gzip    bool
	channel string // Splunk's data channel
	auth    string // header Authorization
	body    []byte
}

func newHTTPSender(d *Deliverer) (*httpSender, error) {
	h := &httpSender{d: d, dest: d.dest.HTTP, channel: newGUID(), json: d.dest.Format == wire.JSON || d.dest.Format == wire.OCSFJSON}
	if h.dest.Body == "" {
		h.dest.Body = wire.Lines
	}
	if h.dest.Batch <= 0 {
		h.dest.Batch = batchRecords
	}
	for name, value := range h.dest.Headers {
		h.gzip = h.gzip || (strings.EqualFold(name, "Content-Encoding") && strings.EqualFold(value, "gzip"))
	}
	if err := h.loadCredential(); err != nil {
		return nil, err
	}
	h.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: h.dial, DialTLSContext: h.dialTLS,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, DisableCompression: true, WriteBufferSize: chunkBytes,
		},
	}
	return h, nil
}

// targetOf finds the target that a request goes to.
func (h *httpSender) targetOf(addr string) target {
	for _, t := range h.d.targets {
		if t.addr() == addr {
			return t
		}
	}
	return h.d.targets[0]
}

func (h *httpSender) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	c, err := h.d.dial(ctx, h.targetOf(addr))
	if err != nil {
		return nil, err
	}
	if h.d.connections.Load() > 1 {
		h.d.reconnects.Add(1)
	}
	return &pacedConn{Conn: c, stall: h.d.o.stall}, nil
}

// dialTLS waits for the late refusal of a client certificate: the transport would only see that its connection is gone.
func (h *httpSender) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := h.connectTLS(ctx, network, addr)
	if isResumption(err) {
		return h.connectTLS(ctx, network, addr)
	}
	return c, err
}

func (h *httpSender) connectTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := h.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	t := h.targetOf(addr)
	c, asked, err := h.d.handshake(ctx, raw, t)
	if err == nil && asked {
		_ = c.SetReadDeadline(time.Now().Add(lateAlert))
		if _, err = c.Read(make([]byte, 1)); err == nil {
			err = errForeign
		}
		if isTimeout(err) {
			err = c.SetReadDeadline(time.Time{})
		}
	}
	if err != nil {
		raw.Close()
		return nil, &handshakeError{t, err}
	}
	return c, nil
}

// loadCredential reads the value of the header Authorization.
func (h *httpSender) loadCredential() error {
	if h.dest.CredentialFile == "" {
		return nil
	}
	b, err := os.ReadFile(h.dest.CredentialFile)
	if err != nil {
		return fmt.Errorf("http.credential_file (--http-credential-file): %w", err)
	}
	h.auth = string(bytes.TrimSpace(b))
	if h.auth == "" || strings.ContainsAny(h.auth, "\r\n") {
		return errEmptyCredential(h.dest.CredentialFile)
	}
	return nil
}

func errEmptyCredential(file string) error {
	return fmt.Errorf("http.credential_file (--http-credential-file) %q: write one line, the value of the header Authorization: for example Splunk TOKEN, or ApiKey KEY", file)
}

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// requests is a session over HTTP: one request at a time, so that records arrive in order.
func (d *Deliverer) requests(ctx context.Context) error {
	acks := &ackPoller{h: d.http}
	var recs []wire.Record
	for {
		if more, _, changed := d.q.state(); !more || acks.full() {
			if err := acks.wait(ctx, changed); err != nil {
				return err
			}
			continue
		}
		clear(recs)
		var upTo int64
		recs, upTo = d.q.take(recs[:0], d.limit.portion(d.batch), requestBytes)
		if err := d.limit.wait(ctx, len(recs), sizeOf(recs)); err != nil {
			return err
		}
		id, err := d.http.deliver(ctx, d.living(recs, upTo))
		if err != nil {
			d.shrinkUnanswered(len(recs), err)
			return err
		}
		d.grow(len(recs))
		if d.http.dest.Ack && id >= 0 {
			acks.add(id, upTo)
			continue
		}
		if acks.empty() {
			d.settle(upTo)
		} else {
			acks.add(acknowledged, upTo)
		}
	}
}

func sizeOf(recs []wire.Record) (n int) {
	for i := range recs {
		n += len(recs[i].Line)
	}
	return n
}

// numbered is a record with its index in the queue.
type numbered struct {
	wire.Record
	index int64
}

// living leaves out the records that are on the list of dead letters already.
func (d *Deliverer) living(recs []wire.Record, upTo int64) []numbered {
	first := upTo - int64(len(recs))
	out := make([]numbered, 0, len(recs))
	for i := range recs {
		if index := first + int64(i); !d.buried[index] {
			out = append(out, numbered{recs[i], index})
		}
	}
	return out
}

// settle confirms, and forgets the dead letters before upTo.
func (d *Deliverer) settle(upTo int64) {
	d.arrived(upTo)
	for index := range d.buried {
		if index < upTo {
			delete(d.buried, index)
		}
	}
}

// answerError is an answer that is not 2xx.
type answerError struct {
	target target
	status int
	text   string
	after  time.Duration // Retry-After
	poison bool          // because of what the request holds: sent again it is refused again
}

func (e *answerError) Error() string {
	return fmt.Sprintf("%s answers %d %s: %s", e.target, e.status, http.StatusText(e.status), e.text)
}

// deliver sends records. Those that the receiver refuses for what they are become dead letters: a batch that is refused is
// halved until the record is found. It returns Splunk's ackId, or -1.
func (h *httpSender) deliver(ctx context.Context, recs []numbered) (ack int64, err error) {
	if len(recs) == 0 {
		return -1, nil
	}
	ack, err = h.send(ctx, recs)
	var refused *answerError
	if err == nil || !errors.As(err, &refused) || !refused.poison {
		return ack, err
	}
	if len(recs) == 1 {
		err := h.d.bury(ctx, recs[0].Record, refused.Error())
		if err == nil {
			h.d.buried[recs[0].index] = true
		}
		return -1, err
	}
	first, err := h.deliver(ctx, recs[:len(recs)/2])
	if err != nil {
		return -1, err
	}
	// Acknowledgments of one channel are in order enough: the later one is polled, the earlier too.
	if first >= 0 {
		if err := h.acknowledged(ctx, first); err != nil {
			return -1, err
		}
	}
	return h.deliver(ctx, recs[len(recs)/2:])
}

// send makes one request, to the first target that can be reached.
func (h *httpSender) send(ctx context.Context, recs []numbered) (ack int64, err error) {
	if h.body, err = h.encode(h.body[:0], recs); err != nil {
		return -1, err
	}
	for i, t := range h.d.targets {
		ack, err = h.request(ctx, t, recs)
		var dial *dialError
		if err == nil || !errors.As(err, &dial) || i == len(h.d.targets)-1 {
			break
		}
	}
	return ack, err
}

func (h *httpSender) request(ctx context.Context, t target, recs []numbered) (int64, error) {
	status, header, answer, err := h.post(ctx, t, h.address(t), h.contentType(), h.body)
	if err != nil {
		return -1, err
	}
	h.d.bytes.Add(int64(len(h.body)))
	if status/100 != 2 {
		return -1, h.refusal(t, status, header, answer)
	}
	switch h.dest.Body {
	case wire.Elastic:
		return -1, h.items(ctx, t, recs, answer)
	case wire.SplunkHEC:
		if h.dest.Ack {
			return ackID(t, answer)
		}
	}
	return -1, nil
}

// post makes a request and reads its answer.
func (h *httpSender) post(ctx context.Context, t target, address, contentType string, body []byte) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	for name, value := range h.dest.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "kiroku")
	if h.auth != "" {
		req.Header.Set("Authorization", h.auth)
	}
	if h.dest.Body == wire.SplunkHEC {
		req.Header.Set("X-Splunk-Request-Channel", h.channel)
	}
	// The answer comes when the receiver has stored everything; longer after each time that none came.
	late := time.AfterFunc(h.d.stall()+time.Duration(len(body)/1000)*time.Millisecond, func() { cancel(errStalled) })
	defer late.Stop()
	res, err := h.client.Do(req)
	if err == nil {
		defer res.Body.Close()
		var answer []byte
		if answer, err = io.ReadAll(io.LimitReader(res.Body, answerBytes)); err == nil {
			return res.StatusCode, res.Header, answer, nil
		}
	}
	if errors.Is(context.Cause(ctx), errStalled) {
		return 0, nil, nil, fmt.Errorf("send to %s: %w", t, errStalled)
	}
	return 0, nil, nil, requestError(t, err)
}

// requestError tells a connection that cannot be made from one that broke. The address of the request is left out: it may
// hold a token.
func requestError(t target, err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	var hs *handshakeError
	var dial *dialError
	switch {
	case errors.As(err, &hs):
		return hs
	case errors.As(err, &dial):
		return dial
	}
	if !t.tls && errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return fmt.Errorf("send to %s: %w", t, err)
}

// refusal judges an answer that is not 2xx.
func (h *httpSender) refusal(t target, status int, header http.Header, answer []byte) error {
	e := &answerError{target: t, status: status, text: fmt.Sprintf("%.300q", bytes.TrimSpace(answer)), after: retryAfter(header)}
	switch {
	case !t.tls && wantsTLS(answer):
		e.text += "; the port is one for TLS: use https:// instead of http://"
	case status/100 == 3:
		e.text = fmt.Sprintf("it is somewhere else now: write %q as the destination", header.Get("Location"))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		if err := h.loadCredential(); err != nil {
			e.text = err.Error()
		} else {
			e.text += "; check the value in http.credential_file (--http-credential-file) and what it is allowed to"
		}
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusGone:
		e.text += "; check the path of the destination"
	case status == http.StatusProxyAuthRequired, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
	case status/100 == 4:
		e.poison = h.dest.Body != wire.SplunkHEC || !splunkSetting(answer)
	}
	return e
}

func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil && s > 0 {
		return time.Duration(min(s, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

func (h *httpSender) compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}
