package file

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"kiroku/internal/fault"
)

const (
	maxNesting = 8         // archives in archives
	maxWindow  = 128 << 20 // memory of one zstd frame, as of zstd --long
	headBytes  = 512       // enough to know every format
)

// Damage says what is wrong with a file or a member of it, and where.
type Damage struct {
	Path    string // of the file
	Member  string // path within the archive; empty: the file itself
	Format  string // gzip, zstd, tar; empty: the file itself
	At      int64  // bytes of Format's output that are good
	Records int64  // records of the member before it, which are stored
	Err     error
}

func (d *Damage) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "read %q", d.Path)
	if d.Member != "" {
		fmt.Fprintf(&b, ", member %q", d.Member)
	}
	if d.Format != "" {
		fmt.Fprintf(&b, ": %s", d.Format)
	}
	fmt.Fprintf(&b, ": %v", text(d.Err))
	if d.Format != "" {
		fmt.Fprintf(&b, " after %d unpacked bytes", d.At)
	}
	if d.Format != "" || d.Records > 0 {
		fmt.Fprintf(&b, "; records before it: %d", d.Records)
	}
	return b.String()
}

func (d *Damage) Unwrap() error { return d.Err }

// text says what the libraries' errors mean.
func text(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the file ends too early: it is cut off"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return "the checksum is wrong: the content was changed"
	case errors.Is(err, gzip.ErrHeader):
		return "there is something else where the next gzip member should begin"
	case errors.Is(err, tar.ErrHeader):
		return "a header is damaged"
	}
	return err.Error()
}

// coded remembers which decoder failed, and how far it had come.
type coded struct {
	r      io.Reader
	format string
	n      int64
}

// formatError is an error of a decoder.
type formatError struct {
	format string
	at     int64
	err    error
}

func (e *formatError) Error() string { return e.err.Error() }
func (e *formatError) Unwrap() error { return e.err }

func (c *coded) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	var inner *formatError
	if err != nil && err != io.EOF && !errors.As(err, &inner) {
		err = &formatError{c.format, c.n, err}
	}
	return n, err
}

// format is what a file is, by its first bytes.
type format uint8

const (
	plain format = iota
	gzipped
	zstandard
	tarball
)

// formatOf reads the first bytes; formats that are archives but not ours are refused, for their bytes are no records.
func formatOf(head []byte) (format, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}), isSkippable(head):
		return zstandard, nil
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return tarball, nil
	}
	for _, f := range []struct{ magic, name, tool string }{
		{"PK\x03\x04", "a zip archive", "unzip"},
		{"BZh", "compressed by bzip2", "bunzip2"},
		{"\xfd7zXZ\x00", "compressed by xz", "unxz"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x"},
		{"PAR1", "a Parquet file", "a tool that writes JSON lines"},
		{"SQLite format 3\x00", "an SQLite database", "a tool that writes JSON lines"},
		{"\xff\xfe", "text in UTF-16", "iconv -f utf-16 -t utf-8"},
		{"\xfe\xff", "text in UTF-16", "iconv -f utf-16 -t utf-8"},
	} {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return plain, fault.New(fault.Invalid, fmt.Errorf("it is %s", f.name), fmt.Sprintf("Convert it with %s, and import the result.", f.tool))
		}
	}
	return plain, nil
}

// isSkippable says whether a zstd file begins with a skippable frame (RFC 8878, 3.1.2), as pzstd writes them.
func isSkippable(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18
}
