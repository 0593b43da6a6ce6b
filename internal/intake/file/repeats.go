package file

import (
	"bytes"
	"hash/maphash"
	"strconv"
)

// repeatsKept is how many different records are remembered at least, and from how many on the older ones are forgotten.
// Equal records of a log carry the same time and stand close together.
const repeatsKept = 1 << 18

// repeats counts the equal records of a member, so that each piece can say which of its records were there before.
type repeats struct {
	seed     maphash.Seed
	now, old map[uint64]int
}

func newRepeats() *repeats { return &repeats{seed: maphash.MakeSeed(), now: map[uint64]int{}} }

// before is Piece.Before for a piece, which is counted, too.
func (r *repeats) before(data []byte) (out []byte) {
	here := map[uint64]int{}
	for rec := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte{'\n'}), []byte{'\n'}) {
		h := maphash.Bytes(r.seed, rec)
		if n := r.now[h] + r.old[h]; n > 0 && here[h] == 0 {
			out = append(strconv.AppendInt(out, int64(n), 10), ' ')
			out = append(append(out, rec...), '\n')
		}
		here[h]++
	}
	for h, n := range here {
		r.now[h] += n
	}
	if len(r.now) > repeatsKept {
		r.now, r.old = map[uint64]int{}, r.now
	}
	return out
}
