package digest

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Limits of what is read, far above what CloudTrail writes: a log file holds at most 50 MB, a digest names the log files of
// an hour. A file above is not CloudTrail's; it may be made to keep a verifier busy.
const (
	maxDigest = 16 << 20 // bytes, uncompressed; held in memory, as many as Options.Workers
	maxLog    = 1 << 30  // bytes, uncompressed; streamed
)

// Errors of a file's form.
var (
	errTrailing = errors.New("unexpected data after end of compressed stream")
	errTooLong  = errors.New("longer than any file of CloudTrail")
)

// formError is an error of the bytes that were read, where every other one is an error of reading them.
type formError struct{ err error }

func (e *formError) Error() string { return e.err.Error() }
func (e *formError) Unwrap() error { return e.err }

// inflater decompresses one gzip member after the other; its parts are costly to make.
type inflater struct {
	in   *bufio.Reader
	zip  gzip.Reader
	hash hash.Hash
	buf  []byte
}

// inflaters keeps them for reuse by all workers of one verification.
type inflaters struct{ pool sync.Pool }

func newInflaters() *inflaters {
	return &inflaters{sync.Pool{New: func() any {
		return &inflater{in: bufio.NewReaderSize(nil, 64<<10), hash: sha256.New(), buf: make([]byte, 64<<10)}
	}}}
}

// hashOf is the lower-case hex SHA-256 of what r holds uncompressed.
func (p *inflaters) hashOf(r io.Reader) (sum string, n int64, err error) {
	f := p.pool.Get().(*inflater)
	defer p.pool.Put(f)
	f.hash.Reset()
	n, err = f.inflate(f.hash, r, maxLog)
	if err != nil {
		return "", n, err
	}
	return hex.EncodeToString(f.hash.Sum(nil)), n, nil
}

// content is what r holds uncompressed.
func (p *inflaters) content(r io.Reader) ([]byte, error) {
	f := p.pool.Get().(*inflater)
	defer p.pool.Put(f)
	var out buffer
	_, err := f.inflate(&out, r, maxDigest)
	return out, err
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// inflate writes what r holds uncompressed. r must be one gzip member and nothing after it: a second member is read by most
// tools as more of the file, but takes no part in CloudTrail's hash. A file that is not compressed at all is taken as it is,
// because tools that copy buckets decompress; its hash says whether it is the same.
func (f *inflater) inflate(w io.Writer, r io.Reader, limit int64) (int64, error) {
	source := &sourceReader{r: r}
	f.in.Reset(source)
	defer f.in.Reset(nil)
	magic, err := f.in.Peek(2)
	if source.err != nil {
		return 0, source.err
	}
	var from io.Reader = f.in
	compressed := err == nil && magic[0] == 0x1f && magic[1] == 0x8b
	if compressed {
		if err := f.zip.Reset(f.in); err != nil {
			return 0, source.wrong(err)
		}
		f.zip.Multistream(false)
		from = &f.zip
	}
	n, err := io.CopyBuffer(w, io.LimitReader(from, limit+1), f.buf)
	switch {
	case err != nil:
		return n, source.wrong(err)
	case n > limit:
		return n, &formError{errTooLong}
	case compressed:
		if _, err := f.in.ReadByte(); err == nil {
			return n, &formError{errTrailing}
		}
	}
	if source.err != nil {
		return n, source.err
	}
	if n == 0 && !compressed {
		return 0, &formError{errors.New("the file is empty")}
	}
	return n, nil
}

// sourceReader remembers an error of reading, to tell it from what decompression makes of the bytes.
type sourceReader struct {
	r   io.Reader
	err error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = fmt.Errorf("read: %w", err)
	}
	return n, err
}

func (s *sourceReader) wrong(err error) error {
	if s.err != nil {
		return s.err
	}
	return &formError{err}
}
