package trino

import (
	"fmt"
	"strings"
)

// Kind is the kind of a Trino type.
type Kind uint8

// The kinds of type. Unknown is the type of NULL.
const (
	Unknown Kind = iota
	Boolean
	Integer
	Bigint
	Decimal
	Real
	Double
	Varchar
	Varbinary
	Date
	Time
	Timestamp
	TimestampTZ
	IntervalDay
	IntervalYear
	JSON
	IPAddress
	Array
	Map
	Row
	function // of a lambda
	generic  // T in a signature
)

// Type is a Trino type. Types are never changed.
type Type struct {
	Kind      Kind
	Precision int        // of Decimal
	Scale     int        // of Decimal
	Length    int        // of Varchar; 0: unbounded
	Zone      string     // of TimestampTZ: the zone that values are shown in
	Key       *Type      // of Map
	Elem      *Type      // of Array and Map; of a lambda its result
	Fields    []RowField // of Row; of a lambda its parameters
	name      string     // of generic
}

// RowField is one field of a row type.
type RowField struct {
	Name string // "": none
	Type *Type
}

var (
	typeUnknown   = &Type{Kind: Unknown}
	typeBoolean   = &Type{Kind: Boolean}
	typeInteger   = &Type{Kind: Integer}
	typeBigint    = &Type{Kind: Bigint}
	typeReal      = &Type{Kind: Real}
	typeDouble    = &Type{Kind: Double}
	typeVarchar   = &Type{Kind: Varchar}
	typeVarbinary = &Type{Kind: Varbinary}
	typeDate      = &Type{Kind: Date}
	typeTime      = &Type{Kind: Time}
	typeTimestamp = &Type{Kind: Timestamp}
	typeInstant   = &Type{Kind: TimestampTZ, Zone: "UTC"}
	typeInterval  = &Type{Kind: IntervalDay}
	typeMonths    = &Type{Kind: IntervalYear}
	typeJSON      = &Type{Kind: JSON}
	typeIPAddress = &Type{Kind: IPAddress}
)

func arrayOf(elem *Type) *Type { return &Type{Kind: Array, Elem: elem} }

func mapOf(key, value *Type) *Type { return &Type{Kind: Map, Key: key, Elem: value} }

func decimalOf(precision, scale int) *Type {
	precision = min(max(precision, 1, scale), 38)
	return &Type{Kind: Decimal, Precision: precision, Scale: min(scale, precision)}
}

// simpleNames are the types without parameters as Trino writes them.
var simpleNames = map[Kind]string{
	Unknown: "unknown", Boolean: "boolean", Integer: "integer", Bigint: "bigint", Real: "real", Double: "double",
	Varchar: "varchar", Varbinary: "varbinary", Date: "date", Time: "time(3)", Timestamp: "timestamp(3)", TimestampTZ: "timestamp(3) with time zone",
	IntervalDay: "interval day to second", IntervalYear: "interval year to month", JSON: "json", IPAddress: "ipaddress",
}

// String is the type as Trino writes it.
func (t *Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case Varchar:
		if t.Length > 0 {
			return fmt.Sprintf("varchar(%d)", t.Length)
		}
	case Array:
		return "array(" + t.Elem.String() + ")"
	case Map:
		return "map(" + t.Key.String() + ", " + t.Elem.String() + ")"
	case Row, function:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = f.Type.String()
			if f.Name != "" {
				fields[i] = f.Name + " " + fields[i]
			}
		}
		if t.Kind == function {
			return "function(" + strings.Join(append(fields, t.Elem.String()), ", ") + ")"
		}
		return "row(" + strings.Join(fields, ", ") + ")"
	case generic:
		return t.name
	}
	return simpleNames[t.Kind]
}

// duck is the type as DuckDB writes it. Both kinds of timestamp are TIMESTAMPTZ there, so that a comparison with the
// lake's time column needs no conversion and can leave files out; JSON and addresses are their text.
func (t *Type) duck() string {
	switch t.Kind {
	case Boolean:
		return "BOOLEAN"
	case Integer:
		return "INTEGER"
	case Bigint:
		return "BIGINT"
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case Real:
		return "FLOAT"
	case Double:
		return "DOUBLE"
	case Varbinary:
		return "BLOB"
	case Date:
		return "DATE"
	case Time:
		return "TIME"
	case Timestamp, TimestampTZ:
		return "TIMESTAMPTZ"
	case IntervalDay, IntervalYear:
		return "INTERVAL"
	case Array:
		return t.Elem.duck() + "[]"
	case Map:
		return "MAP(" + t.Key.duck() + ", " + t.Elem.duck() + ")"
	case Row:
		fields := make([]string, len(t.Fields))
		for i := range t.Fields {
			fields[i] = quoteName(t.fieldName(i)) + " " + t.Fields[i].Type.duck()
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	}
	return "VARCHAR"
}

// fieldName is the name of the i-th field in DuckDB, where each field has one and no two are equal.
func (t *Type) fieldName(i int) string {
	name := strings.ToLower(t.Fields[i].Name)
	if name == "" {
		return fmt.Sprintf("field %d", i)
	}
	for _, f := range t.Fields[:i] {
		if strings.EqualFold(f.Name, name) {
			return fmt.Sprintf("%s %d", name, i)
		}
	}
	return name
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func (t *Type) isNumber() bool { return t.Kind >= Integer && t.Kind <= Double }

func (t *Type) isInt() bool { return t.Kind == Integer || t.Kind == Bigint }

func (t *Type) isTime() bool { return t.Kind == Timestamp || t.Kind == TimestampTZ }

// same says whether two types are the same, lengths of text, names of fields and zones aside.
func (t *Type) same(u *Type) bool {
	if t.Kind != u.Kind || t.Precision != u.Precision || t.Scale != u.Scale || len(t.Fields) != len(u.Fields) {
		return false
	}
	if (t.Key == nil) != (u.Key == nil) || t.Key != nil && !t.Key.same(u.Key) || (t.Elem == nil) != (u.Elem == nil) || t.Elem != nil && !t.Elem.same(u.Elem) {
		return false
	}
	for i := range t.Fields {
		if !t.Fields[i].Type.same(u.Fields[i].Type) {
			return false
		}
	}
	return true
}

// asDecimal is the decimal that holds all values of an integer type.
func (t *Type) asDecimal() *Type {
	switch t.Kind {
	case Integer:
		return decimalOf(10, 0)
	case Bigint:
		return decimalOf(19, 0)
	}
	return t
}

// common is the type that values of both types become where they meet, or nil.
func common(t, u *Type) *Type {
	switch {
	case t.Kind == Unknown:
		return u
	case u.Kind == Unknown || t.same(u):
		if t.Length != u.Length {
			return typeVarchar
		}
		return t
	case t.isNumber() && u.isNumber():
		return commonNumber(t, u)
	case t.Kind == Date && u.isTime() || t.Kind == Timestamp && u.Kind == TimestampTZ:
		return u
	case u.Kind == Date && t.isTime() || u.Kind == Timestamp && t.Kind == TimestampTZ:
		return t
	}
	return commonNested(t, u)
}

func commonNumber(t, u *Type) *Type {
	if t.Kind == Decimal || u.Kind == Decimal {
		if max(t.Kind, u.Kind) == Decimal {
			t, u = t.asDecimal(), u.asDecimal()
			scale := max(t.Scale, u.Scale)
			return decimalOf(max(t.Precision-t.Scale, u.Precision-u.Scale)+scale, scale)
		}
	}
	if t.Kind > u.Kind {
		return t
	}
	return u
}

func commonNested(t, u *Type) *Type {
	if t.Kind != u.Kind {
		return nil
	}
	switch t.Kind {
	case Array:
		if elem := common(t.Elem, u.Elem); elem != nil {
			return arrayOf(elem)
		}
	case Map:
		key, value := common(t.Key, u.Key), common(t.Elem, u.Elem)
		if key != nil && value != nil {
			return mapOf(key, value)
		}
	case Row:
		if len(t.Fields) != len(u.Fields) {
			return nil
		}
		row := &Type{Kind: Row, Fields: make([]RowField, len(t.Fields))}
		for i := range row.Fields {
			f := common(t.Fields[i].Type, u.Fields[i].Type)
			if f == nil {
				return nil
			}
			row.Fields[i] = RowField{t.Fields[i].Name, f}
		}
		return row
	}
	return nil
}

// resolve turns a type as written into a Type. It fails on names that are no type.
func resolve(n TypeName) *Type {
	arg := func(i int) *Type {
		if i >= len(n.Params) || n.Params[i].Type == nil {
			fail(n.Pos, "Give the types of the elements, for example array(varchar) or map(varchar, json).", "type %s lacks a parameter", n.Name)
		}
		return resolve(*n.Params[i].Type)
	}
	switch n.Name {
	case "boolean":
		return typeBoolean
	case "tinyint", "smallint", "integer", "int":
		return typeInteger
	case "bigint":
		return typeBigint
	case "real":
		return typeReal
	case "double":
		return typeDouble
	case "varchar", "char", "string":
		if len(n.Params) == 1 && n.Params[0].Type == nil {
			return &Type{Kind: Varchar, Length: n.Params[0].Number}
		}
		return typeVarchar
	case "varbinary":
		return typeVarbinary
	case "date":
		return typeDate
	case "time":
		return typeTime
	case "timestamp":
		return typeTimestamp
	case "timestamp with time zone":
		return typeInstant
	case "json":
		return typeJSON
	case "ipaddress":
		return typeIPAddress
	case "array":
		return arrayOf(arg(0))
	case "map":
		return mapOf(arg(0), arg(1))
	}
	return resolveNested(n, arg)
}

func resolveNested(n TypeName, arg func(int) *Type) *Type {
	switch n.Name {
	case "decimal", "numeric":
		precision, scale := 38, 0
		if len(n.Params) > 0 {
			precision = n.Params[0].Number
		}
		if len(n.Params) > 1 {
			scale = n.Params[1].Number
		}
		if precision < 1 || precision > 38 || scale > precision {
			fail(n.Pos, "Use a precision of 1 to 38 and a scale up to it.", "decimal(%d,%d) is not a type", precision, scale)
		}
		return decimalOf(precision, scale)
	case "row":
		row := &Type{Kind: Row}
		for i, p := range n.Params {
			row.Fields = append(row.Fields, RowField{strings.ToLower(p.Field), arg(i)})
		}
		if len(row.Fields) > 0 {
			return row
		}
	}
	fail(n.Pos, "Use boolean, integer, bigint, double, decimal(p,s), varchar, varbinary, date, timestamp, json, array(T), map(K, V) or row(name T).", "unknown type %q", n.Name)
	return nil
}
