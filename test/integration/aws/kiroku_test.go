//go:build integration

package aws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kiroku/internal/intake"
)

var ready = regexp.MustCompile(`^ready http=(\S+)`)

// kiroku is one run of the service.
type kiroku struct {
	t    *testing.T
	data string
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	said bytes.Buffer
}

func serve(t *testing.T, data, config string) *kiroku {
	t.Helper()
	k := &kiroku{t: t, data: data, done: make(chan struct{})}
	k.cmd = exec.Command(program(t, "KIROKU", "../../../bin/kiroku"), "serve", "--data", data, "--http", "127.0.0.1:0", "--config", config)
	k.cmd.Env = environment()
	out, err := k.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.stop)
	up := make(chan struct{})
	go func() {
		defer close(k.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			k.mu.Lock()
			k.said.WriteString(lines.Text() + "\n")
			k.mu.Unlock()
			if ready.MatchString(lines.Text()) {
				close(up)
			}
		}
		_ = k.cmd.Wait()
	}()
	select {
	case <-up:
	case <-k.done:
		t.Fatalf("kiroku serve ended before it was ready:\n%s", k.words())
	case <-time.After(60 * time.Second):
		t.Fatalf("kiroku serve was not ready after a minute:\n%s", k.words())
	}
	return k
}

func (k *kiroku) words() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.said.String()
}

func (k *kiroku) stop() {
	select {
	case <-k.done:
		return
	default:
	}
	_ = k.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-k.done:
		if code := k.cmd.ProcessState.ExitCode(); code != 0 {
			k.t.Errorf("kiroku serve ended with %d after SIGTERM:\n%s", code, k.words())
		}
	case <-time.After(30 * time.Second):
		_ = k.cmd.Process.Kill()
		k.t.Errorf("kiroku serve did not end after SIGTERM:\n%s", k.words())
	}
}

// kill ends it as a power cut would; it may have ended already.
func (k *kiroku) kill() {
	_ = k.cmd.Process.Kill()
	<-k.done
}

// run runs a sub-command against the service.
func (k *kiroku) run(args ...string) string {
	k.t.Helper()
	cmd := exec.Command(k.cmd.Path, append(args, "--data", k.data)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		k.t.Fatalf("kiroku %s: %v: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

func (k *kiroku) status() intake.Status {
	k.t.Helper()
	var st struct{ Inputs []intake.Status }
	if err := json.Unmarshal([]byte(k.run("status", "--json")), &st); err != nil {
		k.t.Fatal(err)
	}
	for _, in := range st.Inputs {
		if in.Name == "trail" {
			return in
		}
	}
	k.t.Fatal("status does not show the input")
	return intake.Status{}
}

// sql returns the first row of a query.
func (k *kiroku) sql(statement string) []string {
	k.t.Helper()
	lines := strings.Split(strings.TrimSpace(k.run("query", "--sql", statement, "--format", "csv")), "\n")
	if len(lines) < 2 {
		k.t.Fatalf("%s: no row: %q", statement, lines)
	}
	return strings.Split(strings.TrimSpace(lines[1]), ",")
}

// events is how many events there are, and how many different ones.
func (k *kiroku) events() (all, distinct int) {
	k.t.Helper()
	row := k.sql("SELECT count(*), count(DISTINCT metadata_uid) FROM events WHERE source = 'cloudtrail'")
	all, _ = strconv.Atoi(row[0])
	distinct, _ = strconv.Atoi(row[1])
	return all, distinct
}

// until waits for something to become true.
func (k *kiroku) until(what string, limit time.Duration, f func() bool) {
	k.t.Helper()
	for end := time.Now().Add(limit); !f(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			all, distinct := k.events()
			k.t.Fatalf("not within %v: %s\n%d events, %d different\nstatus %+v\nit said:\n%s", limit, what, all, distinct, fmt.Sprintf("%+v", k.status().CloudTrail), k.words())
		}
	}
}
