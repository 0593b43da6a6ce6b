//go:build integration

package integration

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ready is the line that scripts wait for.
var ready = regexp.MustCompile(`^ready http=(\S+) syslog=(\S*)$`)

// binary is the program under test.
func binary(t *testing.T) string {
	t.Helper()
	name := os.Getenv("KIROKU")
	if name == "" {
		name = "../../bin/kiroku"
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

// missing ends a test that cannot prove anything here.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("KIROKU_CI") != "" {
		t.Fatalf("MISSING: %s", what)
	}
	t.Skipf("SKIPPED, NOTHING WAS PROVED: %s", what)
}

// server is one run of "kiroku serve".
type server struct {
	t      *testing.T
	data   string
	http   string // host:port
	syslog string // host:port of the first input
	took   time.Duration

	cmd  *exec.Cmd
	done chan struct{}
	said *log
}

// start runs "kiroku serve" on free ports and waits until it is ready. It is stopped when the test ends.
func start(t *testing.T, data string, args ...string) *server {
	t.Helper()
	args = append([]string{"serve", "--data", data, "--http", "127.0.0.1:0"}, args...)
	if !strings.Contains(strings.Join(args, " "), "--config") {
		args = append(args, "--syslog", fmt.Sprintf("127.0.0.1:%d", freePort(t))) // one number for TCP and UDP
	}
	s := &server{t: t, data: data, cmd: exec.Command(binary(t), args...), done: make(chan struct{}), said: &log{}}
	out, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	up := make(chan []string, 1)
	go func() {
		defer close(s.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			s.said.add(lines.Text())
			if m := ready.FindStringSubmatch(lines.Text()); m != nil {
				up <- m
			}
		}
		_ = s.cmd.Wait()
	}()
	select {
	case m := <-up:
		s.http, s.syslog, s.took = m[1], m[2], time.Since(began)
	case <-s.done:
		t.Fatalf("kiroku serve ended before it was ready:\n%s", s.said)
	case <-time.After(60 * time.Second):
		t.Fatalf("kiroku serve was not ready after a minute:\n%s", s.said)
	}
	return s
}

// as is the server for a sub-test.
func (s *server) as(t *testing.T) *server {
	c := *s
	c.t = t
	return &c
}

// stop ends the server as a service manager would, and fails the test when it does not end well.
func (s *server) stop() {
	s.t.Helper()
	select {
	case <-s.done:
		return
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Errorf("stop server: %v", err)
	}
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		_ = s.cmd.Process.Kill()
		s.t.Errorf("kiroku serve did not end a minute after SIGTERM:\n%s", s.said)
		return
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("kiroku serve ended with %d after SIGTERM:\n%s", code, s.said)
	}
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-s.done
}

// token is the administrator's.
func (s *server) token() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "admin.token"))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// kiroku runs a sub-command against the server's data folder; it must succeed.
func (s *server) kiroku(args ...string) string {
	s.t.Helper()
	out, errors, code := run(s.t, "", append(args, "--data", s.data)...)
	if code != 0 {
		s.t.Fatalf("kiroku %s ended with %d: %s", strings.Join(args, " "), code, errors)
	}
	return out
}

// count asks how many events a search finds.
func (s *server) count(search string) int {
	s.t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s.kiroku("query", search, "--from", "2000-01-01", "--count")))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// await waits until a search finds n events, and fails when it finds more or takes longer than limit.
func (s *server) await(search string, n int, limit time.Duration) {
	s.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		got := s.count(search)
		if got == n {
			return
		}
		if got > n || time.Now().After(deadline) {
			s.t.Fatalf("%q finds %d events after %v, want %d\nserver said:\n%s", search, got, limit, n, s.said)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// sql runs one statement and returns the first row's fields.
func (s *server) sql(statement string) []string {
	s.t.Helper()
	lines := strings.Split(strings.TrimSpace(s.kiroku("query", "--sql", statement, "--format", "csv")), "\n")
	if len(lines) < 2 {
		s.t.Fatalf("%s: answer has no row: %q", statement, lines)
	}
	return strings.Split(strings.TrimSpace(lines[1]), ",")
}

// run runs the binary with text on standard input and returns what it printed and its exit code.
func run(t *testing.T, stdin string, args ...string) (out, errors string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // also while the test is cleaned up
	defer cancel()
	var o, e bytes.Buffer
	cmd := exec.CommandContext(ctx, binary(t), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// freePort is a TCP and UDP port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		p, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		l.Close()
		if err == nil {
			p.Close()
			return port
		}
	}
	t.Fatal("no port is free for TCP and UDP")
	return 0
}

// write makes a file below dir.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
