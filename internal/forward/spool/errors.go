package spool

import (
	"fmt"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// FullError says that a batch has no room in a queue. It is no fault of the queue: there is room again when records are confirmed.
type FullError struct {
	Folder  string
	Limit   int64
	Waiting Waiting
	Disk    error // why the disk did not take it; nil: the limit was reached
	need    int64
}

func (e *FullError) Error() string {
	why := fmt.Sprintf("its size is limited to %d bytes (--spool-size)", e.Limit)
	if e.Disk != nil {
		why = fmt.Sprintf("its disk is full (%v)", e.Disk)
	}
	return fmt.Sprintf("the spool in %s takes nothing more: %s; waiting in it: %s, %d bytes", e.Folder, why, wire.Count(e.Waiting.Records, "record"), e.Waiting.Bytes)
}

func (e *FullError) Unwrap() error { return e.Disk }

// DamageError says that records are missing of which the server was told that they are in the spool.
type DamageError struct {
	Folder string
	Gaps   []Gap
}

// Gap is what is missing in one place.
type Gap struct {
	Records int64
	Where   string // file and place
	Store   string // of the record before and the one behind it; "": there is none, or they differ
	After   int64  // sequence number of the last record before it; 0: not known
	Before  int64  // of the first one behind it; 0: not known
}

func (e *DamageError) Error() string {
	text := fmt.Sprintf("the spool in %s is damaged", e.Folder)
	for _, g := range e.Gaps {
		text += fmt.Sprintf("; %s cannot be read %s", wire.Count(g.Records, "record"), g.Where)
		switch {
		case g.Store == "":
		case g.After > 0 && g.Before > 0:
			text += fmt.Sprintf(" (of %s, with sequence numbers between %d and %d)", g.Store, g.After, g.Before)
		case g.After > 0:
			text += fmt.Sprintf(" (of %s, with sequence numbers above %d)", g.Store, g.After)
		case g.Before > 0:
			text += fmt.Sprintf(" (of %s, with sequence numbers below %d)", g.Store, g.Before)
		}
	}
	return text
}

// damaged is a DamageError with what to do.
func damaged(folder string, gaps []Gap) error {
	return fault.New(fault.Other, &DamageError{Folder: folder, Gaps: gaps},
		"Put the files back from a copy if there is one; else start the agent with --spool-skip-damaged: it delivers everything that can be read, and kiroku agents recover sends the period of the missing records again while the server still has them.")
}
