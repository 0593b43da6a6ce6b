package format

import (
	"strconv"

	"kiroku/internal/event"
	"kiroku/internal/source/defender"
)

// lineForm makes lines of keys and values: CEF and LEEF.
type lineForm struct {
	options Options
	syntax  syntax
	collect func(l *lineForm, ev *event.Event)

	head   [headFields]string // vendor, product, version, class, name, severity
	raw    [headFields]bool   // that field is escaped already
	fields []field
	line   defender.Line
	buf    []byte // holds the texts of one event that are put together from several
	next   int    // of the keys that may be shortened, the first that may still be
}

// headFields is how many fields are in front of the keys; LEEF has fewer and leaves the others empty.
const headFields = 6

const (
	hVendor = iota
	hProduct
	hVersion
	hClass
	hName
	hSeverity
)

// field is a key and its value.
type field struct {
	key     string
	value   string
	written bool // the value is escaped already
	cut     int  // bytes that the value has lost
}

// syntax is how a format writes.
type syntax struct {
	head      func(dst []byte, l *lineForm) []byte
	separator byte
	value     func(dst []byte, s string) []byte
	cutOrder  []string // keys whose values may be shortened, in this order
}

func (l *lineForm) read(ev *event.Event) {
	l.fields, l.buf, l.next = l.fields[:0], l.buf[:0], 0
	l.raw = [headFields]bool{}
	l.collect(l, ev)
}

// add adds a key, also with an empty value.
func (l *lineForm) add(key, value string) { l.fields = append(l.fields, field{key: key, value: value}) }

// some adds a key that has a value.
func (l *lineForm) some(key, value string) {
	if value != "" {
		l.add(key, value)
	}
}

// labelled adds a value under the name that its label gives it.
func (l *lineForm) labelled(key, label, name, value string) {
	l.add(label, name)
	l.add(key, value)
}

// number adds a column of numbers when it has a value.
func (l *lineForm) number(key string, ev *event.Event, c event.Column) {
	if ev.Has(c) {
		l.add(key, l.decimal(ev.GetInt(c)))
	}
}

func (l *lineForm) decimal(n int64) string {
	from := len(l.buf)
	l.buf = strconv.AppendInt(l.buf, n, 10)
	return l.kept(from)
}

// kept is what was appended to buf since from. A buffer that grows leaves the texts before in the old one.
func (l *lineForm) kept(from int) string { return event.Bytes(l.buf[from:len(l.buf):len(l.buf)]) }

// millis is the time of the event as CEF and LEEF have it: milliseconds since 1970 UTC.
func (l *lineForm) millis(ev *event.Event) string {
	us := ev.GetInt(event.ColTime)
	ms := us / 1000
	if us%1000 < 0 {
		ms--
	}
	return l.decimal(ms)
}

func (l *lineForm) write(dst []byte) []byte {
	dst = l.syntax.head(dst, l)
	for i := range l.fields {
		f := &l.fields[i]
		if i > 0 {
			dst = append(dst, l.syntax.separator)
		}
		dst = append(dst, f.key...)
		dst = append(dst, '=')
		if f.written {
			dst = append(dst, f.value...)
		} else {
			dst = l.syntax.value(dst, f.value)
		}
		dst = appendCut(dst, f.cut)
	}
	return dst
}

// shorten cuts the next text that may be cut, down to the mark alone if must be.
func (l *lineForm) shorten(over int) int {
	for ; l.next < len(l.syntax.cutOrder); l.next++ {
		for i := range l.fields {
			f := &l.fields[i]
			if f.key != l.syntax.cutOrder[l.next] || f.cut > 0 {
				continue
			}
			if f.shorten(over, l.syntax.value) > 0 {
				return f.cut
			}
		}
	}
	return 0
}

// shorten cuts the end off the value, so that what is written, the mark included, gets over bytes shorter if it can. It
// returns how many bytes shorter it got: 0 when the mark would be as long as what it stands for.
func (f *field) shorten(over int, escape func([]byte, string) []byte) int {
	size := len(f.value)
	if !f.written {
		size = escapedLength(f.value, escape)
	}
	keep, kept := f.prefix(size-over-cutLength(len(f.value)), escape)
	n := len(f.value) - keep
	gain := size - kept - cutLength(n)
	if gain <= 0 {
		return 0
	}
	f.value, f.cut = f.value[:keep], n
	return gain
}

// prefix is how many bytes of the value can be written in room bytes, no rune and no escape cut, and how long they are then.
func (f *field) prefix(room int, escape func([]byte, string) []byte) (keep, kept int) {
	var one [16]byte
	for keep < len(f.value) {
		n := runeLength(f.value[keep:])
		size := n
		switch {
		case !f.written:
			size = len(escape(one[:0], f.value[keep:keep+n]))
		case f.value[keep] == '\\' && keep+1 < len(f.value):
			n = 1 + runeLength(f.value[keep+1:])
			size = n
		}
		if kept+size > room {
			break
		}
		kept += size
		keep += n
	}
	return keep, kept
}
