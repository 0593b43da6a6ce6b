package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kiroku": main})
}

// TestScript runs testdata/script: one behaviour a file, on the real binary. Beside the usual commands they have those of
// commands.
func TestScript(t *testing.T) {
	sources, err := filepath.Abs("../../internal/source")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                commands(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("SOURCES", sources)
			env.Values[services{}] = map[string]*service{}
			return nil
		},
	})
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"serve":      cmdServe,      // serve DIR [FLAG...]: start a service and wait until it is ready; sets SYSLOG, HTTP
		"shut":       cmdShut,       // shut DIR: end it with SIGTERM; it must exit with 0
		"kill9":      cmdKill9,      // kill9 DIR: end it with SIGKILL
		"send":       cmdSend,       // send tcp|udp ADDRESS FILE: send a file, or each line of it as a datagram
		"counts":     cmdCounts,     // counts N DIR [SEARCH]: wait until the search finds N events
		"lines":      cmdLines,      // lines N FILE TEXT: write TEXT N times, %d is the number of the line
		"pack":       cmdPack,       // pack FILE.tar.gz MEMBER...: a tar.gz of files; members that end with .gz are compressed
		"cut":        cmdCut,        // cut FILE BYTES: drop the last bytes
		"attributes": cmdAttributes, // attributes KEY WANT GOT: compare the source's attributes; KEY is where WANT has them
	}
}

// services is the key of a script's running services.
type services struct{}

// service is a running "kiroku serve".
type service struct {
	cmd  *exec.Cmd
	done chan error
}

var readyLine = regexp.MustCompile(`^ready http=(\S+) syslog=(\S+)$`)

func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve DIR [FLAG...]")
	}
	flags := append([]string{"serve", "--data", args[0], "--http", "127.0.0.1:0", "--syslog", "127.0.0.1:0"}, args[1:]...)
	program, err := exec.LookPath("kiroku")
	ts.Check(err)
	cmd := exec.Command(program, flags...)
	cmd.Dir = ts.MkAbs(".")
	errs, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	s := &service{cmd: cmd, done: make(chan error, 1)}
	ts.Value(services{}).(map[string]*service)[args[0]] = s
	ts.Defer(func() { _ = cmd.Process.Kill(); <-s.done })
	ready := make(chan []string, 1)
	go func() {
		lines := bufio.NewScanner(errs)
		var said []string
		for lines.Scan() {
			said = append(said, lines.Text())
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m
			}
		}
		close(ready)
		s.done <- cmd.Wait()
		close(s.done)
		if cmd.ProcessState.ExitCode() > 0 {
			fmt.Fprintln(os.Stderr, strings.Join(said, "\n"))
		}
	}()
	select {
	case m, ok := <-ready:
		if !ok {
			ts.Fatalf("the service ended before it was ready")
		}
		ts.Setenv("HTTP", m[1])
		ts.Setenv("SYSLOG", m[2])
	case <-time.After(30 * time.Second):
		ts.Fatalf("the service is not ready after 30 s")
	}
}

func end(ts *testscript.TestScript, dir string, sig os.Signal) error {
	all := ts.Value(services{}).(map[string]*service)
	s := all[dir]
	if s == nil {
		ts.Fatalf("no service runs in %s", dir)
	}
	delete(all, dir)
	ts.Check(s.cmd.Process.Signal(sig))
	select {
	case err := <-s.done:
		return err
	case <-time.After(30 * time.Second):
		ts.Fatalf("the service does not end")
	}
	return nil
}

func cmdShut(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(end(ts, args[0], syscall.SIGTERM))
}

func cmdKill9(ts *testscript.TestScript, _ bool, args []string) {
	_ = end(ts, args[0], os.Kill) // "signal: killed" is what was asked for
}

func cmdSend(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := net.Dial(args[0], args[1])
	ts.Check(err)
	defer conn.Close()
	text := ts.ReadFile(args[2])
	if args[0] == "udp" {
		for line := range strings.Lines(text) {
			_, err := io.WriteString(conn, strings.TrimSuffix(line, "\n"))
			ts.Check(err)
		}
		return
	}
	_, err = io.WriteString(conn, text)
	ts.Check(err)
}

func cmdCounts(ts *testscript.TestScript, _ bool, args []string) {
	program, err := exec.LookPath("kiroku")
	ts.Check(err)
	search := strings.Join(args[2:], " ")
	var out []byte
	for range 100 {
		cmd := exec.Command(program, "query", search, "--count", "--data", ts.MkAbs(args[1]))
		cmd.Stderr = ts.Stderr()
		out, err = cmd.Output()
		if err == nil && strings.TrimSpace(string(out)) == args[0] {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("%q finds %q events, want %s (%v)", search, out, args[0], err)
}

func cmdLines(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b bytes.Buffer
	for i := range n {
		b.WriteString(strings.ReplaceAll(args[2], "%d", strconv.Itoa(i)))
		b.WriteByte('\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

func cmdPack(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	for _, name := range args[1:] {
		data := []byte(ts.ReadFile(strings.TrimSuffix(name, ".gz")))
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			zw := gzip.NewWriter(&b)
			_, err := zw.Write(data)
			ts.Check(err)
			ts.Check(zw.Close())
			data = b.Bytes()
		}
		ts.Check(w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(data))}))
		_, err := w.Write(data)
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(z.Close())
	ts.Check(f.Close())
}

func cmdCut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()-int64(n)))
}

// cmdAttributes compares line by line. "-" as KEY means the whole object; what a contract says about its own lines (id,
// given, irregular) is left out of it.
func cmdAttributes(ts *testscript.TestScript, _ bool, args []string) {
	want := strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
	got := strings.Split(strings.TrimSpace(ts.ReadFile(args[2])), "\n")
	if len(want) != len(got) {
		ts.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		w := object(ts, want[i])
		if args[0] != "-" {
			w = w[args[0]].(map[string]any)
		}
		g, _ := object(ts, got[i])["attributes"].(map[string]any)
		for _, key := range []string{"id", "given", "irregular"} {
			delete(w, key)
			delete(g, key)
		}
		if !reflect.DeepEqual(w, g) {
			ts.Fatalf("line %d:\n got %v\nwant %v", i+1, g, w)
		}
	}
}

func object(ts *testscript.TestScript, text string) map[string]any {
	var v map[string]any
	ts.Check(json.Unmarshal([]byte(text), &v))
	return v
}
