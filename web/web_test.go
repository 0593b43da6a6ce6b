package web_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"kiroku/web"
)

// Whether the console was built or not, the binary has a page, and everything that the page asks for.
func TestConsole(t *testing.T) {
	files, err := web.Console()
	if err != nil {
		t.Fatal(err)
	}
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?:src|href)="/([^"]+)"`).FindAllStringSubmatch(string(page), -1)
	if len(named) < 2 {
		t.Fatalf("the page names %d files: %s", len(named), page)
	}
	for _, n := range named {
		if strings.HasPrefix(n[1], "api/") {
			continue
		}
		if _, err := fs.Stat(files, n[1]); err != nil {
			t.Errorf("the page asks for /%s: %v", n[1], err)
		}
	}
	if regexp.MustCompile(`<script>|<style|https?://`).Match(page) {
		t.Errorf("the page has inline code, or asks another host: %s", page)
	}
}
