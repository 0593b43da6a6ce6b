package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// How much of the log is kept.
const (
	logSize  = 10 << 20 // of one file
	logFiles = 5
)

// LogFile writes into files of a folder: a new one when one is full, the oldest of which are removed. Their names begin with
// the time at which they were begun.
type LogFile struct {
	dir string

	mu   sync.Mutex
	file *os.File
	size int64
}

const (
	logPrefix = "kiroku-agent-"
	logSuffix = ".log"
)

// OpenLog goes on with the newest file of dir, which is made when there is none.
func OpenLog(dir string) (*LogFile, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open log folder: %w", err)
	}
	l := &LogFile{dir: dir}
	names, err := l.names()
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		newest := names[len(names)-1]
		if info, err := os.Stat(newest); err == nil && info.Size() < logSize {
			if l.file, err = os.OpenFile(newest, os.O_WRONLY|os.O_APPEND, 0o640); err == nil {
				l.size = info.Size()
				return l, nil
			}
		}
	}
	return l, l.begin()
}

// names lists the files, the oldest first.
func (l *LogFile) names() ([]string, error) {
	all, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, fmt.Errorf("list log folder: %w", err)
	}
	var names []string
	for _, e := range all { // in the order of their names
		if strings.HasPrefix(e.Name(), logPrefix) && strings.HasSuffix(e.Name(), logSuffix) {
			names = append(names, filepath.Join(l.dir, e.Name()))
		}
	}
	return names, nil
}

// begin makes a new file, and removes those that are too many.
func (l *LogFile) begin() error {
	name := filepath.Join(l.dir, logPrefix+time.Now().UTC().Format("20060102T150405.000000000Z")+logSuffix)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.size = file, 0
	names, err := l.names()
	if err != nil {
		return err
	}
	for len(names) > logFiles {
		if err := os.Remove(names[0]); err != nil {
			return fmt.Errorf("remove old log file: %w", err)
		}
		names = names[1:]
	}
	return nil
}

// Write writes one line of the log. A full disk does not stop the agent: the line is lost.
func (l *LogFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+int64(len(b)) > logSize && l.size > 0 {
		if err := l.begin(); err != nil && l.file == nil {
			return 0, err
		}
	}
	n, err := l.file.Write(b)
	l.size += int64(n)
	return n, err
}

// Close closes the file.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
