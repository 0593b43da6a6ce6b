package watch

import (
	"strings"
	"testing"

	"kiroku/internal/cloudtrail/digest"
	"kiroku/internal/meta"
)

// Who lacks a key or a permission is told so, and not that files were altered.
func TestAlertWords(t *testing.T) {
	for status, want := range map[digest.Status][2]string{
		digest.HashMismatch: {"A file of CloudTrail is not as it was delivered", "Do not rely on"},
		digest.NotFound:     {"A file of CloudTrail is not as it was delivered", "Do not rely on"},
		digest.KeyNotFound:  {"A file of CloudTrail cannot be verified", "Add the public keys"},
		digest.KeyUnusable:  {"A file of CloudTrail cannot be verified", "Add the public keys"},
		digest.Unreadable:   {"A file of CloudTrail cannot be verified", "Allow reading it"},
	} {
		a := Alert{Severity: "high", Bucket: "example"}
		a.word(meta.DigestFinding{Status: string(status), Place: "key"})
		if a.Title != want[0] || !strings.HasPrefix(a.Next, want[1]) || a.Message != "s3://example/key: "+status.Text() || a.Severity != "high" {
			t.Errorf("%s: %+v", status, a)
		}
	}
}
