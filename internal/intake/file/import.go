package file

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Sink stores pieces. Its methods are called by many goroutines at once.
type Sink interface {
	// Stored says whether the piece of this key is stored already.
	Stored(ctx context.Context, key string) (bool, error)
	// Store returns when the piece is durable: fresh is how many of its records were not there before. It must wait for p.Turn
	// before it sends, and call p.Sent when the bytes are on their way. It tries again by itself; its error ends the import.
	Store(ctx context.Context, p *Piece) (fresh int64, err error)
}

// Options say how to import.
type Options struct {
	Store    string // part of the keys: the same file may go into two stores
	Repeats  bool   // whether Piece.Before is asked for
	Stdin    io.Reader
	InFlight int64 // bytes of pieces that are sent and not yet durable; 0: 64 MiB
	Progress *Progress
}

// Progress counts what an import does, for others to read while it runs.
type Progress struct {
	Read      atomic.Int64 // bytes of the files, as they are on disk
	Members   atomic.Int64 // files and members of archives
	New       atomic.Int64 // records stored now
	Already   atomic.Int64 // records that were stored before
	Truncated atomic.Int64 // records longer than MaxRecord, or cut off by damage
	Current   atomic.Pointer[string]
}

// light is what even a small piece costs of Options.InFlight, so that there are not too many at once.
const light = 256 << 10

// importer reads items and hands pieces to a sink.
type importer struct {
	opt   Options
	sink  Sink
	room  *semaphore.Weighted
	most  int64
	group *errgroup.Group
	turn  <-chan struct{} // of the next piece
	known bool            // the pieces before were stored already
}

// Import reads all items and returns when everything that could be read is durable. damages are about single files; err
// means that the import ended early: running it again goes on there.
func Import(ctx context.Context, items []Item, sink Sink, opt Options) (damages []error, err error) {
	if opt.InFlight == 0 {
		opt.InFlight = 64 << 20
	}
	if opt.Progress == nil {
		opt.Progress = &Progress{}
	}
	most := max(opt.InFlight, pieceBytes+1)
	g, gctx := errgroup.WithContext(ctx)
	first := make(chan struct{})
	close(first)
	im := &importer{opt: opt, sink: sink, room: semaphore.NewWeighted(most), most: most, group: g, turn: first}
	for _, it := range items {
		found, rerr := im.item(gctx, it)
		damages = append(damages, found...)
		if rerr != nil {
			err = rerr
			break
		}
	}
	if werr := g.Wait(); werr != nil {
		err = werr // why reading stopped
	}
	return damages, err
}

func (im *importer) item(ctx context.Context, it Item) ([]error, error) {
	p := im.opt.Progress
	im.known = true
	w := &walker{path: it.Path}
	w.member = func(name string, r *bufio.Reader) (int64, error) {
		shown := it.Path
		if name != "" {
			shown += ": " + name
		}
		p.Current.Store(&shown)
		p.Members.Add(1)
		if bom, _ := r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
			_, _ = r.Discard(3) // it was just peeked
		}
		head, _ := r.Peek(headBytes)
		c := newCutter(im.opt.Store, name, func(p Piece) error { return im.piece(ctx, p) })
		if im.opt.Repeats {
			c.repeats = newRepeats()
		}
		records, truncated, err := c.cut(splitterFor(head, r))
		p.Truncated.Add(truncated)
		return records, err
	}
	err := w.open(im.opt.Stdin, func(n int) error {
		p.Read.Add(int64(n))
		return ctx.Err() // ends also when a piece could not be stored
	})
	return w.damages, err
}

// piece hands one piece over. It returns as soon as there is room for it.
func (im *importer) piece(ctx context.Context, p Piece) error {
	if im.known { // everything before was there: this one may be, too
		stored, err := im.sink.Stored(ctx, p.Key)
		if err != nil {
			return fmt.Errorf("ask what is stored: %w", err)
		}
		if stored {
			im.opt.Progress.Already.Add(p.Records)
			return nil
		}
		im.known = false
	}
	weight := min(max(int64(len(p.Data)+len(p.Before)), light), im.most)
	if err := im.room.Acquire(ctx, weight); err != nil {
		return err
	}
	sent := make(chan struct{})
	p.turn, p.sent = im.turn, sync.OnceFunc(func() { close(sent) })
	im.turn = sent
	im.group.Go(func() error {
		defer im.room.Release(weight)
		defer p.Sent()
		fresh, err := im.sink.Store(ctx, &p)
		if err != nil && errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			return fmt.Errorf("store records: %w", err)
		}
		im.opt.Progress.New.Add(fresh)
		im.opt.Progress.Already.Add(p.Records - fresh)
		return nil
	})
	return nil
}
