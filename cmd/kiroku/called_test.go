package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What is printed as a command can be typed, also when the shell does not find kiroku.
func TestTyped(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "kiroku")
	if err := os.WriteFile(program, nil, 0o700); err != nil { //nolint:gosec // it must look like a program
		t.Fatal(err)
	}
	const text = `Run "kiroku fsck --repair", or kiroku serve. See "kiroku --help". The kiroku of old; /opt/kiroku serve`
	for _, tt := range []struct{ path, arg0, want string }{
		{"", "bin/kiroku", `Run "bin/kiroku fsck --repair", or bin/kiroku serve. See "bin/kiroku --help". The kiroku of old; /opt/kiroku serve`},
		{dir, program, text},
		{dir, "kiroku", text},
	} {
		t.Setenv("PATH", tt.path)
		a := &app{}
		a.called, a.commands = calledAs(tt.arg0), commandsOf(newRoot(a))
		if got := a.typed(text); got != tt.want {
			t.Errorf("%s in PATH %q: %s", tt.arg0, tt.path, got)
		}
	}
}
