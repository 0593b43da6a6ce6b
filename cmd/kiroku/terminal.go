package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// terminalWidth is the width of w when it is a terminal, else 0.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// explainSecret tells somebody who sits at the terminal what the secret on standard output is. A script gets nothing but the
// secret, and a person who sends it to a file reads the explanation all the same.
func (a *app) explainSecret(format string, args ...any) {
	if terminalWidth(a.err) > 0 {
		fmt.Fprintln(a.err, a.typed(fmt.Sprintf(format, args...)))
	}
}
