package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kiroku/internal/config"
	"kiroku/internal/fault"
)

func newConfig(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Check a configuration, or write an example",
		Args:  unknownCommand,
		RunE:  needsCommand,
	}
	c.AddCommand(newConfigCheck(a), newConfigExample(a))
	return c
}

func newConfigCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Find everything that is wrong with a configuration",
		Long: `Reads the configuration as "kiroku serve" would, conf.d included, and prints every problem with its file, line and column.
Without FILE it checks kiroku.yaml of the working folder.

Exit codes: 0 everything is right, 1 there are problems, 2 the file cannot be read.`,
		Example: `  kiroku config check /etc/kiroku/kiroku.yaml`,
		Args:    args(cobra.MaximumNArgs(1), "at most one file"),
		RunE: func(_ *cobra.Command, files []string) error {
			file := ""
			if len(files) > 0 {
				file = files[0]
			}
			cfg, err := config.Load(file)
			var problems config.Problems
			switch {
			case errors.As(err, &problems):
				for _, p := range problems {
					fmt.Fprintln(a.err, cleanLines(p.Error()))
				}
				a.report(fault.New(fault.Invalid, fmt.Errorf("check configuration: %s", plural(int64(len(problems)), "problem")), "Correct these places and check again."))
				return errSilent
			case err != nil:
				return err
			}
			for _, w := range cfg.Warnings {
				fmt.Fprintln(a.err, "warning: "+cleanLines(w.Error()))
			}
			if err := cfg.CheckExposure(true); err != nil {
				a.report(err)
				return errSilent
			}
			_, err = fmt.Fprintf(a.out, "configuration is right: %s, %s, %s\n", plural(int64(len(cfg.Inputs)), "input"),
				plural(int64(len(cfg.Stores)), "store"), plural(int64(len(cfg.Routes)), "route"))
			return err
		},
	}
}

func newConfigExample(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "example",
		Short:   "Print a configuration with every key and its default",
		Example: `  kiroku config example > kiroku.yaml`,
		Args:    args(cobra.NoArgs, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.out, config.Example())
			return err
		},
	}
}
