package command

import (
	"strings"
	"testing"

	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// Every message that an agent has stands on the page, and every situation is explained.
func TestTroubleshooting(t *testing.T) {
	page := Troubleshooting()
	for _, f := range agent.Failures() {
		if !strings.Contains(page, "| "+f.Title+" |") {
			t.Errorf("the page does not name %q", f.Title)
		}
	}
	for _, e := range wire.Explanations() {
		if !strings.Contains(page, "`"+string(e.Code)+"`") {
			t.Errorf("the page does not name %q", e.Code)
		}
	}
	for _, r := range wire.ReasonExplanations() {
		if !strings.Contains(page, "`"+string(r.Reason)+"`") {
			t.Errorf("the page does not name %q", r.Reason)
		}
	}
	for _, s := range situations() {
		if text, _ := deliver.Explain(s.err, "siem.example.com"); text == s.err.Error() {
			t.Errorf("%s: %v is not explained", s.name, s.err)
		}
	}
	if page != Troubleshooting() {
		t.Error("the page is not the same twice")
	}
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, "|") && (!strings.HasSuffix(line, "|") || strings.Contains(line, "|  |")) {
			t.Errorf("a row of a table is broken or has an empty cell: %s", line)
		}
	}
}
