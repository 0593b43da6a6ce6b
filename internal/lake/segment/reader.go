package segment

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/DataDog/zstd"

	"kiroku/internal/event"
)

// Reader decodes columns of row groups. It keeps its memory between calls: what a method returns is valid until the
// Reader is asked for the same kind of thing again. It is not safe for concurrent use.
type Reader struct {
	zstd  zstd.Ctx
	in    []byte
	body  []byte
	def   []uint32
	rep   []uint32
	codes []uint32
	lens  []int64
	Bytes int64 // read so far
	pages *Pages
}

// NewReader makes a reader that looks for pages in a common memory first, unless that is nil.
func NewReader(pages *Pages) *Reader { return &Reader{zstd: zstd.NewCtx(), pages: pages} }

// load reads a page and uncompresses it. The result is valid until the next load, and not to be changed.
func (r *Reader) load(g *Group, p *page, packed bool) (body []byte, err error) {
	if !packed {
		return r.stored(g, p)
	}
	return r.fetch(&r.body, g, p)
}

// fetch uncompresses a page into mem, or into more memory if need be, unless it is there already. The result is not to be
// changed.
func (r *Reader) fetch(mem *[]byte, g *Group, p *page) (body []byte, err error) {
	at, keep := Place{g.src, g.base + int64(p.off)}, false
	if r.pages != nil {
		if body, keep = r.pages.get(at, p.raw); body != nil {
			r.Bytes += int64(p.comp)
			return body, nil
		}
	}
	if !keep {
		*mem, err = r.unpack(*mem, g, p)
		return *mem, err
	}
	if body, err = r.unpack(make([]byte, 0, p.raw), g, p); err == nil {
		r.pages.keep(at, body)
	}
	return body, err
}

// stored reads a page as it stands in the file. The result is valid until the next load.
func (r *Reader) stored(g *Group, p *page) ([]byte, error) {
	if p.off < 0 || p.comp < 0 || p.off+p.comp > g.size || p.raw < 0 || p.raw > 1<<31 {
		return nil, errPage
	}
	r.in = grow(r.in, p.comp)
	if _, err := g.src.ReadAt(r.in, g.base+int64(p.off)); err != nil {
		return nil, err
	}
	r.Bytes += int64(p.comp)
	return r.in, nil
}

// unpack reads a compressed page and uncompresses it into dst, or into more memory if need be.
func (r *Reader) unpack(dst []byte, g *Group, p *page) ([]byte, error) {
	in, err := r.stored(g, p)
	if err != nil {
		return dst, err
	}
	if p.comp == 0 || p.raw == 0 {
		return dst, errPage
	}
	dst = grow(dst, p.raw)
	n, err := r.zstd.DecompressInto(dst, in)
	if err != nil || n != p.raw {
		return dst, fmt.Errorf("uncompress page: %w", errors.Join(err, errPage))
	}
	return dst, nil
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n, n+n/4)
	}
	return b[:n]
}

// scalarLevels returns the definition levels of a page of an optional scalar (nil: all present) and what follows.
func (r *Reader) scalarLevels(body []byte, l *leaf, rows int) (def []uint32, rest []byte, err error) {
	if l.maxDef == 0 {
		return nil, body, nil
	}
	if bitmap, rest, ok := bitmapOf(body, rows); ok && bitmap == nil {
		return nil, rest, nil
	}
	if r.def, rest, err = hybridBlock(body, 1, rows, r.def); err != nil {
		return nil, nil, err
	}
	for _, d := range r.def {
		if d == 0 {
			return r.def, rest, nil
		}
	}
	return nil, rest, nil
}

func hybridBlock(body []byte, width, n int, scratch []uint32) (vals []uint32, rest []byte, err error) {
	if len(body) < 4 {
		return nil, nil, errPage
	}
	size := int(binary.LittleEndian.Uint32(body))
	if size > len(body)-4 {
		return nil, nil, errPage
	}
	vals, err = decodeHybrid(scratch[:0], body[4:4+size], width, n)
	return vals, body[4+size:], err
}

// Blocks lists the runs of rows of the group that may match: may is called once a run and asks has for the hashes of
// tokens, as the Hasher gives them. has may say yes wrongly, never no.
func (r *Reader) Blocks(g *Group, may func(has func(hash uint64) bool) bool) ([]Block, error) {
	var out []Block
	var b [filterBlock]byte
	var failed error
	for _, f := range g.filters {
		yes := may(func(hash uint64) bool {
			t := uint32(hash >> 32)
			if _, err := g.src.ReadAt(b[:], g.base+int64(f.off+filterPlace(f.len, t))); err != nil {
				failed = err
				return true
			}
			r.Bytes += filterBlock
			return filterHas(b[:], t)
		})
		if failed != nil {
			return nil, failed
		}
		if yes {
			out = append(out, Block{f.firstRow, f.rows})
		}
	}
	return out, nil
}

// Block is a run of rows of a group.
type Block struct{ First, Rows int }

// Verify reads every page of the group and checks its checksum and that it decodes.
func (r *Reader) Verify(g *Group) error {
	for i := range g.chunks {
		ch := &g.chunks[i]
		pages := ch.pages
		if ch.enc == encDict {
			pages = append([]page{ch.dict}, pages...)
		}
		rows := 0
		for k := range pages {
			if _, err := r.load(g, &pages[k], ch.packed); err != nil {
				return fmt.Errorf("column %s: %w", leaves[i].col, err)
			}
			rows += pages[k].rows
		}
		if len(ch.pages) > 0 && rows != g.Rows {
			return fmt.Errorf("column %s has %d rows, its group has %d", leaves[i].col, rows, g.Rows)
		}
	}
	return nil
}

// Seqs appends the sequence numbers of the group's rows to dst.
func (r *Reader) Seqs(g *Group, dst []int64) ([]int64, error) {
	var n Numbers
	err := r.Numbers(g, event.ColSeq, &n)
	return append(dst, n.Vals...), err
}
