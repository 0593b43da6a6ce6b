package duckdb

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unsafe"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/engine"
)

// vector is one column of a chunk, or the elements of a nested one, opened for reading. It is valid as long as the chunk.
type vector struct {
	*reader
	data     unsafe.Pointer
	validity unsafe.Pointer // nil: all valid
	parts    []vector
}

// open reads the addresses of a vector.
func (r *reader) open(v duck.Vector) vector {
	out := vector{reader: r, data: duck.VectorGetData(v), validity: duck.VectorGetValidity(v)}
	switch r.kind {
	case duck.TypeList, duck.TypeMap:
		out.parts = []vector{r.parts[0].open(duck.ListVectorGetChild(v))}
	case duck.TypeArray:
		out.parts = []vector{r.parts[0].open(duck.ArrayVectorGetChild(v))}
	case duck.TypeStruct, duck.TypeUnion:
		out.parts = make([]vector, len(r.parts))
		for i, p := range r.parts {
			out.parts[i] = p.open(duck.StructVectorGetChild(v, duck.IdxT(i)))
		}
	}
	return out
}

// valid says whether a row is not NULL.
func valid(mask unsafe.Pointer, row int) bool {
	if mask == nil {
		return true
	}
	word := *(*uint64)(unsafe.Add(mask, row/64*8))
	return word>>(row%64)&1 == 1
}

func at[T any](data unsafe.Pointer, row int) T {
	var t T
	return *(*T)(unsafe.Add(data, uintptr(row)*unsafe.Sizeof(t)))
}

// textAt views a string of a vector. duckdb_string_t is 16 bytes: a 32-bit length, then up to 12 bytes of text, or four
// bytes of it and a pointer to all.
func textAt(data unsafe.Pointer, row int) []byte {
	p := unsafe.Add(data, row*16)
	n := int(*(*uint32)(p))
	if n <= 12 {
		return unsafe.Slice((*byte)(unsafe.Add(p, 4)), n)
	}
	return unsafe.Slice(*(**byte)(unsafe.Add(p, 8)), n)
}

// value reads one row as engine.Rows describes it.
func (v *vector) value(row int) any {
	if !valid(v.validity, row) {
		return nil
	}
	switch v.kind {
	case duck.TypeVarchar:
		text := textAt(v.data, row)
		if v.json && json.Valid(text) {
			return json.RawMessage(append([]byte(nil), text...))
		}
		return string(text)
	case duck.TypeBlob:
		return append([]byte{}, textAt(v.data, row)...)
	case duck.TypeBoolean:
		return at[bool](v.data, row)
	case duck.TypeTimestamp, duck.TypeTimestampTZ, duck.TypeTimestampS, duck.TypeTimestampMS, duck.TypeTimestampNS,
		duck.TypeDate, duck.TypeTime, duck.TypeTimeTZ, duck.TypeTimeNS, duck.TypeInterval:
		return v.timeValue(row)
	case duck.TypeList, duck.TypeArray, duck.TypeStruct, duck.TypeMap, duck.TypeUnion:
		return v.nested(row)
	case duck.TypeEnum:
		return v.fields[v.index(row)]
	case duck.TypeUUID:
		return uuidText(at[[2]uint64](v.data, row))
	case duck.TypeBit:
		return bitText(textAt(v.data, row))
	case duck.TypeBigNum:
		return fit(bigNum(textAt(v.data, row)))
	case duck.TypeSQLNull:
		return nil
	}
	return v.number(row)
}

func (v *vector) number(row int) any {
	switch v.kind {
	case duck.TypeTinyInt:
		return int64(at[int8](v.data, row))
	case duck.TypeSmallInt:
		return int64(at[int16](v.data, row))
	case duck.TypeInteger:
		return int64(at[int32](v.data, row))
	case duck.TypeBigInt:
		return at[int64](v.data, row)
	case duck.TypeUTinyInt:
		return int64(at[uint8](v.data, row))
	case duck.TypeUSmallInt:
		return int64(at[uint16](v.data, row))
	case duck.TypeUInteger:
		return int64(at[uint32](v.data, row))
	case duck.TypeUBigInt:
		return fit(new(big.Int).SetUint64(at[uint64](v.data, row)))
	case duck.TypeHugeInt, duck.TypeUHugeInt:
		return fit(hugeInt(at[[2]uint64](v.data, row), v.kind == duck.TypeHugeInt))
	case duck.TypeFloat:
		return float(float64(at[float32](v.data, row)))
	case duck.TypeDouble:
		return float(at[float64](v.data, row))
	case duck.TypeDecimal:
		return v.decimal(row)
	}
	return nil // newReader let no other type pass
}

// index is the number of an enum's value.
func (v *vector) index(row int) int {
	switch v.stored {
	case duck.TypeUSmallInt:
		return int(at[uint16](v.data, row))
	case duck.TypeUInteger:
		return int(at[uint32](v.data, row))
	}
	return int(at[uint8](v.data, row))
}

func (v *vector) nested(row int) any {
	switch v.kind {
	case duck.TypeStruct:
		o := make(engine.Object, len(v.parts))
		for i := range v.parts {
			o[i] = engine.Field{Name: v.fields[i], Value: v.parts[i].value(row)}
		}
		return o
	case duck.TypeUnion:
		// The first part is the number of the member that is set.
		return v.parts[1+int(at[uint8](v.parts[0].data, row))].value(row)
	case duck.TypeArray:
		return v.elements(row*v.length, v.length)
	}
	entry := at[[2]uint64](v.data, row)
	first, n := int(entry[0]), int(entry[1])
	if v.kind == duck.TypeList {
		return v.elements(first, n)
	}
	o := make(engine.Object, n)
	keys, values := &v.parts[0].parts[0], &v.parts[0].parts[1]
	for i := range o {
		o[i] = engine.Field{Name: keyText(keys.value(first + i)), Value: values.value(first + i)}
	}
	return o
}

func (v *vector) elements(first, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v.parts[0].value(first + i)
	}
	return list
}

// keyText writes the key of a map.
func keyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case engine.Object, []any:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return fmt.Sprint(v)
}

// float keeps what JSON cannot write as text.
func float(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}

// fit returns the smallest of int64, uint64, *big.Int that holds n.
func fit(n *big.Int) any {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.IsUint64():
		return n.Uint64()
	}
	return n
}

// hugeInt reads 128 bits: the lower and the upper half.
func hugeInt(halves [2]uint64, signed bool) *big.Int {
	upper := new(big.Int).SetUint64(halves[1])
	if signed {
		upper.SetInt64(int64(halves[1]))
	}
	return upper.Lsh(upper, 64).Add(upper, new(big.Int).SetUint64(halves[0]))
}

func (v *vector) decimal(row int) any {
	var n *big.Int
	switch v.stored {
	case duck.TypeSmallInt:
		n = big.NewInt(int64(at[int16](v.data, row)))
	case duck.TypeInteger:
		n = big.NewInt(int64(at[int32](v.data, row)))
	case duck.TypeBigInt:
		n = big.NewInt(at[int64](v.data, row))
	default:
		n = hugeInt(at[[2]uint64](v.data, row), true)
	}
	if v.scale == 0 {
		return json.Number(n.String())
	}
	digits := new(big.Int).Abs(n).String()
	if pad := v.scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	point := len(digits) - v.scale
	text := digits[:point] + "." + digits[point:]
	if n.Sign() < 0 {
		text = "-" + text
	}
	return json.Number(text)
}

// uuidText reads a UUID, which is stored as a HUGEINT with its first bit turned so that it sorts like its text.
func uuidText(halves [2]uint64) string {
	upper, lowerHalf := halves[1]^(1<<63), halves[0]
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", upper>>32, upper>>16&0xffff, upper&0xffff, lowerHalf>>48, lowerHalf&(1<<48-1))
}

// bitText reads a BIT: the number of padding bits of the first byte, then the bytes.
func bitText(b []byte) string {
	if len(b) < 2 {
		return ""
	}
	var out strings.Builder
	for _, c := range b[1:] {
		s := strconv.FormatUint(uint64(c), 2)
		out.WriteString(strings.Repeat("0", 8-len(s)) + s)
	}
	return out.String()[min(int(b[0]), 8):]
}

// bigNum reads a BIGNUM: three bytes of header whose first bit says positive, then the magnitude, most significant byte
// first; all bits are turned when it is negative.
func bigNum(b []byte) *big.Int {
	if len(b) < 4 {
		return new(big.Int)
	}
	positive := b[0]&0x80 != 0
	digits := append([]byte(nil), b[3:]...)
	if positive {
		return new(big.Int).SetBytes(digits)
	}
	for i := range digits {
		digits[i] = ^digits[i]
	}
	n := new(big.Int).SetBytes(digits)
	return n.Neg(n)
}
