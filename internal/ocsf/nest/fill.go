package nest

import (
	"cmp"
	"slices"

	"kiroku/internal/event"
	"kiroku/internal/ocsf"
)

// unknown stands where OCSF requires a text and the record has none.
const unknown = "unknown"

// fill adds what the class requires and the row implies.
func (b *Builder) fill() {
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
		setName(b.child(b.root, "app"), b.product())
	case event.ClassAPIActivity:
		if !b.root.has("api") {
			operation := cmp.Or(b.text(event.ColEventCode), b.text(event.ColActivityName), unknown)
			b.child(b.root, "api").set("operation", textValue(operation))
		}
	case event.ClassDetectionFinding:
		b.finding()
	}
	if b.requires("actor") {
		b.actorFromProgram()
	}
}

func (b *Builder) text(c event.Column) string { return b.e.GetStr(c) }

func (b *Builder) product() string {
	return cmp.Or(b.text(event.ColProductName), b.text(event.ColSource), unknown)
}

func (b *Builder) requires(name string) bool {
	a, ok := b.class.Attribute(name)
	return ok && a.Required
}

// base gives the attributes that every event has.
func (b *Builder) base() {
	if !b.root.has("time") {
		b.root.set("time", intValue(b.e.GetInt(event.ColIngestTime)/1000))
	}
	setName(b.child(b.child(b.root, "metadata"), "product"), b.product())
}

// setName names an object that has neither name nor uid.
func setName(o *Object, name string) {
	if !o.has("name") && !o.has("uid") {
		o.set("name", textValue(name))
	}
}

// userFromActor takes the actor as the user acted upon: the one who logs on, who changes the own password.
func (b *Builder) userFromActor() {
	user := b.child(b.root, "user")
	if user.has("name") || user.has("uid") {
		return
	}
	if actor := b.root.Get("actor"); actor != nil && actor.Kind == Nested {
		if of := actor.Object.Get("user"); of != nil && of.Kind == Nested {
			for _, f := range of.Object.Fields {
				user.set(f.Name, f.Value)
			}
		}
	}
}

// serviceFromProduct names the product as the service logged on to where the record names none.
func (b *Builder) serviceFromProduct() {
	if !b.root.has("dst_endpoint") {
		setName(b.child(b.root, "service"), b.product())
	}
}

// privileges fills Authorize Session, which has exactly one of group and privileges.
func (b *Builder) privileges() {
	if b.root.has("group") {
		return
	}
	list := b.list(b.read(event.ColActorUserGroups)...)
	if len(list.Object.Fields) == 0 {
		list.Object.add(textValue(unknown))
	}
	b.root.set("privileges", list)
}

// deviceAsEndpoint takes the host that wrote the log as the far end where the record has no end at all.
func (b *Builder) deviceAsEndpoint() {
	if b.root.has("src_endpoint") || b.root.has("dst_endpoint") {
		return
	}
	host := cmp.Or(b.text(event.ColDeviceHost), b.text(event.ColCollector), unknown)
	b.child(b.root, "dst_endpoint").set("hostname", textValue(host))
}

// logNames repeats the log's names, which Event Log Activity has as attributes of its own.
func (b *Builder) logNames() {
	for _, c := range [...]event.Column{event.ColLogName, event.ColLogProvider} {
		if v := b.text(c); v != "" {
			b.root.set(c.String(), textValue(v))
		}
	}
}

// finding gives a finding the id of its record where it has none of its own.
func (b *Builder) finding() {
	info := b.child(b.root, "finding_info")
	if !info.has("uid") {
		info.set("uid", textValue(cmp.Or(b.text(event.ColMetadataUID), b.text(event.ColEventUID), unknown)))
	}
}

// actorFromProgram names the program that wrote the log as the actor where the record names nobody.
func (b *Builder) actorFromProgram() {
	if !b.root.has("actor") {
		b.child(b.root, "actor").set("app_name", textValue(cmp.Or(b.text(event.ColLogProvider), b.product())))
	}
}

// complete adds what the schema still requires, in o and in all objects below it.
func (b *Builder) complete(o *Object) {
	for a := range o.of.Required(b.profiles) {
		if !o.holds(a) {
			o.put(a, b.placeholder(a))
		}
	}
	if list := o.of.AtLeastOne(); list != nil && !slices.ContainsFunc(list, o.holds) {
		a := simplest(list)
		o.put(a, b.placeholder(a))
	}
	for i := range o.Fields {
		switch f := &o.Fields[i]; {
		case f.attribute.Object() == nil:
		case f.Kind == Nested:
			b.complete(f.Object)
		case f.Kind == List:
			for _, element := range f.Object.Fields {
				b.complete(element.Object)
			}
		}
	}
}

// simplest picks the attribute that says least: a name, an id, any text, any number, else the first.
func simplest(list []*ocsf.Attribute) *ocsf.Attribute {
	for _, is := range []func(*ocsf.Attribute) bool{
		func(a *ocsf.Attribute) bool { return a.Name == "name" },
		func(a *ocsf.Attribute) bool { return a.Name == "uid" },
		func(a *ocsf.Attribute) bool { return a.Primitive() == "string_t" && !a.Deprecated() },
		func(a *ocsf.Attribute) bool { return a.Primitive() == "integer_t" },
	} {
		if i := slices.IndexFunc(list, is); i >= 0 {
			return list[i]
		}
	}
	return list[0]
}

// placeholder is the value that says "not known".
func (b *Builder) placeholder(a *ocsf.Attribute) Value {
	var v Value
	switch a.Primitive() {
	case "object_t", "json_t":
		v = Value{Kind: Nested, Object: b.object(a.Object())}
	case "string_t":
		v = textValue(unknown)
	case "boolean_t":
		v = Value{Kind: Bool}
	default:
		v = intValue(0)
	}
	if a.Array {
		return b.list(v)
	}
	return v
}

// caption adds the words beside ids: class_name beside class_uid, severity beside severity_id.
func (b *Builder) caption() {
	// A word that is put in front moves the ids behind it: the one before comes twice and has its word already.
	for i := 0; i < len(b.root.Fields); i++ {
		f := b.root.Fields[i]
		if f.Kind != Int || f.attribute.Sibling == "" {
			continue
		}
		sibling := b.root.attribute(f.attribute.Sibling)
		if b.root.holds(sibling) {
			continue
		}
		if word, ok := b.word(f.attribute, f.Int); ok {
			b.root.put(sibling, textValue(word))
		}
	}
}

// word is the schema's caption of an id; beside 99 stands the source's own word.
func (b *Builder) word(a *ocsf.Attribute, id int64) (string, bool) {
	caption, known := a.IDCaption(id)
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
