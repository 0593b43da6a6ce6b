//go:build integration

package siem

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// missing ends a test that cannot prove anything here.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("KIROKU_CI") != "" {
		t.Fatalf("MISSING: %s", what)
	}
	t.Skipf("SKIPPED, NOTHING WAS PROVED: %s", what)
}

// binary is the program under test.
func binary(t *testing.T) string {
	t.Helper()
	name := os.Getenv("KIROKU")
	if name == "" {
		name = "../../../bin/kiroku"
	}
	name, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		t.Fatalf("%v; run make build, or set KIROKU", err)
	}
	return name
}

// unpacked is a program of the folder that .ci/senders made.
func unpacked(t *testing.T, name string) (root string) {
	t.Helper()
	root = filepath.Join(os.Getenv("KIROKU_TOOLS"), "senders")
	if _, err := os.Stat(filepath.Join(root, name)); err != nil {
		missing(t, fmt.Sprintf("%v; unpack it with .ci/senders .tools/senders and set KIROKU_TOOLS", err))
	}
	return root
}

// process is a program that runs beside the test. It is killed when the test ends.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

// launch starts a program; env is added to the environment.
func launch(t *testing.T, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

// Write keeps what the program says, the last of it.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said.Len() > 1<<20 {
		p.said.Next(1 << 19)
	}
	return p.said.Write(b)
}

func (p *process) words() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// tail is the last lines that the program said.
func (p *process) tail() string {
	lines := strings.Split(strings.TrimSpace(p.words()), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends the program as a service manager would; it must end well.
func (p *process) stop() {
	p.t.Helper()
	if p.ended() {
		p.t.Errorf("%s ended by itself with %d:\n%s", p.name, p.cmd.ProcessState.ExitCode(), p.tail())
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exit(40 * time.Second); code != 0 {
		p.t.Errorf("%s ended with %d after SIGTERM:\n%s", p.name, code, p.tail())
	}
}

// exit waits for the end of the program and returns its exit code.
func (p *process) exit(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.kill()
		p.t.Errorf("%s did not end within %v:\n%s", p.name, limit, p.tail())
	}
	return p.cmd.ProcessState.ExitCode()
}

// until waits for something to become true.
func until(t *testing.T, what string, limit time.Duration, f func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !f() {
		if time.Since(begun) > limit {
			t.Fatalf("after %v still not: %s", limit, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begun)
}

// given is a port of its own for each caller: parallel tests never get the same, also while nobody listens on it.
var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// freePort is a TCP port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	for range 100 {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if !given.ports[port] {
			given.ports[port] = true
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// listening waits until something takes connections at an address.
func listening(t *testing.T, p *process, address string) {
	t.Helper()
	until(t, p.name+" listens at "+address, 20*time.Second, func() bool {
		if p.ended() {
			t.Fatalf("%s ended with %d:\n%s", p.name, p.cmd.ProcessState.ExitCode(), p.tail())
		}
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
}

// write makes a file below dir.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
