package trailfile

import (
	"errors"
	"io"
)

// blockSize is how much is read at once.
const blockSize = 64 << 10

// keepSize is how much memory is kept for the next file.
const keepSize = 4 * blockSize

// window is the part of the text that is looked at: buf[start:end] is read and not dropped.
type window struct {
	r          members
	buf        []byte
	start, end int
	read       int64 // bytes of text so far
	max        int64
	err        error // why there is no more
}

func (w *window) reset(file io.Reader) {
	if len(w.buf) > keepSize {
		w.buf = nil
	}
	w.r.reset(file)
	w.start, w.end, w.read, w.err = 0, 0, 0, nil
}

func (w *window) data() []byte { return w.buf[w.start:w.end] }

// at is the place in the text of the window's first byte.
func (w *window) at() int64 { return w.read - int64(w.end-w.start) }

func (w *window) peek() (byte, bool) {
	if w.start == w.end && !w.fill() {
		return 0, false
	}
	return w.buf[w.start], true
}

// has says whether the window has n bytes, and reads them if need be.
func (w *window) has(n int) bool {
	for w.end-w.start < n {
		if !w.fill() {
			return false
		}
	}
	return true
}

func (w *window) drop(n int) { w.start += n }

// discard takes the bytes from keep up to n out of the window.
func (w *window) discard(keep, n int) {
	w.end = w.start + keep + copy(w.buf[w.start+keep:], w.buf[w.start+n:w.end])
}

// fill reads more. It returns false when there is no more.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if w.read >= w.max {
		w.err = ErrTooLong
		return false
	}
	if w.start > 0 && len(w.buf)-w.end < blockSize/2 {
		copy(w.buf, w.buf[w.start:w.end])
		w.start, w.end = 0, w.end-w.start
	}
	if len(w.buf)-w.end < blockSize/2 {
		w.buf = append(w.buf, make([]byte, max(len(w.buf), blockSize))...)
	}
	for range 100 { // a reader may return nothing, but not for ever
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		w.read += int64(n)
		w.err = err
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

// failure is why the text ended, if that was not its end.
func (w *window) failure() error {
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.err
}
