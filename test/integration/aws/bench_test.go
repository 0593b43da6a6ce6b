//go:build integration

package aws

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// records makes Records files from those of the samples, each with ids of its own, of about size bytes in all; n records
// a file.
func records(b *testing.B, size, n int) (files [][]byte, bytes int) {
	b.Helper()
	var lines []string
	text, err := os.ReadFile("../../../internal/decode/trailfile/testdata/plain.json")
	if err != nil {
		b.Fatal(err)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(text)), `{"Records":[{"eventVersion"`), `}]}`)
	lines = strings.Split(inner, `},{"eventVersion"`)
	for id := 0; bytes < size; {
		var t strings.Builder
		t.WriteString(`{"Records":[`)
		for i := range n {
			if i > 0 {
				t.WriteByte(',')
			}
			// The id comes last: of two members of one name the last one holds.
			fmt.Fprintf(&t, `{"eventVersion"%s,"eventID":"%08x-0000-4000-8000-%012x"}`, strings.Replace(lines[id%len(lines)], `"eventID"`, `"x"`, 1), id*2654435761&0xffffffff, id)
			id++
		}
		t.WriteString(`]}`)
		bytes += t.Len()
		files = append(files, []byte(t.String()))
	}
	return files, bytes
}

// BenchmarkPath is the whole way from S3 to searchable events: uncompressed megabytes per second, and per second of one core
// that Kiroku used. Beside it zcat and jq do the same files.
func BenchmarkPath(b *testing.B) {
	for _, n := range []int{20, 300, 20_000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) { path(b, n) })
	}
}

func path(b *testing.B, n int) {
	files, size := records(b, 240<<20, n)
	dir, iam, local := b.TempDir(), b.TempDir(), b.TempDir()
	gate := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}()
	gw := exec.Command(os.Getenv("KIROKU_VERSITYGW"), "--access", rootKey, "--secret", rootSecret, "--port", gate, "--iam-dir", iam, "--quiet", "--keep-alive", "posix", dir)
	if err := gw.Start(); err != nil {
		b.Skip("SKIPPED, NOTHING WAS MEASURED: ", err)
	}
	defer func() { _ = gw.Process.Kill(); _ = gw.Wait() }()
	time.Sleep(time.Second)
	client := s3.NewFromConfig(sdk.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(rootKey, rootSecret, "")},
		func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = sdk.String("http://"+gate), true })
	if _, err := client.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: sdk.String(bucket)}); err != nil {
		b.Fatal(err)
	}
	now, packed := time.Now().UTC(), 0
	for i, f := range files {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, _ = w.Write(f)
		_ = w.Close()
		packed += z.Len()
		if err := os.WriteFile(filepath.Join(local, fmt.Sprintf("%06d.json.gz", i)), z.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		key := keyOf("", account, "us-east-1", now, fmt.Sprintf("n%06d", i))
		if _, err := client.PutObject(context.Background(), &s3.PutObjectInput{Bucket: sdk.String(bucket), Key: &key, Body: bytes.NewReader(z.Bytes())}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		took, cpu, peak := ingest(b, gate, len(files)*n)
		mb := float64(size) / 1e6
		b.ReportMetric(mb/took.Seconds(), "MB/s")
		b.ReportMetric(mb/cpu.Seconds(), "MB/core-s")
		b.ReportMetric(float64(peak)/1024, "MB-rss")
		began := time.Now()
		peer := exec.Command("sh", "-c", "zcat *.json.gz | jq -c '.Records[]' > out.ndjson")
		peer.Dir = local
		if out, err := peer.CombinedOutput(); err != nil {
			b.Logf("no peer: %v: %s", err, out)
			continue
		}
		used := peer.ProcessState.UserTime() + peer.ProcessState.SystemTime()
		b.ReportMetric(mb/time.Since(began).Seconds(), "jq-MB/s")
		b.ReportMetric(mb/used.Seconds(), "jq-MB/core-s")
	}
	b.Logf("%d files, %d MB, %d MB compressed", len(files), size>>20, packed>>20)
}

// ingest runs the service until all events can be searched.
func ingest(b *testing.B, gate string, events int) (took, cpu time.Duration, peakKB int64) {
	b.Helper()
	data := b.TempDir()
	cfg := filepath.Join(b.TempDir(), "kiroku.yaml")
	text := fmt.Sprintf("inputs:\n  - type: cloudtrail\n    bucket: %s\n    aws: {region: us-east-1, access_key_id: %s, secret_access_key: %s, path_style: true, endpoints: {s3: %q, sts: %q}}\n",
		bucket, rootKey, rootSecret, "http://"+gate, "http://"+gate)
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Getenv("KIROKU"), "serve", "--data", data, "--http", "127.0.0.1:0", "--config", cfg)
	cmd.Env, cmd.Stderr = environment(), io.Discard
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for {
		time.Sleep(300 * time.Millisecond)
		out, err := exec.Command(os.Getenv("KIROKU"), "query", "source:cloudtrail", "--from", "2000-01-01", "--count", "--data", data).Output()
		if count, _ := strconv.Atoi(strings.TrimSpace(string(out))); err == nil && count >= events {
			break
		}
		if time.Since(began) > time.Minute {
			b.Fatalf("only %s of %d events", out, events)
		}
	}
	took = time.Since(began)
	peakKB = peakMemory(b, cmd.Process.Pid)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peakKB
}

// peakMemory is the largest resident memory of a process in KB. That of its resource usage would be the one of the process that
// began it, when that is larger.
func peakMemory(b *testing.B, pid int) (kb int64) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		b.Fatal(err)
	}
	return kb
}
