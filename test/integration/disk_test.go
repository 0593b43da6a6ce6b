//go:build integration

package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file system of 200 MB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", dir).CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("a small disk needs the right to mount: %v: %s", err, out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

// fill writes a file that leaves free bytes.
func fill(t *testing.T, dir string, free int64) string {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ballast")
	if err := os.WriteFile(name, bytes.Repeat([]byte{1}, int(int64(fs.Bavail)*fs.Bsize-free)), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestDiskFull fills the disk to below lake.min_free, and to the last byte. Intake pushes back; nothing acknowledged is
// lost; when there is room it goes on by itself.
func TestDiskFull(t *testing.T) {
	for name, c := range map[string]struct {
		minFree string
		free    int64
	}{
		"below min_free":   {"64MiB", 32 << 20},
		"to the last byte": {"1MiB", 0},
	} {
		t.Run(name, func(t *testing.T) {
			disk := smallDisk(t)
			data, port := filepath.Join(disk, "data"), freePort(t)
			config := write(t, t.TempDir(), "kiroku.yaml", fmt.Sprintf(
				"lake: {min_free: %s, publish_interval: 2s}\ninputs:\n  - {name: syslog, type: tcp, address: '127.0.0.1:%d'}\n", c.minFree, port))
			s := start(t, data, "--config", config)
			acked := 0
			put := func() (answer, error) {
				var b bytes.Buffer
				for n := range 500 {
					fmt.Fprintf(&b, "%s\n", record("http", acked+n))
				}
				a, err := call(s, http.MethodPost, "/api/v1/ingest", b.Bytes())
				if err == nil {
					acked += 500
				}
				return a, err
			}
			if _, err := put(); err != nil {
				t.Fatal(err)
			}
			ballast := fill(t, disk, c.free)
			if a, _ := call(s, http.MethodGet, "/readyz", nil); c.free > 0 && a.status != http.StatusServiceUnavailable {
				t.Errorf("nobody has tried to store anything yet: /readyz answers %d", a.status)
			}
			a, err := put()
			if err == nil {
				t.Fatal("records were acknowledged though the disk is full")
			}
			switch {
			case a.status == http.StatusServiceUnavailable && a.retry == "":
				t.Errorf("the answer 503 does not say when to try again")
			case errors.Is(err, context.DeadlineExceeded) && c.free == 0: // a commit has to fail first
				t.Logf("a sender over HTTP is made to wait")
			case a.status != http.StatusServiceUnavailable:
				t.Errorf("a full disk is answered with %d (%v), want 503 or patience", a.status, err)
			}
			if n := s.count("metadata_uid:http-*"); n != acked {
				t.Errorf("while the disk is full %d events are found, want %d", n, acked)
			}
			conn, err := net.Dial("tcp", s.syslog)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 100 {
				if _, err := fmt.Fprintf(conn, "%s\n", record("tcp", n)); err != nil {
					t.Fatal(err)
				}
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			s.await("metadata_uid:tcp-*", 100, 60*time.Second)
			began := time.Now()
			for {
				if _, err = put(); err == nil {
					break
				}
				if time.Since(began) > 60*time.Second {
					t.Fatalf("intake did not recover within a minute: %v", err)
				}
				time.Sleep(200 * time.Millisecond)
			}
			// A request that was refused may have been stored, but never half, and its records never twice.
			got := s.sql("SELECT count(*), count(DISTINCT metadata_uid) FROM events WHERE metadata_uid LIKE 'http-%'")
			if got[0] != fmt.Sprint(acked) || got[1] != got[0] {
				t.Errorf("%d records were acknowledged; %s events are there, %s different ones", acked, got[0], got[1])
			}
			proved(t, s, data)
		})
	}
}
