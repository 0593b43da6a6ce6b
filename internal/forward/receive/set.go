package receive

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

// maxSet bounds a Set: 16 bytes each.
const maxSet = 32 << 20

// Set holds external ids by 128 bits of their SHA-256. The zero value is empty.
type Set struct {
	hashes [][2]uint64
	limit  int // 0: maxSet
}

func hashOf(uid string) [2]uint64 {
	sum := sha256.Sum256([]byte(uid))
	return [2]uint64{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])}
}

func compare(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) }

var errSetFull = errors.New("more than 33 million receipts; choose a shorter time")

func (s *Set) add(uid string) error {
	limit := s.limit
	if limit == 0 {
		limit = maxSet
	}
	if len(s.hashes) >= limit {
		if s.sort(); len(s.hashes) > limit-limit/8 {
			return errSetFull
		}
	}
	s.hashes = append(s.hashes, hashOf(uid))
	return nil
}

// sort orders the hashes and takes doubles out.
func (s *Set) sort() {
	slices.SortFunc(s.hashes, compare)
	s.hashes = slices.Compact(s.hashes)
}

// Has says whether an id is in the set. It may be called by several goroutines.
func (s *Set) Has(uid string) bool {
	_, found := slices.BinarySearchFunc(s.hashes, hashOf(uid), compare)
	return found
}

// Len is how many ids there are.
func (s *Set) Len() int { return len(s.hashes) }
