package format

import (
	"cmp"
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
	nested *nest.Builder // nil: the flat row

	ev      *event.Event
	cutting bool // the line is too long: text and pairs hold the event's
	text    [len(cutColumns)]shortened
	pairs   []shortened // of unmapped
	// leftOut is how many leaves at the end of unmapped are not written.
	leftOut int
	order   []*shortened // scratch
}

// shortened is a text that may have been cut.
type shortened struct {
	value string // the whole text
	cut   int    // bytes that its end has lost

	// What measure finds out.
	size  int        // how long it is between its quotes, the mark included
	times int        // how often the line shows it: 0 where cutting it would change nothing
	same  *shortened // the text with the same bytes that stands for this one
}

// cutColumns are the columns whose texts may be shortened: raw_data first, the others with the texts of unmapped, longest first.
var cutColumns = [...]event.Column{
	event.ColRawData, event.ColResourceName, event.ColMessage, event.ColUserAgent, event.ColHTTPURL, event.ColStatusDetail, event.ColAPIErrorMessage, event.ColProcessCmdLine, event.ColFindingTitle,
}

// nester reads the schema once, for all encoders.
var nester = sync.OnceValue(func() *nest.Nester { return nest.New(ocsf.New()) })

func (o *objectForm) read(ev *event.Event) {
	o.ev, o.cutting, o.pairs, o.leftOut = ev, false, o.pairs[:0], 0
}

// longText is a text that is shortened before leaves of unmapped are left out.
const longText = 512

// shorten cuts raw_data, then the longest texts, then leaves out leaves of unmapped from the end, then cuts the other texts.
func (o *objectForm) shorten(over int) (cut int) {
	o.measure()
	take := func(s *shortened) {
		if gain := s.shorten(over); gain > 0 {
			over -= gain
			cut += s.cut
		}
	}
	if o.raw {
		take(&o.text[0])
	}
	long := 0
	for ; long < len(o.order) && o.order[long].size >= longText && over > 0; long++ {
		take(o.order[long])
	}
	if over > 0 {
		gain, lost := o.leaveOut(over)
		over -= gain
		cut += lost
	}
	for ; long < len(o.order) && over > 0; long++ {
		take(o.order[long])
	}
	return cut
}

// measure finds out how long the texts are and how often the line shows them, and orders them, the longest first.
func (o *objectForm) measure() {
	if !o.cutting {
		o.cutting = true
		for i, c := range cutColumns {
			o.text[i] = shortened{value: o.ev.GetStr(c)}
		}
		for _, p := range o.ev.Unmapped() {
			o.pairs = append(o.pairs, shortened{value: p.Value})
		}
	}
	o.order = o.order[:0]
	for i := range o.pairs {
		o.pairs[i].times = 1
		if i >= len(o.pairs)-o.leftOut {
			o.pairs[i].times = 0
		}
		o.order = append(o.order, &o.pairs[i])
	}
	for i := range o.text {
		o.text[i].times = 1
		if i > 0 || o.raw {
			o.order = append(o.order, &o.text[i])
		}
	}
	for _, s := range o.order {
		s.same = s
	}
	if o.nested != nil {
		o.find()
	}
	for _, s := range o.order {
		if s.cut == 0 && s.same == s {
			s.size = escapedLength(s.value, appendInner)
		}
	}
	o.order = slices.DeleteFunc(o.order, func(s *shortened) bool { return s.cut > 0 || s.times == 0 || s == &o.text[0] })
	slices.SortStableFunc(o.order, func(a, b *shortened) int { return cmp.Compare(b.size, a.size) })
}

// find finds out how often the object shows the texts. Of texts with the same bytes one is cut for all.
func (o *objectForm) find() {
	shown := map[string]int{}
	countTexts(shown, o.shown())
	known := map[string]*shortened{}
	for _, s := range o.order {
		if same := known[s.value]; same == nil || s.cut > 0 {
			known[s.value] = s
		}
	}
	for _, s := range o.order {
		s.times, s.same = 0, known[s.value]
	}
	for text, s := range known {
		s.times = shown[text]
	}
}

// countTexts counts how often each text stands in the object.
func countTexts(shown map[string]int, obj *nest.Object) {
	for _, f := range obj.Fields {
		switch f.Kind {
		case nest.Nested, nest.List:
			countTexts(shown, f.Object)
		case nest.Text:
			shown[f.Text]++
		}
	}
}

// leftOutKey is the leaf of unmapped that says how many leaves are missing.
const leftOutKey = "_leaves_left_out"

// leaveOut leaves out leaves of unmapped from the end. gain is how much shorter the line gets, cut how many bytes are missing.
func (o *objectForm) leaveOut(over int) (gain, cut int) {
	list := o.ev.Unmapped()
	left := len(list) - o.leftOut
	if o.leftOut == 0 {
		gain = -len(leftOutKey) - len(`"":"100000",`)
	}
	for left > 0 && gain < over {
		left--
		gain += escapedLength(list[left].Key, appendInner) + o.pairs[left].same.size + len(`"":"",`)
		cut += len(list[left].Key) + len(o.pairs[left].value) - o.pairs[left].cut
	}
	if gain <= 0 {
		return 0, 0
	}
	for i := range o.pairs[left:] {
		o.pairs[left+i].same.times--
	}
	o.leftOut = len(list) - left
	return gain, cut
}

// shorten makes the line over bytes shorter if the text allows it, and returns how many bytes shorter the line gets.
func (s *shortened) shorten(over int) int {
	if s.cut > 0 || s.times == 0 {
		return 0
	}
	f := field{value: s.value}
	gain := f.shorten((over+s.times-1)/s.times, appendInner)
	s.cut = f.cut
	s.size -= gain
	return gain * s.times
}

// appendInner writes the inside of a JSON string.
func appendInner(dst []byte, s string) []byte {
	from := len(dst)
	dst = event.AppendJSONString(dst, s)
	copy(dst[from:], dst[from+1:])
	return dst[:len(dst)-2]
}

func (s *shortened) append(dst []byte) []byte {
	dst = event.AppendJSONString(dst, s.value[:len(s.value)-s.cut])
	if s.cut > 0 {
		dst = append(appendCut(dst[:len(dst)-1], s.cut), '"')
	}
	return dst
}

func (o *objectForm) write(dst []byte) []byte {
	if o.nested != nil {
		return o.object(dst, o.shown())
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
	if !o.cutting {
		return o.ev.AppendValue(dst, c)
	}
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

// shown is the object of OCSF without what is left out.
func (o *objectForm) shown() *nest.Object {
	root := o.nested.Object(o.ev)
	if v := root.Get("raw_data"); v != nil && !o.raw {
		v.Kind = nest.None
	}
	if unmapped := root.Get("unmapped"); unmapped != nil && o.leftOut > 0 {
		list := o.ev.Unmapped()
		for _, p := range list[len(list)-o.leftOut:] {
			if v := unmapped.Object.Get(p.Key); v != nil {
				v.Kind = nest.None
			}
		}
		unmapped.Object.SetText(leftOutKey, strconv.Itoa(o.leftOut))
	}
	return root
}

// object appends an object.
func (o *objectForm) object(dst []byte, obj *nest.Object) []byte {
	dst = append(dst, '{')
	first := true
	for i := range obj.Fields {
		f := &obj.Fields[i]
		if f.Kind == nest.None {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if obj.Unmapped {
			dst = append(event.AppendJSONString(dst, f.Name), ':')
		} else {
			dst = append(append(append(dst, '"'), f.Name...), '"', ':')
		}
		dst = o.value(dst, &f.Value)
	}
	return append(dst, '}')
}

func (o *objectForm) value(dst []byte, v *nest.Value) []byte {
	switch v.Kind {
	case nest.Text:
		return o.string(dst, v.Text)
	case nest.Int:
		return strconv.AppendInt(dst, v.Int, 10)
	case nest.Double:
		return strconv.AppendFloat(dst, v.Double, 'g', -1, 64)
	case nest.Bool:
		return strconv.AppendBool(dst, v.Int != 0)
	case nest.Nested:
		return o.object(dst, v.Object)
	case nest.List:
		dst = append(dst, '[')
		for i := range v.Object.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = o.value(dst, &v.Object.Fields[i].Value)
		}
		return append(dst, ']')
	}
	panic("BUG: a value of no kind")
}

// string appends a text; one that was cut in its cut form. A text is known by its bytes: the object shows the same text
// wherever it stands.
func (o *objectForm) string(dst []byte, s string) []byte {
	if !o.cutting {
		return event.AppendJSONString(dst, s)
	}
	for i := range o.text {
		if t := &o.text[i]; t.cut > 0 && s == t.value {
			return t.append(dst)
		}
	}
	for i := range o.pairs {
		if t := &o.pairs[i]; t.cut > 0 && s == t.value {
			return t.append(dst)
		}
	}
	return event.AppendJSONString(dst, s)
}
