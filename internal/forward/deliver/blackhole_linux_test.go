package deliver

import (
	"context"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// TestBlackHole has the way to the receiver swallow every packet for a while: nobody is refused, nothing ends. It needs the
// right to make network namespaces.
func TestBlackHole(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	ip := func(args ...string) error {
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			t.Logf("ip %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return err
	}
	const space, here, there = "kirokutest", "192.0.2.129", "192.0.2.130"
	if ip("netns", "add", space) != nil {
		t.Skip("no right to make network namespaces here")
	}
	t.Cleanup(func() { _ = ip("netns", "del", space) })
	for _, args := range []string{
		"link add kirokutest0 type veth peer name kirokutest1 netns " + space,
		"addr add " + here + "/30 dev kirokutest0", "link set kirokutest0 up",
		"-n " + space + " addr add " + there + "/30 dev kirokutest1", "-n " + space + " link set kirokutest1 up",
	} {
		if ip(strings.Fields(args)...) != nil {
			t.Skip("no right to make network devices here")
		}
	}
	for _, name := range []string{"halfclose", "relp", "http"} {
		t.Run(name, func(t *testing.T) {
			f := newFaultReceiver(t)
			f.addr, f.space = there+":15140", space
			f.start("-delay", "1ms")
			var confirmed atomic.Int64
			problems := make(chan string, 100)
			w := wayNamed(name)
			d, _ := start(t, Options{Destination: w.dest(f), stall: 2 * time.Second, Confirmed: func(n int) { confirmed.Add(int64(n)) }, Problem: tell(problems)})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			const n = 3000
			sent := make(chan error, 1)
			go func() { sent <- d.Send(ctx, lines(0, n, 600)) }()
			f.waitFor(n / 3)
			if err := ip("-n", space, "route", "add", "blackhole", here+"/32"); err != nil {
				t.Fatal(err)
			}
			select {
			case text := <-problems:
				t.Log(text)
			case <-ctx.Done():
				t.Fatal("nobody is told")
			}
			before := confirmed.Load()
			if err := ip("-n", space, "route", "del", "blackhole", here+"/32"); err != nil {
				t.Fatal(err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
			if err := d.Flush(ctx); err != nil {
				t.Fatalf("%v: %+v", err, d.Metrics())
			}
			o := f.outcome(n)
			t.Logf("%d were confirmed before; lost %d, duplicates %d, out of order %d", before, o.lost, o.duplicates, o.disordered)
			if o.lost != 0 || o.disordered != 0 || o.duplicates > 2*w.bound {
				t.Errorf("%+v, at most %d duplicates are expected", o, w.bound)
			}
		})
	}
}

// tell passes on what a Deliverer says as long as somebody listens.
func tell(texts chan<- string) func(wire.Code, string) {
	return func(_ wire.Code, text string) {
		select {
		case texts <- text:
		default:
		}
	}
}
