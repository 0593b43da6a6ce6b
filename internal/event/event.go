package event

import (
	"math"
	"math/bits"
	"time"
	"unsafe"
)

// Pair is one leaf of a record that has no column.
type Pair struct{ Key, Value string }

// Step tells where the value of a column came from, for "kiroku parse".
type Step struct {
	Column Column
	From   string // the source's own name of the field
}

// Event is one row. The zero value is an empty row. It is not safe for concurrent use.
//
// Strings given to its setters are kept as they are, not copied: they must stay unchanged until the row was appended to
// a batch. That holds for string constants, for parts of the Record's bytes (Bytes), and for strings made by Keep.
type Event struct {
	set      [(NumColumns + 63) / 64]uint64
	str      [NumColumns]string
	num      [NumColumns]int64
	lists    [NumColumns][]string
	unmapped []Pair
	names    leafNames
	scratch  []byte
	tracing  bool
	steps    []Step
}

// A record may be far larger than others: what it needed beyond these is not kept for the next.
const (
	keptLeaves  = 1 << 10 // also elements of a list
	keptScratch = 64 << 10
)

// Reset empties the row and keeps its memory.
func (e *Event) Reset() {
	for w := range e.set {
		for word := e.set[w] & ofKind[String][w]; word != 0; word &= word - 1 {
			e.str[w*64+bits.TrailingZeros64(word)] = ""
		}
		for word := e.set[w] & ofKind[StringList][w]; word != 0; word &= word - 1 {
			i := w*64 + bits.TrailingZeros64(word)
			if e.lists[i] = e.lists[i][:0]; cap(e.lists[i]) > keptLeaves {
				e.lists[i] = nil
			}
		}
		e.set[w] = 0
	}
	if cap(e.unmapped) > keptLeaves {
		e.unmapped, e.names = nil, leafNames{}
	}
	if cap(e.scratch) > keptScratch {
		e.scratch = nil
	}
	e.unmapped = e.unmapped[:0]
	e.names.reset()
	e.scratch = e.scratch[:0]
	e.steps = e.steps[:0]
}

// ofKind are the columns of each kind, one bit a column.
var ofKind = func() (sets [StringMap + 1][(NumColumns + 63) / 64]uint64) {
	for c := range NumColumns {
		sets[Column(c).Kind()][c/64] |= 1 << (c % 64)
	}
	return sets
}()

// Trace makes the row remember where each value came from, until it is switched off.
func (e *Event) Trace(on bool) { e.tracing = on }

// Steps is what Trace recorded, in the order of setting. A column that was set twice stands twice; the last one holds.
func (e *Event) Steps() []Step { return e.steps }

// Bytes views b as a string without copying it. b must not change while the string is in use.
func Bytes(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Keep copies b into the row's scratch memory and returns it as a string that is valid until Reset.
func (e *Event) Keep(b []byte) string {
	if cap(e.scratch)-len(e.scratch) < len(b) {
		// Strings handed out before keep the old block alive.
		e.scratch = make([]byte, 0, max(2*cap(e.scratch), len(b), 1024))
	}
	n := len(e.scratch)
	e.scratch = append(e.scratch, b...)
	return Bytes(e.scratch[n:len(e.scratch):len(e.scratch)])
}

func (e *Event) mark(c Column, from string) {
	e.set[c/64] |= 1 << (c % 64)
	if e.tracing {
		e.steps = append(e.steps, Step{c, from})
	}
}

// Str sets a text column from the source's field named from. An empty value leaves the column as it is.
func (e *Event) Str(c Column, from, v string) {
	if v == "" {
		return
	}
	e.str[c] = v
	e.mark(c, from)
}

// Int sets a column of kind Int, Long or Timestamp (microseconds).
func (e *Event) Int(c Column, from string, v int64) {
	e.num[c] = v
	e.mark(c, from)
}

// Bool sets a column of kind Bool.
func (e *Event) Bool(c Column, from string, v bool) {
	e.num[c] = 0
	if v {
		e.num[c] = 1
	}
	e.mark(c, from)
}

// Double sets a column of kind Double.
func (e *Event) Double(c Column, from string, v float64) {
	e.num[c] = int64(math.Float64bits(v))
	e.mark(c, from)
}

// Time sets a column of kind Timestamp.
func (e *Event) Time(c Column, from string, t time.Time) { e.Int(c, from, t.UnixMicro()) }

// Add appends one element to a column of kind StringList. Empty elements are left out.
func (e *Event) Add(c Column, from, v string) {
	if v == "" {
		return
	}
	e.lists[c] = append(e.lists[c], v)
	e.mark(c, from)
}

// Clear takes a column back.
func (e *Event) Clear(c Column) {
	e.set[c/64] &^= 1 << (c % 64)
	e.str[c] = ""
	if e.lists[c] != nil {
		e.lists[c] = e.lists[c][:0]
	}
	if c == ColUnmapped {
		e.unmapped = e.unmapped[:0]
		e.names.reset()
	}
}

// Has says whether c has a value.
func (e *Event) Has(c Column) bool { return e.set[c/64]&(1<<(c%64)) != 0 }

// GetStr returns a text column, "" when it has no value.
func (e *Event) GetStr(c Column) string { return e.str[c] }

// GetInt returns a column of kind Int, Long, Bool (0 or 1) or Timestamp; 0 when it has no value: see Has.
func (e *Event) GetInt(c Column) int64 {
	if !e.Has(c) {
		return 0
	}
	return e.num[c]
}

// GetDouble returns a column of kind Double.
func (e *Event) GetDouble(c Column) float64 {
	if !e.Has(c) {
		return 0
	}
	return math.Float64frombits(uint64(e.num[c]))
}

// GetList returns a column of kind StringList. The slice is the row's own.
func (e *Event) GetList(c Column) []string { return e.lists[c] }

// Unmapped returns the leaves without a column. The slice is the row's own.
func (e *Event) Unmapped() []Pair { return e.unmapped }

// Unmapped1 returns one leaf without a column.
func (e *Event) Unmapped1(key string) (string, bool) {
	for i := range e.unmapped {
		if e.unmapped[i].Key == key {
			return e.unmapped[i].Value, true
		}
	}
	return "", false
}

// Set is the set of columns that have a value, one bit a column.
func (e *Event) Set() [(NumColumns + 63) / 64]uint64 { return e.set }
