package duckdb

import (
	"testing"

	"go.uber.org/goleak"

	"kiroku/internal/engine"
	"kiroku/internal/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens an engine over the stores, closed at the end of the test.
func open(t *testing.T, stores []enginetest.Store) (engine.Engine, []engine.Table) {
	t.Helper()
	dir := t.TempDir()
	e, err := Open(Options{Dirs: []string{dir}, MemoryBytes: 256 << 20, Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, enginetest.WriteStores(t, dir, stores)
}

func TestContract(t *testing.T) { enginetest.Run(t, open) }
