package file

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// walker takes one file apart.
type walker struct {
	path    string
	member  func(name string, r *bufio.Reader) (records int64, err error) // reads one member to its end
	damages []error
}

// errStop wraps what ends the whole import: it is not about the file.
type errStop struct{ error }

func (e errStop) Unwrap() error { return e.error }

// open opens an item and takes it apart. Its error ends the import; what is wrong with the file is in w.damages.
func (w *walker) open(stdin io.Reader, count func(int) error) error {
	in := stdin
	if w.path != Stdin {
		f, err := os.Open(w.path)
		if err != nil {
			w.damages = append(w.damages, fmt.Errorf("read file: %w", err))
			return nil
		}
		defer f.Close()
		in = f
	}
	return w.take(&counted{r: in, count: count}, "", 0)
}

// take reads one stream, which may be compressed or an archive.
func (w *walker) take(in io.Reader, name string, depth int) error {
	br := bufio.NewReaderSize(in, 256<<10)
	head, err := br.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return w.damaged(name, 0, err)
	}
	f, err := formatOf(head)
	if err == nil && f != plain && depth == maxNesting {
		err = fmt.Errorf("there are more than %d archives in each other", maxNesting)
	}
	if err != nil {
		return w.damaged(name, 0, err)
	}
	switch f {
	case gzipped:
		z, err := gzip.NewReader(br)
		if err != nil {
			return w.damaged(name, 0, &formatError{"gzip", 0, err})
		}
		defer z.Close()
		z.Multistream(false)
		return w.take(&coded{r: &gzipMembers{z: z, br: br}, format: "gzip"}, name, depth+1)
	case zstandard:
		z, err := zstd.NewReader(br, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return w.damaged(name, 0, &formatError{"zstd", 0, err})
		}
		defer z.Close()
		return w.take(&coded{r: z, format: "zstd"}, name, depth+1)
	case tarball:
		return w.tar(br, name, depth)
	}
	n, err := w.member(name, br)
	if err != nil {
		return w.damaged(name, n, err)
	}
	return nil
}

// gzipMembers reads gzip members one after another. As gzip itself does, it takes zeros behind the last one for what
// fills up a block of a tape or disk.
type gzipMembers struct {
	z   *gzip.Reader // of one member
	br  *bufio.Reader
	err error // why there are no more
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for g.err == nil {
		if n, err := g.z.Read(p); err != io.EOF || n > 0 {
			return n, err
		}
		g.err = g.next()
	}
	return 0, g.err
}

// next goes to the next member; io.EOF when there is none.
func (g *gzipMembers) next() error {
	head, err := g.br.Peek(2)
	switch {
	case len(head) == 0:
		return err
	case string(head) == "\x1f\x8b":
		if err := g.z.Reset(g.br); err != nil {
			return err
		}
		g.z.Multistream(false)
		return nil
	}
	for {
		c, err := g.br.ReadByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return gzip.ErrHeader
		}
	}
}

// tar takes every regular file of an archive.
func (w *walker) tar(r io.Reader, name string, depth int) error {
	in := &coded{r: r, format: "tar"}
	tr := tar.NewReader(in)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return w.damaged(name, 0, wrap("tar", in.n, err))
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := w.take(tr, join(name, h.Name), depth+1); err != nil {
			return err
		}
	}
}

// damaged notes what is wrong with a member; errors that are not about it are passed on.
func (w *walker) damaged(name string, records int64, err error) error {
	var stop errStop
	if errors.As(err, &stop) {
		return stop.error
	}
	d := &Damage{Path: w.path, Member: name, Records: records, Err: err}
	var fe *formatError
	if errors.As(err, &fe) {
		d.Format, d.At, d.Err = fe.format, fe.at, fe.err
	}
	if !slices.ContainsFunc(w.damages, func(e error) bool { return sameCause(e, d) }) {
		w.damages = append(w.damages, d)
	}
	return nil
}

// sameCause says whether d only repeats e: the archive around a member that is cut off is cut off itself.
func sameCause(e error, d *Damage) bool {
	var earlier *Damage
	return errors.As(e, &earlier) && errors.Is(earlier.Err, io.ErrUnexpectedEOF) && errors.Is(d.Err, io.ErrUnexpectedEOF) &&
		len(earlier.Member) > len(d.Member)
}

func wrap(format string, at int64, err error) error {
	var inner *formatError
	if errors.As(err, &inner) {
		return err
	}
	return &formatError{format, at, err}
}

func join(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "!" + inner
}

// counted counts what is read of a file, and stops when that fails.
type counted struct {
	r     io.Reader
	count func(int) error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if stop := c.count(n); stop != nil {
		return 0, errStop{stop}
	}
	return n, err
}
