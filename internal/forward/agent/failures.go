package agent

import (
	"errors"
	"fmt"

	"kiroku/internal/fault"
	"kiroku/internal/forward/wire"
)

// Exit codes of the agent's commands.
const (
	ExitDone     = 0
	ExitInternal = 1
	ExitUse      = 2 // wrong flags, token or proxy
	ExitCheck    = 3 // some hop of a check failed
	ExitErrors   = 4 // too many critical errors, with --max-critical-errors
	ExitDeleted  = 5 // the agent was deleted, or another process runs in its place
)

// ExitCodes says what the exit codes mean, in their order.
func ExitCodes() []string {
	return []string{"done", "failed", "wrong flags, token or proxy", "some hop of a check failed", "too many critical errors", "the agent was deleted or runs elsewhere"}
}

// Failure is why an agent ends, with the words of Defender for Cloud Apps where it has some.
type Failure struct {
	Title  string
	Exit   int
	Cause  string
	Remedy string
}

// The failures.
const (
	InvalidToken        = "Invalid token"
	InvalidProxyAddress = "Invalid proxy address"
	TooManyCritical     = "Too many critical errors"
	Bootstrap           = "General error during bootstrap"
	WrongUse            = "Invalid command line"
	Deleted             = "Agent deleted"
	Replaced            = "Session replaced"
	Stopped             = "General error"
)

// Failures lists all failures.
func Failures() []Failure { return append([]Failure(nil), failures[:]...) }

var failures = [...]Failure{
	{Bootstrap, ExitInternal, "Something unexpected failed while the agent started. The text behind it names what.",
		"Correct what the text names. kiroku agent check tries every hop and says which fails."},
	{TooManyCritical, ExitErrors, "As many requests to the server failed in a row as --max-critical-errors allows. Without that flag the agent tries for ever.",
		"Look at the last error, which is shown; leave the flag out to have the agent go on by itself when the server is there again."},
	{InvalidToken, ExitUse, "The server refuses the token, or what was given is none. The text says which: malformed, unknown, revoked or expired.",
		"Copy the whole token again. A token that is lost is replaced with kiroku agents rotate-token ID; the old one works on for 24 hours."},
	{InvalidProxyAddress, ExitUse, "What --proxy gives is no address of a proxy. The text names the part that is wrong: scheme, host, port, user or password.",
		"Write ADDRESS[:PORT], or http://, https:// or socks5://[USER:PASSWORD@]HOST[:PORT]; special characters of user and password as %XX."},
	{WrongUse, ExitUse, "A flag is missing, not known, or has a value that cannot be used.", "Correct what the text names; --help lists the flags."},
	{Deleted, ExitDeleted, "The agent was deleted on the server.", "Stop the agent's service; create another agent if it is still wanted: kiroku agents create."},
	{Replaced, ExitDeleted, "Another process was started with the token of this agent; the newest one counts, so this one stops.",
		"Run one process for each agent: stop the other, or create another agent for it."},
	{Stopped, ExitInternal, "The agent ran and could not go on.", "Read the text and the agent's log; restart the agent. If it comes again, report it with the log."},
}

// FailureOf says which failure an error is. bootstrap: it came before the agent ran.
func FailureOf(err error, bootstrap bool) Failure {
	return failures[indexOf(err, bootstrap)]
}

func indexOf(err error, bootstrap bool) int {
	title := Stopped
	var many *TooManyErrors
	var proxy *InvalidProxy
	var token *TokenError
	switch {
	case errors.As(err, &many):
		title = TooManyCritical
	case errors.As(err, &proxy):
		title = InvalidProxyAddress
	case errors.As(err, &token), IsRefused(err, badToken[:]...):
		title = InvalidToken
	case IsRefused(err, wire.ReasonDeleted):
		title = Deleted
	case IsRefused(err, wire.ReasonReplaced):
		title = Replaced
	case fault.KindOf(err) == fault.Invalid && !IsRefused(err):
		title = WrongUse
	case bootstrap:
		title = Bootstrap
	}
	for i := range failures {
		if failures[i].Title == title {
			return i
		}
	}
	panic("BUG: failure " + title + " is not in the table")
}

// TooManyErrors ends an agent with a limit of errors.
type TooManyErrors struct {
	Count int
	Last  error
}

func (e *TooManyErrors) Error() string {
	return fmt.Sprintf("%d requests in a row failed, the last one: %v", e.Count, e.Last)
}

func (e *TooManyErrors) Unwrap() error { return e.Last }
