//go:build integration

package siem

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is a SIEM: a program that listens at an address and stores records in a file. It can be killed and started again.
type receiver struct {
	*process
	address string // host:port
	to      string // for --to
	create  []string
	arrived *tally
	// exact: what is confirmed stands in the file. Else the receiver holds some of it in its memory.
	exact bool
	// certificate of the fault receiver, where it has TLS.
	certificate string

	again func(t *testing.T, args ...string) *process
	ready func(t *testing.T) // waits until it listens
}

// start starts the receiver, at the same address as before.
func (r *receiver) start(t *testing.T, args ...string) {
	t.Helper()
	r.process = r.again(t, args...)
	if r.ready != nil {
		r.ready(t)
		return
	}
	listening(t, r.process, r.address)
}

// libraries says where the unpacked programs find theirs.
func libraries(root string) []string {
	return []string{"LD_LIBRARY_PATH=" + filepath.Join(root, "usr/lib/syslog-ng") + ":" + filepath.Join(root, "usr/lib/x86_64-linux-gnu")}
}

// rsyslogd is rsyslog with an input. It stores a record before it reads on: without the queue in its memory that rsyslog
// has by default, what it says about RELP, and the end of a connection that it has read, mean that records are in the file.
func rsyslogd(t *testing.T, scheme, global, module, input string, create ...string) *receiver {
	t.Helper()
	root, dir, port := unpacked(t, "usr/sbin/rsyslogd"), t.TempDir(), freePort(t)
	lib := filepath.Join(root, "usr/lib/x86_64-linux-gnu/rsyslog")
	if driver := "im" + scheme[:min(4, len(scheme))] + ".so"; driver == "imrelp.so" {
		unpacked(t, filepath.Join("usr/lib/x86_64-linux-gnu/rsyslog", driver))
	}
	file := filepath.Join(dir, "stored")
	conf := write(t, dir, "rsyslog.conf", fmt.Sprintf(`global(workDirectory=%q maxMessageSize="64k" %s)
module(%s)
template(name="asitcame" type="string" string="%%rawmsg%%\n")
ruleset(name="store" queue.type="Direct") {
  action(type="omfile" file=%q template="asitcame" asyncWriting="off" flushOnTXEnd="on")
}
input(%s address="127.0.0.1" port="%d" ruleset="store")
`, dir, global, module, file, input, port))
	r := &receiver{address: fmt.Sprintf("127.0.0.1:%d", port), create: create, arrived: newTally(file, numberOf), exact: true}
	r.to = scheme + "://" + r.address
	r.again = func(t *testing.T, _ ...string) *process {
		_ = os.Remove(filepath.Join(dir, "pid")) // a killed one leaves it, and the next may have the same number
		return launch(t, libraries(root), filepath.Join(root, "usr/sbin/rsyslogd"), "-n", "-f", conf, "-i", filepath.Join(dir, "pid"), "-M", lib)
	}
	r.start(t)
	return r
}

// syslogNG is syslog-ng with a source. It stores from a queue in its memory.
func syslogNG(t *testing.T, scheme, source string, create ...string) *receiver {
	t.Helper()
	root, dir, port := unpacked(t, "usr/sbin/syslog-ng"), t.TempDir(), freePort(t)
	file := filepath.Join(dir, "stored")
	conf := write(t, dir, "syslog-ng.conf", fmt.Sprintf(`@version: 3.38
options { keep-hostname(yes); use-dns(no); stats-freq(0); log-msg-size(65536); flush-lines(1); };
source s { %s };
destination d { file(%q template("${MSG}\n")); };
log { source(s); destination(d); flags(flow-control); };
`, fmt.Sprintf(source, port), file))
	r := &receiver{address: fmt.Sprintf("127.0.0.1:%d", port), create: create, arrived: newTally(file, numberOf)}
	r.to = scheme + "://" + r.address
	r.again = func(t *testing.T, _ ...string) *process {
		return launch(t, libraries(root), filepath.Join(root, "usr/sbin/syslog-ng"), "-F", "--no-caps", "-f", conf, "-R", filepath.Join(dir, "persist"),
			"-p", filepath.Join(dir, "pid"), "-c", filepath.Join(dir, "ctl"), "--module-path", filepath.Join(root, "usr/lib/syslog-ng/3.38"))
	}
	r.start(t)
	return r
}

// built is the folder for what the tests build; TestMain removes it.
func built() string { return filepath.Join(os.TempDir(), fmt.Sprintf("kiroku-siem-%d", os.Getpid())) }

// buildFaulty builds test/faultreceiver once.
var buildFaulty = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(built(), "faultreceiver")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "kiroku/test/faultreceiver").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

// withTLS adds TLS to the arguments of the fault receiver, where it has it.
func (r *receiver) withTLS(args []string) []string {
	if r.certificate == "" {
		return args
	}
	return append(slices.Clone(args), "-ca", r.certificate)
}

// faulty is test/faultreceiver: it takes syslog, RELP and HTTP and stores each record before it answers. It is sent JSON,
// which it finds the numbers in. Arguments of start replace args.
func faulty(t *testing.T, scheme string, args ...string) *receiver {
	t.Helper()
	return faultyAt(t, "127.0.0.1", scheme, args...)
}

// faultyAt is faulty at another address of this machine.
func faultyAt(t *testing.T, host, scheme string, args ...string) *receiver {
	t.Helper()
	bin, err := buildFaulty()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "stored")
	r := &receiver{address: fmt.Sprintf("%s:%d", host, freePort(t)), create: []string{"--format", "json"}, arrived: newTally(file, numberAlone), exact: true}
	r.to = scheme + "://" + r.address
	if strings.HasPrefix(scheme, "http") {
		r.to += "/in"
	}
	if slices.Contains([]string{"tls", "relp+tls", "https"}, scheme) {
		r.certificate = filepath.Join(dir, "cert.pem")
		r.create = append(r.create, "--tls-ca-file", r.certificate+".ca")
		args = r.withTLS(args)
	}
	r.again = func(t *testing.T, other ...string) *process {
		use := args
		if other != nil {
			use = other
		}
		return launch(t, nil, bin, append([]string{"-addr", r.address, "-ids", file}, use...)...)
	}
	r.ready = func(t *testing.T) { // without a connection, which it would count
		until(t, "the fault receiver listens", 20*time.Second, func() bool {
			if r.ended() {
				t.Fatalf("the fault receiver ended:\n%s", r.tail())
			}
			return strings.Contains(r.words(), r.address)
		})
	}
	r.start(t)
	return r
}
