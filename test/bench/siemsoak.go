package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	faultEvery   = 20 * time.Second
	faultSettle  = 90 * time.Second // at the end, without faults
	siemCatchUp  = 5 * time.Minute
	siemMaxBatch = 5000 // records of a batch
)

// siemSoak is a long run with a fault every 20 seconds: processes are killed, paused, and receivers misbehave. In the end every
// event of the lake must have arrived at every receiver.
type siemSoak struct {
	*bench
	served
	data, http string
	server     *exec.Cmd
	lanes      []*lane
	faults     int
	watch      faultWatch
}

// lane is one agent and its receiver.
type lane struct {
	name, to, confirm string
	addr, ids, token  string
	receiver, agent   *exec.Cmd
}

// siemSoak sends events at an even rate through agents that confirm by RELP, HTTP and half-close.
func (b *bench) siemSoak(ctx context.Context, sk soak) (err error) {
	if sk.lasts < faultSettle+2*faultEvery {
		return fmt.Errorf("soak for %s: the last %s are without faults; take longer", sk.lasts, faultSettle)
	}
	b.bin = "bin"
	m := &siemSoak{bench: b, data: filepath.Join(b.work, "siem-soak")}
	if err := os.RemoveAll(m.data); err != nil {
		return err
	}
	if err := m.begin(ctx); err != nil {
		return errors.Join(err, m.end())
	}
	sending, stop := context.WithTimeout(ctx, sk.lasts)
	defer stop()
	g, gctx := errgroup.WithContext(sending)
	g.Go(func() error { return m.send(gctx, sk.rate) })
	g.Go(func() error { return m.trouble(gctx, time.Now().Add(sk.lasts-faultSettle)) })
	if err := g.Wait(); err != nil {
		return errors.Join(err, m.end())
	}
	if err := m.judge(ctx); err != nil {
		return errors.Join(err, m.end()) // the data stay for whoever looks into it
	}
	return errors.Join(m.end(), os.RemoveAll(m.data))
}

// begin starts the server, and for every way to confirm a receiver and an agent.
func (m *siemSoak) begin(ctx context.Context) (err error) {
	if err := os.MkdirAll(m.data, 0o755); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(m.data, "faultreceiver"), "./test/faultreceiver")
	build.Stdout, build.Stderr = m.errw, m.errw
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the receiver: %w", err)
	}
	if m.http, err = freePort(ctx); err != nil {
		return err
	}
	if m.syslog, err = freePort(ctx); err != nil {
		return err
	}
	if err := m.startServer(ctx); err != nil {
		return err
	}
	for _, l := range []*lane{{name: "relp", to: "relp://", confirm: "relp"}, {name: "http", to: "http://", confirm: "http"}, {name: "tcp", to: "tcp://", confirm: "halfclose"}} {
		m.lanes = append(m.lanes, l)
		if l.addr, err = freePort(ctx); err != nil {
			return err
		}
		l.ids = filepath.Join(m.data, l.name+".ids")
		if err := m.receive(ctx, l); err != nil {
			return err
		}
		var made struct{ ID, Token string }
		tool := siemBench{bench: m.bench, served: m.served}
		if err := tool.command(ctx, &made, "agents", "create", "--name", l.name, "--to", l.to+l.addr, "--format", "json", "--header", "none", "--confirm", l.confirm, "--start", "all"); err != nil {
			return err
		}
		l.token = made.Token
		if err := m.startAgent(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (m *siemSoak) startServer(ctx context.Context) (err error) {
	s, cmd, err := m.startAt(ctx, filepath.Join(m.data, "data"), m.http, m.syslog)
	m.served, m.server = s, cmd
	return err
}

func (m *siemSoak) startAgent(ctx context.Context, l *lane) error {
	l.agent = exec.CommandContext(ctx, filepath.Join(m.bin, "kiroku"), "agent", "run", "--server", "http://"+m.http, "--log-level", "error")
	l.agent.Env = append(os.Environ(), "KIROKU_AGENT_TOKEN="+l.token)
	log, err := os.OpenFile(filepath.Join(m.data, l.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	l.agent.Stderr = log
	return l.agent.Start()
}

// receive starts a receiver, with what it is to do wrong.
func (m *siemSoak) receive(ctx context.Context, l *lane, fault ...string) error {
	l.receiver = exec.CommandContext(ctx, filepath.Join(m.data, "faultreceiver"), append([]string{"-addr", l.addr, "-ids", l.ids}, fault...)...)
	l.receiver.Stderr = m.errw
	return l.receiver.Start()
}

func kill(cmd *exec.Cmd) error {
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	_ = cmd.Wait() // it says that it was killed
	return nil
}

// end stops what runs.
func (m *siemSoak) end() (err error) {
	for _, l := range m.lanes {
		for _, cmd := range []*exec.Cmd{l.agent, l.receiver} {
			if cmd != nil && cmd.Process != nil {
				err = errors.Join(err, kill(cmd))
			}
		}
	}
	if m.server != nil {
		err = errors.Join(err, kill(m.server))
	}
	return err
}

// send sends events at an even rate. What a killed server has not stored is lost: no protocol of syslog tells; the lake says in
// the end what there was.
func (m *siemSoak) send(ctx context.Context, rate int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var conn net.Conn
	var buf []byte
	began := time.Now()
	for n := int64(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		buf = buf[:0]
		for due := int64(time.Since(began).Seconds() * float64(rate)); n < due; n++ {
			buf = event(buf, n, fmt.Sprintf("user%d id=%d .", n%5000, n))
		}
		if conn == nil {
			c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", m.syslog)
			if err != nil {
				continue
			}
			conn = c
		}
		if _, err := conn.Write(buf); err != nil {
			conn.Close()
			conn = nil
		}
	}
}

// trouble makes one fault after the other until a time.
func (m *siemSoak) trouble(ctx context.Context, until time.Time) error {
	tick := time.NewTicker(faultEvery)
	defer tick.Stop()
	m.watch.lanes = m.lanes
	m.watch.begin()
	run := context.WithoutCancel(ctx) // what is started runs until it is killed
	receivers := func(fault ...string) func() error {
		return func() error { return m.replace(ctx, fault...) }
	}
	faults := []struct {
		name string
		make func() error
	}{
		{"server killed", func() error { return errors.Join(kill(m.server), m.startServer(run)) }},
		{"agents killed", func() (err error) {
			for _, l := range m.lanes {
				err = errors.Join(err, kill(l.agent), m.startAgent(run, l))
			}
			return err
		}},
		{"receivers killed", receivers()},
		{"receivers reset within a line", receivers("-mode", "rst-mid-line", "-n", "100000", "-times", "3")},
		{"server paused", func() error { return m.pause(ctx, m.server) }},
		{"receivers stop reading", receivers("-mode", "stop-reading", "-n", "150000", "-times", "1")},
		{"agents paused", func() error { return m.pause(ctx, m.lanes[0].agent, m.lanes[1].agent, m.lanes[2].agent) }},
		{"receivers close what is idle", receivers("-mode", "idle-close", "-delay", "20ms", "-times", "20")},
		{"server and agents killed", func() (err error) {
			err = kill(m.server)
			for _, l := range m.lanes {
				err = errors.Join(err, kill(l.agent), m.startAgent(run, l))
			}
			return errors.Join(err, m.startServer(run))
		}},
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if time.Now().After(until) {
			return errors.Join(m.watch.next(""), m.replace(ctx)) // none misbehaves any more
		}
		f := faults[m.faults%len(faults)]
		fmt.Fprintf(m.errw, "%s  %s\n", time.Now().Format(time.TimeOnly), f.name)
		if err := m.watch.next(f.name); err != nil {
			return err
		}
		if err := f.make(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		m.faults++
	}
}

// replace kills the receivers, and starts them again after two seconds.
func (m *siemSoak) replace(ctx context.Context, fault ...string) (err error) {
	for _, l := range m.lanes {
		err = errors.Join(err, kill(l.receiver))
	}
	select {
	case <-ctx.Done():
	case <-time.After(2 * time.Second):
	}
	for _, l := range m.lanes {
		err = errors.Join(err, m.receive(context.WithoutCancel(ctx), l, fault...))
	}
	return err
}

func (m *siemSoak) pause(ctx context.Context, cmds ...*exec.Cmd) (err error) {
	for _, cmd := range cmds {
		err = errors.Join(err, cmd.Process.Signal(syscall.SIGSTOP))
	}
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
	}
	for _, cmd := range cmds {
		err = errors.Join(err, cmd.Process.Signal(syscall.SIGCONT))
	}
	return err
}

// judge compares the lake with what has arrived.
func (m *siemSoak) judge(ctx context.Context) error {
	time.Sleep(2 * time.Second) // the last events are stored
	stored, err := m.stored(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "%d events in the lake, %d faults\n", len(stored), m.faults)
	var errs []error
	for _, l := range m.lanes {
		began := time.Now()
		lost, twice, arrived, strange := 0, 0, 0, 0
		for {
			if lost, twice, arrived, strange, err = compare(stored, l.ids); err != nil {
				return err
			}
			if lost == 0 || time.Since(began) > siemCatchUp {
				break
			}
			time.Sleep(time.Second)
		}
		fmt.Fprintf(m.out, "%-5s arrived %9d, lost %d, twice %d (%.0f a fault)\n", l.name, arrived, lost, twice, float64(twice)/float64(max(1, m.faults)))
		switch {
		case lost > 0 || strange > 0:
			errs = append(errs, fmt.Errorf("%s: %d events are lost, %d that arrived are none of ours", l.name, lost, strange))
		case twice > m.faults*siemMaxBatch:
			errs = append(errs, fmt.Errorf("%s: %d events arrived twice, more than a batch a fault", l.name, twice))
		}
	}
	m.watch.print(m.out)
	return errors.Join(errs...)
}

// stored is the ids of the events in the lake.
func (m *siemSoak) stored(ctx context.Context) (map[int64]bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+"/api/v1/export", bytes.NewReader([]byte(`{"columns":["actor_user_name"]}`)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return nil, fmt.Errorf("export: %s: %s", res.Status, text)
	}
	stored := map[int64]bool{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		var row struct {
			User string `json:"actor_user_name"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		// An event that a killed connection cut has no id, or a part of one; receivers see the same.
		var user, id int64
		if n, _ := fmt.Sscanf(row.User, "user%d id=%d .", &user, &id); n == 2 {
			stored[id] = true
		}
	}
	return stored, lines.Err()
}

// compare reads the ids of a receiver.
func compare(stored map[int64]bool, file string) (lost, twice, arrived, strange int, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	seen := make(map[int64]bool, len(stored))
	for line := range bytes.Lines(text) {
		id, err := strconv.ParseInt(string(bytes.TrimSuffix(line, []byte("\n"))), 10, 64)
		switch {
		case err != nil: // cut in pieces, or of Kiroku's own alerts
		case !stored[id]:
			strange++
		case seen[id]:
			twice++
		default:
			seen[id] = true
			arrived++
		}
	}
	return len(stored) - arrived, twice, arrived, strange, nil
}
