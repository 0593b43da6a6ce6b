package accessgateway

import (
	"time"

	"kiroku/internal/event"
)

// Line is one line taken apart. Its strings are parts of the line that was parsed, and valid as long as that is.
type Line struct {
	Stamp        Stamp
	Hostname     Cell
	Application  Cell
	SubProcess   Cell
	Component    Cell
	SubComponent Cell
	Level        Cell
	Event        Cell
	Data         []Pair // structured data, first value of every key, in the order of the line
	Message      string

	Envelope      Envelope
	Relay         string     // host of a relay's header in front of the envelope
	RelayHeaders  []Envelope // of relays in front of the envelope, the outermost first
	ProcID        string
	Positional    []string // host and port between level and data
	Bare          []string // words without a key inside the data
	Duplicates    []Pair   // later values of keys that Data already has
	MessageFields []Pair
	HasReason     bool // REASON holds a rule and session data
	ReasonRule    string
	ReasonFields  []Pair
	ReasonRepeats []Pair // later values of keys that ReasonFields already has
	Irregular     []Irregular

	text   string // the line without envelope: what a file of the device holds
	format format
	data   [24]Pair
	reason [24]Pair
	codes  [16]Irregular
}

// Cell is the value of a column that may be absent from the line.
type Cell struct {
	Value   string
	Present bool
}

// Pair is a key and its value.
type Pair struct{ Key, Value string }

// Irregular says in what way a line departs from the documented layout, for example sd_padding or
// missing_column:event.
type Irregular struct{ Code, Detail string }

func (i Irregular) String() string {
	if i.Detail == "" {
		return i.Code
	}
	return i.Code + ":" + i.Detail
}

// format says which layout a line has.
type format uint8

const (
	unparsed format = iota
	columnar        // ten columns around the level
	service         // program and text
	access          // nginx access log
	nginxError
	springBoot
)

// Parse takes a line apart. It never fails: a line that fits nothing has all its text in Message. received gives the
// year of time stamps that have none; zone, nil for UTC, is that of time stamps without offset. line must not change
// while the Line is in use.
func Parse(line []byte, received time.Time, zone *time.Location) *Line {
	if zone == nil {
		zone = time.UTC
	}
	l := new(Line)
	l.Data, l.ReasonFields, l.Irregular = l.data[:0], l.reason[:0], l.codes[:0]
	h := head{line: l, received: received, zone: zone}
	l.body(h.parse(event.Bytes(line)))
	if l.format != unparsed {
		l.readReason()
		l.readMessageFields()
	}
	return l
}

func (l *Line) note(code, detail string) {
	l.Irregular = append(l.Irregular, Irregular{code, detail})
}

func (l *Line) missing(column string) { l.note("missing_column", column) }

func (l *Line) noted(code string) bool {
	for _, i := range l.Irregular {
		if i.Code == code {
			return true
		}
	}
	return false
}

// value returns the structured data's value of key.
func (l *Line) value(key string) string {
	for i := range l.Data {
		if l.Data[i].Key == key {
			return l.Data[i].Value
		}
	}
	return ""
}

func present(v string) Cell { return Cell{v, true} }

// cell makes an empty value an absent column.
func cell(v string) Cell { return Cell{v, v != ""} }
