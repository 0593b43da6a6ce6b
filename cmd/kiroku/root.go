package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/cli"
	"kiroku/internal/fault"
	"kiroku/internal/forward/command"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUse    = 2 // wrong use: the same command will fail again
)

// app is what every command works with.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	target   cli.Target
	called   string         // as the program was started
	commands *regexp.Regexp // its commands in a text
}

// Errors that end the program after everything was said.
var (
	errSilent = errors.New("failed")
	errUse    = errors.New("wrong use")
)

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "kiroku",
		Short: "One home for every audit trail",
		Long: `Kiroku receives, keeps, searches and passes on audit events.

"kiroku serve" runs the service; the other commands ask a running one. On the same machine they find it and its token by
the data folder (--data, ./data when left out); otherwise by --url and --token, or KIROKU_URL and KIROKU_TOKEN.

Exit codes: 0 done, 1 failed, 2 wrong use.`,
		Example: `  kiroku serve --data /var/lib/kiroku --http 127.0.0.1:8480 --syslog 127.0.0.1:5514
  kiroku query 'outcome:failure src_ip:203.0.113.0/24' --from now-24h
  kiroku import --source okta-access-gateway node-20260101.tar.gz`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       versionText(),
		Args:          unknownCommand,
		RunE:          needsCommand,
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetVersionTemplate("kiroku {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return wrongUse(c, plainNumber(err)) })
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(newServe(a), newStatus(a), newQuery(a), newTail(a), newImport(a), newParse(a), newStores(a), newTokens(a), newKeys(a), newEDS(a), newChannel(a),
		newUsers(a), newPassword(a), newConfig(a), newFsck(a), newPriorities(a), newCloudTrail(a), newAgents(a), newAgent(a), newVersion(a), newGendoc())
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.Run, help.RunE = nil, helpFor
	}
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = unknownCommand, needsCommand
	}
	return root
}

// plainNumber says what is wrong with the value of a flag without the names of Go's functions.
func plainNumber(err error) error {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err
	}
	why := "it must be a number"
	switch {
	case errors.Is(number, strconv.ErrRange):
		why = "it is too large"
	case number.Func == "ParseInt" || number.Func == "ParseUint" || number.Func == "Atoi":
		why = "it must be a whole number"
	case number.Func == "ParseBool":
		why = "it must be true or false"
	}
	return errors.New(strings.Replace(err.Error(), number.Error(), why, 1))
}

// helpFor shows the help of a command that is named in words.
func helpFor(c *cobra.Command, words []string) error {
	about, rest, err := c.Root().Find(words)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return unknownCommand(about, rest)
	}
	return about.Help()
}

// unknownCommand refuses arguments of a command that has only sub-commands.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", strings.TrimPrefix(c.CommandPath()+" "+args[0], "kiroku "))
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return fault.New(fault.Invalid, err, fmt.Sprintf(`Did you mean "%s %s"?`, c.CommandPath(), near[0]))
	}
	return wrongUse(c, err)
}

// needsCommand answers a command that was named without one of its sub-commands.
func needsCommand(c *cobra.Command, _ []string) error {
	c.SetOut(c.ErrOrStderr())
	if err := c.Help(); err != nil {
		return err
	}
	fmt.Fprintln(c.ErrOrStderr())
	return wrongUse(c, fmt.Errorf("%s needs a command", c.CommandPath()))
}

// wrongUse makes err exit with code 2 and point to the help.
func wrongUse(c *cobra.Command, err error) error {
	return fault.New(fault.Invalid, err, fmt.Sprintf(`See "%s --help".`, c.CommandPath()))
}

// args makes a check of arguments exit with code 2.
func args(check cobra.PositionalArgs, needs string) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if check(c, given) == nil {
			return nil
		}
		are := fmt.Sprintf("%d arguments are", len(given))
		if len(given) == 1 {
			are = "1 argument is"
		}
		return wrongUse(c, fmt.Errorf("%s needs %s, %s given", strings.TrimPrefix(c.CommandPath(), "kiroku "), needs, are))
	}
}

// needFlags refuses a command without flags that it cannot do without.
func needFlags(c *cobra.Command, names ...string) error {
	for _, name := range names {
		if !c.Flags().Changed(name) {
			return wrongUse(c, fmt.Errorf("%s needs --%s", strings.TrimPrefix(c.CommandPath(), "kiroku "), name))
		}
	}
	return nil
}

// clientFlags says which server is meant.
func (a *app) clientFlags(c *cobra.Command) {
	f := c.PersistentFlags()
	f.StringVar(&a.target.URL, "url", "", "address of the server, for example http://127.0.0.1:8480 (or KIROKU_URL)")
	f.StringVar(&a.target.Token, "token", "", "token to use (or KIROKU_TOKEN)")
	f.StringVar(&a.target.Data, "data", "", "data folder of a server on this machine: its address and administrator token are used")
	must(c.MarkPersistentFlagDirname("data"))
}

// must is for mistakes in the program itself.
func must(err error) {
	if err != nil {
		panic("BUG: " + err.Error())
	}
}

func (a *app) dial() (*cli.Server, error) {
	a.target.Getenv = a.getenv
	return a.target.Dial()
}

// exit reports err and returns the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSilent):
		return exitFailed
	case errors.Is(err, errUse):
		return exitUse
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Cancelled):
		fmt.Fprintln(a.err, "kiroku: interrupted")
		return exitFailed
	}
	if e, ok := errors.AsType[*command.Exit](err); ok {
		if e.Err != nil {
			a.report(e.Err)
		}
		return e.Code
	}
	a.report(err)
	if fault.KindOf(err) == fault.Invalid {
		return exitUse
	}
	return exitFailed
}

// report says what is wrong and what to do now. Errors that were joined are reported one by one.
func (a *app) report(err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			a.report(e)
		}
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(a.err, "kiroku: "+cleanLine(line))
	}
	if next := fault.NextOf(err); next != "" {
		fmt.Fprintln(a.err, "kiroku: next: "+cleanLine(a.typed(next)))
	}
}

// cleanLine keeps tabs, which YAML excerpts have, and cleans the rest.
func cleanLine(s string) string { return cli.Clean(strings.ReplaceAll(s, "\t", "    ")) }

// cleanLines cleans text of several lines.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = cleanLine(lines[i])
	}
	return strings.Join(lines, "\n")
}
