package archtest

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Limits of a file's lines. A longer one wants to be two files with good names.
const (
	maxLines     = 500
	maxTestLines = 800
)

// rule finds the key of m for a folder: the folder itself, or its parent with "/*".
func rule(m map[string][]string, folder string) (string, bool) {
	for _, key := range []string{folder, path.Dir(folder) + "/*"} {
		if _, ok := m[key]; ok {
			return key, true
		}
	}
	return "", false
}

func allows(allowed []string, folder string) bool {
	return slices.Contains(allowed, "*") || slices.Contains(allowed, folder) || slices.Contains(allowed, path.Dir(folder)+"/*")
}

// layerProblem says what is wrong with an import of one of our packages, or nothing.
func layerProblem(f file, imported string) string {
	key, ok := rule(layers, f.folder)
	if !ok {
		return fmt.Sprintf("%s: folder %s is not in the map of layers; add it to internal/archtest/layers_test.go with what it may import", f.path, f.folder)
	}
	own := folder(imported)
	// Of source/<product> only all may import another product.
	if own == f.folder || allows(layers[key], own) {
		return ""
	}
	return fmt.Sprintf("%s imports %s; %s may import only %v", f.path, own, key, layers[key])
}

// libraryProblem says what is wrong with an import from outside, or nothing.
func libraryProblem(f file, imported string) string {
	for prefix, owners := range libraries {
		if imported != prefix && !strings.HasPrefix(imported, prefix+"/") {
			continue
		}
		if slices.Contains(owners, anybody) || slices.Contains(owners, f.folder) {
			return ""
		}
		return fmt.Sprintf("%s imports %s; only %v may: call that package, or move the code there", f.path, imported, owners)
	}
	return fmt.Sprintf("%s imports %s, which has no owner; name one in internal/archtest/layers_test.go and the reason in docs/decisions/0006-dependencies.md", f.path, imported)
}

func TestImports(t *testing.T) {
	for _, f := range tree(t) {
		if _, ok := rule(layers, f.folder); !ok {
			t.Error(layerProblem(f, ""))
			continue
		}
		if f.test {
			continue
		}
		for _, imported := range f.imports {
			problem := ""
			if own, ok := strings.CutPrefix(imported, module+"/"); ok {
				problem = layerProblem(f, own)
			} else if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
				problem = libraryProblem(f, imported)
			}
			if problem != "" {
				t.Error(problem)
			}
		}
	}
}

// TestRules proves that the rules can fail.
func TestRules(t *testing.T) {
	product := file{path: "internal/source/okta/bad.go", folder: "source/okta"}
	if got, want := layerProblem(product, "internal/lake"), "internal/source/okta/bad.go imports lake; source/* may import only [event ocsf source decode/*]"; got != want {
		t.Errorf("import of lake: got %q, want %q", got, want)
	}
	if layerProblem(product, "internal/source/ivanti") == "" {
		t.Error("a product may import another product")
	}
	if got := layerProblem(product, "internal/decode/cef"); got != "" {
		t.Errorf("import of decode/cef: got %q, want none", got)
	}
	if layerProblem(file{path: "internal/new/new.go", folder: "new"}, "internal/event") == "" {
		t.Error("a folder that the map does not name may import")
	}
	if libraryProblem(product, "github.com/duckdb/duckdb-go/v2") == "" {
		t.Error("a source may import DuckDB")
	}
	if libraryProblem(product, "example.com/unknown") == "" {
		t.Error("a library without an owner may be imported")
	}
}

// TestMapsAreTrue fails for lines of the maps that nothing in the tree needs any more.
func TestMapsAreTrue(t *testing.T) {
	folders := map[string]bool{}
	used := map[string]bool{}
	for _, f := range tree(t) {
		key, _ := rule(layers, f.folder)
		folders[key] = true
		for _, imported := range f.imports {
			for prefix := range libraries {
				if imported == prefix || strings.HasPrefix(imported, prefix+"/") {
					used[prefix] = true
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(layers)) {
		if !folders[key] {
			t.Errorf("layers names %s, which has no Go files; remove the line", key)
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(libraries)) {
		if !used[prefix] {
			t.Errorf("libraries names %s, which nobody imports; remove the line", prefix)
		}
	}
}

func TestPackageComments(t *testing.T) {
	type pkg struct {
		doc, file string
		files     int
	}
	packages := map[string]pkg{}
	for _, f := range tree(t) {
		if f.test && !strings.HasPrefix(f.folder, "/test/") {
			continue
		}
		p := packages[f.folder]
		p.file = f.path
		p.files++
		if f.doc != "" && !strings.HasPrefix(f.doc, "Code generated") {
			p.doc = f.doc
		}
		packages[f.folder] = p
	}
	for dir, p := range packages {
		if !strings.HasPrefix(p.doc, "Package ") && !strings.HasPrefix(p.doc, "Command ") {
			t.Errorf("%s: no file has a package comment; add doc.go with what flows in and out, and the invariants", strings.TrimSuffix(p.file, path.Base(p.file)))
		}
		if strings.HasPrefix(dir, "/") || p.files == 1 {
			continue // the only file of a package carries its comment
		}
		if _, err := os.Stat(filepath.Join(root, "internal", filepath.FromSlash(dir), "doc.go")); err != nil {
			t.Errorf("internal/%s has no doc.go; the comment of a package of several files belongs there", dir)
		}
	}
}

func TestNames(t *testing.T) {
	empty := regexp.MustCompile(`^(utils?|helpers?|common|misc|shared|lib|base|stuff|tools)$`)
	for _, f := range tree(t) {
		if empty.MatchString(f.name) || empty.MatchString(path.Base(f.folder)) {
			t.Errorf("%s: package %s says nothing about what it holds; name it after the noun", f.path, f.name)
		}
		if f.inits > 0 && !f.test && !f.generated {
			t.Errorf("%s has a function init; build it where it is needed, in internal/serve", f.path)
		}
	}
}

func TestLength(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range tree(t) {
		limit := maxLines
		if f.test {
			limit = maxTestLines
		}
		if f.generated || f.lines <= limit {
			continue
		}
		seen[f.path] = true
		if long[f.path] == "" {
			t.Errorf("%s has %d lines, more than %d; two files with good names read better", f.path, f.lines, limit)
		}
	}
	for name := range long {
		if !seen[name] {
			t.Errorf("long names %s, which is not too long any more; remove the line", name)
		}
	}
}

// TestMap reads ARCHITECTURE.md: every folder has a line "| `folder` | in → out |", and every such line a folder.
func TestMap(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)/` \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		lines[m[1]] = m[2]
	}
	dirs := map[string]bool{}
	for _, f := range tree(t) {
		dirs[path.Dir(f.path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		switch line, ok := lines[dir]; {
		case !ok:
			t.Errorf("ARCHITECTURE.md does not name %s; add one line saying what flows in and out", dir)
		case !strings.Contains(line, "→"):
			t.Errorf("ARCHITECTURE.md: the line of %s does not say what flows in and out (in → out): %q", dir, line)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(lines)) {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(dir))); err != nil {
			t.Errorf("ARCHITECTURE.md names %s, which does not exist; remove the line", dir)
		}
	}
}
