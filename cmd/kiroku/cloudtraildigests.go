package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
	"kiroku/internal/timespec"
)

// digestFlags are the flags of "kiroku cloudtrail digests".
type digestFlags struct {
	json, verify bool
	input, from  string
	limit        int
}

func newCloudTrailDigests(a *app) *cobra.Command {
	var f digestFlags
	c := &cobra.Command{
		Use:   "digests",
		Short: "Show what the continuous verification of digests found",
		Long: `Shows what the service found out about CloudTrail's digests: how each input is doing, each chain with its periods, and what is
wrong. A service verifies the buckets of its inputs of type cloudtrail every hour; what it newly finds to be wrong also becomes an
event with the tag kiroku-alert.

--verify begins a verification now and does not wait for it: of what is new, or with --from of everything from a time on.

Exit codes: 0 no finding is kept, 1 there are findings or an input could not be verified, 2 wrong use.`,
		Example: `  kiroku cloudtrail digests
  kiroku cloudtrail digests --json | jq .findings
  kiroku cloudtrail digests --verify --input cloudtrail-example-trail-bucket --from now-30d`,
		Args: args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error { return a.digests(c, &f) },
	}
	a.clientFlags(c)
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().BoolVar(&f.verify, "verify", false, "begin a verification now")
	c.Flags().StringVar(&f.input, "input", "", "with --verify: only this input")
	c.Flags().StringVar(&f.from, "from", "", "with --verify: everything from this time on (default: what is new)")
	c.Flags().IntVar(&f.limit, "limit", 100, "most findings that are shown")
	return c
}

func (a *app) digests(c *cobra.Command, f *digestFlags) error {
	if !f.verify && (f.input != "" || f.from != "") {
		return wrongUse(c, fmt.Errorf("--input and --from are for --verify"))
	}
	s, err := a.dial()
	if err != nil {
		return err
	}
	if f.verify {
		ask := client.DigestVerification{Input: f.input}
		if f.from != "" {
			from, err := timespec.Parse(f.from, time.Now(), nil)
			if err != nil {
				return err
			}
			ask.From = from.UTC()
		}
		if err := cli.Done(s.VerifyDigests(c.Context(), ask)); err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, `a verification begins; "kiroku cloudtrail digests" shows its result`)
		return err
	}
	report, err := cli.Answer[client.DigestReport](s.ListDigests(c.Context(), &client.ListDigestsParams{Limit: &f.limit}))
	if err != nil {
		return err
	}
	if f.json {
		err = writeJSON(a.out, report)
	} else {
		err = a.printDigests(&report)
	}
	if err == nil && wrongDigests(&report) {
		err = errSilent
	}
	return err
}

// wrongDigests says whether something is wrong or not known.
func wrongDigests(r *client.DigestReport) bool {
	for _, in := range r.Inputs {
		if in.Error != "" {
			return true
		}
	}
	return len(r.Findings) > 0
}

func (a *app) printDigests(r *client.DigestReport) error {
	now := time.Now()
	inputs := cli.Table{Width: terminalWidth(a.out), Columns: []cli.Column{{Name: "INPUT"}, {Name: "STATE"}, {Name: "VERIFIED"}, {Name: "UNLISTED", Right: true}, {Name: "WRONG", Flex: true}}}
	for _, in := range r.Inputs {
		inputs.Add(in.Input, in.State, cli.Ago(in.Verified, now), cli.Count(in.Unlisted), cmp.Or(in.Wrong, in.Error))
	}
	if err := inputs.Print(a.out); err != nil {
		return err
	}
	periods := cli.Table{Width: terminalWidth(a.out), Columns: []cli.Column{{Name: "ACCOUNT"}, {Name: "REGION"}, {Name: "TRAIL", Flex: true}, {Name: "FROM"}, {Name: "TO"}, {Name: "RESULT"}}}
	for _, c := range r.Chains {
		for _, p := range c.Periods {
			result := p.Verdict
			if p.ChainStarts {
				result += ", chain starts"
			}
			periods.Add(c.Account, c.Region, c.Trail, digestTime(p.From), digestTime(p.To), result)
		}
	}
	if len(r.Chains) > 0 {
		fmt.Fprintln(a.out)
		if err := periods.Print(a.out); err != nil {
			return err
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(a.out, "\n%s  %s  %s: %s\n", f.Severity, digestTime(f.Time), cli.Clean(f.Title), cli.Clean(f.Message))
		if f.Detail != "" {
			fmt.Fprintf(a.out, "  %s\n", cli.Clean(f.Detail))
		}
		if f.Next != "" {
			fmt.Fprintf(a.out, "  next: %s\n", f.Next)
		}
	}
	return nil
}
