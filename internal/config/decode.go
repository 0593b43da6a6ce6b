package config

import (
	"encoding"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Limits of a configuration file. The YAML parser takes time by the square of a line's length and of its nesting.
const (
	maxFile    = 1 << 20
	maxLine    = 8 << 10
	maxNesting = 64
	maxValues  = 100_000 // aliases count each time they are used
)

// decoder fills structs from the YAML tree of one file and collects everything that is wrong.
type decoder struct {
	file     string
	dir      string // folder that relative paths start from; empty: they stay as they are
	prefix   string // of the keys in where, when the file is not the main one
	where    map[string]position
	problems Problems
	anchors  map[string]ast.Node
	values   int
}

// ignored is the type of keys whose value does not matter.
type ignored struct{ set bool }

// defaulter fills a list's element before its keys are read.
type defaulter interface{ setDefaults() }

// decodeYAML fills dst, a pointer to a struct, from text. It returns false when the text is not YAML.
func (d *decoder) decodeYAML(text []byte, dst any) (ok bool) {
	if p := d.tooMuch(text); p != nil {
		d.problems = append(d.problems, *p)
		return false
	}
	defer func() {
		if recover() != nil { // a bug of the parser must not look like one of ours
			d.problems = append(d.problems, problemAt(position{file: d.file}, "", "cannot be read as YAML: check quotes, brackets and indentation"))
			ok = false
		}
	}()
	tree, err := parseYAML(text)
	if err != nil {
		d.problems = append(d.problems, d.syntaxProblem(err))
		return false
	}
	d.anchors = map[string]ast.Node{}
	docs := tree.Docs
	for len(docs) > 0 && docs[len(docs)-1].Body == nil {
		docs = docs[:len(docs)-1]
	}
	if len(docs) > 1 {
		d.report(docs[1].Body, "", "there is a second YAML document: write one document only, without a line ---")
	}
	if len(docs) > 0 && docs[0].Body != nil {
		d.value(docs[0].Body, reflect.ValueOf(dst).Elem(), "")
	}
	return true
}

func (d *decoder) tooMuch(text []byte) *Problem {
	if len(text) > maxFile {
		p := problemAt(position{file: d.file}, "", "is %d bytes long: a configuration has at most %d", len(text), maxFile)
		return &p
	}
	depth, line := 0, 0
	for s := range strings.Lines(string(text)) {
		line++
		depth += strings.Count(s, "[") + strings.Count(s, "{") - strings.Count(s, "]") - strings.Count(s, "}")
		depth = max(depth, 0)
		inLine := max(strings.Count(s, "["), strings.Count(s, "{"), strings.Count(s, "- "), strings.Count(s, "? "))
		indent := len(s) - len(strings.TrimLeft(s, " "))
		if len(s) > maxLine || depth > maxNesting || inLine > 4*maxNesting || indent > 4*maxNesting {
			p := problemAt(position{d.file, line, 1}, "", "is too long or nested too deeply: write it on several lines")
			return &p
		}
	}
	return nil
}

func (d *decoder) syntaxProblem(err error) Problem {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		return problemAt(position{file: d.file}, "", "cannot be read as YAML: %v", err)
	}
	_, excerpt, _ := strings.Cut(y.FormatError(false, true), "\n")
	p := problemAt(d.positionOf(y.GetToken()), "", "cannot be read as YAML: %s", y.GetMessage())
	p.Excerpt = strings.TrimRight(excerpt, "\n")
	return p
}

func (d *decoder) positionOf(tk *token.Token) position {
	if tk == nil || tk.Position == nil {
		return position{file: d.file}
	}
	return position{d.file, tk.Position.Line, tk.Position.Column}
}

func (d *decoder) report(node ast.Node, key, format string, args ...any) {
	pos := position{file: d.file}
	if node != nil {
		pos = d.positionOf(node.GetToken())
	}
	d.problems = append(d.problems, problemAt(pos, key, format, args...))
}

// value sets v from node. key is the path of the value.
func (d *decoder) value(node ast.Node, v reflect.Value, key string) {
	if d.values++; d.values > maxValues {
		if d.values == maxValues+1 {
			d.report(node, key, "there are more than %d values", maxValues)
		}
		return
	}
	node = d.resolve(node, key)
	if node == nil {
		return
	}
	if key != "" {
		d.where[d.prefix+key] = d.positionOf(node.GetToken())
	}
	if _, empty := node.(*ast.NullNode); empty {
		return // an empty value leaves the default
	}
	if ig, ok := v.Addr().Interface().(*ignored); ok {
		ig.set = true
		return
	}
	if _, list := node.(*ast.SequenceNode); !list || v.Kind() != reflect.Slice {
		if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
			if text, ok := d.text(node, key); ok {
				if err := u.UnmarshalText([]byte(text)); err != nil {
					d.report(node, key, "%v", err)
				}
			}
			return
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(node, v, key)
	case reflect.Slice:
		d.list(node, v, key)
	case reflect.Map:
		d.table(node, v, key)
	default:
		d.scalar(node, v, key)
	}
}

// resolve follows anchors, aliases and tags.
func (d *decoder) resolve(node ast.Node, key string) ast.Node {
	for range maxNesting {
		switch n := node.(type) {
		case *ast.AnchorNode:
			d.anchors[n.Name.String()] = n.Value
			node = n.Value
		case *ast.TagNode:
			node = n.Value
		case *ast.AliasNode:
			target, ok := d.anchors[n.Value.String()]
			if !ok {
				d.report(n, key, "alias %q has no anchor above it", n.Value.String())
				return nil
			}
			node = target
		default:
			return node
		}
	}
	d.report(node, key, "alias refers to itself")
	return nil
}

// entriesOf are the members of a set of keys; false when node is none.
func entriesOf(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func nameOf(entry *ast.MappingValueNode) string {
	if k, ok := entry.Key.(*ast.StringNode); ok {
		return k.Value
	}
	return entry.Key.String()
}

// table sets a map whose keys people choose. An empty value is as if its key were not there.
func (d *decoder) table(node ast.Node, v reflect.Value, key string) {
	entries, ok := entriesOf(node)
	if !ok {
		d.report(node, key, "is %s: write keys with values", kindOf(node))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, entry := range entries {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(entry.Value, element, join(key, nameOf(entry)))
		if !element.IsZero() {
			v.SetMapIndex(reflect.ValueOf(nameOf(entry)), element)
		}
	}
}

func (d *decoder) structure(node ast.Node, v reflect.Value, key string) {
	entries, ok := entriesOf(node)
	if !ok {
		d.report(node, key, "is %s: write keys with values, %s", kindOf(node), strings.Join(keysOf(v.Type()), ", "))
		return
	}
	for _, entry := range entries {
		name := nameOf(entry)
		field, known := fieldOf(v, name)
		if !known {
			d.report(entry.Key, join(key, name), "unknown key; %s", didYouMean(name, keysOf(v.Type())))
			continue
		}
		d.value(entry.Value, field.value, join(key, name))
		if field.path && d.dir != "" {
			d.absolute(field.value)
		}
	}
}

// absolute makes a path, or a list of paths, start from the file's folder.
func (d *decoder) absolute(v reflect.Value) {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			d.absolute(v.Index(i))
		}
		return
	}
	if p := v.String(); p != "" && !filepath.IsAbs(p) {
		v.SetString(filepath.Join(d.dir, p))
	}
}

func (d *decoder) list(node ast.Node, v reflect.Value, key string) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.report(node, key, "is %s: write a list, one line with \"- \" for each entry", kindOf(node))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i, n := range seq.Values {
		if d.values > maxValues {
			return
		}
		element := reflect.New(v.Type().Elem())
		if e, ok := element.Interface().(defaulter); ok {
			e.setDefaults()
		}
		d.value(n, element.Elem(), key+"["+strconv.Itoa(i)+"]")
		v.Set(reflect.Append(v, element.Elem()))
	}
}

func (d *decoder) scalar(node ast.Node, v reflect.Value, key string) {
	text, ok := d.text(node, key)
	if !ok {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
		if err != nil {
			d.report(node, key, "%q is not a whole number", text)
			return
		}
		v.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			d.report(node, key, "%q is neither true nor false", text)
			return
		}
		v.SetBool(b)
	default:
		panic(fmt.Sprintf("BUG: configuration field %s has type %s", key, v.Type()))
	}
}

// text is what a scalar says, whatever YAML takes it for.
func (d *decoder) text(node ast.Node, key string) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	d.report(node, key, "is %s: write a single value", kindOf(node))
	return "", false
}

func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a set of keys"
	case *ast.SequenceNode:
		return "a list"
	}
	return "a single value"
}

func join(key, name string) string {
	if key == "" || name == "" {
		return key + name
	}
	return key + "." + name
}

// keysOf are the keys of a struct that have an effect, in the order of its fields.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "" && tag != "-" && t.Field(i).Type != reflect.TypeFor[ignored]() {
			keys = append(keys, tag)
		}
	}
	return keys
}

// field is one key's place in a struct.
type field struct {
	value reflect.Value
	path  bool // it holds the path of a file or folder
}

func fieldOf(v reflect.Value, key string) (field, bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if tag := f.Tag.Get("yaml"); tag == key && tag != "-" {
			return field{v.Field(i), f.Tag.Get("path") != ""}, true
		}
	}
	return field{}, false
}
