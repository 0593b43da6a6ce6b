package spool

import (
	"errors"
	"os"

	"kiroku/internal/fault"
)

// Saying is something that is said of a spool, with … in place of what is known only then, and what to do.
type Saying struct{ Text, Remedy string }

// Sayings lists it.
func Sayings() []Saying {
	const older = "Use the version of the agent that wrote it, or a newer one."
	broken := fault.NextOf(damaged("", nil))
	disk := "Check the disk. The agent tries again by itself, after up to 60 seconds."
	return []Saying{
		{(&FullError{Folder: "…", Limit: DefaultSize}).Error(), "Wait until the SIEM takes records again, or give more with --spool-size."},
		{(&FullError{Folder: "…", Disk: errors.New("…")}).Error(), "Make room on the disk; it goes on by itself."},
		{(&DamageError{Folder: "…", Gaps: []Gap{{Records: 3, Where: "before byte … of …", Store: "default", After: 100, Before: 104}}}).Error(), broken},
		{"…: its checksum is wrong", broken},
		{"…: it has another number of records than it says", broken},
		{"… at byte … has record …, which is in a segment before it, too", "Files of another copy lie among those of the spool: take them out, and start the agent again."},
		{"open spool …: read checkpoint", broken},
		{"open spool …: it is of version …, and this agent knows version …", older},
		{"… is of another version (…) than this agent knows", older},
		{"open spool …: another process uses it", "Run one agent with it: stop the other process, or give each agent a folder of its own: --spool DIR."},
		{"open spool …: it is no spool, and not empty: it has …", "Name a folder on a local disk that only this agent may write to: --spool DIR."},
		{"the spool … belongs to the agent … (…), and this is … (…)", "Give each agent a folder of its own: --spool DIR. What waits in this one is delivered when the agent that it belongs to runs with it."},
		{"write spool: …", disk},
		{"write spool: take back what is not whole", disk},
		{"open spool …: " + os.ErrPermission.Error(), "Give the agent's user the folder, with mode 700."},
	}
}
