package receive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// stream is one connection of syslog or RELP.
type stream struct {
	r         *Receiver
	conn      net.Conn
	in        *bufio.Reader
	peer      string
	transport string
	line      []byte
}

// frames reads a connection of syslog to its end. Everything has its receipt before we close: that tells a sender that waits
// for our end that it was taken.
func (s *stream) frames() error {
	framing, err := s.guess()
	for err == nil {
		var line []byte
		if line, err = s.frame(framing); err != nil {
			break
		}
		if len(line) > 0 {
			err = s.r.take(&Record{Transport: s.transport, Peer: s.peer, Framing: framing, Line: line})
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, ErrClose) {
		if err = s.r.sync(); err == nil {
			return s.conn.Close()
		}
	}
	return s.abort(err)
}

// abort ends a connection so that the sender knows it was not all taken.
func (s *stream) abort(err error) error {
	c := s.conn
	for {
		if t, ok := c.(interface{ NetConn() net.Conn }); ok {
			c = t.NetConn()
			continue
		}
		if ahead, ok := c.(*readAhead); ok {
			c = ahead.Conn
			continue
		}
		break
	}
	if t, ok := c.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
	return err
}

// guess tells the framing from the first bytes (RFC 6587): "123 <" counts octets, a NUL in front of the first line feed ends
// records, else line feeds do.
func (s *stream) guess() (string, error) {
	for n := 1; ; n++ {
		b, err := s.in.Peek(n)
		if err != nil {
			if len(b) > 0 && (errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull)) {
				return "lf", nil
			}
			return "", err
		}
		b, _ = s.in.Peek(s.in.Buffered())
		n = len(b)
		if count := countLength(b); count > 0 {
			return "octet", nil
		}
		if i := bytes.IndexAny(b, "\n\x00"); i >= 0 {
			if b[i] == 0 {
				return "nul", nil
			}
			return "lf", nil
		}
	}
}

// countLength returns the length of "123 " at the start, 0 when there is none.
func countLength(b []byte) int {
	i := 0
	for i < len(b) && i < 8 && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == 0 || b[0] == '0' || i == len(b) || b[i] != ' ' {
		return 0
	}
	return i + 1
}

// frame returns the next record, valid until the next call. io.EOF: the sender has closed behind a whole record.
func (s *stream) frame(framing string) ([]byte, error) {
	switch framing {
	case "octet":
		return s.counted()
	case "nul":
		return s.until(0)
	}
	line, err := s.until('\n')
	return bytes.TrimSuffix(line, []byte{'\r'}), err
}

func (s *stream) until(end byte) ([]byte, error) {
	s.line = s.line[:0]
	for {
		part, err := s.in.ReadSlice(end)
		if len(s.line)+len(part) > s.r.o.MaxBytes {
			return nil, fmt.Errorf("a record is longer than %d bytes", s.r.o.MaxBytes)
		}
		if err == nil && len(s.line) == 0 {
			return part[:len(part)-1], nil
		}
		s.line = append(s.line, part...)
		switch {
		case err == nil:
			return s.line[:len(s.line)-1], nil
		case errors.Is(err, io.EOF) && len(s.line) > 0:
			return nil, fmt.Errorf("the last record has no end (%d bytes): %w", len(s.line), io.ErrUnexpectedEOF)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

func (s *stream) counted() ([]byte, error) {
	head, err := s.in.ReadSlice(' ')
	if err != nil {
		if errors.Is(err, io.EOF) && len(bytes.TrimRight(head, "\r\n")) == 0 {
			return nil, io.EOF
		}
		if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("expected the length of a record, got %.20q", head)
		}
		return nil, err
	}
	head = bytes.TrimLeft(head, "\r\n")
	n, err := strconv.Atoi(string(bytes.TrimSuffix(head, []byte{' '})))
	if err != nil || n < 1 {
		return nil, fmt.Errorf("expected the length of a record, got %.20q", head)
	}
	return s.exactly(n)
}

// exactly reads n bytes. Memory grows with what comes.
func (s *stream) exactly(n int) ([]byte, error) {
	if n > s.r.o.MaxBytes {
		return nil, fmt.Errorf("a record is %d bytes long, more than %d", n, s.r.o.MaxBytes)
	}
	s.line = s.line[:0]
	for len(s.line) < n {
		part := min(n-len(s.line), 64<<10)
		start := len(s.line)
		s.line = append(s.line, make([]byte, part)...)
		if _, err := io.ReadFull(s.in, s.line[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("a record is cut off: %w", err)
		}
	}
	return s.line, nil
}
