//go:build integration

package siem

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// epoch is the time of record 0; others follow a second apart.
var epoch = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

func at(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }

// recordAt is record n as Ivanti Connect Secure writes it, with its end of line. Its number is its external id, and stands at
// the end of a line of CEF, too, so that a line that was cut off is told from a whole one.
func recordAt(n int, when time.Time) string {
	return fmt.Sprintf(`<134>1 %s vpn1.example.com PulseSecure: - - - {"message_id":"AUT31504","date":"%s","timestamp":"%d","us_timestamp":"%d.%06d",`+
		`"unique_id":"r-%d","sev_num":"3","sev_string":"info","source_ip":"203.0.113.%d","user":"user%d","realm_name":"Employees","roles":"Employees-Role",`+
		`"session_id":"s%de","useragent":"Pulse-Secure/22.7.2.28369","raw_message":"Login succeeded for user%d/Employees from 203.0.113.%d, id=%d "}`+"\n",
		when.Format(time.RFC3339), when.Format(time.DateOnly), when.Unix(), when.Unix(), when.Nanosecond()/1000, n, n%254+1, n%500, n, n%500, n%254+1, n)
}

// lineBytes is what a line of CEF of a record has at least; the tests that count duplicates check that.
const lineBytes = 450

// Forms of the lines of a receiver's file.
var (
	cefLine  = regexp.MustCompile(`^<109>[^<]* CEF:0\|[^<]*externalId=r-(\d+) [^<]* cs6=s(\d+)e$`)
	jsonLine = regexp.MustCompile(`^(?:<109>1 [^<{]* )?(?:\x{FEFF})?\{"event_uid"[^\n]*"metadata_uid":"r-(\d+)".*"actor_session_uid":"s(\d+)e".*\}$`)
)

// numberOf finds the number of a record in a whole line of CEF or JSON.
func numberOf(line []byte) (int, bool) {
	m := cefLine.FindSubmatch(line)
	if m == nil {
		m = jsonLine.FindSubmatch(line)
	}
	if m == nil || !bytes.Equal(m[1], m[2]) {
		return 0, false
	}
	n, err := strconv.Atoi(string(m[1]))
	return n, err == nil
}

// numberAlone reads the lines of the fault receiver's file.
func numberAlone(line []byte) (int, bool) {
	n, err := strconv.Atoi(string(line))
	return n, err == nil
}

// tally reads the file of a receiver as it grows, and counts what stands in it.
type tally struct {
	file  string
	parse func(line []byte) (int, bool)

	mu     sync.Mutex
	read   int64
	rest   []byte
	times  []int // by number
	order  []int // numbers as they came
	prefix int   // all below have come
	counts
}

// counts are what is wrong.
type counts struct {
	distinct, duplicates, disordered int
	torn                             int // lines that are no whole record
	tornExample                      string
	shortest                         int // bytes of a line
	last                             int // number of the newest first delivery
}

func newTally(file string, parse func([]byte) (int, bool)) *tally {
	return &tally{file: file, parse: parse, counts: counts{last: -1}}
}

// look reads what is new.
func (y *tally) look(t *testing.T) counts {
	t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	f, err := os.Open(y.file)
	if os.IsNotExist(err) {
		return y.counts
	}
	if err != nil {
		t.Error(err)
		return y.counts
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, y.read, 1<<40))
	if err != nil {
		t.Error(err)
		return y.counts
	}
	y.read += int64(len(b))
	b = append(y.rest, b...)
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			y.rest = bytes.Clone(b)
			return y.counts
		}
		y.line(line)
		b = rest
	}
}

func (y *tally) line(line []byte) {
	n, ok := y.parse(line)
	if !ok {
		if y.torn++; y.torn == 1 {
			y.tornExample = string(line[:min(len(line), 900)])
		}
		return
	}
	if y.shortest == 0 || len(line) < y.shortest {
		y.shortest = len(line)
	}
	y.order = append(y.order, n)
	for len(y.times) <= n {
		y.times = append(y.times, 0)
	}
	y.times[n]++
	if y.times[n] > 1 {
		y.duplicates++
		return
	}
	y.distinct++
	if n < y.last {
		y.disordered++
	}
	y.last = max(y.last, n)
	for y.prefix < len(y.times) && y.times[y.prefix] > 0 {
		y.prefix++
	}
}

// has says whether the records below n have all come; else it returns the first that has not.
func (y *tally) has(t *testing.T, n int) (first int, ok bool) {
	t.Helper()
	y.look(t)
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.prefix, y.prefix >= n
}

// sequence is the numbers as they came.
func (y *tally) sequence(t *testing.T) []int {
	t.Helper()
	y.look(t)
	y.mu.Lock()
	defer y.mu.Unlock()
	return append([]int(nil), y.order...)
}

// complete checks that the records below n have come, in order, with at most bound duplicates.
func (y *tally) complete(t *testing.T, n, bound int, kills bool) counts {
	t.Helper()
	c := y.look(t)
	if lost := n - c.distinct; lost != 0 || len(y.times) > n {
		first, _ := y.has(t, n)
		t.Errorf("%d of %d records are lost, the first is %d; the highest number is %d", lost, n, first, len(y.times)-1)
	}
	if c.disordered != 0 {
		t.Errorf("%d first deliveries are out of order", c.disordered)
	}
	if c.duplicates > bound {
		t.Errorf("%d duplicates, more than %d", c.duplicates, bound)
	}
	if c.torn != 0 && !kills {
		t.Errorf("%d lines are no whole records, the first: %q", c.torn, c.tornExample)
	}
	return c
}
