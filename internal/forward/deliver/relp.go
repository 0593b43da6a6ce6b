package deliver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"kiroku/internal/forward/wire"
)

// RELP, the Reliable Event Logging Protocol: each record is a command with a number, which the receiver answers when it has
// processed it.
//
//	NUMBER SP COMMAND SP LENGTH [SP DATA] LF
const (
	relpWindow  = 128             // commands without an answer
	relpRefill  = relpWindow - 16 // a write is worth it when this many are without an answer
	relpNumbers = 999_999_999     // the last number; 1 follows
	relpOffer   = "relp_version=0\nrelp_software=kiroku\ncommands=syslog"
	maxRELPData = 128 << 10 // of an answer
)

var (
	errRELP    = errors.New("it answers, but not in RELP")
	errNoOpen  = errors.New("it does not answer the opening of RELP")
	errUnheard = errors.New("after TLS, it does not answer the opening of RELP")
	errClosed  = errors.New("it refuses the session")
	errNoLogs  = errors.New("it does not offer the command syslog")
	errUntaken = errors.New("it could not process a record")
)

// noRELPError is what something says that speaks no RELP.
type noRELPError struct{ said string }

func (e *noRELPError) Error() string { return fmt.Sprintf("%v: it begins %q", errRELP, e.said) }
func (e *noRELPError) Unwrap() error { return errRELP }

// beginning keeps the first bytes that are written to it.
type beginning []byte

func (b *beginning) Write(p []byte) (int, error) {
	*b = append(*b, p[:min(len(p), saidBytes-len(*b))]...)
	return len(p), nil
}

// relpSession is one connection from open to close.
type relpSession struct {
	d *Deliverer
	c *conn

	mu     sync.Mutex
	number int    // of pending[0]
	upTo   int64  // index of pending[0]
	acks   []bool // the commands without an answer, or with one that has to wait for those before; the oldest first
	opened chan error
	free   chan struct{} // there is room in the window again
}

// relp is a session over RELP.
func (d *Deliverer) relp(ctx context.Context) error {
	if err := d.waitForMore(ctx); err != nil {
		return err
	}
	s := &relpSession{d: d, number: 2, opened: make(chan error, 1), free: make(chan struct{}, 1)}
	ready := make(chan struct{})
	c, err := d.open(ctx, func(r io.Reader) error {
		<-ready
		return s.read(r)
	})
	if err != nil {
		close(ready)
		return err
	}
	s.c = c
	close(ready)
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.raw.SetWriteDeadline(time.Unix(1, 0)) })()
	if err := s.open(ctx); err != nil {
		return fmt.Errorf("RELP with %s: %w", c.target, err)
	}
	err = s.send(ctx)
	if ctx.Err() != nil {
		_ = c.raw.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.w.Write(appendCommand(nil, s.next(), "close", nil))
		return ctx.Err()
	}
	if errors.Is(err, errIdleClosed) {
		return nil // nothing was outstanding
	}
	return fmt.Errorf("RELP with %s: %w", c.target, err)
}

// open begins the session.
func (s *relpSession) open(ctx context.Context) error {
	silent := errNoOpen
	if s.c.target.tls {
		silent = errUnheard
	}
	s.c.owed.Add(1)
	if err := s.c.write(appendCommand(nil, 1, "open", []byte(relpOffer))); err != nil {
		if !errors.Is(err, errRELP) {
			err = fmt.Errorf("%w: %w", silent, err)
		}
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-s.opened:
		return err
	case <-s.c.ended:
		err := s.c.early()
		if !errors.Is(err, errRELP) {
			err = fmt.Errorf("%w: %w", silent, err)
		}
		return err
	}
}

func (s *relpSession) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return afterNumber(s.number, len(s.acks))
}

func afterNumber(number, n int) int { return (number-1+n)%relpNumbers + 1 }

// send keeps the window full.
func (s *relpSession) send(ctx context.Context) error {
	var recs []wire.Record
	var buf []byte
	for {
		more, _, changed := s.d.q.state()
		if n := s.room(); more && n > 0 {
			clear(recs)
			recs, buf = s.take(recs[:0], buf[:0], n)
			if err := s.d.limit.wait(ctx, len(recs), len(buf)); err != nil {
				return err
			}
			if err := s.c.write(buf); err != nil {
				return err
			}
			s.d.bytes.Add(int64(len(buf)))
			continue
		}
		if more {
			changed = nil // only room is missing
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.c.ended:
			if idle := s.next() == s.first(); idle && errors.Is(s.c.end, io.EOF) {
				return errIdleClosed
			}
			return s.c.early()
		case <-s.free:
		case <-changed:
		}
	}
}

func (s *relpSession) first() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number
}

// room returns how many commands may be sent, 0 until it is worth a write.
func (s *relpSession) room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.acks) > relpRefill {
		return 0
	}
	return relpWindow - len(s.acks)
}

// take makes commands of the next records.
func (s *relpSession) take(recs []wire.Record, buf []byte, n int) ([]wire.Record, []byte) {
	recs, upTo := s.d.q.take(recs, s.d.limit.portion(n), chunkBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.acks) == 0 {
		s.upTo = upTo - int64(len(recs))
	}
	for i := range recs {
		buf = appendCommand(buf, afterNumber(s.number, len(s.acks)), "syslog", recs[i].Line)
		s.acks = append(s.acks, false)
	}
	s.c.owed.Store(int64(len(s.acks)))
	return recs, buf
}

func appendCommand(dst []byte, number int, command string, data []byte) []byte {
	dst = strconv.AppendInt(dst, int64(number), 10)
	dst = append(append(append(dst, ' '), command...), ' ')
	dst = strconv.AppendInt(dst, int64(len(data)), 10)
	if len(data) > 0 {
		dst = append(append(dst, ' '), data...)
	}
	return append(dst, '\n')
}

// read takes the answers.
func (s *relpSession) read(r io.Reader) error {
	var said beginning
	in := bufio.NewReaderSize(io.TeeReader(r, &said), 8<<10)
	for begun := false; ; {
		if in.Buffered() == 0 && s.c.sys != nil {
			acknowledgeSoon(s.c.sys)
		}
		number, command, data, err := readCommand(in)
		if err != nil && !begun && len(said) > 0 && (errors.Is(err, errRELP) || said[0] < '0' || said[0] > '9') {
			return &noRELPError{string(said)}
		}
		if err != nil {
			return err
		}
		s.c.moved.Add(1)
		switch {
		case command == "serverclose":
			return io.EOF
		case command != "rsp":
			return fmt.Errorf("%w: command %.20q", errRELP, command)
		case !begun:
			if number != 1 {
				return fmt.Errorf("%w: an answer to command %d before the session began", errRELP, number)
			}
			begun = true
			s.c.owed.Add(-1)
			s.opened <- openAnswer(data)
		default:
			if err := s.answered(number, data); err != nil {
				return err
			}
		}
	}
}

func openAnswer(data []byte) error {
	if !isOK(data) {
		return fmt.Errorf("%w: %.200q", errClosed, data)
	}
	for line := range bytes.Lines(data) {
		if commands, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("commands=")); ok {
			for c := range bytes.SplitSeq(commands, []byte(",")) {
				if string(bytes.TrimSpace(c)) == "syslog" {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("%w: %.200q", errNoLogs, data)
}

func isOK(data []byte) bool { return bytes.HasPrefix(data, []byte("200")) }

// answered confirms a command. Answers may come in another order than the commands; only what has no gap in front of it
// is confirmed.
func (s *relpSession) answered(number int, data []byte) error {
	if !isOK(data) {
		return fmt.Errorf("%w: %.200q", errUntaken, data)
	}
	s.mu.Lock()
	i := (number - s.number + relpNumbers) % relpNumbers
	if number < 1 || number > relpNumbers || i >= len(s.acks) {
		s.mu.Unlock()
		return fmt.Errorf("%w: an answer to command %d, which was not sent", errRELP, number)
	}
	s.acks[i] = true
	n := 0
	for n < len(s.acks) && s.acks[n] {
		n++
	}
	s.acks = append(s.acks[:0], s.acks[n:]...)
	s.number = afterNumber(s.number, n)
	s.upTo += int64(n)
	upTo := s.upTo
	s.c.owed.Store(int64(len(s.acks)))
	room := len(s.acks) <= relpRefill
	s.mu.Unlock()
	if n > 0 {
		s.d.arrived(upTo)
	}
	if room {
		select {
		case s.free <- struct{}{}:
		default:
		}
	}
	return nil
}

// readCommand reads one command or answer.
func readCommand(in *bufio.Reader) (number int, command string, data []byte, err error) {
	head, err := readWord(in, 10, ' ')
	if err != nil {
		return 0, "", nil, err
	}
	if number, err = strconv.Atoi(head); err != nil || number < 0 {
		return 0, "", nil, fmt.Errorf("%w: %.20q", errRELP, head)
	}
	if command, err = readWord(in, 33, ' '); err != nil {
		return 0, "", nil, err
	}
	size, last, err := readSize(in)
	if err != nil {
		return 0, "", nil, err
	}
	if size > 0 && last == ' ' {
		data = make([]byte, size)
		if _, err := io.ReadFull(in, data); err != nil {
			return 0, "", nil, err
		}
	} else if size > 0 {
		return 0, "", nil, fmt.Errorf("%w: the data of a command are missing", errRELP)
	}
	for last != '\n' {
		if last, err = in.ReadByte(); err != nil {
			return 0, "", nil, err
		}
		if last != '\n' {
			return 0, "", nil, fmt.Errorf("%w: no line feed behind a command", errRELP)
		}
	}
	return number, command, data, nil
}

func readWord(in *bufio.Reader, limit int, end byte) (string, error) {
	var word []byte
	for {
		c, err := in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == end {
			return string(word), nil
		}
		if word = append(word, c); len(word) >= limit {
			return "", fmt.Errorf("%w: it begins %q", errRELP, word)
		}
	}
}

// readSize reads the length of the data and the byte behind it.
func readSize(in *bufio.Reader) (size int, last byte, err error) {
	for digits := 0; ; digits++ {
		c, err := in.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		if (c == ' ' || c == '\n') && digits > 0 {
			return size, c, nil
		}
		if c < '0' || c > '9' {
			return 0, 0, fmt.Errorf("%w: a length with %q", errRELP, c)
		}
		if size = size*10 + int(c-'0'); size > maxRELPData {
			return 0, 0, fmt.Errorf("%w: an answer of %d bytes", errRELP, size)
		}
	}
}
