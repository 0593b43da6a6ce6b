package nest

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
)

// otherPlaces says where a column goes in classes that have no attribute at its path; the first free place wins.
var otherPlaces = map[event.Column][]string{
	event.ColEventUID:      {"metadata.uid"},
	event.ColAppName:       {"app_name", "service.name", "web_resources.name", "entity.name"},
	event.ColAppUID:        {"service.uid", "web_resources.uid"},
	event.ColResourceName:  {"resources.name", "file.name", "database.name"},
	event.ColResourceUids:  {"web_resources.uid"},
	event.ColResourceTypes: {"web_resources.type"},
	event.ColGroupName:     {"privileges"},
	event.ColIsRemote:      {"actor.session.is_remote"},
	event.ColHTTPURL:       {"url.url_string", "evidences.url.url_string"},
	event.ColURLHost:       {"url.hostname", "evidences.url.hostname"},
	event.ColFindingUID:    {"finding_info_list.uid"},
	event.ColFindingTitle:  {"finding_info_list.title"},
	event.ColUserName:      {"evidences.user.name"},
	event.ColUserUID:       {"evidences.user.uid"},
	event.ColSrcIP:         {"evidences.src_endpoint.ip"},
	event.ColSrcPort:       {"evidences.src_endpoint.port"},
	event.ColSrcHost:       {"evidences.src_endpoint.hostname"},
	event.ColSrcCountry:    {"evidences.src_endpoint.location.country"},
	event.ColSrcRegion:     {"evidences.src_endpoint.location.region"},
	event.ColSrcCity:       {"evidences.src_endpoint.location.city"},
	event.ColDstIP:         {"evidences.dst_endpoint.ip"},
	event.ColDstPort:       {"evidences.dst_endpoint.port"},
	event.ColDstHost:       {"evidences.dst_endpoint.hostname"},
	event.ColProcessCmdLine: {
		"actor.process.cmd_line",
	},
}

// wanted says whether the attribute that c belongs to can be valid beside the row's other columns.
func (b *Builder) wanted(c event.Column) bool {
	switch c {
	case event.ColEventUID:
		return !b.e.Has(event.ColMetadataUID)
	case event.ColSrcLat, event.ColSrcLong, event.ColSrcContinent:
		// A location needs a place that has a name.
		return b.e.Has(event.ColSrcCountry) || b.e.Has(event.ColSrcRegion) || b.e.Has(event.ColSrcCity)
	case event.ColHTTPStatusCategory:
		return b.e.Has(event.ColHTTPStatus) // a response needs its code
	}
	return true
}

// plan is where a class has attributes for the columns, the best place first.
type plan [event.NumColumns][]place

// place is an attribute of a class.
type place struct {
	path        string
	way         []*ocsf.Attribute // to the attribute and itself
	conditional []*ocsf.Attribute // those that exist only with a profile
	inList      bool              // there is a list on the way
	observable  string            // caption of the attribute's observable type
}

func (n *Nester) plan(class *ocsf.Class) *plan {
	if p, ok := n.plans.Load(class); ok {
		return p.(*plan)
	}
	p := new(plan)
	for _, c := range event.Columns() {
		for _, path := range append([]string{c.Info().Path}, otherPlaces[c]...) {
			if way, ok := class.Resolve(path); ok {
				p[c] = append(p[c], newPlace(class, path, way))
			}
		}
	}
	n.plans.Store(class, p)
	return p
}

func newPlace(class *ocsf.Class, path string, way []*ocsf.Attribute) place {
	p := place{path: path, way: way}
	for _, a := range way {
		p.inList = p.inList || a.Array
		if len(a.Profiles) > 0 {
			p.conditional = append(p.conditional, a)
		}
	}
	if id := p.last().Observable; id != 0 {
		observable, _ := class.Resolve("observables.type_id")
		p.observable, _ = observable[1].IDCaption(int64(id))
	}
	return p
}

func (p *place) last() *ocsf.Attribute { return p.way[len(p.way)-1] }

// place puts the column's value at p. It does nothing and returns false when the value is none that the attribute takes, or
// when something stands there already.
func (b *Builder) place(c event.Column, p *place) bool {
	values := b.read(c)
	for i := range values {
		if !accept(p.last(), &values[i]) {
			return false
		}
	}
	if len(values) == 0 || !b.profilesFor(p) || !b.store(p, values, c.Kind() == event.StringList) {
		return false
	}
	b.profiles = append(b.profiles, b.missing...)
	b.observe(p, values)
	return true
}

// accept says whether the attribute takes v, and makes it what the attribute's type has.
func accept(a *ocsf.Attribute, v *Value) bool {
	switch v.Kind {
	case Text:
		return acceptText(a, v)
	case Int:
		low, high, limited := a.Range()
		isInt := a.Primitive() == "integer_t" || a.Primitive() == "long_t"
		return isInt && (!limited || v.Int >= low && v.Int <= high)
	case Bool:
		return a.Primitive() == "boolean_t"
	default:
		return a.Primitive() == "float_t"
	}
}

func acceptText(a *ocsf.Attribute, v *Value) bool {
	switch {
	case a.Primitive() != "string_t":
		return false
	case a.Type == "ip_t":
		_, err := netip.ParseAddr(v.Text)
		return err == nil
	case a.Type == "mac_t":
		_, err := net.ParseMAC(v.Text)
		return err == nil
	case a.Enum():
		v.Text = strings.ToUpper(v.Text) // HTTP methods are the only enumerated words among the columns
		_, ok := a.Caption(v.Text)
		return ok
	}
	return true
}

// inferable are the profiles that a row takes because it has a column that only exists with them.
var inferable = []string{"host", "security_control", "cloud"}

// profilesFor puts into missing the profiles that p asks for and that the row does not name yet.
func (b *Builder) profilesFor(p *place) bool {
	b.missing = b.missing[:0]
	for _, a := range p.conditional {
		if slices.ContainsFunc(a.Profiles, func(p string) bool { return slices.Contains(b.profiles, p) }) {
			continue
		}
		i := slices.IndexFunc(a.Profiles, func(p string) bool {
			return slices.Contains(inferable, p) && slices.Contains(b.class.Profiles, p) && (p != "cloud" || b.inCloud())
		})
		if i < 0 {
			return false
		}
		b.missing = append(b.missing, a.Profiles[i])
	}
	return true
}

func (b *Builder) inCloud() bool {
	return b.e.Has(event.ColCloudProvider) || b.e.Has(event.ColCloudAccountUID) || b.e.Has(event.ColCloudRegion)
}

// store writes values at p. A list of values fills one object each where the way goes through a list of objects, otherwise
// the attribute itself is a list.
func (b *Builder) store(p *place, values []Value, spread bool) bool {
	if !spread {
		return b.set(p.way, 0, values[0])
	}
	if p.last().Array {
		return b.setList(p.way, values)
	}
	if !p.inList {
		return false
	}
	for i, v := range values {
		if !b.set(p.way, i, v) {
			return false
		}
	}
	return true
}

// set writes one value; in a list of objects on the way it goes to the element with this index.
func (b *Builder) set(way []*ocsf.Attribute, index int, v Value) bool {
	o := b.root
	for _, a := range way[:len(way)-1] {
		if a.Array {
			o = b.element(o, a, index)
			continue
		}
		o = b.below(o, a)
	}
	last := way[len(way)-1]
	if o.holds(last) {
		return false
	}
	if last.Array {
		v = b.list(v)
	}
	o.put(last, v)
	return true
}

func (b *Builder) setList(way []*ocsf.Attribute, values []Value) bool {
	o := b.root
	for _, a := range way[:len(way)-1] {
		o = b.below(o, a)
	}
	last := way[len(way)-1]
	if o.holds(last) {
		return false
	}
	o.put(last, b.list(values...))
	return true
}

// element returns the object with this index of the list that an attribute is and makes those that are missing.
func (b *Builder) element(o *Object, a *ocsf.Attribute, index int) *Object {
	i, ok := o.find(a)
	if !ok || o.Fields[i].Kind != List {
		o.put(a, b.list())
	}
	list := o.Fields[i].Object
	for len(list.Fields) <= index {
		list.add(Value{Kind: Nested, Object: b.object(a.Object())})
	}
	return list.Fields[index].Object
}

// observe names the values that people search across attributes: addresses, names, ids.
func (b *Builder) observe(p *place, values []Value) {
	id := p.last().Observable
	if id == 0 {
		return
	}
	for _, v := range values {
		if v.Kind != Text {
			continue
		}
		if b.observables == nil {
			b.observables = b.object(nil)
		}
		o := b.object(nil)
		o.Fields = append(o.Fields,
			Field{Name: "name", Value: textValue(p.path)}, Field{Name: "type", Value: textValue(p.observable)},
			Field{Name: "type_id", Value: intValue(int64(id))}, Field{Name: "value", Value: v})
		b.observables.add(Value{Kind: Nested, Object: o})
	}
}
