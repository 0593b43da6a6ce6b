package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Record is one event on its way: encoded, without frame.
type Record struct {
	Seq  int64  // in its store
	Time int64  // of the event, microseconds since 1970 UTC
	UID  string // external id, the key by which receivers know it again
	Line []byte
}

// maxField bounds one field of a record: nothing that we send is longer.
const maxField = 64 << 20

// AppendHeader appends the first line of a batch.
func AppendHeader(dst []byte, h *BatchHeader) ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return dst, fmt.Errorf("write batch: %w", err)
	}
	return append(append(dst, b...), '\n'), nil
}

// AppendRecord appends a record: seq, time, UID and Line, numbers as varints, texts with their length before them.
func AppendRecord(dst []byte, r *Record) []byte {
	dst = binary.AppendVarint(dst, r.Seq)
	dst = binary.AppendVarint(dst, r.Time)
	dst = binary.AppendUvarint(dst, uint64(len(r.UID)))
	dst = append(dst, r.UID...)
	dst = binary.AppendUvarint(dst, uint64(len(r.Line)))
	return append(dst, r.Line...)
}

// ReadBatch reads what AppendHeader and AppendRecord wrote. The records keep parts of one block of memory.
func ReadBatch(r io.Reader) (BatchHeader, []Record, error) {
	var h BatchHeader
	in := bufio.NewReaderSize(r, 64<<10)
	line, err := in.ReadSlice('\n')
	if err != nil {
		return h, nil, fmt.Errorf("read batch: its header: %w", ended(err))
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return h, nil, fmt.Errorf("read batch: its header: %w", err)
	}
	if h.Records < 0 || h.Records > MaxPull {
		return h, nil, fmt.Errorf("read batch: %d records are not possible", h.Records)
	}
	records := make([]Record, 0, h.Records)
	for range h.Records {
		rec, err := readRecord(in)
		if err != nil {
			return h, nil, fmt.Errorf("read batch: record %d of %d: %w", len(records)+1, h.Records, ended(err))
		}
		records = append(records, rec)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return h, nil, errors.New("read batch: there is something behind the last record")
	}
	return h, records, nil
}

func readRecord(in *bufio.Reader) (rec Record, err error) {
	if rec.Seq, err = binary.ReadVarint(in); err != nil {
		return rec, err
	}
	if rec.Time, err = binary.ReadVarint(in); err != nil {
		return rec, err
	}
	uid, err := readField(in)
	if err != nil {
		return rec, err
	}
	rec.UID = string(uid)
	rec.Line, err = readField(in)
	return rec, err
}

func readField(in *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	if n > maxField {
		return nil, fmt.Errorf("a field of %d bytes is not possible", n)
	}
	// Memory grows with what comes, not with what is announced.
	if n <= 64<<10 {
		b := make([]byte, n)
		_, err = io.ReadFull(in, b)
		return b, err
	}
	b, err := io.ReadAll(io.LimitReader(in, int64(n)))
	if err == nil && uint64(len(b)) < n {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// ended makes the end of the stream in the middle of a batch an error that nobody takes for its end.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
