package forward

import (
	"kiroku/internal/event"
	"kiroku/internal/forward/format"
	"kiroku/internal/forward/wire"
)

// encoder writes events as a destination wants them. It belongs to one goroutine at a time.
type encoder interface {
	// Append appends the line of an event. cut is how much it was shortened. An error: it is a dead letter.
	Append(dst []byte, e *event.Event) (line []byte, cut int, err error)
}

// columnsOf are the columns that the lines of a destination show; nil: all.
func columnsOf(d *wire.Destination) []event.Column {
	return format.Columns(format.Options{Format: d.Format, Raw: d.Raw})
}

func newEncoder(d *wire.Destination, host, version string) (encoder, error) {
	return format.New(format.Options{Format: d.Format, Header: d.Header, Host: host, MaxBytes: d.MaxBytes, Raw: d.Raw, Version: version})
}
