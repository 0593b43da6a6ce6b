package main

import (
	"github.com/spf13/cobra"

	"kiroku/internal/forward/command"
)

func newAgent(a *app) *cobra.Command {
	return command.New(&command.Env{In: a.in, Out: a.out, Err: a.err, Getenv: a.getenv, Version: versionText()})
}
