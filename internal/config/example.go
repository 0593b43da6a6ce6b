package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Example is a configuration with every key, its default and what it means. It loads, and means the same as no
// configuration; what has no default is commented out.
func Example() string {
	var b strings.Builder
	b.WriteString("# Kiroku's configuration: every key with its default. Delete what you do not change.\n" +
		"# Lines that begin with \"#\" and a key show how a key without a default is written.\n")
	e := exampleWriter{b: &b, docs: comments()}
	e.section(reflect.ValueOf(Default()).Elem(), "", false)
	return b.String()
}

type exampleWriter struct {
	b    *strings.Builder
	docs map[string]string
}

// section writes the keys of v. In a comment every line is commented out.
func (e exampleWriter) section(v reflect.Value, indent string, comment bool) {
	mark := ""
	if comment {
		mark = "# "
	}
	for _, k := range keysWithDocs(v, e.docs) {
		if indent == "" {
			e.b.WriteString("\n")
		}
		if k.doc != "" {
			for _, line := range wrap(k.doc, 100-len(indent)) {
				fmt.Fprintf(e.b, "%s# %s\n", indent, line)
			}
		}
		if _, ok := k.section(); ok {
			e.nested(k, indent, comment)
			continue
		}
		text := scalarText(k.value)
		switch {
		case text != "":
			fmt.Fprintf(e.b, "%s%s%s: %s\n", indent, mark, k.name, text)
		case k.example != "":
			fmt.Fprintf(e.b, "%s# %s: %s\n", indent, k.name, k.example)
		default:
			fmt.Fprintf(e.b, "%s# %s:\n", indent, k.name)
		}
	}
}

// nested writes a key that holds further keys; one that is empty is commented out with all of them.
func (e exampleWriter) nested(k key, indent string, comment bool) {
	t, _ := k.section()
	comment = comment || k.value.IsZero()
	mark := ""
	if comment {
		mark = "# "
	}
	fmt.Fprintf(e.b, "%s%s%s:\n", indent, mark, k.name)
	if k.value.Kind() != reflect.Slice {
		e.section(k.value, indent+"  ", comment)
		return
	}
	elements := []reflect.Value{}
	for i := range k.value.Len() {
		elements = append(elements, k.value.Index(i))
	}
	if len(elements) == 0 {
		elements = append(elements, reflect.New(t).Elem())
	}
	for i, element := range elements {
		fmt.Fprintf(e.b, "%s  %s-\n", indent, mark)
		if i > 0 { // the first element explains the keys
			e.brief(element, indent+"    ")
			continue
		}
		e.section(element, indent+"    ", comment)
	}
}

// brief writes only the keys that have a value.
func (e exampleWriter) brief(v reflect.Value, indent string) {
	for _, k := range keysWithDocs(v, e.docs) {
		if text := scalarText(k.value); text != "" {
			if _, ok := k.section(); !ok {
				fmt.Fprintf(e.b, "%s%s: %s\n", indent, k.name, text)
			}
		}
	}
}

// wrap breaks text into lines of at most width letters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}
