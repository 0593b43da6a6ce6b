package deliver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kiroku/internal/forward/wire"
)

// taker is a receiver that refuses some records, or for a while all.
type taker struct {
	mu     sync.Mutex
	refuse func(id string) bool
	ids    []string // taken, in order
}

var idOf = regexp.MustCompile(`id=\d{8}`)

// take says whether a record is taken.
func (s *taker) take(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := idOf.FindString(line)
	if s.refuse(id) {
		return false
	}
	s.ids = append(s.ids, id)
	return true
}

// takers are receivers over each protocol of which one can refuse a record.
func takers(t *testing.T, s *taker) map[string]wire.Destination {
	web := newWeb(t, func(w http.ResponseWriter, _ *http.Request, body string, _ int) {
		for line := range strings.Lines(body) {
			if !s.take(line) {
				http.Error(w, "it broke", http.StatusInternalServerError)
				return
			}
		}
	})
	relp := relpServer(t, func(number int, command string, data []byte) []byte {
		switch {
		case command == "open":
			return opened(number)
		case command == "syslog" && !s.take(string(data)):
			return appendCommand(nil, number, "rsp", []byte("500 not this one"))
		}
		return ok(number)
	})
	tcp := serve(t, func(c net.Conn) {
		for in := bufio.NewScanner(c); in.Scan(); {
			if !s.take(in.Text()) {
				_ = c.(*net.TCPConn).SetLinger(0) // it crashes
				return
			}
		}
	})
	return map[string]wire.Destination{"http": {To: web.URL, Format: wire.CEF}, "relp": {To: "relp://" + relp}, "halfclose": {To: "tcp://" + tcp, Confirm: wire.ConfirmHalfClose}}
}

// hurry ends each wait of a Deliverer.
func hurry(t *testing.T, d *Deliverer) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() {
		for ctx.Err() == nil {
			d.Wake()
			time.Sleep(time.Millisecond)
		}
	}()
}

// Records that the receiver refuses alone, while it takes all others, go to the dead letters, and nothing else does.
func TestPoison(t *testing.T) {
	t.Parallel()
	const n = 300
	poison := []string{"id=00000001", "id=00000100", "id=00000101", "id=00000290"}
	s := &taker{refuse: func(id string) bool { return slices.Contains(poison, id) }}
	for name, dest := range takers(t, s) {
		s.mu.Lock()
		s.ids = nil
		s.mu.Unlock()
		var mu sync.Mutex
		var dead, told []string
		d, confirmed := start(t, Options{Destination: dest, poison: 50 * time.Millisecond,
			Dead: func(rec wire.Record, reason string) error {
				mu.Lock()
				defer mu.Unlock()
				dead = append(dead, strings.TrimSpace(rec.UID))
				if !strings.Contains(reason, "refused alone") {
					t.Errorf("%s: the reason is %q", name, reason)
				}
				return nil
			}, Problem: func(code wire.Code, text string) {
				if code == wire.RecordDeadLetter {
					told = append(told, text)
				}
			}})
		hurry(t, d)
		if err := d.Send(limited(t), lines(1, n, 200)); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(limited(t)); err != nil {
			t.Fatalf("%s: %v: %+v", name, err, d.Metrics())
		}
		s.mu.Lock()
		got := slices.Clone(s.ids)
		s.mu.Unlock()
		times := map[string]int{}
		for _, id := range got {
			times[id]++
		}
		t.Logf("%s: %d arrived twice", name, len(got)-len(times))
		if len(times) != n-len(poison) || confirmed.Load() != n || !slices.Equal(dead, poison) || len(told) != len(poison) {
			t.Errorf("%s: %d records arrived, %d are confirmed, %v are dead, %d are told", name, len(times), confirmed.Load(), dead, len(told))
		}
	}
}

// One that was confirmed, or was in the dead letters before this process began, and is refused in a replay, is only left out.
func TestPoisonInReplay(t *testing.T) {
	s := &taker{refuse: func(id string) bool { return id == "id=00000003" }}
	d, confirmed := start(t, Options{Destination: takers(t, s)["halfclose"], poison: time.Millisecond})
	d.Seed(lines(1, 5, 200))
	d.q.replay(replayHalfClose)
	hurry(t, d)
	if err := d.Send(limited(t), lines(6, 5, 200)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(limited(t)); err != nil {
		t.Fatalf("%v: %+v", err, d.Metrics())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Sort(s.ids); len(slices.Compact(s.ids)) != 9 || confirmed.Load() != 5 {
		t.Errorf("%v arrived, %d are confirmed", s.ids, confirmed.Load())
	}
}

// While the receiver refuses everything, or each record now and then, as one of several behind a load balancer does that is
// broken, nothing is dropped.
func TestOutageIsNoPoison(t *testing.T) {
	t.Parallel()
	const n = 20
	var refused atomic.Int64
	for what, refuse := range map[string]func(id string) bool{
		"everything":                           func(string) bool { return refused.Add(1) < 60 },
		"what is not sent next":                func(id string) bool { return id != "id=00000001" && refused.Add(1) < 60 },
		"the first few times":                  func(id string) bool { return id == "id=00000003" && refused.Add(1) < poisonTries+poisonProofs },
		"everything, then every second":        func(string) bool { n := refused.Add(1); return n < 60 || n < 600 && n%2 == 0 },
		"everything, then every other second":  func(string) bool { n := refused.Add(1); return n < 60 || n < 600 && n%2 == 1 },
		"everything, then all but every third": func(string) bool { n := refused.Add(1); return n < 60 || n < 600 && n%3 != 1 },
	} {
		s := &taker{refuse: refuse}
		for name, dest := range takers(t, s) {
			refused.Store(0)
			s.mu.Lock()
			s.ids = nil
			s.mu.Unlock()
			d, confirmed := start(t, Options{Destination: dest, poison: time.Millisecond})
			hurry(t, d)
			if err := d.Send(limited(t), lines(1, n, 200)); err != nil {
				t.Fatal(err)
			}
			if err := d.Flush(limited(t)); err != nil {
				t.Fatalf("%s refuses %s: %v: %+v", name, what, err, d.Metrics())
			}
			s.mu.Lock()
			slices.Sort(s.ids)
			if got := slices.Compact(s.ids); len(got) != n || confirmed.Load() != n {
				t.Errorf("%s refuses %s: %d of %d records arrived, %d are confirmed", name, what, len(got), n, confirmed.Load())
			}
			s.mu.Unlock()
		}
	}
}

// Before its time, one that is refused is only tried again.
func TestPoisonTakesTime(t *testing.T) {
	s := &taker{refuse: func(id string) bool { return id == "id=00000001" }}
	d, confirmed := start(t, Options{Destination: takers(t, s)["relp"]})
	hurry(t, d)
	if err := d.Send(limited(t), lines(1, 10, 200)); err != nil {
		t.Fatal(err)
	}
	for d.Metrics().Errors < 3*poisonTries {
		time.Sleep(time.Millisecond)
	}
	if confirmed.Load() != 0 {
		t.Errorf("%d records are confirmed", confirmed.Load())
	}
}

// A record is found and given up soon, though a receiver that is away is tried once a minute: what is behind it waits. As many
// sessions as it takes are made with the waits that follow them.
func TestPoisonIsFoundSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &taker{refuse: func(id string) bool { return id == "id=00000003" }}
		var dead []string
		d, err := New(Options{Destination: wire.Destination{Name: "siem", To: "relp://192.0.2.7:2514", Format: wire.CEF}, Dial: s.relp,
			Confirmed: func(int) {}, Problem: func(wire.Code, string) {}, Log: slog.New(slog.DiscardHandler),
			Dead: func(rec wire.Record, _ string) error { dead = append(dead, rec.UID); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = d.Run(ctx) }()
		began := time.Now()
		if err := errors.Join(d.Send(ctx, lines(1, 300, 200)), d.Flush(ctx)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); len(dead) != 1 || took < poisonTime || took > poisonTime+time.Minute {
			t.Errorf("%v are dead after %v", dead, took)
		}
		cancel()
		<-done
	})
}

// relp connects to a receiver over RELP without a network.
func (s *taker) relp(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	answers := make(chan []byte, 1000) // a pipe holds nothing
	go func() {
		defer theirs.Close()
		for answer := range answers {
			if _, err := theirs.Write(answer); err != nil {
				return
			}
		}
	}()
	go func() {
		defer close(answers)
		in := bufio.NewReader(theirs)
		for {
			var number, length int
			var command string
			if _, err := fmt.Fscanf(in, "%d %s %d", &number, &command, &length); err != nil {
				return
			}
			data := make([]byte, length+min(length, 1)+1) // behind a blank, when there is any, and the line feed
			if _, err := io.ReadFull(in, data); err != nil {
				return
			}
			answer := ok(number)
			switch {
			case command == "open":
				answer = opened(number)
			case command == "syslog" && !s.take(string(data)):
				answer = appendCommand(nil, number, "rsp", []byte("500 not this one"))
			}
			answers <- answer
		}
	}()
	return ours, nil
}
