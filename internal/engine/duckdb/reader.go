package duckdb

import (
	"fmt"
	"strings"

	duck "github.com/duckdb/duckdb-go-bindings"
)

// reader knows how the values of a type lie in a vector.
type reader struct {
	kind   duck.Type
	name   string    // as DuckDB writes the type
	json   bool      // VARCHAR that holds JSON
	stored duck.Type // DECIMAL, ENUM: the type of the stored number
	scale  int       // DECIMAL
	length int       // ARRAY
	fields []string  // STRUCT: field names; ENUM: values
	parts  []*reader // LIST, ARRAY: the element; STRUCT: the fields; MAP: one struct of key and value; UNION: tag, members
}

// simpleNames are the types without parts.
var simpleNames = map[duck.Type]string{
	duck.TypeBoolean: "BOOLEAN", duck.TypeTinyInt: "TINYINT", duck.TypeSmallInt: "SMALLINT", duck.TypeInteger: "INTEGER",
	duck.TypeBigInt: "BIGINT", duck.TypeUTinyInt: "UTINYINT", duck.TypeUSmallInt: "USMALLINT", duck.TypeUInteger: "UINTEGER",
	duck.TypeUBigInt: "UBIGINT", duck.TypeHugeInt: "HUGEINT", duck.TypeUHugeInt: "UHUGEINT", duck.TypeBigNum: "BIGNUM",
	duck.TypeFloat: "FLOAT", duck.TypeDouble: "DOUBLE", duck.TypeVarchar: "VARCHAR", duck.TypeBlob: "BLOB",
	duck.TypeTimestamp: "TIMESTAMP", duck.TypeTimestampTZ: "TIMESTAMP WITH TIME ZONE", duck.TypeTimestampS: "TIMESTAMP_S",
	duck.TypeTimestampMS: "TIMESTAMP_MS", duck.TypeTimestampNS: "TIMESTAMP_NS", duck.TypeDate: "DATE", duck.TypeTime: "TIME",
	duck.TypeTimeTZ: "TIME WITH TIME ZONE", duck.TypeTimeNS: "TIME_NS", duck.TypeInterval: "INTERVAL", duck.TypeUUID: "UUID",
	duck.TypeBit: "BIT", duck.TypeSQLNull: "NULL",
}

// newReader makes the reader of a type.
func newReader(t duck.LogicalType) (*reader, error) {
	r := &reader{kind: duck.GetTypeId(t)}
	if name, ok := simpleNames[r.kind]; ok {
		r.name = name
		if r.kind == duck.TypeVarchar && duck.LogicalTypeGetAlias(t) == "JSON" {
			r.name, r.json = "JSON", true
		}
		return r, nil
	}
	switch r.kind {
	case duck.TypeDecimal:
		r.stored, r.scale = duck.DecimalInternalType(t), int(duck.DecimalScale(t))
		r.name = fmt.Sprintf("DECIMAL(%d,%d)", duck.DecimalWidth(t), r.scale)
		return r, nil
	case duck.TypeEnum:
		r.stored, r.name = duck.EnumInternalType(t), "ENUM"
		for i := range duck.EnumDictionarySize(t) {
			r.fields = append(r.fields, duck.EnumDictionaryValue(t, duck.IdxT(i)))
		}
		return r, nil
	}
	return r, r.readNested(t)
}

func (r *reader) readNested(t duck.LogicalType) error {
	switch r.kind {
	case duck.TypeList:
		if err := r.part("", duck.ListTypeChildType(t)); err != nil {
			return err
		}
		r.name = r.parts[0].name + "[]"
	case duck.TypeArray:
		r.length = int(duck.ArrayTypeArraySize(t))
		if err := r.part("", duck.ArrayTypeChildType(t)); err != nil {
			return err
		}
		r.name = fmt.Sprintf("%s[%d]", r.parts[0].name, r.length)
	case duck.TypeMap:
		entry := &reader{kind: duck.TypeStruct}
		if err := entry.part("key", duck.MapTypeKeyType(t)); err != nil {
			return err
		}
		if err := entry.part("value", duck.MapTypeValueType(t)); err != nil {
			return err
		}
		r.parts = []*reader{entry}
		r.name = fmt.Sprintf("MAP(%s, %s)", entry.parts[0].name, entry.parts[1].name)
	case duck.TypeStruct:
		for i := range duck.StructTypeChildCount(t) {
			if err := r.part(duck.StructTypeChildName(t, i), duck.StructTypeChildType(t, i)); err != nil {
				return err
			}
		}
		r.name = "STRUCT(" + r.fieldList(r.parts) + ")"
	case duck.TypeUnion:
		r.parts = []*reader{{kind: duck.TypeUTinyInt, name: simpleNames[duck.TypeUTinyInt]}}
		for i := range duck.UnionTypeMemberCount(t) {
			if err := r.part(duck.UnionTypeMemberName(t, i), duck.UnionTypeMemberType(t, i)); err != nil {
				return err
			}
		}
		r.name = "UNION(" + r.fieldList(r.parts[1:]) + ")"
	default:
		return fmt.Errorf("values of type %d cannot be shown", r.kind)
	}
	return nil
}

// part adds the reader of a nested type and frees the type.
func (r *reader) part(name string, t duck.LogicalType) error {
	defer duck.DestroyLogicalType(&t)
	p, err := newReader(t)
	if err != nil {
		return err
	}
	r.parts = append(r.parts, p)
	r.fields = append(r.fields, name)
	return nil
}

func (r *reader) fieldList(parts []*reader) string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = quoteName(r.fields[i]) + " " + p.name
	}
	return strings.Join(list, ", ")
}
