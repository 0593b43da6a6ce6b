package deliver

import (
	"context"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// TestBlocked has a receiver that takes nothing until it is replaced by one that works: it is said what is wrong, and
// afterwards everything arrives without anybody's help.
func TestBlocked(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	tests := []struct {
		name string
		args []string // of the fault receiver; nil: it does not run
		ways []string
		code wire.Code
		text string
		swap bool // the certificate, too
	}{
		{"stop-reading", []string{"-mode", "stop-reading", "-n", "70000"}, []string{"halfclose", "relp", "http", "tls", "window"}, wire.SendError, "takes nothing more", false},
		{"accept-silent", []string{"-mode", "accept-silent"}, []string{"halfclose", "relp", "http"}, wire.SendError, "takes nothing more", false},
		{"accept-silent", []string{"-mode", "accept-silent"}, []string{"tls"}, wire.TLSError, "no answer to the TLS handshake", false},
		{"half-line-then-stall", []string{"-mode", "half-line-then-stall", "-n", "1000"}, []string{"halfclose", "relp", "http"}, wire.SendError, "takes nothing more", false},
		{"refuse", nil, []string{"halfclose", "relp", "http", "tls", "window"}, wire.ConnectionError, "nothing listens", false},
		{"tls-late-alert", []string{"-mode", "tls-late-alert"}, []string{"tls", "relp+tls", "https"}, wire.TLSError, "wants a client certificate", false},
		{"wrong-cert", []string{"-mode", "wrong-cert"}, []string{"tls", "relp+tls"}, wire.TLSError, "other.example.com", true},
		{"plain port", []string{}, []string{"tls-to-plain"}, wire.TLSError, "TLS", false},
	}
	for _, test := range tests {
		for _, name := range test.ways {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				blocked(t, wayNamed(name), test.args, test.code, test.text, test.swap)
			})
		}
	}
}

func wayNamed(name string) way {
	for _, w := range ways() {
		if w.name == name {
			return w
		}
	}
	switch name {
	case "https":
		return way{"https", func(f *faultReceiver) wire.Destination {
			return wire.Destination{To: "https://" + f.addr + "/in", TLS: wire.TLS{CAFiles: []string{f.ca()}}}
		}, []string{"tls"}, batchRecords}
	}
	return way{name, func(f *faultReceiver) wire.Destination {
		return wire.Destination{To: "tls://" + f.addr, TLS: wire.TLS{CAFiles: []string{f.ca()}}}
	}, nil, 0}
}

func blocked(t *testing.T, w way, args []string, code wire.Code, text string, swap bool) {
	f := newFaultReceiver(t)
	good := w.args(f)
	if w.name == "tls-to-plain" {
		good = []string{"-ca", f.ca()}
	}
	// The certificate and the port are known before the fault.
	f.start(append(good[:len(good):len(good)], "-mode", modeOf(args, swap))...)
	f.kill()
	if args != nil {
		bad := append(w.args(f), args...)
		f.start(bad...)
	}
	type problem struct {
		code wire.Code
		text string
	}
	problems := make(chan problem, 100)
	const n = 3000
	d, confirmed := start(t, Options{Destination: w.dest(f), stall: 500 * time.Millisecond, Problem: func(c wire.Code, s string) {
		select {
		case problems <- problem{c, s}:
		default:
		}
	}})
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	sent := make(chan error, 1)
	go func() { sent <- d.Send(ctx, lines(0, n, 600)) }()
	select {
	case p := <-problems:
		if p.code != code || !strings.Contains(p.text, text) {
			t.Errorf("problem %s: %s; want %s: …%s…", p.code, p.text, code, text)
		} else {
			t.Log(p.text)
		}
	case <-ctx.Done():
		t.Fatal("nobody is told")
	}
	if m := d.Metrics(); !m.Blocked || m.Error == "" {
		t.Errorf("the metrics do not say blocked: %+v", m)
	}
	f.kill()
	if swap {
		return // the certificate stays wrong
	}
	f.start(good...)
	d.Wake()
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(ctx); err != nil {
		t.Fatalf("flush: %v; %d arrived; %+v", err, f.received(), d.Metrics())
	}
	o := f.outcome(n)
	t.Logf("lost %d, duplicates %d, out of order %d", o.lost, o.duplicates, o.disordered)
	if o.lost != 0 || o.disordered != 0 || o.duplicates > max(w.bound, boundHalfClose) {
		t.Errorf("%+v, at most %d duplicates are expected", o, w.bound)
	}
	if confirmed.Load() != n || d.Metrics().Blocked {
		t.Errorf("%d of %d confirmed; %+v", confirmed.Load(), n, d.Metrics())
	}
}

// modeOf is the mode in which the certificate is made.
func modeOf(args []string, swap bool) string {
	if swap {
		return args[1]
	}
	return "ok"
}
