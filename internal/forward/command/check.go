package command

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/check"
)

func newCheck(env *Env) *cobra.Command {
	var f serverFlags
	var asJSON, send bool
	var only string
	c := &cobra.Command{
		Use:   "check",
		Short: "Try every hop from here to the SIEM",
		Long: `Tries every hop of an agent's way and prints a line for each: flags, token, names, connections, proxy, TLS and certificates,
configuration, clock, a record as it would be sent, then the same for each destination and how it confirms. What fails is
followed by what to do. A running agent is not disturbed; nothing is acknowledged.

--send-test sends one marked record to each destination and waits until it is confirmed.

Exit code 0: no hop failed; 2: the first two did: no server, or an address, token, proxy or file that cannot be used; 3: some
other did.`,
		Example: `  kiroku agent check --server https://kiroku.example.com:8480 --token-file agent.token
  kiroku agent check --server https://kiroku.example.com:8480 --token-file agent.token --destination siem --send-test --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f.fill(env)
			return f.check(c.Context(), env, check.Options{Send: send, Only: only}, asJSON)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&send, "send-test", false, "send a marked record to each destination")
	c.Flags().StringVar(&only, "destination", "", "check only this destination")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// checked is what --json prints.
type checked struct {
	OK   bool        `json:"ok"`
	Hops []check.Hop `json:"hops"`
}

func (f *serverFlags) check(ctx context.Context, env *Env, o check.Options, asJSON bool) error {
	all := checked{Hops: []check.Hop{}}
	o.Server, o.Way, o.Version, o.Host = f.server, f.way, env.Version, agent.HostName(f.host)
	o.TokenFile = f.tokenFile
	o.Token = func() (string, error) {
		source, err := f.source()
		if err != nil {
			return "", err
		}
		return source()
	}
	o.Report = func(h check.Hop) {
		all.Hops = append(all.Hops, h)
		if !asJSON {
			printHop(env, &h)
		}
	}
	all.OK = check.Run(ctx, o)
	if asJSON {
		e := json.NewEncoder(env.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(all); err != nil {
			return err
		}
	}
	if all.OK {
		return nil
	}
	code := agent.ExitCheck
	if n := len(all.Hops); n > 0 && all.Hops[n-1].Use() { // it ends where the way cannot go on
		code = agent.ExitUse
	}
	return &Exit{Code: code}
}

func printHop(env *Env, h *check.Hop) {
	name := h.Name
	if h.Destination != "" {
		name = h.Destination + ": " + name
	}
	fmt.Fprintf(env.Out, "%-4s  %2d  %-26s %7.1f ms  %s\n", h.Status, h.Number, clean(name), h.MS, clean(h.Text))
	if h.Remedy != "" {
		fmt.Fprintf(env.Out, "%10snext: %s\n", "", clean(h.Remedy))
	}
}
