package changes

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

var update = flag.Bool("update", false, "write CHANGELOG.md anew")

// kinds in the order of the changelog.
var kinds = []string{"added", "changed", "fixed", "removed", "security"}

// change is one file.
type change struct {
	Kind  string `yaml:"kind"`
	Note  string `yaml:"note"`
	Issue int    `yaml:"issue"`

	slug string
}

func parse(name string, text []byte) (change, error) {
	c := change{slug: strings.TrimSuffix(path.Base(name), ".yaml")}
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case !slices.Contains(kinds, c.Kind):
		return c, fmt.Errorf("%s: kind is %q; write one of %v", name, c.Kind, kinds)
	case strings.TrimSpace(c.Note) == "":
		return c, fmt.Errorf("%s: note is empty; say in a sentence what a user notices", name)
	case c.Issue < 1:
		return c, fmt.Errorf("%s: issue is %d; write the number of the issue", name, c.Issue)
	}
	return c, nil
}

func read(pattern string) ([]change, error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var all []change
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := parse(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b change) int {
		return cmp.Or(slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), cmp.Compare(a.slug, b.slug))
	})
	return all, nil
}

func section(out *bytes.Buffer, title string, all []change) {
	fmt.Fprintf(out, "\n## %s\n", title)
	kind := ""
	for _, c := range all {
		if c.Kind != kind {
			kind = c.Kind
			fmt.Fprintf(out, "\n### %s\n\n", strings.ToUpper(kind[:1])+kind[1:])
		}
		fmt.Fprintf(out, "- %s (#%d)\n", strings.Join(strings.Fields(c.Note), " "), c.Issue)
	}
}

func TestChangelog(t *testing.T) {
	var out bytes.Buffer
	out.WriteString("# Changelog\n\n<!-- Made from changes/ by make gen; do not edit. -->\n")
	unreleased, err := read("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(unreleased) > 0 {
		section(&out, "Unreleased", unreleased)
	}
	versions, err := filepath.Glob("v*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(versions)
	for _, version := range slices.Backward(versions) {
		all, err := read(filepath.Join(version, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		section(&out, version, all)
	}
	const name = "../CHANGELOG.md"
	if *update {
		if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(name); err != nil || !bytes.Equal(have, out.Bytes()) {
		t.Errorf("CHANGELOG.md is not what changes/ says (%v); run make gen", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"kind: new\nnote: x\nissue: 1":            `kind is "new"`,
		"kind: added\nnote: ' '\nissue: 1":        "note is empty",
		"kind: added\nnote: x":                    "issue is 0",
		"kind: added\nnote: x\nissue: 1\nwho: me": "unknown field",
	} {
		if _, err := parse("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse(%q) = %v, want an error with %q", text, err, want)
		}
	}
}
