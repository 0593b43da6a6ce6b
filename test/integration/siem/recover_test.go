//go:build integration

package siem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kiroku/internal/forward/wire"
)

// listener is "kiroku agent listen" with receipts; the lines that it shows go to a file.
func listener(t *testing.T) (r *receiver, receipts string) {
	t.Helper()
	dir := t.TempDir()
	file, receipts := filepath.Join(dir, "stored"), filepath.Join(dir, "receipts.jsonl")
	r = &receiver{address: fmt.Sprintf("127.0.0.1:%d", freePort(t)), arrived: newTally(file, numberOf), exact: true}
	r.to = "relp://" + r.address
	r.again = func(t *testing.T, _ ...string) *process {
		return launch(t, nil, "/bin/sh", "-c", `exec "$0" agent listen "$1" --lines --receipts "$2" >>"$3"`, binary(t), r.address, receipts, file)
	}
	r.ready = func(t *testing.T) {
		until(t, "kiroku agent listen listens", 20*time.Second, func() bool {
			if r.ended() {
				t.Fatalf("kiroku agent listen ended:\n%s", r.tail())
			}
			return strings.Contains(r.words(), "listening on")
		})
	}
	r.start(t)
	return r, receipts
}

// received is what the receipts say, as it came.
func received(t *testing.T, receipts string) (uids []string) {
	t.Helper()
	text, err := os.ReadFile(receipts)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var r struct{ UID string }
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		uids = append(uids, r.UID)
	}
	return uids
}

// uids are the external ids of the records from, …, to-1.
func uids(from, to int) (all []string) {
	for n := from; n < to; n++ {
		all = append(all, fmt.Sprintf("r-%d", n))
	}
	return all
}

// recovery makes a recovery agent like another one that sends the records from, …, to-1 to r.
func (s *server) recovery(t *testing.T, like made, from, to int, r *receiver, rate int, more ...string) (m made) {
	t.Helper()
	dest := write(t, t.TempDir(), "destination.json", fmt.Sprintf(`{"name": "siem", "to": %q, "format": "cef", "rate": {"records_per_second": %d}}`, r.to, rate))
	args := []string{"recover", "--like", like.ID, "--from", at(from).Format(time.RFC3339Nano), "--to", at(to).Format(time.RFC3339Nano), "--destination-file", dest}
	s.agents(t, &m, append(args, more...)...)
	if m.ID == "" || m.Token == "" || m.Note == "" {
		t.Fatalf("kiroku agents recover printed no id, token and note: %+v", m)
	}
	return m
}

// summary is what a recovery prints with --json.
func summary(t *testing.T, a *process) (sum wire.Summary) {
	t.Helper()
	if code := a.exit(time.Minute); code != 0 {
		t.Fatalf("the recovery ended with %d:\n%s", code, a.tail())
	}
	for line := range strings.Lines(a.words()) {
		if strings.Contains(line, `"records"`) && json.Unmarshal([]byte(line), &sum) == nil {
			return sum
		}
	}
	t.Fatalf("the recovery printed no receipt:\n%s", a.tail())
	return sum
}

// TestRecovery recovers a period while the agent that it is like goes on.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const n, from, to = 6000, 1000, 3000
	s := serve(t)
	s.store(t, 0, n)
	main := faulty(t, "tcp")
	m := s.create(t, append([]string{"--to", main.to, "--rate-records", "600", "--filter", "event_code:AUT31504"}, main.create...)...)
	a := s.agent(t, m)
	until(t, "the main agent has begun", 20*time.Second, func() bool { return main.arrived.look(t).distinct > 100 })

	first, firstReceipts := listener(t)
	rm := s.recovery(t, m, from, to, first, 1000)
	ra := s.agent(t, rm, "--json")
	until(t, "the recovery has begun", 20*time.Second, func() bool { return first.arrived.look(t).distinct > 500 })
	ra.kill() // it goes on, and does not begin anew
	before := first.arrived.look(t).distinct
	ra = s.agent(t, rm, "--json")
	sum := summary(t, ra)
	if main.arrived.look(t).distinct == n {
		t.Error("the main agent was done before the recovery: nothing ran beside it")
	}
	until(t, "the listener has shown everything", 20*time.Second, func() bool { return first.arrived.look(t).distinct >= to-from })
	got := first.arrived.look(t)
	if got.distinct != to-from || got.disordered != 0 || got.torn != 0 {
		t.Errorf("%d records of the period arrived, want %d; %d out of order, %d cut off", got.distinct, to-from, got.disordered, got.torn)
	}
	if got.duplicates > dupAgent || before == to-from {
		t.Errorf("%d came twice, more than %d, after a kill at %d records", got.duplicates, dupAgent, before)
	}
	seen := received(t, firstReceipts)
	slices.Sort(seen)
	want := uids(from, to)
	slices.Sort(want)
	if diff := slices.Compact(seen); !slices.Equal(diff, want) {
		t.Errorf("the receipts have %d external ids, want %d: from r-%d, without r-%d", len(diff), len(want), from, to)
	}
	if sum.Records != to-from || !sum.From.Equal(at(from)) || !sum.To.Equal(at(to)) || sum.First.UID != fmt.Sprintf("r-%d", from) || sum.Last.UID != fmt.Sprintf("r-%d", to-1) || sum.Dead != 0 {
		t.Errorf("the receipt says %+v", sum)
	}
	st := s.status(t, rm.ID)
	if st.Kind != wire.Recovery || st.State != wire.StateCompleted || st.Recovery == nil || st.Recovery.Receipt == nil || st.Recovery.Receipt.Records != to-from || st.Recovery.Like != m.ID || st.Filter != "event_code:AUT31504" {
		t.Errorf("the server says of the recovery: %+v %+v", st, st.Recovery)
	}
	// Its token works no more; starting it again is no error, and sends nothing.
	again := s.agent(t, rm)
	if code := again.exit(20 * time.Second); code != 0 || !strings.Contains(again.words(), "complete") {
		t.Errorf("a completed recovery that is started again ends with %d: %s", code, again.tail())
	}

	// A second recovery sends the same bytes.
	second, _ := listener(t)
	sa := s.agent(t, s.recovery(t, m, from, to, second, 0), "--json")
	if sum := summary(t, sa); sum.Records != to-from {
		t.Errorf("the second recovery says %+v", sum)
	}
	s.agents(t, new(any), "list")
	if _, errors, code := s.run(t, "agents", "delete", rm.ID, "--data", s.data); code != 0 {
		t.Errorf("delete the recovery agent: %s", errors)
	}
	until(t, "the second listener has shown everything", 20*time.Second, func() bool { return second.arrived.look(t).distinct == to-from })
	if x, y := once(t, first.arrived.file), once(t, second.arrived.file); !bytes.Equal(x, y) {
		t.Errorf("two recoveries of the same period differ: %d and %d bytes", len(x), len(y))
	}

	s.acknowledged(t, m, a, n, time.Minute)
	if st := s.status(t, m.ID); st.State != wire.Connected || len(st.Notifications) != 0 || st.Destinations[0].Confirmed != n {
		t.Errorf("the recovery has changed the main agent: %+v", st)
	}
	a.stop()
	main.arrived.complete(t, n, 0, false)
	if got := main.arrived.sequence(t); !slices.IsSorted(got) || len(got) != n {
		t.Errorf("the main agent has sent %d records, not as without a recovery", len(got))
	}
}

// once is the lines of a file without those that stood before.
func once(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var out []byte
	for line := range bytes.Lines(text) {
		if !seen[string(line)] {
			seen[string(line)] = true
			out = append(out, line...)
		}
	}
	return out
}

// TestRecoveryOfWhatIsMissing asks the receipts of the receiver, as a file and over HTTP, and sends nothing twice.
func TestRecoveryOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"file", "http"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			s.store(t, 0, 3000)
			r, receipts := listener(t)
			m := s.create(t, "--to", r.to, "--format", "cef")
			if sum := summary(t, s.agent(t, s.recovery(t, m, 1000, 2000, r, 0), "--json")); sum.Records != 1000 {
				t.Fatalf("the SIEM was to have 1000 records: %+v", sum)
			}
			source := receipts
			if from == "http" {
				source = "http://" + r.address + "/receipts"
			}
			sum := summary(t, s.agent(t, s.recovery(t, m, 500, 2500, r, 0, "--missing-only"), "--json", "--receipts", source))
			if sum.Records != 1000 || sum.Skipped != 1000 {
				t.Errorf("the receipt says %+v; want 1000 records and 1000 skipped", sum)
			}
			want := slices.Concat(uids(1000, 2000), uids(500, 1000), uids(2000, 2500))
			if got := received(t, receipts); !slices.Equal(got, want) {
				t.Errorf("%d records arrived, want %d, each once", len(got), len(want))
			}
			// Without receipts nothing is sent, rather than everything.
			blind := s.agent(t, s.recovery(t, m, 500, 2500, r, 0, "--missing-only"))
			if code := blind.exit(20 * time.Second); code != 2 || !strings.Contains(blind.words(), "--receipts") {
				t.Errorf("a recovery of what is missing without receipts ends with %d: %s", code, blind.tail())
			}
			if got := received(t, receipts); len(got) != len(want) {
				t.Errorf("without receipts %d records were sent", len(got)-len(want))
			}
		})
	}
}

// TestAgentRecover recovers with nothing but the token of the agent: "kiroku agent recover".
func TestAgentRecover(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.store(t, 0, 2000)
	r, receipts := listener(t)
	m := s.create(t, "--to", r.to, "--format", "cef")
	dir := t.TempDir()
	out, errors, code := s.run(t, "agent", "recover", "--server", s.url(), "--token", m.Token, "--from", at(100).Format(time.RFC3339Nano),
		"--to", at(200).Format(time.RFC3339Nano), "--save", dir, "--json")
	var sum wire.Summary
	if err := json.Unmarshal([]byte(out), &sum); code != 0 || err != nil || sum.Records != 100 {
		t.Fatalf("kiroku agent recover ended with %d: %s %s", code, out, errors)
	}
	if !strings.Contains(errors, "will arrive again") {
		t.Errorf("it does not say that records will arrive again: %s", errors)
	}
	if got := received(t, receipts); !slices.Equal(got, uids(100, 200)) {
		t.Errorf("%d records arrived, want 100", len(got))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
	if st := s.status(t, m.ID); st.State != wire.Created || st.Cursor["default"] != 0 {
		t.Errorf("it has changed the agent: %+v", st)
	}
}
