package deliver

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

// counter is the fastest receiver: it reads and counts line feeds.
func counter(b *testing.B) (addr string, lines *atomic.Int64) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	lines = &atomic.Int64{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := c.Read(buf)
					lines.Add(int64(bytes.Count(buf[:n], []byte("\n"))))
					if err != nil {
						return
					}
				}
			})
		}
	})
	b.Cleanup(func() { l.Close() })
	return l.Addr().String(), lines
}

// BenchmarkDeliver sends lines of 600 bytes to a receiver in the same process, until all are confirmed. One operation is
// one line.
func BenchmarkDeliver(b *testing.B) {
	count := func(b *testing.B) string {
		addr, _ := counter(b)
		return "tcp://" + addr
	}
	full := func(scheme string) func(b *testing.B) string {
		return func(b *testing.B) string {
			r, err := receive.Listen(b.Context(), receive.Options{Addr: "127.0.0.1:0", NoUDP: true, Handle: func(*receive.Record) error { return nil }})
			if err != nil {
				b.Fatal(err)
			}
			done := make(chan struct{})
			go func() { defer close(done); _ = r.Run(b.Context()) }()
			b.Cleanup(func() { <-done })
			return scheme + "://" + r.Addr().String()
		}
	}
	drain := func(b *testing.B) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
		})}
		go func() { _ = server.Serve(l) }()
		b.Cleanup(func() { server.Close() })
		return "http://" + l.Addr().String() + "/"
	}
	for _, bench := range []struct {
		name    string
		to      func(*testing.B) string
		confirm wire.Confirm
	}{
		{"tcp/none", count, wire.ConfirmNone},
		{"tcp/halfclose", count, wire.ConfirmHalfClose},
		{"tcp/window", count, wire.ConfirmWindow},
		{"http", drain, wire.ConfirmHTTP},
		{"relp/parsing-receiver", full("relp"), wire.ConfirmRELP},
		{"tcp/none/parsing-receiver", full("tcp"), wire.ConfirmNone},
		{"tcp/halfclose/parsing-receiver", full("tcp"), wire.ConfirmHalfClose},
	} {
		b.Run(bench.name, func(b *testing.B) {
			d, _ := start(b, Options{Destination: wire.Destination{To: bench.to(b), Confirm: bench.confirm}})
			batch := lines(0, 1000, 600)
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			b.SetBytes(600)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += len(batch) {
				if err := d.Send(ctx, batch[:min(len(batch), b.N-n)]); err != nil {
					b.Fatal(err)
				}
			}
			if err := d.Flush(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	line := lines(0, 1, 600)[0].Line
	for _, f := range []wire.Framing{wire.LF, wire.Octet, wire.NUL} {
		b.Run(string(f), func(b *testing.B) {
			var buf []byte
			b.SetBytes(600)
			b.ReportAllocs()
			for b.Loop() {
				buf = appendFrame(buf[:0], line, f)
			}
		})
	}
}
