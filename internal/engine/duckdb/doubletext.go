package duckdb

/*
void kirokuDoubleText(void *, void *, void *);
*/
import "C"

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unsafe"

	duck "github.com/duckdb/duckdb-go-bindings"
)

// doubleTextName is the SQL function kiroku_double_text(x DOUBLE) VARCHAR: a number as Trino's CAST writes it, with as many
// digits as tell it from any other: 1.5E0, -2.0E-7, Infinity, NaN.
const doubleTextName = "kiroku_double_text"

func registerDoubleText(c duck.Connection) error {
	f := duck.CreateScalarFunction()
	defer duck.DestroyScalarFunction(&f)
	double := duck.CreateLogicalType(duck.TypeDouble)
	defer duck.DestroyLogicalType(&double)
	text := duck.CreateLogicalType(duck.TypeVarchar)
	defer duck.DestroyLogicalType(&text)
	duck.ScalarFunctionSetName(f, doubleTextName)
	duck.ScalarFunctionAddParameter(f, double)
	duck.ScalarFunctionSetReturnType(f, text)
	duck.ScalarFunctionSetFunction(f, unsafe.Pointer(C.kirokuDoubleText)) //nolint:unconvert // cgo needs it
	if duck.RegisterScalarFunction(c, f) != duck.StateSuccess {
		return errors.New("register function " + doubleTextName)
	}
	return nil
}

// kirokuDoubleText computes one chunk; DuckDB calls it from its own threads.
//
//export kirokuDoubleText
func kirokuDoubleText(_, input, output unsafe.Pointer) {
	chunk, out := duck.DataChunk{Ptr: input}, duck.Vector{Ptr: output}
	numbers := duck.DataChunkGetVector(chunk, 0)
	data, mask := duck.VectorGetData(numbers), duck.VectorGetValidity(numbers)
	for i := range int(duck.DataChunkGetSize(chunk)) {
		if !valid(mask, i) {
			duck.VectorEnsureValidityWritable(out)
			duck.ValiditySetRowInvalid(duck.VectorGetValidity(out), duck.IdxT(i))
			continue
		}
		duck.VectorAssignStringElement(out, duck.IdxT(i), doubleText(at[float64](data, i)))
	}
}

func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	exponent = strings.TrimLeft(exponent, "+-0")
	if exponent == "" {
		sign, exponent = "", "0"
	}
	return mantissa + "E" + sign + exponent
}
