package cli

import (
	"bufio"
	"io"
	"strings"
)

// Column is a column of a Table.
type Column struct {
	Name  string
	Right bool // numbers
	Min   int  // narrowest, in cells
	Max   int  // widest, in cells; 0: no limit
	Flex  bool // takes the room that is left on the line, and is cut to it
}

// Table prints rows under a heading. Cells are cleaned.
type Table struct {
	Columns []Column
	Width   int // of the terminal; 0: unlimited
	// Headless leaves out the heading, for the rows after those that were printed already. Their columns keep the widths.
	Headless bool
	least    []int // widths of what was printed before
	rows     [][]string
}

// Add adds a row; there is a cell for each column.
func (t *Table) Add(cells ...string) {
	for i := range cells {
		cells[i] = Clean(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// Print writes the table and forgets its rows.
func (t *Table) Print(w io.Writer) error {
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Name
	}
	widths := t.widths(head)
	t.least = widths
	b := bufio.NewWriter(w)
	if !t.Headless {
		t.line(b, head, widths)
	}
	for _, r := range t.rows {
		t.line(b, r, widths)
	}
	t.rows = nil
	return b.Flush()
}

func (t *Table) widths(head []string) []int {
	widths := make([]int, len(t.Columns))
	for i := range t.Columns {
		widths[i] = max(Width(head[i]), t.Columns[i].Min)
		if t.least != nil {
			widths[i] = max(widths[i], t.least[i])
		}
		for _, r := range t.rows {
			widths[i] = max(widths[i], Width(r[i]))
		}
		if m := t.Columns[i].Max; m > 0 {
			widths[i] = min(widths[i], max(m, Width(head[i])))
		}
	}
	if t.Width <= 0 {
		return widths
	}
	const gap, least = 2, 20
	left, flex := t.Width-gap*(len(widths)-1), -1
	for i, w := range widths {
		if t.Columns[i].Flex {
			flex = i
			continue
		}
		left -= w
	}
	if flex >= 0 {
		widths[flex] = min(widths[flex], max(left, least))
	}
	return widths
}

func (t *Table) line(b *bufio.Writer, cells []string, widths []int) {
	var line strings.Builder
	for i, c := range cells {
		if i > 0 {
			line.WriteString("  ")
		}
		c = Fit(c, widths[i])
		if t.Columns[i].Right {
			c = strings.Repeat(" ", max(0, widths[i]-Width(c))) + c
		} else {
			c = pad(c, widths[i])
		}
		line.WriteString(c)
	}
	b.WriteString(strings.TrimRight(line.String(), " "))
	b.WriteByte('\n')
}

// Style writes colours when the output is a terminal and NO_COLOR is not set (no-color.org).
type Style struct{ on bool }

// NewStyle decides; width is that of the terminal, or 0 when the output is none.
func NewStyle(width int, getenv func(string) string) Style {
	return Style{width > 0 && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

// Bad marks what failed.
func (s Style) Bad(text string) string { return s.paint("31", text) }

// Good marks what is in order.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Strong marks headings.
func (s Style) Strong(text string) string { return s.paint("1", text) }

func (s Style) paint(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
