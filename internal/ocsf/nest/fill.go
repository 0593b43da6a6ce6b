package nest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
)

// unknown stands where OCSF requires a text and the record has none.
const unknown = "unknown"

// fill adds what the class requires and the row implies.
func (b *builder) fill() {
	b.base()
	if b.requires("user") {
		b.userFromActor()
	}
	switch b.class.UID {
	case event.ClassAuthentication:
		b.serviceFromProduct()
	case event.ClassAuthorizeSession:
		b.privileges()
	case event.ClassNetworkActivity:
		b.deviceAsEndpoint()
	case event.ClassEventLogActivity:
		b.logNames()
	case event.ClassApplicationLifecyle:
		setName(child(b.root, "app"), b.product())
	case event.ClassAPIActivity:
		if _, ok := b.root["api"]; !ok {
			child(b.root, "api")["operation"] = cmp.Or(b.text(event.ColEventCode), b.text(event.ColActivityName), unknown)
		}
	case event.ClassDetectionFinding:
		b.finding()
	}
	if b.requires("actor") {
		b.actorFromProgram()
	}
}

func (b *builder) text(c event.Column) string { return b.e.GetStr(c) }

func (b *builder) product() string {
	return cmp.Or(b.text(event.ColProductName), b.text(event.ColSource), unknown)
}

func (b *builder) requires(name string) bool {
	a, ok := b.class.Attribute(name)
	return ok && a.Required
}

// base gives the attributes that every event has.
func (b *builder) base() {
	if _, ok := b.root["time"]; !ok {
		b.root["time"] = b.e.GetInt(event.ColIngestTime) / 1000
	}
	setName(child(child(b.root, "metadata"), "product"), b.product())
}

// setName names an object that has neither name nor uid.
func setName(obj map[string]any, name string) {
	if obj["name"] == nil && obj["uid"] == nil {
		obj["name"] = name
	}
}

// userFromActor takes the actor as the user acted upon: the one who logs on, who changes the own password.
func (b *builder) userFromActor() {
	user := child(b.root, "user")
	if user["name"] != nil || user["uid"] != nil {
		return
	}
	actor, _ := b.root["actor"].(map[string]any)
	if of, ok := actor["user"].(map[string]any); ok {
		maps.Copy(user, of)
	}
}

// serviceFromProduct names the product as the service logged on to where the record names none.
func (b *builder) serviceFromProduct() {
	if b.root["dst_endpoint"] == nil {
		setName(child(b.root, "service"), b.product())
	}
}

// privileges fills Authorize Session, which has exactly one of group and privileges.
func (b *builder) privileges() {
	if b.root["group"] != nil {
		return
	}
	list := []any{unknown}
	if groups := b.e.GetList(event.ColActorUserGroups); len(groups) > 0 {
		list = list[:0]
		for _, g := range groups {
			list = append(list, g)
		}
	}
	b.root["privileges"] = list
}

// deviceAsEndpoint takes the host that wrote the log as the far end where the record has no end at all.
func (b *builder) deviceAsEndpoint() {
	if b.root["src_endpoint"] != nil || b.root["dst_endpoint"] != nil {
		return
	}
	child(b.root, "dst_endpoint")["hostname"] = cmp.Or(b.text(event.ColDeviceHost), b.text(event.ColCollector), unknown)
}

// logNames repeats the log's names, which Event Log Activity has as attributes of its own.
func (b *builder) logNames() {
	for c, name := range map[event.Column]string{event.ColLogName: "log_name", event.ColLogProvider: "log_provider"} {
		if v := b.text(c); v != "" {
			b.root[name] = v
		}
	}
}

// finding gives a finding the id of its record where it has none of its own.
func (b *builder) finding() {
	info := child(b.root, "finding_info")
	if info["uid"] == nil {
		info["uid"] = cmp.Or(b.text(event.ColMetadataUID), b.text(event.ColEventUID), unknown)
	}
}

// actorFromProgram names the program that wrote the log as the actor where the record names nobody.
func (b *builder) actorFromProgram() {
	if b.root["actor"] == nil {
		child(b.root, "actor")["app_name"] = cmp.Or(b.text(event.ColLogProvider), b.product())
	}
}

// complete adds what the schema still requires, in obj and in all objects below it.
func (b *builder) complete(obj map[string]any, s *ocsf.Struct) {
	for _, a := range s.Required(b.profiles) {
		if obj[a.Name] == nil {
			obj[a.Name] = placeholder(a)
		}
	}
	if keys := s.AtLeastOne(); keys != nil && !slices.ContainsFunc(keys, func(k string) bool { return obj[k] != nil }) {
		if a := simplest(s, keys); a != nil {
			obj[a.Name] = placeholder(a)
		}
	}
	for name, value := range obj {
		a, ok := s.Attribute(name)
		if !ok || a.Object() == nil {
			continue
		}
		switch v := value.(type) {
		case map[string]any:
			b.complete(v, a.Object())
		case []any:
			for _, element := range v {
				if o, ok := element.(map[string]any); ok {
					b.complete(o, a.Object())
				}
			}
		}
	}
}

// simplest picks the attribute that says least: a name, an id, any text, any number, else the first.
func simplest(s *ocsf.Struct, keys []string) *ocsf.Attribute {
	for _, is := range []func(*ocsf.Attribute) bool{
		func(a *ocsf.Attribute) bool { return a.Name == "name" },
		func(a *ocsf.Attribute) bool { return a.Name == "uid" },
		func(a *ocsf.Attribute) bool { return a.Primitive() == "string_t" && !a.Deprecated() },
		func(a *ocsf.Attribute) bool { return a.Primitive() == "integer_t" },
		func(*ocsf.Attribute) bool { return true },
	} {
		for _, k := range keys {
			if a, ok := s.Attribute(k); ok && is(a) {
				return a
			}
		}
	}
	return nil
}

// placeholder is the value that says "not known".
func placeholder(a *ocsf.Attribute) any {
	var v any
	switch a.Primitive() {
	case "object_t":
		v = map[string]any{}
	case "string_t":
		v = unknown
	case "boolean_t":
		v = false
	case "json_t":
		v = map[string]any{}
	default:
		v = int64(0)
	}
	if a.Array {
		return []any{v}
	}
	return v
}

// caption adds the words beside ids: class_name beside class_uid, severity beside severity_id.
func (b *builder) caption() {
	for name, value := range maps.Clone(b.root) {
		id, isInt := value.(int64)
		a, ok := b.class.Attribute(name)
		if !ok || !isInt || a.Sibling == "" || b.root[a.Sibling] != nil {
			continue
		}
		if word, ok := b.word(a, id); ok {
			b.root[a.Sibling] = word
		}
	}
}

// word is the schema's caption of an id; beside 99 stands the source's own word.
func (b *builder) word(a *ocsf.Attribute, id int64) (string, bool) {
	caption, known := a.Caption(strconv.FormatInt(id, 10))
	if id != 99 || !known {
		return caption, known
	}
	switch a.Name {
	case "activity_id":
		return cmp.Or(b.text(event.ColActivityName), b.text(event.ColEventCode), b.text(event.ColAPIOperation), caption), true
	case "status_id":
		return cmp.Or(b.text(event.ColStatusCode), b.text(event.ColOutcome), caption), true
	case "severity_id":
		return cmp.Or(b.text(event.ColLogLevel), caption), true
	}
	return caption, true
}
