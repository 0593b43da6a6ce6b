package deliver

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kiroku/internal/forward/receive"
	"kiroku/internal/forward/wire"
)

// A port that speaks something else than the destination says: what it is, and what to write instead. Nothing is confirmed
// there, and no record is taken for one that can never be delivered.
func TestWrongPort(t *testing.T) {
	says := func(text string) string {
		return serve(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1000))
			_, _ = io.WriteString(c, text)
		})
	}
	host := func(url string) string { return url[strings.LastIndex(url, "/")+1:] }
	web := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }
	cert, public, err := receive.SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, public, 0o600); err != nil {
		t.Fatal(err)
	}
	closesAfterTLS := serve(t, func(c net.Conn) { _ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake() })
	for _, test := range []struct{ name, to, got, next string }{
		{"http to Go's https", "http://" + host(stranger(t, httptest.NewTLSServer, web)), "HTTP request to an HTTPS server", "use https:// instead of http://"},
		{"http to nginx's https", "http://" + says("HTTP/1.1 400 Bad Request\r\nContent-Length: 45\r\n\r\nThe plain HTTP request was sent to HTTPS port"), "HTTPS port", "use https:// instead of http://"},
		{"http to TLS", "http://" + says("\x15\x03\x01\x00\x02\x02\x46"), `\x15\x03`, "use https:// instead of http://"},
		{"http to what closes", "http://" + says(""), "without an answer", "perhaps the port wants TLS (https://)"},
		{"http to SSH", "http://" + says("SSH-2.0-x\r\n\r\n"), "SSH-2.0", "not in HTTP"},
		{"RELP to TLS", "relp://" + says("\x15\x03\x03\x00\x02\x02\x46"), `"\x15\x03`, "use relp+tls:// instead of relp://"},
		{"RELP to a web server", "relp://" + host(stranger(t, httptest.NewServer, web)), `"HTTP/1.1 400`, "a web server answers: write http://"},
		{"RELP to SSH", "relp://" + says("SSH-2.0-x\r\n"), `"SSH-2.0`, "an SSH server answers"},
		{"RELP to SMTP", "relp://" + says("220 mail.example.com ESMTP\r\n"), `"220 mail`, "a mail or FTP server answers"},
		{"RELP to something", "relp://" + says("who are you?\n"), `"who are`, "module imrelp"},
		{"RELP to what closes", "relp://" + says(""), "does not answer the opening of RELP", "for plain syslog write tcp://"},
		{"RELP over TLS to what closes", "relp+tls://" + closesAfterTLS, "does not answer the opening of RELP", "the receiver wants a client certificate, or does not permit ours"},
		{"RELP that is cut off", "relp://" + says("1 rsp 30 200 OK"), "does not answer the opening of RELP", "was restarted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			told := make(chan string, 100)
			d, confirmed := start(t, Options{Destination: wire.Destination{To: test.to, TLS: wire.TLS{CAFiles: []string{ca}}}, Problem: func(_ wire.Code, text string) {
				select {
				case told <- text:
				default:
				}
			}})
			if err := d.Send(limited(t), lines(0, 3, 100)); err != nil {
				t.Fatal(err)
			}
			if text := <-told; !strings.Contains(text, test.got) || !strings.Contains(text, test.next) {
				t.Errorf("told %q, want …%s…%s…", text, test.got, test.next)
			}
			if m := d.Metrics(); confirmed.Load() != 0 || m.Dead != 0 {
				t.Errorf("%d records are confirmed, %d dead letters", confirmed.Load(), m.Dead)
			}
		})
	}
}

func stranger(t *testing.T, start func(http.Handler) *httptest.Server, h http.HandlerFunc) string {
	t.Helper()
	s := start(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	return s.URL
}

// That a receiver was perhaps restarted is said when it is there again, and once: as long as it is down nobody knows.
func TestRestartIsToldWhenItIsBack(t *testing.T) {
	var out strings.Builder
	to := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	d, err := New(Options{Destination: wire.Destination{To: "tcp://" + to, Confirm: wire.ConfirmHalfClose}, Log: slog.New(slog.NewTextHandler(&out, nil)),
		Dead: func(wire.Record, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Send(limited(t), lines(0, 10, 100)); err != nil {
		t.Fatal(err)
	}
	if _, upTo := d.q.take(nil, 10, chunkBytes); upTo != 10 {
		t.Fatalf("took up to %d", upTo)
	}
	d.arrived(10)
	for range 3 {
		d.failed(t.Context(), &dialError{d.targets[0], syscall.ECONNREFUSED})
	}
	if strings.Contains(out.String(), "restarted") {
		t.Errorf("while it is down: %s", out.String())
	}
	for range 2 {
		c, err := d.open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if strings.Count(out.String(), "may have been restarted") != 1 || !strings.Contains(out.String(), "events=10") {
		t.Errorf("when it is back: %s", out.String())
	}
}
