package deliver

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// says answers once something has come, and reads to the end before it closes.
func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 10))
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// shut ends as soon as something has come, cleanly, and takes the rest: openssl s_server on a port for TLS does that.
func shut(c net.Conn) {
	_, _ = c.Read(make([]byte, 5))
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}

// tell passes on what a Deliverer says as long as somebody listens.
func tell(texts chan<- string) func(wire.Code, string) {
	return func(_ wire.Code, text string) {
		select {
		case texts <- text:
		default:
		}
	}
}

func served(f func(net.Conn)) func(*testing.T) string {
	return func(t *testing.T) string { return serve(t, f) }
}

func webServer(t *testing.T) string {
	web := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.NotFoundHandler()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = web.Serve(l) }()
	t.Cleanup(func() { web.Close() })
	return l.Addr().String()
}

// TestForeign has something on the port that is no syslog receiver: it never confirms a record, however cleanly it closes,
// and the text says what it is.
func TestForeign(t *testing.T) {
	t.Parallel()
	root := issue(t, &x509.Certificate{}, nil)
	for _, test := range []struct {
		name  string
		serve func(t *testing.T) string
		tries int // that are looked at when there are 2000 records: the batches become smaller until it is one record
		text  []string
	}{
		{"web server", webServer, 4, []string{"a web server answers", "http://"}},
		{"page without a head", served(says("<!DOCTYPE HTML>\n<html>")), 4, []string{"a web server answers"}},
		{"page at our end", served(func(c net.Conn) { _, _ = io.Copy(io.Discard, c); _, _ = io.WriteString(c, "<html>") }), 4, []string{"a web server answers"}},
		{"TLS", func(t *testing.T) string {
			return tlsServer(t, &tls.Config{Certificates: []tls.Certificate{root.tls()}})
		}, 12, []string{"tls://"}},
		{"alert in pieces", served(func(c net.Conn) {
			_, _ = io.Copy(io.Discard, c)
			_, _ = io.WriteString(c, "\x15")
			time.Sleep(10 * time.Millisecond)
			_, _ = io.WriteString(c, "\x03\x03\x00\x02\x02\x46")
		}), 4, []string{"the port answers with TLS: use tls://"}},
		{"closes at once", served(shut), 12, []string{"no syslog port", "tls://", "within 10 ms"}},
		{"speaks once, then closes at once", func(t *testing.T) string {
			var once atomic.Bool
			return serve(t, func(c net.Conn) {
				if once.CompareAndSwap(false, true) {
					says("\x15\x03\x03\x00\x02\x02\x46")(c)
					return
				}
				shut(c)
			})
		}, 12, []string{"the port answers with TLS: use tls://"}},
		{"SSH", served(says("SSH-2.0-x\r\n")), 2, []string{"SSH"}},
		{"mail", served(says("220 mail\r\n")), 2, []string{"mail"}},
		{"whatever", served(says("hello, " + strings.Repeat("y", 200))), 2, []string{`"hello, ` + strings.Repeat("y", 53) + `"`, "a syslog receiver says nothing"}},
	} {
		for _, confirm := range []wire.Confirm{wire.ConfirmHalfClose, wire.ConfirmWindow} {
			for _, n := range []int{1, 2000} {
				t.Run(fmt.Sprintf("%s/%s/%d", test.name, confirm, n), func(t *testing.T) {
					t.Parallel()
					foreign(t, test.serve(t), confirm, n, min(n+2, test.tries), test.text)
				})
			}
		}
	}
}

func foreign(t *testing.T, addr string, confirm wire.Confirm, n, tries int, want []string) {
	type problem struct {
		code wire.Code
		text string
	}
	problems := make(chan problem, 1000)
	d, confirmed := start(t, Options{Destination: wire.Destination{To: "tcp://" + addr, Confirm: confirm},
		Problem: func(code wire.Code, text string) { problems <- problem{code, text} }})
	ctx := limited(t)
	if err := d.Send(ctx, lines(0, n, 600)); err != nil {
		t.Fatal(err)
	}
	go func() { _ = d.Flush(ctx) }() // never
	seen := 0
	for try := range tries {
		var p problem
		select {
		case p = <-problems:
		case <-ctx.Done():
			t.Fatalf("it is silent after %d tries: %d confirmed, %+v", try, confirmed.Load(), d.Metrics())
		}
		if p.code != wire.SendError {
			t.Errorf("try %d: %s: %s", try, p.code, p.text)
		}
		named := true
		for _, text := range want {
			named = named && strings.Contains(p.text, text)
		}
		if named { // one that closes late, beside other work, is taken for one that closes what is idle
			seen++
		}
		d.Wake()
	}
	if m := d.Metrics(); seen == 0 || confirmed.Load() != 0 || m.Confirmed != 0 || !m.Blocked {
		t.Errorf("said %d times, %d confirmed, %+v", seen, confirmed.Load(), m)
	}
}

// A server that takes one connection after the other lets the others wait in its kernel, which takes records and keeps silent:
// that is no proof. Strangers confirm nothing however long that lasts, and serial receivers of syslog confirm everything.
func TestSerial(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		handle func(net.Conn)
		good   bool
	}{
		{"closes at once", shut, false},
		{"reads to the end", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			var wg sync.WaitGroup
			t.Cleanup(wg.Wait)
			t.Cleanup(func() { l.Close() })
			wg.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					test.handle(c)
					c.Close()
				}
			})
			wg.Go(func() { // somebody else keeps the server busy
				for {
					c, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						return
					}
					time.Sleep(proofTime + proofTime/2)
					c.Close()
				}
			})
			const senders, n = 4, 20
			var confirmed atomic.Int64
			problems := make(chan string, 1000)
			for range senders {
				d, _ := start(t, Options{Destination: wire.Destination{To: "tcp://" + l.Addr().String()},
					Confirmed: func(n int) { confirmed.Add(int64(n)) }, Problem: tell(problems)})
				if err := d.Send(limited(t), lines(0, n, 600)); err != nil {
					t.Fatal(err)
				}
			}
			if test.good {
				eventually(t, "a serial receiver does not confirm everything", func() bool { return confirmed.Load() == senders*n })
				return
			}
			eventually(t, "it is not told that it is no receiver", func() bool { return len(problems) >= 2*senders || confirmed.Load() > 0 })
			if got := confirmed.Load(); got != 0 {
				t.Errorf("%d records are confirmed by a server that throws them away", got)
			}
		})
	}
}

// What is sent without a confirmation is at least said to go to something that answers.
func TestForeignUnconfirmed(t *testing.T) {
	texts := make(chan string, 100)
	d, _ := start(t, Options{Destination: wire.Destination{To: "tcp://" + serve(t, says("HTTP/1.1 400 Bad Request\r\n")), Confirm: wire.ConfirmNone}, Problem: tell(texts)})
	if err := d.Send(limited(t), lines(0, 10, 100)); err != nil {
		t.Fatal(err)
	}
	if text := <-texts; !strings.Contains(text, "a web server answers") {
		t.Errorf("the problem is %q", text)
	}
}

// A receiver that takes the place of something else is found out and gets everything.
func TestForeignReplaced(t *testing.T) {
	t.Parallel()
	for _, first := range []func(net.Conn){shut, says("<html>")} {
		var good atomic.Bool
		var got atomic.Int64
		addr := serve(t, func(c net.Conn) {
			if !good.Load() {
				first(c)
				return
			}
			for in := bufio.NewScanner(c); in.Scan(); {
				got.Add(1)
			}
		})
		texts := make(chan string, 100)
		d, confirmed := start(t, Options{Destination: wire.Destination{To: "tcp://" + addr}, Problem: tell(texts)})
		const n = 700
		if err := d.Send(limited(t), lines(0, n, 600)); err != nil {
			t.Fatal(err)
		}
		<-texts
		good.Store(true)
		d.Wake()
		if err := d.Flush(limited(t)); err != nil {
			t.Fatalf("%v; %+v", err, d.Metrics())
		}
		if confirmed.Load() != n || got.Load() != n || d.Metrics().Blocked {
			t.Errorf("%d confirmed, %d arrived, want %d; %+v", confirmed.Load(), got.Load(), n, d.Metrics())
		}
	}
}
