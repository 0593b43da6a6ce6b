//go:build integration

package integration

import (
	"strings"
	"sync"
)

// log keeps the last lines of what a program says.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	if len(l.lines) > 200 {
		l.lines = l.lines[len(l.lines)-200:]
	}
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// Write lets a log be a program's output.
func (l *log) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l.add(strings.TrimSuffix(line, "\n"))
	}
	return len(p), nil
}
