package receive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"kiroku/internal/logkey"
)

// Options of a Receiver.
type Options struct {
	Addr     string      // HOST:PORT, the host may be empty: all addresses
	TLS      *tls.Config // nil: TLS is refused
	NoUDP    bool
	Receipts *Receipts // nil: none are kept
	// Handle is given each record, one at a time. It must not keep the record. With an error, nothing more is read of the
	// connection, and RELP and HTTP answer that the record was not taken. ErrClose and ErrReset only end the connection.
	Handle     func(r *Record) error
	MaxBytes   int // of a record; 0: 1 MiB
	ReadBuffer int // of a connection; 0: 64 KiB
	// Wrap may take the place of a connection that was accepted.
	Wrap func(net.Conn) net.Conn
	Log  *slog.Logger
}

// What Handle may return to end a connection.
var (
	ErrClose = errors.New("the connection is to be closed")
	ErrReset = errors.New("the connection is to be reset")
)

const (
	defaultMaxBytes   = 1 << 20
	defaultReadBuffer = 64 << 10
	maxConnections    = 1000
)

// Receiver receives. It is made by Listen.
type Receiver struct {
	o        Options
	listener net.Listener
	packets  net.PacketConn
	web      *webListener
	server   *http.Server
	slots    chan struct{}

	mu    sync.Mutex // one Handle at a time
	conns map[net.Conn]bool
	open  sync.Mutex // of conns
}

// Listen opens the sockets.
func Listen(ctx context.Context, o Options) (*Receiver, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.ReadBuffer <= 0 {
		o.ReadBuffer = defaultReadBuffer
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var cfg net.ListenConfig
	l, err := cfg.Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", o.Addr, err)
	}
	r := &Receiver{o: o, listener: l, slots: make(chan struct{}, maxConnections), conns: map[net.Conn]bool{}}
	if !o.NoUDP {
		if r.packets, err = cfg.ListenPacket(ctx, "udp", l.Addr().String()); err != nil {
			l.Close()
			return nil, fmt.Errorf("listen on %q: %w", o.Addr, err)
		}
	}
	r.web = &webListener{addr: l.Addr(), conns: make(chan net.Conn), done: make(chan struct{})}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute, IdleTimeout: 5 * time.Minute, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	return r, nil
}

// Addr is where the receiver listens.
func (r *Receiver) Addr() net.Addr { return r.listener.Addr() }

// Run receives until ctx ends.
func (r *Receiver) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	stop := context.AfterFunc(ctx, r.close)
	defer stop()
	wg.Go(func() {
		if err := r.server.Serve(r.web); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
			r.o.Log.LogAttrs(ctx, slog.LevelError, msgHTTPStopped, slog.Any(logkey.Err, err))
		}
	})
	if r.packets != nil {
		wg.Go(func() { r.datagrams(ctx) })
	}
	err := r.accept(ctx, &wg)
	r.close()
	wg.Wait()
	return err
}

// close ends everything.
func (r *Receiver) close() {
	r.listener.Close()
	if r.packets != nil {
		r.packets.Close()
	}
	r.web.Close()
	r.server.Close()
	r.open.Lock()
	defer r.open.Unlock()
	for c := range r.conns {
		c.Close()
	}
}

func (r *Receiver) accept(ctx context.Context, wg *sync.WaitGroup) error {
	for {
		c, err := r.listener.Accept()
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the listener was closed to end this
		}
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			select { // out of file descriptors: later there may be some
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		select {
		case r.slots <- struct{}{}:
		default:
			c.Close()
			continue
		}
		r.track(c, true)
		wg.Go(func() {
			defer func() {
				r.track(c, false)
				<-r.slots
			}()
			r.connection(ctx, c)
		})
	}
}

func (r *Receiver) track(c net.Conn, on bool) {
	r.open.Lock()
	defer r.open.Unlock()
	if on {
		r.conns[c] = true
		return
	}
	delete(r.conns, c)
}

// connection finds out what a connection speaks and reads it to its end.
func (r *Receiver) connection(ctx context.Context, raw net.Conn) {
	c := raw
	if r.o.Wrap != nil {
		c = r.o.Wrap(c)
	}
	in := bufio.NewReaderSize(c, max(16, r.o.ReadBuffer))
	s := &stream{r: r, conn: c, in: in, peer: raw.RemoteAddr().String(), transport: "tcp"}
	if b, err := in.Peek(3); err == nil && b[0] == 0x16 && b[1] == 3 {
		if r.o.TLS == nil {
			r.o.Log.LogAttrs(ctx, slog.LevelWarn, msgNoCertificate, slog.String(logkey.Peer, s.peer))
			c.Close()
			return
		}
		t := tls.Server(&readAhead{c, in}, r.o.TLS)
		if err := t.HandshakeContext(ctx); err != nil {
			r.o.Log.LogAttrs(ctx, slog.LevelWarn, msgHandshake, slog.String(logkey.Peer, s.peer), slog.Any(logkey.Err, err))
			c.Close()
			return
		}
		s.conn, s.in, s.transport = t, bufio.NewReaderSize(t, max(16, r.o.ReadBuffer)), "tls"
	}
	err := r.speak(s)
	if err == nil || errors.Is(err, errHandedOver) {
		return
	}
	if !errors.Is(err, net.ErrClosed) {
		r.o.Log.LogAttrs(ctx, slog.LevelInfo, msgEnded, slog.String(logkey.Peer, s.peer), slog.Any(logkey.Err, err))
	}
}

// errHandedOver says that the HTTP server has the connection now.
var errHandedOver = errors.New("handed over")

// speak reads a connection in its protocol and closes it.
func (r *Receiver) speak(s *stream) error {
	head, err := s.in.Peek(8)
	switch {
	case len(head) == 0:
		s.conn.Close()
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case isHTTP(head):
		done := make(chan struct{})
		if r.web.hand(&webConn{Conn: &readAhead{s.conn, s.in}, done: done}) {
			<-done
		}
		return errHandedOver
	case bytes.HasPrefix(head, []byte("1 open ")):
		s.transport += "+relp"
		return s.relp()
	}
	return s.frames()
}

func isHTTP(head []byte) bool {
	for _, method := range []string{"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE "} {
		if bytes.HasPrefix(head, []byte(method)) {
			return true
		}
	}
	return false
}

// take hands a record over and keeps its receipt.
func (r *Receiver) take(rec *Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.read()
	if err := r.o.Handle(rec); err != nil {
		return err
	}
	if r.o.Receipts == nil {
		return nil
	}
	return r.o.Receipts.add(rec)
}

// sync forces the receipts to disk.
func (r *Receiver) sync() error {
	if r.o.Receipts == nil {
		return nil
	}
	return r.o.Receipts.Sync()
}

// datagrams takes what comes over UDP.
func (r *Receiver) datagrams(ctx context.Context) {
	b := make([]byte, 65536)
	for ctx.Err() == nil {
		n, peer, err := r.packets.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		rec := Record{Transport: "udp", Peer: peer.String(), Framing: "datagram", Line: bytes.TrimRight(b[:n], "\r\n\x00")}
		if err := r.take(&rec); err != nil {
			r.o.Log.LogAttrs(ctx, slog.LevelError, msgNotTaken, slog.Any(logkey.Err, err))
		}
	}
}

// readAhead is a connection of which something was read already.
type readAhead struct {
	net.Conn
	in *bufio.Reader
}

func (c *readAhead) Read(b []byte) (int, error) { return c.in.Read(b) }
