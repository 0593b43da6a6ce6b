// Package siem runs SIEM agents as a user would, with real receivers, and looks at what a SIEM would have afterwards.
//
//	events ─▶ bin/kiroku serve ─▶ bin/kiroku agent run ─▶ rsyslog, syslog-ng, test/faultreceiver ─▶ their files
//
// Receivers, agents and servers are ended by SIGKILL, connections are cut, proxies want passwords, networks drop packets.
// What is checked each time: every record is there, first deliveries are in order, duplicates stay within their bound, and
// the cursor of the server is never ahead of what the receiver has stored.
//
// The tests have the build tag "integration"; run them with make integration. KIROKU names the binary, KIROKU_TOOLS the
// folder where .ci/senders unpacked rsyslog, syslog-ng and tinyproxy into senders; the network namespaces need root and
// iproute2. What is missing skips its tests in capitals, and fails them where KIROKU_CI is set.
package siem
