package table

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"
)

// metadata.json must hold exactly what the library would write, in every state of a table.
func TestEncodeMetadataAsTheLibraryDoes(t *testing.T) {
	l := newLake(t)
	ctx := context.Background()
	check := func(name string, extra ...icetable.Update) {
		t.Helper()
		st, err := l.load(ctx, store)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := icetable.UpdateTableMetadata(st.meta, extra, st.location)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(meta)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := encodeMetadata(&got, meta); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asJSON(t, want), asJSON(t, got.Bytes())); diff != "" {
			t.Errorf("%s (-library +ours):\n%s", name, diff)
		}
		back, err := icetable.ParseMetadataBytes(got.Bytes())
		if err != nil || !back.Equals(meta) {
			t.Errorf("%s: reads back differently: %v", name, err)
		}
	}
	check("empty")
	a, b := l.file(t, day0, 1), l.file(t, day0, 1)
	first := int64(l.append(t, a))
	check("one snapshot")
	if _, err := l.Replace(ctx, store, []string{a.Path}, []DataFile{b}, map[string]string{`k"<>`: "v\u2028 é"}); err != nil {
		t.Fatal(err)
	}
	check("after a rewrite")
	check("with a tag and statistics",
		icetable.NewSetSnapshotRefUpdate("audit", first, icetable.TagRef, 1000, 0, 0),
		icetable.NewSetStatisticsUpdate(icetable.StatisticsFile{SnapshotID: first, StatisticsPath: "/s.puffin", FileSizeInBytes: 1}),
		icetable.NewSetPartitionStatisticsUpdate(icetable.PartitionStatisticsFile{SnapshotID: first, StatisticsPath: "/p", FileSizeInBytes: 1}))
	check("with another column", icetable.NewAddSchemaUpdate(iceberg.NewSchema(1,
		iceberg.NestedField{ID: 2, Name: "time", Type: iceberg.PrimitiveTypes.TimestampTz, Required: true})))
	check("format version 3", icetable.NewUpgradeFormatVersionUpdate(3))
}

func asJSON(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	// An empty list and no list mean the same.
	if m, ok := v.(map[string]any); ok {
		for k, e := range m {
			if list, ok := e.([]any); ok && len(list) == 0 {
				delete(m, k)
			}
		}
	}
	return v
}
