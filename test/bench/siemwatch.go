package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// faultWatch counts what each kind of fault costs, and what the agents' processes hold.
type faultWatch struct {
	lanes []*lane
	costs map[string]*cost
	order []string
	last  string  // the fault that what comes now is counted for
	twice []int64 // by lane, when it came
	early []vital // by lane, before the first fault
}

// cost is what a kind of fault cost.
type cost struct {
	times int
	twice []int64 // by lane
}

// vital is what a process holds.
type vital struct{ rss, threads, files int64 }

func (w *faultWatch) begin() {
	w.costs, w.twice = map[string]*cost{}, make([]int64, len(w.lanes))
}

// next ends what is counted for the fault before, and begins with a new one; "" is none.
func (w *faultWatch) next(fault string) error {
	for _, l := range w.lanes[len(w.early):] {
		w.early = append(w.early, vitalOf(l.agent.Process.Pid))
	}
	for i, l := range w.lanes {
		now, err := duplicates(l.ids)
		if err != nil {
			return err
		}
		if c := w.costs[w.last]; c != nil {
			c.twice[i] += now - w.twice[i]
		}
		w.twice[i] = now
	}
	w.last = fault
	if fault == "" {
		return nil
	}
	if w.costs[fault] == nil {
		w.costs[fault] = &cost{twice: make([]int64, len(w.lanes))}
		w.order = append(w.order, fault)
	}
	w.costs[fault].times++
	return nil
}

func (w *faultWatch) print(out io.Writer) {
	fmt.Fprintf(out, "%-32s %5s", "arrived twice after", "times")
	for _, l := range w.lanes {
		fmt.Fprintf(out, " %9s", l.name)
	}
	fmt.Fprintln(out)
	for _, name := range w.order {
		c := w.costs[name]
		fmt.Fprintf(out, "%-32s %5d", name, c.times)
		for _, n := range c.twice {
			fmt.Fprintf(out, " %9d", n)
		}
		fmt.Fprintln(out)
	}
	for i, l := range w.lanes {
		now := vitalOf(l.agent.Process.Pid)
		fmt.Fprintf(out, "agent %-5s resident KiB before the first fault %d, at the end %d; threads %d, %d; open files %d, %d\n", l.name, w.early[i].rss, now.rss, w.early[i].threads, now.threads, w.early[i].files, now.files)
	}
}

// duplicates counts the ids of a receiver's file that stand in it before.
func duplicates(file string) (n int64, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var seen []uint64
	for line := range bytes.Lines(text) {
		id, err := strconv.ParseUint(string(bytes.TrimSuffix(line, []byte("\n"))), 10, 40)
		if err != nil {
			continue // none of ours
		}
		if missing := int(id/64) + 1 - len(seen); missing > 0 {
			seen = append(seen, slices.Repeat([]uint64{0}, missing)...)
		}
		bit := uint64(1) << (id % 64)
		if seen[id/64]&bit != 0 {
			n++
		}
		seen[id/64] |= bit
	}
	return n, nil
}

func vitalOf(pid int) (v vital) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	v.rss = usageOf(pid).now
	if status, err := os.ReadFile(filepath.Join(dir, "status")); err == nil {
		if _, rest, ok := bytes.Cut(status, []byte("\nThreads:")); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			v.threads, _ = strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
		}
	}
	if files, err := os.ReadDir(filepath.Join(dir, "fd")); err == nil {
		v.files = int64(len(files))
	}
	return v
}
