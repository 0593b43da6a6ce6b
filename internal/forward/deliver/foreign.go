package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"kiroku/internal/forward/wire"
)

// What answers on the port may be no syslog receiver: a web server, or one for TLS. Some of them read what comes, close
// cleanly, and say nothing; when our half-close is faster than that end, it looks like a confirmation. So a receiver has to
// prove itself at the beginning and after each failure: it keeps the connection open for a moment with all records read or
// in its kernel, and says nothing. A moment is proofTime, less for a receiver that was seen to close what is idle; but an
// end that comes as soon as that of an empty connection (haste) is an answer to the records, however busy the machine is.
//
// A connection that waits for a server that is busy with others is open and silent, too: the kernel made it, and the server
// does not know of it yet. So an empty connection goes first (behind ours before a flush of ConfirmWindow), and the proof
// begins when its end was answered: servers take connections in their order, so ours is next. With TLS the handshake tells.
//
// What is left, each without a word about what was sent, and with a clean end: a server that takes one connection after the
// other and was kept busy for proofTime by a third party that came between our two; one that three times in a row closed
// late (haste) after it had closed empty connections at once; one that lets ConfirmWindow wait for quietTime.
const (
	proofTime    = 300 * time.Millisecond // that an unknown receiver keeps the connection open before we close our side
	leastProof   = 10 * time.Millisecond  // the same for one that closes what is idle, which it has to have done idleProofs times
	idleProofs   = 2
	foreignProof = time.Second            // the same for one that once said something
	proofLook    = 2 * time.Millisecond   // from one look to the next
	saidBytes    = 60                     // of what it says that we quote
	saidTime     = 200 * time.Millisecond // to wait for the rest of them
)

var (
	errForeign = errors.New("it answers, but not as a syslog receiver does")
	errShut    = errors.New("it closes as soon as records come")
)

// foreignError says that the other side sent something: a syslog receiver says nothing.
type foreignError struct{ said string }

func (e *foreignError) Error() string { return fmt.Sprintf("%v: %q", errForeign, e.said) }
func (e *foreignError) Unwrap() error { return errForeign }

// listen reads what a syslog receiver should not send: anything is an error.
func (c *conn) listen(r io.Reader) error {
	said := make([]byte, saidBytes)
	n, err := io.ReadAtLeast(r, said, 1)
	c.moved.Add(int64(n))
	if n > 0 {
		_ = c.w.SetReadDeadline(time.Now().Add(saidTime))
		more, _ := io.ReadFull(r, said[n:])
		return &foreignError{string(said[:n+more])}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && c.w != c.raw {
		return io.EOF // TLS without close_notify: the FIN alone
	}
	if errors.Is(err, io.EOF) && c.w != c.raw {
		return c.afterNotify()
	}
	return err
}

// explainForeign says what it is that begins to talk like that, and what to do.
func explainForeign(said string) string {
	b := []byte(said)
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/")), bytes.HasPrefix(b, []byte("<")):
		return "a web server answers: use http:// or https:// if it takes events, else the port of the syslog receiver"
	case bytes.HasPrefix(b, []byte("SSH-")):
		return "an SSH server answers: use the port of the syslog receiver"
	case len(b) >= 2 && b[0] == 0x15 && b[1] == 3:
		return "the port answers with TLS: use tls:// instead of tcp://"
	case bytes.HasPrefix(b, []byte("220 ")), bytes.HasPrefix(b, []byte("+OK")), bytes.HasPrefix(b, []byte("* OK")):
		return "a mail or FTP server answers: use the port of the syslog receiver"
	}
	return "a syslog receiver says nothing: check host and port; nothing is confirmed there"
}

// prove waits, while the receiver is not trusted, until it has kept the connection open and silent for a moment behind the
// last record.
func (d *Deliverer) prove(ctx context.Context, c *conn, w *writer, n int) error {
	if d.trusts(c.target) {
		return nil
	}
	wait := proofTime
	if d.closes >= idleProofs {
		wait = min(wait, max(leastProof, d.idle))
	}
	wait = max(wait, d.haste())
	if d.foreign != nil {
		wait = foreignProof
	}
	defer c.busy.Store(false)
	tick := time.NewTicker(proofLook)
	defer tick.Stop()
	for since := w.last; time.Since(since) < wait; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.ended:
			return d.endedOpen(c, n, w.last)
		case <-tick.C:
		}
		waiting := 0
		if c.sys != nil {
			waiting, _ = unacknowledged(c.sys)
		}
		if waiting > 0 {
			since = time.Now()
		}
		c.busy.Store(waiting > 0)
	}
	return nil
}

// haste is the longest that an end can take which is an answer to the first bytes: what it took to answer the end of an empty
// connection, and more, as a busy machine does not take the same time twice. But that connection may have waited for the server
// to be done with others, which ours behind it does not.
func (d *Deliverer) haste() time.Duration { return min(max(leastProof, 4*d.answer), foreignProof) }

// trust says that the receiver has proved itself.
func (d *Deliverer) trust(t target) { d.trusted, d.foreign = &t, nil }

func (d *Deliverer) trusts(t target) bool { return d.trusted != nil && *d.trusted == t }

// openStranger connects to a target that has to prove itself: behind an empty connection, whose end it has to answer.
func (d *Deliverer) openStranger(ctx context.Context, t target) (*conn, error) {
	if t.tls {
		return d.openTo(ctx, t, nil)
	}
	raw, err := d.dial(ctx, t)
	if err != nil {
		return nil, err
	}
	c, err := d.openTo(ctx, t, nil)
	if err != nil {
		raw.Close()
		return nil, err
	}
	if err := d.knock(ctx, raw, t); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// knock ends an empty connection and waits for the answer.
func (d *Deliverer) knock(ctx context.Context, raw net.Conn, t target) error {
	empty := watch(raw, raw, t, d.stall()/4, nil) // sooner: another of ours may be in front of it, where too many wait
	defer empty.Close()
	began := time.Now()
	if err := empty.finish(ctx); err != nil {
		return fmt.Errorf("%s does not answer the end of an empty connection (if it never does, use --confirm window): %w", t, err)
	}
	d.answer = empty.at.Sub(began)
	return nil
}

// distrust makes the receiver prove itself anew, and returns the error to tell of: what it once said explains its later
// ends better than they do themselves.
func (d *Deliverer) distrust(err error) error {
	known := d.trusted != nil
	d.trusted = nil
	var foreign *foreignError
	if errors.As(err, &foreign) {
		d.foreign = err
		return err
	}
	if d.foreign != nil && isEnd(err) {
		return d.foreign
	}
	plain := d.dest.Confirm == wire.ConfirmHalfClose || d.dest.Confirm == wire.ConfirmWindow
	if plain && !known && isEnd(err) && !errors.Is(err, errShut) {
		return fmt.Errorf("%w: %w", errShut, err)
	}
	return err
}
