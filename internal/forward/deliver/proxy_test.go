package deliver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"kiroku/internal/forward/wire"
)

func TestParseProxy(t *testing.T) {
	for _, test := range []struct{ in, want, err string }{
		{"192.0.2.1", "http://192.0.2.1:8080", ""},
		{"192.0.2.1:3128", "http://192.0.2.1:3128", ""},
		{"proxy.example.com", "http://proxy.example.com:8080", ""},
		{"2001:db8::1", "http://[2001:db8::1]:8080", ""},
		{"[2001:db8::1]:3128", "http://[2001:db8::1]:3128", ""},
		{"http://u:p%40ss@proxy.example.com:80", "http://u@proxy.example.com:80", ""},
		{"https://proxy.example.com", "https://proxy.example.com:443", ""},
		{"socks5://u:p@proxy.example.com", "socks5://u@proxy.example.com:1080", ""},
		{"", "", "is empty"},
		{"ftp://proxy.example.com", "", `scheme "ftp"`},
		{"http://", "", "host of the proxy is missing"},
		{"http://:8080", "", "host of the proxy is missing"},
		{"proxy.example.com:0", "", `port "0"`},
		{"proxy.example.com:65536", "", `port "65536"`},
		{"proxy.example.com:http", "", "port of the proxy"},
		{"http://u:secret%zz@proxy.example.com", "", "user or password"},
		{"http://:secret@proxy.example.com", "", "user of the proxy is empty"},
		{"http://proxy.example.com/path", "", "nothing may follow"},
		{"http://[2001:db8::1", "", "host of the proxy"},
		{"http://pro xy.example.com", "", "host"},
	} {
		p, err := ParseProxy(test.in)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q: error %v, want …%s… without the password", test.in, err, test.err)
			}
			continue
		}
		if err != nil || p.String() != test.want {
			t.Errorf("%q: %v, %v; want %s", test.in, p, err, test.want)
		}
	}
}

func FuzzParseProxy(f *testing.F) {
	f.Add("http://u:p@proxy.example.com:80")
	f.Add("2001:db8::1")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseProxy(s)
		if err != nil {
			return
		}
		again, err := ParseProxy(p.URL().String())
		if err != nil || *again != *p {
			t.Errorf("%q: %+v is read again as %+v, %v", s, p, again, err)
		}
	})
}

func TestBypasses(t *testing.T) {
	for _, test := range []struct {
		list, addr string
		want       bool
	}{
		{"", "siem.example.com:514", false},
		{"*", "siem.example.com:514", true},
		{"example.com", "siem.example.com:514", true},
		{"example.com", "example.com:514", true},
		{".example.com", "example.com:514", false},
		{"*.example.com", "siem.example.com:514", true},
		{"ample.com", "example.com:514", false},
		{"other.example.com, SIEM.example.com:514", "siem.example.com:514", true},
		{"siem.example.com:515", "siem.example.com:514", false},
		{"192.0.2.0/24", "192.0.2.7:514", true},
		{"192.0.2.0/24", "198.51.100.7:514", false},
		{"192.0.2.7", "192.0.2.7:514", true},
		{"2001:db8::/32", "[2001:db8::7]:514", true},
		{"[2001:db8::7]:514", "[2001:db8::7]:514", true},
	} {
		if got := Bypasses(test.list, test.addr); got != test.want {
			t.Errorf("%q for %s: %v, want %v", test.list, test.addr, got, test.want)
		}
	}
}

// connectProxy answers CONNECT with a status; with 200 it passes bytes on.
func connectProxy(t *testing.T, user string, status string) string {
	t.Helper()
	return serve(t, func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil || req.Method != http.MethodConnect {
			return
		}
		if name, secret, _ := (&http.Request{Header: http.Header{"Authorization": req.Header["Proxy-Authorization"]}}).BasicAuth(); user != "" && name+":"+secret != user {
			_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
			return
		}
		if status != "" {
			_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
			return
		}
		out, err := net.Dial("tcp", req.Host)
		if err != nil {
			_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		pass(c, out)
	})
}

// pass copies both ways, each end by itself.
func pass(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(a, b)
		_ = a.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(b, a)
	_ = b.(*net.TCPConn).CloseWrite()
	<-done
	b.Close()
}

func serve(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return l.Addr().String()
}

// socksProxy speaks SOCKS5 with a user and password.
func socksProxy(t *testing.T, user string, code byte) string {
	t.Helper()
	return serve(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil || head[0] != 5 {
			return
		}
		methods := make([]byte, head[1])
		_, _ = io.ReadFull(in, methods)
		if user != "" {
			if !strings.Contains(string(methods), "\x02") {
				_, _ = c.Write([]byte{5, 0xff})
				return
			}
			_, _ = c.Write([]byte{5, 2})
			_, _ = io.ReadFull(in, head)
			name := make([]byte, head[1])
			_, _ = io.ReadFull(in, name)
			n, _ := in.ReadByte()
			secret := make([]byte, n)
			_, _ = io.ReadFull(in, secret)
			if string(name)+":"+string(secret) != user {
				_, _ = c.Write([]byte{1, 1})
				return
			}
			_, _ = c.Write([]byte{1, 0})
		} else {
			_, _ = c.Write([]byte{5, 0})
		}
		req := make([]byte, 10) // IPv4 only
		_, _ = io.ReadFull(in, req)
		_, _ = c.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0})
		if code != 0 {
			return
		}
		out, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: req[4:8], Port: int(req[8])<<8 | int(req[9])})
		if err != nil {
			return
		}
		pass(c, out)
	})
}

func TestProxyRefuses(t *testing.T) {
	for _, test := range []struct{ name, proxy, want string }{
		{"407 without", "http://" + connectProxy(t, "u:p", ""), "wants a user and password (407)"},
		{"407 wrong", "http://u:wrong@" + connectProxy(t, "u:p", ""), "does not accept user and password (407)"},
		{"403", "http://" + connectProxy(t, "", "403 Forbidden"), "its policy forbids 192.0.2.1:514 (403)"},
		{"401", "http://u:wrong@" + connectProxy(t, "", "401 Unauthorized"), "does not accept user and password (401)"}, // tinyproxy
		{"502", "http://" + connectProxy(t, "", "502 Bad Gateway"), "cannot reach 192.0.2.1:514 (502)"},
		{"504", "http://" + connectProxy(t, "", "504 Gateway Timeout"), "does not answer it (504)"},
		{"418", "http://" + connectProxy(t, "", "418 teapot"), "refuses the way"},
		{"no proxy", "http://" + serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n") }), "is no HTTP"},
		{"closes", "http://" + serve(t, func(net.Conn) {}), "did not answer CONNECT"},
		{"socks without", "socks5://" + socksProxy(t, "u:p", 0), "wants a user and password"},
		{"socks wrong", "socks5://u:wrong@" + socksProxy(t, "u:p", 0), "does not accept user and password; check them"},
		{"socks policy", "socks5://" + socksProxy(t, "", 2), "its policy forbids"},
		{"socks unreachable", "socks5://" + socksProxy(t, "", 4), "host unreachable"},
		{"socks refused", "socks5://" + socksProxy(t, "", 5), "refuses its connection"},
		{"socks to http", "socks5://" + serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad\r\n\r\n") }), "does not speak SOCKS5"},
		{"nobody", "http://127.0.0.1:1", "cannot be reached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := ParseProxy(test.proxy)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.DialContext(t.Context(), "tcp", "192.0.2.1:514")
			var told *ProxyError
			if !errors.As(err, &told) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want …%s…", err, test.want)
			}
			text, code := Explain(&dialError{target{host: "192.0.2.1", port: "514"}, err}, "")
			if code != wire.ConnectionError || !strings.Contains(text, test.want) {
				t.Errorf("explained as %s: %s", code, text)
			}
		})
	}
}

// A destination behind a proxy is delivered to with half-close: the end of one direction goes through.
func TestThroughProxy(t *testing.T) {
	t.Parallel()
	for name, proxy := range map[string]string{"connect": "http://u:p@" + connectProxy(t, "u:p", ""), "socks5": "socks5://u:p@" + socksProxy(t, "u:p", 0)} {
		t.Run(name, func(t *testing.T) {
			p, err := ParseProxy(proxy)
			if err != nil {
				t.Fatal(err)
			}
			s := newSink(t)
			d, confirmed := start(t, Options{Destination: wire.Destination{To: "tcp://" + s.l.Addr().String()}, Dial: p.Bypass("", nil)})
			if err := d.Send(limited(t), lines(0, 1200, 100)); err != nil {
				t.Fatal(err)
			}
			if err := d.Flush(limited(t)); err != nil {
				t.Fatal(err)
			}
			if confirmed.Load() != 1200 || s.count() != 1200 {
				t.Errorf("%d confirmed, %d arrived, want 1200", confirmed.Load(), s.count())
			}
		})
	}
}

func TestBypass(t *testing.T) {
	p, err := ParseProxy("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	asked := ""
	dial := p.Bypass("192.0.2.0/24", func(_ context.Context, _, addr string) (net.Conn, error) {
		asked = addr
		return nil, errForeign
	})
	if _, err := dial(t.Context(), "tcp", "192.0.2.7:514"); !errors.Is(err, errForeign) || asked == "" {
		t.Errorf("%v: what NO_PROXY names goes through the proxy", err)
	}
	var told *ProxyError
	if _, err := dial(t.Context(), "tcp", "198.51.100.7:514"); !errors.As(err, &told) {
		t.Errorf("%v: what NO_PROXY does not name is dialed directly", err)
	}
}
