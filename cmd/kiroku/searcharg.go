package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// searchLast lets a search begin with a minus, as in "kiroku query -outcome:success": it puts such an argument behind "--".
// The commands that take a search have no short flags but -h, so that nothing else is meant.
func searchLast(root *cobra.Command, args []string) []string {
	c, _, err := root.Find(args)
	if err != nil || c.Annotations[takesSearch] == "" {
		return args
	}
	for i, arg := range args {
		switch {
		case arg == "--":
			return args
		case !strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "--") || len(arg) < 3:
		case i > 0 && wantsValue(c, args[i-1]):
		default:
			rest := append(append([]string{}, args[:i]...), args[i+1:]...)
			return append(rest, "--", arg)
		}
	}
	return args
}

// takesSearch is the annotation of commands whose argument is a search.
const takesSearch = "search"

// wantsValue says whether the argument after arg is the value of a flag.
func wantsValue(c *cobra.Command, arg string) bool {
	name, isFlag := strings.CutPrefix(arg, "--")
	if !isFlag {
		return false
	}
	f := c.Flags().Lookup(name)
	if f == nil {
		f = c.PersistentFlags().Lookup(name)
	}
	return f != nil && f.NoOptDefVal == ""
}
