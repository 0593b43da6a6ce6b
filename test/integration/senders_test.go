//go:build integration

package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sent is how many records every sender sends. UDP senders send them in one go: it must fit a socket's buffer.
const sent = 200

// tool is a program, or the reason why it is not there.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, err.Error())
	}
	return path
}

// daemon is a syslog daemon of the folder that .ci/senders unpacked.
type daemon struct {
	t       *testing.T
	root    string
	dir     string
	program *exec.Cmd
	said    *log
}

func unpacked(t *testing.T, program string) daemon {
	t.Helper()
	root := filepath.Join(os.Getenv("KIROKU_TOOLS"), "senders")
	if _, err := os.Stat(filepath.Join(root, program)); err != nil {
		missing(t, fmt.Sprintf("%v; unpack the senders with .ci/senders .tools/senders and set KIROKU_TOOLS", err))
	}
	return daemon{t: t, root: root, dir: t.TempDir(), said: &log{}}
}

// run starts the daemon, which reads records that arrive on a socket of its own and forwards them to Kiroku.
func (d *daemon) run(name string, args ...string) {
	d.t.Helper()
	d.program = exec.Command(filepath.Join(d.root, name), args...)
	d.program.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(d.root, "usr/lib/syslog-ng")+":"+filepath.Join(d.root, "usr/lib/x86_64-linux-gnu"))
	d.program.Stdout, d.program.Stderr = d.said, d.said
	if err := d.program.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = d.program.Process.Kill()
		_ = d.program.Wait()
		if d.t.Failed() {
			d.t.Logf("%s said:\n%s", name, d.said)
		}
	})
}

// rsyslog forwards what it gets on a TCP port with the given action.
func rsyslog(t *testing.T, global, action string) (port int) {
	d := unpacked(t, "usr/sbin/rsyslogd")
	port = freePort(t)
	conf := write(t, d.dir, "rsyslog.conf", fmt.Sprintf(`global(workDirectory=%q maxMessageSize="64k" %s)
module(load="imtcp")
template(name="asitcame" type="string" string="%%rawmsg%%")
template(name="asitcameline" type="string" string="%%rawmsg%%\n")
input(type="imtcp" address="127.0.0.1" port="%d")
action(type="omfwd" target="127.0.0.1" %s)
`, d.dir, global, port, action))
	d.run("usr/sbin/rsyslogd", "-n", "-f", conf, "-i", filepath.Join(d.dir, "pid"), "-M", filepath.Join(d.root, "usr/lib/x86_64-linux-gnu/rsyslog"))
	return port
}

// syslogNG forwards what it gets on a TCP port to the given destination.
func syslogNG(t *testing.T, destination string) (port int) {
	d := unpacked(t, "usr/sbin/syslog-ng")
	port = freePort(t)
	conf := write(t, d.dir, "syslog-ng.conf", fmt.Sprintf(`@version: 3.38
options { keep-hostname(yes); use-dns(no); stats-freq(0); log-msg-size(65536); };
source s { network(ip(127.0.0.1) port(%d) transport("tcp") flags(syslog-protocol)); };
destination d { %s };
log { source(s); destination(d); flags(flow-control); };
`, port, destination))
	d.run("usr/sbin/syslog-ng", "-F", "--no-caps", "-f", conf, "-R", filepath.Join(d.dir, "persist"), "-p", filepath.Join(d.dir, "pid"),
		"-c", filepath.Join(d.dir, "ctl"), "--module-path", filepath.Join(d.root, "usr/lib/syslog-ng/3.38"))
	return port
}

// feed sends records line by line to a daemon's port as soon as it listens.
func feed(t *testing.T, port int, name string) {
	t.Helper()
	var conn net.Conn
	var err error
	for range 100 {
		if conn, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatalf("the sender does not listen: %v", err)
	}
	defer conn.Close()
	for n := range sent {
		if _, err := fmt.Fprintf(conn, "%s\n", record(name, n)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // UDP behind it has no flow control
	}
}

func split(t *testing.T, address string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// arrived checks that all records of a sender are there, understood, and as they were sent.
func arrived(t *testing.T, s *server, name string) {
	t.Helper()
	s = s.as(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("one of the newest events:\n%s", s.kiroku("query", name, "--from", "2000-01-01", "--limit", "1", "--json"))
		}
	})
	s.await(fmt.Sprintf("metadata_uid:%s-*", name), sent, 20*time.Second)
	if n := s.count(fmt.Sprintf("metadata_uid:%s-* source:ivanti-connect-secure actor_user_name:user7 src_ip:203.0.113.8", name)); n != 1 {
		t.Errorf("%d events of user7 from 203.0.113.8, want 1", n)
	}
	if n := s.count(fmt.Sprintf("metadata_uid:%s-* parse_error:*", name)); n != 0 {
		t.Errorf("%d events have a parse_error", n)
	}
	want := body(name, 7)
	if got := s.kiroku("query", fmt.Sprintf("metadata_uid:%s-7", name), "--from", "2000-01-01", "--json"); !strings.Contains(got, strings.ReplaceAll(want, `"`, `\"`)) {
		t.Errorf("raw_data of the record is not what was sent:\n%s\nwant within it\n%s", got, want)
	}
}

func TestSenders(t *testing.T) {
	s := start(t, t.TempDir())
	host, port := split(t, s.syslog)
	daemons := map[string]func(t *testing.T) int{
		"rsyslog-tcp-octet": func(t *testing.T) int {
			return rsyslog(t, "", fmt.Sprintf(`port="%s" protocol="tcp" TCP_Framing="octet-counted" template="asitcame"`, port))
		},
		"rsyslog-tcp-lf": func(t *testing.T) int {
			return rsyslog(t, "", fmt.Sprintf(`port="%s" protocol="tcp" TCP_Framing="traditional" template="asitcame"`, port))
		},
		"rsyslog-udp": func(t *testing.T) int {
			return rsyslog(t, "", fmt.Sprintf(`port="%s" protocol="udp" template="asitcame"`, port))
		},
		"rsyslog-rfc5424": func(t *testing.T) int { // rsyslog writes the header anew
			return rsyslog(t, "", fmt.Sprintf(`port="%s" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"`, port))
		},
		"rsyslog-rfc3164": func(t *testing.T) int {
			return rsyslog(t, "", fmt.Sprintf(`port="%s" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"`, port))
		},
		"syslogng-network-tcp": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`network("127.0.0.1" port(%s) transport("tcp"));`, port))
		},
		"syslogng-network-udp": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`network("127.0.0.1" port(%s) transport("udp"));`, port))
		},
		"syslogng-syslog-tcp": func(t *testing.T) int {
			return syslogNG(t, fmt.Sprintf(`syslog("127.0.0.1" port(%s) transport("tcp"));`, port))
		},
	}
	for name, forward := range daemons {
		t.Run(name, func(t *testing.T) {
			feed(t, forward(t), name)
			arrived(t, s, name)
		})
	}
	// util-linux's logger writes a header of its own around each line.
	for name, args := range map[string][]string{
		"logger-tcp":     {"--tcp"},
		"logger-octet":   {"--tcp", "--octet-count"},
		"logger-udp":     {"--udp"},
		"logger-rfc3164": {"--tcp", "--rfc3164"},
	} {
		t.Run(name, func(t *testing.T) {
			program := tool(t, "logger")
			for n := range sent {
				cmd := exec.Command(program, append(args, "--server", host, "--port", port, "--size", "8KiB", "--tag", "PulseSecure", body(name, n))...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			arrived(t, s, name)
		})
	}
	for name, args := range map[string][]string{"nc-tcp": {"-N"}, "nc-udp": {"-u", "-w1"}} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for n := range sent {
				lines = append(lines, record(name, n))
			}
			program := tool(t, "nc")
			// nc puts what it reads into datagrams as it comes, so UDP gets one call a record.
			if name == "nc-tcp" {
				netcat(t, program, append(args, host, port), strings.Join(lines, "\n")+"\n")
			} else {
				script := write(t, t.TempDir(), "lines", strings.Join(lines, "\n")+"\n")
				cmd := exec.Command("bash", "-c", `exec 3>/dev/udp/"$1"/"$2"; while IFS= read -r line; do printf %s "$line" >&3; sleep 0.001; done <"$3"`, "-", host, port, script)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				netcat(t, program, append(args, host, port), record("nc-once", 0))
				s.as(t).await("metadata_uid:nc-once-0", 1, 10*time.Second)
			}
			arrived(t, s, name)
		})
	}
	t.Run("status", func(t *testing.T) {
		status := s.as(t).kiroku("status")
		for _, want := range []string{"syslog", port, "ivanti"} {
			if !strings.Contains(strings.ToLower(status), want) {
				t.Errorf("status does not mention %q:\n%s", want, status)
			}
		}
	})
}

func netcat(t *testing.T, program string, args []string, text string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nc %v: %v: %s", args, err, out)
	}
}
