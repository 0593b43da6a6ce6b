package segment

import (
	"strings"
	"unicode/utf8"

	"kiroku/internal/event"
)

// textCol is a column of long or unique texts. Pages are compressed as soon as they are full.
type textCol struct {
	lens     []int64
	buf      []byte // headRoom bytes for what stands before the texts in a page, and the texts
	firstRow int
	out      []byte
	pages    []page
	raw      int
	hashes   []uint64 // for the bloom filter
	grams    []byte   // gram filters of the pages
	lo, hi   []byte   // least and greatest text, unless one is long
	long     bool
}

// headRoom has room for the levels and the lengths of a page of texts, of which a length takes at most 9 bytes.
var headRoom [9*textPageRows + 4<<10]byte

func (b *Builder) putText(c *column, s string) {
	if !c.leaf.valid && !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	t := c.text
	if c.leaf.ranged {
		t.extend(s)
	}
	t.lens = append(t.lens, int64(len(s)))
	t.buf = append(t.buf, s...)
	if c.leaf.tokens {
		b.toks = b.appendTokens(b.toks[:0], s)
		b.tokens.ask(b.toks)
	}
	if c.leaf.bloom {
		t.hashes = append(t.hashes, hash64(s))
	}
}

// extend widens the range of the texts.
func (t *textCol) extend(s string) {
	switch {
	case len(s) > maxRangeText:
		t.long = true
	case len(t.lens) == 0 && t.firstRow == 0:
		t.lo, t.hi = append(t.lo[:0], s...), append(t.hi[:0], s...)
	case s > string(t.hi):
		t.hi = append(t.hi[:0], s...)
	case s < string(t.lo):
		t.lo = append(t.lo[:0], s...)
	}
}

// endPages closes the pages of texts that are full. It is called at every 64th row, so that pages begin at whole words
// of the bitmaps.
func (b *Builder) endPages() {
	for i := range b.cols {
		c := &b.cols[i]
		if c.text == nil || b.rows == c.text.firstRow {
			continue
		}
		if b.rows-c.text.firstRow >= c.leaf.rowsper || len(c.text.buf)-len(headRoom) >= pageBytes {
			b.endPage(c)
		}
	}
}

func (b *Builder) endPage(c *column) {
	t := c.text
	if b.rows == t.firstRow {
		return
	}
	head := b.enc.body[:0]
	rows := b.rows - t.firstRow
	if c.leaf.maxDef > 0 {
		head = appendLevels(head, c.set, t.firstRow, rows)
	}
	head = appendDelta(head, t.lens)
	b.enc.body = head
	at := len(headRoom) - len(head)
	copy(t.buf[at:], head)
	p := page{firstRow: t.firstRow, rows: rows, values: rows, gramOff: len(t.grams)}
	if c.leaf.grams {
		t.grams = b.grams.appendFilter(t.grams, t.buf[len(headRoom):])
		p.gramLen = len(t.grams) - p.gramOff
	}
	with := b.enc.zstd.texts
	if c.leaf.col == event.ColRawData {
		with = b.enc.zstd.records
	}
	t.out, p = b.enc.page(t.out, p, encText, with, t.buf[at:])
	t.pages = append(t.pages, p)
	t.raw += p.raw
	t.lens, t.buf, t.firstRow = t.lens[:0], t.buf[:len(headRoom)], b.rows
}

func (b *Builder) finishText(out []byte, ch *chunk, c *column) []byte {
	b.endPage(c)
	t := c.text
	*ch = chunk{enc: encText, packed: true, start: len(out), dataAt: len(out), values: b.rows, nulls: b.rows - c.have, bytes: allBytes}
	if c.leaf.maxDef == 0 {
		ch.nulls = 0
	}
	if c.leaf.ranged && !t.long {
		ch.minText, ch.maxText, ch.hasText = string(t.lo), string(t.hi), true
	}
	for _, p := range t.pages {
		p.off += len(out)
		p.gramOff += len(out) + len(t.out)
		ch.pages = append(ch.pages, p)
	}
	out = append(out, t.out...)
	ch.size = len(out) - ch.start
	ch.raw = t.raw + (len(t.out) - sumComp(t.pages))
	ch.grams = c.leaf.grams
	out = append(out, t.grams...)
	if c.leaf.bloom {
		out = b.enc.bloom(out, ch, t.hashes)
	}
	return out
}

func sumComp(ps []page) (n int) {
	for i := range ps {
		n += ps[i].comp
	}
	return n
}
