package format

import (
	"errors"
	"fmt"
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/forward/wire"
)

// Options say what lines look like.
type Options struct {
	Format   wire.Format
	Header   wire.Header
	Host     string // name of the agent's machine, for headers
	MaxBytes int    // of a line; 0: wire.DefaultMaxBytes
	Raw      bool   // formats of JSON: with raw_data
	Version  string // of Kiroku, for headers
}

// Encoder writes events in one format. It is used by one goroutine at a time.
type Encoder struct {
	form   form
	header header
	max    int

	line   lineForm
	object objectForm
}

// form is how the lines of one format are made: read an event, then write it, after shortening as often as necessary.
type form interface {
	// read takes what the format shows of ev.
	read(ev *event.Event)
	// write appends the line without the header of syslog.
	write(dst []byte) []byte
	// shorten makes the line over bytes shorter, or as short as the texts that it looks at allow, and returns how many bytes
	// they have lost: 0 when there is nothing left to shorten.
	shorten(over int) int
}

// New makes an Encoder. Combinations that no receiver could read are refused.
func New(o Options) (*Encoder, error) {
	e := &Encoder{max: o.MaxBytes}
	if e.max == 0 {
		e.max = wire.DefaultMaxBytes
	}
	if e.max < wire.MinMaxBytes {
		return nil, fmt.Errorf("make encoder: max_bytes (--max-bytes) is %d: every receiver takes lines of %d bytes; write that or more", e.max, wire.MinMaxBytes)
	}
	w, err := wire.NormalHeader(o.Format, o.Header)
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	e.header = newHeader(o.Format, w, o.Host)
	o.Version = strings.Map(func(r rune) rune {
		if r <= ' ' || r == '|' || r == '\\' {
			return '_'
		}
		return r
	}, o.Version)
	if o.Version == "" {
		o.Version = "0"
	}
	switch o.Format {
	case wire.CEFMCAS:
		e.line = lineForm{options: o, syntax: cefSyntax, collect: (*lineForm).mcas}
		e.form = &e.line
	case wire.CEF:
		e.line = lineForm{options: o, syntax: cefSyntax, collect: (*lineForm).cef}
		e.form = &e.line
	case wire.LEEF:
		e.line = lineForm{options: o, syntax: leefSyntax, collect: (*lineForm).leef}
		e.form = &e.line
	case wire.JSON, wire.RFC5424JSON:
		e.object = objectForm{raw: o.Raw}
		e.form = &e.object
	case wire.OCSFJSON:
		e.object = objectForm{raw: o.Raw, nested: nester().Builder()}
		e.form = &e.object
	default:
		return nil, fmt.Errorf("make encoder: there is no format %q", o.Format)
	}
	return e, nil
}

// ErrTooLong says that a line cannot be made to fit: the event is a dead letter.
var ErrTooLong = errors.New("the event is too long for max_bytes (--max-bytes), whatever is shortened")

// maxShortened bounds how often a line is shortened.
const maxShortened = 64

// Append appends the line of ev without frame. cut is the number of bytes that were cut from its values. An event that
// cannot be made to fit is an error: a dead letter; dst is returned as it was.
func (e *Encoder) Append(dst []byte, ev *event.Event) (line []byte, cut int, err error) {
	start := len(dst)
	dst = e.header.append(dst, ev)
	body := len(dst)
	e.form.read(ev)
	for range maxShortened {
		dst = e.form.write(dst[:body])
		over := len(dst) - start - e.max
		if over <= 0 {
			return dst, cut, nil
		}
		n := e.form.shorten(over)
		if n == 0 {
			break
		}
		cut += n
	}
	return dst[:start], 0, fmt.Errorf("encode event %q: %w (%d)", UID(ev), ErrTooLong, e.max)
}

// UID is the external id of an event, the key by which receivers know it again: metadata_uid, else event_uid. Access
// Gateway's metadata_uid is a hash of the line, which distinct events may share, and therefore no such key.
func UID(ev *event.Event) string {
	if uid := ev.GetStr(event.ColMetadataUID); uid != "" && ev.GetStr(event.ColSource) != string(event.OktaAccessGateway) {
		return uid
	}
	return ev.GetStr(event.ColEventUID)
}
