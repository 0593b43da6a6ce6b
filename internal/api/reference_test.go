package api

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"kiroku/internal/forward/wire"
	"kiroku/internal/intake"
)

var update = flag.Bool("update", false, "write docs/reference/api.md")

const referenceFile = "../../docs/reference/api.md"

// docs/reference/api.md is generated from openapi.yaml and the route table.
func TestReference(t *testing.T) {
	want := reference(t)
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referenceFile)
	if err != nil || string(got) != want {
		t.Errorf("%s is not up to date (%v): run go test ./internal/api -run TestReference -update", referenceFile, err)
	}
}

// What the description says of types that are not generated must be what they write.
func TestTypesAreDescribed(t *testing.T) {
	schemas := get(parsed(t), "components", "schemas")
	for name, typ := range map[string]reflect.Type{"InputStatus": reflect.TypeFor[intake.Status](), "InputPeer": reflect.TypeFor[intake.Peer](), "SIEMAgent": reflect.TypeFor[wire.AgentStatus](),
		"SIEMDestinationStatus": reflect.TypeFor[wire.DestinationStatus](), "SIEMNotification": reflect.TypeFor[wire.Notification](), "SIEMToken": reflect.TypeFor[wire.TokenStatus](),
		"SIEMRecoveryStatus": reflect.TypeFor[wire.RecoveryStatus](), "SIEMSummary": reflect.TypeFor[wire.Summary](), "SIEMDestination": reflect.TypeFor[wire.Destination](),
		"SIEMDeadLetter": reflect.TypeFor[wire.DeadLetter](), "SIEMReceipt": reflect.TypeFor[wire.Receipt]()} {
		var fields []string
		for _, f := range reflect.VisibleFields(typ) {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
				fields = append(fields, tag)
			}
		}
		var described []string
		for _, p := range get(schemas, name, "properties") {
			described = append(described, fmt.Sprint(p.Key))
		}
		slices.Sort(fields)
		slices.Sort(described)
		if !slices.Equal(fields, described) {
			t.Errorf("%s: openapi.yaml has %v, it writes %v", name, described, fields)
		}
	}
}

func parsed(t *testing.T) yaml.MapSlice {
	t.Helper()
	var doc yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(spec, &doc, yaml.UseOrderedMap()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// get walks down maps; nil when something is not there.
func get(m yaml.MapSlice, path ...string) yaml.MapSlice {
	for _, p := range path {
		m, _ = value(m, p).(yaml.MapSlice)
	}
	return m
}

func value(m yaml.MapSlice, key string) any {
	for _, item := range m {
		if item.Key == key {
			return item.Value
		}
	}
	return nil
}

func text(m yaml.MapSlice, key string) string {
	s, _ := value(m, key).(string)
	return strings.TrimSpace(s)
}

func reference(t *testing.T) string {
	doc := parsed(t)
	access := map[string]string{}
	for _, r := range routes(DefaultLimits()) {
		switch {
		case r.access.open:
			access[r.pattern] = "Open: needs no token."
		case r.access.permission == "":
			access[r.pattern] = "Needs a valid token."
		default:
			access[r.pattern] = fmt.Sprintf("Needs the permission `%s`.", r.access.permission)
		}
	}
	var b strings.Builder
	b.WriteString("# HTTP API\n\nGenerated from `internal/api/openapi.yaml`, which the service hands out at `/api/v1/openapi.yaml`. Do not edit.\n\n")
	b.WriteString(text(get(doc, "info"), "description") + "\n")
	for _, path := range get(doc, "paths") {
		operations, _ := path.Value.(yaml.MapSlice)
		for _, op := range operations {
			if op.Key == "parameters" {
				continue
			}
			m, _ := op.Value.(yaml.MapSlice)
			pattern := strings.ToUpper(fmt.Sprint(op.Key)) + " " + fmt.Sprint(path.Key)
			fmt.Fprintf(&b, "\n## %s\n\n%s. %s\n", pattern, text(m, "summary"), access[pattern])
			if d := text(m, "description"); d != "" {
				fmt.Fprintf(&b, "\n%s\n", d)
			}
			writeParameters(&b, doc, value(operations, "parameters"), value(m, "parameters"))
			for _, c := range get(m, "requestBody", "content") {
				schema, _ := c.Value.(yaml.MapSlice)
				fmt.Fprintf(&b, "\nBody: `%v`%s\n", c.Key, link(get(schema, "schema")))
			}
			writeAnswers(&b, doc, get(m, "responses"))
		}
	}
	b.WriteString("\n# Types\n")
	for _, s := range get(doc, "components", "schemas") {
		m, _ := s.Value.(yaml.MapSlice)
		writeSchema(&b, doc, fmt.Sprint(s.Key), m)
	}
	return b.String()
}

func writeParameters(b *strings.Builder, doc yaml.MapSlice, lists ...any) {
	begun := false
	for _, list := range lists {
		items, _ := list.([]any)
		for _, item := range items {
			p := resolve(doc, item)
			if !begun {
				b.WriteString("\n| parameter | in | type | meaning |\n|---|---|---|---|\n")
				begun = true
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", text(p, "name"), text(p, "in"), kind(get(p, "schema")), oneLine(text(p, "description")))
		}
	}
}

func writeAnswers(b *strings.Builder, doc yaml.MapSlice, responses yaml.MapSlice) {
	for _, r := range responses {
		if r.Key == "default" { // the same for all: a problem
			continue
		}
		m := resolve(doc, r.Value)
		fmt.Fprintf(b, "\n%v: %s", r.Key, oneLine(text(m, "description")))
		for _, c := range get(m, "content") {
			schema, _ := c.Value.(yaml.MapSlice)
			fmt.Fprintf(b, " `%v`%s", c.Key, link(get(schema, "schema")))
		}
		b.WriteString("\n")
	}
}

func writeSchema(b *strings.Builder, doc yaml.MapSlice, name string, m yaml.MapSlice) {
	fmt.Fprintf(b, "\n## %s\n", name)
	if d := text(m, "description"); d != "" {
		fmt.Fprintf(b, "\n%s\n", d)
	}
	if words, ok := value(m, "enum").([]any); ok {
		fmt.Fprintf(b, "\nOne of %s.\n", strings.Trim(fmt.Sprint(words), "[]"))
		return
	}
	parts := []any{m}
	if all, ok := value(m, "allOf").([]any); ok {
		parts = all
	}
	if len(parts) == 1 && get(m, "properties") == nil { // the description says it all
		return
	}
	b.WriteString("\n| member | type | | meaning |\n|---|---|---|---|\n")
	for _, part := range parts {
		p := resolve(doc, part)
		required, _ := value(p, "required").([]any)
		for _, f := range get(p, "properties") {
			fm, _ := f.Value.(yaml.MapSlice)
			always := ""
			if slices.Contains(required, f.Key) {
				always = "always"
			}
			fmt.Fprintf(b, "| `%v` | %s | %s | %s |\n", f.Key, kind(fm), always, oneLine(text(fm, "description")))
		}
	}
}

// resolve follows a $ref.
func resolve(doc yaml.MapSlice, v any) yaml.MapSlice {
	m, _ := v.(yaml.MapSlice)
	if ref := text(m, "$ref"); ref != "" {
		return get(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return m
}

func kind(m yaml.MapSlice) string {
	if ref := text(m, "$ref"); ref != "" {
		name := ref[strings.LastIndex(ref, "/")+1:]
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	if text(m, "type") == "array" {
		return "list of " + kind(get(m, "items"))
	}
	if f := text(m, "format"); f != "" && f != "double" {
		return f
	}
	if k := text(m, "type"); k != "" {
		return k
	}
	return "any"
}

// link names a schema that the body has; bodies of plain bytes have none.
func link(schema yaml.MapSlice) string {
	if text(schema, "$ref") == "" {
		return ""
	}
	return " " + kind(schema)
}

func oneLine(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
