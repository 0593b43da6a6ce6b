package deliver

import (
	"bufio"
	"cmp"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// mortal is a receiver whose end, as that of any process, closes what it has open: connections that are read to the end
// with a FIN.
type mortal struct {
	addr  string
	l     net.Listener
	mu    sync.Mutex
	conns []net.Conn
	lines int
}

func (m *mortal) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", cmp.Or(m.addr, "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	m.l, m.addr = l, l.Addr().String()
	t.Cleanup(m.end)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.mu.Lock()
			m.conns = append(m.conns, c)
			m.mu.Unlock()
			go func() {
				defer c.Close()
				for in := bufio.NewScanner(c); in.Scan(); {
					m.mu.Lock()
					m.lines++
					m.mu.Unlock()
				}
			}()
		}
	}()
}

func (m *mortal) end() {
	m.l.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns {
		c.Close()
	}
	m.conns = nil
}

func (m *mortal) got() int { m.mu.Lock(); defer m.mu.Unlock(); return m.lines }

// A receiver that ends while nothing is sent may hold confirmed records that it has not stored. That it is gone for a moment
// is all that tells it from one that closes what is idle.
func TestEndsWhileIdle(t *testing.T) {
	t.Parallel()
	m := &mortal{}
	m.start(t)
	d, _ := start(t, Options{Destination: wire.Destination{To: "tcp://" + m.addr, Confirm: wire.ConfirmHalfClose}})
	const n = 100
	if err := d.Send(limited(t), lines(0, n, 600)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatal(err)
	}
	m.end()
	eventually(t, "nobody notices that the receiver is gone", func() bool { return d.Metrics().Blocked })
	if text := d.Metrics().Error; !strings.Contains(text, "refused") {
		t.Errorf("the error says %q", text)
	}
	m.start(t)
	eventually(t, "what it may have lost does not come again", func() bool { return m.got() == 2*n })
	eventually(t, "it is still blocked when the receiver has taken everything", func() bool { return !d.Metrics().Blocked })
	// A second time there is nothing left to be sent that would tell that it is back.
	m.end()
	eventually(t, "nobody notices that the receiver is gone again", func() bool { return d.Metrics().Blocked })
	m.start(t)
	eventually(t, "it is still blocked when the receiver is back", func() bool { return !d.Metrics().Blocked })
	if got := m.got(); got != 2*n {
		t.Errorf("%d lines arrived, want %d", got, 2*n)
	}
}

func eventually(t *testing.T, otherwise string, f func() bool) {
	t.Helper()
	for begun := time.Now(); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal(otherwise)
		}
	}
}

// A receiver that only closes what is idle is sent one record three times, while it is a stranger whose haste is not known;
// on a busy machine a few more, but not each.
func TestClosedWhileIdle(t *testing.T) {
	f := newFaultReceiver(t)
	f.start("-mode", "idle-close", "-delay", "50ms")
	d, _ := start(t, Options{Destination: wire.Destination{To: "tcp://" + f.addr, Confirm: wire.ConfirmHalfClose}})
	const n = 10
	for i := range n {
		if err := d.Send(limited(t), lines(i, 1, 600)); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(limited(t)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(120 * time.Millisecond) // it is real: the receiver is a process
	}
	if o, m := f.outcome(n), d.Metrics(); o.lost != 0 || o.duplicates > int(m.Errors) || m.Errors > n/2 {
		t.Errorf("lost %d, twice %d, %d errors", o.lost, o.duplicates, m.Errors)
	}
	before := d.Metrics().Reconnects
	time.Sleep(300 * time.Millisecond)
	if more := d.Metrics().Reconnects - before; more > 1 {
		t.Errorf("%d connections are made while there is nothing to send", more)
	}
}
