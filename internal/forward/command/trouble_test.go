package command

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kiroku/internal/fault"
	"kiroku/internal/forward/agent"
	"kiroku/internal/forward/deliver"
	"kiroku/internal/forward/wire"
)

// Every message that an agent has stands on the page, and every situation is explained.
func TestTroubleshooting(t *testing.T) {
	server := []error{fault.New(fault.Invalid, errors.New("an agent without name"), "Name it.")}
	page := Troubleshooting(server)
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
	for _, s := range deliver.Situations() {
		if text, _ := deliver.Explain(s.Err, "siem.example.com"); text == s.Err.Error() {
			t.Errorf("%s: %v is not explained", s.Name, s.Err)
		}
	}
	for i, err := range slices.Concat(wrongFlags(), wrongDestinations()) {
		if err == nil {
			t.Errorf("example %d is not wrong", i)
		}
	}
	for i, err := range slices.Concat(wrongFlags(), agent.StrangeAnswers()) {
		if fault.NextOf(err) == "" {
			t.Errorf("example %d, %v: nothing says what to do", i, err)
		}
	}
	if !strings.Contains(page, "| `an agent without name` | Name it. |") {
		t.Error("the page does not have the errors of the server")
	}
	if page != Troubleshooting(server) {
		t.Error("the page is not the same twice")
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(page, "\n") {
		if message := strings.HasPrefix(line, "- `") || strings.HasPrefix(line, "| `"); message && seen[line] {
			t.Errorf("it stands twice: %s", line)
		}
		seen[line] = true
		if strings.HasPrefix(line, "|") && (!strings.HasSuffix(line, "|") || strings.Contains(line, "|  |")) {
			t.Errorf("a row of a table is broken or has an empty cell: %s", line)
		}
	}
}
