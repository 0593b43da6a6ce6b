package diskfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
)

// Slots is a small file that holds a text which is replaced again and again, whole or not at all. It has two places that are
// written in turn, so that a replacement needs no room on a disk that is full, and one Sync. It is not safe for concurrent use.
//
//	number, 8 bytes │ length, 4 │ CRC-32C of all the others, 4 │ text, filled up        twice, numbers big-endian
type Slots struct {
	disk Disk
	f    *os.File
	size int
	n    uint64 // of the newest text
	torn bool   // a place holds something else than a text
}

const slotHead = 16

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// OpenSlots opens the file, or makes one for texts of up to size bytes less a few. It returns the text that was put last; nil:
// there is none. A place that cannot be read counts as empty.
func (d Disk) OpenSlots(path string, size int) (*Slots, []byte, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		empty := make([]byte, 2*size)
		if err := d.WriteFile(path, func(w io.Writer) error { _, err := w.Write(empty); return err }); err != nil {
			return nil, nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	s := &Slots{disk: d, f: f, size: size}
	var newest []byte
	for i := range 2 {
		b := make([]byte, size)
		if _, err := f.ReadAt(b, int64(i*size)); err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, errors.Join(fmt.Errorf("read %q: %w", path, err), f.Close())
		}
		if n, text, ok := readSlot(b); ok && n > s.n {
			s.n, newest = n, text
		} else if !ok || n == 0 {
			s.torn = s.torn || bytes.ContainsFunc(b, func(r rune) bool { return r != 0 })
		}
	}
	return s, newest, nil
}

// Torn says that a place could not be read when the file was opened: a text that was put later than the one that Open returned
// may have been in it, or one that was being put when the power was cut.
func (s *Slots) Torn() bool { return s.torn }

func readSlot(b []byte) (n uint64, text []byte, ok bool) {
	length := binary.BigEndian.Uint32(b[8:])
	if int64(length) > int64(len(b)-slotHead) {
		return 0, nil, false
	}
	text = b[slotHead : slotHead+length]
	sum := crc32.Update(crc32.Checksum(b[:12], castagnoli), castagnoli, text)
	return binary.BigEndian.Uint64(b), text, sum == binary.BigEndian.Uint32(b[12:])
}

// Put replaces the text. When it returns nil, the new text survives a power cut; when it fails, the new one or the one before.
func (s *Slots) Put(text []byte) error {
	if len(text) > s.size-slotHead {
		return fmt.Errorf("write %q: %d bytes do not go into %d", s.f.Name(), len(text), s.size-slotHead)
	}
	b := make([]byte, slotHead, slotHead+len(text))
	binary.BigEndian.PutUint64(b, s.n+1)
	binary.BigEndian.PutUint32(b[8:], uint32(len(text)))
	binary.BigEndian.PutUint32(b[12:], crc32.Update(crc32.Checksum(b[:12], castagnoli), castagnoli, text))
	if err := s.disk.before(OpWrite, s.f.Name()); err != nil {
		return err
	}
	if _, err := s.f.WriteAt(append(b, text...), int64(s.n+1)%2*int64(s.size)); err != nil {
		return err
	}
	if err := s.disk.sync(OpSync, s.f); err != nil {
		return err
	}
	s.n++
	return nil
}

// Close closes the file.
func (s *Slots) Close() error { return s.f.Close() }
