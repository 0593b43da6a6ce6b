package deliver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"kiroku/internal/forward/wire"
)

func TestReadCommand(t *testing.T) {
	for _, test := range []struct {
		in, command, data, err string
		number                 int
	}{
		{"1 rsp 6 200 OK\n", "rsp", "200 OK", "", 1},
		{"0 serverclose 0\n", "serverclose", "", "", 0},
		{"0 serverclose 0 \n", "serverclose", "", "", 0},
		{"999999999 rsp 3 a\nb\n", "rsp", "a\nb", "", 999999999},
		{"x rsp 0\n", "", "", "not in RELP", 0},
		{"1 rsp 6 200 OKx", "", "", "no line feed", 0},
		{"1 rsp 6\n", "", "", "missing", 0},
		{"1 rsp x\n", "", "", "length", 0},
		{"1 rsp 999999999 ", "", "", "bytes", 0},
		{"1 " + strings.Repeat("x", 40) + " 0\n", "", "", "not in RELP", 0},
		{"1 rsp 6 200", "", "", "EOF", 0},
	} {
		number, command, data, err := readCommand(bufio.NewReader(strings.NewReader(test.in)))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want …%s…", test.in, err, test.err)
			}
			continue
		}
		if err != nil || number != test.number || command != test.command || string(data) != test.data {
			t.Errorf("%q: %d %q %q, %v", test.in, number, command, data, err)
		}
	}
}

// What is written is read again, and what is read was written like that.
func FuzzReadCommand(f *testing.F) {
	f.Add([]byte("1 rsp 6 200 OK\n"))
	f.Add([]byte("0 serverclose 0\n2 rsp 3 a\nb\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		for {
			number, command, data, err := readCommand(in)
			if err != nil {
				return
			}
			written := appendCommand(nil, number, command, data)
			n, c, d, err := readCommand(bufio.NewReader(bytes.NewReader(written)))
			if err != nil || n != number || c != command || !bytes.Equal(d, data) {
				t.Fatalf("%q is read as %d %q %q, %v", written, n, c, d, err)
			}
		}
	})
}

// relpServer answers RELP as a test decides: answer returns what is written for a command.
func relpServer(t *testing.T, answer func(number int, command string, data []byte) []byte) string {
	t.Helper()
	return serve(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for {
			number, command, data, err := readCommand(in)
			if err != nil {
				return
			}
			b := answer(number, command, data)
			if b == nil {
				return
			}
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	})
}

func ok(number int) []byte { return appendCommand(nil, number, "rsp", []byte("200 OK")) }

func opened(number int) []byte {
	return appendCommand(nil, number, "rsp", []byte("200 OK\nrelp_version=0\ncommands=syslog,eventlog"))
}

// Answers may come late and out of order; what has a gap before it is not confirmed.
func TestRELPOrder(t *testing.T) {
	var held [][]byte
	var got atomic.Int64
	addr := relpServer(t, func(number int, command string, _ []byte) []byte {
		if command == "open" {
			return opened(number)
		}
		got.Add(1)
		held = append([][]byte{ok(number)}, held...)
		if number%50 == 0 { // the answers of 50 commands, the last first
			b := bytes.Join(held, nil)
			held = nil
			return b
		}
		return []byte{}
	})
	d, confirmed := start(t, Options{Destination: wire.Destination{To: "relp://" + addr}})
	if err := d.Send(limited(t), lines(0, 499, 100)); err != nil { // the commands 2 to 500
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatalf("%v: %+v", err, d.Metrics())
	}
	if confirmed.Load() != 499 || got.Load() != 499 {
		t.Errorf("%d sent, %d confirmed, want 499", got.Load(), confirmed.Load())
	}
}

func TestRELPRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(number int, command string, data []byte) []byte
		want   string
	}{
		"open refused": {func(n int, _ string, _ []byte) []byte { return appendCommand(nil, n, "rsp", []byte("500 no")) }, "refuses the session"},
		"no syslog": {func(n int, _ string, _ []byte) []byte {
			return appendCommand(nil, n, "rsp", []byte("200 OK\ncommands=eventlog"))
		}, "does not offer"},
		"not RELP": {func(int, string, []byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, "not in RELP"},
		"unknown number": {func(n int, c string, _ []byte) []byte {
			if c == "open" {
				return opened(n)
			}
			return ok(n + 1000)
		}, "was not sent"},
		"not stored": {func(n int, c string, _ []byte) []byte {
			if c == "open" {
				return opened(n)
			}
			return appendCommand(nil, n, "rsp", []byte("500 disk full"))
		}, "disk full"},
		"server closes": {func(n int, c string, _ []byte) []byte {
			if c == "open" {
				return opened(n)
			}
			return []byte("0 serverclose 0\n")
		}, "closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			told := make(chan string, 1)
			d, confirmed := start(t, Options{Destination: wire.Destination{To: "relp://" + relpServer(t, test.answer)}, Problem: func(_ wire.Code, text string) {
				select {
				case told <- text:
				default:
				}
			}})
			if err := d.Send(limited(t), lines(0, 10, 100)); err != nil {
				t.Fatal(err)
			}
			if text := <-told; !strings.Contains(text, test.want) {
				t.Errorf("told %q, want …%s…", text, test.want)
			}
			if confirmed.Load() != 0 {
				t.Errorf("%d records are confirmed", confirmed.Load())
			}
		})
	}
}

// The numbers of commands begin again at 1 behind 999,999,999.
func TestRELPNumbers(t *testing.T) {
	d, err := New(Options{Destination: wire.Destination{To: "relp://192.0.2.1:20514"}, Dead: func(wire.Record, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Send(context.Background(), lines(0, 10, 10)); err != nil {
		t.Fatal(err)
	}
	s := &relpSession{d: d, c: &conn{}, number: relpNumbers - 4, free: make(chan struct{}, 1)}
	_, buf := s.take(nil, nil, 10)
	var numbers []int
	for in := bufio.NewReader(bytes.NewReader(buf)); ; {
		n, _, _, err := readCommand(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) != 10 || numbers[4] != relpNumbers || numbers[5] != 1 {
		t.Fatalf("numbers %v", numbers)
	}
	for _, n := range numbers {
		if err := s.answered(n, []byte("200 OK")); err != nil {
			t.Fatal(err)
		}
	}
	if d.q.frontier != 10 || s.number != 6 {
		t.Errorf("%d confirmed, the next number is %d", d.q.frontier, s.number)
	}
}
