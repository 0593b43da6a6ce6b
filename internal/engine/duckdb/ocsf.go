package duckdb

import (
	"slices"
	"strings"

	"kiroku/internal/event"
)

// objectLists are the OCSF attributes that are lists of objects. Below them, a list column holds one field of all the
// objects, any other column a field of the first one.
var objectLists = []string{"actor.user.groups", "resources", "web_resources"}

// node is one attribute of the OCSF object that the columns make up.
type node struct {
	name   string
	path   string
	column event.Column
	leaf   bool
	fields []*node
}

// ocsfTree nests the columns by their paths, in the order of the table. Columns that OCSF has no place for stay at the
// top under their own names.
func ocsfTree(columns []event.Column) *node {
	root := &node{}
	for _, c := range columns {
		path := c.Info().Path
		if path == "" {
			path = c.String()
		}
		n := root
		for part := range strings.SplitSeq(path, ".") {
			n = n.field(part)
		}
		n.column, n.leaf = c, true
	}
	return root
}

func (n *node) field(name string) *node {
	for _, f := range n.fields {
		if f.name == name {
			return f
		}
	}
	f := &node{name: name, path: strings.TrimPrefix(n.path+"."+name, ".")}
	n.fields = append(n.fields, f)
	return f
}

// ocsfColumns is the select list of the relation ocsf.
func ocsfColumns(columns []event.Column, files bool) string {
	var cols []string
	for _, f := range ocsfTree(columns).fields {
		cols = append(cols, f.text(files)+" AS "+quoteName(f.name))
	}
	return strings.Join(cols, ", ")
}

func (n *node) text(files bool) string {
	switch {
	case n.leaf:
		return columnText(n.column, files)
	case slices.Contains(objectLists, n.path):
		return n.listText(files)
	}
	return n.structText(func(f *node) string { return f.text(files) })
}

func (n *node) structText(value func(*node) string) string {
	parts := make([]string, len(n.fields))
	for i, f := range n.fields {
		parts[i] = quoteName(f.name) + " := " + value(f)
	}
	return "struct_pack(" + strings.Join(parts, ", ") + ")"
}

// listText makes the list of objects whose n-th object has the n-th element of every column.
func (n *node) listText(files bool) string {
	cols := make([]string, len(n.fields))
	for i, f := range n.fields {
		cols[i] = columnText(f.column, files)
		if f.column.Kind() != event.StringList {
			cols[i] = "CASE WHEN " + cols[i] + " IS NOT NULL THEN [" + cols[i] + "] END"
		}
	}
	i := -1
	object := n.structText(func(*node) string {
		i++
		return "x[" + string(rune('1'+i)) + "]"
	})
	return "list_transform(list_zip(" + strings.Join(cols, ", ") + "), lambda x: " + object + ")"
}
