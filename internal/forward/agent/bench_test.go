package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/spool"
	"kiroku/internal/forward/wire"
)

// swallow confirms everything at once.
type swallow struct{ o deliver.Options }

func (s swallow) Run(ctx context.Context) error { <-ctx.Done(); return nil }
func (s swallow) Send(_ context.Context, records []wire.Record) error {
	s.o.Confirmed(len(records))
	return nil
}
func (s swallow) Flush(context.Context) error { return nil }
func (s swallow) Seed([]wire.Record)          {}
func (s swallow) Acknowledged(int)            {}
func (s swallow) Wake()                       {}
func (s swallow) Metrics() wire.Metrics       { return wire.Metrics{} }

// BenchmarkAgent is a record's way from a server on the same machine, over HTTP, to a destination that takes no time.
func BenchmarkAgent(b *testing.B) { benchmark(b, nil) }

// BenchmarkAgentSpool is the same with a spool between.
func BenchmarkAgentSpool(b *testing.B) {
	f, err := spool.Open(spool.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	benchmark(b, f)
}

func benchmark(b *testing.B, keep *spool.Folder) {
	const batch = 1000
	records := make([]wire.Record, batch)
	for i := range records {
		records[i] = wire.Record{UID: "01a20425-388b-7329-98a9-64ae879e6101", Line: bytes.Repeat([]byte("x"), 400)}
	}
	var next, acked, until atomic.Int64
	full, reached := make(chan struct{}, 1), make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case wire.PathHello:
			_ = json.NewEncoder(w).Encode(wire.Config{Session: "s", ETag: "1", Now: time.Now(), Agent: wire.Agent{ID: "a1"}, Destinations: []wire.Destination{destSIEM}})
		case wire.PathPull:
			_, _ = io.Copy(io.Discard, r.Body) // else the end of the connection is not noticed
			if next.Load() >= until.Load() {
				select {
				case <-full:
				case <-r.Context().Done():
					return
				}
			}
			n := next.Add(batch)
			out, _ := wire.AppendHeader(nil, &wire.BatchHeader{Store: "default", Next: n, Records: batch, More: true})
			for i := range records {
				rec := records[i]
				rec.Seq = n - batch + int64(i) + 1
				out = wire.AppendRecord(out, &rec)
			}
			_, _ = w.Write(out)
		case wire.PathAck:
			var a wire.Ack
			_ = json.NewDecoder(r.Body).Decode(&a)
			_ = json.NewEncoder(w).Encode(wire.AckAnswer{ETag: "1"})
			if acked.Store(a.Positions["default"]); a.Positions["default"] >= until.Load() {
				select {
				case reached <- struct{}{}:
				default:
				}
			}
		default:
			_ = json.NewEncoder(w).Encode(wire.AckAnswer{ETag: "1"})
		}
	}))
	defer s.Close()
	transport, _, err := Way{}.Transport(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	c, err := NewClient(s.URL, func() (string, error) { return testToken, nil }, transport)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() {
		_, err := New(Options{Client: c, Spool: keep, Open: func(o deliver.Options) (Sender, error) { return swallow{o}, nil }}).Run(ctx)
		done <- err
	}()
	const round = 100 * batch // of one round, so that the last acknowledgment does not count much
	b.SetBytes(round * 400)
	b.ReportAllocs()
	for b.Loop() {
		until.Add(round)
		full <- struct{}{}
		<-reached
	}
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
