// Package command is the commands of the SIEM agent: run, check, listen, tail, recover.
//
//	arguments, environment ──▶ agent, check, receive ──▶ lines on a terminal, an exit code
//
// It needs neither the lake nor cgo, so that a small program can be made of it for machines that only run an agent.
package command
