package command

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"kiroku/internal/forward/check"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// untold are texts that stand in front of an error of the system, or that nobody is told.
var untold = regexp.MustCompile(`^([a-z ]+( %[sq])?(, line %d)?: %w|handed over|the connection is to be (closed|reset)|the agent stops|the destination changes|the server has nothing to do with the agent any more|the spool has no more|the spool of the destination is still in use|kiroku-agent-|make deliverer: .*|(read )?%[sq] at byte %d: %w)$`)

// Every text that a check, the commands and the receiver can say stands on the page, with what to do.
func TestEveryMessage(t *testing.T) {
	page := Troubleshooting(nil)
	for _, s := range check.Sayings() {
		if row := "| " + s.Hop + " | " + string(s.Status) + " | "; !strings.Contains(page, row) || s.Text == "" || (s.Status == check.Fail || s.Status == check.Warn) && s.Remedy == "" {
			t.Errorf("%+v stands not on the page, or says not what to do", s)
		}
		if !strings.Contains(page, cell(s.Text)) || !strings.Contains(page, cell(s.Remedy)) {
			t.Errorf("the page does not have %+v", s)
		}
	}
	verbs := regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)
	said := ""
	for _, dir := range []string{".", "../check", "../receive", "../agent", "../deliver", "../spool", "../wire"} {
		for at, text := range texts(t, dir) {
			if said += text + "\n"; dir == "../wire" {
				continue // of what is wrong with a destination, the page has examples
			}
			for part := range slices.Values(verbs.Split(text, -1)) {
				if part = strings.Trim(part, " :;,.(){}"); len(part) > 3 && !untold.MatchString(text) && !strings.Contains(page, cell(part)) {
					t.Errorf("%s: the page does not have %q", at, text)
					break
				}
			}
		}
	}
	for _, m := range deliver.Sayings() {
		for part := range slices.Values(regexp.MustCompile(`…|[:;] `).Split(m.Text, -1)) {
			if part = strings.Trim(part, " :;,.()"); len(part) > 3 && !strings.Contains(said, part) {
				t.Errorf("the page has %q, which nothing says", part)
			}
		}
	}
}

// texts are the texts of errors and of what is logged as wrong, in the code of a folder: literals, and constants named log… and msg….
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	all, files := map[string]string{}, token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		add := func(e ast.Expr) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if all[files.Position(lit.Pos()).String()], err = strconv.Unquote(lit.Value); err != nil {
					t.Fatal(err)
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if c, ok := n.(*ast.ValueSpec); ok && len(c.Values) == 1 && regexp.MustCompile(`^(log|msg)[A-Z]`).MatchString(c.Names[0].Name) {
				add(c.Values[0])
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"New", "Errorf", "LogAttrs"}, f.Sel.Name) {
				return true
			}
			if level, ok := call.Args[min(1, len(call.Args)-1)].(*ast.SelectorExpr); ok && (level.Sel.Name == "LevelInfo" || level.Sel.Name == "LevelDebug") {
				return true
			}
			for _, a := range call.Args {
				add(a)
			}
			return true
		})
	}
	return all
}
