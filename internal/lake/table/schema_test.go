package table

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

func TestFieldIDsAreDistinct(t *testing.T) {
	seen := map[int]string{}
	add := func(id int, name string) {
		if other := seen[id]; other != "" {
			t.Errorf("field id %d is that of %s and of %s", id, other, name)
		}
		seen[id] = name
	}
	for _, c := range event.Columns() {
		if id := FieldID(c); id <= 0 || id >= nestedBase {
			t.Errorf("field id of %s is %d: those of columns lie below %d", c, id, nestedBase)
		}
		add(FieldID(c), c.String())
		switch c.Kind() {
		case event.StringList:
			add(ElementID(c), c.String()+".element")
		case event.StringMap:
			add(KeyID(c), c.String()+".key")
			add(ValueID(c), c.String()+".value")
		}
	}
}

func TestNewTable(t *testing.T) {
	l := newLake(t)
	st, err := l.load(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	if st.meta.Version() != 2 {
		t.Errorf("format version is %d", st.meta.Version())
	}
	fields := st.meta.CurrentSchema().Fields()
	if len(fields) != event.NumColumns {
		t.Fatalf("%d fields, want %d", len(fields), event.NumColumns)
	}
	for i, c := range event.Columns() {
		f, info := fields[i], c.Info()
		if f.ID != info.FieldID || f.Name != info.Name || f.Required != info.Required {
			t.Errorf("field %d is %v, column is %+v", i, f, *info)
		}
	}
	for c, want := range map[event.Column]string{
		event.ColTime: "timestamptz", event.ColSeq: "long", event.ColClassUID: "int", event.ColIsMFA: "boolean",
		event.ColRawData: "string", event.ColSrcLat: "double", event.ColTags: "list<string>", event.ColUnmapped: "map<string, string>",
	} {
		if got := fields[c].Type.String(); got != want {
			t.Errorf("%s is %s, want %s", c, got, want)
		}
	}
	spec := st.meta.PartitionSpec()
	if spec.NumFields() != 1 || spec.Field(0).Name != partitionName || spec.Field(0).FieldID != partitionFieldID ||
		spec.Field(0).Transform.String() != "day" {
		t.Errorf("partition spec is %s", spec)
	}
	if id := st.meta.SortOrder().OrderID(); id != sortOrderID {
		t.Errorf("sort order is %d", id)
	}
}

// A table of an earlier version gets the new columns when it is opened, under their own ids, and keeps its rows.
func TestColumnsAreAddedOnOpen(t *testing.T) {
	l := newLake(t)
	ctx := context.Background()
	old := columnInfos()
	old = slices.DeleteFunc(old, func(i event.Info) bool {
		return i.Name == "severity_id" || i.Name == "tags" || i.Name == "unmapped"
	})
	old[0].Name = "id" // a column that was renamed since
	o := Options{Warehouse: filepath.Join(l.dir, "warehouse"), DB: l.db}
	if err := l.Drop(ctx, store); err != nil {
		t.Fatal(err)
	}
	before, err := open(ctx, o, old)
	if err != nil {
		t.Fatal(err)
	}
	if err := before.Create(ctx, store); err != nil {
		t.Fatal(err)
	}
	l.Catalog = before
	f := l.file(t, day0, 5)
	f.Columns = nil
	l.append(t, f)

	for range 2 { // the second time there is nothing to do
		after, err := Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		l.Catalog = after
		st, err := l.load(ctx, store)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(st.meta.Schemas()); n != 2 {
			t.Errorf("%d schemas, want 2", n)
		}
		checkEvolved(t, st.meta.CurrentSchema())
	}
	l.append(t, l.file(t, day0, 5))
	if got := l.paths(t); len(got) != 2 {
		t.Errorf("table has %q", got)
	}
}

// A table whose map has the ids of earlier versions gets those that stand in the files when it is opened.
func TestMapIDsAreCorrectedOnOpen(t *testing.T) {
	infos := columnInfos()
	var fields []iceberg.NestedField
	for i := range infos {
		f := icebergField(&infos[i])
		if m, ok := f.Type.(*iceberg.MapType); ok {
			old := *m
			old.KeyID, old.ValueID = m.KeyID+1, m.ValueID+1
			f.Type = &old
		}
		fields = append(fields, f)
	}
	schema, err := evolve(iceberg.NewSchema(0, fields...), infos)
	if err != nil || schema == nil {
		t.Fatalf("evolve gives %v, error %v", schema, err)
	}
	if f, ok := schema.FindFieldByID(FieldID(event.ColUnmapped)); !ok || !f.Type.Equals(icebergType(event.ColUnmapped.Info())) {
		t.Errorf("unmapped became %v", f)
	}
	if again, err := evolve(schema, infos); err != nil || again != nil {
		t.Errorf("the second time it gives %v, error %v", again, err)
	}
}

func checkEvolved(t *testing.T, schema *iceberg.Schema) {
	t.Helper()
	for _, c := range event.Columns() {
		info := c.Info()
		f, ok := schema.FindFieldByID(info.FieldID)
		if !ok || f.Name != info.Name || !f.Type.Equals(icebergType(info)) {
			t.Errorf("column %s became %v", c, f)
		}
		if info.Name == "severity_id" && f.Required {
			t.Errorf("column %s is required, but the rows that are there have no value", c)
		}
	}
}

func TestEvolveRefuses(t *testing.T) {
	infos := columnInfos()
	change := func(f func(*event.Info)) []event.Info {
		c := slices.Clone(infos)
		f(&c[0])
		return c
	}
	for _, tc := range []struct {
		name string
		have []event.Info
		want string
	}{
		{"another type", change(func(i *event.Info) { i.Kind = event.Long }), "is long, and this version writes string"},
		{"a required column of a later version", change(func(i *event.Info) { i.FieldID = 999 }), "does not know it"},
	} {
		_, err := evolve(newSchema(tc.have), infos)
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	later := append(slices.Clone(infos), event.Info{Name: "later", FieldID: 998})
	if got, err := evolve(newSchema(later), infos); got != nil || err != nil {
		t.Errorf("an optional column of a later version: %v, %v", got, err)
	}
}
