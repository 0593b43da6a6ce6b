package trino

import (
	"strings"

	"kiroku/internal/decode/jsonpath"
	"kiroku/internal/event"
)

// Category says which columns an event data store has; its text is the eventCategory of the store's selectors. Management,
// Data and NetworkActivity stores have the same columns.
type Category string

// The categories.
const (
	AWSEvents         Category = "Management"
	Insight           Category = "Insight"
	ConfigurationItem Category = "ConfigurationItem"
	Evidence          Category = "Evidence"
	ActivityAuditLog  Category = "ActivityAuditLog"
)

// ofAWS says whether a category is one of AWS's own events.
func (c Category) ofAWS() bool { return c == AWSEvents || c == "Data" || c == "NetworkActivity" }

// column is a column of an event data store, or a field of one: what the record holds under a key.
type column struct {
	name   string // lower case
	path   string // of the value, from the parent's value
	typ    *Type
	fields []column // of a row, or of the rows of an array

	// flat is the same value over the lake's columns, with % for the table; empty where no column holds it exactly.
	flat string
}

// The makers of columns take the record's own key; columns are named after it in lower case.

func text(key string) column {
	return column{name: strings.ToLower(key), path: member(key), typ: typeVarchar}
}

func boolean(key string) column {
	return column{name: strings.ToLower(key), path: member(key), typ: typeBoolean}
}

func stamp(key string) column {
	return column{name: strings.ToLower(key), path: member(key), typ: typeTimestamp}
}

func double(key string) column {
	return column{name: strings.ToLower(key), path: member(key), typ: typeDouble}
}

func integer(key string) column {
	return column{name: strings.ToLower(key), path: member(key), typ: typeInteger}
}

func texts(key string) column {
	return column{name: strings.ToLower(key), path: member(key), typ: mapOf(typeVarchar, typeVarchar)}
}

func row(key string, fields ...column) column {
	return column{name: strings.ToLower(key), path: member(key), typ: rowType(fields), fields: fields}
}

func rows(key string, fields ...column) column {
	return column{name: strings.ToLower(key), path: member(key), typ: arrayOf(rowType(fields)), fields: fields}
}

func member(key string) string { return jsonpath.Path{}.Member(key).String() }

func rowType(fields []column) *Type {
	t := &Type{Kind: Row}
	for _, f := range fields {
		t.Fields = append(t.Fields, RowField{f.name, f.typ})
	}
	return t
}

// as gives the column another name.
func (c column) as(name string) column {
	c.name = name
	return c
}

// under takes the value from within an object of the record.
func (c column) under(key string) column {
	c.path = member(key) + c.path[1:]
	return c
}

// in says which column of the lake holds the same value.
func (c column) in(flat event.Column) column {
	c.flat = "%." + quoteName(flat.String())
	return c
}

// texts of SQL for the record, with % for the table.
const (
	wholeText = `%."raw_data"`
	shortText = `CASE WHEN strlen(%."raw_data") > 262144 THEN kiroku_short_event(%."raw_data") ELSE %."raw_data" END`
)

// wholeRecord are the columns that hold the record itself.
func wholeRecord(name, sql string) column { return column{name: name, typ: typeVarchar, flat: sql} }

// schemaOf lists the columns of a category's stores, nil for an unknown category. Source: CloudTrail user guide, "CloudTrail Lake
// SQL constraints" and the schemas of the event categories.
func schemaOf(c Category) []column {
	if c.ofAWS() {
		return awsEvents()
	}
	switch c {
	case Insight:
		return insights()
	case ConfigurationItem:
		return configurationItems()
	case Evidence:
		return evidence()
	case ActivityAuditLog:
		return activity()
	}
	return nil
}
