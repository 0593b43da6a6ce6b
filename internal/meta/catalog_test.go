package meta_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/fault"
	"kiroku/internal/meta"
)

// A damaged catalog is told from other errors, because it can be made anew.
func TestDamagedCatalog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("damaged", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := meta.OpenCatalog(t.Context(), path); !strings.Contains(fault.NextOf(err), "kiroku fsck --repair") {
		t.Errorf("error %v, next %q", err, fault.NextOf(err))
	}
}
