package agent

import (
	"errors"
	"fmt"

	"kiroku/internal/fault"
)

// What the log says, beside notifications.
const (
	logAnew          = "the way to a destination begins anew"
	logProblem       = "a destination has a problem"
	logNotCleared    = "everything has arrived, and the spool cannot be removed"
	logTokenReplaced = "the token was replaced by a newer one and stops to work; put the newer one into the file of --token-file, or start the agent again with it"
	logClocks        = "the clocks of this machine and of the server differ"
	logAway          = "the server cannot be asked; it is tried again for ever"
	logAwayCounted   = "the server cannot be asked; it is tried again, as often as --max-critical-errors allows"
	logRests         = "the spool cannot be looked through for what is left of destinations that are no more"
	logNoLook        = "the spool cannot be looked through"
	logLeft          = "records wait in the spool of an agent that is deleted, and will not be delivered; remove the folder when nobody needs them"
)

// Logged is an entry of the log: its text, why it is there, and what to do.
type Logged struct{ Text, Cause, Remedy string }

// logs holds what the log says. The page of troubles shows it, too.
var logs = [...]Logged{
	{logAnew, "Something failed in the agent for one destination: its configuration, its spool or an answer of the server. err says what.",
		"Do what next says, if it says something. The agent tries again by itself, after up to 60 seconds."},
	{logProblem, "A notification was raised, which code names and err explains; the server shows it, too.", "Look for the code under Notifications."},
	{logNotCleared, "A recovery is complete, and the disk does not let its spool be removed.",
		"Remove the folder of --spool yourself: nothing waits in it."},
	{logTokenReplaced,
		"The token was rotated; the one that the agent uses works until the time in until.", "Do that before then."},
	{logClocks, "They differ by more than 60 seconds.", "Synchronise both, for example by NTP."},
	{logAway, "A request to the server failed; err says why.", "Do what next says; run kiroku agent check. Nothing is lost meanwhile."},
	{logAwayCounted, "The same, with that flag.",
		"Do what next says; leave the flag out to have the agent try for ever."},
	{logRests, "The folder of --spool cannot be read; err says why.",
		"Give the agent's user the right to read it, and check its disk."},
	{logNoLook, "The same, of an agent that was deleted.", "Look into the folder of --spool yourself before you remove it."},
	{logLeft,
		"The agent was deleted on the server while records waited for a destination.", "Remove the folder that path names."},
}

// Logs lists what the agent's log says when something is wrong.
func Logs() []Logged { return append([]Logged(nil), logs[:]...) }

// What can only be known when the agent runs.

func noProxy(destination string) error {
	return fault.New(fault.Invalid, fmt.Errorf("destination %q goes through the agent's proxy, and the agent has none", destination), "Start the agent with --proxy, or set proxy to false in the destination.")
}

func noReceipts() error {
	return fault.New(fault.Invalid, errors.New("the recovery shall leave out what the SIEM has, and there are no receipts that tell what that is"),
		"Name the receipts that kiroku agent listen wrote: --receipts FILE or URL.")
}

func noTokenFile(name string, bytes int) error {
	return fault.New(fault.Invalid, &TokenError{fmt.Errorf("%s is no file of a token: it has %d bytes", name, bytes)}, nextToken)
}

func quiet(server string) error {
	return fault.New(fault.Busy, fmt.Errorf("ask %s: %w", server, errQuiet), "Check that the server runs, and that no firewall on the way drops what it does not know.")
}

// RunErrors are examples of them.
func RunErrors() []error {
	return []error{noProxy("siem"), noReceipts(), noTokenFile("agent.log", 5_000_000), quiet("kiroku.example.com:8480")}
}
