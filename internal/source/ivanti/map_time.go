package ivanti

import (
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
)

// maxEpoch is the end of year 9999.
const maxEpoch = 253402300799

// mapTime takes the event's time from the body's epoch, else from the body's local time, else from the header, else from
// the receipt. The header may be an hour off. The fraction of us_timestamp is no part of the time: firmware prints one to
// six digits of it and it is not known where zeros are missing, so that events of one second would change their order.
func (n *entry) mapTime(rec *event.Record, e *event.Event) {
	epoch, micros := n.values[keyTimestamp], n.values[keyUSTimestamp]
	if t, ok := instant(epoch); ok && (t > 0 && source.Plausible(time.UnixMicro(t), rec.Received) || !n.headerPlausible(rec)) {
		e.Int(event.ColTime, "timestamp", t)
		if sameSecond(epoch, micros) {
			// Its fraction is no order and would cost five bytes an event: it stays in the raw record.
			e.Int(event.ColTime, "us_timestamp", t)
			return
		}
		e.Str(event.ColOriginalTime, "us_timestamp", micros)
		if micros == "" {
			e.Str(event.ColOriginalTime, "timestamp", epoch)
		}
		return
	}
	e.Str(event.ColOriginalTime, "us_timestamp", micros)
	e.Unmap("timestamp", epoch)
	zone := rec.Location()
	header := &n.line.Stamp
	if n.local.Given() {
		// The body's clock is the header's, without the zone.
		if header.HasZone {
			zone = time.FixedZone("", header.Offset()*60)
		}
		t, _ := n.local.Time(rec.Received, zone)
		e.Time(event.ColTime, "time", t)
		e.Str(event.ColOriginalTime, "time", event.Bytes(n.local.Text))
		return
	}
	if t, ok := header.Time(rec.Received, zone); ok {
		e.Time(event.ColTime, "syslog.timestamp", t)
		if !e.Has(event.ColOriginalTime) {
			e.Str(event.ColOriginalTime, "syslog.timestamp", event.Bytes(header.Text))
		}
		return
	}
	e.Time(event.ColTime, "", rec.Received)
}

// instant reads seconds since 1970, or milliseconds, and returns microseconds.
func instant(epoch string) (micros int64, ok bool) {
	n, ok := atoi(epoch)
	switch {
	case ok && n <= maxEpoch:
		return n * 1_000_000, true
	case ok && len(epoch) == len("1772953200000"):
		return n * 1000, true
	}
	return 0, false
}

// headerPlausible says whether the header has a time that can be right.
func (n *entry) headerPlausible(rec *event.Record) bool {
	t, ok := n.line.Stamp.Time(rec.Received, rec.Location())
	return ok && source.Plausible(t, rec.Received)
}

// sameSecond says whether us_timestamp is the epoch with a fraction.
func sameSecond(epoch, micros string) bool {
	return len(micros) > len(epoch) && micros[len(epoch)] == '.' && micros[:len(epoch)] == epoch
}
