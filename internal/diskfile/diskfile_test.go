package diskfile_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kiroku/internal/diskfile"
)

var errInjected = errors.New("injected")

func write(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	return got
}

// Whatever step fails, the name holds the old text or the new one, whole, and no temporary file stays.
func TestWriteFileFailsAtEveryStep(t *testing.T) {
	for failAt := 1; ; failAt++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := diskfile.WriteFile(path, write("old")); err != nil {
			t.Fatal(err)
		}
		step, failed := 0, diskfile.Op("")
		disk := diskfile.Disk{Before: func(op diskfile.Op, _ string) error {
			step++
			if step == failAt {
				failed = op
				return errInjected
			}
			return nil
		}}
		err := disk.WriteFile(path, write("new"))
		got, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if failed == "" {
			if err != nil || string(got) != "new" {
				t.Fatalf("without a failure: %v, %q", err, got)
			}
			if failAt < 5 {
				t.Fatalf("only %d steps were asked for", failAt-1)
			}
			return
		}
		if !errors.Is(err, errInjected) {
			t.Errorf("%s: error is %v", failed, err)
		}
		want := "old"
		if failed == diskfile.OpSyncDir {
			want = "new"
		}
		if string(got) != want {
			t.Errorf("%s: file holds %q, want %q", failed, got, want)
		}
		if n := names(t, dir); !slices.Equal(n, []string{"f"}) {
			t.Errorf("%s: folder holds %q", failed, n)
		}
	}
}

// A process that is killed removes nothing: what it leaves must be recognisable.
func TestKilledWriterLeavesOnlyATemporaryFile(t *testing.T) {
	dir := t.TempDir()
	dead := false
	disk := diskfile.Disk{Before: func(op diskfile.Op, _ string) error {
		if op == diskfile.OpRename {
			dead = true
		}
		if dead {
			return errInjected
		}
		return nil
	}}
	if err := disk.WriteFile(filepath.Join(dir, "f"), write("new")); !errors.Is(err, errInjected) {
		t.Fatalf("error is %v", err)
	}
	left := names(t, dir)
	if len(left) != 1 || !diskfile.IsTemp(left[0]) {
		t.Errorf("left %q, want one temporary file", left)
	}
	if diskfile.IsTemp("f") {
		t.Error(`"f" is taken for a temporary file`)
	}
}

func TestWriterErrorKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	err := diskfile.WriteFile(path, func(w io.Writer) error {
		fmt.Fprint(w, "half")
		return errInjected
	})
	if !errors.Is(err, errInjected) {
		t.Fatalf("error is %v", err)
	}
	if n := names(t, dir); len(n) != 0 {
		t.Errorf("folder holds %q", n)
	}
}

// A write that failed must not be covered by a Close that succeeds: callers often look at Close only.
func TestCloseReportsAFailedWrite(t *testing.T) {
	disk := diskfile.Disk{Before: func(op diskfile.Op, _ string) error {
		if op == diskfile.OpWrite {
			return errInjected
		}
		return nil
	}}
	f, err := disk.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("x"))
	if err := f.Close(); !errors.Is(err, errInjected) {
		t.Errorf("Close returned %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second Close returned %v", err)
	}
}

func TestFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := diskfile.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "f")
	if err := diskfile.WriteFile(path, write("x")); err != nil {
		t.Fatal(err)
	}
	if err := diskfile.MkdirAll(path); err == nil {
		t.Error("a folder was made where a file is")
	}
	if err := diskfile.SyncFile(path); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := diskfile.Remove(path); err != nil {
			t.Error(err)
		}
		if err := (diskfile.Disk{}).RemoveAll(filepath.Dir(dir)); err != nil {
			t.Error(err)
		}
	}
	if err := diskfile.SyncDir(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("SyncDir of a folder that is gone: %v", err)
	}
}

// A text is there whole, or the one before it is, whichever step fails and whichever bytes of the write reach the disk.
func TestSlots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slots")
	const size = 64
	put := func(disk diskfile.Disk, text string) error {
		s, _, err := disk.OpenSlots(path, size)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Put([]byte(text))
	}
	get := func() string {
		s, text, err := diskfile.Disk{}.OpenSlots(path, size)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return string(text)
	}
	if got := get(); got != "" {
		t.Fatalf("a new file holds %q", got)
	}
	for _, text := range []string{"first", "second", "a third that is longer", ""} {
		if err := put(diskfile.Disk{}, text); err != nil || get() != text {
			t.Fatalf("put %q: %v, holds %q", text, err, get())
		}
	}
	if err := put(diskfile.Disk{}, string(make([]byte, size))); err == nil {
		t.Error("a text that is too long is taken")
	}
	for _, op := range []diskfile.Op{diskfile.OpWrite, diskfile.OpSync} {
		failing := diskfile.Disk{Before: func(o diskfile.Op, _ string) error {
			if o == op {
				return errInjected
			}
			return nil
		}}
		if err := put(failing, "new"); !errors.Is(err, errInjected) {
			t.Errorf("%s: error is %v", op, err)
		}
	}
	if err := put(diskfile.Disk{}, "old"); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	if err := put(diskfile.Disk{}, "new"); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(path)
	for n := range after { // only the first n bytes of the write came to the disk, or only those behind them
		for _, torn := range [][]byte{slices.Concat(after[:n], before[n:]), slices.Concat(before[:n], after[n:])} {
			if err := os.WriteFile(path, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := get(); got != "old" && got != "new" {
				t.Fatalf("torn at byte %d it holds %q", n, got)
			}
		}
	}
}

// What was cut off is gone, and a file whose write failed behind it goes on.
func TestCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	fail := false
	disk := diskfile.Disk{Before: func(op diskfile.Op, _ string) error {
		if fail && op == diskfile.OpSync {
			return errInjected
		}
		return nil
	}}
	f, err := disk.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, "kept")
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, "lost")
	fail = true
	if err := f.Sync(); !errors.Is(err, errInjected) {
		t.Fatalf("sync: %v", err)
	}
	fail = false
	if err := f.Sync(); !errors.Is(err, errInjected) {
		t.Fatalf("a second sync hides that the first failed: %v", err)
	}
	if err := f.Cut(4); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, "more")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "keptmore" {
		t.Errorf("holds %q", got)
	}
	if err := disk.CutFile(path, 4); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "kept" {
		t.Errorf("after CutFile it holds %q", got)
	}
}
