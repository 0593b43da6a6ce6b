//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read is what other.py prints.
type read struct {
	PyIceberg reader `json:"pyiceberg"`
	DuckDB    reader `json:"duckdb"`
}

type reader struct {
	Rows    int               `json:"rows"`
	Users   map[string]int    `json:"users"`
	UIDs    int               `json:"uids"`
	Seq     []int             `json:"seq"` // smallest, largest, how many
	Records map[string]string `json:"records"`
}

// TestOtherReaders asks PyIceberg, through the SQL catalog, and DuckDB, over the files it names, what Kiroku says itself.
func TestOtherReaders(t *testing.T) {
	python := os.Getenv("KIROKU_PYTHON")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import pyiceberg.catalog.sql, pyarrow, duckdb").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("%s lacks a package (%v): %s; run make integration", python, err, out))
	}
	data := t.TempDir()
	config := write(t, t.TempDir(), "kiroku.yaml", "lake: {publish_interval: 1s}\n")
	s := start(t, data, "--config", config, "--syslog", fmt.Sprintf("127.0.0.1:%d", freePort(t)))
	const records, rounds = 2000, 3
	for round := range rounds {
		var b bytes.Buffer
		for n := range records {
			fmt.Fprintf(&b, "%s\n", record("readers", round*records+n))
		}
		if _, err := call(s, http.MethodPost, "/api/v1/ingest", b.Bytes()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond) // each round a publication of its own
	}
	want := s.count("*")
	if want != rounds*records {
		t.Fatalf("Kiroku counts %d events, want %d", want, rounds*records)
	}
	deadline := time.Now().Add(60 * time.Second)
	var got read
	for {
		cmd := exec.Command(python, "other.py", filepath.Join(data, "catalog.db"), filepath.Join(data, "warehouse"), "default")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil {
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got.PyIceberg.Rows == want {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("PyIceberg reads %d rows, want %d (%v)\n%s", got.PyIceberg.Rows, want, err, stderr.String())
		}
		time.Sleep(time.Second)
	}
	if diff := cmp.Diff(got.PyIceberg, got.DuckDB); diff != "" {
		t.Errorf("PyIceberg and DuckDB disagree (-pyiceberg +duckdb):\n%s", diff)
	}
	if r := got.PyIceberg; r.UIDs != want || r.Seq[2] != want || r.Seq[1]-r.Seq[0]+1 != want {
		t.Errorf("%d event_uids and seq from %d to %d (%d different) in %d rows", r.UIDs, r.Seq[0], r.Seq[1], r.Seq[2], want)
	}
	for _, user := range []string{"user0", "user7", "user499"} {
		if n := s.count("actor_user_name:" + user); n == 0 || n != got.PyIceberg.Users[user] {
			t.Errorf("Kiroku counts %d events of %s, PyIceberg %d", n, user, got.PyIceberg.Users[user])
		}
	}
	for n := range 5 {
		uid := fmt.Sprintf("readers-%d", n)
		if diff := cmp.Diff(record("readers", n), got.PyIceberg.Records[uid]); diff != "" {
			t.Errorf("raw_data of %s (-sent +read):\n%s", uid, diff)
		}
	}
	proved(t, s, data)
}
