package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"
)

// keyVersion and pieceBytes decide where pieces end and what they are called. Changing one makes everything that was
// imported before unknown: raise keyVersion then.
const (
	keyVersion = "1"
	pieceBytes = 4 << 20
)

// Piece is a run of records of one member that is stored in one transaction: all of it or nothing.
type Piece struct {
	Key       string // names the content: see the package comment
	Data      []byte // one record a line, each with its LF
	Records   int64
	Truncated bool // the piece is one record, of which only the beginning is there
	// Before holds the records of earlier pieces of the member that are equal to some of this one, each once: how often it stands
	// there, a blank, the record, LF.
	Before []byte

	turn <-chan struct{} // closed when the piece before is on its way
	sent func()
}

// Turn waits until the piece before this one is on its way, so that pieces arrive in the order of the file.
func (p *Piece) Turn(ctx context.Context) error {
	select {
	case <-p.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sent says that all bytes of the piece are on their way. It may be called again, from any goroutine.
func (p *Piece) Sent() { p.sent() }

// cutter collects the records of one member into pieces.
type cutter struct {
	sum     hash.Hash // of the store, the member's name and all records so far
	buf     []byte
	records int64
	repeats *repeats // nil: Piece.Before is not asked for
	emit    func(Piece) error
}

func newCutter(store, member string, emit func(Piece) error) *cutter {
	c := &cutter{sum: sha256.New(), emit: emit}
	for _, s := range []string{store, member} {
		c.sum.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
	}
	return c
}

// add takes one record. A record of which only the beginning is there becomes a piece of its own, so that it can be marked.
func (c *cutter) add(rec []byte, cut bool) error {
	if cut || len(c.buf)+len(rec)+1 > pieceBytes {
		if err := c.flush(false); err != nil {
			return err
		}
	}
	c.buf = append(append(c.buf, rec...), '\n')
	c.records++
	if cut {
		return c.flush(true)
	}
	return nil
}

func (c *cutter) flush(truncated bool) error {
	if c.records == 0 {
		return nil
	}
	c.sum.Write(c.buf)
	if truncated {
		c.sum.Write([]byte("truncated"))
	}
	p := Piece{Key: "import/" + keyVersion + "/" + hex.EncodeToString(c.sum.Sum(nil)), Data: append(make([]byte, 0, len(c.buf)), c.buf...),
		Records: c.records, Truncated: truncated}
	if c.repeats != nil {
		p.Before = c.repeats.before(p.Data)
	}
	c.buf, c.records = c.buf[:0], 0
	return c.emit(p)
}

// cut splits a member into pieces. It returns how many records it had before err.
func (c *cutter) cut(s splitter) (records, truncated int64, err error) {
	for {
		rec, cut, err := s.next()
		if err != nil {
			if ferr := c.flush(false); ferr != nil {
				return records, truncated, errStop{ferr}
			}
			if err == io.EOF {
				err = nil
			}
			return records, truncated, err
		}
		records++
		if cut {
			truncated++
		}
		if err := c.add(rec, cut); err != nil {
			return records, truncated, errStop{err}
		}
	}
}
