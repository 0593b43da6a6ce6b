package deliver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// rsyslogConfig takes TCP and RELP on two ports and writes what it got to a file. Without the direct queue rsyslog answers
// RELP when a record is in its memory, and loses it when it is killed then.
const rsyslogConfig = `global(workDirectory=%[1]q maxMessageSize="64k")
main_queue(queue.type="direct")
module(load="imptcp")
module(load="imrelp")
template(name="raw" type="string" string="%%rawmsg%%\n")
ruleset(name="r") { action(type="omfile" file="%[1]s/out" template="raw" asyncWriting="off" flushOnTXEnd="on") }
input(type="imptcp" port="%[2]s" ruleset="r")
input(type="imrelp" port="%[3]s" ruleset="r")
`

// TestRsyslog delivers to a real rsyslog, if there is one with its module for RELP: $RSYSLOGD, or rsyslogd in the path;
// $RSYSLOG_MODULES is the folder of its modules.
func TestRsyslog(t *testing.T) {
	bin := os.Getenv("RSYSLOGD")
	if bin == "" {
		var err error
		if bin, err = exec.LookPath("rsyslogd"); err != nil {
			t.Skip("no rsyslogd here")
		}
	}
	dir := t.TempDir()
	ports := [2]string{freePort(t), freePort(t)}
	config := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, rsyslogConfig, dir, ports[0], ports[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-n", "-i", filepath.Join(dir, "pid"), "-f", config}
	if modules := os.Getenv("RSYSLOG_MODULES"); modules != "" {
		args = append(args, "-M", modules)
	}
	if out, err := exec.Command(bin, append([]string{"-N1"}, args[3:]...)...).CombinedOutput(); err != nil {
		t.Skipf("this rsyslogd cannot: %v: %s", err, out)
	}
	for _, test := range []struct{ name, to string }{
		{"halfclose", "tcp://127.0.0.1:" + ports[0]}, {"relp", "relp://127.0.0.1:" + ports[1]},
	} {
		for _, kills := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s, killed %d times", test.name, kills), func(t *testing.T) {
				_ = os.Remove(filepath.Join(dir, "out"))
				r := &rsyslog{t: t, bin: bin, args: args, dir: dir, port: ports[0]}
				r.start()
				defer r.kill()
				d, confirmed := start(t, Options{Destination: wire.Destination{To: test.to}})
				const n = 6000
				sent := make(chan error, 1)
				go func() { sent <- d.Send(t.Context(), priLines(n)) }()
				for k := range kills {
					r.waitFor(n * (k + 1) / (kills + 2))
					r.kill()
					r.start()
				}
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
				if err := d.Flush(limited(t)); err != nil {
					t.Fatalf("%v: %+v", err, d.Metrics())
				}
				r.waitFor(n)
				ids, lines := r.ids()
				t.Logf("%d confirmed; %d lost, %d duplicates, %+v", confirmed.Load(), n-ids, lines-ids, d.Metrics())
			})
		}
	}
}

func priLines(n int) []wire.Record {
	recs := lines(0, n, 500)
	for i := range recs {
		recs[i].Line = append([]byte("<109>2025-02-04T01:51:55.000Z host CEF:0|MCAS|x|1|c|n|0|"), recs[i].Line...)
	}
	return recs
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// rsyslog is a running rsyslogd.
type rsyslog struct {
	t              *testing.T
	bin, dir, port string
	args           []string
	cmd            *exec.Cmd
}

func (r *rsyslog) start() {
	r.t.Helper()
	_ = os.Remove(filepath.Join(r.dir, "pid"))
	r.cmd = exec.Command(r.bin, r.args...)
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+r.port)
		if err == nil {
			c.Close()
			return
		}
		if time.Since(begun) > 20*time.Second {
			r.t.Fatal("rsyslogd does not listen")
		}
	}
}

func (r *rsyslog) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// ids counts the ids that arrived, and the lines.
func (r *rsyslog) ids() (ids, lines int) {
	b, err := os.ReadFile(filepath.Join(r.dir, "out"))
	if err != nil {
		return 0, 0
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		if _, id, ok := strings.Cut(line, "id="); ok && len(id) >= 8 {
			seen[id[:8]] = true
			lines++
		}
	}
	return len(seen), lines
}

func (r *rsyslog) waitFor(n int) {
	r.t.Helper()
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		ids, _ := r.ids()
		if ids >= n {
			return
		}
		if time.Since(begun) > 30*time.Second {
			r.t.Fatalf("%d of %d ids arrive", ids, n)
		}
	}
}
