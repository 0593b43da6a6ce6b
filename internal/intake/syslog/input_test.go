package syslog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiroku/internal/event"
	"kiroku/internal/fault"
)

// memory is a Sink that keeps what it takes. While it is shut, Offer waits and TryOffer refuses.
type memory struct {
	mu      sync.Mutex
	records []event.Record
	shut    chan struct{} // closed when open
	keep    bool          // release batches only at the end, so that blocks are not used again
	kept    []func()
}

func newMemory() *memory {
	m := &memory{shut: make(chan struct{})}
	close(m.shut)
	return m
}

func (m *memory) Offer(ctx context.Context, b event.Batch) error {
	select {
	case <-m.gate():
		m.take(b)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *memory) TryOffer(b event.Batch) bool {
	select {
	case <-m.gate():
		m.take(b)
		return true
	default:
		return false
	}
}

func (m *memory) gate() chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shut
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut = make(chan struct{})
}

func (m *memory) open() { close(m.gate()) }

func (m *memory) take(b event.Batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range b.Records {
		r.Data = bytes.Clone(r.Data)
		m.records = append(m.records, r)
	}
	if m.keep {
		m.kept = append(m.kept, b.Release)
		return
	}
	b.Release()
}

func (m *memory) texts() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var texts []string
	for _, r := range m.records {
		texts = append(texts, string(r.Data))
	}
	return texts
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

// start runs an input on a free port of the loopback until the test ends.
func start(t testing.TB, cfg Config, sink Sink) *Input {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "test"
	}
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, err := Listen(ctx, cfg, sink, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return in
}

func dial(t testing.TB, in *Input) net.Conn {
	t.Helper()
	conn, err := net.Dial(in.Addr().Network(), in.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t testing.TB, conn io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("not within 5 s: %s", what)
}

// closed waits until the other side has closed conn.
func closed(t testing.TB, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Fatalf("connection is not closed: %v", err)
	}
}

func TestTCP(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(address, func(t *testing.T) {
			sink := newMemory()
			origin := &event.Origin{Input: "vpn", Source: event.IvantiConnectSecure, Service: "s"}
			in := start(t, Config{Name: "vpn", Integration: "ivanti_connect_secure", Type: TCP, Address: address, Origin: origin}, sink)
			conn := dial(t, in)
			send(t, conn, octets("<134>one")+"<134>two\n{\"three\":3}\n")
			eventually(t, "three records", func() bool { return sink.count() == 3 })
			if d := cmp.Diff([]string{"<134>one", "<134>two", `{"three":3}`}, sink.texts()); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
			rec := sink.records[0]
			if rec.Origin != origin || rec.Received.IsZero() || rec.Peer != unmapped(netip.MustParseAddrPort(conn.LocalAddr().String())) {
				t.Errorf("record came from %v at %v, origin %v", rec.Peer, rec.Received, rec.Origin)
			}
			in.Parsed(rec.Peer.Addr(), 2)
			in.Unparsed(rec.Peer.Addr(), 1)
			eventually(t, "counters", func() bool { return in.Status().Records == 3 })
			s := in.Status()
			if s.State != "listening" || s.Connections != 1 || s.Integration != "ivanti_connect_secure" || s.Source != "ivanti-connect-secure" || s.Parsed != 2 || s.Unparsed != 1 || s.Bytes == 0 || s.LastSeen.IsZero() {
				t.Errorf("status %+v", s)
			}
			if len(s.Peers) != 1 || s.Peers[0].Records != 3 || s.Peers[0].Parsed != 2 || s.Peers[0].Address != rec.Peer.Addr().String() {
				t.Errorf("peers %+v", s.Peers)
			}
		})
	}
}

// A connection that carries nothing is how senders check that somebody listens.
func TestTCPEmptyConnection(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: TCP}, sink)
	_ = dial(t, in).Close()
	eventually(t, "connection over", func() bool { return len(in.Status().Peers) == 1 && in.Status().Connections == 0 })
	if s := in.Status(); s.Records != 0 || s.Refused != 0 || s.Malformed != 0 {
		t.Errorf("status %+v", s)
	}
}

// Blocks are used again and again while batches are held back, and frames cross from one block into the next.
func TestTCPManyRecords(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keep=%v", keep), func(t *testing.T) {
			sink := newMemory()
			sink.keep = keep
			in := start(t, Config{Type: TCP, FrameSize: 1 << 20}, sink)
			conn := dial(t, in)
			var want []string
			var stream strings.Builder
			for i := range 3000 {
				text := fmt.Sprintf("<134>%d %s", i, strings.Repeat("x", i*7%2000))
				if i == 1500 {
					text += strings.Repeat("y", 900<<10)
				}
				want = append(want, text)
				if i%2 == 0 {
					stream.WriteString(octets(text))
				} else {
					stream.WriteString("\n" + text + "\n")
				}
			}
			send(t, conn, stream.String())
			eventually(t, "all records", func() bool { return sink.count() == len(want) })
			if d := cmp.Diff(want, sink.texts()); d != "" {
				t.Errorf("records differ:\n%.2000s", d)
			}
			for _, release := range sink.kept {
				release()
			}
			if !in.queue.TryAcquire(DefaultQueue) {
				t.Error("released batches still take room in the queue")
			}
		})
	}
}

func TestTCPEndOfStream(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: TCP}, sink)
	conn := dial(t, in)
	send(t, conn, "<134>no delimiter")
	_ = conn.Close()
	eventually(t, "the rest", func() bool { return sink.count() == 1 })
}

// A frame of two lines could be one with a wrong count; it must not wait for a next frame that does not come.
func TestTCPDoubtfulFrameSettles(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: TCP}, sink)
	send(t, dial(t, in), octets("<134>two\nlines"))
	eventually(t, "the frame", func() bool { return sink.count() == 1 })
	if got := sink.texts()[0]; got != "<134>two\nlines" {
		t.Errorf("record %q", got)
	}
}

func TestTCPBackPressure(t *testing.T) {
	sink := newMemory()
	sink.close()
	in := start(t, Config{Type: TCP}, sink)
	conn, other := dial(t, in), dial(t, in)
	payload := strings.Repeat("<134>"+strings.Repeat("x", 1000)+"\n", 64)
	var sent atomic.Int64
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for range 640 {
			n, err := io.WriteString(conn, payload)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	last := int64(-1)
	eventually(t, "the sender to be held", func() bool {
		time.Sleep(100 * time.Millisecond)
		now := sent.Load()
		same := now == last && now > 0
		last = now
		return same
	})
	if total := int64(640 * len(payload)); last == total {
		t.Skip("the system buffered everything")
	}
	send(t, other, "<134>other\n")
	sink.open()
	<-stopped
	eventually(t, "everything", func() bool { return sink.count() == 640*64+1 })
	if s := in.Status(); s.Dropped != 0 {
		t.Errorf("dropped %d", s.Dropped)
	}
}

// One sender in the middle of a frame must not hold the others.
func TestTCPSlowPeer(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: TCP}, sink)
	slow, fast := dial(t, in), dial(t, in)
	send(t, slow, "100 <134>beg")
	send(t, fast, "<134>fast\n")
	eventually(t, "the fast one", func() bool { return sink.count() == 1 })
}

func TestTCPLimits(t *testing.T) {
	t.Run("connections", func(t *testing.T) {
		in := start(t, Config{Type: TCP, MaxConnections: 2}, newMemory())
		first := dial(t, in)
		dial(t, in)
		eventually(t, "two connections", func() bool { return in.Status().Connections == 2 })
		closed(t, dial(t, in))
		if s := in.Status(); s.Refused != 1 || s.Peers[0].Refused != 1 {
			t.Errorf("refused %d, by the peer %d", s.Refused, s.Peers[0].Refused)
		}
		_ = first.Close()
		eventually(t, "room", func() bool { return in.Status().Connections == 1 })
	})
	t.Run("idle", func(t *testing.T) {
		in := start(t, Config{Type: TCP, IdleTimeout: 50 * time.Millisecond}, newMemory())
		closed(t, dial(t, in))
		if s := in.Status(); s.Refused != 0 {
			t.Errorf("refused %d", s.Refused)
		}
	})
	t.Run("idle with traffic", func(t *testing.T) {
		sink := newMemory()
		in := start(t, Config{Type: TCP, IdleTimeout: 300 * time.Millisecond}, sink)
		conn := dial(t, in)
		for range 5 {
			time.Sleep(100 * time.Millisecond)
			send(t, conn, "<1>x\n")
		}
		eventually(t, "five records", func() bool { return sink.count() == 5 })
	})
	t.Run("deny", func(t *testing.T) {
		in := start(t, Config{Type: TCP, Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, newMemory())
		closed(t, dial(t, in))
		eventually(t, "a refusal", func() bool { return in.Status().Refused == 1 })
	})
	t.Run("frame size", func(t *testing.T) {
		sink := newMemory()
		in := start(t, Config{Type: TCP, FrameSize: 16}, sink)
		send(t, dial(t, in), "<134>"+strings.Repeat("x", 100000)+"\n<134>next\n")
		eventually(t, "two records", func() bool { return sink.count() == 2 })
		if rec := sink.records[0]; !rec.Truncated || len(rec.Data) != 16 || sink.texts()[1] != "<134>next" {
			t.Errorf("records %q, truncated %v", sink.texts(), rec.Truncated)
		}
		eventually(t, "counters", func() bool { s := in.Status(); return s.Oversized == 1 && s.Discarded == 100005-16 })
	})
}

func TestAdmit(t *testing.T) {
	prefixes := func(ss ...string) (ps []netip.Prefix) {
		for _, s := range ss {
			ps = append(ps, netip.MustParsePrefix(s))
		}
		return ps
	}
	tests := []struct {
		allow, deny []netip.Prefix
		addr        string
		want        bool
	}{
		{nil, nil, "192.0.2.1", true},
		{prefixes("192.0.2.0/24"), nil, "192.0.2.1", true},
		{prefixes("192.0.2.0/24"), nil, "::ffff:192.0.2.1", true},
		{prefixes("192.0.2.0/24"), nil, "198.51.100.1", false},
		{prefixes("192.0.2.0/24"), prefixes("192.0.2.1/32"), "192.0.2.1", false},
		{nil, prefixes("2001:db8::/32"), "2001:db8::1", false},
		{nil, prefixes("fe80::/10"), "fe80::1%eth0", false},
	}
	for _, tt := range tests {
		if got := (networks{tt.allow, tt.deny}).admit(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("allow %v deny %v: admit %s = %v, want %v", tt.allow, tt.deny, tt.addr, got, tt.want)
		}
	}
}

func TestFilter(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: TCP, Filter: func(data []byte) ([]byte, bool) {
		return bytes.ReplaceAll(data, []byte("secret"), []byte("***")), !bytes.Contains(data, []byte("noise"))
	}}, sink)
	send(t, dial(t, in), "<1>noise\n<1>a secret\n")
	eventually(t, "one record", func() bool { return sink.count() == 1 })
	eventually(t, "the count", func() bool { return in.Status().Excluded == 1 })
	if got := sink.texts()[0]; got != "<1>a ***" {
		t.Errorf("record %q", got)
	}
}

func TestUDP(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: UDP, FrameSize: 32}, sink)
	conn := dial(t, in)
	for _, text := range []string{"<134>one\n", "<134>two\n<134>lines", "\n", "12 <134>counted", "<134>" + strings.Repeat("x", 1000)} {
		send(t, conn, text)
	}
	eventually(t, "four records", func() bool { return sink.count() == 4 })
	want := []string{"<134>one", "<134>two\n<134>lines", "12 <134>counted", "<134>" + strings.Repeat("x", 27)}
	if d := cmp.Diff(want, sink.texts()); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	if !sink.records[3].Truncated {
		t.Error("long datagram is not marked as truncated")
	}
	if s := in.Status(); s.Records != 4 || s.Oversized != 1 || s.Discarded != 1005-32 || s.Bytes != 9+19+1+15+1005 || len(s.Peers) != 1 || s.Peers[0].Records != 4 || s.Peers[0].Discarded != s.Discarded {
		t.Errorf("status %+v", s)
	}
}

func TestUDPLargeDatagrams(t *testing.T) {
	sink := newMemory()
	sink.keep = true
	in := start(t, Config{Type: UDP}, sink)
	conn := dial(t, in)
	for i := range 12 {
		send(t, conn, fmt.Sprintf("<134>%02d%s", i, strings.Repeat("x", 60000)))
		eventually(t, "the datagram", func() bool { return sink.count() == i+1 })
	}
	for i, text := range sink.texts() {
		if len(text) != 60007 || text[:7] != fmt.Sprintf("<134>%02d", i) {
			t.Errorf("record %d is %d bytes: %.10q", i, len(text), text)
		}
	}
	for _, release := range sink.kept {
		release()
	}
}

func TestUDPDrops(t *testing.T) {
	sink := newMemory()
	sink.close()
	in := start(t, Config{Type: UDP}, sink)
	conn := dial(t, in)
	send(t, conn, "<134>lost")
	eventually(t, "the drop", func() bool { s := in.Status(); return s.Dropped == 1 && s.Peers[0].Dropped == 1 })
	sink.open()
	send(t, conn, "<134>kept")
	eventually(t, "the next", func() bool { return sink.count() == 1 })
	if got := sink.texts()[0]; got != "<134>kept" {
		t.Errorf("record %q", got)
	}
}

func TestUDPDeny(t *testing.T) {
	sink := newMemory()
	in := start(t, Config{Type: UDP, Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, sink)
	send(t, dial(t, in), "<134>no")
	eventually(t, "the refusal", func() bool { return in.Status().Refused == 1 })
	if sink.count() != 0 {
		t.Error("datagram of a refused sender was taken")
	}
}

// What senders have sent when the input stops is still taken.
func TestStopDrains(t *testing.T) {
	for _, typ := range []string{TCP, UDP} {
		t.Run(typ, func(t *testing.T) {
			sink := newMemory()
			ctx, cancel := context.WithCancel(t.Context())
			in, err := Listen(ctx, Config{Name: "test", Type: typ, Address: "127.0.0.1:0"}, sink, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- in.Run(ctx) }()
			conn := dial(t, in)
			send(t, conn, "<134>first\n")
			eventually(t, "first record", func() bool { return sink.count() == 1 })
			send(t, conn, "<134>second\n")
			send(t, conn, "<134>begun")
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{"<134>first", "<134>second", "<134>begun"}, sink.texts()); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
			if s := in.Status(); s.State != "stopped" || s.Connections != 0 {
				t.Errorf("state %q, %d connections", s.State, s.Connections)
			}
		})
	}
}

func TestBindErrors(t *testing.T) {
	listen := func(typ, address string) error {
		in, err := Listen(t.Context(), Config{Name: "vpn", Type: typ, Address: address}, newMemory(), slog.New(slog.DiscardHandler))
		if err == nil {
			_ = in.Close()
		}
		return err
	}
	for _, typ := range []string{TCP, UDP} {
		taken, err := Listen(t.Context(), Config{Name: "a", Type: typ, Address: "127.0.0.1:0"}, newMemory(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		address := taken.Addr().String()
		_, port, _ := net.SplitHostPort(address)
		err = listen(typ, address)
		_ = taken.Close()
		want := fmt.Sprintf("Can't start %s forwarder on port %s: listen %s %s: bind: address already in use", strings.ToUpper(typ), port, typ, address)
		if err == nil || err.Error() != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.NextOf(err), "another port") {
			t.Errorf("kind %v, next %q", fault.KindOf(err), fault.NextOf(err))
		}
	}
	for _, address := range []string{"5514", "127.0.0.1:port", "192.0.2.77:5514"} {
		if err := listen(TCP, address); err == nil || fault.NextOf(err) == "" {
			t.Errorf("listen on %q: %v, next %q", address, err, fault.NextOf(err))
		}
	}
}

func TestBindAdvice(t *testing.T) {
	permission := &net.OpError{Op: "listen", Net: "tcp", Addr: &net.TCPAddr{Port: 514}, Err: fmt.Errorf("bind: %w", syscall.EACCES)}
	err := bindError(Config{Name: "vpn", Type: TCP, Address: ":514"}, permission)
	if want := "Can't start TCP forwarder on port 514: listen tcp :514: bind: permission denied"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	for _, want := range []string{"sudo setcap CAP_NET_BIND_SERVICE=+ep /", "sudo getcap /", "= cap_net_bind_service+ep", "after each upgrade", "from 1024"} {
		if next := fault.NextOf(err); !strings.Contains(next, want) {
			t.Errorf("next %q lacks %q", next, want)
		}
	}
	inUse := &net.OpError{Op: "listen", Net: "udp", Addr: &net.UDPAddr{Port: 514}, Err: fmt.Errorf("bind: %w", syscall.EADDRINUSE)}
	err = bindError(Config{Name: "vpn", Type: UDP, Address: ":514"}, inUse)
	if want := "Can't start UDP forwarder on port 514: listen udp :514: bind: address already in use"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if next := fault.NextOf(err); !strings.Contains(next, "systemctl disable --now syslog.socket rsyslog") {
		t.Errorf("next %q", next)
	}
}

func TestPeersAreBounded(t *testing.T) {
	ps := newPeers()
	first := ps.get(netip.MustParseAddr("192.0.2.1"))
	addr := netip.MustParseAddr("2001:db8::")
	for range 3 * maxPeers {
		addr = addr.Next()
		ps.get(addr)
	}
	if len(ps.byAddr) != maxPeers || ps.order.Len() != maxPeers {
		t.Errorf("%d peers, %d in order", len(ps.byAddr), ps.order.Len())
	}
	if ps.find(first.addr) != nil {
		t.Error("the oldest peer is still there")
	}
	first.records.Add(7)
	ps.touch(first)
	if p := ps.find(first.addr); p == nil || p.records.Load() != 7 {
		t.Error("a peer that is heard again has lost its counters")
	}
	if shown := ps.newest(); len(shown) != shownPeers {
		t.Errorf("%d peers shown", len(shown))
	}
}

// discard is a Sink that is always ready.
type discard struct{ records atomic.Int64 }

func (d *discard) Offer(_ context.Context, b event.Batch) error {
	d.TryOffer(b)
	return nil
}

func (d *discard) TryOffer(b event.Batch) bool {
	d.records.Add(int64(len(b.Records)))
	b.Release()
	return true
}

func BenchmarkTCP(b *testing.B) {
	sink := &discard{}
	in := start(b, Config{Type: TCP}, sink)
	conn := dial(b, in)
	line := "<134>1 - h PulseSecure: - - - " + strings.Repeat("x", 781)
	payload := []byte(strings.Repeat(line[:810]+"\n", 256))
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	sent := int64(0)
	for b.Loop() {
		if _, err := conn.Write(payload); err != nil {
			b.Fatal(err)
		}
		sent += 256
	}
	eventually(b, "everything", func() bool { return sink.records.Load() == sent })
}
