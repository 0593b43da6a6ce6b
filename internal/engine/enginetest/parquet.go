package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"kiroku/internal/engine"
	"kiroku/internal/event"
)

// Store is an event data store: a name, and its events as they lie in files.
type Store struct {
	Name  string
	Files [][]*event.Event
}

// WriteStores writes every file of the stores below dir and returns the tables to query.
func WriteStores(tb testing.TB, dir string, stores []Store) []engine.Table {
	tb.Helper()
	tables := make([]engine.Table, len(stores))
	for i, s := range stores {
		tables[i].Name = s.Name
		for j, events := range s.Files {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d.parquet", i, j))
			WriteParquet(tb, path, events)
			tables[i].Files = append(tables[i].Files, path)
		}
	}
	return tables
}

// WriteParquet writes events as a file with all columns of the event table, in row groups of 32,768 rows.
func WriteParquet(tb testing.TB, path string, events []*event.Event) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithMaxRowGroupLength(32<<10))
	w, err := pqarrow.NewFileWriter(schema(), f, props, pqarrow.DefaultWriterProps())
	if err != nil {
		tb.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema())
	defer b.Release()
	for _, e := range events {
		for _, c := range event.Columns() {
			appendColumn(b.Field(int(c)), e, c)
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

func schema() *arrow.Schema {
	fields := make([]arrow.Field, 0, event.NumColumns)
	for _, c := range event.Columns() {
		fields = append(fields, arrow.Field{Name: c.String(), Type: arrowType(c.Kind()), Nullable: !c.Info().Required})
	}
	return arrow.NewSchema(fields, nil)
}

func arrowType(k event.Kind) arrow.DataType {
	switch k {
	case event.Int:
		return arrow.PrimitiveTypes.Int32
	case event.Long:
		return arrow.PrimitiveTypes.Int64
	case event.Bool:
		return arrow.FixedWidthTypes.Boolean
	case event.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case event.Double:
		return arrow.PrimitiveTypes.Float64
	case event.StringList:
		return arrow.ListOf(arrow.BinaryTypes.String)
	case event.StringMap:
		return arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String)
	default:
		return arrow.BinaryTypes.String
	}
}

func appendColumn(b array.Builder, e *event.Event, c event.Column) {
	if !e.Has(c) && !c.Info().Required {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.Int32Builder:
		b.Append(int32(e.GetInt(c)))
	case *array.Int64Builder:
		b.Append(e.GetInt(c))
	case *array.BooleanBuilder:
		b.Append(e.GetInt(c) != 0)
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(e.GetInt(c)))
	case *array.Float64Builder:
		b.Append(e.GetDouble(c))
	case *array.StringBuilder:
		b.Append(e.GetStr(c))
	case *array.ListBuilder:
		b.Append(true)
		for _, s := range e.GetList(c) {
			b.ValueBuilder().(*array.StringBuilder).Append(s)
		}
	case *array.MapBuilder:
		b.Append(true)
		for _, p := range e.Unmapped() {
			b.KeyBuilder().(*array.StringBuilder).Append(p.Key)
			b.ItemBuilder().(*array.StringBuilder).Append(p.Value)
		}
	}
}
