package nest

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
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
func (b *builder) wanted(c event.Column) bool {
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

// place puts the column's value at path. It does nothing and returns false when the class has no such attribute, when
// the value is none that the attribute takes, or when something stands there already.
func (b *builder) place(c event.Column, path string) bool {
	way, ok := b.class.Resolve(path)
	if !ok {
		return false
	}
	last := way[len(way)-1]
	values := b.values(c, last)
	if len(values) == 0 {
		return false
	}
	profiles, ok := b.profilesFor(way)
	if !ok || !b.store(way, values, c.Kind() == event.StringList) {
		return false
	}
	b.profiles = append(b.profiles, profiles...)
	b.observe(path, last, values)
	return true
}

// values is the column's value in the form that the attribute takes; nil when there is none.
func (b *builder) values(c event.Column, a *ocsf.Attribute) []any {
	list, ok := b.value(c).([]any)
	if !ok {
		list = []any{b.value(c)}
	}
	for i, v := range list {
		if list[i], ok = accept(a, v); !ok {
			return nil
		}
	}
	return list
}

// accept returns v as the attribute's type has it.
func accept(a *ocsf.Attribute, v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return acceptText(a, v)
	case int64:
		low, high, limited := a.Range()
		isInt := a.Primitive() == "integer_t" || a.Primitive() == "long_t"
		return v, isInt && (!limited || v >= low && v <= high)
	case bool:
		return v, a.Primitive() == "boolean_t"
	default:
		return v, a.Primitive() == "float_t"
	}
}

func acceptText(a *ocsf.Attribute, s string) (any, bool) {
	switch {
	case a.Primitive() != "string_t":
		return nil, false
	case a.Type == "ip_t":
		_, err := netip.ParseAddr(s)
		return s, err == nil
	case a.Type == "mac_t":
		_, err := net.ParseMAC(s)
		return s, err == nil
	case a.Enum():
		upper := strings.ToUpper(s) // HTTP methods are the only enumerated words among the columns
		_, ok := a.Caption(upper)
		return upper, ok
	}
	return s, true
}

// inferable are the profiles that a row takes because it has a column that only exists with them.
var inferable = []string{"host", "security_control", "cloud"}

// profilesFor returns the profiles that the attributes on the way ask for and that the row does not name yet.
func (b *builder) profilesFor(way []*ocsf.Attribute) (missing []string, ok bool) {
	for _, a := range way {
		if len(a.Profiles) == 0 || slices.ContainsFunc(a.Profiles, func(p string) bool { return slices.Contains(b.profiles, p) }) {
			continue
		}
		i := slices.IndexFunc(a.Profiles, func(p string) bool {
			return slices.Contains(inferable, p) && slices.Contains(b.class.Profiles, p) && (p != "cloud" || b.inCloud())
		})
		if i < 0 {
			return nil, false
		}
		missing = append(missing, a.Profiles[i])
	}
	return missing, true
}

func (b *builder) inCloud() bool {
	return b.e.Has(event.ColCloudProvider) || b.e.Has(event.ColCloudAccountUID) || b.e.Has(event.ColCloudRegion)
}

// store writes values at the end of the way. A list of values fills one object each where the way goes through a list
// of objects, otherwise the attribute itself is a list.
func (b *builder) store(way []*ocsf.Attribute, values []any, spread bool) bool {
	if !spread {
		return set(b.root, way, 0, values[0])
	}
	if last := way[len(way)-1]; last.Array {
		return setList(b.root, way, values)
	}
	if !slices.ContainsFunc(way, func(a *ocsf.Attribute) bool { return a.Array }) {
		return false
	}
	for i, v := range values {
		if !set(b.root, way, i, v) {
			return false
		}
	}
	return true
}

// set writes one value; in a list of objects on the way it goes to the element with this index.
func set(obj map[string]any, way []*ocsf.Attribute, index int, value any) bool {
	for _, a := range way[:len(way)-1] {
		if a.Array {
			obj = element(obj, a.Name, index)
			continue
		}
		obj = child(obj, a.Name)
	}
	last := way[len(way)-1]
	if _, taken := obj[last.Name]; taken {
		return false
	}
	if last.Array {
		value = []any{value}
	}
	obj[last.Name] = value
	return true
}

func setList(obj map[string]any, way []*ocsf.Attribute, values []any) bool {
	for _, a := range way[:len(way)-1] {
		obj = child(obj, a.Name)
	}
	name := way[len(way)-1].Name
	if _, taken := obj[name]; taken {
		return false
	}
	obj[name] = values
	return true
}

// element returns the object with this index of the list under name and makes those that are missing.
func element(obj map[string]any, name string, index int) map[string]any {
	list, _ := obj[name].([]any)
	for len(list) <= index {
		list = append(list, map[string]any{})
	}
	obj[name] = list
	return list[index].(map[string]any)
}

// observe names the values that people search across attributes: addresses, names, ids.
func (b *builder) observe(path string, a *ocsf.Attribute, values []any) {
	if a.Observable == 0 {
		return
	}
	observable, _ := b.class.Resolve("observables.type_id")
	caption, _ := observable[1].Caption(strconv.Itoa(a.Observable))
	for _, v := range values {
		if text, ok := v.(string); ok {
			b.observables = append(b.observables, map[string]any{
				"name": path, "type_id": int64(a.Observable), "type": caption, "value": text,
			})
		}
	}
}
