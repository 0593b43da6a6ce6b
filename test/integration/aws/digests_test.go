//go:build integration

package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"kiroku/internal/api/client"
)

const chainDir = "../../../internal/cloudtrail/digest/testdata/chain/"

// putChain puts the sample's digests and log files into the bucket; instead names other files for some.
func (c *cloud) putChain(instead map[string]string) {
	c.t.Helper()
	raw, err := os.ReadFile(chainDir + "objects.json")
	if err != nil {
		c.t.Fatal(err)
	}
	var list []struct {
		Key, File string
		Metadata  map[string]string
	}
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		c.t.Fatalf("%d objects, %v", len(list), err)
	}
	for _, o := range list {
		if other := instead[o.File]; other != "" {
			o.File = other
		}
		body, err := os.ReadFile(chainDir + o.File)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := c.s3.PutObject(context.Background(), &s3.PutObjectInput{Bucket: sdk.String(bucket), Key: &o.Key, Body: bytes.NewReader(body), Metadata: o.Metadata}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// digests is what the verification found. Findings make the command end with 1.
func (k *kiroku) digests(args ...string) (r client.DigestReport) {
	k.t.Helper()
	cmd := exec.Command(k.cmd.Path, append([]string{"cloudtrail", "digests", "--json", "--data", k.data}, args...)...)
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		k.t.Fatalf("kiroku cloudtrail digests: %v", err)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		k.t.Fatalf("%v: %s", err, out)
	}
	return r
}

// A log file of a chain was altered: it is found, told once in an alert, and not again after a restart or when everything is
// verified once more.
func TestDigests(t *testing.T) {
	c := start(t)
	c.putChain(map[string]string{"log-1.json.gz": "bad-log-1-content.json.gz"})
	keys, err := filepath.Abs(chainDir + "public-keys.json")
	if err != nil {
		t.Fatal(err)
	}
	config := c.config("bucket: "+bucket, "since: 2025-06-01", "verify_digests: true", "verify_interval: 1m", "tags: env:test", "digest_keys: ["+keys+"]")
	data := t.TempDir()
	verified := func(k *kiroku) func() bool {
		return func() bool { return k.status().CloudTrail.Digests.State == "verified" }
	}
	k := serve(t, data, config)
	k.until("the digests are verified", 60*time.Second, verified(k))
	r := k.digests()
	if len(r.Chains) != 1 || r.Chains[0].Trail != "audit" || r.Chains[0].Digests.Valid != 3 || r.Chains[0].Logs != (client.DigestCounts{Valid: 1, Invalid: 1}) {
		t.Errorf("chains %+v", r.Chains)
	}
	found := map[string]int{}
	for _, f := range r.Findings {
		found[f.Status]++
	}
	if len(found) != 2 || found["hash_mismatch"] != 1 || found["ended"] != 1 { // no digest since 2025
		t.Errorf("findings %+v", r.Findings)
	}
	const alerts = `SELECT count(*), count(DISTINCT finding_uid), sum(CASE WHEN severity_id = 4 THEN 1 ELSE 0 END), min(class_uid) FROM events
		WHERE source = 'kiroku' AND list_contains(tags, 'kiroku-alert') AND list_contains(tags, 'env:test')`
	want := [4]string{"2", "2", "1", "2004"}
	if row := k.sql(alerts); len(row) != 4 || [4]string(row) != want {
		t.Errorf("alerts %q, want %q", row, want)
	}
	k.kill()
	k = serve(t, data, config)
	k.until("the digests are verified again", 60*time.Second, verified(k))
	before := k.status().CloudTrail.Digests.Verified
	k.run("cloudtrail", "digests", "--verify", "--from", "2025-06-01")
	k.until("everything is verified once more", 60*time.Second, func() bool { return k.status().CloudTrail.Digests.Verified.After(before) })
	if row := k.sql(alerts); len(row) != 4 || [4]string(row) != want {
		t.Errorf("alerts after a restart %q, want %q", row, want)
	}
}
