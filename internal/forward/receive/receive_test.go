package receive

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seen is what a test keeps of a record.
type seen struct {
	Transport, Framing, Header, Format, UID, Line string
	PRI                                           int
}

type box struct {
	mu   sync.Mutex
	recs []seen
}

func (b *box) handle(r *Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recs = append(b.recs, seen{r.Transport, r.Framing, r.Header, r.Format, r.UID, string(r.Line), r.PRI})
	return nil
}

func (b *box) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, r := range b.recs {
		out = append(out, r.Line)
	}
	return out
}

func listen(t *testing.T, o Options) (*Receiver, *box) {
	t.Helper()
	b := &box{}
	if o.Handle == nil {
		o.Handle = b.handle
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	r, err := Listen(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	return r, b
}

// talk sends bytes, half-closes and returns what comes back.
func talk(t *testing.T, r *Receiver, text string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return "", err
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b, err := io.ReadAll(c)
	return string(b), err
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, test := range []struct {
		name, in, framing string
		want              []string
		cut               bool // the connection is not closed cleanly
	}{
		{"lf", "<109>one\ntwo\r\n\nthree\n", "lf", []string{"<109>one", "two", "three"}, false},
		{"nul", "one\x00two\nlines\x00", "nul", []string{"one", "two\nlines"}, false},
		{"octet", "8 <109>one7 two\nend", "octet", []string{"<109>one", "two\nend"}, false},
		{"octet with line feeds between", "8 <109>one\n3 two\n", "octet", []string{"<109>one", "two"}, false},
		{"a line that begins with a number", "2025-02-04T01:51:55.000Z host CEF:0\nnext line\n", "lf", []string{"2025-02-04T01:51:55.000Z host CEF:0", "next line"}, false},
		{"long", long + "\nshort\n", "lf", []string{long, "short"}, false},
		{"the last line is cut", "one\ntw", "lf", []string{"one"}, true},
		{"the last count is cut", "3 one10 two", "octet", []string{"one"}, true},
		{"no count", "3 onetwo three\n", "octet", []string{"one"}, true},
		{"too long", strings.Repeat("x", 300<<10) + "\n", "", nil, true},
		{"nothing", "", "", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, b := listen(t, Options{MaxBytes: 250 << 10})
			_, err := talk(t, r, test.in)
			if (err != nil) != test.cut {
				t.Errorf("the end is %v; a record that was not taken must be seen by its sender", err)
			}
			if diff := cmp.Diff(test.want, b.lines()); diff != "" {
				t.Errorf("records (-want +got):\n%.500s", diff)
			}
			for _, rec := range b.recs {
				if rec.Framing != test.framing {
					t.Errorf("framing %s, want %s", rec.Framing, test.framing)
				}
			}
		})
	}
}

func TestRecords(t *testing.T) {
	for _, test := range []struct {
		in   string
		want seen
	}{
		{`<109>2025-02-04T01:51:55.000Z h CEF:0|MCAS|SIEM_Agent|0.298.168|EVENT_CATEGORY_LOGIN|Log on|0|externalId=10_20 rt=1 msg=a\=b`, seen{Header: "rfc3164", Format: "cef", UID: "10_20", PRI: 109}},
		{"LEEF:2.0|V|P|1|id|x09|externalId=7\tdevTime=1", seen{Format: "leef", UID: "7", PRI: -1}},
		{`<14>1 2025-02-04T01:51:55.000Z h app - id - {"metadata":{"uid":"m1"},"event_uid":"e1"}`, seen{Header: "rfc5424", Format: "json", UID: "m1", PRI: 14}},
		{`{"event_uid":"e1","metadata_uid":"m2"}`, seen{Format: "json", UID: "m2", PRI: -1}},
		{`{"event_uid":"e1"}`, seen{Format: "json", UID: "e1", PRI: -1}},
		{`hello`, seen{Format: "text", PRI: -1}},
	} {
		r := Record{Line: []byte(test.in)}
		r.read()
		got := seen{Header: r.Header, Format: r.Format, UID: r.UID, PRI: r.PRI}
		if got != test.want || r.Problem != "" {
			t.Errorf("%s\n got %+v %s\nwant %+v", test.in, got, r.Problem, test.want)
		}
	}
	for _, in := range []string{"CEF:0|a|b", "LEEF:2.0|a", `{"a":`} {
		r := Record{Line: []byte(in)}
		if r.read(); r.Problem == "" {
			t.Errorf("%q has no problem", in)
		}
	}
}

func TestRELP(t *testing.T) {
	r, b := listen(t, Options{})
	got, err := talk(t, r, "1 open 30 relp_version=0\ncommands=syslog\n2 syslog 3 one\n3 syslog 7 two\nend\n4 other 0\n5 close 0\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 rsp ", "commands=syslog", "2 rsp 6 200 OK\n", "3 rsp 6 200 OK\n", "4 rsp 28 500 the command is not known\n", "5 rsp 0\n", "0 serverclose 0\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the answers %q lack %q", got, want)
		}
	}
	if diff := cmp.Diff([]string{"one", "two\nend"}, b.lines()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestUDPAndIPv6(t *testing.T) {
	r, b := listen(t, Options{Addr: ":0"})
	_, port, _ := net.SplitHostPort(r.Addr().String())
	n := 0
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, network := range []string{"udp", "tcp"} {
			c, err := net.Dial(network, net.JoinHostPort(host, port))
			if err != nil {
				if host == "::1" {
					t.Log("no IPv6 here:", err)
					continue
				}
				t.Fatal(err)
			}
			n++
			fmt.Fprintf(c, "%s over %s\n", host, network)
			c.Close()
		}
	}
	for begun := time.Now(); len(b.lines()) < n; time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("%d of %d arrive: %q", len(b.lines()), n, b.lines())
		}
	}
}

// One port takes syslog, RELP and HTTP, with TLS and without.
func TestOnePort(t *testing.T) {
	cert, ca, err := SelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	r, b := listen(t, Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	trust := &tls.Config{RootCAs: pool}
	c, err := tls.Dial("tcp", r.Addr().String(), trust)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "8 over TLS")
	_ = c.CloseWrite()
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the end of TLS: %v", err)
	}
	c.Close()
	if _, err := talk(t, r, "over TCP\n"); err != nil {
		t.Error(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	for _, scheme := range []string{"http", "https"} {
		res, err := client.Post(scheme+"://"+r.Addr().String()+"/", "text/plain", strings.NewReader("over "+scheme+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Errorf("%s: %s", scheme, res.Status)
		}
	}
	if diff := cmp.Diff([]string{"over TLS", "over TCP", "over http", "over https"}, b.lines()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// What cannot be stored is not confirmed, in no protocol.
func TestNotStored(t *testing.T) {
	r, _ := listen(t, Options{Handle: func(*Record) error { return fmt.Errorf("disk full") }})
	if _, err := talk(t, r, "one\n"); err == nil {
		t.Error("TCP: the connection is closed as if all were taken")
	}
	got, _ := talk(t, r, "1 open 0\n2 syslog 3 one\n")
	if !strings.Contains(got, "2 rsp 29 500 the record was not stored") || strings.Contains(got, "2 rsp 6 200") {
		t.Errorf("RELP: %q", got)
	}
	res, err := http.Post("http://"+r.Addr().String()+"/", "text/plain", strings.NewReader("one\n"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("HTTP: %s", res.Status)
	}
}

func TestHTTPRefuses(t *testing.T) {
	r, b := listen(t, Options{})
	base := "http://" + r.Addr().String()
	for _, test := range []struct{ path, body string }{
		{"/_bulk", "{\"create\":{}}\n"}, {"/_bulk", "{}\n{}\n"}, {"/_bulk", "{\"delete\":{}}\n{}\n"}, {"/", "[1,"}, {"/services/collector/event", "{\"event\":"}, {"/services/collector/event", "{}"}, {"/services/collector/ack", "x"},
	} {
		res, err := http.Post(base+test.path, "", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s %q: %s", test.path, test.body, res.Status)
		}
	}
	if len(b.lines()) != 0 {
		t.Errorf("taken: %q", b.lines())
	}
}

func TestReceipts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "receipts.jsonl")
	receipts, err := OpenReceipts(file)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := listen(t, Options{Receipts: receipts})
	if _, err := talk(t, r, "CEF:0|a|b|1|2|n|3|externalId=one\nCEF:0|a|b|1|2|n|3|externalId=two\n"); err != nil {
		t.Fatal(err)
	}
	// The receipts are there when the connection ends, without Close.
	set, err := LoadReceipts(t.Context(), nil, file, time.Time{})
	if err != nil || !set.Has("one") || !set.Has("two") || set.Has("three") {
		t.Fatalf("%v, %+v", err, set)
	}
	later, err := LoadReceipts(t.Context(), nil, "http://"+r.Addr().String(), time.Now().Add(time.Hour))
	if err != nil || later.Len() != 0 {
		t.Errorf("receipts of the future: %d, %v", later.Len(), err)
	}
	if err := receipts.Close(); err != nil {
		t.Fatal(err)
	}
	// A crash may leave part of a line.
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, `{"time":"2026-11-22T`)
	f.Close()
	if receipts, err = OpenReceipts(file); err != nil {
		t.Fatal(err)
	}
	defer receipts.Close()
	if err := receipts.add(&Record{UID: "three", Line: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if err := receipts.Sync(); err != nil {
		t.Fatal(err)
	}
	if set, err = LoadReceipts(t.Context(), nil, file, time.Time{}); err != nil || set.Len() != 3 || !set.Has("three") {
		t.Errorf("after a crash: %v, %+v", err, set)
	}
}

func TestReceiptsRefuse(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadReceipts(t.Context(), nil, text, time.Time{}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a text is read as receipts: %v", err)
	}
	if _, err := LoadReceipts(t.Context(), nil, filepath.Join(dir, "absent"), time.Time{}); err == nil {
		t.Error("an absent file is read")
	}
	if _, err := OpenReceipts(dir); err == nil {
		t.Error("a folder is opened as receipts")
	}
	r, _ := listen(t, Options{})
	if _, err := LoadReceipts(t.Context(), nil, "http://"+r.Addr().String(), time.Time{}); err == nil || !strings.Contains(err.Error(), "--receipts") {
		t.Errorf("a receiver without receipts: %v", err)
	}
}

func TestSetIsBounded(t *testing.T) {
	s := &Set{limit: 100}
	for i := range 1000 {
		if err := s.add(fmt.Sprint(i % 50)); err != nil {
			t.Fatal(err)
		}
	}
	s.sort()
	if s.Len() != 50 || !s.Has("49") || s.Has("50") {
		t.Errorf("%d ids, want 50", s.Len())
	}
	var err error
	for i := 0; i < 200 && err == nil; i++ {
		err = s.add(fmt.Sprint("more ", i))
	}
	if err == nil || len(s.hashes) > 100 {
		t.Errorf("%d hashes are kept, error %v", len(s.hashes), err)
	}
}
