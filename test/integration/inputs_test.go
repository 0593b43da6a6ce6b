//go:build integration

package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// agentBlock is the configuration block of the Datadog Agent's integration for Ivanti Connect Secure as its documentation
// prints it.
const agentBlock = `logs:
  - type: tcp # or 'udp'
    port: <PORT>
    source: ivanti-connect-secure
    service: ivanti-connect-secure
`

func TestDatadogAgentBlock(t *testing.T) {
	for _, proto := range []string{"tcp", "udp"} {
		t.Run(proto, func(t *testing.T) {
			port, dir := freePort(t), t.TempDir()
			block := strings.Replace(agentBlock, "<PORT>", fmt.Sprint(port), 1)
			if proto == "udp" {
				block = strings.Replace(block, "type: tcp # or 'udp'", "type: udp", 1)
			}
			write(t, dir, "conf.d/ivanti_connect_secure.d/conf.yaml", block)
			config := write(t, dir, "kiroku.yaml", "{}\n")
			s := start(t, t.TempDir(), "--config", config, "--syslog", fmt.Sprintf("127.0.0.1:%d", freePort(t)))
			conn, err := net.Dial(proto, fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for n := range 10 {
				if _, err := fmt.Fprintf(conn, "%s\n", record("agent", n)); err != nil {
					t.Fatal(err)
				}
			}
			s.await("source:ivanti-connect-secure service:*", 10, 10*time.Second)
			for _, want := range []string{"ivanti_connect_secure", fmt.Sprint(port), strings.ToUpper(proto)} {
				if status := s.kiroku("status"); !strings.Contains(strings.ToUpper(status), strings.ToUpper(want)) {
					t.Errorf("status does not mention %q:\n%s", want, status)
				}
			}
		})
	}
}

// fails runs "kiroku serve", which must end with code 1 and say every text, having made nothing.
func fails(t *testing.T, cmd *exec.Cmd, data string, want ...string) {
	t.Helper()
	done := make(chan struct{})
	var out []byte
	go func() { out, _ = cmd.CombinedOutput(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("kiroku serve did not end")
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, w := range want {
		if !strings.Contains(string(out), w) {
			t.Errorf("the message does not say %q:\n%s", w, out)
		}
	}
	if strings.Contains(string(out), "ready http=") {
		t.Errorf("the server said that it is ready:\n%s", out)
	}
	if left, err := filepath.Glob(filepath.Join(data, "*.db")); err != nil || len(left) != 0 {
		t.Errorf("databases were made before the ports were there: %v %v", left, err)
	}
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port := split(t, taken.Addr().String())
	t.Run("syslog", func(t *testing.T) {
		data := t.TempDir()
		cmd := exec.Command(binary(t), "serve", "--data", data, "--http", "127.0.0.1:0", "--syslog", taken.Addr().String())
		fails(t, cmd, data, "port "+port, "address already in use", "ss -lnp")
	})
	t.Run("http", func(t *testing.T) {
		data := t.TempDir()
		cmd := exec.Command(binary(t), "serve", "--data", data, "--http", taken.Addr().String(), "--syslog", "127.0.0.1:0")
		fails(t, cmd, data, port, "address already in use")
	})
}

func TestPortBelow1024(t *testing.T) {
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil && strings.TrimSpace(string(text)) == "0" {
		missing(t, "this machine lets everybody bind every port (net.ipv4.ip_unprivileged_port_start is 0)")
	}
	dir, err := os.MkdirTemp("/var/tmp", "kiroku-port-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "kiroku")
	if out, err := exec.Command("cp", binary(t), program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(program, "serve", "--data", data, "--http", "127.0.0.1:0", "--syslog", "127.0.0.1:514")
	if os.Getuid() == 0 {
		const nobody = 65534
		for _, path := range []string{dir, program} {
			if err := os.Chown(path, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	fails(t, cmd, data, "514", "permission denied", "sudo setcap CAP_NET_BIND_SERVICE=+ep "+program, "sudo getcap "+program)
}
