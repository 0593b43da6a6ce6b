package duckdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	duck "github.com/duckdb/duckdb-go-bindings"
)

// bindArgs gives the parameters of a statement their values.
func bindArgs(stmt duck.PreparedStatement, args []any) error {
	n := int(duck.NParams(stmt))
	if n != len(args) {
		return invalid(-1, fmt.Errorf("statement has %d parameters, but there are %d values", n, len(args)), "Give one value for each ? or $1, $2, ….")
	}
	for i := 1; i <= n; i++ {
		name := duck.ParameterName(stmt, duck.IdxT(i))
		k, err := strconv.Atoi(name)
		if err != nil || k < 1 || k > n {
			return invalid(-1, fmt.Errorf("parameter $%s has no value", name), "Number the parameters $1, $2, … or write ?.")
		}
		v, err := newValue(args[k-1])
		if err != nil {
			return invalid(-1, fmt.Errorf("parameter $%d: %w", k, err), "Give text, a number, a boolean, a time, or a list of one of these.")
		}
		state := duck.BindValue(stmt, duck.IdxT(i), v)
		duck.DestroyValue(&v)
		if state != duck.StateSuccess {
			return duckError(duck.PrepareError(stmt))
		}
	}
	return nil
}

// newValue makes a DuckDB value. The caller must destroy it.
func newValue(v any) (duck.Value, error) {
	switch v := v.(type) {
	case nil:
		return duck.CreateNullValue(), nil
	case bool:
		return duck.CreateBool(v), nil
	case string:
		return duck.CreateVarchar(v), nil
	case []byte:
		return duck.CreateBlob(v), nil
	case time.Time:
		return duck.CreateTimestampTZ(duck.NewTimestamp(v.UnixMicro())), nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return duck.CreateInt64(n), nil
		}
		f, err := v.Float64()
		if err != nil {
			return duck.Value{}, fmt.Errorf("%q is not a number", v)
		}
		return duck.CreateDouble(f), nil
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return duck.CreateInt64(r.Int()), nil
	case r.CanUint():
		return duck.CreateUInt64(r.Uint()), nil
	case r.CanFloat():
		return duck.CreateDouble(r.Float()), nil
	case r.Kind() == reflect.String:
		return duck.CreateVarchar(r.String()), nil
	case r.Kind() == reflect.Slice:
		return newList(r)
	}
	return duck.Value{}, fmt.Errorf("value of type %T cannot be used", v)
}

// newList makes a list; its elements must be of one type. An empty list is one of texts.
func newList(r reflect.Value) (duck.Value, error) {
	values := make([]duck.Value, 0, r.Len())
	defer func() {
		for i := range values {
			duck.DestroyValue(&values[i])
		}
	}()
	typ := duck.TypeSQLNull
	for i := range r.Len() {
		v, err := newValue(r.Index(i).Interface())
		if err != nil {
			return duck.Value{}, err
		}
		values = append(values, v)
		t := duck.GetTypeId(duck.GetValueType(v))
		switch {
		case t == duck.TypeSQLNull || t == typ:
		case t == duck.TypeList:
			return duck.Value{}, errors.New("list of lists cannot be used")
		case typ == duck.TypeSQLNull:
			typ = t
		default:
			return duck.Value{}, errors.New("list has elements of several types")
		}
	}
	if typ == duck.TypeSQLNull {
		typ = duck.TypeVarchar
	}
	lt := duck.CreateLogicalType(typ)
	defer duck.DestroyLogicalType(&lt)
	return duck.CreateListValue(lt, values), nil
}
