package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/config"
	"kiroku/internal/serve"
)

func newFsck(a *app) *cobra.Command {
	var repair, asJSON bool
	c := &cobra.Command{
		Use:   "fsck",
		Short: "Prove that everything stored is complete",
		Long: `Reads every file of the lake and proves that each registered segment is there, whole and readable, that no sequence number is
missing or twice, that the Iceberg tables and the registry agree, and that nothing lies around.

With --data it opens the data folder itself when no service runs in it, and asks the service otherwise. --repair does what is
safe: it removes files that nothing references, and puts a table that catalog.db has lost back as its metadata files describe it.

Exit codes: 0 nothing is wrong or all of it was repaired, 1 something is wrong, 2 wrong use.`,
		Example: `  kiroku fsck --data /var/lib/kiroku
  kiroku fsck --data /var/lib/kiroku --json | jq .ok`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			rep, err := a.fsck(c.Context(), repair)
			if err != nil {
				return err
			}
			if err := a.tellFsck(rep, asJSON); err != nil {
				return err
			}
			if !rep.Ok {
				return errSilent
			}
			return nil
		},
	}
	a.clientFlags(c)
	c.Flags().BoolVar(&repair, "repair", false, "repair what is safe to repair")
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return c
}

// fsck opens the data folder, or asks the service that has it open.
func (a *app) fsck(ctx context.Context, repair bool) (*client.FsckReport, error) {
	data := a.target.Data
	if data == "" && a.target.URL == "" && a.getenv(cli.EnvURL) == "" {
		data = cli.DefaultData
	}
	if data != "" && a.target.URL == "" {
		cfg := config.Default()
		cfg.DataDir = data
		rep, err := a.fsckOffline(ctx, cfg, repair)
		if !errors.Is(err, serve.ErrInUse) {
			return rep, err
		}
		a.target.Data = data
	}
	s, err := a.dial()
	if err != nil {
		return nil, err
	}
	rep, err := cli.Answer[client.FsckReport](s.Fsck(ctx, client.FsckOptions{Repair: repair}))
	return &rep, err
}

// fsckOffline words the report as the API does.
func (a *app) fsckOffline(ctx context.Context, cfg *config.Config, repair bool) (*client.FsckReport, error) {
	rep, err := serve.Fsck(ctx, cfg, newLog(a.err, config.Log{Level: "warn"}), repair)
	out := &client.FsckReport{Ok: rep.Ok, Segments: rep.Segments, DataFiles: rep.DataFiles, Events: rep.Events, TookMs: rep.TookMs, Findings: []client.FsckFinding{}}
	for _, f := range rep.Findings {
		out.Findings = append(out.Findings, client.FsckFinding(f))
	}
	return out, err
}

func (a *app) tellFsck(rep *client.FsckReport, asJSON bool) error {
	if asJSON {
		return writeJSON(a.out, rep)
	}
	for _, f := range rep.Findings {
		state := "wrong"
		if f.Repaired {
			state = "repaired"
		}
		fmt.Fprintf(a.out, "%s: %s: store %s: %s", state, f.Code, cmp.Or(f.Store, "-"), cli.Clean(f.Message))
		if f.Object != "" {
			fmt.Fprintf(a.out, ": %s", cli.Clean(f.Object))
		}
		fmt.Fprintln(a.out)
		if f.Next != "" && !f.Repaired {
			fmt.Fprintf(a.out, "  next: %s\n", cli.Clean(a.typed(f.Next)))
		}
	}
	verdict := "everything is complete"
	if !rep.Ok {
		verdict = "something is wrong"
	}
	took := time.Duration(rep.TookMs * float64(time.Millisecond)).Round(time.Millisecond)
	_, err := fmt.Fprintf(a.out, "%s: %s in %s and %s were read in %s\n", verdict, plural(rep.Events, "event"), plural(int64(rep.Segments), "segment"),
		plural(int64(rep.DataFiles), "data file"), took)
	return err
}
