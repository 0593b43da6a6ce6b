package syslog

import (
	"bytes"
	"unicode/utf8"
)

// frame is one record of a stream. Its data is a part of the buffer that it was found in.
type frame struct {
	data      []byte // nil: there is no frame
	truncated bool   // data is the head of a frame longer than the limit
	malformed bool   // data is a run of bytes that belongs to no frame
}

// framingStats count what the framing of one stream was like.
type framingStats struct {
	malformed  uint64 // runs of bytes that belong to no frame
	miscounted uint64 // octet counts that were proved wrong
	oversized  uint64 // frames longer than the limit
	framing    uint64 // bytes of counts, delimiters and padding
	discarded  uint64 // bytes behind the limit of oversized frames
}

// framer cuts a stream into frames. It decides for every frame anew how it is delimited:
//
//   - "N <PRI>" is a frame of N octets (RFC 6587 §3.4.1). It is believed only with one to ten digits, one space and a
//     complete PRI, since text such as "54 <1 minute elapsed" occurs. What the frame contains does not matter.
//   - LF, CR and NUL between frames are skipped, and so is an empty frame ("0 "), and a byte order mark in front of a frame
//     that begins with a PRI or a count.
//   - "<" begins a line up to LF or NUL (RFC 6587 §3.4.2).
//   - So does the text of a sender that writes no header, if it says what it is: see headerless. Such a line is never
//     split, because JSON and the like may hold text that looks like a frame.
//   - Everything else, and what stands directly behind an octet-counted frame without being the start of another one, is
//     a malformed run. It ends before the next PRI, with the octet count in front of it if there is one, or at LF or NUL,
//     and is one record. Plain text without a header is such a run, too.
//
// Of a frame longer than the limit the head is emitted; the rest is counted and discarded.
//
// An octet count is authoritative as long as a frame, a delimiter or the end of the stream follows. Where none does,
// the count may be wrong, because a relay changed the text or the sender counted characters. It is taken for wrong
// only when the frame itself says so: when a line ends inside it and a new frame begins there, or when it ends inside
// a JSON object that the following bytes complete. The line is then the frame. To decide this a frame that could be
// concerned waits for the bytes behind it; settle ends the wait.
type framer struct {
	limit int // longest data of a frame

	glued   bool // the last frame was octet-counted and no delimiter followed yet
	skip    int  // bytes of an oversized octet-counted frame still to come
	swallow bool // an oversized line is discarded up to its delimiter
	drop    bool // an oversized malformed run is discarded up to its end
	scanned int  // bytes of the current line known to hold no delimiter
	waiting bool // a complete frame waits for the bytes behind it
	settled bool // decide about the waiting frame without them

	stats framingStats
}

// framingSlack is how many bytes around the data of a frame decide about it: its octet count in front, and the start of
// the next frame behind it.
const framingSlack = 2*maxPrefix + 2

// next returns the first frame of buf and how many bytes to drop from its front; the frame may be empty although
// bytes were used. Zero bytes mean that more are needed: the caller adds to buf, up to limit+framingSlack bytes, and
// calls again with the same front. final says that nothing will be added.
func (f *framer) next(buf []byte, final bool) (frame, int) {
	switch {
	case f.skip > 0:
		return frame{}, f.countDown(buf)
	case f.swallow:
		return frame{}, f.swallowLine(buf)
	case f.drop:
		if n := f.dropRun(buf, final); n > 0 || f.drop {
			return frame{}, n
		}
	}
	pad := 0
	for pad < len(buf) && isDelimiter(buf[pad]) {
		pad++
	}
	if pad > 0 {
		f.glued = false
		f.stats.framing += uint64(pad)
	}
	if pad == len(buf) {
		return frame{}, pad
	}
	fr, n := f.start(buf[pad:], final)
	if n > 0 {
		f.scanned, f.waiting, f.settled = 0, false, false
	}
	return fr, pad + n
}

// settle makes the next call of next decide about a frame that waits for the bytes behind it.
func (f *framer) settle() { f.settled = true }

func (f *framer) countDown(buf []byte) int {
	n := min(f.skip, len(buf))
	f.skip -= n
	f.stats.discarded += uint64(n)
	return n
}

func (f *framer) swallowLine(buf []byte) int {
	i := indexDelimiter(buf)
	if i < 0 {
		f.stats.discarded += uint64(len(buf))
		return len(buf)
	}
	f.swallow = false
	f.stats.discarded += uint64(i)
	f.stats.framing++
	return i + 1
}

func (f *framer) dropRun(buf []byte, final bool) int {
	end, found := runEnd(buf, 0, final)
	f.drop = found != yes
	f.stats.discarded += uint64(end)
	return end
}

// start decides what begins at buf[0], which is no delimiter.
func (f *framer) start(buf []byte, final bool) (frame, int) {
	switch c := buf[0]; {
	case c == '<':
		if !f.glued {
			return f.line(buf, final)
		}
		_, m := pri(buf)
		if m == partly && !final {
			return frame{}, 0
		}
		if m == yes {
			return f.line(buf, final)
		}
	case c >= '1' && c <= '9':
		prefix, count, m := octetPrefix(buf)
		if m == partly && !final {
			return frame{}, 0
		}
		if m == yes {
			return f.counted(buf, prefix, count, final)
		}
	case c == '0':
		m := emptyFrame(buf)
		if m == partly && !final {
			return frame{}, 0
		}
		if m == yes {
			f.stats.framing += 2
			return frame{}, 2
		}
	case c == byteOrderMark[0]:
		m := marked(buf)
		if m == partly && !final {
			return frame{}, 0
		}
		if m == yes {
			f.stats.framing += uint64(len(byteOrderMark))
			return frame{}, len(byteOrderMark)
		}
	}
	if !f.glued {
		window := buf[:min(len(buf), f.limit+framingSlack)]
		m := headerless(window)
		if m == partly && !final && len(buf) < f.limit+framingSlack {
			return frame{}, 0
		}
		if m == yes {
			return f.line(buf, final)
		}
	}
	return f.run(buf, final)
}

// line takes everything up to LF or NUL.
func (f *framer) line(buf []byte, final bool) (frame, int) {
	window := buf[:min(len(buf), f.limit+2)] // CR and LF may stand behind the longest line
	if i := indexDelimiter(window[f.scanned:]); i >= 0 {
		end := f.scanned + i
		data := trim(window[:end])
		if len(data) > f.limit {
			return f.longLine(buf)
		}
		f.stats.framing += uint64(end + 1 - len(data))
		f.glued = false
		return frame{data: data}, end + 1
	}
	f.scanned = len(window)
	if len(buf) < f.limit+framingSlack && !final {
		return frame{}, 0
	}
	if cut := verifiedStart(buf[:min(len(buf), f.limit+framingSlack)]); cut > 0 && cut <= f.limit {
		f.stats.malformed++
		f.glued = true
		return frame{data: buf[:cut], malformed: true}, cut
	}
	if data := trim(window); final && len(window) == len(buf) && len(data) <= f.limit {
		f.stats.framing += uint64(len(buf) - len(data))
		return frame{data: data}, len(buf)
	}
	return f.longLine(buf)
}

// longLine emits the head of a line longer than the limit; the rest is discarded.
func (f *framer) longLine(buf []byte) (frame, int) {
	head := headOf(buf, f.limit)
	f.stats.oversized++
	f.glued, f.swallow = false, true
	return frame{data: head, truncated: true}, len(head)
}

// counted takes the count octets behind the prefix.
func (f *framer) counted(buf []byte, prefix, count int, final bool) (frame, int) {
	if count > f.limit && len(buf) >= prefix+f.limit {
		head := headOf(buf[prefix:], f.limit)
		f.stats.oversized++
		f.stats.framing += uint64(prefix)
		f.glued, f.skip = true, count-len(head)
		return frame{data: head, truncated: true}, prefix + len(head)
	}
	end := prefix + count
	if len(buf) < end {
		if !final {
			return frame{}, 0
		}
		// The stream ends inside the frame: nothing confirms the count.
		if lf, m := lineInside(buf[prefix:], nil); m == yes {
			return f.miscounted(buf, prefix, prefix+lf)
		}
		return f.take(buf, prefix, len(buf))
	}
	if !doubtful(buf[prefix:end]) {
		return f.take(buf, prefix, end)
	}
	window := min(len(buf), f.limit+framingSlack)
	meant, m := meantEnd(buf[prefix:end], buf[end:window], final, f.limit)
	switch {
	case m == yes:
		return f.miscounted(buf, prefix, prefix+meant)
	case m == partly && !final && !f.settled && len(buf) < f.limit+framingSlack:
		f.waiting = true
		return frame{}, 0
	}
	return f.take(buf, prefix, end)
}

// take emits buf[prefix:end] as an octet-counted frame. Some senders count the LF that ends the text.
func (f *framer) take(buf []byte, prefix, end int) (frame, int) {
	data := trim(buf[prefix:end])
	f.stats.framing += uint64(end - len(data))
	f.glued = len(data) == end-prefix
	return frame{data: data}, end
}

// miscounted emits buf[prefix:end], the frame that the sender meant in spite of its count.
func (f *framer) miscounted(buf []byte, prefix, end int) (frame, int) {
	f.stats.miscounted++
	return f.take(buf, prefix, end)
}

// run takes the bytes up to the next start of a frame, LF or NUL.
func (f *framer) run(buf []byte, final bool) (frame, int) {
	window := buf[:min(len(buf), f.limit+framingSlack)]
	full := len(window) == f.limit+framingSlack
	end, found := runEnd(window, max(1, f.scanned), final && !full)
	if end > f.limit || found != yes && full {
		head := headOf(buf, f.limit)
		f.stats.oversized++
		f.stats.malformed++
		f.drop, f.glued = true, true
		return frame{data: head, truncated: true, malformed: true}, len(head)
	}
	if found != yes {
		f.scanned = end
		return frame{}, 0
	}
	data := trim(buf[:end])
	f.stats.malformed++
	f.stats.framing += uint64(end - len(data))
	f.glued = true
	return frame{data: data, malformed: true}, end
}

// headOf is at most the first limit bytes of b, without cutting a UTF-8 character in two.
func headOf(b []byte, limit int) []byte {
	b = b[:min(len(b), limit)]
	for back := 1; back < utf8.UTFMax && back < len(b); back++ {
		if c := b[len(b)-back]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-back:]) {
				return b[:len(b)-back]
			}
			break
		}
	}
	return b
}

// trim drops CR, LF and NUL from the end.
func trim(b []byte) []byte {
	for len(b) > 0 && isDelimiter(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isDelimiter(c byte) bool { return c == '\n' || c == '\r' || c == 0 }

// indexDelimiter finds the first LF or NUL.
func indexDelimiter(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if nul := bytes.IndexByte(b, 0); nul >= 0 {
		return nul
	}
	return lf
}
