package search

import (
	"slices"
	"strings"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/source"
	"kiroku/internal/spell"
)

// Fields knows what the names of fields mean. It is safe for concurrent use.
type Fields struct {
	names  map[string][]event.Column // aliases, columns and OCSF paths, in lower case
	native map[string][]event.Column // the sources' own names, as they write them and in lower case
	shown  []string                  // names that are suggested, sorted
	zone   *time.Location
}

// Target is what a name of a field stands for.
type Target struct {
	Columns []event.Column // any of them; none for Store and for what is only in unmapped
	Key     string         // key in unmapped; empty: none
	Tag     string         // the name as the key of tags "name:value"; empty: none
	Store   bool           // the event data store, which is no column
	Known   bool           // false: Key is a guess, and the events searched may have no such thing
}

// aliases are the short names of the search bar. A name with dots for the underscores of a column needs no alias.
var aliases = map[string][]event.Column{
	"user":     {event.ColActorUserName, event.ColUserName},
	"ip":       {event.ColSrcIP, event.ColDstIP},
	"actor":    {event.ColActorUserName},
	"host":     {event.ColDeviceHost},
	"outcome":  {event.ColOutcome},
	"status":   {event.ColOutcome, event.ColStatusCode, event.ColLogLevel},
	"severity": {event.ColSeverityID},
	"class":    {event.ColClassUID},
	"category": {event.ColCategoryUID},
	"activity": {event.ColActivityName, event.ColActivityID},
	"action":   {event.ColAPIOperation, event.ColActivityName},
	"event":    {event.ColEventCode},
	"rule":     {event.ColPolicyName, event.ColFindingTitle},
	"country":  {event.ColSrcCountry},
	"city":     {event.ColSrcCity},
	"asn":      {event.ColSrcASN},
	"ua":       {event.ColUserAgent},
	"url":      {event.ColHTTPURL},
	"method":   {event.ColHTTPMethod},
	"port":     {event.ColSrcPort, event.ColDstPort},
	"resource": {event.ColResourceUids, event.ColResourceName},
	"app":      {event.ColAppName},
	"session":  {event.ColActorSessionUID},
	"realm":    {event.ColActorUserDomain},
	"group":    {event.ColActorUserGroups, event.ColGroupName},
	"product":  {event.ColProductName},
	"duration": {event.ColDurationMS},
	"tag":      {event.ColTags},
	"label":    {event.ColLabels},
	"raw":      {event.ColRawData},
	"id":       {event.ColEventUID, event.ColMetadataUID},
}

const storeField = "store"

// NewFields builds the names of the table and of the sources' own fields.
func NewFields(sources ...source.Source) *Fields {
	f := &Fields{names: make(map[string][]event.Column), native: make(map[string][]event.Column), zone: time.UTC}
	for _, c := range event.Columns() {
		info := c.Info()
		f.names[info.Name] = []event.Column{c}
		if dotted := strings.ReplaceAll(info.Name, "_", "."); f.names[dotted] == nil {
			f.names[dotted] = []event.Column{c}
		}
	}
	for _, c := range event.Columns() {
		if p := c.Info().Path; p != "" {
			f.names[p] = []event.Column{c}
		}
	}
	for name, cs := range aliases {
		f.names[name] = cs
	}
	for _, src := range sources {
		for _, field := range src.Fields {
			f.addNative(field.Name, field.Column)
			if low := strings.ToLower(field.Name); low != field.Name {
				f.addNative(low, field.Column)
			}
			f.shown = append(f.shown, field.Name)
		}
	}
	for name := range f.names {
		f.shown = append(f.shown, name)
	}
	f.shown = append(f.shown, storeField)
	slices.Sort(f.shown)
	f.shown = slices.Compact(f.shown)
	return f
}

func (f *Fields) addNative(name string, c event.Column) {
	if !slices.Contains(f.native[name], c) {
		f.native[name] = append(f.native[name], c)
	}
}

// In returns the same names with dates and times read in zone where they carry none. NewFields reads them in UTC.
func (f *Fields) In(zone *time.Location) *Fields {
	g := *f
	g.zone = zone
	return &g
}

// Lookup says what name means: an alias, a column, an OCSF path, a field as its source calls it, else a key of unmapped.
// "native.x" and "unmapped.x" leave out what comes before. A leading "@" changes nothing but that the name is no tag.
func (f *Fields) Lookup(name string) Target {
	bare := strings.TrimPrefix(name, "@")
	if key, ok := strings.CutPrefix(bare, "unmapped."); ok && key != "" {
		return Target{Key: key, Known: true}
	}
	if key, ok := strings.CutPrefix(bare, "native."); ok && key != "" {
		return Target{Columns: f.nativeColumns(key), Key: key, Known: true}
	}
	low := strings.ToLower(bare)
	if low == storeField {
		return Target{Store: true, Known: true}
	}
	if cs := f.names[low]; cs != nil {
		return Target{Columns: cs, Known: true}
	}
	if cs := f.nativeColumns(bare); cs != nil {
		return Target{Columns: cs, Key: bare, Known: true}
	}
	t := Target{Key: bare}
	if bare == name && isBareField(name) && !strings.Contains(name, ".") {
		t.Tag = low
	}
	return t
}

func (f *Fields) nativeColumns(name string) []event.Column {
	if cs := f.native[name]; cs != nil {
		return cs
	}
	return f.native[strings.ToLower(name)]
}

// Aliases are the other names of a column: short names, its OCSF path, what the sources call it; sorted.
func (f *Fields) Aliases(c event.Column) []string {
	var names []string
	for _, m := range []map[string][]event.Column{f.names, f.native} {
		for name, cs := range m {
			if slices.Contains(cs, c) && name != c.String() {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Nearest returns at most three known names that look like name, the nearest first.
func (f *Fields) Nearest(name string) []string {
	return spell.Nearest(strings.TrimPrefix(name, "@"), f.shown)
}
