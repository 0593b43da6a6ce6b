package syslog

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"kiroku/internal/event"
)

// The transports.
const (
	TCP = "tcp"
	UDP = "udp"
	TLS = "tls"
)

// Defaults of Config.
const (
	DefaultFrameSize      = 64 << 10
	DefaultMaxConnections = 4096
	DefaultQueue          = 32 << 20
)

// Config is one input. The zero value of a field that says "0:" means its default.
type Config struct {
	Name        string        // unique among inputs, for example "syslog-tcp-5514"
	Integration string        // folder of conf.d that configures the input; empty: none
	Type        string        // TCP, UDP or TLS
	Address     string        // host:port; without a host all addresses, IPv4 and IPv6
	Origin      *event.Origin // shared by all records of the input; nil: only its name is set

	FrameSize      int           // longest record in bytes; the head of a longer one is kept. 0: 64 KiB
	Queue          int64         // bytes handed over and not yet released; TCP waits, UDP drops. 0: 32 MiB
	MaxConnections int           // 0: 4096
	IdleTimeout    time.Duration // a connection silent for so long is closed. 0: never
	Allow, Deny    []netip.Prefix

	// Filter, when not nil, sees every record: it returns the bytes to keep, which may be others than data but must not
	// change data, or says that the record is to be excluded. Called by several goroutines.
	Filter func(data []byte) (kept []byte, keep bool)

	TLS TLSConfig // for Type TLS
}

// TLSConfig is how a TLS input proves who it is and whom it asks for a certificate. The files are read again when they
// change; connections that stand are not touched.
type TLSConfig struct {
	CertFile, KeyFile string
	CAFile            string // authorities of client certificates
	ClientAuth        string // none, optional, required; empty: none
	MinVersion        string // tlsv1.2 or tlsv1.3; empty: tlsv1.2
}

// withDefaults returns c complete, or what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	switch c.Type {
	case TCP, UDP, TLS:
	default:
		return c, fmt.Errorf("input %q has type %q; valid types: tcp, udp, tls", c.Name, c.Type)
	}
	if c.Name == "" {
		return c, errors.New("an input has no name")
	}
	if c.FrameSize < 0 || c.Queue < 0 || c.MaxConnections < 0 || c.IdleTimeout < 0 {
		return c, fmt.Errorf("input %q has a negative limit", c.Name)
	}
	if c.FrameSize == 0 {
		c.FrameSize = DefaultFrameSize
	}
	if c.Queue == 0 {
		c.Queue = DefaultQueue
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultMaxConnections
	}
	if c.Origin == nil {
		c.Origin = &event.Origin{Input: c.Name}
	}
	return c, nil
}
