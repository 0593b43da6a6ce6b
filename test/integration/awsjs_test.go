//go:build integration

package integration

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestJavaScriptSDK runs awsjs/life.mjs, which checks everything itself. The package of cloudtrail-data cannot be had from the
// registry, so its requests are signed with the SDK's signer.
func TestJavaScriptSDK(t *testing.T) {
	if _, err := os.Stat("awsjs/node_modules/@aws-sdk/client-cloudtrail"); err != nil {
		missing(t, "AWS's SDK for JavaScript; run make integration")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node")
	}
	s := start(t, t.TempDir())
	creds := newKey(s, owner, "alice")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "awsjs/life.mjs", "http://"+s.http, owner)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + creds.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + creds.SecretAccessKey, "AWS_EC2_METADATA_DISABLED=true"}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "done\n") {
		t.Fatalf("%v\n%s", err, out)
	}
	s.await("source:audit-events", 1, 10*time.Second)
	s.await(`"新幹線"`, 1, 10*time.Second)
}
