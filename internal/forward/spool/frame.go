package spool

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"time"

	"kiroku/internal/forward/wire"
)

// segmentHead begins every segment. Another version has another number.
const (
	segmentHead = "KIROKU SPOOL 1\r\n"
	segmentMark = "KIROKU SPOOL "
)

// frameHead is the length of what stands before the batch of a frame. The others are what its parts usually need at most.
const (
	frameHead  = 36
	maxHeader  = 256
	maxNumbers = 4 * binary.MaxVarintLen64 // of a record
)

var (
	frameMark  = []byte("KrkF")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// frame is what is known of a batch without reading it.
type frame struct {
	at      int64 // offset in its segment
	size    int64 // with its head
	first   int64 // number of the first record, counted from the beginning of the queue
	records int64
	lines   int64 // bytes of the lines
	time    time.Time
}

func (f *frame) next() int64 { return f.first + f.records }

// appendFrames makes the frames of a batch. The position of each is its last record's, so that the server gives what is behind it
// again when the others did not reach the disk; the last one's is the batch's.
func appendFrames(first int64, now time.Time, h *wire.BatchHeader, records []wire.Record) (dst []byte, frames []frame, err error) {
	size := 0
	for i := range records {
		size += len(records[i].UID) + len(records[i].Line) + maxNumbers
	}
	dst = make([]byte, 0, size+(size/mostLines+len(records)/mostRecords+1)*(frameHead+maxHeader))
	for len(records) > 0 {
		n, part := fitting(records), *h
		if n < len(records) {
			part.Next = records[n-1].Seq
		}
		var f frame
		if dst, f, err = appendFrame(dst, first, now, &part, records[:n]); err != nil {
			return nil, nil, err
		}
		frames, first, records = append(frames, f), f.next(), records[n:]
	}
	return dst, frames, nil
}

// fitting is how many records the next frame has.
func fitting(records []wire.Record) int {
	n, lines := 1, len(records[0].Line)
	for n < min(len(records), mostRecords) && lines+len(records[n].Line) <= mostLines {
		lines += len(records[n].Line)
		n++
	}
	return n
}

// appendFrame appends a frame.
func appendFrame(dst []byte, first int64, now time.Time, h *wire.BatchHeader, records []wire.Record) ([]byte, frame, error) {
	f := frame{first: first, records: int64(len(records)), time: time.UnixMicro(now.UnixMicro())}
	began := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst, err := wire.AppendHeader(dst, &wire.BatchHeader{Store: h.Store, Next: h.Next, Records: len(records)})
	if err != nil {
		return dst, f, err
	}
	for i := range records {
		f.lines += int64(len(records[i].Line))
		dst = wire.AppendRecord(dst, &records[i])
	}
	b := dst[began:]
	f.size = int64(len(b))
	copy(b, frameMark)
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-frameHead))
	binary.BigEndian.PutUint32(b[12:], uint32(len(records)))
	binary.BigEndian.PutUint32(b[16:], uint32(f.lines))
	binary.BigEndian.PutUint64(b[20:], uint64(first))
	binary.BigEndian.PutUint64(b[28:], uint64(now.UnixMicro()))
	binary.BigEndian.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	return dst, f, nil
}

// readHead reads the head of a frame at offset at, of which left bytes are there.
func readHead(b []byte, at, left int64) (f frame, ok bool) {
	if len(b) < frameHead || !bytes.Equal(b[:4], frameMark) {
		return f, false
	}
	f = frame{at: at, size: frameHead + int64(binary.BigEndian.Uint32(b[8:])), records: int64(binary.BigEndian.Uint32(b[12:])), lines: int64(binary.BigEndian.Uint32(b[16:])),
		first: int64(binary.BigEndian.Uint64(b[20:])), time: time.UnixMicro(int64(binary.BigEndian.Uint64(b[28:])))}
	return f, f.size <= left && f.first >= 0 && f.records > 0 && f.next() > f.first
}

// whole says whether b is a frame with the right checksum.
func whole(b []byte) bool {
	return binary.BigEndian.Uint32(b[4:]) == crc32.Checksum(b[8:], castagnoli)
}

// span is a part of a segment that cannot be read.
type span struct{ from, to int64 }

// scan finds the frames of a segment, and what lies between them.
func scan(b []byte) (frames []frame, bad []span) {
	at := int64(0)
	if bytes.HasPrefix(b, []byte(segmentHead)) {
		at = int64(len(segmentHead))
	}
	miss := func(to int64) {
		if n := len(bad); n > 0 && bad[n-1].to == at {
			bad[n-1].to = to
		} else {
			bad = append(bad, span{at, to})
		}
		at = to
	}
	if at == 0 && len(b) > 0 {
		miss(min(int64(len(b)), int64(len(segmentHead))))
	}
	for at < int64(len(b)) {
		left := int64(len(b)) - at
		if f, ok := readHead(b[at:], at, left); ok && whole(b[at:at+f.size]) {
			frames = append(frames, f)
			at += f.size
			continue
		}
		next := bytes.Index(b[at+1:], frameMark)
		if next < 0 {
			miss(int64(len(b)))
		} else {
			miss(at + 1 + int64(next))
		}
	}
	return frames, bad
}

// buffers are what batches are read through.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}

// batch reads what stands behind the head of a frame.
func (f *frame) batch(b []byte) (wire.BatchHeader, []wire.Record, error) {
	in, _ := buffers.Get().(*bufio.Reader)
	defer buffers.Put(in)
	in.Reset(bytes.NewReader(b))
	h, records, err := wire.ReadBatch(in)
	if err == nil && int64(len(records)) != f.records {
		err = errors.New("it has another number of records than it says")
	}
	return h, records, err
}

// errBadFrame says that a frame which was whole is not any more.
var errBadFrame = errors.New("its checksum is wrong")

// readFrame reads the frame at offset at of a file.
func readFrame(file *os.File, at int64) (f frame, h wire.BatchHeader, records []wire.Record, err error) {
	head := make([]byte, frameHead)
	if _, err := file.ReadAt(head, at); err != nil {
		return f, h, nil, fmt.Errorf("read %q at byte %d: %w", file.Name(), at, err)
	}
	info, err := file.Stat()
	if err != nil {
		return f, h, nil, err
	}
	f, ok := readHead(head, at, info.Size()-at)
	if !ok {
		return f, h, nil, fmt.Errorf("read %q at byte %d: %w", file.Name(), at, errBadFrame)
	}
	b := make([]byte, f.size)
	if _, err := file.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return f, h, nil, fmt.Errorf("read %q at byte %d: %w", file.Name(), at, err)
	}
	if !whole(b) {
		return f, h, nil, fmt.Errorf("read %q at byte %d: %w", file.Name(), at, errBadFrame)
	}
	if h, records, err = f.batch(b[frameHead:]); err != nil {
		return f, h, nil, fmt.Errorf("read %q at byte %d: %w", file.Name(), at, err)
	}
	return f, h, records, nil
}
