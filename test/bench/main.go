package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	events  int
	rounds  int
	peers   string // that are measured beside us
	hot     int
	shared  string // folder of the load generator and the harness
	work    string // scratch folder
	bin     string // what is built for the run
	results string // JSON lines of the harness
	out     io.Writer
	errw    io.Writer
}

func run(ctx context.Context, args []string, out, errw io.Writer) error {
	b := bench{out: out, errw: errw}
	fl := flag.NewFlagSet("bench", flag.ContinueOnError)
	fl.IntVar(&b.events, "n", 2_000_000, "events")
	fl.IntVar(&b.rounds, "runs", 3, "rounds of ingest")
	fl.StringVar(&b.peers, "peers", "rsyslog-json,syslogng-json", "peers beside kiroku-syslog")
	fl.IntVar(&b.hot, "hot", 15, "repeats of a query after the first one")
	fl.StringVar(&b.shared, "shared", env("BENCH_SHARED", "../shared/bench"), "folder of the load generator and the harness ($BENCH_SHARED)")
	fl.StringVar(&b.work, "work", env("BENCH_WORK", filepath.Join(os.TempDir(), "kiroku-bench")), "scratch folder ($BENCH_WORK), 6 GB for 2 million events")
	var profile string
	fl.StringVar(&profile, "profile", "", "instead of all that: take in -n events and write a CPU profile of it to this file (make pgo)")
	var sk soak
	fl.DurationVar(&sk.lasts, "soak", 0, "instead of all that: send for so long at -rate, watch goroutines, files and memory, and how soon events are found")
	fl.IntVar(&sk.rate, "rate", 10_000, "events a second of -soak")
	var ofAWS bool
	fl.BoolVar(&ofAWS, "aws", false, "instead of all that: the AWS endpoints, with -n CloudTrail records")
	var ofSIEM bool
	fl.BoolVar(&ofSIEM, "siem", false, "instead of all that: SIEM agents, with a backlog of -n events, and 100 that have nothing to do; with -soak: a fault every 20 seconds")
	if err := fl.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if ofAWS {
		return b.aws(ctx)
	}
	if ofSIEM && sk.lasts > 0 {
		return b.siemSoak(ctx, sk)
	}
	if ofSIEM {
		return b.siem(ctx)
	}
	if sk.lasts > 0 {
		return b.soak(ctx, sk)
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if profile != "" {
		return b.profile(ctx, profile)
	}
	if err := b.warm(); err != nil {
		return err
	}
	if err := b.harness(ctx, "ingest", "-peers", "kiroku-syslog,"+b.peers, "-runs", strconv.Itoa(b.rounds)); err != nil {
		return err
	}
	// grep over the raw lines says how fast this machine is today.
	if err := b.harness(ctx, "query", "-peers", "rsyslog-raw"); err != nil {
		return err
	}
	if err := b.harness(ctx, "query", "-peers", "kiroku-syslog", "-keep"); err != nil {
		return err
	}
	answers, err := b.ask(ctx)
	if err != nil {
		return err
	}
	return b.report(answers)
}

// warm reads the events of an earlier run: the load generator takes seven times the CPU when it has to read them from disk while
// it sends, and whoever has the first turn would pay for it.
func (b *bench) warm() error {
	files, err := filepath.Glob(filepath.Join(b.work, fmt.Sprintf("ev-*-%d-*.log", b.events)))
	if err != nil {
		return err
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		f.Close()
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
	}
	return nil
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// prepare builds the load generator and the harness and puts all peers' definitions into one folder.
func (b *bench) prepare(ctx context.Context) (err error) {
	if _, err := os.Stat(filepath.Join(b.shared, "harness", "main.go")); err != nil {
		return fmt.Errorf("find the load generator: %w\nThey are not part of this repository: set BENCH_SHARED to a folder with loadgen/, harness/ and peers/", err)
	}
	if b.shared, err = filepath.Abs(b.shared); err != nil {
		return err
	}
	if b.work, err = filepath.Abs(b.work); err != nil {
		return err
	}
	b.bin, b.results = filepath.Join(b.work, "bin"), filepath.Join(b.work, "results.jsonl")
	if err := os.MkdirAll(b.bin, 0o755); err != nil {
		return err
	}
	if err := os.Remove(b.results); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, program := range []string{"loadgen", "harness"} {
		build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(b.bin, program), ".")
		build.Dir, build.Stdout, build.Stderr = filepath.Join(b.shared, program), b.errw, b.errw
		if err := build.Run(); err != nil {
			return fmt.Errorf("build %s: %w", program, err)
		}
	}
	if err := link("bin/kiroku", filepath.Join(b.bin, "kiroku")); err != nil {
		return fmt.Errorf("find our binary: %w; run make build", err)
	}
	peers := filepath.Join(b.work, "peers")
	if err := os.RemoveAll(peers); err != nil {
		return err
	}
	for _, from := range []string{filepath.Join(b.shared, "peers"), "bench/peers"} {
		if err := copyFiles(from, peers); err != nil {
			return err
		}
	}
	return nil
}

func link(from, to string) error {
	from, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	if _, err := os.Stat(from); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(from, to)
}

func copyFiles(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// harness runs one verb of the harness.
func (b *bench) harness(ctx context.Context, verb string, args ...string) error {
	args = append([]string{verb, "-dir", filepath.Join(b.work, "peers"), "-bin", b.bin, "-work", b.work, "-n", strconv.Itoa(b.events), "-out", b.results,
		"-wait", strconv.Itoa(240 + b.events/20_000)}, args...)
	fmt.Fprintf(b.errw, "== harness %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "harness"), args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = b.errw, b.errw, append(os.Environ(), daemons()...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("harness %s: %w", verb, err)
	}
	return nil
}

// daemons says where rsyslog and syslog-ng lie when .ci/senders unpacked them.
func daemons() []string {
	root, err := filepath.Abs(env("KIROKU_SENDERS", ".tools/senders"))
	if err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(root, "usr/sbin/rsyslogd")); err != nil {
		return nil
	}
	lib := filepath.Join(root, "usr/lib/x86_64-linux-gnu")
	return []string{
		"RSYSLOGD=" + filepath.Join(root, "usr/sbin/rsyslogd"), "RSYSLOG_MODULES=" + filepath.Join(lib, "rsyslog"),
		"SYSLOGNG=" + filepath.Join(root, "usr/sbin/syslog-ng"), "SYSLOGNG_MODULES=" + filepath.Join(root, "usr/lib/syslog-ng/3.38"),
		"LD_LIBRARY_PATH=" + filepath.Join(root, "usr/lib/syslog-ng") + ":" + lib,
	}
}
