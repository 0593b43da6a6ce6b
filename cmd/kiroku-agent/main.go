// Command kiroku-agent is "kiroku agent" alone: a small program without cgo for machines that only run an agent.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"kiroku/internal/fault"
	"kiroku/internal/forward/command"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, handled := service(ctx, os.Args[1:])
	if !handled {
		code = run(ctx, os.Args[1:])
	}
	stop()
	os.Exit(code)
}

// run is the whole program; it returns the exit code.
func run(ctx context.Context, args []string) int {
	c := command.New(&command.Env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Version: versionText()})
	c.Use, c.Version = "kiroku-agent", versionText()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	err := c.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := 1
	if e, ok := errors.AsType[*command.Exit](err); ok {
		code, err = e.Code, e.Err
	}
	if err == nil {
		return code
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(os.Stderr, "kiroku-agent: "+line)
	}
	if next := fault.NextOf(err); next != "" {
		fmt.Fprintln(os.Stderr, "kiroku-agent: next: "+next)
	}
	return code
}

// versionText is the version that was linked in, or the one that the module system knows.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
