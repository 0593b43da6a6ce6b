package config

import (
	_ "embed"
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
)

// The comments of the structs are the documentation of their keys.
//
//go:embed config.go
var configSource string

// comments maps "Struct.Field", and "Struct" for a struct itself, to its comment.
func comments() map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", configSource, parser.ParseComments)
	if err != nil {
		panic(fmt.Sprintf("BUG: config.go is not Go: %v", err))
	}
	out := map[string]string{}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			out[t.Name.Name] = gen.Doc.Text()
			if s, ok := t.Type.(*ast.StructType); ok {
				addFieldComments(out, t.Name.Name, s)
			}
		}
	}
	return out
}

func addFieldComments(out map[string]string, name string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		for _, id := range f.Names {
			out[name+"."+id.Name] = f.Doc.Text()
		}
	}
}

// key is one key of a section, for the reference and the example.
type key struct {
	name, doc, example string
	value              reflect.Value
}

// keysWithDocs are the keys of a struct that people may write.
func keysWithDocs(v reflect.Value, docs map[string]string) []key {
	var keys []key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("yaml")
		if name == "" || name == "-" || f.Type == reflect.TypeFor[ignored]() {
			continue
		}
		doc := docs[v.Type().Name()+"."+f.Name]
		if doc == "" {
			doc = sectionDoc(f.Type, docs)
		}
		keys = append(keys, key{name: name, doc: strings.Join(strings.Fields(doc), " "), example: f.Tag.Get("example"), value: v.Field(i)})
	}
	return keys
}

// sectionDoc is the comment of a section's struct: "HTTP is the console and the APIs." without its first two words.
func sectionDoc(t reflect.Type, docs map[string]string) string {
	doc, ok := strings.CutPrefix(docs[t.Name()], t.Name()+" is ")
	if !ok || doc == "" {
		return ""
	}
	return strings.ToUpper(doc[:1]) + doc[1:]
}

// section says whether a key holds further keys, directly or in a list.
func (k key) section() (reflect.Type, bool) {
	t := k.value.Type()
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct
}

// scalarText is how a value is written in YAML; empty when it is the zero value.
func scalarText(v reflect.Value) string {
	if v.Kind() == reflect.Slice || v.IsZero() && v.Type() != reflect.TypeFor[Retention]() {
		return ""
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, _ := m.MarshalText() // the types of this package always have a text
		return string(text)
	}
	if v.Kind() == reflect.String && strings.ContainsAny(v.String(), ":#") {
		return strconv.Quote(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// Reference is the reference of all keys, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n<!-- Made from internal/config/config.go; do not edit. -->\n\n" +
		"Kiroku runs without a configuration file. `kiroku serve --config FILE` reads one; `kiroku config example` writes one\n" +
		"with every key, `kiroku config check` names all problems of one. Durations are written like `500ms`, `1h30m` or\n" +
		"`30d`, sizes like `64KiB` or `10MB`. An unknown key is an error.\n\n")
	writeReference(&b, "", reflect.ValueOf(Default()).Elem(), comments())
	b.WriteString(agentReference)
	return b.String()
}

func writeReference(b *strings.Builder, path string, v reflect.Value, docs map[string]string) {
	b.WriteString("| key | default | meaning |\n|---|---|---|\n")
	keys := keysWithDocs(v, docs)
	for _, k := range keys {
		name, text := "`"+k.name+"`", ""
		if _, ok := k.section(); ok {
			name = fmt.Sprintf("[%s](#%s)", k.name, anchor(join(path, k.name)))
		} else if text = scalarText(k.value); text != "" {
			text = "`" + text + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, text, strings.ReplaceAll(k.doc, "<", "&lt;"))
	}
	b.WriteString("\n")
	for _, k := range keys {
		t, ok := k.section()
		if !ok {
			continue
		}
		inner := k.value
		list := ""
		if k.value.Kind() == reflect.Slice {
			list = " (list)"
			element := reflect.New(t)
			if d, ok := element.Interface().(defaulter); ok {
				d.setDefaults()
			}
			inner = element.Elem()
		}
		fmt.Fprintf(b, "## %s%s\n\n%s\n\n", join(path, k.name), list, k.doc)
		writeReference(b, join(path, k.name), inner, docs)
	}
}

// anchor is the link target that Markdown gives a heading; lists have their mark in it.
func anchor(path string) string {
	path = strings.ReplaceAll(path, ".", "")
	for _, list := range []string{"stores", "routes", "inputs", "inputslog_processing_rules"} {
		if path == list {
			return path + "-list"
		}
	}
	return path
}

const agentReference = `## conf.d

Besides, inputs are read from files of the form that the Datadog Agent uses: ` + "`conf.d/<integration>.d/*.yaml`" + ` and
` + "`conf.d/<integration>.yaml`" + `:

` + "```yaml" + `
logs:
  - type: tcp # or udp
    port: 514
    source: ivanti-connect-secure
    service: ivanti-connect-secure
` + "```" + `

Keys of an entry: ` + "`type` (tcp, udp), `port`, `bind_host`, `source`, `service`, `sourcecategory`, `tags`, `log_processing_rules`,\n`allowed_ips`, `denied_ips`, `format`, `siem_parsing`, `max_message_size_bytes`, `idle_timeout`, `max_connections`, `tls`" + `,
and our own ` + "`name`, `store`, `zone`, `queue`" + `. Of the processing rules ` + "`exclude_at_match`, `include_at_match` and\n`mask_sequences`" + ` are applied; other keys and rules of the Agent are accepted with a warning. An input of conf.d takes
its port from the default inputs.
`
