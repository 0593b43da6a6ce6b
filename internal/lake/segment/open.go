package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// File is an open segment or data file. It is safe for concurrent use; Close only when nobody reads any more.
type File struct {
	f      *os.File
	Size   int64
	Groups []*Group
}

// Open opens a file that Assemble wrote and reads its index.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file := &File{f: f}
	if err := file.readIndex(); err != nil {
		f.Close()
		return nil, fmt.Errorf("open segment %s: %w", path, err)
	}
	return file, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// trailerLen is what stands between the index and the footer: offset, length, CRC-32, magic.
const trailerLen = 28

func (f *File) readIndex() error {
	st, err := f.f.Stat()
	if err != nil {
		return err
	}
	f.Size = st.Size()
	var tail [8]byte
	if f.Size < 48 {
		return errors.New("file is too short")
	}
	if _, err := f.f.ReadAt(tail[:], f.Size-8); err != nil {
		return err
	}
	if string(tail[4:]) != magic {
		return errors.New("file does not end as a Parquet file")
	}
	foot := f.Size - 8 - int64(binary.LittleEndian.Uint32(tail[:4]))
	var tr [trailerLen]byte
	if foot < 4+trailerLen {
		return errIndex
	}
	if _, err := f.f.ReadAt(tr[:], foot-trailerLen); err != nil {
		return err
	}
	at, n := int64(binary.LittleEndian.Uint64(tr[:8])), int64(binary.LittleEndian.Uint64(tr[8:16]))
	if string(tr[20:]) != indexMagic || at < 4 || n < 0 || at+n != foot-trailerLen {
		return errors.New("file has no Kiroku index: it was not written by Kiroku")
	}
	b := make([]byte, n)
	if _, err := f.f.ReadAt(b, at); err != nil {
		return err
	}
	if crc32.ChecksumIEEE(b) != binary.LittleEndian.Uint32(tr[16:]) {
		return errIndex
	}
	f.Groups, err = parseIndex(b)
	if err != nil {
		return err
	}
	for _, g := range f.Groups {
		if g.base < 4 || g.size < 0 || g.base+int64(g.size) > at {
			return errIndex
		}
		g.src = f.f
	}
	return nil
}
