package segment

import "encoding/binary"

// thrift writes the Thrift compact protocol, of which Parquet's page headers and footer need only a few types.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type thrift struct {
	b    []byte
	last []int16 // field id before, per nesting level
	id   int16
}

// Element types of the compact protocol.
const (
	tTrue   = 1
	tFalse  = 2
	tI32    = 5
	tI64    = 6
	tBinary = 8
	tList   = 9
	tStruct = 12
)

func (t *thrift) field(id int16, typ byte) {
	if d := id - t.id; d > 0 && d <= 15 {
		t.b = append(t.b, byte(d)<<4|typ)
	} else {
		t.b = append(t.b, typ)
		t.zigzag(int64(id))
	}
	t.id = id
}

func (t *thrift) zigzag(v int64) { t.b = binary.AppendUvarint(t.b, uint64(v<<1)^uint64(v>>63)) }

func (t *thrift) i32(id int16, v int) {
	t.field(id, tI32)
	t.zigzag(int64(v))
}

func (t *thrift) i64(id int16, v int64) {
	t.field(id, tI64)
	t.zigzag(v)
}

func (t *thrift) boolean(id int16, v bool) {
	if v {
		t.field(id, tTrue)
	} else {
		t.field(id, tFalse)
	}
}

func (t *thrift) text(id int16, v string) {
	t.field(id, tBinary)
	t.bareText(v)
}

func (t *thrift) bareText(v string) {
	t.b = binary.AppendUvarint(t.b, uint64(len(v)))
	t.b = append(t.b, v...)
}

func (t *thrift) list(id int16, n int, typ byte) {
	t.field(id, tList)
	if n < 15 {
		t.b = append(t.b, byte(n)<<4|typ)
		return
	}
	t.b = append(t.b, 0xf0|typ)
	t.b = binary.AppendUvarint(t.b, uint64(n))
}

func (t *thrift) open(id int16) {
	t.field(id, tStruct)
	t.openBare()
}

func (t *thrift) openBare() {
	t.last = append(t.last, t.id)
	t.id = 0
}

func (t *thrift) close() {
	t.b = append(t.b, 0)
	t.id = t.last[len(t.last)-1]
	t.last = t.last[:len(t.last)-1]
}

// empty writes a struct without fields.
func (t *thrift) empty(id int16) {
	t.open(id)
	t.close()
}
