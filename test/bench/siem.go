package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	siemSenders = 4
	siemIdle    = 100              // agents
	siemWatch   = time.Minute      // how long they are watched: one publication
	siemWarmUp  = 40 * time.Second // before that
	siemTrickle = 1000             // events a second meanwhile
	siemPatient = 10 * time.Minute
	siemTurns   = 3 // of an agent alone and with a recovery
)

// siemBench measures SIEM agents of one running binary.
type siemBench struct {
	*bench
	served
	n int64 // number of the next event
}

// siem measures a backlog that one agent sends to a receiver, without confirmation and with half-close, events on their way
// through while they come in, and, on a server of their own, what agents cost that have nothing to do.
func (b *bench) siem(ctx context.Context) error {
	b.bin = "bin"
	if err := b.siemServer(ctx, func(m *siemBench) error { return m.busy(ctx) }); err != nil {
		return err
	}
	return b.siemServer(ctx, func(m *siemBench) error { return m.idle(ctx) })
}

// siemServer runs a server for f.
func (b *bench) siemServer(ctx context.Context, f func(m *siemBench) error) (err error) {
	data := filepath.Join(b.work, "siem")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	m := &siemBench{bench: b}
	var stop func() error
	if m.served, stop, err = b.start(ctx, data); err != nil {
		return err
	}
	return errors.Join(f(m), stop(), os.RemoveAll(data))
}

// busy measures agents that have something to do.
func (m *siemBench) busy(ctx context.Context) error {
	if err := m.send(ctx, int64(m.events), 0); err != nil {
		return fmt.Errorf("send events: %w", err)
	}
	if err := m.complete(ctx, m.n); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "backlog of %d events\n", m.n)
	var rates []float64
	for _, confirm := range []string{"none", "halfclose"} {
		rate, err := m.backlog(ctx, confirm, false)
		if err != nil {
			return fmt.Errorf("backlog, confirmed by %s: %w", confirm, err)
		}
		rates = append(rates, rate)
	}
	fmt.Fprintf(m.out, "with half-close %.0f %% of without\n", 100*rates[1]/rates[0])
	if err := m.beside(ctx); err != nil {
		return fmt.Errorf("recovery beside: %w", err)
	}
	if err := m.through(ctx, m.n/4); err != nil {
		return fmt.Errorf("through: %w", err)
	}
	return nil
}

// send sends events over four connections; rate a second, 0: as fast as they are taken.
func (m *siemBench) send(ctx context.Context, events int64, rate int) error {
	g, ctx := errgroup.WithContext(ctx)
	for k := range int64(siemSenders) {
		first, last := m.n+events*k/siemSenders, m.n+events*(k+1)/siemSenders
		g.Go(func() error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.syslog)
			if err != nil {
				return err
			}
			defer conn.Close()
			began, buf := time.Now(), []byte(nil)
			for n := first; n < last; n++ {
				buf = event(buf, n, "user"+strconv.FormatInt(n%5000, 10)+"@example.com")
				if len(buf) < 64<<10 && rate == 0 && n+1 < last {
					continue
				}
				if _, err := conn.Write(buf); err != nil {
					return err
				}
				buf = buf[:0]
				if rate > 0 {
					due := began.Add(time.Duration(n+1-first) * siemSenders * time.Second / time.Duration(rate))
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(time.Until(due)):
					}
				}
			}
			return nil
		})
	}
	m.n += events
	return g.Wait()
}

// receiver counts lines.
type receiver struct {
	net.Listener
	lines, bytes atomic.Int64
	conns        atomic.Int64
	want         int64
	done         chan struct{} // want lines have come
	first        atomic.Int64  // when, in nanoseconds
	wait         sync.WaitGroup
}

func listen(ctx context.Context, want int64) (*receiver, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{Listener: l, want: want, done: make(chan struct{})}
	r.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.conns.Add(1)
			r.wait.Go(func() { r.read(conn) })
		}
	})
	return r, nil
}

// read reads to the end, and then closes: that is what half-close waits for.
func (r *receiver) read(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			r.first.CompareAndSwap(0, time.Now().UnixNano())
			r.bytes.Add(int64(n))
			lines := int64(bytes.Count(buf[:n], []byte("\n")))
			if all := r.lines.Add(lines); all >= r.want && all-lines < r.want {
				close(r.done)
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *receiver) stop() {
	r.Close()
	r.wait.Wait()
}

// command runs a command of the binary against the server and reads its JSON, if it is wanted.
func (m *siemBench) command(ctx context.Context, into any, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(m.bin, "kiroku"), append(args, "--url", m.url, "--json")...)
	cmd.Env = append(os.Environ(), "KIROKU_TOKEN="+m.token)
	cmd.Stderr = m.errw
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("kiroku %s: %w", strings.Join(args, " "), err)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out, into)
}

// agent creates an agent and runs it.
func (m *siemBench) agent(ctx context.Context, name, to, confirm string, more ...string) (id string, cmd *exec.Cmd, err error) {
	var made struct{ ID, Token string }
	args := append([]string{"agents", "create", "--name", name, "--to", "tcp://" + to, "--format", "cef", "--confirm", confirm}, more...)
	if err := m.command(ctx, &made, args...); err != nil {
		return "", nil, err
	}
	cmd, err = m.run(ctx, made.Token)
	return made.ID, cmd, err
}

// run runs an agent.
func (m *siemBench) run(ctx context.Context, token string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(m.bin, "kiroku"), "agent", "run", "--server", m.url, "--log-level", "error")
	cmd.Env = append(os.Environ(), "KIROKU_AGENT_TOKEN="+token)
	cmd.Stderr = m.errw
	return cmd, cmd.Start()
}

func stopAgent(cmd *exec.Cmd) error {
	return errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait())
}

// beside compares an agent alone with one that has a recovery of everything beside it, in turn.
func (m *siemBench) beside(ctx context.Context) error {
	for range siemTurns {
		for _, recovery := range []bool{false, true} {
			if _, err := m.backlog(ctx, "none", recovery); err != nil {
				return err
			}
		}
	}
	return nil
}

// recovery runs a recovery of everything that there is, like an agent.
func (m *siemBench) recovery(ctx context.Context, like string) (r *receiver, stop func() error, err error) {
	if r, err = listen(ctx, -1); err != nil {
		return nil, nil, err
	}
	to := filepath.Join(m.work, "recovery.json")
	if err := os.WriteFile(to, fmt.Appendf(nil, `{"to": "tcp://%s", "format": "cef", "confirm": "none"}`, r.Addr()), 0o600); err != nil {
		return nil, nil, err
	}
	var made struct{ ID, Token string }
	if err := m.command(ctx, &made, "agents", "recover", "--like", like, "--by", "ingest", "--from", "now-24h", "--to", "now", "--destination-file", to); err != nil {
		return nil, nil, err
	}
	cmd, err := m.run(ctx, made.Token)
	return r, func() error {
		defer r.stop()
		return errors.Join(stopAgent(cmd), m.command(ctx, nil, "agents", "delete", made.ID))
	}, err
}

// backlog lets an agent send everything there is, with a recovery beside it or not, and returns the events a second.
func (m *siemBench) backlog(ctx context.Context, confirm string, recovery bool) (rate float64, err error) {
	r, err := listen(ctx, m.n)
	if err != nil {
		return 0, err
	}
	defer r.stop()
	server := usageOf(m.pid)
	id, cmd, err := m.agent(ctx, "backlog-"+confirm, r.Addr().String(), confirm, "--start", "all")
	if err != nil {
		return 0, err
	}
	what, also := "confirmed by "+confirm, &receiver{}
	if recovery {
		what = "beside a recovery"
		r, stop, err := m.recovery(ctx, id)
		if err != nil {
			return 0, errors.Join(err, stopAgent(cmd))
		}
		defer func() { err = errors.Join(err, stop()) }()
		also = r
	}
	if err := r.await(ctx); err != nil {
		return 0, errors.Join(err, stopAgent(cmd))
	}
	took := time.Since(time.Unix(0, r.first.Load()))
	recovered := also.lines.Load()
	used, agent := usageOf(m.pid).minus(server), usageOf(cmd.Process.Pid)
	rate = float64(m.n) / took.Seconds()
	fmt.Fprintf(m.out, "%-22s %8.0f events/s, %5.1f MB/s, %d connections; CPU µs/event: server %.1f, agent %.1f; peak MiB: server %d, agent %d\n", what,
		rate, float64(r.bytes.Load())/took.Seconds()/1e6, r.conns.Load(), used.micros(m.n), agent.micros(m.n), usageOf(m.pid).peak>>10, agent.peak>>10)
	if recovery {
		fmt.Fprintf(m.out, "%-22s %8d events meanwhile\n", "the recovery", recovered)
	}
	if err := stopAgent(cmd); err != nil {
		return 0, err
	}
	if got := r.lines.Load(); got != m.n {
		return 0, fmt.Errorf("%d lines arrived, want %d", got, m.n)
	}
	return rate, m.command(ctx, nil, "agents", "delete", id)
}

func (r *receiver) await(ctx context.Context) error {
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(siemPatient):
		return fmt.Errorf("only %d of %d lines arrived in %s", r.lines.Load(), r.want, siemPatient)
	}
}

// through sends events while an agent passes them on, all on the same cores.
func (m *siemBench) through(ctx context.Context, events int64) error {
	r, err := listen(ctx, events)
	if err != nil {
		return err
	}
	defer r.stop()
	id, cmd, err := m.agent(ctx, "through", r.Addr().String(), "none", "--start", "now")
	if err != nil {
		return err
	}
	if err := m.connected(ctx, id); err != nil {
		return errors.Join(err, stopAgent(cmd))
	}
	began := time.Now()
	if err := m.send(ctx, events, 0); err != nil {
		return errors.Join(err, stopAgent(cmd))
	}
	sent := time.Since(began)
	if err := r.await(ctx); err != nil {
		return errors.Join(err, stopAgent(cmd))
	}
	took := time.Since(began)
	fmt.Fprintf(m.out, "%-22s %8.0f events/s from the sender to the receiver, sent with %.0f events/s\n", "through, without", float64(events)/took.Seconds(), float64(events)/sent.Seconds())
	return errors.Join(stopAgent(cmd), m.command(ctx, nil, "agents", "delete", id))
}

// connected waits until the server has heard of an agent.
func (m *siemBench) connected(ctx context.Context, ids ...string) error {
	for range 600 {
		var list struct{ Agents []struct{ ID, State string } }
		if err := m.command(ctx, &list, "agents", "list"); err != nil {
			return err
		}
		here := 0
		for _, a := range list.Agents {
			for _, id := range ids {
				if a.ID == id && a.State == "connected" {
					here++
				}
			}
		}
		if here == len(ids) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%d agents did not connect within a minute", len(ids))
}

// idle measures the server with a trickle of events, first alone and then with agents that want none of them.
func (m *siemBench) idle(ctx context.Context) (err error) {
	alone, err := m.watched(ctx)
	if err != nil {
		return err
	}
	r, err := listen(ctx, 1)
	if err != nil {
		return err
	}
	defer r.stop()
	var ids []string
	var cmds []*exec.Cmd
	defer func() {
		for _, cmd := range cmds {
			err = errors.Join(err, stopAgent(cmd))
		}
	}()
	for i := range siemIdle {
		id, cmd, err := m.agent(ctx, "idle-"+strconv.Itoa(i), r.Addr().String(), "none", "--start", "now", "--filter", "actor_user_name:nobody")
		if err != nil {
			return err
		}
		ids, cmds = append(ids, id), append(cmds, cmd)
	}
	if err := m.connected(ctx, ids...); err != nil {
		return err
	}
	with, err := m.watched(ctx)
	if err != nil {
		return err
	}
	var agents usage
	for _, cmd := range cmds {
		agents.now += usageOf(cmd.Process.Pid).now
	}
	fmt.Fprintf(m.out, "%d idle agents at %d events/s: server %.2f %% of a core more (%.2f, alone %.2f), %d MiB more (%d, alone %d); an agent has %d MiB\n", siemIdle, siemTrickle,
		with.percent()-alone.percent(), with.percent(), alone.percent(), (with.now-alone.now)>>10, with.now>>10, alone.now>>10, agents.now>>10/siemIdle)
	if got := r.lines.Load(); got != 0 {
		return fmt.Errorf("%d lines arrived that nobody wanted", got)
	}
	return nil
}

// watched is what the server uses while a trickle of events comes in.
func (m *siemBench) watched(ctx context.Context) (usage, error) {
	if err := m.send(ctx, int64(siemWarmUp/time.Second)*siemTrickle, siemTrickle); err != nil { // what came before is settled meanwhile
		return usage{}, err
	}
	before := usageOf(m.pid)
	if err := m.send(ctx, int64(siemWatch/time.Second)*siemTrickle, siemTrickle); err != nil {
		return usage{}, err
	}
	return usageOf(m.pid).minus(before), nil
}

// usage is what the system says of a process.
type usage struct {
	cpu       time.Duration
	now, peak int64 // resident kilobytes
}

func (u usage) minus(o usage) usage { return usage{cpu: u.cpu - o.cpu, now: u.now, peak: u.peak} }

// micros is the CPU time in microseconds of each of n events.
func (u usage) micros(n int64) float64 { return float64(u.cpu.Microseconds()) / float64(n) }

// percent is the part of a core that was used while it was watched.
func (u usage) percent() float64 { return 100 * u.cpu.Seconds() / siemWatch.Seconds() }

// usageOf reads /proc. A process that has ended used nothing.
func usageOf(pid int) (u usage) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	if stat, err := os.ReadFile(filepath.Join(dir, "stat")); err == nil {
		// Behind the name, which may hold anything: state is the first field, utime and stime the 12th and 13th, in hundredths.
		if f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); len(f) > 12 {
			for _, ticks := range f[11:13] {
				n, _ := strconv.Atoi(ticks)
				u.cpu += time.Duration(n) * 10 * time.Millisecond
			}
		}
	}
	if status, err := os.ReadFile(filepath.Join(dir, "status")); err == nil {
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(line, ":")
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			switch name {
			case "VmRSS":
				u.now = kb
			case "VmHWM":
				u.peak = kb
			}
		}
	}
	return u
}
