package file

import (
	"bytes"
	"io"
)

// splitter finds the records of a member.
type splitter interface {
	// next returns the next record; it is valid until the call after. cut says that it is only the beginning of a record.
	// The error at the end is io.EOF, or what ended the stream too early; what was there before comes first.
	next() (rec []byte, cut bool, err error)
}

// lines splits at LF, CR LF and NUL. Empty lines are no records; a last line without an end is one. A CR at the end of a
// record is never part of it, because the service would take it for the line's.
type lines struct {
	w       *window
	skip    bool // the rest of a record that was too long follows
	scanned int  // bytes of the window in which there is no end
}

func (l *lines) next() ([]byte, bool, error) {
	for {
		data := l.w.data()
		if n := leadingNULs(data); n > 0 && !l.skip {
			l.w.drop(n)
			l.scanned = 0
			continue
		}
		if n := endOfLine(data, l.scanned); n >= 0 {
			rec := bytes.TrimRight(data[:n], "\r")
			l.w.drop(n + 1)
			l.scanned = 0
			if l.skip || len(rec) == 0 {
				l.skip = false
				continue
			}
			if len(rec) > MaxRecord {
				return rec[:MaxRecord], true, nil
			}
			return rec, false, nil
		}
		l.scanned = len(data)
		if len(data) > MaxRecord {
			l.w.drop(len(data))
			l.scanned = 0
			if l.skip {
				continue
			}
			l.skip = true
			return data[:MaxRecord], true, nil
		}
		if l.w.fill() {
			continue
		}
		data = l.w.data() // fill has moved it
		l.w.drop(len(data))
		l.scanned = 0
		if rec := bytes.TrimRight(data, "\r"); len(rec) > 0 && !l.skip {
			return rec, l.w.damage() != nil, nil
		}
		if err := l.w.damage(); err != nil {
			return nil, false, err
		}
		return nil, false, io.EOF
	}
}

// leadingNULs is how many NULs data begins with. A log that is cut while its writer goes on begins with millions.
func leadingNULs(data []byte) int {
	for i, c := range data {
		if c != 0 {
			return i
		}
	}
	return len(data)
}

// endOfLine is the place of the first LF or NUL at or after from, or -1. It looks at a piece at a time: of a stream with
// only one of them, all that follows would be searched for the other each time.
func endOfLine(data []byte, from int) int {
	const piece = 4 << 10
	for ; from < len(data); from += piece {
		part := data[from:min(from+piece, len(data))]
		n := bytes.IndexByte(part, '\n')
		if n >= 0 {
			part = part[:n]
		}
		if z := bytes.IndexByte(part, 0); z >= 0 {
			return from + z
		}
		if n >= 0 {
			return from + n
		}
	}
	return -1
}
