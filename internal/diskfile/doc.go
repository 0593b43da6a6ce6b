// Package diskfile is the one place that renames files and forces them to disk.
//
//	WriteFile: temporary file beside the target ─▶ write ─▶ sync ─▶ rename ─▶ sync the folder
//
// Invariants: after WriteFile returned nil the file survives a power cut, whole, under its name. When it returned an
// error, the name holds what it held before, or nothing; only after the last step, the sync of the folder, failed may the
// new content be there already. A run that was killed leaves at most a file whose name IsTemp knows.
//
// The zero Disk is the real disk. A Disk with Before set is asked before every step, so that tests can let any step of
// anybody's commit fail.
package diskfile
