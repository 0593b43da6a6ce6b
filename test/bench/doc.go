// Command bench measures the built binary beside rsyslog and syslog-ng in one run, and prints ratios: absolute figures
// move with the machine and with whatever else runs on it.
//
//	load generator ─▶ harness: each peer in turn ─▶ events/s, CPU, memory, disk ─┐
//	                  bin/kiroku on the same events ─▶ eight queries over HTTP ──┴─▶ tables
//
// The load generator and the harness are not part of this repository: BENCH_SHARED names their folder (default
// ../shared/bench); it also holds the peers' definitions and the figures that the queries are compared with. rsyslog and
// syslog-ng come from .tools/senders (see .ci/senders) or from the system.
//
// With -soak it sends at an even rate for as long as it is told, and watches memory, goroutines, files and how soon events
// are found; with -aws it measures the AWS endpoints, with -siem the SIEM agents. They need nothing but the built binary.
package main
