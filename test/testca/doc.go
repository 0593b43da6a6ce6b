// Package testca is a certificate authority for tests: it writes certificates and keys for receivers, servers and clients.
//
//	New ──Issue──▶ <name>.pem, <name>-key.pem
package testca
