//go:build integration

package siem

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// The tests mostly wait: more run beside each other than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "10"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(built())
	os.Exit(code)
}

// server is "kiroku serve" with a data folder, again and again on the same address.
type server struct {
	data    string
	address string // host:port
	syslog  int
	args    []string
	*process
}

var ready = regexp.MustCompile(`(?m)^ready http=\S+`)

// serve starts a server; with nothing in its lake but what the test puts there.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{data: filepath.Join(t.TempDir(), "data"), address: fmt.Sprintf("127.0.0.1:%d", freePort(t)), syslog: freePort(t), args: args}
	s.start(t)
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	args := append([]string{"serve", "--data", s.data, "--http", s.address, "--syslog", fmt.Sprintf("127.0.0.1:%d", s.syslog)}, s.args...)
	s.process = launch(t, nil, binary(t), args...)
	until(t, "kiroku serve is ready", time.Minute, func() bool {
		if s.ended() {
			t.Fatalf("kiroku serve ended before it was ready:\n%s", s.tail())
		}
		return ready.MatchString(s.words())
	})
}

func (s *server) url() string { return "http://" + s.address }

// request asks the API as the administrator.
func (s *server) request(method, path string, body []byte, into any) error {
	token, err := os.ReadFile(filepath.Join(s.data, "admin.token"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	req.Header.Set("Content-Type", "application/octet-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, text)
	}
	return json.Unmarshal(text, into)
}

// store puts the records from, …, to-1 into the lake, in this order: the event of record n gets the sequence number n+1 when
// nothing else is stored.
func (s *server) store(t *testing.T, from, to int) {
	t.Helper()
	s.storeAt(t, from, to, at)
}

// storeAt is store with other times of the events.
func (s *server) storeAt(t *testing.T, from, to int, at func(n int) time.Time) {
	t.Helper()
	const once = 20_000
	for ; to-from > once; from += once {
		s.storeAt(t, from, from+once, at)
	}
	var b bytes.Buffer
	for n := from; n < to; n++ {
		b.WriteString(recordAt(n, at(n)))
	}
	var got struct{ Accepted int }
	if err := s.request(http.MethodPost, "/api/v1/ingest?input=upload", b.Bytes(), &got); err != nil || got.Accepted != to-from {
		t.Fatalf("store %d records: %d accepted: %v", to-from, got.Accepted, err)
	}
}

// run runs a command of the binary and returns what it printed and its exit code.
func (s *server) run(t *testing.T, args ...string) (out, errors string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var o, e bytes.Buffer
	cmd := exec.CommandContext(ctx, binary(t), args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// agents runs "kiroku agents" with --json and reads what it prints, as a script does.
func (s *server) agents(t *testing.T, into any, args ...string) {
	t.Helper()
	out, errors, code := s.run(t, append(append([]string{"agents"}, args...), "--json", "--data", s.data)...)
	if code != 0 {
		t.Fatalf("kiroku agents %s ended with %d: %s", strings.Join(args, " "), code, errors)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("kiroku agents %s printed no JSON: %v: %s", strings.Join(args, " "), err, out)
	}
}

// made is what the commands that make agents print.
type made struct {
	ID    string `json:"id"`
	Token string `json:"token"`
	Note  string `json:"note"`
}

// create makes an agent that sends everything there is.
func (s *server) create(t *testing.T, args ...string) (m made) {
	t.Helper()
	name := strings.NewReplacer("/", " ", "_", " ").Replace(t.Name())
	s.agents(t, &m, append([]string{"create", "--name", name, "--start", "all"}, args...)...)
	if m.ID == "" || m.Token == "" {
		t.Fatalf("kiroku agents create printed no id and token: %+v", m)
	}
	return m
}

// status is how an agent does, as "kiroku agents list --json" shows it.
func (s *server) status(t *testing.T, id string) wire.AgentStatus {
	t.Helper()
	var list struct{ Agents []wire.AgentStatus }
	s.agents(t, &list, "list")
	for _, a := range list.Agents {
		if a.ID == id {
			return a
		}
	}
	t.Fatalf("kiroku agents list does not show %s", id)
	return wire.AgentStatus{}
}

// cursor is how far the agent has acknowledged; -1: the server cannot be asked.
func (s *server) cursor(id string) int {
	var a wire.AgentStatus
	if err := s.request(http.MethodGet, "/api/v1/siem-agents/"+id, nil, &a); err != nil {
		return -1
	}
	return int(a.Cursor["default"])
}

// agent is "kiroku agent run".
func (s *server) agent(t *testing.T, m made, args ...string) *process {
	t.Helper()
	return launch(t, []string{"KIROKU_AGENT_TOKEN=" + m.Token}, binary(t), append([]string{"agent", "run", "--server", s.url()}, args...)...)
}

// acknowledged waits until an agent has acknowledged everything up to record n-1.
func (s *server) acknowledged(t *testing.T, m made, a *process, n int, limit time.Duration) time.Duration {
	t.Helper()
	begun := time.Now()
	for s.cursor(m.ID) < n {
		if a.ended() {
			t.Fatalf("the agent ended with %d:\n%s", a.cmd.ProcessState.ExitCode(), a.tail())
		}
		if time.Since(begun) > limit {
			t.Fatalf("%d of %d records acknowledged after %v; the agent said:\n%s", s.cursor(m.ID), n, limit, a.tail())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begun)
}
