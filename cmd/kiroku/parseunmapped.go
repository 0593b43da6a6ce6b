package main

import (
	"bufio"
	"fmt"
	"maps"
	"slices"

	"kiroku/internal/cli"
	"kiroku/internal/pipeline"
)

// explainUnmapped lists what has no column.
func explainUnmapped(w *bufio.Writer, x *pipeline.Explained) error {
	if len(x.Unmapped) == 0 {
		_, err := fmt.Fprintln(w, "  unmapped: nothing")
		return err
	}
	fmt.Fprintln(w, "  unmapped:")
	t := cli.Table{Columns: []cli.Column{{Name: "    NAME"}, {Name: "VALUE", Max: 100}}, Headless: true}
	for _, key := range slices.Sorted(maps.Keys(x.Unmapped)) {
		t.Add("    "+key, x.Unmapped[key])
	}
	return t.Print(w)
}
