package duckdb

/*
void kirokuJSONText(void *, void *, void *);
void kirokuJSONScalar(void *, void *, void *);
void kirokuJSONValue(void *, void *, void *);
void kirokuJSONSorted(void *, void *, void *);
void kirokuJSONTexts(void *, void *, void *);
void kirokuJSONMembers(void *, void *, void *);
void kirokuJSONElements(void *, void *, void *);
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"errors"
	"unsafe"

	duck "github.com/duckdb/duckdb-go-bindings"

	"kiroku/internal/decode/jsonpath"
	"kiroku/internal/event"
)

// The SQL functions that read JSON as Trino does: kiroku_json_…(doc VARCHAR, path VARCHAR). DuckDB's own fail on text that
// is not JSON, write numbers anew and cannot make maps of text. All give NULL where doc has nothing at path, is NULL, or
// is no JSON up to there.
const (
	// A string without quotes and escapes, any other scalar as it stands, arrays and objects as compact JSON; null is NULL.
	jsonTextName = "kiroku_json_text"
	// The same, but NULL for arrays and objects.
	jsonScalarName = "kiroku_json_scalar"
	// Any value as compact JSON, its strings without escapes that JSON does not need.
	jsonValueName = "kiroku_json_value"
	// The same with the members of objects sorted; NULL when the whole doc is no JSON.
	jsonSortedName = "kiroku_json_sorted"
	// The members of an object as MAP(VARCHAR, VARCHAR), each as kiroku_json_text writes it.
	jsonTextsName = "kiroku_json_texts"
	// The members of an object as MAP(VARCHAR, VARCHAR), each as kiroku_json_value writes it.
	jsonMembersName = "kiroku_json_members"
	// The elements of an array as VARCHAR[], each as kiroku_json_value writes it.
	jsonElementsName = "kiroku_json_elements"
)

func registerJSON(c duck.Connection) error {
	text := duck.CreateLogicalType(duck.TypeVarchar)
	defer duck.DestroyLogicalType(&text)
	texts := duck.CreateMapType(text, text)
	defer duck.DestroyLogicalType(&texts)
	list := duck.CreateListType(text)
	defer duck.DestroyLogicalType(&list)
	for _, f := range []struct {
		name     string
		returns  duck.LogicalType
		callback unsafe.Pointer
	}{
		{jsonTextName, text, C.kirokuJSONText},
		{jsonScalarName, text, C.kirokuJSONScalar},
		{jsonValueName, text, C.kirokuJSONValue},
		{jsonSortedName, text, C.kirokuJSONSorted},
		{jsonTextsName, texts, C.kirokuJSONTexts},
		{jsonMembersName, texts, C.kirokuJSONMembers},
		{jsonElementsName, list, C.kirokuJSONElements},
	} {
		fn := duck.CreateScalarFunction()
		defer duck.DestroyScalarFunction(&fn)
		duck.ScalarFunctionSetName(fn, f.name)
		duck.ScalarFunctionAddParameter(fn, text)
		duck.ScalarFunctionAddParameter(fn, text)
		duck.ScalarFunctionSetReturnType(fn, f.returns)
		duck.ScalarFunctionSetFunction(fn, f.callback)
		if duck.RegisterScalarFunction(c, fn) != duck.StateSuccess {
			return errors.New("register function " + f.name)
		}
	}
	return nil
}

// The functions below are called by DuckDB from its own threads, one chunk at a time.

//export kirokuJSONText
func kirokuJSONText(info, input, output unsafe.Pointer) {
	jsonToText(info, input, output, func(dst []byte, v jsonpath.Value) ([]byte, bool) {
		return v.AppendText(dst), v.Kind != jsonpath.Null
	})
}

//export kirokuJSONScalar
func kirokuJSONScalar(info, input, output unsafe.Pointer) {
	jsonToText(info, input, output, func(dst []byte, v jsonpath.Value) ([]byte, bool) {
		if v.Kind >= jsonpath.Null {
			return dst, false
		}
		return v.AppendText(dst), true
	})
}

//export kirokuJSONValue
func kirokuJSONValue(info, input, output unsafe.Pointer) {
	jsonToText(info, input, output, func(dst []byte, v jsonpath.Value) ([]byte, bool) { return v.AppendJSON(dst), true })
}

//export kirokuJSONSorted
func kirokuJSONSorted(info, input, output unsafe.Pointer) {
	jsonRows(info, input, output, func(row int, doc []byte, path jsonpath.Path) bool {
		if !json.Valid(doc) {
			return false
		}
		v, ok := path.Find(doc)
		if !ok {
			return false
		}
		text, err := sortedJSON(v)
		if err != nil {
			return false
		}
		duck.VectorAssignStringElementLen(duck.Vector{Ptr: output}, duck.IdxT(row), text)
		return true
	})
}

//export kirokuJSONTexts
func kirokuJSONTexts(info, input, output unsafe.Pointer) { jsonToMap(info, input, output, true) }

//export kirokuJSONMembers
func kirokuJSONMembers(info, input, output unsafe.Pointer) { jsonToMap(info, input, output, false) }

//export kirokuJSONElements
func kirokuJSONElements(info, input, output unsafe.Pointer) {
	parts := jsonParts{out: duck.Vector{Ptr: output}}
	jsonRows(info, input, output, func(row int, doc []byte, path jsonpath.Path) bool {
		first := len(parts.ends)
		v, ok := path.Find(doc)
		ok = ok && v.Elements(func(e jsonpath.Value) bool {
			parts.text = e.AppendJSON(parts.text)
			parts.end(true)
			return true
		})
		parts.entry(row, first)
		return ok
	})
	parts.write(duck.ListVectorGetChild)
}

// sortedJSON writes a value with the members of objects in the order of their keys.
func sortedJSON(v jsonpath.Value) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(v.AppendJSON(nil)))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil {
		return nil, err
	}
	sorted, _ := jsonpath.Path{}.Find(b.Bytes()) // without the escapes that only encoding/json writes
	return sorted.AppendJSON(nil), nil
}

// jsonRows calls f for every row of a chunk whose doc and path are there; where f returns false the result is NULL.
func jsonRows(info, input, output unsafe.Pointer, f func(row int, doc []byte, path jsonpath.Path) bool) {
	chunk, out := duck.DataChunk{Ptr: input}, duck.Vector{Ptr: output}
	docs, paths := duck.DataChunkGetVector(chunk, 0), duck.DataChunkGetVector(chunk, 1)
	docData, pathData := duck.VectorGetData(docs), duck.VectorGetData(paths)
	docValid, pathValid := duck.VectorGetValidity(docs), duck.VectorGetValidity(paths)
	var path jsonpath.Path
	last, known := "", false
	for i := range int(duck.DataChunkGetSize(chunk)) {
		ok := valid(docValid, i) && valid(pathValid, i)
		if ok {
			if text := event.Bytes(textAt(pathData, i)); !known || text != last {
				var err error
				if path, err = jsonpath.Parse(text); err != nil {
					duck.ScalarFunctionSetError(duck.FunctionInfo{Ptr: info}, err.Error())
					return
				}
				last, known = text, true
			}
			ok = f(i, textAt(docData, i), path)
		}
		if !ok {
			duck.VectorEnsureValidityWritable(out)
			duck.ValiditySetRowInvalid(duck.VectorGetValidity(out), duck.IdxT(i))
		}
	}
}

func jsonToText(info, input, output unsafe.Pointer, f func(dst []byte, v jsonpath.Value) ([]byte, bool)) {
	var text []byte
	jsonRows(info, input, output, func(row int, doc []byte, path jsonpath.Path) bool {
		v, ok := path.Find(doc)
		if ok {
			text, ok = f(text[:0], v)
		}
		if ok {
			duck.VectorAssignStringElementLen(duck.Vector{Ptr: output}, duck.IdxT(row), text)
		}
		return ok
	})
}

// jsonToMap makes maps of objects. Of two members with one key the first stays, as a map has each key once.
func jsonToMap(info, input, output unsafe.Pointer, asText bool) {
	keys, values := jsonParts{out: duck.Vector{Ptr: output}}, jsonParts{out: duck.Vector{Ptr: output}}
	jsonRows(info, input, output, func(row int, doc []byte, path jsonpath.Path) bool {
		first := len(keys.ends)
		v, ok := path.Find(doc)
		ok = ok && v.Members(func(key []byte, e jsonpath.Value) bool {
			at := len(keys.text)
			keys.text = jsonpath.Value{Kind: jsonpath.String, Raw: key}.AppendText(keys.text)
			if keys.has(first, keys.text[at:]) {
				keys.text = keys.text[:at]
				return true
			}
			keys.end(true)
			if asText {
				values.text = e.AppendText(values.text)
			} else {
				values.text = e.AppendJSON(values.text)
			}
			values.end(!asText || e.Kind != jsonpath.Null)
			return true
		})
		keys.entry(row, first)
		return ok
	})
	keys.write(func(v duck.Vector) duck.Vector { return duck.StructVectorGetChild(duck.ListVectorGetChild(v), 0) })
	values.write(func(v duck.Vector) duck.Vector { return duck.StructVectorGetChild(duck.ListVectorGetChild(v), 1) })
}

// jsonParts collects the elements of a chunk's lists: a list vector gets its size once, after all of them are known.
type jsonParts struct {
	out  duck.Vector
	text []byte
	ends []int // of each element in text; below zero: NULL
}

func (p *jsonParts) end(valid bool) {
	n := len(p.text)
	if !valid {
		n = -n - 1
	}
	p.ends = append(p.ends, n)
}

// at is the text of an element and whether it is there.
func (p *jsonParts) at(i int) ([]byte, bool) {
	start, end, ok := 0, p.ends[i], true
	if end < 0 {
		end, ok = -end-1, false
	}
	if i > 0 {
		if start = p.ends[i-1]; start < 0 {
			start = -start - 1
		}
	}
	return p.text[start:end], ok
}

// maxKeysCompared is how many keys of an object are compared with a new one. Objects with more members, which no
// audit record has, keep duplicates: comparing would take the square of their number.
const maxKeysCompared = 64

func (p *jsonParts) has(first int, key []byte) bool {
	for i := max(first, len(p.ends)-maxKeysCompared); i < len(p.ends); i++ {
		if known, _ := p.at(i); bytes.Equal(known, key) {
			return true
		}
	}
	return false
}

// entry writes which elements, from first to the last so far, are the list of a row.
func (p *jsonParts) entry(row, first int) {
	entries := unsafe.Slice((*[2]uint64)(duck.VectorGetData(p.out)), row+1)
	entries[row] = [2]uint64{uint64(first), uint64(len(p.ends) - first)}
}

// write puts the elements into the vector that child finds below the list vector.
func (p *jsonParts) write(child func(duck.Vector) duck.Vector) {
	n := duck.IdxT(len(p.ends))
	duck.ListVectorReserve(p.out, n)
	duck.ListVectorSetSize(p.out, n)
	v := child(p.out)
	for i := range p.ends {
		text, ok := p.at(i)
		if ok {
			duck.VectorAssignStringElementLen(v, duck.IdxT(i), text)
			continue
		}
		duck.VectorEnsureValidityWritable(v)
		duck.ValiditySetRowInvalid(duck.VectorGetValidity(v), duck.IdxT(i))
	}
}
