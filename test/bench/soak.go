package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// soak is a long run at an even rate.
type soak struct {
	lasts time.Duration
	rate  int // events a second
}

const (
	warmUp   = time.Minute // until what is allocated once is allocated
	slack    = 16          // goroutines and files that come and go with requests and publishing
	pollWait = 10 * time.Millisecond
)

// vitals are what must not grow, as /metrics names them.
var vitals = []string{"go_goroutines", "process_open_fds", "process_resident_memory_bytes"}

// soak sends events at an even rate, looks for some of them from the moment they are sent until they are found, and
// compares goroutines, files and memory after the first minute and at the end.
func (b *bench) soak(ctx context.Context, sk soak) (err error) {
	if sk.lasts <= warmUp {
		return fmt.Errorf("soak for %s: it takes %s until memory is settled; take longer", sk.lasts, warmUp)
	}
	b.bin = "bin"
	data := filepath.Join(b.work, "soak")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	c, stop, err := b.start(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(), os.RemoveAll(data)) }()
	ctx, cancel := context.WithTimeout(ctx, sk.lasts)
	defer cancel()
	var sent atomic.Int64
	var waits []time.Duration
	var early, late []float64
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return sk.send(gctx, c.syslog, &sent) })
	g.Go(func() (err error) { waits, err = c.probe(gctx, &sent); return err })
	g.Go(func() (err error) { early, late, err = c.watch(gctx); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "sent %d events in %s, looked for %d of them\n", sent.Load(), sk.lasts, len(waits))
	slices.Sort(waits)
	at := func(q float64) time.Duration { return waits[int(q*float64(len(waits)-1))].Round(time.Millisecond) }
	fmt.Fprintf(b.out, "found after: median %s, p99 %s, worst %s\n", at(0.5), at(0.99), at(1))
	for i, name := range vitals {
		fmt.Fprintf(b.out, "%-30s after a minute %12.0f, at the end %12.0f\n", name, early[i], late[i])
		if i < 2 && late[i] > early[i]+slack {
			err = errors.Join(err, fmt.Errorf("%s has grown from %.0f to %.0f", name, early[i], late[i]))
		}
	}
	return errors.Join(err, c.complete(context.WithoutCancel(ctx), sent.Load()))
}

// event is an event of Ivanti Connect Secure whose user is user.
func event(dst []byte, n int64, user string) []byte {
	now := time.Now().UTC()
	return fmt.Appendf(dst, `<134>%s ics-node-01.example.net PulseSecure: {"message_id":"AUT24326","date":"%s","timestamp":"%d","us_timestamp":"%d.%06d",`+
		`"unique_id":"uid_%d_%09d","sev_num":"7","sev_string":"info","source_ip":"198.51.100.%d","user":"%s","realm_name":"Employees","roles":"Users",`+
		`"session_id":"%010x","raw_message":"Primary authentication successful for %s/Example LDAP from 198.51.100.%d"}`+"\n",
		now.Format(time.Stamp), now.Format(time.DateOnly), now.Unix(), now.Unix(), now.Nanosecond()/1000, now.Unix(), n, n%250, user, n*2654435761%(1<<40), user, n%250)
}

// send writes events, a hundredth of a second's worth at a time.
func (sk soak) send(ctx context.Context, address string, sent *atomic.Int64) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	var buf []byte
	for n := int64(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		buf = buf[:0]
		due := int64(time.Since(began).Seconds() * float64(sk.rate))
		for ; n < due; n++ {
			buf = event(buf, n, "user"+strconv.FormatInt(n%5000, 10)+"@example.com")
			sent.Add(1)
		}
		if _, err := conn.Write(buf); err != nil {
			return err
		}
	}
}

// probe sends single events and asks for each until it is found.
func (c served) probe(ctx context.Context, sent *atomic.Int64) (waits []time.Duration, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.syslog)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for n := int64(1 << 40); ; n++ {
		user := fmt.Sprintf("probe%016x", rand.Uint64())
		began := time.Now()
		if _, err := conn.Write(event(nil, n, user)); err != nil {
			return waits, err
		}
		sent.Add(1)
		q := query{path: "count", body: map[string]any{"search": user, "from": "now-1m"}, count: func(r response) int { return r.Count }}
		for found := 0; found == 0; {
			if ctx.Err() != nil {
				return waits, nil
			}
			time.Sleep(pollWait)
			if found, _, err = c.ask(ctx, q); err != nil && ctx.Err() == nil {
				return waits, err
			}
		}
		waits = append(waits, time.Since(began))
		time.Sleep(rand.N(200 * time.Millisecond)) // at any moment of a flush interval
	}
}

// watch reads the vitals after the first minute and at the end.
func (c served) watch(ctx context.Context) (early, late []float64, err error) {
	const pause = 5 * time.Second
	tick := time.NewTicker(pause)
	defer tick.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return early, late, nil
		case <-tick.C:
		}
		last := late
		if late, err = c.vitals(ctx); err != nil {
			if ctx.Err() != nil {
				return early, last, nil
			}
			return nil, nil, err
		}
		if time.Since(began) < warmUp+pause {
			early = late
		}
	}
}

func (c served) vitals(ctx context.Context) ([]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out := make([]float64, len(vitals))
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if i := slices.Index(vitals, name); i >= 0 {
			if out[i], err = strconv.ParseFloat(value, 64); err != nil {
				return nil, err
			}
		}
	}
	return out, lines.Err()
}

// complete waits until all events are there.
func (c served) complete(ctx context.Context, want int64) error {
	all := query{path: "count", body: map[string]any{}, count: func(r response) int { return r.Count }}
	got := 0
	for range 100 {
		var err error
		if got, _, err = c.ask(ctx, all); err != nil {
			return err
		}
		if int64(got) >= want {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if int64(got) != want {
		return fmt.Errorf("sent %d events, found %d", want, got)
	}
	return nil
}
