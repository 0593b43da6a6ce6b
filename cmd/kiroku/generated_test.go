package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write man pages, command reference and golden files anew")

// TestGenerated compares man pages and command reference with the commands as they are.
func TestGenerated(t *testing.T) {
	const repository = "../.."
	if *update {
		if code := run(t.Context(), []string{"kiroku", "gendoc", repository}, nil, os.Stdout, os.Stderr); code != 0 {
			t.Fatalf("gendoc exits with %d", code)
		}
	}
	dir := t.TempDir()
	if code := run(t.Context(), []string{"kiroku", "gendoc", dir}, nil, os.Stdout, os.Stderr); code != 0 {
		t.Fatalf("gendoc exits with %d", code)
	}
	want := map[string]bool{}
	for _, pattern := range []string{"man/*.1", "docs/reference/cli.md", "docs/reference/troubleshooting.md"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("gendoc writes no %s: %v", pattern, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(dir, file)
			if err != nil {
				t.Fatal(err)
			}
			want[name] = true
			fresh, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			committed, err := os.ReadFile(filepath.Join(repository, name))
			if err != nil || !bytes.Equal(fresh, committed) {
				t.Errorf("%s is not up to date (%v): run make gen", name, err)
			}
		}
	}
	pages, err := filepath.Glob(filepath.Join(repository, "man", "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := filepath.Join("man", filepath.Base(page)); !want[name] {
			t.Errorf("%s describes a command that is gone: delete it", name)
		}
	}
}
