package duckdb

/*
void kirokuShortEvent(void *, void *, void *);
*/
import "C"

import (
	"errors"
	"slices"
	"strconv"
	"unsafe"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/decode/jsonpath"
)

// shortEventName is the SQL function kiroku_short_event(record VARCHAR) VARCHAR: a CloudTrail record as CloudTrail Lake has it
// in an event data store whose MaxEventSize is Standard.
const shortEventName = "kiroku_short_event"

// shortEventBytes is the largest record that is left as it is.
const shortEventBytes = 256 << 10

// shortened are the members that CloudTrail cuts, in its order, until the record is small enough. Source: CloudTrail user
// guide, "Enrich CloudTrail events by adding resource tag keys and IAM global condition keys".
var shortened = []string{"annotation", "requestID", "additionalEventData", "serviceEventDetails", "userAgent", "errorCode",
	"eventContext", "responseElements", "requestParameters", "errorMessage"}

func registerShortEvent(c duck.Connection) error {
	f := duck.CreateScalarFunction()
	defer duck.DestroyScalarFunction(&f)
	text := duck.CreateLogicalType(duck.TypeVarchar)
	defer duck.DestroyLogicalType(&text)
	duck.ScalarFunctionSetName(f, shortEventName)
	duck.ScalarFunctionAddParameter(f, text)
	duck.ScalarFunctionSetReturnType(f, text)
	duck.ScalarFunctionSetFunction(f, unsafe.Pointer(C.kirokuShortEvent)) //nolint:unconvert // cgo needs it
	if duck.RegisterScalarFunction(c, f) != duck.StateSuccess {
		return errors.New("register function " + shortEventName)
	}
	return nil
}

// kirokuShortEvent computes one chunk; DuckDB calls it from its own threads.
//
//export kirokuShortEvent
func kirokuShortEvent(_, input, output unsafe.Pointer) {
	chunk, out := duck.DataChunk{Ptr: input}, duck.Vector{Ptr: output}
	records := duck.DataChunkGetVector(chunk, 0)
	data, mask := duck.VectorGetData(records), duck.VectorGetValidity(records)
	for i := range int(duck.DataChunkGetSize(chunk)) {
		if !valid(mask, i) {
			duck.VectorEnsureValidityWritable(out)
			duck.ValiditySetRowInvalid(duck.VectorGetValidity(out), duck.IdxT(i))
			continue
		}
		duck.VectorAssignStringElementLen(out, duck.IdxT(i), shortEvent(textAt(data, i)))
	}
}

// part is a member of a record and what stands in its place; nil: nothing, the member is left out.
type part struct {
	key   []byte
	value jsonpath.Value
	short []byte
	cut   bool
}

// shortEvent leaves texts out and puts CloudTrail's mark in the place of objects. Members that would not become shorter stay;
// what is no object is returned as it is.
func shortEvent(record []byte) []byte {
	if len(record) <= shortEventBytes {
		return record
	}
	var parts []part
	v, ok := jsonpath.Path{}.Find(record)
	if !ok || !v.Members(func(key []byte, e jsonpath.Value) bool {
		parts = append(parts, part{key: key, value: e})
		return true
	}) {
		return record
	}
	size := len(record)
	for _, name := range shortened {
		if size <= shortEventBytes {
			break
		}
		i := slices.IndexFunc(parts, func(p part) bool { return string(p.key) == name })
		if i < 0 || parts[i].value.Kind == jsonpath.Null {
			continue
		}
		p := &parts[i]
		saved := len(p.key) + len(p.value.Raw)
		if p.value.Kind == jsonpath.Object || p.value.Kind == jsonpath.Array {
			p.short = []byte(`{"reason":"` + name + ` too large","omitted":true,"originalSize":` + strconv.Itoa(len(p.value.Raw)) + `}`)
			saved = len(p.value.Raw) - len(p.short)
		}
		if saved <= 0 {
			continue
		}
		p.cut = true
		size -= saved
	}
	return joinParts(parts, size)
}

func joinParts(parts []part, size int) []byte {
	out := append(make([]byte, 0, size), '{')
	for i := range parts {
		p := &parts[i]
		if p.cut && p.short == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), p.key...), `":`...)
		switch {
		case p.cut:
			out = append(out, p.short...)
		case p.value.Kind == jsonpath.String:
			out = append(append(append(out, '"'), p.value.Raw...), '"')
		default:
			out = append(out, p.value.Raw...)
		}
	}
	return append(out, '}')
}
