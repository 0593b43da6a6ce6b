package trailfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits that hold where Options say nothing.
const (
	MaxRecord = 4 << 20 // CloudTrail's own limit is 1 MB; of a longer record the beginning is kept
	MaxBytes  = 2 << 30 // a file of 50 MB compressed is at most about 1 GB uncompressed
)

// What can be wrong with a file. All of them are about its bytes: reading it again gives the same.
var (
	ErrTrailing  = errors.New("there are bytes behind the end of the compressed stream")
	ErrCorrupt   = errors.New("the compressed stream is damaged")
	ErrCut       = errors.New("the file ends too early: it is cut off")
	ErrSyntax    = errors.New("the file is not JSON")
	ErrNoRecords = errors.New(`the file has no list "Records"`)
	ErrTooLong   = errors.New("the file is too long uncompressed")
)

// IsDamage says whether err is about the bytes of the file. Other errors are those of the reader below: try again.
func IsDamage(err error) bool {
	for _, kind := range []error{ErrTrailing, ErrCorrupt, ErrCut, ErrSyntax, ErrNoRecords, ErrTooLong} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// Options are limits; zero values mean the constants above.
type Options struct {
	MaxRecord int   // bytes of one record
	MaxBytes  int64 // uncompressed bytes of the file
}

// Record is one element of the list.
type Record struct {
	Index int64 // its place in the file, from 0
	// Data is the element as it stands in the file, without the space around it. It is valid until the next call of Next.
	Data []byte
	// Truncated says that Data is only the beginning: the record is longer than MaxRecord, or the file ends within it.
	Truncated bool
}

// Reader reads the records of one file. It is not safe for concurrent use.
type Reader struct {
	w     window
	opt   Options
	state state
	bare  bool // the list stands at the top, outside of an object
	found bool // a list was found
	index int64
	err   error
}

// state is where in the text the next byte stands.
type state uint8

const (
	atStart  state = iota // before the first byte: there may be a byte order mark
	atTop                 // between values at the top
	inObject              // in an object at the top, before a key or its end
	inList                // in the list, before an element or its end
)

// NewReader reads the file r. What r's first bytes are decides whether it is decompressed.
func NewReader(r io.Reader, opt Options) *Reader {
	if opt.MaxRecord == 0 {
		opt.MaxRecord = MaxRecord
	}
	if opt.MaxBytes == 0 {
		opt.MaxBytes = MaxBytes
	}
	t := &Reader{opt: opt}
	t.w.max = opt.MaxBytes
	t.w.r.in = bufio.NewReaderSize(&t.w.r.below, blockSize)
	t.Reset(r)
	return t
}

// Reset makes the reader read another file, with the memory that it has.
func (r *Reader) Reset(file io.Reader) {
	r.w.reset(file)
	r.state, r.bare, r.found, r.index, r.err = atStart, false, false, 0, nil
}

// Bytes is how much of the uncompressed file was read.
func (r *Reader) Bytes() int64 { return r.w.read }

// Next returns the next record; io.EOF at the end of a file that is whole, else why it ended: see IsDamage.
func (r *Reader) Next() (Record, error) {
	for r.err == nil {
		c, ok := r.w.peek()
		if !ok {
			r.err = r.end()
			break
		}
		switch r.state {
		case atStart:
			if c == 0xef && r.w.has(3) && bytes.Equal(r.w.data()[:3], []byte("\xef\xbb\xbf")) {
				r.w.drop(3)
			}
			r.state = atTop
		case atTop:
			r.top(c)
		case inObject:
			r.member(c)
		case inList:
			rec, ok := r.element(c)
			if ok {
				return rec, nil
			}
		}
	}
	return Record{}, r.err
}

// end is what Next returns when there is no more text.
func (r *Reader) end() error {
	switch err := r.w.failure(); {
	case err != nil && !errors.Is(err, ErrTrailing):
		return fmt.Errorf("after %d records and %d bytes: %w", r.index, r.w.read, err)
	case r.state > atTop:
		return fmt.Errorf("after %d records and %d bytes: %w", r.index, r.w.read, ErrCut)
	case !r.found:
		return ErrNoRecords
	case err != nil:
		return err
	}
	return io.EOF
}

func (r *Reader) syntax(want string, c byte) {
	r.err = fmt.Errorf("at byte %d: %q where %s should be: %w", r.w.at(), c, want, ErrSyntax)
}

// top reads what stands between values at the top.
func (r *Reader) top(c byte) {
	switch {
	case isSpace(c):
		r.w.drop(1)
	case c == '{':
		r.w.drop(1)
		r.state = inObject
	case c == '[':
		r.w.drop(1)
		r.state, r.bare, r.found = inList, true, true
	default:
		r.syntax("{ or [", c)
	}
}

// member reads one member of an object at the top, up to the list's bracket if it is "Records".
func (r *Reader) member(c byte) {
	switch {
	case isSpace(c), c == ',':
		r.w.drop(1)
		return
	case c == '}':
		r.w.drop(1)
		r.state = atTop
		return
	case c != '"':
		r.syntax("a key", c)
		return
	}
	x := r.value(maxKey)
	records := x.whole && !x.cut && string(r.w.data()[:x.n]) == `"Records"`
	r.w.drop(x.n)
	if !r.colon() {
		return
	}
	c, ok := r.w.peek()
	switch {
	case !ok:
	case records && c == '[':
		r.w.drop(1)
		r.state, r.bare, r.found = inList, false, true
	case c == ',' || c == '}' || c == ']':
		r.syntax("a value", c)
	default:
		x := r.value(maxKey)
		if records && x.whole && string(r.w.data()[:x.n]) == "null" {
			r.found = true
		}
		r.w.drop(x.n)
	}
}

// maxKey is how much of a key, or of the value of another key, stays in memory.
const maxKey = 64

// colon passes over the colon between key and value, and the space around it.
func (r *Reader) colon() bool {
	seen := false
	for {
		c, ok := r.w.peek()
		switch {
		case !ok:
			return false // Next finds out why
		case c == ':' && !seen:
			seen = true
		case !isSpace(c):
			if !seen {
				r.syntax(":", c)
			}
			return seen
		}
		r.w.drop(1)
	}
}

// element reads the next element of the list. It returns false when something else stood there.
func (r *Reader) element(c byte) (Record, bool) {
	switch {
	case isSpace(c), c == ',':
		r.w.drop(1)
		return Record{}, false
	case c == ']':
		r.w.drop(1)
		r.state = inObject
		if r.bare {
			r.state = atTop
		}
		return Record{}, false
	case c == '}' || c == ':':
		r.syntax("a record", c)
		return Record{}, false
	}
	x := r.value(r.opt.MaxRecord)
	if err := r.w.failure(); !x.whole && err != nil && !IsDamage(err) || errors.Is(err, ErrTooLong) {
		r.w.drop(len(r.w.data()))
		return Record{}, false // what is there is no record, and the rest may come another time
	}
	n := min(x.n, r.opt.MaxRecord)
	rec := Record{Index: r.index, Data: r.w.data()[:n:n], Truncated: !x.whole || x.cut || x.n > n}
	r.w.drop(x.n)
	r.index++
	return rec, true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
