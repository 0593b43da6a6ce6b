//go:build integration

package iceberg

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"kiroku/internal/event"
	"kiroku/internal/lake/table"
)

func fieldID(id int) arrow.Metadata {
	return arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{strconv.Itoa(id)})
}

// arrowType is the type of a column with the field ids of its nested fields.
func arrowType(c event.Column) arrow.DataType {
	text := func(name string, id int) arrow.Field {
		return arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Metadata: fieldID(id)}
	}
	switch c.Kind() {
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
		return arrow.ListOfField(text("element", table.ElementID(c)))
	case event.StringMap:
		return arrow.MapOfFields(text("key", table.KeyID(c)), text("value", table.ValueID(c)))
	default:
		return arrow.BinaryTypes.String
	}
}

func arrowSchema() *arrow.Schema {
	var fields []arrow.Field
	for _, c := range event.Columns() {
		fields = append(fields, arrow.Field{
			Name: c.String(), Type: arrowType(c), Nullable: !c.Info().Required, Metadata: fieldID(table.FieldID(c)),
		})
	}
	return arrow.NewSchema(fields, nil)
}

// appendValue gives row number seq a value in each required column, and in one of each kind.
func appendValue(b array.Builder, c event.Column, seq, us int64) {
	optional := map[event.Column]bool{
		event.ColActorUserName: true, event.ColIsMFA: true, event.ColSrcLat: true, event.ColTags: true, event.ColUnmapped: true,
	}
	if !c.Info().Required && !optional[c] {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.Int32Builder:
		b.Append(int32(seq))
	case *array.Int64Builder:
		b.Append(seq)
	case *array.BooleanBuilder:
		b.Append(true)
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(us))
	case *array.Float64Builder:
		b.Append(0.5)
	case *array.StringBuilder:
		b.Append(fmt.Sprintf("%s %d 記録", c, seq))
	case *array.MapBuilder:
		b.Append(true)
		b.KeyBuilder().(*array.StringBuilder).Append("native.key")
		b.ItemBuilder().(*array.StringBuilder).Append("value")
	case *array.ListBuilder:
		b.Append(true)
		b.ValueBuilder().(*array.StringBuilder).Append("tag")
	}
}

// writeFile writes rows events of a day, numbered from seq, one second apart.
func writeFile(t *testing.T, dir string, day table.Day, seq int64, rows int) table.DataFile {
	t.Helper()
	schema := arrowSchema()
	rec := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rec.Release()
	start := day.Time().UnixMicro()
	at := func(i int) int64 { return start + int64(i)*1_000_000 }
	for i := range rows {
		for _, c := range event.Columns() {
			appendValue(rec.Field(int(c)), c, seq+int64(i), at(i))
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%d.parquet", seq))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, f, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	batch := rec.NewRecordBatch()
	defer batch.Release()
	if err := w.Write(batch); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return table.DataFile{
		Path: path, Rows: int64(rows), Bytes: info.Size(), Day: day, MinTime: at(0), MaxTime: at(rows - 1),
		MinSeq: seq, MaxSeq: seq + int64(rows) - 1, Columns: []table.ColumnStats{
			{Column: event.ColTime, Bytes: 1, Values: int64(rows)},
			{Column: event.ColSeq, Bytes: 1, Values: int64(rows)},
			{Column: event.ColSource, Bytes: 1, Values: int64(rows), Min: "source", Max: "source that is longer than a bound"},
		},
	}
}
