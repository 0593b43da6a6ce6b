//go:build integration

package aws

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	otypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	sampleKey = "pre fix/AWSLogs/o-exampleorgid/444455556666/CloudTrail/us-east-1/2025/06/05/444455556666_CloudTrail_us-east-1_20250605T0000Z_EXAMPLEuniq16chr.json.gz"
	intakeDir = "../../../internal/intake/s3/testdata/"
)

// All six forms of messages tell of one object; one message is not understood; one names an object that is not there.
func TestQueue(t *testing.T) {
	c := start(t)
	body, err := os.ReadFile(intakeDir + "444455556666_CloudTrail_us-east-1_20250605T0000Z_EXAMPLEuniq16chr.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	c.put(bucket, sampleKey, body)
	notices, err := filepath.Glob(intakeDir + "notices/*.json")
	if err != nil || len(notices) != 6 {
		t.Fatal(notices, err)
	}
	for _, name := range notices {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c.send(string(text))
	}
	now := time.Now().UTC()
	good := keyOf("", account, "us-east-1", now, "good")
	c.put(bucket, good, file("good", 3, 10))
	c.tell(keyOf("", account, "us-east-1", now, "absent"), good)
	c.send("what is this")
	k := serve(t, t.TempDir(), c.config("queue_url: "+c.queue, "tags: env:test"))
	k.until("the queue is empty", 90*time.Second, func() bool { return c.left() == 0 })
	if all, _ := k.events(); all != 13 { // 11 records in the sample, two of them the same
		t.Errorf("%d events, want 13", all)
	}
	st := k.status().CloudTrail
	if st.Objects.Stored != 2 || st.Objects.Gone != 1 || st.Queue.Nothing != 1 || st.Queue.Parked != 1 || st.Queue.Received < 8 || st.Queue.Deleted != 8 {
		t.Errorf("status: %+v %+v", st.Objects, st.Queue)
	}
	if row := k.sql("SELECT count(*), max(raw_data) FROM events WHERE list_contains(labels, 'malformed_frame')"); row[0] != "1" || row[1] != "what is this" {
		t.Errorf("the message that was not understood: %q", row)
	}
	if row := k.sql("SELECT count(*) FROM events WHERE list_contains(tags, 'env:test') AND list_contains(tags, 'cloudtrail') AND input = 'trail'"); row[0] != "13" {
		t.Errorf("%s events have their tags", row[0])
	}
	if text := k.run("status"); !strings.Contains(text, "Queue "+c.queue) || !strings.Contains(text, "Status: OK") {
		t.Errorf("status says:\n%s", text)
	}
}

// A bucket is only read; files are found late, in new regions and accounts, and each is stored once also over restarts.
func TestPolling(t *testing.T) {
	c := start(t)
	now := time.Now().UTC()
	put := func(key, name string) { c.put(bucket, key, file(name, 2, 10)) }
	put(keyOf("p/", account, "us-east-1", now, "now"), "now")
	put(keyOf("p/", account, "us-east-1", now.AddDate(-2, 0, 0), "old"), "old")
	put(strings.ReplaceAll(keyOf("p/", account, "us-east-1", now, "insight"), "CloudTrail", "CloudTrail-Insight"), "insight")
	put("p/AWSLogs/"+account+"/Config/us-east-1/2026/6/5/x.json.gz", "config")
	put("p/AWSLogs/"+account+"/CloudTrail-Digest/us-east-1/2026/06/05/"+account+"_CloudTrail-Digest_us-east-1_t_us-east-1_20260605T120000Z.json.gz", "digest")
	data, cfg := t.TempDir(), c.config("bucket: "+bucket, "prefix: p")
	k := serve(t, data, cfg)
	want := func(n int) func() bool {
		return func() bool { all, distinct := k.events(); return all == n && distinct == n }
	}
	k.until("three objects", 30*time.Second, want(6))
	put(keyOf("p/", account, "us-east-1", now.Add(-20*time.Minute), "late"), "late")
	put(strings.Replace(keyOf("p/", "444455556666", "eu-central-1", now, "org"), "AWSLogs/", "AWSLogs/o-exampleorgid/", 1), "org")
	k.until("late file and new account", 30*time.Second, want(10))
	k.stop()
	put(keyOf("p/", account, "us-east-1", now, "down"), "down")
	put(keyOf("p/", account, "us-east-1", now.Add(time.Minute), "again"), "now") // the same events once more, as a second trail delivers them
	k = serve(t, data, cfg)
	k.until("what came meanwhile", 30*time.Second, want(12))
	k.until("the duplicates are read", 10*time.Second, func() bool { return k.status().CloudTrail.Objects.Stored == 2 })
	if all, distinct := k.events(); all != 12 || distinct != 12 {
		t.Errorf("%d events, %d different ones, want 12", all, distinct)
	}
	b := k.status().CloudTrail.Buckets
	if len(b) != 1 || b[0].Accounts != 2 || b[0].Regions != 2 || b[0].Folders != 3 || b[0].History != 0 {
		t.Errorf("buckets %+v", b)
	}
	if c.proxy.count(http.MethodPut)+c.proxy.count(http.MethodPost)+c.proxy.count(http.MethodDelete) > 0 || c.proxy.count(http.MethodGet) == 0 {
		t.Errorf("requests to the bucket: %v", c.proxy.methods)
	}
}

// Trails are found; what is not allowed is told, with the policy that is needed.
func TestDiscovery(t *testing.T) {
	c := start(t)
	ctx := context.Background()
	cfg := sdk.Config{Region: "us-east-1", BaseEndpoint: &c.moto, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	ms3 := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	trails := cloudtrail.NewFromConfig(cfg)
	if _, err := organizations.NewFromConfig(cfg).CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: otypes.OrganizationFeatureSetAll}); err != nil {
		t.Fatal(err)
	}
	c.makeBucket("secret-bucket", false)
	yes := true
	for _, tr := range []struct {
		name, bucket, prefix string
		start                bool
	}{{"one", bucket, "p", true}, {"off", bucket, "off", false}, {"locked", "secret-bucket", "", true}} {
		if _, err := ms3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &tr.bucket}); err != nil && !strings.Contains(err.Error(), "Already") {
			t.Fatal(err)
		}
		in := &cloudtrail.CreateTrailInput{Name: &tr.name, S3BucketName: &tr.bucket, IsMultiRegionTrail: &yes}
		if tr.prefix != "" {
			in.S3KeyPrefix = &tr.prefix
		}
		out, err := trails.CreateTrail(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if tr.start {
			if _, err := trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: out.TrailARN}); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := time.Now().UTC()
	c.put(bucket, keyOf("p/", account, "us-east-1", now, "mine"), file("mine", 2, 10))
	c.put(bucket, keyOf("p/", "444455556666", "us-east-1", now, "theirs"), file("theirs", 2, 10))
	c.put(bucket, keyOf("off/", account, "us-east-1", now, "off"), file("off", 2, 10))
	k := serve(t, t.TempDir(), c.config("discover: true"))
	k.until("the active trail is read", 30*time.Second, func() bool { all, _ := k.events(); return all == 2 })
	k.until("the denied bucket is told", 10*time.Second, func() bool { return len(k.status().CloudTrail.Missing) > 0 })
	st := k.status()
	ct := st.CloudTrail
	if ct.Account != account || len(ct.Trails) != 3 {
		t.Errorf("account %q, trails %+v", ct.Account, ct.Trails)
	}
	for _, tr := range ct.Trails {
		if off := strings.HasSuffix(tr.ARN, "/off"); tr.Read == off || off != (tr.Skipped != "") {
			t.Errorf("trail %+v", tr)
		}
	}
	if !slices.Equal(ct.Missing, []string{"s3:ListBucket"}) || !strings.Contains(ct.Policy, `"arn:aws:s3:::secret-bucket/*"`) || st.State != "error" {
		t.Errorf("state %s, missing %q, policy %s", st.State, ct.Missing, ct.Policy)
	}
	text := k.run("status")
	for _, part := range []string{"skipped: it is not logging", "Permissions missing: s3:ListBucket", `"cloudtrail:DescribeTrails"`} {
		if !strings.Contains(text, part) {
			t.Errorf("status does not say %q:\n%s", part, text)
		}
	}
}

// A role is assumed with its external id, and what it may read is read. Here moto is S3 too: it knows the keys that it gave.
func TestRole(t *testing.T) {
	c := start(t)
	ctx := context.Background()
	cfg := sdk.Config{Region: "us-east-1", BaseEndpoint: &c.moto, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	c.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: sdk.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	c.put(bucket, keyOf("", account, "us-east-1", time.Now().UTC(), "role"), file("role", 2, 10))
	path := c.config("bucket: " + bucket)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	yaml := strings.Replace(string(text), c.proxy.url, c.moto, 1) + "      role_arn: arn:aws:iam::" + account + ":role/kiroku\n      external_id: ext-1\n      role_session_name: audit\n"
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	k := serve(t, t.TempDir(), path)
	k.until("the events are there", 30*time.Second, func() bool { all, _ := k.events(); return all == 2 })
	if got, want := k.status().CloudTrail.Principal, "arn:aws:sts::"+account+":assumed-role/kiroku/audit"; got != want {
		t.Errorf("principal %q, want %q", got, want)
	}
}
