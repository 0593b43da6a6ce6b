//go:build integration

package integration

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// s3Server runs versitygw over a folder in which a bucket is a folder, and returns its address.
func s3Server(t *testing.T, dir string) string {
	t.Helper()
	path := os.Getenv("KIROKU_VERSITYGW")
	if path == "" {
		path = "versitygw"
	}
	path, err := exec.LookPath(path)
	if err != nil {
		missing(t, "versitygw; run make integration, or set KIROKU_VERSITYGW")
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	cmd := exec.Command(path, "--access", "AKIAROOTEXAMPLE", "--secret", "root-secret-example", "--port", address, "--quiet", "posix", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatal("versitygw does not answer")
		}
	}
}

type cliQuery struct {
	QueryStatus, ErrorMessage, DeliveryStatus string
	QueryStatistics                           struct{ EventsScanned, BytesScanned int64 }
}

// ended waits for the end of a query and of its delivery.
func (c *awsCLI) ended(id string) cliQuery {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		var q cliQuery
		c.must(&q, "cloudtrail", "describe-query", "--query-id", id)
		if q.QueryStatus != "QUEUED" && q.QueryStatus != "RUNNING" && q.DeliveryStatus != "PENDING" {
			return q
		}
	}
	c.t.Fatal("the query does not end")
	return cliQuery{}
}

// AWS's CLI runs queries over events that were put, reads the pages after a restart of Kiroku, and finds the result in a
// bucket.
func TestAWSCLIQueries(t *testing.T) {
	buckets := t.TempDir()
	if err := os.Mkdir(filepath.Join(buckets, "results"), 0o755); err != nil {
		t.Fatal(err)
	}
	gate := s3Server(t, buckets)
	data := t.TempDir()
	file := write(t, t.TempDir(), "kiroku.yaml", "aws_api:\n  deliveries:\n    access_key_id: AKIAROOTEXAMPLE\n    secret_access_key: root-secret-example\n    path_style: true\n    endpoint: http://"+gate+"\n"+
		"lake:\n  flush_interval: 100ms\n")
	s := start(t, data, "--config", file)
	creds := newKey(s, owner, "alice")
	c := newCLI(t, s, creds)
	channel := audits(s)
	for i := range 5 {
		var events []string
		for j := range 10 {
			events = append(events, auditData(owner, fmt.Sprintf("q-%02d", i*10+j)))
		}
		if got, code, err := putAudit(t.Context(), s, creds, channel, "", events...); err != nil || len(got.Successful) != 10 {
			t.Fatalf("put: %d, %v, %+v", code, err, got)
		}
	}
	var stores struct {
		EventDataStores []struct{ EventDataStoreArn string }
	}
	c.must(&stores, "cloudtrail", "list-event-data-stores")
	arn := stores.EventDataStores[0].EventDataStoreArn
	store := arn[strings.LastIndexByte(arn, '/')+1:]

	var started struct{ QueryId string }
	c.must(&started, "cloudtrail", "start-query", "--delivery-s3-uri", "s3://results/lake", "--query-statement",
		"SELECT eventData.uid, eventData.userIdentity.details['dept'] AS dept, eventTime FROM "+store+" WHERE eventTime > '2020-01-01 00:00:00' ORDER BY eventData.uid;")
	id := started.QueryId
	if q := c.ended(id); q.QueryStatus != "FINISHED" || q.DeliveryStatus != "SUCCESS" || q.QueryStatistics.EventsScanned != 50 || q.QueryStatistics.BytesScanned == 0 {
		t.Fatalf("query %+v", q)
	}
	delivered(t, filepath.Join(buckets, "results", "lake", "AWSLogs", owner, "CloudTrail-Lake", "Query"), id)
	c.refuses("InvalidQueryStatementException", "cloudtrail", "start-query", "--query-statement", "SELECT nothing FROM "+store)
	c.refuses("EventDataStoreNotFoundException", "cloudtrail", "start-query", "--query-statement", "SELECT eventName FROM 11111111-2222-3333-4444-555555555555")

	s.stop()
	s = start(t, data, "--config", file)
	c = newCLI(t, s, creds)
	var rows []string
	token := ""
	for {
		args := []string{"cloudtrail", "get-query-results", "--query-id", id, "--max-query-results", "20"}
		if token != "" {
			args = append(args, "--next-token", token)
		}
		var page struct {
			QueryResultRows [][]map[string]string
			NextToken       string
		}
		c.must(&page, args...)
		for _, r := range page.QueryResultRows {
			rows = append(rows, r[0]["uid"]+" "+r[1]["dept"])
		}
		if token = page.NextToken; token == "" {
			break
		}
	}
	if len(rows) != 50 || rows[0] != "q-00 経理" || rows[49] != "q-49 経理" {
		t.Errorf("%d rows: %q", len(rows), rows)
	}
	cliCancels(c, store, arn, id)
}

// delivered checks that the one delivered result has 50 rows and its sign file.
func delivered(t *testing.T, dir, id string) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", id, "*"))
	if err != nil || len(parts) != 2 || filepath.Base(parts[0]) != "result_1.csv.gz" || filepath.Base(parts[1]) != "result_sign.json" {
		t.Fatalf("delivered %q, %v", parts, err)
	}
	b, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if lines := strings.Split(string(text), "\n"); err != nil || len(lines) != 52 || lines[0] != `"uid","dept","eventTime"` || !strings.HasPrefix(lines[1], `"q-00","経理","`) {
		t.Errorf("delivered %v: %s", err, text)
	}
}

// cliCancels cancels a query that would take minutes.
func cliCancels(c *awsCLI, store, arn, ended string) {
	c.t.Helper()
	var started struct{ QueryId string }
	c.must(&started, "cloudtrail", "start-query", "--query-statement", strings.ReplaceAll("SELECT count(*) FROM STORE a CROSS JOIN STORE b CROSS JOIN STORE c CROSS JOIN STORE d CROSS JOIN STORE e "+
		"WHERE a.eventJson || b.eventJson || c.eventJson = d.eventJson || e.eventJson", "STORE", store))
	var list struct {
		Queries []struct{ QueryId string }
	}
	c.must(&list, "cloudtrail", "list-queries", "--event-data-store", arn)
	if len(list.Queries) != 2 || list.Queries[0].QueryId != started.QueryId || list.Queries[1].QueryId != ended {
		c.t.Errorf("listed %+v", list)
	}
	c.must(nil, "cloudtrail", "cancel-query", "--query-id", started.QueryId)
	if q := c.ended(started.QueryId); q.QueryStatus != "CANCELLED" {
		c.t.Errorf("cancelled %+v", q)
	}
	c.refuses("InactiveQueryException", "cloudtrail", "cancel-query", "--query-id", started.QueryId)
}
