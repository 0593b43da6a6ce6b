// Command faultreceiver is a receiver of syslog, RELP and HTTP that misbehaves on demand, for tests of SIEM agents.
//
//	connection ──▶ fault ──▶ records ──▶ their ids in a file, one a line ──▶ answer of the protocol
//
// Each id is written before anything is answered, by a write of its own: the file survives SIGKILL. It prints its address when
// it is ready.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"kiroku/internal/forward/receive"
)

const modes = "ok, fin-after-n, rst-mid-line, stop-reading, accept-silent, idle-close, tls-late-alert, tls-close-notify, wrong-cert, half-line-then-stall"

// fault is what goes wrong.
type fault struct {
	mode  string
	n     int           // records or bytes of a connection
	delay time.Duration // for each record; of an idle connection
	times int64         // connections with records that fail; 0: all
	conns atomic.Int64

	mu    sync.Mutex
	peers map[string]int // records by connection
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "faultreceiver:", err)
		os.Exit(1)
	}
}

func run() error {
	f := &fault{peers: map[string]int{}}
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	ids := flag.String("ids", "", "file for the ids that arrive")
	ca := flag.String("ca", "", "file for the certificate; with it, TLS is taken")
	clientCA := flag.Bool("client-cert", false, "want a client certificate")
	buffer := flag.Int("buffer", 0, "bytes of the read buffer of a connection")
	flag.StringVar(&f.mode, "mode", "ok", modes)
	flag.IntVar(&f.n, "n", 0, "records or bytes after which the fault comes")
	flag.DurationVar(&f.delay, "delay", 0, "time that each record takes, or that a connection may be idle")
	flag.Int64Var(&f.times, "times", 0, "how many connections with records fail; 0: all")
	flag.Parse()
	out, err := os.OpenFile(*ids, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer out.Close()
	o := receive.Options{Addr: *addr, ReadBuffer: *buffer, Wrap: f.wrap, Handle: func(r *receive.Record) error { return f.handle(r, out) }}
	if *ca != "" {
		if o.TLS, err = f.tls(*ca, *clientCA); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := receive.Listen(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, r.Addr())
	return r.Run(ctx)
}

// tls makes a certificate, or takes the one of the process before.
func (f *fault) tls(file string, clientCert bool) (*tls.Config, error) {
	host := "127.0.0.1"
	if f.mode == "wrong-cert" {
		host = "other.example.com"
	}
	key := file + ".key"
	cert, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		made, public, err := receive.SelfSigned(host)
		if err != nil {
			return nil, err
		}
		secret, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(key, encode(secret), 0o600); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, public, 0o640); err != nil {
			return nil, err
		}
		cert = made
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if clientCert || f.mode == "tls-late-alert" {
		cfg.ClientAuth, cfg.MinVersion = tls.RequireAnyClientCert, tls.VersionTLS13
	}
	return cfg, nil
}

func encode(key []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
}

// handle stores the id of a record.
func (f *fault) handle(r *receive.Record, out io.Writer) error {
	if f.delay > 0 && f.mode != "idle-close" {
		time.Sleep(f.delay)
	}
	if _, err := out.Write(id(r.Line)); err != nil {
		return err
	}
	if f.mode != "fin-after-n" && f.mode != "tls-close-notify" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.peers[r.Peer]++; f.peers[r.Peer] >= f.n {
		delete(f.peers, r.Peer)
		return receive.ErrClose
	}
	return nil
}

// id finds "id=" in a record.
func id(line []byte) []byte {
	_, rest, ok := bytes.Cut(line, []byte("id="))
	if !ok {
		rest = []byte("?")
	}
	end := bytes.IndexAny(rest, " \"")
	if end < 0 {
		end = len(rest)
	}
	return append(bytes.Clone(rest[:end]), '\n')
}

// wrap makes a connection misbehave.
func (f *fault) wrap(c net.Conn) net.Conn {
	switch f.mode {
	case "rst-mid-line", "stop-reading", "half-line-then-stall", "idle-close":
		return &faulty{Conn: c, fault: f, left: f.n}
	case "accept-silent":
		return &faulty{Conn: c, fault: f}
	}
	return c
}

// faulty is a connection that goes wrong after left bytes.
type faulty struct {
	net.Conn
	fault   *fault
	left    int
	counted bool // something has come
	good    bool // enough others have failed
	idle    bool // for too long: that was its end
}

func (c *faulty) Read(b []byte) (n int, err error) {
	if c.good {
		return c.Conn.Read(b)
	}
	defer func() {
		if n > 0 && !c.counted {
			c.counted = true
			c.good = c.fault.conns.Add(1) > c.fault.times && c.fault.times > 0
		}
	}()
	if c.fault.mode == "idle-close" {
		if c.idle {
			return 0, io.EOF
		}
		_ = c.Conn.SetReadDeadline(time.Now().Add(c.fault.delay))
		n, err := c.Conn.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.idle, err = true, io.EOF
		}
		return n, err
	}
	if c.left > 0 {
		n, err := c.Conn.Read(b[:min(len(b), c.left)])
		c.left -= n
		return n, err
	}
	if c.fault.mode == "rst-mid-line" {
		if t, ok := c.Conn.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		c.Conn.Close()
		return 0, syscall.ECONNRESET
	}
	select {} // until the process is killed
}

// NetConn is the connection beneath.
func (c *faulty) NetConn() net.Conn { return c.Conn }
