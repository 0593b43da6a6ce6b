//go:build integration

package iceberg

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"kiroku/internal/event"
	"kiroku/internal/lake"
	"kiroku/internal/lake/table"
	"kiroku/internal/meta"
)

// TestOtherProgramsReadOurFiles reads every column of what the lake itself has written, lists and the map included.
func TestOtherProgramsReadOurFiles(t *testing.T) {
	python := python(t)
	ctx, dir := t.Context(), t.TempDir()
	db, err := meta.Open(ctx, filepath.Join(dir, "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := meta.OpenCatalog(ctx, filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := table.Open(ctx, table.Options{Warehouse: filepath.Join(dir, "warehouse"), DB: catalog})
	if err != nil {
		t.Fatal(err)
	}
	o := lake.Defaults()
	o.Dir, o.DB, o.Tables, o.Log, o.MinFree = dir, db, tables, slog.New(slog.DiscardHandler), 0
	o.Hasher = func(_ string, dst []uint64) []uint64 { return dst }
	l, err := lake.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	const events = 50
	start := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	w := l.NewWriter()
	if err := w.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	var e event.Event
	for i := range events {
		e.Reset()
		e.Class(event.ClassBaseEvent, 0)
		e.Time(event.ColTime, "", start.Add(time.Duration(i)*time.Minute))
		e.Time(event.ColIngestTime, "", start)
		e.Str(event.ColEventUID, "", fmt.Sprintf("uid-%d", i))
		e.Str(event.ColSource, "", "generic")
		e.Str(event.ColRawData, "", fmt.Sprintf("record %d", i))
		e.Add(event.ColActorUserGroups, "", "ops")
		e.Add(event.ColActorUserGroups, "", "記録")
		e.Unmap("native.key", fmt.Sprintf("value %d", i))
		w.Append(lake.DefaultStore, &e)
	}
	w.End(&event.Checkpoint{Key: "file:x", Position: events}, nil)
	if err := errors.Join(l.Flush(ctx), l.Publish(ctx), l.Close(), db.Close(), catalog.Close()); err != nil {
		t.Fatal(err)
	}
	got := read(t, python, dir, "2026-06-30T00:00:00+00:00")
	if got.Rows != events || got.DuckRows != events {
		t.Errorf("PyIceberg reads %d rows, DuckDB %d, want %d", got.Rows, got.DuckRows, events)
	}
	for name, want := range map[string]any{"raw_data": "record 0", "actor_user_groups": []any{"ops", "記録"}, "unmapped": []any{[]any{"native.key", "value 0"}}} {
		if !reflect.DeepEqual(got.First[name], want) {
			t.Errorf("%s is %v, want %v", name, got.First[name], want)
		}
	}
}
