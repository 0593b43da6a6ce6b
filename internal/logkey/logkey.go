// Package logkey names the attributes of log lines, so that they are spelled alike everywhere.
package logkey

// The keys.
const (
	Err         = "err"
	Input       = "input"
	Address     = "address"
	Peer        = "peer"
	Store       = "store"
	Segment     = "segment"
	Segments    = "segments"
	File        = "file"
	Files       = "files"
	Events      = "events"
	Bytes       = "bytes"
	Took        = "took"
	Job         = "job"
	User        = "user"
	Path        = "path"
	Next        = "next"
	Source      = "source"
	Bucket      = "bucket"
	Queue       = "queue"
	Trail       = "trail"
	State       = "state"
	Agent       = "agent"
	Destination = "destination"
	Server      = "server"
	Code        = "code"
	Records     = "records"
	Until       = "until"
)
