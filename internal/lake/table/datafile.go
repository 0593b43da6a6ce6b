package table

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/iceberg-go"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// check says what is wrong with a data file of the store whose folder is dir. A wrong one would make readers leave out
// rows, so it is a mistake of the caller's program.
func (f *DataFile) check(dir string) error {
	wrong := ""
	switch {
	case !filepath.IsAbs(f.Path) || !strings.HasPrefix(f.Path, filepath.Join(dir, "data")+string(filepath.Separator)):
		wrong = "it is not in the store's data folder"
	case f.Rows <= 0 || f.Bytes <= 0:
		wrong = "it has no rows or no bytes"
	case f.MinTime > f.MaxTime || DayOfMicros(f.MinTime) != f.Day || DayOfMicros(f.MaxTime) != f.Day:
		wrong = fmt.Sprintf("its times are not in its day %s", f.Day)
	case f.MinSeq > f.MaxSeq:
		wrong = "its seq bounds are reversed"
	}
	if wrong == "" {
		return nil
	}
	return fault.New(fault.Invalid, fmt.Errorf("data file %q: %s", f.Path, wrong), "")
}

// toIceberg makes the entry of a manifest.
func (f *DataFile) toIceberg(spec iceberg.PartitionSpec) (iceberg.DataFile, error) {
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, f.Path, iceberg.ParquetFile,
		map[int]any{partitionFieldID: iceberg.Date(f.Day)}, map[int]string{}, map[int]int{}, f.Rows, f.Bytes)
	if err != nil {
		return nil, fmt.Errorf("data file %q: %w", f.Path, err)
	}
	sizes, values, nulls := map[int]int64{}, map[int]int64{}, map[int]int64{}
	lower, upper := map[int][]byte{}, map[int][]byte{}
	for i := range f.Columns {
		s := &f.Columns[i]
		info := s.Column.Info()
		// Counts of a list or map belong to its leaves (Iceberg spec, "Manifests"), which ColumnStats does not know.
		if info.Kind == event.StringList || info.Kind == event.StringMap {
			continue
		}
		sizes[info.FieldID], values[info.FieldID], nulls[info.FieldID] = s.Bytes, s.Values, s.Nulls
		if err := setBounds(lower, upper, info, s.Min, s.Max); err != nil {
			return nil, fmt.Errorf("data file %q: %w", f.Path, err)
		}
	}
	if err := setBounds(lower, upper, event.ColTime.Info(), f.MinTime, f.MaxTime); err != nil {
		return nil, err
	}
	if err := setBounds(lower, upper, event.ColSeq.Info(), f.MinSeq, f.MaxSeq); err != nil {
		return nil, err
	}
	b.ColumnSizes(sizes).ValueCounts(values).NullValueCounts(nulls).LowerBoundValues(lower).UpperBoundValues(upper)
	if len(f.RowGroups) > 0 {
		b.SplitOffsets(f.RowGroups)
	}
	return b.SortOrderID(sortOrderID).Build(), nil
}

func setBounds(lower, upper map[int][]byte, info *event.Info, lo, hi any) error {
	l, err := encodeBound(info, lo, false)
	if err != nil {
		return err
	}
	u, err := encodeBound(info, hi, true)
	if err != nil {
		return err
	}
	if l != nil {
		lower[info.FieldID] = l
	}
	if u != nil {
		upper[info.FieldID] = u
	}
	return nil
}

// fromIceberg reads the entry of a manifest. Files that somebody else wrote may lack bounds: their whole day is assumed.
func fromIceberg(df iceberg.DataFile) DataFile {
	f := DataFile{Path: df.FilePath(), Rows: df.Count(), Bytes: df.FileSizeBytes()}
	switch day := df.Partition()[partitionFieldID].(type) {
	case iceberg.Date:
		f.Day = Day(day)
	case int32:
		f.Day = Day(day)
	}
	f.MinTime, f.MaxTime = int64(f.Day)*microsPerDay, (int64(f.Day)+1)*microsPerDay-1
	lower, upper := df.LowerBoundValues(), df.UpperBoundValues()
	readBound(&f.MinTime, lower, event.ColTime)
	readBound(&f.MaxTime, upper, event.ColTime)
	readBound(&f.MinSeq, lower, event.ColSeq)
	readBound(&f.MaxSeq, upper, event.ColSeq)
	return f
}

func readBound(v *int64, bounds map[int][]byte, c event.Column) {
	if got, ok := decodeLong(bounds[FieldID(c)]); ok {
		*v = got
	}
}
