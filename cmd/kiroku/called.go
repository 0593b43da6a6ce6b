package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// calledAs is what a person has to type for the program that was started as arg0: "kiroku" when the shell finds it by that name,
// else the path, such as bin/kiroku behind "make run".
func calledAs(arg0 string) string {
	if !strings.ContainsRune(arg0, os.PathSeparator) {
		return "kiroku"
	}
	if found, err := exec.LookPath("kiroku"); err == nil {
		a, errA := os.Stat(arg0)
		b, errB := os.Stat(found)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return "kiroku"
		}
	}
	return arg0
}

// typed writes the commands of a text as they are to be typed here.
func (a *app) typed(text string) string {
	if a.called == "" || a.called == "kiroku" {
		return text
	}
	return a.commands.ReplaceAllString(text, "${1}"+strings.ReplaceAll(a.called, "$", "$$")+" ${2}")
}

// commandsOf matches the commands of root in a text.
func commandsOf(root *cobra.Command) *regexp.Regexp {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, regexp.QuoteMeta(c.Name()))
	}
	return regexp.MustCompile(`(^|[\s"(])kiroku ((?:` + strings.Join(names, "|") + `)\b|--)`)
}
