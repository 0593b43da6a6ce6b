package accessgateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiroku/internal/source/accessgateway"
	"kiroku/internal/source/sourcetest"
)

// TestNothingLost looks for every value of every sample in the event: in a column or in unmapped. Secrets are left out,
// and so is REASON as a whole where its parts are looked for.
func TestNothingLost(t *testing.T) {
	files, err := filepath.Glob("testdata/*/in.log")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range sourcetest.Lines(data) {
			shown := show(t, line)
			for key, value := range leaves(line) {
				value = strings.TrimSpace(strings.TrimSuffix(value, "%"))
				if value != "-" && !strings.Contains(shown, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)) && !strings.Contains(shown, value) {
					t.Errorf("%s: %s %q is lost: %s", file, key, value, shown)
				}
			}
		}
	}
}

func leaves(line []byte) map[string]string {
	l := accessgateway.Parse(line, sourcetest.Received(), nil)
	m := map[string]string{}
	for _, p := range l.Data {
		m[p.Key] = p.Value
	}
	if l.HasReason {
		m["REASON"] = l.ReasonRule
	}
	for _, p := range append(l.ReasonFields, l.MessageFields...) {
		if !namesSecret(p.Key) && p.Key != "Groups" && !strings.Contains(p.Value, "cookie") {
			m["reason or message "+p.Key] = p.Value
		}
	}
	if first, rest, list := strings.Cut(m["REMOTE_IP"], ", "); list {
		m["REMOTE_IP"], m["proxies"] = first, rest
	}
	delete(m, "PASSWORD")
	delete(m, "request_time") // as milliseconds in duration_ms
	return m
}
