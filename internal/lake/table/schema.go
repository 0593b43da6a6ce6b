package table

import (
	"fmt"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// Nested fields need ids of their own (Iceberg spec, "Schemas and Data Types"). They are computed, so that whoever writes
// a Parquet file needs no catalog to know them.
const nestedBase = 1000

// FieldID is the Iceberg field id of a column: what Parquet's field_id of its top-level field must be.
func FieldID(c event.Column) int { return c.Info().FieldID }

// ElementID is the field id of the elements of a StringList column.
func ElementID(c event.Column) int { return nestedID(c.Info(), 0) }

// KeyID is the field id of the keys of a StringMap column.
func KeyID(c event.Column) int { return nestedID(c.Info(), 0) }

// ValueID is the field id of the values of a StringMap column.
func ValueID(c event.Column) int { return nestedID(c.Info(), 1) }

func nestedID(info *event.Info, part int) int { return nestedBase + 10*info.FieldID + part }

func columnInfos() []event.Info {
	var infos []event.Info
	for _, c := range event.Columns() {
		infos = append(infos, *c.Info())
	}
	return infos
}

// icebergType is the Iceberg type of a column. Elements and values are required: the writer leaves empty ones out.
func icebergType(info *event.Info) iceberg.Type {
	switch info.Kind {
	case event.Int:
		return iceberg.PrimitiveTypes.Int32
	case event.Long:
		return iceberg.PrimitiveTypes.Int64
	case event.Bool:
		return iceberg.PrimitiveTypes.Bool
	case event.Timestamp:
		return iceberg.PrimitiveTypes.TimestampTz
	case event.Double:
		return iceberg.PrimitiveTypes.Float64
	case event.StringList:
		return &iceberg.ListType{
			ElementID: nestedID(info, 0), Element: iceberg.PrimitiveTypes.String, ElementRequired: true,
		}
	case event.StringMap:
		return &iceberg.MapType{
			KeyID: nestedID(info, 0), KeyType: iceberg.PrimitiveTypes.String,
			ValueID: nestedID(info, 1), ValueType: iceberg.PrimitiveTypes.String, ValueRequired: true,
		}
	default:
		return iceberg.PrimitiveTypes.String
	}
}

func icebergField(info *event.Info) iceberg.NestedField {
	return iceberg.NestedField{
		ID: info.FieldID, Name: info.Name, Type: icebergType(info), Required: info.Required, Doc: info.Doc,
	}
}

func newSchema(infos []event.Info) *iceberg.Schema {
	fields := make([]iceberg.NestedField, len(infos))
	for i := range infos {
		fields[i] = icebergField(&infos[i])
	}
	return iceberg.NewSchema(0, fields...)
}

// evolve returns the schema that current has to become, or nil when it is right. Columns that current lacks are added as
// optional ones, since the rows that are there have no value for them. Columns that only current has were added by a
// later version and stay.
func evolve(current *iceberg.Schema, infos []event.Info) (*iceberg.Schema, error) {
	want := make(map[int]*event.Info, len(infos))
	for i := range infos {
		want[infos[i].FieldID] = &infos[i]
	}
	fields := current.Fields()
	changed := false
	for i := range fields {
		f := &fields[i]
		info := want[f.ID]
		delete(want, f.ID)
		switch {
		case info == nil && f.Required:
			return nil, schemaError("column %q is required, and this version does not know it", f.Name)
		case info == nil:
			continue
		case misnumbered(f.Type, info):
			f.Type, changed = icebergType(info), true
		case !f.Type.Equals(icebergType(info)):
			return nil, schemaError("column %q is %s, and this version writes %s", f.Name, f.Type, icebergType(info))
		}
		required := f.Required && info.Required
		if f.Name != info.Name || f.Required != required {
			f.Name, f.Required, changed = info.Name, required, true
		}
	}
	for i := range infos {
		if want[infos[i].FieldID] != nil {
			added := icebergField(&infos[i])
			added.Required = false
			fields, changed = append(fields, added), true
		}
	}
	if !changed {
		return nil, nil
	}
	return iceberg.NewSchema(current.ID, fields...), nil
}

// misnumbered says whether t is a map whose keys and values have the ids that tables of earlier versions had, one more than those in the
// data files: PyIceberg could not read the column.
func misnumbered(t iceberg.Type, info *event.Info) bool {
	m, ok := t.(*iceberg.MapType)
	return ok && info.Kind == event.StringMap && m.KeyID == nestedID(info, 1) && m.ValueID == nestedID(info, 2)
}

func schemaError(format string, args ...any) error {
	return fault.New(fault.Conflict, fmt.Errorf(format, args...),
		"Use the version of Kiroku that wrote the table, or a later one.")
}

// newPartitionSpec cuts a table by the day of time.
func newPartitionSpec() iceberg.PartitionSpec {
	return iceberg.NewPartitionSpec(iceberg.PartitionField{
		SourceIDs: []int{FieldID(event.ColTime)}, FieldID: partitionFieldID, Name: partitionName, Transform: iceberg.DayTransform{},
	})
}

const (
	partitionFieldID = iceberg.PartitionDataIDStart
	partitionName    = "time_day"
)

// newSortOrder says that the rows of a file rise by time.
func newSortOrder() (icetable.SortOrder, error) {
	return icetable.NewSortOrder(sortOrderID, []icetable.SortField{{
		SourceIDs: []int{FieldID(event.ColTime)}, Transform: iceberg.IdentityTransform{},
		Direction: icetable.SortASC, NullOrder: icetable.NullsFirst,
	}})
}

const sortOrderID = 1
