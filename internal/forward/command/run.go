package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
)

// runFlags are the flags of "agent run".
type runFlags struct {
	serverFlags
	logs      string
	logLevel  string
	maxErrors int
	receipts  string
	known     func(uid string) bool // the receipts, when they were read before
	dryRun    bool
	json      bool
	spool     spool.Options
}

func newRun(env *Env) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run",
		Short: "Run a SIEM agent",
		Long: `Runs a SIEM agent until it is told to stop (SIGINT, SIGTERM): it then pulls nothing more, has confirmed what it has sent, and
ends within 30 seconds; a second signal ends it at once. Nothing is lost either way.

With --spool it takes records from the server as fast as they come, keeps them in a folder on its disk, and acknowledges them
there: for a link to the server that is open for hours only, or a server that does not keep them for long. What is in the
spool is nowhere else until its destination has confirmed it. Without --spool, which is the default, the server is the queue.

It takes what the original took: --token TOKEN, --proxy ADDRESS[:PORT], --logsDirectory DIR. A token on the command line is
seen by everybody who may list the processes of the machine; with --token-file, or KIROKU_AGENT_TOKEN, it is not.

While the server or a SIEM cannot be reached it tries again for ever, after 1, 2, 4 and so on up to 60 seconds. The log is
JSON, one line an entry, on standard error and with --logs-directory also in files of that folder (5 files of 10 MB).

An agent that recovers a period ends by itself when everything has arrived, and prints what it sent.

--dry-run prints the records that would be sent from the position on, as they would be sent, and acknowledges nothing; a
running agent is not disturbed.`,
		Example: `  kiroku agent run --server https://kiroku.example.com:8480 --token-file /etc/kiroku-agent/agent.token
  kiroku agent run --server https://kiroku.example.com:8480 --token-file agent.token --proxy http://user:secret@proxy.example.com:3128
  kiroku agent run --server https://kiroku.example.com:8480 --token-file agent.token --ca-file company-ca.pem --logs-directory /var/log/kiroku-agent`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, name := range []string{"spool-size", "spool-skip-damaged"} {
				if c.Flags().Changed(name) && f.spool.Dir == "" {
					return ended(needsSpool(name), true)
				}
			}
			if f.dryRun {
				return f.look(c.Context(), env, wire.PeekNext, "")
			}
			return f.run(c.Context(), env)
		},
	}
	f.serverFlags.add(c)
	f.add(c)
	fs := c.Flags()
	fs.StringVar(&f.spool.Dir, "spool", "", "folder on a local disk that keeps what is acknowledged until its destination has it; one folder for each agent (default: none)")
	fs.Int64Var(&f.spool.Size, "spool-size", spool.DefaultSize, "bytes that the spool may hold for each destination; when it is full, nothing more is pulled")
	fs.BoolVar(&f.spool.SkipDamaged, "spool-skip-damaged", false, "go over what cannot be read in the spool, and tell the server what that is; otherwise its destination gets nothing more")
	must(c.MarkFlagDirname("spool"))
	fs.BoolVar(&f.dryRun, "dry-run", false, "print what would be sent, send and acknowledge nothing")
	return c
}

// add adds the flags of everything that runs an agent.
func (f *runFlags) add(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.logs, "logs-directory", "", "folder to write the log to, too (also --logsDirectory)")
	fs.StringVar(&f.logs, "logsDirectory", "", "the same, as the original spells it")
	fs.StringVar(&f.logLevel, "log-level", "info", "least level of the log: debug, info, warn or error")
	fs.IntVar(&f.maxErrors, "max-critical-errors", 0, "end with exit code 4 after so many failed requests to the server in a row (0: never)")
	fs.StringVar(&f.receipts, "receipts", "", "receipts of the SIEM, for a recovery of what is missing: a file of kiroku agent listen, or http(s)://HOST:PORT/receipts")
	fs.BoolVar(&f.json, "json", false, "print the receipt of a recovery as JSON")
	must(fs.MarkHidden("logsDirectory"))
	must(c.MarkFlagDirname("logs-directory"))
	must(c.MarkFlagFilename("receipts"))
}

// options makes the agent's options of the flags; close is called when the agent has ended.
func (f *runFlags) options(env *Env) (o agent.Options, closeLog func(), err error) {
	if f.maxErrors < 0 {
		return o, nil, fault.New(fault.Invalid, fmt.Errorf("--max-critical-errors is %d", f.maxErrors), "Give the number of errors, or 0 for no limit.")
	}
	log, closeLog, err := f.log(env)
	if err != nil {
		return o, nil, err
	}
	client, dial, err := f.client(env)
	if err != nil {
		closeLog()
		return o, nil, err
	}
	o = agent.Options{Client: client, Version: env.Version, Host: f.host, Log: log, Proxied: dial, MaxErrors: f.maxErrors}
	if f.known != nil {
		o.Receipts = func(context.Context, time.Time) (func(string) bool, error) { return f.known, nil }
	} else if f.receipts != "" {
		o.Receipts = f.had
	}
	return o, closeLog, nil
}

// noLogs is about the folder of the log.
func noLogs(err error) error {
	return fault.New(fault.Invalid, err, "Give a folder that the agent may write to: --logs-directory DIR.")
}

func needsSpool(flag string) error {
	return fault.New(fault.Invalid, fmt.Errorf("--%s is given without --spool", flag), "Name the folder of the spool, too: --spool DIR; or leave --"+flag+" out.")
}

// unreadable is about receipts.
func unreadable(err error) error {
	return fault.New(fault.Invalid, err, "Check --receipts: a file that kiroku agent listen --receipts wrote, or the address of one that runs, with /receipts.")
}

// had reads the receipts of the SIEM.
func (f *runFlags) had(ctx context.Context, since time.Time) (func(uid string) bool, error) {
	transport, _, err := f.way.Transport("")
	if err != nil {
		return nil, err
	}
	set, err := receive.LoadReceipts(ctx, &http.Client{Transport: transport}, f.receipts, since)
	if err != nil {
		return nil, unreadable(err)
	}
	return set.Has, nil
}

// log makes the log.
func (f *runFlags) log(env *Env) (*slog.Logger, func(), error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, nil, fault.New(fault.Invalid, fmt.Errorf("--log-level is %q", f.logLevel), "Use debug, info, warn or error.")
	}
	w, done := env.Err, func() {}
	if f.logs != "" {
		file, err := agent.OpenLog(f.logs)
		if err != nil {
			return nil, nil, noLogs(err)
		}
		w, done = both{env.Err, file}, func() { file.Close() }
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), done, nil
}

// both writes to both, whatever becomes of either.
type both struct{ a, b io.Writer }

func (w both) Write(p []byte) (int, error) {
	_, _ = w.a.Write(p) // a log that cannot be written does not stop the agent
	_, _ = w.b.Write(p)
	return len(p), nil
}

func (f *runFlags) run(ctx context.Context, env *Env) error {
	o, closeLog, err := f.options(env)
	if err != nil {
		return ended(err, true)
	}
	defer closeLog()
	if f.spool.Dir != "" {
		if o.Spool, err = spool.Open(f.spool); err != nil {
			return ended(err, true)
		}
		defer o.Spool.Close()
	}
	return f.serve(ctx, env, o)
}

// serve runs the agent and prints the receipt of a recovery.
func (f *runFlags) serve(ctx context.Context, env *Env, o agent.Options) error {
	signal.Ignore(syscall.SIGPIPE) // a log that nobody reads any more must not end the agent
	// The second signal ends the process, whatever it does.
	defer context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt, syscall.SIGTERM) })()
	a := agent.New(o)
	summary, err := a.Run(ctx)
	switch {
	case agent.IsRefused(err, wire.ReasonCompleted):
		fmt.Fprintln(env.Err, "kiroku: "+err.Error()+" "+fault.NextOf(err))
		f.forget(env)
		return nil
	case err != nil:
		return ended(err, !a.Began())
	case summary == nil:
		return nil
	}
	f.forget(env)
	if summary.Records+summary.Skipped+summary.Dead == 0 {
		fmt.Fprintln(env.Err, "kiroku: nothing of the period matches: a recovery sends activities only unless --types says otherwise (--types activities,alerts), with the filter of the agent that it is like")
	}
	return printReceipt(env.Out, summary, f.json)
}

// printReceipt prints what a recovery did.
func printReceipt(w io.Writer, s *wire.Summary, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(s)
	}
	fmt.Fprintf(w, "recovered %s to %s: %s confirmed", stamp(s.From), stamp(s.To), wire.Count(s.Records, "record"))
	if s.Skipped > 0 {
		fmt.Fprintf(w, ", %d left out that the SIEM had", s.Skipped)
	}
	if s.Dead > 0 {
		fmt.Fprintf(w, ", %d in the dead letters", s.Dead)
	}
	fmt.Fprintln(w)
	if s.Records > 0 {
		fmt.Fprintf(w, "first %s at %s\nlast  %s at %s\n", s.First.UID, stamp(s.First.Time), s.Last.UID, stamp(s.Last.Time))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
