package jsonleaf

import (
	"encoding/binary"
	"math/bits"
)

// Key is a key that a document probably has next: see Expect.
type Key struct {
	text, mask [keyWords]uint64 // of `,"name":"`, without the comma
	n          int              // bytes of it, with the comma
}

const keyWords = 3

// Expect prepares a key for NextText: its name, without escapes, of at most 19 bytes. Of a longer one no text is found.
func Expect(name string) *Key {
	text := `,"` + name + `":"`
	k := &Key{n: len(text)}
	if len(text) > 8*keyWords {
		k.text[0] = 1 // the comma's place, which the mask leaves out: nothing is the same
		return k
	}
	var b, m [8 * keyWords]byte
	for i := 1; i < len(text); i++ {
		b[i], m[i] = text[i], 0xFF
	}
	for w := range keyWords {
		k.text[w], k.mask[w] = binary.LittleEndian.Uint64(b[8*w:]), binary.LittleEndian.Uint64(m[8*w:])
	}
	return k
}

// NextText reads the next member and returns its text, if its key is k, nothing stands between them and its value is a string
// without escapes. If not, or near the document's end, it leaves everything as it is. Records with a fixed order of keys are
// read faster so.
func (ms *Members) NextText(k *Key) (text []byte, ok bool) {
	if ms.done || ms.cause != "" || ms.Pos > len(ms.Doc) {
		return nil, false
	}
	b := ms.Doc[ms.Pos:]
	want := byte(',')
	if !ms.started {
		want = '{'
	}
	if len(b) < 8*keyWords || b[0] != want {
		return nil, false
	}
	diff := binary.LittleEndian.Uint64(b)&k.mask[0] ^ k.text[0]
	diff |= binary.LittleEndian.Uint64(b[8:])&k.mask[1] ^ k.text[1]
	diff |= binary.LittleEndian.Uint64(b[16:])&k.mask[2] ^ k.text[2]
	if diff != 0 {
		return nil, false
	}
	i := k.n
	for {
		if i+8 > len(b) {
			return nil, false
		}
		w := binary.LittleEndian.Uint64(b[i:])
		if m := stops(w); m != 0 {
			i += bits.TrailingZeros64(m) / 8
			break
		}
		if i += 8; i >= k.n+longString {
			if i = longEnd(b, i); i < 0 {
				return nil, false
			}
			break
		}
	}
	if b[i] != '"' {
		return nil, false
	}
	ms.started = true
	ms.Pos += i + 1
	return b[k.n:i], true
}
