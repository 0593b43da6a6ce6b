package spool

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	mine := &wire.Config{Agent: wire.Agent{ID: "a1", Name: "soc"}, Destinations: []wire.Destination{{Name: "siem", To: "tcp://192.0.2.1:514"}}}
	f, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if _, err := Open(Options{Dir: dir}); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("a second process: %v", err)
	}
	if f.Config() != nil || f.Keep(mine) != nil {
		t.Error("a new folder does not become an agent's")
	}
	q, err := f.Queue("siem", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, q, 1, 3)
	if _, err := f.Queue("siem", 0, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("the same queue a second time: %v", err)
	}
	closed(t, q)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if got := f.Config(); got == nil || got.Agent.ID != "a1" || got.Destinations[0].To != "tcp://192.0.2.1:514" {
		t.Errorf("it remembers %+v", got)
	}
	err = f.Keep(&wire.Config{Agent: wire.Agent{ID: "a2", Name: "other"}})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `belongs to the agent "soc" (a1)`) {
		t.Errorf("another agent: %v", err)
	}
	for _, name := range []string{"siem", "SIEM"} {
		rests, err := f.Rests([]wire.Destination{{Name: name}})
		if want := 1 - strings.Count(name, "siem"); err != nil || len(rests) != want {
			t.Fatalf("with the destination %q left are %+v, %v", name, rests, err)
		}
		if len(rests) > 0 && (rests[0].Destination != "siem" || rests[0].Waiting.Records != 3) {
			t.Errorf("left is %+v", rests)
		}
	}
	if q, err = f.Queue("siem", 0, nil); err != nil {
		t.Fatal(err)
	}
	rest(t, q)
	q.Confirm(3, Counted{})
	closed(t, q)
	if rests, err := f.Rests(nil); err != nil || len(rests) != 0 || exists(filepath.Join(dir, nameOf("siem"))) {
		t.Errorf("what is confirmed is left: %+v, %v", rests, err)
	}
	if err := errors.Join(f.Clear(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 { // the lock
		t.Errorf("after Clear there are %v", entries)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestRefusedFolders(t *testing.T) {
	foreign, newer := t.TempDir(), t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(foreign, "report.txt"), nil, 0o600), os.WriteFile(filepath.Join(newer, ownerFile), []byte(`{"version": 2}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Dir: foreign}, `it is no spool, and not empty: it has "report.txt"`},
		{Options{Dir: newer}, "it is of version 2"},
		{Options{Dir: filepath.Join(foreign, "report.txt")}, "not a directory"},
		{Options{Dir: t.TempDir(), Size: 1000}, "--spool-size is 1000 bytes"},
	} {
		if _, err := Open(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) || fault.NextOf(err) == "" {
			t.Errorf("open %q: %v, next %q", tt.o.Dir, err, fault.NextOf(err))
		}
	}
}

// Names of destinations are names of folders on every file system, and no two are the same.
func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"siem", "SIEM", "a/b", "..", "a b", "a%20b", "日本", strings.Repeat("x", 300), strings.Repeat("x", 301), "con"} {
		got := nameOf(name)
		if other, ok := seen[strings.ToLower(got)]; ok || len(got) > 110 || strings.ContainsAny(got, `/\:. `) {
			t.Errorf("%q is %q; %q is too", name, got, other)
		}
		seen[strings.ToLower(got)] = name
	}
}
