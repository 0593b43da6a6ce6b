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
	pairs []shortened // of unmapped, empty while nothing is cut
	// leftOut is how many leaves at the end of unmapped are not written.
	leftOut int
	keys    []string // scratch
}

// shortened is a text that may have been cut.
type shortened struct {
	value string
	cut   int
}

// cutColumns are the columns whose texts may be shortened: raw_data first, the others with the texts of unmapped, longest first.
var cutColumns = [...]event.Column{
	event.ColRawData, event.ColResourceName, event.ColMessage, event.ColUserAgent, event.ColHTTPURL, event.ColStatusDetail, event.ColAPIErrorMessage, event.ColProcessCmdLine, event.ColFindingTitle,
}

// nester reads the schema once, for all encoders.
var nester = sync.OnceValue(func() *nest.Nester { return nest.New(ocsf.New()) })

func (o *objectForm) read(ev *event.Event) {
	o.ev, o.pairs, o.leftOut = ev, o.pairs[:0], 0
	for i, c := range cutColumns {
		o.text[i] = shortened{value: ev.GetStr(c)}
	}
}

// longText is a text that is shortened before leaves of unmapped are left out.
const longText = 512

// shorten cuts raw_data, then the longest texts, then leaves out leaves of unmapped from the end, then cuts the other texts.
func (o *objectForm) shorten(over int) int {
	if o.raw {
		if n := o.text[0].shorten(over); n > 0 {
			return n
		}
	}
	o.copyPairs()
	total := 0
	for total < over {
		n := o.longest(longText).shorten(over - total)
		if n == 0 {
			break
		}
		total += n
	}
	if total == 0 {
		total = o.leaveOut(over)
	}
	if total == 0 {
		total = o.longest(0).shorten(over)
	}
	return total
}

func (o *objectForm) copyPairs() {
	if len(o.pairs) == 0 {
		for _, p := range o.ev.Unmapped() {
			o.pairs = append(o.pairs, shortened{value: p.Value})
		}
	}
}

// longest is the longest text that is not cut yet, of at least this length; one that cannot be cut when there is none.
func (o *objectForm) longest(atLeast int) *shortened {
	best := &shortened{}
	for _, list := range [...][]shortened{o.pairs[:len(o.pairs)-o.leftOut], o.text[1:]} {
		for i := range list {
			if s := &list[i]; s.cut == 0 && len(s.value) > len(best.value) && len(s.value) >= atLeast {
				best = s
			}
		}
	}
	return best
}

// leftOutKey is the leaf of unmapped that says how many leaves are missing.
const leftOutKey = "_leaves_left_out"

// leaveOut leaves out leaves of unmapped from the end.
func (o *objectForm) leaveOut(over int) (total int) {
	list := o.ev.Unmapped()
	need := over
	if o.leftOut == 0 {
		need += len(leftOutKey) + len(`"":"100000",`)
	}
	for i := len(list) - o.leftOut - 1; i >= 0 && need > 0; i-- {
		n := len(list[i].Key) + len(o.pairs[i].value)
		total += len(list[i].Key) + len(o.pairs[i].value)
		need -= n + len(`"":"",`)
		o.leftOut++
	}
	return total
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
	for i, p := range o.ev.Unmapped()[:len(o.pairs)-o.leftOut] {
		dst = append(event.AppendJSONString(dst, p.Key), ':')
		dst = append(o.pairs[i].append(dst), ',')
	}
	if o.leftOut > 0 {
		dst = append(dst, `"`+leftOutKey+`":"`...)
		dst = append(strconv.AppendInt(dst, int64(o.leftOut), 10), '"', ',')
	}
	dst[len(dst)-1] = '}'
	return dst
}

// writeNested writes the object of OCSF. What was cut is cut in the object, wherever its column stands.
func (o *objectForm) writeNested(dst []byte) []byte {
	root := o.nester.Object(o.ev)
	if !o.raw {
		delete(root, "raw_data")
	}
	if unmapped, ok := root["unmapped"].(map[string]any); ok && o.leftOut > 0 {
		list := o.ev.Unmapped()
		for _, p := range list[len(list)-o.leftOut:] {
			delete(unmapped, p.Key)
		}
		unmapped[leftOutKey] = strconv.Itoa(o.leftOut)
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
