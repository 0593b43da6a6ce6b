package trailfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// members is the text of a file: its bytes, or those of its gzip members one after another.
type members struct {
	in    *bufio.Reader
	below below
	zip   *gzip.Reader
	known bool // what the file is
	plain bool
}

// below remembers the error of the reader that was given to us, to tell it from those of the decoder.
type below struct {
	r   io.Reader
	err error
}

func (b *below) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func (m *members) reset(r io.Reader) {
	m.below = below{r: r}
	m.in.Reset(&m.below)
	m.known = false
}

func (m *members) Read(p []byte) (int, error) {
	if !m.known {
		head, _ := m.in.Peek(2) // an error comes again when reading
		m.known, m.plain = true, !isGzip(head)
		if err := m.open(); err != nil {
			return 0, err
		}
	}
	if m.plain {
		return m.in.Read(p)
	}
	for {
		n, err := m.zip.Read(p)
		switch {
		case err == io.EOF:
			err = m.next()
		case err != nil:
			err = m.cause(err)
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func isGzip(head []byte) bool { return len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b }

// open begins with the first member.
func (m *members) open() error {
	if m.plain {
		return nil
	}
	if m.zip == nil {
		m.zip = new(gzip.Reader)
	}
	if err := m.zip.Reset(m.in); err != nil {
		return m.cause(err)
	}
	m.zip.Multistream(false)
	return nil
}

// next goes on with the next member. It returns io.EOF when there is none.
func (m *members) next() error {
	head, err := m.in.Peek(2)
	switch {
	case m.below.err != nil:
		return m.below.err
	case len(head) == 0:
		return io.EOF
	case err != nil || !isGzip(head):
		return ErrTrailing
	}
	if err := m.zip.Reset(m.in); err != nil {
		if m.below.err != nil {
			return m.below.err
		}
		return ErrTrailing
	}
	m.zip.Multistream(false)
	return nil
}

// cause words an error of the decoder, or returns that of the reader below.
func (m *members) cause(err error) error {
	switch {
	case m.below.err != nil:
		return m.below.err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrCut
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
