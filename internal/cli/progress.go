package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Progress is how far something has come.
type Progress struct {
	Done, Total int64 // bytes; Total 0: unknown
	Items       int64 // records
	Current     string
}

// ProgressLine shows progress: as a bar that is drawn over on a terminal, as a line now and then elsewhere. It is safe for
// concurrent use.
type ProgressLine struct {
	w        io.Writer
	width    int // 0: no terminal
	quiet    bool
	interval time.Duration

	mu    sync.Mutex
	note  string
	drawn bool
}

// NewProgress shows progress on w; width is that of the terminal, or 0 when w is none. A quiet one shows only notes.
func NewProgress(w io.Writer, width int, quiet bool) *ProgressLine {
	p := &ProgressLine{w: w, width: width, quiet: quiet, interval: 5 * time.Second}
	if p.width > 0 {
		p.interval = 200 * time.Millisecond
	}
	return p
}

// Run shows what now returns until stop is called.
func (p *ProgressLine) Run(now func() Progress) (stop func()) {
	if p.quiet {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		began := time.Now()
		tick := time.NewTicker(p.interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.draw(now(), time.Since(began))
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
		p.clear()
	}
}

// Note tells once what is going on, for example that the server does not answer; "" when that is over.
func (p *ProgressLine) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text != "" && text != p.note {
		p.erase()
		fmt.Fprintln(p.w, "kiroku: "+Clean(text))
	}
	p.note = text
}

func (p *ProgressLine) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *ProgressLine) erase() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *ProgressLine) draw(now Progress, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.width == 0 {
		fmt.Fprintln(p.w, progressText(now, took))
		return
	}
	text := progressText(now, took)
	if now.Total > 0 {
		text = bar(float64(now.Done)/float64(now.Total), 16) + " " + text
	}
	fmt.Fprint(p.w, "\r\x1b[K"+Fit(text, p.width-1))
	p.drawn = true
}

// bar draws a share between 0 and 1 in width cells.
func bar(share float64, width int) string {
	full := min(max(int(share*float64(width)), 0), width)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}

// progressText is one line of progress.
func progressText(now Progress, took time.Duration) string {
	var b strings.Builder
	if now.Total > 0 {
		fmt.Fprintf(&b, "%.0f %%  ", 100*float64(now.Done)/float64(now.Total))
	}
	if now.Total > now.Done && now.Done > 0 {
		left := time.Duration(float64(took) * float64(now.Total-now.Done) / float64(now.Done))
		fmt.Fprintf(&b, "%s left  ", Span(left))
	}
	rate := float64(now.Items) / max(took.Seconds(), 0.001)
	fmt.Fprintf(&b, "%s/s  %s records  %s", Count(int64(rate)), Count(now.Items), Bytes(now.Done))
	if now.Total > 0 {
		b.WriteString(" of " + Bytes(now.Total))
	}
	if now.Current != "" {
		b.WriteString("  " + Clean(now.Current))
	}
	return b.String()
}
