package command

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

// listenFlags are the flags of "agent listen".
type listenFlags struct {
	tls, json, lines bool
	cert, key, caOut string
	names            []string
	receipts         string
}

func newListen(env *Env) *cobra.Command {
	var f listenFlags
	c := &cobra.Command{
		Use:   "listen [HOST]:PORT",
		Short: "Receive what SIEM agents send, and show it",
		Long: `Stands in for a SIEM: receives records and prints each with where it came from, how it was framed, its priority, form and
external id. One port takes syslog over UDP and TCP, RELP, and HTTP (lines, JSON arrays, Splunk's HTTP Event Collector,
Elasticsearch's _bulk), on IPv4 and IPv6; with --tls also TLS. What a sender speaks is found out by its first bytes.

--receipts keeps a file with one line for each record that arrived, forced to disk before the sender is told. A recovery with
--missing-only asks that file, or http://HOST:PORT/receipts, which this command serves, and sends only what is missing.

--tls makes a certificate that vouches for itself, unless --cert and --key name one; --ca-out writes it to a file for the
sender's --tls-ca-file.`,
		Example: `  kiroku agent listen :5515
  kiroku agent listen :6514 --tls --name siem.example.com --ca-out siem.pem
  kiroku agent listen 127.0.0.1:2514 --receipts receipts.jsonl --json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return use(c, fmt.Errorf("agent listen needs an address, %d arguments are given", len(args)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return f.listen(c.Context(), env, args[0]) },
	}
	fs := c.Flags()
	fs.BoolVar(&f.tls, "tls", false, "take TLS, too")
	fs.StringVar(&f.cert, "cert", "", "certificate for --tls, PEM, with its intermediates")
	fs.StringVar(&f.key, "key", "", "key of --cert, PEM")
	fs.StringSliceVar(&f.names, "name", nil, "names and addresses in the certificate that --tls makes (default: this machine's name, localhost, 127.0.0.1, ::1)")
	fs.StringVar(&f.caOut, "ca-out", "", "file to write the certificate to that --tls makes")
	fs.StringVar(&f.receipts, "receipts", "", "file that gets a line for each record that arrived")
	fs.BoolVar(&f.json, "json", false, "print one JSON object a record")
	fs.BoolVar(&f.lines, "lines", false, "print the records alone, as they came")
	for _, name := range []string{"cert", "key", "ca-out", "receipts"} {
		must(c.MarkFlagFilename(name))
	}
	return c
}

func (f *listenFlags) listen(ctx context.Context, env *Env, address string) error {
	if !strings.Contains(address, ":") {
		address = ":" + address // a port
	}
	out := &printer{f: f, w: bufio.NewWriterSize(env.Out, 64<<10)}
	o := receive.Options{Addr: address, Handle: out.print, Log: slog.New(slog.NewTextHandler(env.Err, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	var err error
	if o.TLS, err = f.config(env); err != nil {
		return ended(err, true)
	}
	if o.Receipts, err = f.keep(); err != nil {
		return ended(err, true)
	}
	r, err := receive.Listen(ctx, o)
	if err != nil {
		return cannotListen(err)
	}
	fmt.Fprintf(env.Err, "kiroku: listening on %s, for %s\n", r.Addr(), f.speaks())
	flushing, stop := context.WithCancel(ctx)
	var side sync.WaitGroup
	side.Go(func() { out.flush(flushing) })
	err = r.Run(ctx)
	stop()
	side.Wait()
	if o.Receipts != nil {
		err = errors.Join(err, o.Receipts.Close())
	}
	fmt.Fprintf(env.Err, "kiroku: %s arrived\n", wire.Count(out.count, "record"))
	return err
}

// keep opens the receipts; nil: there are none.
func (f *listenFlags) keep() (*receive.Receipts, error) {
	if f.receipts == "" {
		return nil, nil
	}
	r, err := receive.OpenReceipts(f.receipts)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Name a file that this command may write: --receipts FILE.")
	}
	return r, nil
}

// cannotListen says why nothing is listened to.
func cannotListen(err error) error {
	switch {
	case deliver.Is(err, syscall.EADDRINUSE):
		return &Exit{Code: agent.ExitInternal, Err: fault.New(fault.Conflict, err, "Another program listens there: end it, or take another port. A Kiroku server receives syslog on port 5514.")}
	case deliver.Is(err, syscall.EACCES):
		return &Exit{Code: agent.ExitInternal, Err: fault.New(fault.Denied, err, "Take a port from 1024 on: those below belong to the administrator.")}
	}
	var address *net.AddrError
	var name *net.DNSError
	if errors.As(err, &address) || errors.As(err, &name) {
		return ended(fault.New(fault.Invalid, err, "Write [HOST]:PORT, for example :5515."), true)
	}
	return ended(fault.New(fault.Other, err, "Write an address of this machine, or only :PORT, for example :5515."), true)
}

func (f *listenFlags) speaks() string {
	if f.tls {
		return "UDP, TCP, RELP and HTTP, with TLS or without"
	}
	return "UDP, TCP, RELP and HTTP"
}

// config is the certificate; nil without --tls.
func (f *listenFlags) config(env *Env) (*tls.Config, error) {
	c, err := f.certificate(env)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "Name a certificate and its key, both PEM: --tls --cert FILE --key FILE; or --tls alone to have one made.")
	}
	return c, nil
}

func (f *listenFlags) certificate(env *Env) (*tls.Config, error) {
	if (f.cert == "") != (f.key == "") {
		return nil, errors.New("--cert and --key go together")
	}
	if !f.tls {
		if f.cert != "" || f.caOut != "" {
			return nil, errors.New("--cert, --key and --ca-out need --tls")
		}
		return nil, nil
	}
	if f.cert != "" {
		cert, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
	}
	names := f.names
	if len(names) == 0 {
		names = []string{"localhost", "127.0.0.1", "::1"}
		if host, err := os.Hostname(); err == nil {
			names = append(names, host)
		}
	}
	cert, pem, err := receive.SelfSigned(names...)
	if err != nil {
		return nil, err
	}
	if f.caOut != "" {
		if err := os.WriteFile(f.caOut, pem, 0o644); err != nil {
			return nil, fmt.Errorf("write certificate: %w", err)
		}
	}
	fmt.Fprintf(env.Err, "kiroku: the certificate is for %s and vouches for itself\n", strings.Join(names, ", "))
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// printer prints records.
type printer struct {
	f *listenFlags

	mu    sync.Mutex
	w     *bufio.Writer
	count int64
}

// arrived is what --json prints.
type arrived struct {
	Transport string `json:"transport"`
	Peer      string `json:"peer"`
	Framing   string `json:"framing"`
	PRI       *int   `json:"pri,omitempty"`
	Header    string `json:"header,omitempty"`
	Format    string `json:"format"`
	UID       string `json:"uid,omitempty"`
	Problem   string `json:"problem,omitempty"`
	Line      string `json:"line"`
}

func (p *printer) print(r *receive.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	switch {
	case p.f.lines:
		p.w.Write(r.Line)
	case p.f.json:
		a := arrived{Transport: r.Transport, Peer: r.Peer, Framing: r.Framing, Header: r.Header, Format: r.Format, UID: r.UID, Problem: r.Problem, Line: string(r.Line)}
		if r.PRI >= 0 {
			a.PRI = &r.PRI
		}
		b, err := json.Marshal(a)
		if err != nil {
			return err
		}
		p.w.Write(b)
	default:
		host, _, err := net.SplitHostPort(r.Peer)
		if err != nil {
			host = r.Peer
		}
		fmt.Fprintf(p.w, "%s %s %s", r.Transport, host, r.Framing)
		if r.PRI >= 0 {
			fmt.Fprintf(p.w, " pri=%d", r.PRI)
		}
		fmt.Fprintf(p.w, " %s", r.Format)
		if r.UID != "" {
			fmt.Fprintf(p.w, " id=%s", clean(r.UID))
		}
		if r.Problem != "" {
			fmt.Fprintf(p.w, " %s%q", receive.ProblemMark, r.Problem)
		}
		p.w.WriteString("  " + clean(string(r.Line)))
	}
	return p.w.WriteByte('\n')
}

// flush shows what was printed, five times a second.
func (p *printer) flush(ctx context.Context) {
	for {
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
		p.mu.Lock()
		_ = p.w.Flush() // the next print tells
		p.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
	}
}

// clean makes a text of somebody else harmless for a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '.'
		}
		return r
	}, s)
}
