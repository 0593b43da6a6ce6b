package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A terminal is told what a secret is; a script's standard error stays empty.
func TestExplainSecret(t *testing.T) {
	var script bytes.Buffer
	(&app{err: &script}).explainSecret("token %s", "shipper")
	if script.Len() > 0 {
		t.Errorf("a script reads %q", script.String())
	}
	master, terminal := openTerminal(t)
	(&app{err: terminal}).explainSecret("token %s", "shipper")
	b := make([]byte, 100)
	n, err := master.Read(b)
	if got := strings.TrimSpace(string(b[:n])); err != nil || got != "token shipper" {
		t.Errorf("a person reads %q, error %v", got, err)
	}
}

// openTerminal opens a pseudo-terminal.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return master, terminal
}
