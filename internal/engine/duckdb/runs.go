package duckdb

/*
void kirokuRuns(void *, void *, void *);
*/
import "C"

import (
	"errors"
	"unsafe"

	duck "github.com/duckdb/duckdb-go-bindings"
)

// runsName is the SQL function kiroku_runs(starts VARCHAR) BIGINT[][]: where the runs of equal elements of a sorted list are.
// starts has a character for each element, 1 where a run starts; '1011' gives [[1,2],[3],[4]]. To compare each element with
// all others, as lambdas can, takes the square of their number, and nothing interrupts it.
const runsName = "kiroku_runs"

func registerRuns(c duck.Connection) error {
	f := duck.CreateScalarFunction()
	defer duck.DestroyScalarFunction(&f)
	text := duck.CreateLogicalType(duck.TypeVarchar)
	defer duck.DestroyLogicalType(&text)
	bigint := duck.CreateLogicalType(duck.TypeBigInt)
	defer duck.DestroyLogicalType(&bigint)
	run := duck.CreateListType(bigint)
	defer duck.DestroyLogicalType(&run)
	runs := duck.CreateListType(run)
	defer duck.DestroyLogicalType(&runs)
	duck.ScalarFunctionSetName(f, runsName)
	duck.ScalarFunctionAddParameter(f, text)
	duck.ScalarFunctionSetReturnType(f, runs)
	duck.ScalarFunctionSetFunction(f, unsafe.Pointer(C.kirokuRuns)) //nolint:unconvert // cgo needs it
	if duck.RegisterScalarFunction(c, f) != duck.StateSuccess {
		return errors.New("register function " + runsName)
	}
	return nil
}

// kirokuRuns computes one chunk; DuckDB calls it from its own threads.
//
//export kirokuRuns
func kirokuRuns(_, input, output unsafe.Pointer) {
	chunk, out := duck.DataChunk{Ptr: input}, duck.Vector{Ptr: output}
	texts := duck.DataChunkGetVector(chunk, 0)
	data, mask := duck.VectorGetData(texts), duck.VectorGetValidity(texts)
	var lists [][2]uint64 // of each row: its first run, and how many
	var runs [][2]uint64  // of each run: its first element, and how many
	var elements []int64
	for i := range int(duck.DataChunkGetSize(chunk)) {
		first := len(runs)
		if !valid(mask, i) {
			duck.VectorEnsureValidityWritable(out)
			duck.ValiditySetRowInvalid(duck.VectorGetValidity(out), duck.IdxT(i))
		} else {
			for n, c := range textAt(data, i) {
				if c == '1' || n == 0 {
					runs = append(runs, [2]uint64{uint64(len(elements)), 0})
				}
				runs[len(runs)-1][1]++
				elements = append(elements, int64(n)+1)
			}
		}
		lists = append(lists, [2]uint64{uint64(first), uint64(len(runs) - first)})
	}
	copy(unsafe.Slice((*[2]uint64)(duck.VectorGetData(out)), len(lists)), lists)
	child := fillList(out, len(runs))
	copy(unsafe.Slice((*[2]uint64)(duck.VectorGetData(child)), len(runs)), runs)
	last := fillList(child, len(elements))
	copy(unsafe.Slice((*int64)(duck.VectorGetData(last)), len(elements)), elements)
}

// fillList makes room for the elements of a chunk's lists and returns the vector that they go to.
func fillList(list duck.Vector, n int) duck.Vector {
	duck.ListVectorReserve(list, duck.IdxT(n))
	duck.ListVectorSetSize(list, duck.IdxT(n))
	return duck.ListVectorGetChild(list)
}
