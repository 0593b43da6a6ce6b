package cli

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"kiroku/internal/api/client"
	"kiroku/internal/fault"
)

func TestFind(t *testing.T) {
	running, empty := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{urlFile: "http://127.0.0.1:4711\n", tokenFile: "folder\n"} {
		if err := os.WriteFile(filepath.Join(running, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name       string
		target     Target
		cwd        string // its folder "data" is the default one
		env        map[string]string
		url, token string
		kind       fault.Kind
	}{
		{name: "nothing", cwd: empty, url: "http://127.0.0.1:8480"},
		{name: "data folder", target: Target{Data: running}, url: "http://127.0.0.1:4711", token: "folder"},
		{name: "data folder wins over the environment", target: Target{Data: running}, env: map[string]string{EnvURL: "http://192.0.2.1", EnvToken: "env"}, url: "http://127.0.0.1:4711", token: "folder"},
		{name: "data folder without a server", target: Target{Data: empty}, env: map[string]string{EnvURL: "http://192.0.2.1"}, kind: fault.NotFound},
		{name: "environment", env: map[string]string{EnvURL: "http://192.0.2.1/", EnvToken: "env"}, url: "http://192.0.2.1", token: "env"},
		{name: "flags win over everything", target: Target{URL: "https://192.0.2.2", Token: "flag", Data: running}, env: map[string]string{EnvURL: "http://192.0.2.1", EnvToken: "env"}, url: "https://192.0.2.2", token: "flag"},
		{name: "default data folder", cwd: running, url: "http://127.0.0.1:4711", token: "folder"},
		{name: "token of the default data folder goes nowhere else", cwd: running, target: Target{URL: "http://192.0.2.2"}, url: "http://192.0.2.2"},
		{name: "token of a named data folder", target: Target{URL: "http://192.0.2.2", Data: running}, url: "http://192.0.2.2", token: "folder"},
		{name: "address without scheme", target: Target{URL: "192.0.2.2:8480"}, url: "http://192.0.2.2:8480"},
		{name: "no address", target: Target{URL: "ftp://x"}, kind: fault.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			work := t.TempDir()
			if tt.cwd != "" {
				if err := os.Symlink(tt.cwd, filepath.Join(work, DefaultData)); err != nil {
					t.Fatal(err)
				}
			}
			t.Chdir(work)
			tt.target.Getenv = func(k string) string { return tt.env[k] }
			url, token, err := tt.target.Find()
			if url != tt.url || token != tt.token || (tt.kind != fault.Other) != (err != nil) || fault.KindOf(err) != tt.kind {
				t.Errorf("found %q with token %q, error %v; want %q with %q, kind %d", url, token, err, tt.url, tt.token, tt.kind)
			}
		})
	}
}

func TestStream(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		kind       fault.Kind
		text, next string
	}{
		{name: "problem", status: 400, body: `{"type":"x","title":"Bad Request","status":400,"detail":"read time: no","next":"Write one."}`, kind: fault.Invalid, text: "read time: no", next: "Write one."},
		{name: "busy", status: 503, body: `{"status":503,"detail":"disk is full"}`, kind: fault.Busy, text: "disk is full"},
		{name: "failure", status: 500, body: `{"status":500,"detail":"the service failed","request_id":"ab"}`, kind: fault.Other, text: "the service failed (request ab)"},
		{name: "something else", status: 404, body: `<html>`, kind: fault.NotFound, text: "the server answered 404: Not Found"},
		{name: "no token", status: 401, body: `{"status":401,"detail":"it carries no token","next":"Send a header."}`, kind: fault.NoToken, text: "it carries no token", next: "Give a token with --token or KIROKU_TOKEN; on the server's machine --data DIR finds it."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization"); got != "Bearer secret" {
					t.Errorf("Authorization is %q", got)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer srv.Close()
			s, err := NewServer(srv.URL, "secret")
			if err != nil {
				t.Fatal(err)
			}
			_, err = Answer[client.Status](s.Status(t.Context()))
			if err == nil || fault.KindOf(err) != tt.kind || err.Error() != tt.text || fault.NextOf(err) != tt.next {
				t.Errorf("error is %q of kind %d with next %q", err, fault.KindOf(err), fault.NextOf(err))
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	s, err := NewServer("http://127.0.0.1:1", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Stream(s.Status(t.Context()))
	if want := "reach server at http://127.0.0.1:1: connection refused"; err == nil || err.Error() != want || !Retryable(err) {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestWait(t *testing.T) {
	if a, b, c := Wait(1), Wait(3), Wait(1000); a != 250*time.Millisecond || b != time.Second || c != 15*time.Second {
		t.Errorf("waits are %v, %v, %v", a, b, c)
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"clean text stays", Clean("plain 日本語"), "plain 日本語"},
		{"escape sequence", Clean("\x1b[31mred\n\t\x00\x9b"), `\x1b[31mred\n\t\x00\x9b`},
		{"direction of writing", Clean("a\u202eb"), `a\u202eb`},
		{"invalid UTF-8", Clean("a\xffb"), `a\xffb`},
		{"fits", Fit("abc", 3), "abc"},
		{"cut", Fit("abcdef", 4), "abc…"},
		{"wide letters", Fit("日本語", 5), "日本…"},
		{"bytes", Bytes(512) + " " + Bytes(1536) + " " + Bytes(5<<30), "512 B 1.5 KiB 5.0 GiB"},
		{"count", Count(0) + " " + Count(999) + " " + Count(1000) + " " + Count(1234567) + " " + Count(-1234), "0 999 1,000 1,234,567 -1,234"},
		{"span", Span(9*time.Second) + " " + Span(61*time.Second) + " " + Span(3*time.Hour) + " " + Span(50*time.Hour), "9s 1m 01s 3h 00m 2d 02h"},
		{"never", Ago(time.Time{}, time.Now()), "never"},
		{"caret", Caret("user:(", 5, 6), "  user:(\n       ^"},
		{"caret behind wide letters", Caret("日本:x y", 7, 8), "  日本:x y\n       ^"},
		{"caret in the second line", Caret("SELECT\nnothing", 7, 14), "  nothing\n  ^^^^^^^"},
		{"caret out of range", Caret("x", 7, 3), "  x\n   ^"},
		{"progress", progressText(Progress{Done: 1 << 20, Total: 4 << 20, Items: 2000, Current: "a.log"}, 2*time.Second),
			"25 %  6s left  1,000/s  2,000 records  1.0 MiB of 4.0 MiB  a.log"},
		{"progress without an end", progressText(Progress{Done: 1 << 20, Items: 10}, time.Second), "10/s  10 records  1.0 MiB"},
		{"bar", bar(0.5, 4) + bar(2, 4) + bar(0, 4), "[##..][####][....]"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	table := Table{Width: 30, Columns: []Column{{Name: "NAME", Max: 6}, {Name: "N", Right: true}, {Name: "TEXT", Flex: true}}}
	table.Add("alexandra", "7", "a text that is longer than the line")
	table.Add("日本", "1200", "x\x1b")
	if err := table.Print(&b); err != nil {
		t.Fatal(err)
	}
	table.Headless = true
	table.Add("b", "1", "y")
	if err := table.Print(&b); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"NAME       N  TEXT",
		"alexa…     7  a text that is long…",
		"日本    1200  x\\x1b",
		"b          1  y",
	}, "\n") + "\n"
	if b.String() != want {
		t.Errorf("table is\n%s\nwant\n%s", b.String(), want)
	}
}

func TestProgressLine(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, 0, true)
	p.Run(func() Progress { t.Error("a quiet line asks"); return Progress{} })()
	p.Note("server is away")
	p.Note("server is away")
	p.Note("")
	p.Note("server is away")
	if want := strings.Repeat("kiroku: server is away\n", 2); b.String() != want {
		t.Errorf("notes are %q, want %q", b.String(), want)
	}
}

// FuzzClean: nothing that is cleaned can control a terminal, and cleaning again changes nothing.
func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;title\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if strings.ContainsFunc(got, unicode.IsControl) || Clean(got) != got {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if w := Width(Fit(got, 10)); w > 10 {
			t.Errorf("%q fits in %d cells, want 10", Fit(got, 10), w)
		}
		Caret(s, len(s)/2, len(s))
	})
}

var _ error = &Problem{}

func TestProblemIsFound(t *testing.T) {
	err := fault.New(fault.Invalid, &Problem{client.Problem{Detail: "x"}}, "")
	var p *Problem
	if !errors.As(err, &p) {
		t.Error("the problem is not found in its fault")
	}
}
