package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
)

// run runs the commands, and returns what was printed and the exit code.
func run(ctx context.Context, env map[string]string, args ...string) (out string, errw string, code int) {
	var o, e bytes.Buffer
	c := New(&Env{In: strings.NewReader(""), Out: &o, Err: &e, Getenv: func(k string) string { return env[k] }, Version: "test"})
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(&o)
	c.SetErr(&e)
	err := c.ExecuteContext(ctx)
	if exit := (*Exit)(nil); errors.As(err, &exit) {
		code = exit.Code
	} else if err != nil {
		code = -1
	}
	if err != nil {
		fmt.Fprintf(&e, "%v\nnext: %s\n", err, fault.NextOf(err))
	}
	return o.String(), e.String(), code
}

// Wrong use ends with 2, says what is wrong and what to do.
func TestWrongUse(t *testing.T) {
	token := strings.Repeat("t", 64)
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, says := range map[string]string{
		"":                                  "Invalid command line: agent needs a command",
		"walk":                              `no command "agent walk"`,
		"run --tokn x":                      "Invalid command line: unknown flag: --tokn",
		"run":                               "no server is given",
		"run --server http://h":             "Invalid token: none is given",
		"run --server http://h --token a b": "takes flags only",
		"run --server h --token " + token:   "https://",
		"run --server http://h --token x":   "Invalid token",
		"run --server http://h --token x --token-file " + file:                                               "both given",
		"run --server http://h --token-file " + dir + "/none":                                                "no such file",
		"run --server http://h --token-file " + file + " --proxy ftp://p":                                    "Invalid proxy address",
		"run --server http://h --token-file " + file + " --proxy p:x":                                        "Invalid proxy address",
		"run --server http://h --token-file " + file + " --ca-file " + dir + "/none":                         "no such file",
		"run --server http://h --token-file " + file + " --ca-only":                                          "--ca-file FILE",
		"run --server http://h --token-file " + file + " --log-level loud":                                   "--log-level",
		"run --server http://h --token-file " + file + " --max-critical-errors -1":                           "--max-critical-errors",
		"run --server http://h --token-file " + file + " --logsDirectory " + file:                            "log folder",
		"recover --server http://h --token-file " + file:                                                     "--from and --to",
		"recover --server http://h --token-file " + file + " --from x --to now":                              "--from",
		"recover --server http://h --token-file " + file + " --from now --to now-1h":                         "is empty",
		"recover --server http://h --token-file " + file + " --from now-1h --to now --types logs":            `"logs"`,
		"recover --server http://h --token-file " + file + " --from now-1h --to now --missing-only":          "receipts",
		"recover --server http://h --token-file " + file + " --from now-1h --to now --save " + dir + "/none": "--save DIR",
		"listen":                               "needs an address",
		"listen 127.0.0.1:0 --cert a":          "--cert and --key",
		"listen 127.0.0.1:0 --ca-out a":        "need --tls",
		"listen 127.0.0.1:99999":               "127.0.0.1:99999",
		"listen 127.0.0.1:0 --receipts " + dir: "receipts",
		"tail --server http://h":               "Invalid token",
	} {
		_, errw, code := run(t.Context(), nil, strings.Fields(args)...)
		if code != agent.ExitUse || !strings.Contains(errw, says) || strings.HasSuffix(errw, "next: \n") {
			t.Errorf("agent %s: exit code %d; %q, want it to say %q and what to do", args, code, errw, says)
		}
		if strings.Contains(errw, token) {
			t.Errorf("agent %s shows the token: %q", args, errw)
		}
	}
}

// A check of what cannot be used ends as a run does, with its hops.
func TestWrongUseOfCheck(t *testing.T) {
	token := strings.Repeat("t", 64)
	for args, code := range map[string]int{
		"check":                             agent.ExitUse,
		"check --server http://127.0.0.1:1": agent.ExitUse,
		"check --server http://127.0.0.1:1 --token x":                                agent.ExitUse,
		"check --server http://127.0.0.1:1 --token " + token + " --proxy ftp://p":    agent.ExitUse,
		"check --server http://127.0.0.1:1 --token " + token:                         agent.ExitCheck,
		"check --server http://127.0.0.1:1 --token " + token + " --ca-file /no/file": agent.ExitUse,
	} {
		out, errw, got := run(t.Context(), nil, strings.Fields(args)...)
		if got != code || !strings.Contains(out, "fail   ") || !strings.Contains(out, "next: ") {
			t.Errorf("agent %s: exit code %d, want %d: %s%s", args, got, code, out, errw)
		}
	}
}

// A port that is taken is no wrong use.
func TestListenOnTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, errw, code := run(t.Context(), nil, "listen", l.Addr().String()); code != agent.ExitInternal || !strings.Contains(errw, "Another program listens there") {
		t.Errorf("exit code %d: %s", code, errw)
	}
}

// The environment gives what flags do not.
func TestEnvironment(t *testing.T) {
	env := map[string]string{envServer: "http://127.0.0.1:1", envToken: "short"}
	if _, errw, code := run(t.Context(), env, "run"); code != agent.ExitUse || !strings.Contains(errw, "the token has 5 characters") {
		t.Errorf("exit code %d; %q", code, errw)
	}
	env[envToken] = strings.Repeat("t", 64)
	env["HTTP_PROXY"] = "192.0.2.1:0"
	if _, errw, code := run(t.Context(), env, "run"); code != agent.ExitUse || !strings.Contains(errw, agent.InvalidProxyAddress) {
		t.Errorf("exit code %d; %q", code, errw)
	}
}

// listen shows what arrives, in three forms.
func TestListen(t *testing.T) {
	const line = "<109>2025-02-04T01:51:55.000Z host CEF:0|V|P|1|c|n|1|externalId=id-1 msg=\x1b[31mred"
	for flag, want := range map[string]string{
		"--lines": line,
		"--json":  `"framing":"lf","pri":109,`,
		"":        "tcp 127.0.0.1 lf pri=109 cef id=id-1  <109>2025-02-04T01:51:55.000Z host CEF:0|V|P|1|c|n|1|externalId=id-1 msg=.[31mred",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		outR, outW := io.Pipe()
		errR, errW := io.Pipe()
		receipts := filepath.Join(t.TempDir(), "receipts")
		args := append([]string{"listen", "127.0.0.1:0", "--receipts", receipts}, strings.Fields(flag)...)
		done := make(chan error, 1)
		go func() {
			c := New(&Env{Out: outW, Err: errW, Getenv: os.Getenv})
			c.SilenceErrors, c.SilenceUsage = true, true
			c.SetArgs(args)
			done <- c.ExecuteContext(ctx)
		}()
		said := bufio.NewReader(errR)
		first, err := said.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, said) }()
		address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(first)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, line+"\n"); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		got, err := bufio.NewReader(outR).ReadString('\n')
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%q prints %q, want %q (%v)", flag, got, want, err)
		}
		cancel()
		go func() { _, _ = io.Copy(io.Discard, outR) }()
		if err := <-done; err != nil {
			t.Errorf("%q: %v", flag, err)
		}
		b, err := os.ReadFile(receipts)
		var r struct{ UID string }
		if err != nil || json.Unmarshal(b, &r) != nil || r.UID != "id-1" {
			t.Errorf("the receipt is %q (%v)", b, err)
		}
	}
}
