package deliver

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// One record is one datagram; one that fits into none becomes a dead letter, and the next ones go on.
func TestUDP(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var dead []string
	d, confirmed := start(t, Options{Destination: wire.Destination{To: "udp://" + l.LocalAddr().String()}, Dead: func(rec wire.Record, reason string) error {
		if dead = append(dead, rec.UID); !strings.Contains(reason, "max_bytes") {
			t.Errorf("reason %q", reason)
		}
		return nil
	}})
	recs := []wire.Record{{UID: "1", Line: []byte("one\ntwo")}, {UID: "2", Line: make([]byte, 70_000)}, {UID: "3", Line: []byte("three")}}
	if err := d.Send(limited(t), recs); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatal(err)
	}
	_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 65536)
	for _, want := range []string{"one\ntwo", "three"} {
		n, _, err := l.ReadFrom(b)
		if err != nil || string(b[:n]) != want {
			t.Errorf("datagram %q, %v; want %q", b[:n], err, want)
		}
	}
	if confirmed.Load() != 3 || len(dead) != 1 || dead[0] != "2" {
		t.Errorf("%d confirmed, dead letters %v", confirmed.Load(), dead)
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "siem.log")
	for range 2 { // it is appended to
		d, confirmed := start(t, Options{Destination: wire.Destination{To: "file://" + name}})
		if err := d.Send(limited(t), texts("one", "two")); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(limited(t)); err != nil {
			t.Fatal(err)
		}
		if confirmed.Load() != 2 {
			t.Errorf("%d confirmed", confirmed.Load())
		}
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "one\ntwo\none\ntwo\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// What cannot be stored as a dead letter is not confirmed before it can.
func TestDeadLetterIsStoredFirst(t *testing.T) {
	t.Parallel()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tries := 0
	d, confirmed := start(t, Options{Destination: wire.Destination{To: "udp://" + l.LocalAddr().String()}, Dead: func(wire.Record, string) error {
		if tries++; tries == 1 {
			return errForeign
		}
		return nil
	}})
	if err := d.Send(limited(t), []wire.Record{{Line: make([]byte, 70_000)}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatal(err)
	}
	if tries != 2 || confirmed.Load() != 1 {
		t.Errorf("%d tries, %d confirmed", tries, confirmed.Load())
	}
}

func TestNewRefuses(t *testing.T) {
	dead := func(wire.Record, string) error { return nil }
	for _, test := range []struct {
		dest wire.Destination
		want string
	}{
		{wire.Destination{To: "tcp://"}, "host is missing"},
		{wire.Destination{To: "tcp://192.0.2.1"}, "port is missing"},
		{wire.Destination{To: "tcp://192.0.2.1:70000"}, "between 1 and 65535"},
		{wire.Destination{To: "tcp://u:secret@192.0.2.1:514"}, "write only tcp://HOST:PORT"},
		{wire.Destination{To: "http://u:secret@192.0.2.1"}, "credential_file"},
		{wire.Destination{To: "ftp://192.0.2.1:21"}, `scheme "ftp"`},
		{wire.Destination{To: "file://siem.log"}, "three slashes"},
		{wire.Destination{To: "udp://192.0.2.1:514", Confirm: wire.ConfirmRELP}, "cannot be confirmed"},
		{wire.Destination{To: "tcp://192.0.2.1:514", Failover: []string{"udp://192.0.2.2:514"}}, "same scheme"},
		{wire.Destination{To: "tls://192.0.2.1:514", TLS: wire.TLS{CAFiles: []string{"/absent"}}}, "/absent"},
	} {
		_, err := New(Options{Destination: test.dest, Dead: dead})
		if err == nil || !strings.Contains(err.Error(), test.want) || (strings.Contains(err.Error(), "secret") && strings.HasPrefix(test.dest.To, "http")) {
			t.Errorf("%+v: error %v, want …%s…", test.dest, err, test.want)
		}
	}
}

// Records of before that are given as confirmed are sent again only when the receiver was restarted.
func TestSeed(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		s := newSink(t)
		addr := s.l.Addr().String()
		dials := 0
		d, err := New(Options{Destination: wire.Destination{To: "tcp://" + addr}, Dead: func(wire.Record, string) error { return nil },
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials++; gone && dials == 1 {
					return direct(ctx, network, "127.0.0.1:1") // refused
				}
				return direct(ctx, network, addr)
			}})
		if err != nil {
			t.Fatal(err)
		}
		d.Seed(lines(0, 10, 100))
		ctx, cancel := context.WithCancel(limited(t))
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		if err := d.Send(ctx, lines(10, 5, 100)); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		want := 5
		if gone {
			want = 15
		}
		if s.count() != want || d.Metrics().Confirmed != 5 {
			t.Errorf("restarted %v: %d lines arrive, want %d; %+v", gone, s.count(), want, d.Metrics())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
