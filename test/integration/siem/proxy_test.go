//go:build integration

package siem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// tinyproxy is a proxy that wants a password. It says in its log what it is asked for.
func tinyproxy(t *testing.T, user, password string) (address string, log func() string) {
	t.Helper()
	root, dir, port := unpacked(t, "usr/bin/tinyproxy"), t.TempDir(), freePort(t)
	file := filepath.Join(dir, "log")
	conf := write(t, dir, "tinyproxy.conf", fmt.Sprintf("Port %d\nListen 127.0.0.1\nTimeout 600\nMaxClients 100\nAllow 127.0.0.1\nBasicAuth %s %s\nLogFile %q\nLogLevel Connect\n", port, user, password, file))
	address = fmt.Sprintf("127.0.0.1:%d", port)
	listening(t, launch(t, nil, filepath.Join(root, "usr/bin/tinyproxy"), "-d", "-c", conf), address)
	return address, func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// hops is what "kiroku agent check --json" prints.
type hops struct {
	Hops []struct {
		Hop                        int
		Name, Status, Text, Remedy string
		Destination                string
	}
}

// warns says whether a hop warns of something.
func (h *hops) warns(name, text string) bool {
	for _, hop := range h.Hops {
		if hop.Name == name && hop.Status == "warn" && strings.Contains(hop.Text, text) {
			return true
		}
	}
	return false
}

func (s *server) check(t *testing.T, m made, args ...string) (h hops, code int) {
	t.Helper()
	out, errors, code := s.run(t, append([]string{"agent", "check", "--server", s.url(), "--token", m.Token, "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &h); err != nil {
		t.Fatalf("kiroku agent check ended with %d and printed no JSON: %v: %s %s", code, err, out, errors)
	}
	return h, code
}

// TestProxy has an agent reach its server, and its destination, through a proxy that wants a password. With half-close it is
// the proxy that answers, so the records of one connection may overtake those of the one before.
func TestProxy(t *testing.T) {
	t.Parallel()
	const n = 3000
	proxy, log := tinyproxy(t, "agent", "s3cret")
	s := serve(t)
	s.store(t, 0, n)
	for _, scheme := range []string{"tls", "relp+tls", "tcp"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			r := faulty(t, scheme)
			if r.certificate != "" {
				r.kill()
				newAuthority(t).give(t, r, false)
				r.start(t)
			}
			m := s.create(t, append([]string{"--to", r.to, "--through-proxy"}, r.create...)...)
			good := []string{"--proxy", "http://agent:s3cret@" + proxy}
			h, code := s.check(t, m, good...)
			if code != 0 {
				t.Errorf("kiroku agent check ends with %d: %+v", code, h)
			}
			if warned := h.warns("confirmation", "it may be the proxy"); warned != (scheme != "relp+tls") {
				t.Errorf("kiroku agent check warns of half-close through a proxy: %v; %+v", warned, h)
			}
			a := s.agent(t, m, good...)
			s.acknowledged(t, m, a, n, time.Minute)
			a.stop()
			if c := r.arrived.look(t); c.distinct != n || c.duplicates != 0 || c.torn != 0 || scheme == "relp+tls" && c.disordered != 0 {
				t.Errorf("%d of %d records arrived, %d twice, %d out of order", c.distinct, n, c.duplicates, c.disordered)
			}
			if !regexp.MustCompile(`CONNECT ` + regexp.QuoteMeta(r.address)).MatchString(log()) {
				t.Errorf("the proxy was not asked for the destination:\n%.2000s", log())
			}
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		r := faulty(t, "tcp")
		m := s.create(t, append([]string{"--to", r.to}, r.create...)...)
		// tinyproxy answers 407 to no password, and 401 to a wrong one. The server is asked without TLS here, so the proxy is
		// asked with the first request, not by CONNECT.
		for name, bad := range map[string]string{"401": "http://agent:other@" + proxy, "407": proxy} {
			h, code := s.check(t, m, "--proxy", bad)
			if code != 3 {
				t.Errorf("%s: kiroku agent check ends with %d, want 3", name, code)
			}
			told := false
			for _, hop := range h.Hops {
				told = told || hop.Status == "fail" && strings.Contains(hop.Text, name) && strings.Contains(hop.Text+hop.Remedy, "proxy")
				if strings.Contains(hop.Text+hop.Remedy, "other@") {
					t.Errorf("%s: the password is printed: %+v", name, hop)
				}
			}
			if !told {
				t.Errorf("%s: no hop says what is wrong with the proxy: %+v", name, h)
			}
			a := s.agent(t, m, "--proxy", bad)
			until(t, "the agent says what is wrong", 20*time.Second, func() bool { return strings.Contains(a.words(), name) })
			if a.ended() {
				t.Errorf("%s: the agent gives up: %s", name, a.tail())
			}
			a.stop()
		}
		if got := r.arrived.look(t).distinct; got != 0 {
			t.Errorf("%d records arrived without the password", got)
		}
	})
	t.Run("socks5", func(t *testing.T) {
		t.Parallel()
		socks, conns := socks5(t, "agent", "s3cret")
		r := faulty(t, "relp")
		m := s.create(t, append([]string{"--to", r.to, "--through-proxy"}, r.create...)...)
		good := []string{"--proxy", "socks5://agent:s3cret@" + socks}
		if h, code := s.check(t, m, good...); code != 0 {
			t.Errorf("kiroku agent check ends with %d: %+v", code, h)
		}
		before := conns.Load()
		a := s.agent(t, m, good...)
		s.acknowledged(t, m, a, n, time.Minute)
		a.stop()
		r.arrived.complete(t, n, 0, false)
		if got := conns.Load() - before; got < 2 {
			t.Errorf("%d connections went through the proxy, want those to the server and to the destination", got)
		}
		if h, code := s.check(t, m, "--proxy", "socks5://agent:other@"+socks); code != 3 {
			t.Errorf("with a wrong password kiroku agent check ends with %d: %+v", code, h)
		}
	})
}

// socks5 is a proxy of RFC 1928 that wants user and password (RFC 1929), and counts the connections that it makes.
func socks5(t *testing.T, user, password string) (address string, conns *atomic.Int64) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	conns = &atomic.Int64{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				to, err := socksRequest(c, user, password)
				if err != nil {
					return
				}
				defer to.Close()
				conns.Add(1)
				relay(c, to)
			}()
		}
	}()
	return l.Addr().String(), conns
}

func socksRequest(c net.Conn, user, password string) (net.Conn, error) {
	b := make([]byte, 512)
	read := func(n int) []byte { _, _ = io.ReadFull(c, b[:n]); return b[:n] }
	read(int(read(2)[1])) // methods
	if _, err := c.Write([]byte{5, 2}); err != nil {
		return nil, err
	}
	name := bytes.Clone(read(int(read(2)[1])))
	if secret := read(int(read(1)[0])); string(name) != user || string(secret) != password {
		_, err := c.Write([]byte{1, 1})
		return nil, fmt.Errorf("wrong password: %w", err)
	}
	if _, err := c.Write([]byte{1, 0}); err != nil {
		return nil, err
	}
	host := ""
	switch kind := read(4)[3]; kind {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	default:
		return nil, fmt.Errorf("address of kind %d", kind)
	}
	port := read(2)
	to, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(int(port[0])<<8|int(port[1]))))
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return nil, err
	}
	_, err = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return to, err
}

// relay copies both ways, and each end on its own.
func relay(x, y net.Conn) {
	done := make(chan struct{})
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.(*net.TCPConn).CloseWrite()
		done <- struct{}{}
	}
	go pass(x, y)
	go pass(y, x)
	<-done
	<-done
}
