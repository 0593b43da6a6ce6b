//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	kills = 20
	// flush is the server's default lake.flush_interval: what plain TCP may lose. The rest is what a busy machine adds between
	// a sender's write and the server's read, and the writing of the segment.
	flush = 500 * time.Millisecond
	slack = 700 * time.Millisecond
)

// uploader sends one object in pieces over HTTP, as "kiroku import" does: when the server is gone it asks the next one how
// far the object was stored, and goes on from there. The object has no end.
type uploader struct {
	key   string
	ends  []int // where each record that was ever sent ends in the object
	acked int   // records that the server said are stored
}

// piece is the bytes of the records from, from+1, … to-1.
func (u *uploader) piece(from, to int) []byte {
	var b []byte
	for n := from; n < to; n++ {
		b = append(append(b, record(u.key, n)...), '\n')
		if n == len(u.ends) {
			u.ends = append(u.ends, u.start(n)+len(record(u.key, n))+1)
		}
	}
	return b
}

// start is where record n starts in the object.
func (u *uploader) start(n int) int {
	if n == 0 {
		return 0
	}
	return u.ends[n-1]
}

// run sends pieces until the server is gone, or only one.
func (u *uploader) run(t *testing.T, s *server, once bool) {
	known, err := call(s, http.MethodGet, "/api/v1/ingest/checkpoint?"+url.Values{"key": {u.key}}.Encode(), nil)
	if err != nil {
		return // killed before it answered
	}
	next, found := slices.BinarySearch(u.ends, known.Position)
	if found {
		next++
	}
	if next < u.acked || !found && known.Position != 0 {
		t.Errorf("%s: %d records had been acknowledged, the server knows of %d (position %d)", u.key, u.acked, next, known.Position)
		return
	}
	for {
		to := next + 1000 + rand.IntN(3000)
		body := u.piece(next, to)
		query := url.Values{"key": {u.key}, "from": {strconv.Itoa(u.start(next))}, "to": {strconv.Itoa(u.start(to))}, "input": {"upload"}}
		got, err := call(s, http.MethodPost, "/api/v1/ingest?"+query.Encode(), body)
		if err != nil {
			return
		}
		if got.Position != u.start(to) {
			t.Errorf("%s: the piece up to %d was answered with position %d", u.key, u.start(to), got.Position)
			return
		}
		next, u.acked = to, to
		if once {
			return
		}
	}
}

// answer is what the routes for intake say.
type answer struct {
	Accepted int    `json:"accepted"`
	Position int    `json:"position"`
	Title    string `json:"title"`
	status   int
	retry    string
}

// patience is how long a sender waits for an answer.
const patience = 20 * time.Second

func call(s *server, method, path string, body []byte) (answer, error) {
	var a answer
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.http+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token())
	req.Header.Set("Content-Type", "application/octet-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a.status, a.retry = res.StatusCode, res.Header.Get("Retry-After")
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("%s: %w: %s", res.Status, err, text)
	}
	if res.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: %s", res.Status, text)
	}
	return a, nil
}

// stream is what one connection sent: how many records by when.
type stream struct {
	name string
	mu   sync.Mutex
	at   []time.Time // of the n-th hundred
	sent int
}

const hundred = 100

// run sends hundred after hundred, about 5,000 records a second, until the connection breaks.
func (st *stream) run(address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer conn.Close()
	for n := 0; ; n += hundred {
		var b bytes.Buffer
		for i := range hundred {
			fmt.Fprintf(&b, "%s\n", record(st.name, n+i))
		}
		if _, err := conn.Write(b.Bytes()); err != nil {
			return
		}
		st.mu.Lock()
		st.at, st.sent = append(st.at, time.Now()), n+hundred
		st.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
}

// before is how many records were sent before t.
func (st *stream) before(t time.Time) int {
	n, _ := slices.BinarySearchFunc(st.at, t, time.Time.Compare)
	return n * hundred
}

// TestKill kills the server at random moments in full ingest. A sender that waits for the answer finds each record exactly
// once; one that cannot be answered misses at most the last flush interval.
func TestKill(t *testing.T) {
	data := t.TempDir()
	var uploads []*uploader
	for n := range 6 {
		uploads = append(uploads, &uploader{key: fmt.Sprintf("upload%d", n)})
	}
	var streams []*stream
	var limits []int
	for k := range kills {
		s := start(t, data)
		if s.took > 3*time.Second {
			t.Errorf("start %d took %v, more than 3 s", k, s.took)
		}
		st := &stream{name: fmt.Sprintf("tcp%d", k)}
		var senders sync.WaitGroup
		for _, u := range uploads {
			senders.Go(func() { u.run(t, s, false) })
		}
		senders.Go(func() { st.run(s.syslog) })
		time.Sleep(300*time.Millisecond + rand.N(2200*time.Millisecond))
		killed := time.Now()
		s.kill()
		senders.Wait()
		streams, limits = append(streams, st), append(limits, st.before(killed.Add(-flush-slack)))
		if t.Failed() {
			t.Fatalf("kill %d", k)
		}
	}
	s := start(t, data)
	acked := 0
	for range 2 { // what was acknowledged is there, and so it is after every upload went on
		for _, u := range uploads {
			checkUpload(t, s, u)
			acked += u.acked
			u.run(t, s, true)
		}
	}
	if acked == 0 {
		t.Fatal("nothing was acknowledged: the test proves nothing")
	}
	t.Logf("%d records were acknowledged over HTTP in %d runs", acked/2, kills)
	sent, lost := 0, 0
	for k, st := range streams {
		got := s.sql(fmt.Sprintf("SELECT count(*), count(DISTINCT metadata_uid), count(DISTINCT CASE WHEN CAST(split_part(metadata_uid, '-', 2) AS BIGINT) < %d THEN metadata_uid END) "+
			"FROM events WHERE metadata_uid LIKE '%s-%%'", limits[k], st.name))
		all, distinct, early := number(t, got[0]), number(t, got[1]), number(t, got[2])
		if all != distinct {
			t.Errorf("%s: %d events, but only %d different ones", st.name, all, distinct)
		}
		if early != limits[k] {
			t.Errorf("%s: of the %d records sent more than %v before the kill, %d are there", st.name, limits[k], flush+slack, early)
		}
		sent, lost = sent+st.sent, lost+st.sent-all
	}
	t.Logf("over TCP %d of %d records were lost in %d kills, %.0f ms' worth a kill", lost, sent, kills, float64(lost)/5000/kills*1000)
	proved(t, s, data)
}

// checkUpload checks that what was acknowledged is there, and everything once, without a gap.
func checkUpload(t *testing.T, s *server, u *uploader) {
	t.Helper()
	got := s.sql(fmt.Sprintf("SELECT count(*), count(DISTINCT metadata_uid), max(CAST(split_part(metadata_uid, '-', 2) AS BIGINT)) + 1 FROM events WHERE metadata_uid LIKE '%s-%%'", u.key))
	all, distinct, last := number(t, got[0]), number(t, got[1]), number(t, got[2])
	if all < u.acked || all != distinct || last != all {
		t.Errorf("%s: %d records were acknowledged; %d events are there, %d different ones, the last is number %d", u.key, u.acked, all, distinct, last-1)
	}
}

// proved runs fsck on the running server and on the folder of the stopped one.
func proved(t *testing.T, s *server, data string) {
	t.Helper()
	fsck := func() {
		t.Helper()
		out, errors, code := run(t, "", "fsck", "--data", data, "--json")
		var report struct{ OK bool }
		if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || !report.OK {
			t.Errorf("kiroku fsck ended with %d (%v):\n%s\n%s", code, err, out, errors)
		}
	}
	fsck()
	s.stop()
	fsck()
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
