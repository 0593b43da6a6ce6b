package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "kiroku"
	root   = "../.."
)

// file is one Go file of the tree.
type file struct {
	path      string // from the root, with slashes
	folder    string // as the keys of layers write it
	test      bool
	generated bool
	lines     int
	imports   []string
	doc       string // package comment
	inits     int    // functions named init
	name      string // of the package
}

// folder writes a directory as layers does: without "internal/", other top folders with a leading slash.
func folder(dir string) string {
	if inner, ok := strings.CutPrefix(dir, "internal/"); ok {
		return inner
	}
	return "/" + dir
}

// tree reads all Go files below the root. Folders named testdata or starting with a dot are none of the tree.
func tree(t *testing.T) []file {
	t.Helper()
	var files []file
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "data") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(base, ".go") {
			f, err := read(name)
			if err != nil {
				return err
			}
			files = append(files, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("found only %d Go files below %q: the test looks in the wrong place", len(files), root)
	}
	return files
}

func read(name string) (file, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return file{}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
	if err != nil {
		return file{}, err
	}
	f := file{
		path: name, folder: folder(path.Dir(name)), test: strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(parsed), lines: bytes.Count(text, []byte("\n")), doc: parsed.Doc.Text(), name: parsed.Name.Name,
	}
	for _, spec := range parsed.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports = append(f.imports, imp)
	}
	for _, decl := range parsed.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			f.inits++
		}
	}
	return f, nil
}
