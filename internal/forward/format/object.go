package format

import (
	"slices"
	"strconv"
	"sync"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
	"kiroku/internal/ocsf/nest"
)

// objectForm makes lines of JSON: the flat row, or the nested object of OCSF.
type objectForm struct {
	raw    bool
	nester *nest.Nester // nil: the flat row

	ev    *event.Event
	text  [len(cutColumns)]shortened
	pairs []shortened // of unmapped, empty while nothing of it is cut
	keys  []string    // scratch
}

// shortened is a text that may have been cut.
type shortened struct {
	value string
	cut   int
}

// cutColumns are the columns whose texts may be shortened, in this order; raw_data goes first, then unmapped, then the others.
var cutColumns = [...]event.Column{
	event.ColRawData, event.ColResourceName, event.ColMessage, event.ColUserAgent, event.ColHTTPURL, event.ColStatusDetail, event.ColAPIErrorMessage, event.ColProcessCmdLine, event.ColFindingTitle,
}

// nester reads the schema once, for all encoders.
var nester = sync.OnceValue(func() *nest.Nester { return nest.New(ocsf.New()) })

func (o *objectForm) read(ev *event.Event) {
	o.ev, o.pairs = ev, o.pairs[:0]
	for i, c := range cutColumns {
		o.text[i] = shortened{value: ev.GetStr(c)}
	}
}

// shorten cuts raw_data, then the longest texts of unmapped, then the columns.
func (o *objectForm) shorten(over int) int {
	if o.raw {
		if n := o.text[0].shorten(over); n > 0 {
			return n
		}
	}
	if len(o.pairs) == 0 {
		for _, p := range o.ev.Unmapped() {
			o.pairs = append(o.pairs, shortened{value: p.Value})
		}
	}
	longest := -1
	for i := range o.pairs {
		if o.pairs[i].cut == 0 && (longest < 0 || len(o.pairs[i].value) > len(o.pairs[longest].value)) {
			longest = i
		}
	}
	if longest >= 0 {
		if n := o.pairs[longest].shorten(over); n > 0 {
			return n
		}
	}
	for i := 1; i < len(o.text); i++ {
		if n := o.text[i].shorten(over); n > 0 {
			return n
		}
	}
	return 0
}

func (s *shortened) shorten(over int) int {
	if s.cut > 0 {
		return 0
	}
	f := field{value: s.value}
	n := f.shorten(over, appendInner)
	s.value, s.cut = f.value, f.cut
	return n
}

// appendInner writes the inside of a JSON string.
func appendInner(dst []byte, s string) []byte {
	from := len(dst)
	dst = event.AppendJSONString(dst, s)
	copy(dst[from:], dst[from+1:])
	return dst[:len(dst)-2]
}

func (s *shortened) append(dst []byte) []byte {
	dst = event.AppendJSONString(dst, s.value)
	if s.cut > 0 {
		dst = append(appendCut(dst[:len(dst)-1], s.cut), '"')
	}
	return dst
}

func (o *objectForm) write(dst []byte) []byte {
	if o.nester != nil {
		return o.writeNested(dst)
	}
	dst = append(dst, '{')
	first := true
	for i := range event.NumColumns {
		c := event.Column(i)
		if !o.ev.Has(c) || c == event.ColRawData && !o.raw {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), c.String()...), '"', ':')
		dst = o.column(dst, c)
	}
	return append(dst, '}')
}

func (o *objectForm) column(dst []byte, c event.Column) []byte {
	if i := slices.Index(cutColumns[:], c); i >= 0 && o.text[i].cut > 0 {
		return o.text[i].append(dst)
	}
	if c != event.ColUnmapped || len(o.pairs) == 0 {
		return o.ev.AppendValue(dst, c)
	}
	dst = append(dst, '{')
	for i, p := range o.ev.Unmapped() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(event.AppendJSONString(dst, p.Key), ':')
		dst = o.pairs[i].append(dst)
	}
	return append(dst, '}')
}

// writeNested writes the object of OCSF. What was cut is cut in the object, wherever its column stands.
func (o *objectForm) writeNested(dst []byte) []byte {
	root := o.nester.Object(o.ev)
	if !o.raw {
		delete(root, "raw_data")
	}
	return o.value(dst, root)
}

// value appends what package nest makes.
func (o *objectForm) value(dst []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		return o.object(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = o.value(dst, element)
		}
		return append(dst, ']')
	case string:
		return o.string(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(dst, v)
	}
	return append(dst, "null"...)
}

// object appends an object with its keys in order: the same event gives the same bytes.
func (o *objectForm) object(dst []byte, obj map[string]any) []byte {
	from := len(o.keys)
	for k := range obj {
		o.keys = append(o.keys, k)
	}
	keys := o.keys[from:]
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(event.AppendJSONString(dst, k), ':')
		dst = o.value(dst, obj[k])
	}
	o.keys = o.keys[:from]
	return append(dst, '}')
}

// string appends a text; one that was cut in its cut form. A text is known by its bytes: the object shows the same text
// wherever it stands.
func (o *objectForm) string(dst []byte, s string) []byte {
	for i := range o.text {
		if t := &o.text[i]; t.cut > 0 && s == o.ev.GetStr(cutColumns[i]) {
			return t.append(dst)
		}
	}
	for i := range o.pairs {
		if t := &o.pairs[i]; t.cut > 0 && s == o.ev.Unmapped()[i].Value {
			return t.append(dst)
		}
	}
	return event.AppendJSONString(dst, s)
}
