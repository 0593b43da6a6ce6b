package file

import "io"

// MaxRecord is the longest record; of a longer one the beginning is kept and marked.
const MaxRecord = 4 << 20

// window is a part of a stream that slides over it. buf[start:end] is what is there and not consumed.
type window struct {
	r          io.Reader
	buf        []byte
	start, end int
	consumed   int64 // bytes of the stream before start
	err        error // why there is no more; io.EOF at the end
}

func newWindow(r io.Reader) *window { return &window{r: r, buf: make([]byte, 256<<10)} }

func (w *window) data() []byte { return w.buf[w.start:w.end] }

// fill reads more. It returns false at the end of the stream.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if w.start > 0 {
		copy(w.buf, w.buf[w.start:w.end])
		w.end -= w.start
		w.start = 0
	}
	if w.end == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for range 100 { // io.Reader may return nothing, but not for ever
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		if err != nil {
			w.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// drop consumes n bytes.
func (w *window) drop(n int) {
	w.start += n
	w.consumed += int64(n)
}

// damage is why the stream ended, if that was too early.
func (w *window) damage() error {
	if w.err == io.EOF {
		return nil
	}
	return w.err
}
