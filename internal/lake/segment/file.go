package segment

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"strconv"

	"kiroku/internal/event"
)

const magic = "PAR1"

// Written says what Assemble wrote.
type Written struct {
	Rows             int
	Bytes            int64
	SHA256           string // of the whole file, hex
	RawBytes         int64
	Unparsed         int
	MinTime, MaxTime int64
	FirstSeq         int64 // least and greatest sequence number
	LastSeq          int64
	Groups           []int64 // where the row groups start
	Columns          []ColumnStats
}

// ColumnStats are what an Iceberg data file says of one column. Min and Max hold for numbers, MinText and MaxText for texts.
type ColumnStats struct {
	FieldID           int
	Size              int64
	Values, Nulls     int64
	Min, Max          int64
	HasRange          bool
	MinText, MaxText  string
	HasText, IsNested bool
}

// Assemble writes groups as one Parquet file. Groups that come from a Builder get their sequence numbers, from firstSeq
// on, unless they brought their own; groups that were read from a file are copied as they are.
func Assemble(w io.Writer, groups []*Group, firstSeq int64) (*Written, error) {
	f, err := NewFileWriter(w, firstSeq)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if err := f.Add(g); err != nil {
			return nil, err
		}
	}
	return f.End()
}

// FileWriter writes a Parquet file group by group, as Assemble does.
type FileWriter struct {
	f       *filer
	enc     *encoder
	nextSeq int64
	placed  []*Group
	res     Written
}

// NewFileWriter begins a file.
func NewFileWriter(w io.Writer, firstSeq int64) (*FileWriter, error) {
	f := &FileWriter{f: &filer{w: bufio.NewWriterSize(w, 1<<20), sum: sha256.New()}, enc: newEncoder(Fast), nextSeq: firstSeq,
		res: Written{MinTime: math.MaxInt64, MaxTime: math.MinInt64, FirstSeq: firstSeq}}
	return f, f.f.write([]byte(magic))
}

// Add writes a group.
func (f *FileWriter) Add(g *Group) error {
	p, err := f.f.place(g, f.enc, f.nextSeq)
	if err != nil {
		return err
	}
	if g.data != nil && !g.ownSeq {
		f.nextSeq += int64(g.Rows)
	}
	p.data = nil
	f.placed = append(f.placed, p)
	r := &f.res
	r.Rows += g.Rows
	r.RawBytes += g.RawBytes
	r.Unparsed += g.Unparsed
	r.MinTime, r.MaxTime = min(r.MinTime, g.MinTime), max(r.MaxTime, g.MaxTime)
	ch := &p.chunks[leafOf[event.ColSeq]]
	if len(f.placed) == 1 || ch.min < r.FirstSeq {
		r.FirstSeq = ch.min
	}
	r.LastSeq = max(r.LastSeq, ch.max)
	r.Groups = append(r.Groups, p.base)
	return nil
}

// End writes the index and the footer.
func (f *FileWriter) End() (*Written, error) {
	if err := f.f.end(f.placed); err != nil {
		return nil, err
	}
	f.res.Bytes = f.f.at
	f.res.SHA256 = hex.EncodeToString(f.f.sum.Sum(nil))
	f.res.Columns = columnStats(f.placed)
	return &f.res, nil
}

type filer struct {
	w   *bufio.Writer
	sum hash.Hash
	at  int64
}

func (f *filer) write(b []byte) error {
	f.at += int64(len(b))
	f.sum.Write(b) // a hash never fails
	_, err := f.w.Write(b)
	return err
}

// place writes a group and returns it with its place in the file.
func (f *filer) place(g *Group, enc *encoder, firstSeq int64) (*Group, error) {
	p := *g
	p.base = f.at
	if g.data == nil {
		buf := make([]byte, g.size)
		if _, err := g.src.ReadAt(buf, g.base); err != nil {
			return nil, fmt.Errorf("copy row group: %w", err)
		}
		return &p, f.write(buf)
	}
	if g.ownSeq {
		p.FirstSeq = g.chunks[leafOf[event.ColSeq]].min
		p.size = len(g.data)
		return &p, f.write(g.data)
	}
	p.FirstSeq = firstSeq
	p.chunks = append([]chunk(nil), g.chunks...)
	seqs := make([]int64, g.Rows)
	for i := range seqs {
		seqs[i] = firstSeq + int64(i)
	}
	col := column{leaf: &leaves[leafOf[event.ColSeq]], kind: event.Long, have: g.Rows, nums: seqs}
	ch := &p.chunks[leafOf[event.ColSeq]]
	tail := enc.numbers(nil, ch, &col, g.Rows)
	ch.shift(len(g.data))
	p.size = len(g.data) + len(tail)
	if err := f.write(g.data); err != nil {
		return nil, err
	}
	return &p, f.write(tail)
}

// shift moves a chunk that was written at 0 to at.
func (c *chunk) shift(at int) {
	c.start += at
	c.dictAt += at
	c.dataAt += at
	c.dict.off += at
	for i := range c.pages {
		c.pages[i].off += at
	}
}

// end writes the index and the footer.
func (f *filer) end(groups []*Group) error {
	index := appendIndex(nil, groups)
	at := f.at
	if err := f.write(index); err != nil {
		return err
	}
	trailer := binary.LittleEndian.AppendUint64(nil, uint64(at))
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(len(index)))
	trailer = binary.LittleEndian.AppendUint32(trailer, crc32.ChecksumIEEE(index))
	trailer = append(trailer, indexMagic...)
	if err := f.write(trailer); err != nil {
		return err
	}
	foot := appendFooter(nil, groups, at, len(index))
	foot = binary.LittleEndian.AppendUint32(foot, uint32(len(foot)))
	if err := f.write(append(foot, magic...)); err != nil {
		return err
	}
	return f.w.Flush()
}

// appendFooter appends Parquet's FileMetaData.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
func appendFooter(dst []byte, groups []*Group, indexAt int64, indexLen int) []byte {
	t := thrift{b: dst}
	t.i32(1, 2)
	appendSchema(&t)
	rows := int64(0)
	for _, g := range groups {
		rows += int64(g.Rows)
	}
	t.i64(3, rows)
	t.list(4, len(groups), tStruct)
	for i, g := range groups {
		appendRowGroup(&t, g, i)
	}
	t.list(5, 2, tStruct)
	for _, kv := range [][2]string{
		{"kiroku.version", strconv.Itoa(formatVersion)},
		{"kiroku.index", fmt.Sprintf("%d,%d", indexAt, indexLen)},
	} {
		t.openBare()
		t.text(1, kv[0])
		t.text(2, kv[1])
		t.close()
	}
	t.text(6, "Kiroku (build 1)")
	t.list(7, len(leaves), tStruct) // column orders: all by their type
	for range leaves {
		t.openBare()
		t.empty(1)
		t.close()
	}
	return append(t.b, 0)
}

func appendRowGroup(t *thrift, g *Group, ordinal int) {
	t.openBare()
	t.list(1, len(g.chunks), tStruct)
	total, comp := int64(0), int64(0)
	for i := range g.chunks {
		appendColumnChunk(t, g, &g.chunks[i], &leaves[i])
		total += int64(g.chunks[i].raw)
		comp += int64(g.chunks[i].size)
	}
	t.i64(2, total)
	t.i64(3, int64(g.Rows))
	t.i64(5, g.base)
	t.i64(6, comp)
	t.i32(7, ordinal)
	t.close()
}

func appendColumnChunk(t *thrift, g *Group, ch *chunk, l *leaf) {
	t.openBare()
	t.i64(2, 0)
	t.open(3)
	t.i32(1, int(l.phys))
	encs := []int{parquetEncoding[ch.enc], 3}
	if ch.enc == encDict {
		encs = append(encs, 0)
	}
	t.list(2, len(encs), tI32)
	for _, e := range encs {
		t.zigzag(int64(e))
	}
	t.list(3, len(l.path), tBinary)
	for _, p := range l.path {
		t.bareText(p)
	}
	codec := 0
	if ch.packed {
		codec = 6 // ZSTD
	}
	t.i32(4, codec)
	t.i64(5, int64(ch.values))
	t.i64(6, int64(ch.raw))
	t.i64(7, int64(ch.size))
	t.i64(9, g.base+int64(ch.dataAt))
	if ch.enc == encDict {
		t.i64(11, g.base+int64(ch.dictAt))
	}
	appendStatistics(t, ch, l)
	if ch.bloomLen > 0 {
		t.i64(14, g.base+int64(ch.bloomAt))
		t.i32(15, ch.bloomLen)
	}
	t.close()
	t.close()
}

func appendStatistics(t *thrift, ch *chunk, l *leaf) {
	t.open(12)
	t.i64(3, int64(ch.nulls))
	switch {
	case ch.hasText:
		t.text(5, ch.maxText)
		t.text(6, ch.minText)
	case ch.hasRange:
		t.text(5, string(appendPlain(nil, []int64{ch.max}, l.phys)))
		t.text(6, string(appendPlain(nil, []int64{ch.min}, l.phys)))
	}
	t.close()
}

func appendSchema(t *thrift) {
	n := 1
	for _, c := range event.Columns() {
		switch c.Kind() {
		case event.StringList:
			n += 3
		case event.StringMap:
			n += 4
		default:
			n++
		}
	}
	t.list(2, n, tStruct)
	t.openBare()
	t.text(4, "events")
	t.i32(5, event.NumColumns)
	t.close()
	for _, c := range event.Columns() {
		appendSchemaColumn(t, c)
	}
}

// Repetition types and converted types of the schema.
const (
	repRequired, repOptional, repRepeated   = 0, 1, 2
	convUTF8, convMap, convList, convMicros = 0, 1, 3, 10
)

func appendSchemaColumn(t *thrift, c event.Column) {
	info := c.Info()
	rep := repOptional
	if info.Required {
		rep = repRequired
	}
	switch info.Kind {
	case event.StringList:
		appendSchemaGroup(t, info.Name, repOptional, 1, info.FieldID, convList, 3)
		appendSchemaGroup(t, "list", repRepeated, 1, 0, -1, 0)
		appendSchemaText(t, "element", repRequired, ElementID(c))
	case event.StringMap:
		appendSchemaGroup(t, info.Name, repOptional, 1, info.FieldID, convMap, 2)
		appendSchemaGroup(t, "key_value", repRepeated, 2, 0, -1, 0)
		appendSchemaText(t, "key", repRequired, ElementID(c))
		appendSchemaText(t, "value", repRequired, ValueID(c))
	case event.String:
		appendSchemaText(t, info.Name, rep, info.FieldID)
	default:
		t.openBare()
		t.i32(1, int(leaves[leafOf[c]].phys))
		t.i32(3, rep)
		t.text(4, info.Name)
		if info.Kind == event.Timestamp {
			t.i32(6, convMicros)
		}
		t.i32(9, info.FieldID)
		if info.Kind == event.Timestamp {
			t.open(10) // LogicalType
			t.open(8)  // TIMESTAMP
			t.boolean(1, true)
			t.open(2)
			t.empty(2) // MICROS
			t.close()
			t.close()
			t.close()
		}
		t.close()
	}
}

// appendSchemaGroup writes a group; logical is the field of LogicalType (MAP 2, LIST 3), 0 for none.
func appendSchemaGroup(t *thrift, name string, rep, children, fieldID, conv int, logical int16) {
	t.openBare()
	t.i32(3, rep)
	t.text(4, name)
	t.i32(5, children)
	if conv >= 0 {
		t.i32(6, conv)
	}
	if fieldID > 0 {
		t.i32(9, fieldID)
	}
	if logical > 0 {
		t.open(10)
		t.empty(logical)
		t.close()
	}
	t.close()
}

func appendSchemaText(t *thrift, name string, rep, fieldID int) {
	t.openBare()
	t.i32(1, int(physByteArray))
	t.i32(3, rep)
	t.text(4, name)
	t.i32(6, convUTF8)
	t.i32(9, fieldID)
	t.open(10)
	t.empty(1) // STRING
	t.close()
	t.close()
}

func columnStats(groups []*Group) []ColumnStats {
	out := make([]ColumnStats, len(leaves))
	for i := range leaves {
		l := &leaves[i]
		s := &out[i]
		s.FieldID = l.col.Info().FieldID
		s.IsNested = l.role != roleScalar
		switch l.role {
		case roleElement, roleKey:
			s.FieldID = ElementID(l.col)
		case roleValue:
			s.FieldID = ValueID(l.col)
		}
		s.HasRange, s.HasText = true, true
		seen := false
		for _, g := range groups {
			ch := &g.chunks[i]
			s.Size += int64(ch.size)
			s.Values += int64(ch.values)
			s.Nulls += int64(ch.nulls)
			if ch.enc == encNull {
				continue
			}
			if !seen {
				s.Min, s.Max, s.MinText, s.MaxText = ch.min, ch.max, ch.minText, ch.maxText
			}
			seen = true
			s.HasRange = s.HasRange && ch.hasRange
			s.HasText = s.HasText && ch.hasText
			s.Min, s.Max = min(s.Min, ch.min), max(s.Max, ch.max)
			s.MinText, s.MaxText = min(s.MinText, ch.minText), max(s.MaxText, ch.maxText)
		}
		s.HasRange, s.HasText = s.HasRange && seen, s.HasText && seen
	}
	return out
}
