//go:build integration

package siem

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// network is a namespace for an agent, and one for a router between it and this machine's own:
//
//	agent 203.0.113.2 ─── 203.0.113.1 router 198.51.100.1 ─── receiver 198.51.100.2, server 198.51.100.3
//
// What the router has a route of the kind blackhole for, it drops without a word.
type network struct {
	t                *testing.T
	agent, router    string
	receiver, server string // addresses
}

// newNetwork makes the k-th network; each has addresses of its own on this machine's side.
func newNetwork(t *testing.T, k int) *network {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		missing(t, err.Error())
	}
	inside := func(n int) string { return fmt.Sprintf("203.0.113.%d", 8*k+n) }
	address := func(n int) string { return fmt.Sprintf("198.51.100.%d", 8*k+n) }
	id := fmt.Sprintf("%d%d", os.Getpid(), k)
	w := &network{t: t, agent: "kiroku-a" + id, router: "kiroku-r" + id, receiver: address(2), server: address(3)}
	for _, name := range []string{w.agent, w.router} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			missing(t, fmt.Sprintf("ip netns add: %v: %s", err, out))
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", name).Run() })
		w.ip(name, "link set lo up")
	}
	outside := "krk" + id // at most 15 characters
	w.ip(w.router, "link add left type veth peer name eth0 netns "+w.agent)
	if out, err := exec.Command("ip", "link", "add", outside, "type", "veth", "peer", "name", "right", "netns", w.router).CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("ip link add type veth: %v: %s", err, out))
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", outside).Run() })
	for _, line := range []string{"addr add " + inside(1) + "/29 dev left", "addr add " + address(1) + "/29 dev right", "link set left up", "link set right up"} {
		w.ip(w.router, line)
	}
	for _, line := range []string{"addr add " + inside(2) + "/29 dev eth0", "link set eth0 up", "route add default via " + inside(1)} {
		w.ip(w.agent, line)
	}
	for _, line := range []string{"addr add " + w.receiver + "/29 dev " + outside, "addr add " + w.server + "/29 dev " + outside, "link set " + outside + " up",
		"route add " + inside(0) + "/29 via " + address(1)} {
		w.ip("", line)
	}
	if out, err := exec.Command("ip", "netns", "exec", w.router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("forward packets: %v: %s", err, out))
	}
	return w
}

// ip runs ip in a namespace; "" is this machine's own.
func (w *network) ip(namespace, line string) {
	w.t.Helper()
	args := strings.Fields(line)
	if namespace != "" {
		args = append([]string{"-n", namespace}, args...)
	}
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		w.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// drop has the router drop what the agent sends to an address; pass ends that.
func (w *network) drop(address string) { w.ip(w.router, "route add blackhole "+address+"/32") }
func (w *network) pass(address string) { w.ip(w.router, "route del blackhole "+address+"/32") }

// forward takes connections at an address of this machine and passes them on.
func forward(t *testing.T, host, to string) (address string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", host+":0")
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
				inner, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer inner.Close()
				relay(c, inner)
			}()
		}
	}()
	return l.Addr().String()
}

// TestBlackHole has the network drop packets without a word, between the agent and its receiver, and between the agent and
// its server: nothing is lost, people are told within the time that the documentation names, and it goes on by itself.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	const n, more = 3000, 3000
	for k, scheme := range []string{"tcp", "relp", "http"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			w := newNetwork(t, k)
			s, r := serve(t), faultyAt(t, w.receiver, scheme)
			s.store(t, 0, n)
			m := s.create(t, append([]string{"--to", r.to, "--rate-records", "1000"}, r.create...)...)
			a := launch(t, []string{"KIROKU_AGENT_TOKEN=" + m.Token}, "ip", "netns", "exec", w.agent, binary(t), "agent", "run", "--server", "http://"+forward(t, w.server, s.address))
			stop := s.follow(t, m, r)

			until(t, "records arrive", 20*time.Second, func() bool { return r.arrived.look(t).distinct > n/3 })
			w.drop(w.receiver)
			told := until(t, "people are told", 100*time.Second, func() bool {
				st := s.status(t, m.ID)
				return st.State == wire.Connected && st.Delivery == wire.DeliveryBlocked && (notified(st.Notifications, wire.SendError) != nil || notified(st.Notifications, wire.ConnectionError) != nil)
			})
			held := r.arrived.look(t).distinct
			w.pass(w.receiver)
			back := s.acknowledged(t, m, a, n, 2*time.Minute)
			t.Logf("the receiver away at %d records: told after %v, everything there %v after its return", held, told.Round(time.Second), back.Round(time.Second))
			until(t, "the notification is closed", soon, func() bool { return len(s.status(t, m.ID).Notifications) == 0 })

			s.store(t, n, n+more)
			until(t, "records arrive", 20*time.Second, func() bool { return r.arrived.look(t).distinct > n+more/3 })
			w.drop(w.server)
			away := 45 * time.Second
			time.Sleep(away)
			w.pass(w.server)
			back = s.acknowledged(t, m, a, n+more, 2*time.Minute)
			t.Logf("the server away for %v: everything acknowledged %v after its return", away, back.Round(time.Second))
			stop()
			a.stop()
			c := r.arrived.complete(t, n+more, dupHalfClose+dupAgent, true)
			t.Logf("%d records: lost %d, twice %d", n+more, n+more-c.distinct, c.duplicates)
			if t.Failed() {
				t.Logf("the agent said:\n%s\nthe receiver said:\n%s", a.tail(), r.tail())
			}
		})
	}
}
