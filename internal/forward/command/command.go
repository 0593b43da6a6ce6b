package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
)

// Env is the program around the commands.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Version  string
}

// Exit is an error with its exit code. The text and fault.NextOf are for people.
type Exit struct {
	Code int
	Err  error // nil: everything was said
}

func (e *Exit) Error() string {
	if e.Err == nil {
		return "failed"
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *Exit) Unwrap() error { return e.Err }

// New makes the command "agent" with its sub-commands.
func New(env *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "agent",
		Short: "Pass events on to a SIEM",
		Long: `A SIEM agent pulls the events of a Kiroku server that its configuration names, writes them as lines of CEF, LEEF or JSON, sends
them to one or several SIEMs, and tells the server how far each has confirmed. What it has not acknowledged it gets again: it
keeps nothing on disk, unless it is told to with "run --spool", and may be killed at any time.

Agents are created and configured on the server: see "kiroku agents". Their token is all that the agent needs to know.

` + exitCodes(),
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return use(c, fmt.Errorf("there is no command %q", "agent "+args[0]))
			}
			c.SetOut(c.ErrOrStderr())
			if err := c.Help(); err != nil {
				return err
			}
			return use(c, errors.New("agent needs a command"))
		},
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return use(c, err) })
	c.AddCommand(newRun(env), newCheck(env), newListen(env), newTail(env), newRecover(env))
	return c
}

// exitCodes says what the exit codes mean.
func exitCodes() string {
	var all []string
	for code, means := range agent.ExitCodes() {
		all = append(all, fmt.Sprintf("%d %s", code, means))
	}
	return "Exit codes: " + strings.Join(all, ", ") + "."
}

// use is the error of wrong use.
func use(c *cobra.Command, err error) error {
	return &Exit{Code: agent.ExitUse, Err: fault.New(fault.Invalid, fmt.Errorf("%s: %w", agent.WrongUse, err), fmt.Sprintf("See \"%s --help\".", c.CommandPath()))}
}

// noArgs refuses arguments: a token or address that was given without its flag.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return use(c, fmt.Errorf("%s takes flags only, and %d more arguments are given", strings.TrimPrefix(c.CommandPath(), "kiroku "), len(args)))
}

// ended makes the error of an agent one that says in the words of the original what it is, with its exit code.
func ended(err error, bootstrap bool) error {
	if err == nil {
		return nil
	}
	var said *Exit
	if errors.As(err, &said) {
		return err
	}
	f := agent.FailureOf(err, bootstrap)
	next := fault.NextOf(err)
	if next == "" {
		next = f.Remedy
	}
	kind := fault.Other
	if f.Exit == agent.ExitUse {
		kind = fault.Invalid
	}
	return &Exit{Code: f.Exit, Err: fault.New(kind, fmt.Errorf("%s: %w", f.Title, err), next)}
}
