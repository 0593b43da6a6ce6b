package segment

import (
	"encoding/binary"
	"errors"
	"kiroku/internal/event"
	"unsafe"
)

// Texts is one column of texts of some rows of a group.
//
// Row i has a value if Codes is nil or Codes[i] is not NoCode. With a dictionary the value is Dict(Codes[i]), else the
// i-th of the run of texts.
type Texts struct {
	First, Rows int
	IsDict      bool
	Codes       []uint32 // by row: code of the dictionary, or place in the run of texts; NoCode: null
	offs        []uint32
	bytes       []byte
	block       []byte // the page that bytes is part of, unless there is a dictionary
	mem         []byte // of a page before
}

// NoCode stands in Texts.Codes for a row without a value.
const NoCode = ^uint32(0)

func (t *Texts) reset(rows int) {
	*t = Texts{Rows: rows, Codes: t.Codes[:0], offs: t.offs[:0], bytes: t.mem[:0], mem: t.mem[:0]}
}

// Len is how many entries there are: of the dictionary, or texts.
func (t *Texts) Len() int { return max(0, len(t.offs)-1) }

// At is an entry. It is valid as long as the Texts are.
func (t *Texts) At(code uint32) string {
	b := t.bytes[t.offs[code]:t.offs[code+1]]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// All is the bytes of all entries, one behind the other.
func (t *Texts) All() []byte { return t.bytes }

// Offsets are the starts of the entries in All, and its length.
func (t *Texts) Offsets() []uint32 { return t.offs }

var errPage = errors.New("page is damaged")

// Dict decodes only the dictionary of a column for which HasDict holds; Codes then decodes the rest.
func (r *Reader) Dict(g *Group, c event.Column, t *Texts) error {
	ch := &g.chunks[leafOf[c]]
	t.reset(g.Rows)
	return r.dictionary(g, ch, t)
}

// Codes decodes the codes of a column whose dictionary is in t.
func (r *Reader) Codes(g *Group, c event.Column, t *Texts) error {
	li := leafOf[c]
	ch, l := &g.chunks[li], &leaves[li]
	if len(ch.pages) != 1 {
		return errPage
	}
	return r.texts(g, ch, l, &ch.pages[0], t)
}

// Texts decodes a column of kind String. For columns with pages of their own rows, only the page that holds row is
// decoded; for all others the whole group is.
func (r *Reader) Texts(g *Group, c event.Column, row int, t *Texts) error {
	li := leafOf[c]
	ch, l := &g.chunks[li], &leaves[li]
	t.reset(g.Rows)
	if ch.enc == encNull {
		for range g.Rows {
			t.Codes = append(t.Codes, NoCode)
		}
		t.IsDict = true
		return nil
	}
	if ch.enc == encDict {
		if err := r.dictionary(g, ch, t); err != nil {
			return err
		}
	}
	p := ch.pageOf(row)
	if p == nil {
		return errPage
	}
	return r.texts(g, ch, l, p, t)
}

// Run reads the page of texts without a dictionary that holds row, but only All of it. Offsets and Codes come with Finish.
func (r *Reader) Run(g *Group, c event.Column, row int, t *Texts) error {
	li := leafOf[c]
	ch, l := &g.chunks[li], &leaves[li]
	t.reset(g.Rows)
	p := ch.pageOf(row)
	if p == nil || ch.enc != encText {
		return errPage
	}
	t.First, t.Rows = p.firstRow, p.rows
	if err := r.own(g, ch, p, t); err != nil {
		return err
	}
	body := t.block
	if l.maxDef > 0 {
		if len(body) < 4 || int(binary.LittleEndian.Uint32(body)) > len(body)-4 {
			return errPage
		}
		body = body[4+binary.LittleEndian.Uint32(body):]
	}
	var err error
	t.bytes, err = skipDelta(body, p.rows)
	return err
}

// Finish decodes the rest of what Run has read.
func (r *Reader) Finish(c event.Column, t *Texts) error {
	return r.page(t.block, encText, &leaves[leafOf[c]], t)
}

// own reads a page, into the memory of t if need be.
func (r *Reader) own(g *Group, ch *chunk, p *page, t *Texts) (err error) {
	if !ch.packed {
		return errPage
	}
	t.block, err = r.fetch(&t.mem, g, p)
	return err
}

// texts decodes one page.
func (r *Reader) texts(g *Group, ch *chunk, l *leaf, p *page, t *Texts) error {
	t.First, t.Rows = p.firstRow, p.rows
	if ch.enc == encText {
		if err := r.own(g, ch, p, t); err != nil {
			return err
		}
		return r.page(t.block, ch.enc, l, t)
	}
	body, err := r.load(g, p, ch.packed)
	if err != nil {
		return err
	}
	return r.page(body, ch.enc, l, t)
}

// page decodes the body of a page.
func (r *Reader) page(body []byte, enc encoding, l *leaf, t *Texts) error {
	def, body, err := r.scalarLevels(body, l, t.Rows)
	if err != nil {
		return err
	}
	have := count(def, 1, t.Rows)
	if enc == encDict {
		if t.Codes, err = codes(t.Codes, body, have, t.Len()); err != nil {
			return err
		}
	} else {
		if err := r.run(body, have, t); err != nil {
			return err
		}
		for i := range have {
			t.Codes = append(t.Codes, uint32(i))
		}
	}
	if def != nil {
		t.Codes = spread(t.Codes, def)
	}
	return nil
}

func (c *chunk) pageOf(row int) *page {
	for i := range c.pages {
		if p := &c.pages[i]; row >= p.firstRow && row < p.firstRow+p.rows {
			return p
		}
	}
	return nil
}

func count(def []uint32, want uint32, rows int) int {
	if def == nil {
		return rows
	}
	n := 0
	for _, d := range def {
		if d == want {
			n++
		}
	}
	return n
}

// spread puts dense values at the rows that have one.
func spread(dense []uint32, def []uint32) []uint32 {
	k := len(dense)
	dense = append(dense, make([]uint32, len(def)-k)...)
	for i := len(def) - 1; i >= 0; i-- {
		if def[i] == 0 {
			dense[i] = NoCode
			continue
		}
		k--
		dense[i] = dense[k]
	}
	return dense
}

func codes(dst []uint32, body []byte, n, entries int) ([]uint32, error) {
	if n == 0 {
		return dst, nil
	}
	if len(body) < 1 || body[0] > 32 {
		return dst, errPage
	}
	at := len(dst)
	dst, err := decodeHybrid(dst, body[1:], int(body[0]), n)
	if err != nil {
		return dst, err
	}
	for _, c := range dst[at:] {
		if c >= uint32(entries) {
			return dst, errPage
		}
	}
	return dst, nil
}

// dictionary decodes the dictionary page of texts.
func (r *Reader) dictionary(g *Group, ch *chunk, t *Texts) error {
	body, err := r.load(g, &ch.dict, ch.packed)
	if err != nil {
		return err
	}
	t.IsDict = true
	t.offs = append(t.offs, 0)
	for range ch.dict.values {
		if len(body) < 4 {
			return errPage
		}
		n := int(binary.LittleEndian.Uint32(body))
		if n > len(body)-4 {
			return errPage
		}
		t.bytes = append(t.bytes, body[4:4+n]...)
		t.offs = append(t.offs, uint32(len(t.bytes)))
		body = body[4+n:]
	}
	t.mem = t.bytes
	return nil
}

// run decodes n texts of DELTA_LENGTH_BYTE_ARRAY. They stay where they are.
func (r *Reader) run(body []byte, n int, t *Texts) error {
	lens, rest, err := decodeDelta(r.lens[:0], body, n)
	r.lens = lens
	if err != nil || len(lens) != n {
		return errors.Join(err, errPage)
	}
	t.offs = append(t.offs, 0)
	at := int64(0)
	for _, v := range lens {
		at += v
		if v < 0 || at > int64(len(rest)) {
			return errPage
		}
		t.offs = append(t.offs, uint32(at))
	}
	if at != int64(len(rest)) {
		return errPage
	}
	t.bytes = rest
	return nil
}
