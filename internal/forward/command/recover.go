package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/wire"
	"kiroku/internal/timespec"
)

// recoverFlags are the flags of "agent recover".
type recoverFlags struct {
	runFlags
	from, to string
	types    []string
	missing  bool
	folder   string
}

func newRecover(env *Env) *cobra.Command {
	var f recoverFlags
	c := &cobra.Command{
		Use:   "recover --from TIME --to TIME",
		Short: "Send a missed period again",
		Long: `Makes a recovery agent like the one whose token is given, and runs it here until everything of the period has arrived. The
running agent is not touched: the recovery has a token and a position of its own. It sends activities only, unless --types
says otherwise, with the filter and to the destinations of the agent that it is like. TO itself is not part of the period.

Records that the SIEM has already will arrive again, with the same external id. --missing-only leaves out what is in the
receipts that "kiroku agent listen --receipts" wrote: --receipts names that file, or the address it is served at.

When it is interrupted, or the machine fails, go on with the command that is shown at the beginning. At the end it prints a
receipt: how many records, the first, the last, the period.`,
		Example: `  kiroku agent recover --server https://kiroku.example.com:8480 --token-file agent.token --from 2026-11-01T00:00:00Z --to 2026-11-01T06:00:00Z
  kiroku agent recover --server https://kiroku.example.com:8480 --token-file agent.token --from now-6h --to now-2h --missing-only --receipts http://127.0.0.1:5515/receipts`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.from == "" || f.to == "" {
				return use(c, errors.New("agent recover needs --from and --to"))
			}
			return f.recover(c.Context(), env)
		},
	}
	f.serverFlags.add(c)
	f.runFlags.add(c)
	fs := c.Flags()
	fs.StringVar(&f.from, "from", "", "begin of the period: a time such as 2026-11-01T00:00:00Z, or now-6h")
	fs.StringVar(&f.to, "to", "", "end of the period, which is no part of it")
	fs.StringSliceVar(&f.types, "types", nil, "what is sent: activities, alerts (default activities)")
	fs.BoolVar(&f.missing, "missing-only", false, "leave out what the receipts have; needs --receipts")
	fs.StringVar(&f.folder, "save", ".", "folder that keeps the token of the recovery until it is complete")
	must(c.MarkFlagDirname("save"))
	return c
}

// period reads --from, --to and --types.
func (f *recoverFlags) period() (r wire.Recover, err error) {
	now := time.Now()
	if r.From, err = timespec.Parse(f.from, now, nil); err != nil {
		return r, fmt.Errorf("--from: %w", err)
	}
	if r.To, err = timespec.Parse(f.to, now, nil); err != nil {
		return r, fmt.Errorf("--to: %w", err)
	}
	if !r.From.Before(r.To) {
		return r, fault.New(fault.Invalid, fmt.Errorf("the period from %s to %s is empty", stamp(r.From), stamp(r.To)), "Give a time with --to that is later than --from.")
	}
	for _, t := range f.types {
		if !slices.Contains([]wire.Type{wire.Activities, wire.Alerts}, wire.Type(t)) {
			return r, fault.New(fault.Invalid, fmt.Errorf("--types has %q", t), "Use activities, alerts, or both with a comma.")
		}
		r.Types = append(r.Types, wire.Type(t))
	}
	if f.missing && f.receipts == "" {
		return r, fault.New(fault.Invalid, errors.New("--missing-only needs receipts"), "Name those that kiroku agent listen wrote: --receipts FILE or URL. Without --missing-only everything of the period is sent.")
	}
	r.Missing = f.missing
	return r, nil
}

func (f *recoverFlags) recover(ctx context.Context, env *Env) error {
	period, err := f.period()
	if err != nil {
		return ended(err, true)
	}
	client, _, err := f.client(env)
	if err != nil {
		return ended(err, true)
	}
	// What would only be found out when the recovery runs is found out before there is one.
	if period.Missing {
		if f.known, err = f.had(ctx, period.From.Add(-agent.ReceiptMargin)); err != nil {
			return ended(err, true)
		}
	}
	// The token is lost if it cannot be kept: that is found out before there is one.
	if err := writable(f.folder); err != nil {
		return ended(unsaved(err), true)
	}
	made, err := client.Recover(ctx, &period)
	if err != nil {
		return ended(err, true)
	}
	file := filepath.Join(f.folder, recoveryPrefix+made.ID+recoverySuffix)
	if err := os.WriteFile(file, []byte(made.Token+"\n"), 0o600); err != nil {
		return ended(fmt.Errorf("keep the token of the recovery %s: %w", made.ID, err), true)
	}
	f.announce(env, &made, file)
	f.token, f.tokenFile = "", file
	if err := f.run(ctx, env); err != nil {
		return err
	}
	if ctx.Err() != nil {
		fmt.Fprintf(env.Err, "kiroku: interrupted; the recovery is not complete\n")
		return &Exit{Code: agent.ExitInternal}
	}
	return nil
}

// The name of the file that keeps the token of a recovery; between them stands the recovery's id.
const (
	recoveryPrefix = "kiroku-recovery-"
	recoverySuffix = ".token"
)

// forget removes the token of a recovery that is complete, if it stands in a file that recover wrote.
func (f *serverFlags) forget(env *Env) {
	name := filepath.Base(f.tokenFile)
	if !strings.HasPrefix(name, recoveryPrefix) || !strings.HasSuffix(name, recoverySuffix) {
		return
	}
	if err := os.Remove(f.tokenFile); err != nil {
		fmt.Fprintf(env.Err, "kiroku: %v; the token in it does not work any more\n", err)
	}
}

// unsaved is about the folder of --save.
func unsaved(err error) error {
	return fault.New(fault.Invalid, err, "Name a folder that this command may write to: --save DIR.")
}

// announce says what is about to happen, and how to go on after an interruption.
func (f *recoverFlags) announce(env *Env, made *wire.Recovered, file string) {
	again := []string{"kiroku agent run --server", f.server, "--token-file", file}
	if f.receipts != "" {
		again = append(again, "--receipts", f.receipts)
	}
	for _, name := range f.way.CAFiles {
		again = append(again, "--ca-file", name)
	}
	fmt.Fprintf(env.Err, "kiroku: recovery agent %s\nkiroku: %s\nkiroku: if it is interrupted, go on with: %s\n", made.ID, made.Note, strings.Join(again, " "))
}

func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".kiroku-*")
	if err != nil {
		return fmt.Errorf("keep the token of the recovery: %w", err)
	}
	f.Close()
	return os.Remove(f.Name())
}
