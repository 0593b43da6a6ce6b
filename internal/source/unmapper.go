package source

import (
	"strconv"

	"kiroku/internal/event"
)

// Limits on what the leaves of one record may add to its row: a record of many short values under one long name must not
// take many times its own size.
const (
	maxUnmapped  = 10_000
	namesAtLeast = 64 << 10 // bytes of copied names that every record may have
	namesPerByte = 16       // and for each byte of it
)

// Unmapper keeps leaves of one record in unmapped, within bounds. It is for sources whose records nest.
type Unmapper struct {
	e       *event.Event
	room    int // bytes of names that may still be copied
	leftOut int
}

// Start begins a record of size bytes.
func (u *Unmapper) Start(e *event.Event, size int) {
	*u = Unmapper{e: e, room: namesAtLeast + namesPerByte*size}
}

// Keep keeps a leaf. name is copied unless it is a part of the record; value must be valid as long as the row.
func (u *Unmapper) Keep(name []byte, inRecord bool, value string) {
	if len(u.e.Unmapped()) >= maxUnmapped || !inRecord && len(name) > u.room {
		u.leftOut++
		return
	}
	if inRecord {
		u.e.Unmap(event.Bytes(name), value)
		return
	}
	u.room -= len(name)
	u.e.Unmap(u.e.Keep(name), value)
}

// End says in "_leaves_left_out" how many leaves were more than the bounds allow, if any. raw_data has them all.
func (u *Unmapper) End() {
	if u.leftOut > 0 {
		u.e.Unmap("_leaves_left_out", strconv.Itoa(u.leftOut))
	}
	u.e = nil
}
